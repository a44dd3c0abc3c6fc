//! Whether a JSON value can be the key of a vector. Pure.

use crate::oss::limits::KEY_CHARACTERS;
use crate::shown::{self, bounded};

/// Why a value cannot be a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyFlaw {
    /// It is this, and not text or an integer.
    Kind(String),
    /// It has this many characters.
    Length(usize),
    /// It begins with a byte-order mark.
    Mark,
}

impl KeyFlaw {
    /// What is wrong with a value, if anything is.
    pub(crate) fn of(json: &str) -> Option<Self> {
        // This many bytes are an allowed number of characters in any spelling.
        if let [b'"', inner @ .., b'"'] = json.as_bytes()
            && KEY_CHARACTERS.contains(&inner.len())
        {
            return None;
        }
        match text(json) {
            Ok(key) => {
                let characters = key.chars().count();
                (!KEY_CHARACTERS.contains(&characters)).then_some(Self::Length(characters))
            }
            Err(found) => Some(Self::Kind(found)),
        }
    }
}

/// The key in a value, an integer as it is written; the error is the kind of any other value.
pub(crate) fn text(json: &str) -> Result<String, String> {
    match json.as_bytes() {
        [b'{', ..] => return Err("an object".to_owned()),
        [b'[', ..] => return Err("an array".to_owned()),
        [b'"', ..] => return serde_json::from_str(json).map_err(|_| bounded(json, shown::KEY)),
        _ => {}
    }
    let digits = json.strip_prefix('-').unwrap_or(json);
    let is_integer = !digits.is_empty()
        && digits.bytes().all(|digit| digit.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'));
    if is_integer { Ok(json.to_owned()) } else { Err(bounded(json, shown::KEY)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_text_of_a_length_that_the_service_takes_or_an_integer() {
        let long = |character: char, length| format!("\"{}\"", character.to_string().repeat(length));
        let kind = |found: &str| Some(KeyFlaw::Kind(found.to_owned()));
        for (json, flaw) in [
            ("\"a\"".to_owned(), None),
            (long('a', 1024), None),
            (long('ü', 1024), None),
            (format!("\"{}\"", "\\u00fc".repeat(1024)), None),
            (long('ü', 1025), Some(KeyFlaw::Length(1025))),
            ("\"\"".to_owned(), Some(KeyFlaw::Length(0))),
            ("-7".to_owned(), None),
            ("0".to_owned(), None),
            ("1.0".to_owned(), kind("1.0")),
            ("null".to_owned(), kind("null")),
            ("true".to_owned(), kind("true")),
            ("[1]".to_owned(), kind("an array")),
            ("{}".to_owned(), kind("an object")),
        ] {
            assert_eq!(KeyFlaw::of(&json), flaw, "{json}");
        }
    }
}
