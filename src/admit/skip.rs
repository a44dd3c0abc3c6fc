//! Finds where the values of a record end, whether they are well formed or not.
//!
//! A value that is not stored must not cause its record to be rejected, so only what determines its end is checked:
//! quotes and brackets, in the syntax of JSON and of Python. What makes the record's structure doubtful is refused with
//! its place.

use std::borrow::Cow;

use memchr::{memchr_iter, memchr2};
use serde::Deserialize;

use crate::record::Reason;

/// Text borrowed from the input where it has no escapes.
#[derive(Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// Something unexpected in the text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unexpected {
    /// Its offset.
    pub(crate) at: usize,
    /// What was expected there.
    pub(crate) wanted: &'static str,
}

impl Unexpected {
    /// The reason for rejecting the record `text`.
    pub(crate) fn reason(&self, text: &[u8]) -> Reason {
        let found = match text.get(self.at) {
            Some(byte) if byte.is_ascii_graphic() => format!("'{}'", char::from(*byte)),
            Some(byte) => format!("byte {byte:#04x}"),
            None => "the end of the record".to_owned(),
        };
        syntax(&format!("expected {}, found {found}", self.wanted), text, self.at)
    }
}

/// An error at an offset of the text, reported in lines and characters from 1.
pub(crate) fn syntax(what: &str, text: &[u8], at: usize) -> Reason {
    Reason::Syntax { detail: format!("{what} ({})", place(text, at)) }
}

/// The place of an offset, in lines and characters from 1.
fn place(text: &[u8], at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let lines = memchr_iter(b'\n', before).count();
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let column = String::from_utf8_lossy(before.get(start..).unwrap_or_default()).chars().count() + 1;
    match lines {
        0 => format!("column {column}"),
        _ => format!("line {} of the record, column {column}", lines + 1),
    }
}

/// Offset of the first byte at or after `at` that is not whitespace.
pub(crate) fn skip_space(text: &[u8], mut at: usize) -> usize {
    while text.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// Offset after the value that starts at `start`; `open` is scratch space.
pub(crate) fn value_end(text: &[u8], start: usize, open: &mut Vec<u8>) -> Result<usize, Unexpected> {
    match text.get(start) {
        Some(b'"') => string_end(text, start),
        Some(b'\'') => single_quoted_end(text, start),
        Some(b'[' | b'{' | b'(') => bracket_end(text, start, open),
        _ => {
            let end = word_end(text, start);
            let word = text.get(start..end).unwrap_or_default().trim_ascii_end();
            match text.get(end) {
                _ if word.is_empty() => Err(Unexpected { at: start, wanted: "a value" }),
                // A call, such as `datetime(2026, 1, 1)`.
                Some(b'(') => bracket_end(text, end, open),
                Some(b'"') if is_prefix(text, start, end) => string_end(text, end),
                Some(b'\'') if is_prefix(text, start, end) => single_quoted_end(text, end),
                _ => Ok(start + word.len()),
            }
        }
    }
}

/// Offset after the string whose opening quote is at `start`.
pub(crate) fn string_end(text: &[u8], start: usize) -> Result<usize, Unexpected> {
    let mut at = start + 1;
    loop {
        let hit = text.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)).map(|hit| at + hit);
        match hit.map(|hit| (hit, text.get(hit))) {
            Some((hit, Some(b'"'))) => return Ok(hit + 1),
            Some((hit, _)) => at = hit + 2,
            None => return Err(Unexpected { at: text.len(), wanted: "the end of a string" }),
        }
    }
}

/// The same for Python's single quotes. No grammar has such a quote outside a string, so it opens one, and its end must
/// be followed by what may follow a value.
fn single_quoted_end(text: &[u8], start: usize) -> Result<usize, Unexpected> {
    let mut at = start + 1;
    loop {
        let hit = text.get(at..).and_then(|rest| memchr2(b'\'', b'\\', rest)).map(|hit| at + hit);
        match hit.map(|hit| (hit, text.get(hit))) {
            Some((hit, Some(b'\''))) => {
                at = hit + 1;
                break;
            }
            Some((hit, _)) => at = hit + 2,
            None => return Err(Unexpected { at: start, wanted: "a value" }),
        }
    }
    // The reader cuts records by double quotes and brackets only: with these in such a string, it is unclear which of
    // its records is one.
    let inside = text.get(start + 1..at - 1).unwrap_or_default();
    if let Some(hit) = inside.iter().position(|byte| b"\"[]{}".contains(byte)) {
        return Err(Unexpected { at: start + 1 + hit, wanted: "no quote or bracket inside single quotes" });
    }
    let next = skip_space(text, at);
    match text.get(next) {
        Some(b',' | b':' | b'}' | b']' | b')') | None => Ok(at),
        Some(_) => Err(Unexpected { at: next, wanted: "a comma or a bracket after the single quote" }),
    }
}

