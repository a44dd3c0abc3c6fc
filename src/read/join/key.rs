//! The key by which records are joined. Pure.

use crate::read::named::is_vector_name;
use crate::read::outline::Outline;
use crate::read::unjoined::JoinTrouble;
use crate::read::value::{Members, Next, skip_blanks, string_end, value_end};
use crate::record::names::KEYS;
use crate::record::path::{Step, step};
use crate::record::{Columns, Lookup, key};

/// Names that take precedence over the default ones: outputs of batches also have an `id` of their own.
const OF_REQUESTS: [&str; 2] = ["custom_id", "recordId"];

/// The keys of known forms that have them in a nested object: Weaviate's GraphQL, and Vertex AI.
const OF_GRAPHQL: &str = "_additional.id";
const OF_VERTEX: &str = "instance.";

/// The fields that may have the key, the likeliest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyFields {
    fields: Vec<String>,
    /// The fields for a record that has its own vector, in the order of precedence for the key that it is stored under.
    of_records: Vec<String>,
    /// The fields of known forms, for a record without any of the others.
    of_forms: Vec<String>,
}

impl KeyFields {
    /// Uses the fields that the user names, or else the default ones.
    pub(super) fn new(named: &[String]) -> Self {
        if !named.is_empty() {
            let fields: Vec<_> = named.iter().map(|name| name.trim().to_owned()).collect();
            return Self { of_records: fields.clone(), fields, of_forms: Vec::new() };
        }
        let others = KEYS.iter().filter(|name| !OF_REQUESTS.contains(name));
        let fields = OF_REQUESTS.iter().chain(others).map(ToString::to_string).collect();
        let of_vertex = KEYS.iter().map(|name| [OF_VERTEX, name].concat());
        let of_records = KEYS.map(str::to_owned).to_vec();
        Self { fields, of_records, of_forms: of_vertex.chain([OF_GRAPHQL.to_owned()]).collect() }
    }

    /// The fields for a message.
    pub(super) fn list(&self) -> String {
        self.fields.join(", ")
    }

    /// The columns of a table that may have the key, the likeliest first. Case is ignored, as everywhere.
    pub(super) fn columns(&self, columns: &Columns) -> Result<Vec<usize>, JoinTrouble> {
        let mut found = Vec::new();
        for name in &self.fields {
            match columns.whatever_case(name) {
                Ok(column) => found.extend(column),
                Err(reason) if found.is_empty() => return Err(JoinTrouble::Header(reason)),
                Err(_) => {}
            }
        }
        Ok(found)
    }

    /// The key of the object that `record` begins with: text, or an integer as text. A field that is missing, null or
    /// empty is skipped.
    pub(super) fn of(&self, record: &[u8]) -> Result<String, Lookup> {
        self.found(&self.fields, record).map(|(_, key)| key)
    }

    /// The same for a record with a known outline: the member that has the key, or leads to it, must be unique.
    pub(super) fn of_members(&self, record: &[u8], outline: &Outline<'_>) -> Result<String, Lookup> {
        let has_vector = outline.find(is_vector_name).is_some();
        let (field, key) = self.found(if has_vector { &self.of_records } else { &self.fields }, record)?;
        let names = || outline.members.iter().filter_map(|member| std::str::from_utf8(member.name).ok());
        let leads = |name: &&str| field.strip_prefix(*name).is_some_and(|rest| step(rest).is_some());
        let is_twice = |name: &&str| names().filter(|other| other == name).nth(1).is_some();
        match names().filter(leads).find(is_twice) {
            Some(name) => Err(Lookup::Twice(name.to_owned())),
            None => Ok(key),
        }
    }

    /// The field that has the key, and the key.
    fn found<'a>(&'a self, fields: &'a [String], record: &[u8]) -> Result<(&'a str, String), Lookup> {
        let mut unfit = None;
        for field in fields.iter().chain(&self.of_forms) {
            match value_at(record, 0, field).and_then(|at| key_at(record, at)) {
                Some(Ok(key)) if !key.is_empty() => return Ok((field, key)),
                Some(Err(found)) => {
                    unfit.get_or_insert_with(|| Lookup::Kind { field: field.clone(), found });
                }
                _ => {}
            }
        }
        Err(unfit.unwrap_or_else(|| Lookup::NoKey(self.list())))
    }
}

/// Where the value of the field `path` of the object at `at` starts. A member with the whole path as its name comes
/// first.
fn value_at(text: &[u8], at: usize, path: &str) -> Option<usize> {
    (text.get(at) == Some(&b'{')).then_some(())?;
    let mut way = None;
    let mut members = Members::of(text, at);
    while let Next::Member(name, value) = members.advance() {
        if name == path.as_bytes() {
            return Some(value);
        }
        let rest = std::str::from_utf8(name).ok().and_then(|name| path.strip_prefix(name));
        way = way.or_else(|| follow(text, value, rest?));
    }
    way
}

