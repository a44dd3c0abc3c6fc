//! The names by which records and what holds them are known.

use super::outline::{Outline, Value};
use crate::record::names::{KEYS, VECTORS, is_one_of};

/// The fields that the user names, by which a record is known as well as by the usual names.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Named<'a> {
    pub(crate) key: &'a [String],
    pub(crate) vector: &'a [String],
}

impl Named<'_> {
    /// Whether an object has a key under one of its usual names, or under one that the user names.
    pub(crate) fn has_key(&self, text: &[u8], outline: &Outline<'_>) -> bool {
        outline.members.iter().any(|member| is_key_name(member.name)) || has_one(text, outline, self.key)
    }

    /// Whether a member of this name is a key, by one of the usual names or one that the user gives.
    pub(crate) fn is_key(&self, name: &[u8]) -> bool {
        is_key_name(name) || self.key.iter().any(|field| field.trim().as_bytes() == name)
    }

    /// Whether a member of this name is a vector, by one of the usual names or one that the user gives.
    pub(crate) fn is_vector(&self, name: &[u8]) -> bool {
        is_vector_name(name) || self.vector.iter().any(|field| field.trim().as_bytes() == name)
    }

    /// Whether an object has a vector under a name that the user gives.
    pub(crate) fn has_vector(&self, text: &[u8], outline: &Outline<'_>) -> bool {
        has_one(text, outline, self.vector)
    }
}

fn has_one(text: &[u8], outline: &Outline<'_>, fields: &[String]) -> bool {
    fields.iter().any(|field| has_field(text, outline, field.trim()))
}

/// Whether an object has the field of this name, or of this path.
fn has_field(head: &[u8], outline: &Outline<'_>, field: &str) -> bool {
    outline.members.iter().any(|member| {
        let Some(rest) = field.as_bytes().strip_prefix(member.name) else { return false };
        match rest.split_first() {
            None => true,
            Some((b'.', _)) if member.value == Value::Object => {
                let inner = field.get(member.name.len() + 1..).unwrap_or_default();
                has_field(head, &Outline::of(head, member.at), inner)
            }
            Some(_) => false,
        }
    })
}

/// Whether members of this name are keys, and so an object that has one is a record or something with a name.
pub(crate) fn is_key_name(name: &[u8]) -> bool {
    is_one_of(&KEYS, name)
}

/// Whether members of this name are vectors.
pub(crate) fn is_vector_name(name: &[u8]) -> bool {
    is_one_of(&VECTORS, name)
}

/// Whether the object at `at` has a key and what makes a record. A vector alone may be that of a question.
pub(crate) fn is_keyed_record(text: &[u8], at: usize, named: Named<'_>) -> bool {
    named.has_key(text, &Outline::of(text, at)) && is_record(text, at, named)
}

/// Whether the object at `at` has what makes a record: a vector under one of its usual names or under one that the user
/// names, or a key and numbers.
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
                has_numbers && (has_key || is_vector_name(member.name) || member.name == b"data")
            }
            _ => false,
        }
    })
}