/// Whether a word is a Python string prefix, as in `b'..'`.
fn is_prefix(text: &[u8], start: usize, end: usize) -> bool {
    let word = text.get(start..end).unwrap_or_default();
    word.len() <= 2 && word.iter().all(|byte| b"bBrRuUfF".contains(byte))
}

/// Whether a comment begins here: its content is not part of the record, and no supported grammar has comments.
fn begins_comment(text: &[u8], at: usize) -> bool {
    match (text.get(at), text.get(at + 1)) {
        (Some(b'/'), next) => matches!(next, Some(b'/' | b'*')),
        (Some(b'#'), next) => {
            let before = text.get(..at).unwrap_or_default().trim_ascii_end().last();
            next.is_none_or(u8::is_ascii_whitespace) || before.is_some_and(|byte| !b",:[{(".contains(byte))
        }
        _ => false,
    }
}

/// Offset after a number or a word, or several with whitespace between; a colon belongs to it only in a time.
fn word_end(text: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(byte) = text.get(at) {
        let is_in_time = || {
            let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
            at > start && is_digit(at - 1) && is_digit(at + 1)
        };
        let ends = match *byte {
            b',' | b'\r' | b'\n' => true,
            b':' => !is_in_time(),
            b'/' | b'#' => begins_comment(text, at),
            byte => STRUCTURE[usize::from(byte)] != 0,
        };
        if ends {
            break;
        }
        at += 1;
    }
    at
}

/// The bytes of brackets, quotes and comments; other bytes do not affect where a value ends.
static STRUCTURE: [u8; 256] = {
    let mut table = [0; 256];
    table[b'"' as usize] = b'"';
    table[b'\'' as usize] = b'\'';
    table[b'[' as usize] = b']';
    table[b'{' as usize] = b'}';
    table[b'(' as usize] = b')';
    table[b']' as usize] = b']';
    table[b'}' as usize] = b'}';
    table[b')' as usize] = b')';
    // Possible starts of a comment.
    table[b'/' as usize] = b'/';
    table[b'#' as usize] = b'#';
    table
};

/// Offset after the bracket that closes the one at `start`; all brackets in between must be balanced.
fn bracket_end(text: &[u8], start: usize, open: &mut Vec<u8>) -> Result<usize, Unexpected> {
    open.clear();
    let mut at = start;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(hit) = rest.iter().position(|byte| STRUCTURE[usize::from(*byte)] != 0) else {
            return Err(Unexpected { at: text.len(), wanted: closing(open) });
        };
        at += hit;
        match text.get(at).copied().unwrap_or_default() {
            b'"' => at = string_end(text, at)?,
            b'\'' if opens_text(text, at) => at = single_quoted_end(text, at)?,
            b'\'' => return Err(Unexpected { at, wanted: closing(open) }),
            b'/' | b'#' if begins_comment(text, at) => {
                return Err(Unexpected { at, wanted: closing(open) });
            }
            b'/' | b'#' => at += 1,
            byte @ (b'[' | b'{' | b'(') => {
                open.push(STRUCTURE[usize::from(byte)]);
                at += 1;
            }
            byte => {
                if open.last() != Some(&byte) {
                    return Err(Unexpected { at, wanted: closing(open) });
                }
                open.pop();
                at += 1;
                if open.is_empty() {
                    return Ok(at);
                }
            }
        }
    }
}

/// Whether a single quote opens a string, and is not inside a word.
fn opens_text(text: &[u8], at: usize) -> bool {
    let start = text.get(..at).unwrap_or_default();
    let word = start.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    word == 0 || is_prefix(text, at - word, at)
}

