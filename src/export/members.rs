//! The members of one JSON object as they are written; only those that are needed are parsed further. Pure.

use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::record::names::JOINED;

/// No known shape has objects or arrays of this size; the limits bound what is kept of a record.
const MEMBERS_AT_MOST: usize = 1 << 12;
const ELEMENTS_AT_MOST: usize = 1 << 16;

/// The members of an object: names, and values as they are written.
#[derive(Clone, Debug)]
pub(super) struct Members<'a>(Vec<(String, &'a str)>);

impl<'a> Members<'a> {
    /// The members of `text`, if it is a JSON object.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The value of a member as it is written; `None` for null too.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let named = self.0.iter().find(|(other, _)| other == name);
        named.map(|(_, value)| *value).filter(|value| *value != "null")
    }

    /// The members of a member that is an object.
    pub(super) fn object(&self, name: &str) -> Option<Self> {
        self.get(name).filter(|value| is_object(value)).and_then(Self::of)
    }

    /// The elements of a member that is an array.
    pub(super) fn array(&self, name: &str) -> Option<Vec<&'a str>> {
        self.get(name).and_then(items)
    }

    /// The value of a member that is a string.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(|value| serde_json::from_str(value).ok())
    }

    /// Whether there is a member of this name, even if it is null.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(other, _)| other == name)
    }

    /// Whether there are no members but these, apart from the one that `--join` adds.
    pub(super) fn has_only(&self, names: &[&str]) -> bool {
        self.has_only_those(|name| names.contains(&name))
    }

    /// Whether all members are known, apart from the one that `--join` adds.
    pub(super) fn has_only_those(&self, is_known: impl Fn(&str) -> bool) -> bool {
        self.0.iter().all(|(name, _)| name == JOINED || is_known(name))
    }

    /// Whether these are vectors of any kind under their names, and nothing else.
    pub(super) fn are_named_vectors(&self) -> bool {
        let is_sparse = |value| Self::of(value).is_some_and(|inner| inner.is_sparse());
        let is_vector = |value: &'a str| is_numbers(value) || is_arrays(value) || is_sparse(value);
        !self.0.is_empty() && (self.is_sparse() || self.0.iter().all(|(_, value)| is_vector(value)))
    }

    /// Whether it is indices and values, as sparse vectors are written.
    pub(super) fn is_sparse(&self) -> bool {
        self.array("indices").is_some() && self.array("values").is_some()
    }

    /// Names and values, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// The approximate size in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.iter().map(|(name, value)| name.len() + value.len()).sum()
    }

    /// The object with new values for some of its members.
    pub(super) fn with(&self, changes: &[(&str, &str)]) -> String {
        let mut text = String::from("{");
        for (name, value) in self.iter() {
            let changed = changes.iter().find(|(other, _)| *other == name).map_or(value, |(_, value)| value);
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(&serde_json::Value::from(name).to_string());
            text.push(':');
            text.push_str(changed);
        }
        text.push('}');
        text
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Every;
        impl<'de> Visitor<'de> for Every {
            type Value = Vec<(String, &'de str)>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    if members.len() == MEMBERS_AT_MOST {
                        return Err(Error::custom("too many members"));
                    }
                    members.push((name, value.get()));
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Every).map(Self)
    }
}

/// The elements of an array, as they are written.
pub(super) fn items(value: &str) -> Option<Vec<&str>> {
    serde_json::from_str(value).ok().map(|Elements(elements)| elements)
}

struct Elements<'a>(Vec<&'a str>);

impl<'de: 'a, 'a> Deserialize<'de> for Elements<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Every;
        impl<'de> Visitor<'de> for Every {
            type Value = Vec<&'de str>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
                let mut elements = Vec::new();
                while let Some(value) = sequence.next_element::<&'de RawValue>()? {
                    if elements.len() == ELEMENTS_AT_MOST {
                        return Err(Error::custom("too many elements"));
                    }
                    elements.push(value.get());
                }
                Ok(elements)
            }
        }
        deserializer.deserialize_seq(Every).map(Self)
    }
}

