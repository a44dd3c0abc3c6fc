//! The names that identify records and their containers.

use super::outline::{Outline, Value};
use super::value::{skip_blanks, value_end};
use crate::record::names::{KEYS, VECTORS, is_one_of};
use crate::record::path::{self, Step};
use crate::record::wide::{Match, Wide};

/// The field names from the user, which identify a record in addition to the default names.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Named<'a> {
    pub(crate) key: &'a [String],
    pub(crate) vector: &'a [String],
    /// Whether keys are made or are in another file, so that records need none.
    pub(crate) is_keyless: bool,
}

impl Named<'_> {
    /// Whether an object has a key, under a default name or one from the user.
    pub(crate) fn has_key(&self, text: &[u8], outline: &Outline<'_>) -> bool {
        outline.members.iter().any(|member| is_key_name(member.name)) || has_one(text, outline, self.key)
    }

    /// Whether a member of this name is a key, by a default name or one from the user.
    pub(crate) fn is_key(&self, name: &[u8]) -> bool {
        is_key_name(name) || self.key.iter().any(|field| field.trim().as_bytes() == name)
    }

    /// Whether a member of this name is a vector, by a default name or one from the user.
    pub(crate) fn is_vector(&self, name: &[u8]) -> bool {
        is_vector_name(name) || self.vector.iter().any(|field| field.trim().as_bytes() == name)
    }

    /// Whether an object has a vector under any of these names, as far as it is at hand.
    pub(crate) fn may_have_vector(&self, text: &[u8], outline: &Outline<'_>) -> bool {
        let has_usual = || outline.members.iter().any(|member| is_vector_name(member.name));
        !outline.is_complete || self.has_vector(text, outline) || has_usual()
    }

    /// Whether an object has a vector under a name that the user gives.
    pub(crate) fn has_vector(&self, text: &[u8], outline: &Outline<'_>) -> bool {
        has_one(text, outline, self.vector)
    }
}

fn has_one(text: &[u8], outline: &Outline<'_>, fields: &[String]) -> bool {
    fields.iter().map(|field| field.trim()).any(|field| {
        has_field(text, outline, field)
            || Wide::of(field).is_some_and(|wide| has_numbered(text, outline, &wide, ""))
    })
}

/// Whether an object has a field that matches a pattern.
fn has_numbered(text: &[u8], outline: &Outline<'_>, wide: &Wide, path: &str) -> bool {
    outline.members.iter().any(|member| {
        let Ok(name) = std::str::from_utf8(member.name) else { return false };
        let inside = [path, name, "."].concat();
        matches!(wide.matches(path, name), Some(Match::Number(_)))
            || (member.value == Value::Object
                && wide.is_inside(&inside)
                && has_numbered(text, &Outline::of(text, member.at), wide, &inside))
    })
}

/// Whether an object has the field with this name or path.
fn has_field(head: &[u8], outline: &Outline<'_>, field: &str) -> bool {
    outline.members.iter().any(|member| {
        let is_name = field.as_bytes().starts_with(member.name);
        let rest = if is_name { field.get(member.name.len()..) } else { None };
        rest.is_some_and(|rest| leads_to_value(head, member.at, rest))
    })
}

/// Whether the value at `at` has what follows a name on a path.
fn leads_to_value(head: &[u8], at: usize, rest: &str) -> bool {
    match path::step(rest) {
        Some(Step::End) => true,
        Some(Step::Member(field)) => {
            head.get(at) == Some(&b'{') && has_field(head, &Outline::of(head, at), field)
        }
        Some(Step::Element(index, rest)) => {
            element(head, at, index).is_some_and(|at| leads_to_value(head, at, rest))
        }
        None => false,
    }
}

/// Where the element at `index` of the array at `at` starts.
fn element(head: &[u8], at: usize, index: usize) -> Option<usize> {
    let start = |at| Some(skip_blanks(head, at)).filter(|at| head.get(*at).is_some_and(|byte| *byte != b']'));
    let mut at = start(at + 1).filter(|_| head.get(at) == Some(&b'['))?;
    for _ in 0..index {
        let end = skip_blanks(head, value_end(head, at)?);
        at = start(end + 1).filter(|_| head.get(end) == Some(&b','))?;
    }
    Some(at)
}

/// Whether a member of this name is a key, so that an object with one is a record or another named thing.
pub(crate) fn is_key_name(name: &[u8]) -> bool {
    is_one_of(&KEYS, name)
}

/// Whether a member of this name is a vector.
pub(crate) fn is_vector_name(name: &[u8]) -> bool {
    is_one_of(&VECTORS, name)
}

/// Whether the object at `at` has a key and is a record. A vector alone may belong to a query.
pub(crate) fn is_keyed_record(text: &[u8], at: usize, named: Named<'_>) -> bool {
    named.has_key(text, &Outline::of(text, at)) && is_record(text, at, named)
}

/// Whether the object at `at` is a record: it has a vector under a default name or one from the user, or a key and
/// numbers.
pub(crate) fn is_record(text: &[u8], at: usize, named: Named<'_>) -> bool {
    let outline = Outline::of(text, at);
    if named.has_vector(text, &outline) {
        return true;
    }
    let has_key = named.has_key(text, &outline);
    outline.members.iter().any(|member| {
        let inner = match member.value {
            Value::Object => Some(Outline::of(text, member.at)),
            _ => None,
        };
        let has_numbers =
            inner.is_some_and(|inner| inner.members.iter().any(|member| member.value == Value::Numbers));
        match member.value {
            Value::Numbers => has_key || is_vector_name(member.name),
            Value::Text => is_vector_name(member.name) && member.name != b"values",
            Value::Object => {
                has_numbers
                    && (has_key
                        || is_vector_name(member.name)
                        || [&b"data"[..], b"_additional"].contains(&member.name))
            }
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_has_the_field_at_a_path_through_members_and_elements() {
        let text = br#"{"data":[{"embedding":[1,2]},{"e":[[3],[4]]}],"x[0]":1,"a.b":{"c":2},"none":[ ]}"#;
        for (field, want) in [
            ("data", true),
            ("data[0].embedding", true),
            ("data[1].e[1][0]", true),
            ("data[1].e[1][1]", false),
            ("data[2]", false),
            ("data.embedding", false),
            ("data[0]embedding", false),
            ("x[0]", true),
            ("a.b.c", true),
            ("none[0]", false),
            ("x[*]", true),
            ("a.b.c*", false),
        ] {
            let (key, vector) = (Vec::new(), vec![field.to_owned()]);
            let named = Named { key: &key, vector: &vector, is_keyless: false };
            assert_eq!(named.has_vector(text, &Outline::of(text, 0)), want, "{field}");
        }
    }
}