fn closing(open: &[u8]) -> &'static str {
    match open.last() {
        Some(b'}') => "}",
        Some(b')') => ")",
        _ => "]",
    }
}

/// The text of the JSON string at `start..end`, including its quotes.
pub(crate) fn decoded(text: &[u8], start: usize, end: usize) -> Result<Cow<'_, str>, Reason> {
    let string = text.get(start..end).unwrap_or_default();
    if let Some(plain) = plain(string) {
        return Ok(Cow::Borrowed(plain));
    }
    serde_json::from_slice::<Text<'_>>(string).map(|text| text.0).map_err(|error| {
        if let Some((at, escape)) = half_surrogate(string) {
            return Reason::HalfSurrogate { escape, place: place(text, start + at) };
        }
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        let lines = string.split_inclusive(|byte| *byte == b'\n').take(error.line().saturating_sub(1));
        let line_start: usize = lines.map(<[u8]>::len).sum();
        syntax(message, text, start + line_start + error.column().saturating_sub(1))
    })
}

/// The content of a string without escapes.
fn plain(string: &[u8]) -> Option<&str> {
    let content = string.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let is_plain = content.iter().all(|byte| *byte >= b' ' && *byte != b'\\' && *byte != b'"');
    if is_plain { std::str::from_utf8(content).ok() } else { None }
}