pub(super) fn is_object(value: &str) -> bool {
    value.starts_with('{')
}

/// Whether the value is an array whose first element is a number.
pub(super) fn is_numbers(value: &str) -> bool {
    inside(value)
        .is_some_and(|inside| inside.starts_with(|first: char| first == '-' || first.is_ascii_digit()))
}

/// Whether the value is an array whose first element is an array.
pub(super) fn is_arrays(value: &str) -> bool {
    inside(value).is_some_and(|inside| inside.starts_with('['))
}

fn inside(value: &str) -> Option<&str> {
    value.strip_prefix('[').map(str::trim_start)
}

/// The key of one of several vectors: `key` as it is written, with the number `index` appended.
pub(super) fn numbered(key: &str, index: u64) -> String {
    match key.strip_suffix('"') {
        Some(open) => format!("{open}-{index}\""),
        None if key.bytes().all(|byte| byte.is_ascii_digit()) => format!("\"{key}-{index}\""),
        // Not a valid key: the record is rejected.
        None => key.to_owned(),
    }
}

/// The text of a provider's error: its code and its message, as far as they are present.
pub(super) fn told(error: &str) -> Option<String> {
    let Some(error) = Members::of(error) else {
        return serde_json::from_str::<String>(error).ok().filter(|text| !text.trim().is_empty());
    };
    let first = |names: &[&str]| names.iter().find_map(|name| error.get(name)).map(plain);
    let code = first(&["code", "errorCode", "type", "status"]).filter(|code| !code.is_empty());
    let message = first(&["message", "errorMessage", "msg", "detail"]).filter(|text| !text.is_empty());
    let inner = || error.get("error").and_then(told);
    match (code, message.or_else(inner)) {
        (Some(code), Some(message)) => Some(format!("{code}: {message}")),
        (code, message) => message.or(code),
    }
}

/// A value in a form for people: a string without its quotes.
pub(super) fn plain(value: &str) -> String {
    serde_json::from_str::<String>(value).unwrap_or_else(|_| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_and_exchanged_as_they_are_written() {
        let text = r#"{ "a" : 1.50, "b\n":[ 1, {"x":"]"} ], "c":null, "d":"e\u0066" }"#;
        let members = Members::of(text).unwrap();
        assert_eq!(members.get("a"), Some("1.50"));
        assert_eq!((members.get("c"), members.has("c")), (None, true));
        assert_eq!(members.text("d").as_deref(), Some("ef"));
        assert_eq!(members.array("b\n").unwrap(), ["1", r#"{"x":"]"}"#]);
        assert_eq!(
            members.with(&[("a", "[2]"), ("z", "3")]),
            r#"{"a":[2],"b\n":[ 1, {"x":"]"} ],"c":null,"d":"e\u0066"}"#
        );
        for text in ["", "[]", "{", "{} {}", "{'a':1}", r#"{"a":NaN}"#] {
            assert!(Members::of(text).is_none(), "{text}");
        }
    }

    #[test]
    fn an_error_is_told_with_its_code_wherever_the_message_stands() {
        for (error, want) in [
            (r#"{"code":"rate_limit","message":"Slow down"}"#, Some("rate_limit: Slow down")),
            (r#"{"errorCode":400,"errorMessage":"bad"}"#, Some("400: bad")),
            (r#"{"error":{"message":"inner","type":"invalid"}}"#, Some("invalid: inner")),
            (r#"{"message":""}"#, None),
            (r#"{"code":"x"}"#, Some("x")),
            (r#""a text""#, Some("a text")),
            (r#""""#, None),
            ("{}", None),
            ("7", None),
        ] {
            assert_eq!(told(error).as_deref(), want, "{error}");
        }
    }

    #[test]
    fn keys_of_several_are_told_apart_by_a_number() {
        for (key, want) in
            [(r#""doc""#, r#""doc-3""#), ("17", r#""17-3""#), ("null", "null"), (r#""""#, r#""-3""#)]
        {
            assert_eq!(numbered(key, 3), want);
        }
    }
}