/// Follows the rest of a path from the value at `at`.
fn follow(text: &[u8], at: usize, rest: &str) -> Option<usize> {
    match step(rest)? {
        Step::End => Some(at),
        Step::Member(path) => value_at(text, at, path),
        Step::Element(index, rest) => follow(text, element(text, at, index)?, rest),
    }
}

/// Where the element at `index` of the array at `at` starts.
fn element(text: &[u8], at: usize, index: usize) -> Option<usize> {
    (text.get(at) == Some(&b'[')).then_some(())?;
    let mut start = skip_blanks(text, at + 1);
    for _ in 0..index {
        let comma = skip_blanks(text, value_end(text, start)?);
        (text.get(comma) == Some(&b',')).then_some(())?;
        start = skip_blanks(text, comma + 1);
    }
    (text.get(start) != Some(&b']')).then_some(start)
}

/// The key in a value, or the kind of another value; `None` for null.
fn key_at(text: &[u8], at: usize) -> Option<Result<String, String>> {
    let end = if text.get(at) == Some(&b'"') { string_end(text, at) } else { value_end(text, at) };
    let value = std::str::from_utf8(text.get(at..end?)?).ok()?;
    (value != "null").then(|| key::text(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_occurs_twice_is_no_key_but_others_may() {
        let of = |record: &str| {
            let record = record.as_bytes();
            KeyFields::new(&[]).of_members(record, &Outline::of(record, 0))
        };
        for (record, key) in [
            (r#"{"custom_id":"a","id":"b","custom_id":"c"}"#, Err(Lookup::Twice("custom_id".into()))),
            (r#"{"custom_id":"a","id":"b","id":"c"}"#, Ok("a".into())),
            (r#"{"instance":{"id":"b"},"instance":{"id":"c"}}"#, Err(Lookup::Twice("instance".into()))),
            (r#"{"id":"b","custom_id":"a","embedding":[1]}"#, Ok("b".into())),
            (r#"{"id":"b","custom_id":"a","response":{"embedding":[1]}}"#, Ok("a".into())),
            (r#"{"id":1.0,"key":[]}"#, Err(Lookup::Kind { field: "key".into(), found: "an array".into() })),
        ] {
            assert_eq!(of(record), key, "{record}");
        }
    }

    #[test]
    fn a_key_is_text_or_an_integer_of_the_first_field_that_is_there() {
        let usual = KeyFields::new(&[]);
        for (record, key) in [
            (r#"{"id":"batch_1","custom_id":"doc-1"}"#, Some("doc-1")),
            (r#"{"recordId":"1","key":"x"}"#, Some("1")),
            (r#"{"vector":[1],"id":17}"#, Some("17")),
            (r#"{"id":"a\u0062"}"#, Some("ab")),
            (r#"{"id":1.5}"#, None),
            (r#"{"id":007}"#, None),
            (r#"{"id":null}"#, None),
            (r#"{"custom_id":null,"id":"a"}"#, Some("a")),
            (r#"{"custom_id":"","id":"a"}"#, Some("a")),
            (r#"{"custom_id":1.5,"id":"a"}"#, Some("a")),
            (r#"{"custom_id":""}"#, None),
            (r#"{"id":1e2}"#, None),
            (r#"{"id":"1e2"}"#, Some("1e2")),
            (r#"{"title":"a"}"#, None),
            (r#"{"title":"a","_additional":{"id":"b"}}"#, Some("b")),
            (r#"{"instance":{"content":"a","id":7},"predictions":[]}"#, Some("7")),
            (r#"{"instance":{"id":"a"},"id":"b"}"#, Some("b")),
            ("[1]", None),
        ] {
            assert_eq!(usual.of(record.as_bytes()).ok().as_deref(), key, "{record}");
        }
        let named = |path: &str, record: &str| KeyFields::new(&[path.to_owned()]).of(record.as_bytes());
        for (path, record, key) in [
            ("doc.id", r#"{"doc":{"id":"a"}}"#, Some("a")),
            ("doc.id", r#"{"doc":{"id":"a"},"doc.id":"b"}"#, Some("b")),
            ("d[1].id", r#"{"d":[{"id":"a"}, {"id":"b"}]}"#, Some("b")),
            ("d[2].id", r#"{"d":[{"id":"a"}, {"id":"b"}]}"#, None),
            ("d[0]", r#"{"d":[]}"#, None),
            ("id", r#"{"custom_id":"a"}"#, None),
        ] {
            assert_eq!(named(path, record).ok().as_deref(), key, "{path} {record}");
        }
    }
}