/// The first escape of a string that is an unpaired surrogate, and its position.
fn half_surrogate(string: &[u8]) -> Option<(usize, String)> {
    let unit = |at: usize| {
        let digits = string.get(at..at + 6)?.strip_prefix(br"\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut at = 0;
    while at < string.len() {
        match (string.get(at), unit(at)) {
            (Some(b'\\'), Some(0xD800..=0xDBFF)) if matches!(unit(at + 6), Some(0xDC00..=0xDFFF)) => at += 12,
            (Some(b'\\'), Some(0xD800..=0xDFFF)) => {
                let escape = string.get(at..at + 6).unwrap_or_default();
                return Some((at, String::from_utf8_lossy(escape).into_owned()));
            }
            (Some(b'\\'), _) => at += 2,
            _ => at += 1,
        }
    }
    None
}

/// A member of an object: the ranges of its name, including quotes, and of its value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: (usize, usize),
    pub(crate) value: (usize, usize),
}

/// An iterator over the items between brackets.
pub(crate) struct Items<'a, 's> {
    text: &'a [u8],
    at: usize,
    close: u8,
    has_begun: bool,
    open: &'s mut Vec<u8>,
}

impl<'a, 's> Items<'a, 's> {
    /// The items of the object or array whose bracket is at `start`.
    pub(crate) fn of(text: &'a [u8], start: usize, open: &'s mut Vec<u8>) -> Self {
        let close = if text.get(start) == Some(&b'{') { b'}' } else { b']' };
        Self { text, at: start + 1, close, has_begun: false, open }
    }

    /// The current offset: after the end, once that was reached.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The next value of an array.
    pub(crate) fn item(&mut self) -> Result<Option<(usize, usize)>, Unexpected> {
        if !self.goes_on()? {
            return Ok(None);
        }
        self.value().map(Some)
    }

    /// The next member of an object.
    pub(crate) fn member(&mut self) -> Result<Option<Member>, Unexpected> {
        if !self.goes_on()? {
            return Ok(None);
        }
        if self.text.get(self.at) != Some(&b'"') {
            return Err(Unexpected { at: self.at, wanted: "a member's name" });
        }
        let name = (self.at, string_end(self.text, self.at)?);
        let colon = skip_space(self.text, name.1);
        if self.text.get(colon) != Some(&b':') {
            return Err(Unexpected { at: colon, wanted: "a colon" });
        }
        self.at = skip_space(self.text, colon + 1);
        Ok(Some(Member { name, value: self.value()? }))
    }

    fn value(&mut self) -> Result<(usize, usize), Unexpected> {
        let start = self.at;
        self.at = value_end(self.text, start, self.open)?;
        Ok((start, self.at))
    }

    /// Skips the text between two items, and returns whether another item follows.
    fn goes_on(&mut self) -> Result<bool, Unexpected> {
        self.at = skip_space(self.text, self.at);
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        match self.text.get(self.at) {
            Some(byte) if *byte == self.close => {
                self.at += 1;
                Ok(false)
            }
            _ if is_first => Ok(true),
            Some(b',') => {
                self.at = skip_space(self.text, self.at + 1);
                Ok(true)
            }
            _ if self.close == b'}' => Err(Unexpected { at: self.at, wanted: "a comma or }" }),
            _ => Err(Unexpected { at: self.at, wanted: "a comma or ]" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn end(text: &str) -> Result<usize, Unexpected> {
        value_end(text.as_bytes(), 0, &mut Vec::new())
    }

    #[test]
    fn a_value_ends_where_json_or_python_end_it() {
        for (value, rest) in [
            ("NaN", ","),
            ("-Infinity", " }"),
            ("None", "}"),
            ("1e999", "}"),
            ("<NA>", ","),
            ("2026-01-01 10:00:00", ","),
            ("Not Available", "  , "),
            ("'it, (is)'", ","),
            (r"'it\'s'", "}"),
            ("N/A", ","),
            ("#N/A", "}"),
            ("[#N/A, 1/2]", "}"),
            ("b'x'", ","),
            (r#""\"}""#, ","),
            ("datetime.datetime(2026, 1, 1)", "}"),
            (r#"ObjectId("60f6")"#, "}"),
            (r#"{'a': None, 'b': [1, 2, ','], "c": "'}"}"#, "}"),
            ("array([1., 2.], dtype='<f4')", ","),
        ] {
            assert_eq!(end(&format!("{value}{rest}")), Ok(value.len()), "{value}");
        }
    }

    #[test]
    fn a_word_ends_before_a_comment_and_a_line_end_so_that_nothing_behind_them_is_read() {
        for text in ["1 /*,\"a\":2*/}", "1 //,\"a\":2\n}", "1 #,\"a\":2\n}", "1\n2,", "1\r/,"] {
            assert_eq!(end(text), Ok(1), "{text}");
        }
    }

    #[test]
    fn what_leaves_the_structure_in_doubt_is_refused_with_its_place() {
        for (text, at) in [
            (",", 0),
            ("", 0),
            ("[1,2}", 4),
            ("[1,2", 4),
            ("{\"a\":[1}", 7),
            ("\"open", 5),
            ("'open, \"b\":1", 0),
            ("'a' \"b\":1", 4),
            ("[it's, 'x']", 3),
            ("'it, {is}'", 5),
            (r#"'5" disk'"#, 2),
            ("['a', '}']", 7),
            ("[1 /* ], [ */]", 3),
            ("[1 // ]", 3),
            ("[1 # ]", 3),
            ("/* 1 */ 2", 0),
        ] {
            assert_eq!(end(text).map_err(|unexpected| unexpected.at), Err(at), "{text}");
        }
    }

    #[test]
    fn half_of_a_surrogate_pair_is_found_where_it_stands() {
        for (string, want) in [
            (r#""a \ud83d b""#, Some((3, r"\ud83d"))),
            (r#""\ud83d\ude00\uDE00""#, Some((13, r"\uDE00"))),
            (r#""\\ud83d\ud83d\ud83d""#, Some((8, r"\ud83d"))),
            (r#""\ud83d\ude00 \\ud83d""#, None),
        ] {
            let want = want.map(|(at, escape): (usize, &str)| (at, escape.to_owned()));
            assert_eq!(half_surrogate(string.as_bytes()), want, "{string}");
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            "\\PC{0,6}".prop_map(Into::into),
            r#"["'\\\[\]\{\}(),:]{0,6}"#.prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                prop::collection::vec(("\\PC{0,4}", inner), 0..4)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_json_value_ends_where_the_library_ends_it(value in json(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            let text = text.unwrap();
            for rest in [",\"id\":1}", " }", "\n]"] {
                prop_assert_eq!(end(&format!("{text}{rest}")), Ok(text.len()));
            }
        }

        #[test]
        fn no_text_whatever_has_an_end_beyond_itself(text in r#"["'\\\[\]\{\}(),: a-c1]{0,24}"#) {
            match end(&text) {
                Ok(end) => prop_assert!(end > 0 && end <= text.len()),
                Err(unexpected) => prop_assert!(unexpected.at <= text.len() + 1),
            }
        }
    }
}
