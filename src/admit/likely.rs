//! Records without a vector under any known name: which of their fields look like one.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::fields::{Field, Fields};
use super::line_of_rejects;
use super::numbers::{self, Separated};
use crate::record::rows::Looks;
use crate::record::{Columns, Lack, Raw, Reason};
use crate::shown::quoted;

/// Minimum number of numeric columns that may be a vector.
const NUMBERS_AT_LEAST: usize = 3;
/// Maximum number of names listed.
const NAMES_AT_MOST: usize = 5;

/// What to do about a record without a vector, judged by its own fields: a more specific reason, or a clause to add to
/// the general one.
pub(crate) fn vector(raw: &Raw) -> Result<Reason, String> {
    let looks = looks(raw);
    match looks.vectors.as_slice() {
        [] => spread(looks.numbers).ok_or_else(String::new),
        [one] => Err(format!("; {one} looks like one")),
        several => Ok(Reason::SeveralVectors { fields: listed(several) }),
    }
}

/// What to do about a record with an object in place of its vector, if vectors are inside: named ones, as stores have them.
pub(crate) fn inside(raw: &Raw, fields: &Fields) -> Option<Reason> {
    let text: Cow<'_, [u8]> = match raw {
        Raw::Json(text) => match line_of_rejects::rejected_record(text).ok().flatten() {
            Some(inner) => inner.text,
            None => Cow::Borrowed(text),
        },
        Raw::Columns { rows, row } => Cow::Owned(rows.whole(*row)),
        Raw::Row { .. } | Raw::Broken { .. } => return None,
    };
    let mut candidates = fields.vector.candidates.iter().map(Field::text);
    let found =
        candidates.find_map(|path| Some(vectors_at(&text, path)?).filter(|found| !found.is_empty()))?;
    let first = quoted(found.first()?);
    let (lack, said) = match found.as_slice() {
        [_] => (
            Lack::Kind,
            format!(
                "the vector is an object, not an array of numbers; for the one inside, use --vector {first}"
            ),
        ),
        several => {
            let listed = listed(several);
            (Lack::Choice, format!("several vectors: {listed}; choose one, such as --vector {first}"))
        }
    };
    Some(Reason::OfExport { lack, said })
}

/// The paths of the vectors in the object that a path leads to.
fn vectors_at(text: &[u8], path: &str) -> Option<Vec<String>> {
    let lead_there = |(name, value): (String, &RawValue)| {
        let rest = path.strip_prefix(&name)?;
        let object = value.get().as_bytes();
        if let Some(inner) = rest.strip_prefix('.') {
            let found = vectors_at(object, inner)?;
            return Some(found.into_iter().map(|path| format!("{name}.{path}")).collect());
        }
        let is_vector = |value: &RawValue| is_vector(value.get().as_bytes(), Separated::ByComma);
        let found = members(object).into_iter().filter(|(_, value)| is_vector(value));
        rest.is_empty().then(|| found.map(|(inner, _)| format!("{name}.{inner}")).collect())
    };
    members(text).into_iter().find_map(lead_there)
}

fn listed(names: &[String]) -> String {
    let shown = names.iter().take(NAMES_AT_MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMES_AT_MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn spread(numbers: Vec<String>) -> Option<Reason> {
    let columns = Columns(numbers);
    let (first, last, prefix) = columns.numbered()?;
    let is_of_it = |name: &&String| {
        let number = name.strip_prefix(prefix).unwrap_or_default();
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    (columns.0.iter().filter(is_of_it).count() >= NUMBERS_AT_LEAST).then(|| Reason::SpreadVector {
        first: first.to_owned(),
        last: last.to_owned(),
        pattern: format!("{prefix}*"),
    })
}

fn looks(raw: &Raw) -> Looks {
    match raw {
        Raw::Row { columns, cells } => {
            let mut looks = Looks::default();
            for (name, cell) in columns.0.iter().zip(cells.iter()) {
                if is_vector(cell.trim_ascii(), Separated::Loosely) {
                    looks.vectors.push(name.clone());
                }
            }
            looks
        }
        Raw::Columns { rows, .. } => rows.looks(),
        Raw::Json(text) => {
            let inner = line_of_rejects::rejected_record(text).ok().flatten();
            of_object(inner.as_ref().map_or(text, |inner| &inner.text))
        }
        Raw::Broken { .. } => Looks::default(),
    }
}

/// The members of an object, and of its nested objects, that look like vectors or numbers.
fn of_object(text: &[u8]) -> Looks {
    let mut looks = Looks::default();
    for (name, value) in members(text) {
        let raw = value.get().as_bytes();
        if is_vector(raw, Separated::ByComma) {
            looks.vectors.push(name);
        } else if raw.starts_with(b"{") {
            let inner = members(raw)
                .into_iter()
                .filter(|(_, value)| is_vector(value.get().as_bytes(), Separated::ByComma));
            looks.vectors.extend(inner.map(|(inner, _)| format!("{name}.{inner}")));
        } else if raw.first().is_some_and(|first| b"-0123456789".contains(first)) {
            looks.numbers.push(name);
        }
    }
    looks
}

/// The members of an object, if the text is one.
fn members(text: &[u8]) -> Vec<(String, &RawValue)> {
    struct Members<'a>(Vec<(String, &'a RawValue)>);
    impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl<'de> serde::de::Visitor<'de> for Visitor {
                type Value = Members<'de>;

                fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    formatter.write_str("an object")
                }

                fn visit_map<A: serde::de::MapAccess<'de>>(
                    self,
                    mut map: A,
                ) -> Result<Self::Value, A::Error> {
                    let mut members = Vec::new();
                    while let Some(member) = map.next_entry()? {
                        members.push(member);
                    }
                    Ok(Members(members))
                }
            }
            deserializer.deserialize_map(Visitor)
        }
    }
    serde_json::from_slice(text).map_or(Vec::new(), |Members(members)| members)
}

/// Whether a value is an array of at least two numbers and nothing else.
fn is_vector(value: &[u8], separated: Separated) -> bool {
    let mut numbers = Vec::new();
    let Some(inside) = value.strip_prefix(b"[") else { return false };
    let read = numbers::read(inside, Some(b']'), separated, &mut numbers);
    read.is_ok_and(|used| used == inside.len()) && numbers.len() > 1
}
