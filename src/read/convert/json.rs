//! The values of a JSON text by their ranges in it. Pure.

use std::collections::BTreeSet;
use std::ops::Range;

use memchr::{memchr, memchr2};

use super::super::conversion::name;
use super::super::value::{Members, Next, record_end, skip_blanks, string_end};
use super::super::window::newlines;
use super::trouble::Trouble;

/// A text of JSON values that follow one another.
#[derive(Clone, Copy)]
pub(super) struct Json<'a>(&'a [u8]);

/// The range of a value.
pub(super) type Value = Range<usize>;

/// A member of an object: the spelling of its name, and its value.
pub(super) type Member<'a> = (&'a [u8], Value);

/// Maximum depth of nested values. Records are far less deep; the limit bounds the stack.
const DEEPEST: usize = 128;

/// How much of a value a message shows.
const SHOWN: usize = 200;

impl<'a> Json<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self(text)
    }

    /// The number of the line at this offset.
    pub(super) fn line(self, at: usize) -> u64 {
        newlines(self.0.get(..at).unwrap_or(self.0)) + 1
    }

    /// The text of a value.
    pub(super) fn text(self, value: &Value) -> &'a [u8] {
        self.0.get(value.clone()).unwrap_or_default()
    }

    pub(super) fn is_null(self, value: &Value) -> bool {
        self.text(value) == b"null"
    }

    /// Whether a value begins with this byte.
    pub(super) fn begins(self, value: &Value, byte: u8) -> bool {
        self.text(value).first() == Some(&byte)
    }

    pub(super) fn is_text(self, value: &Value) -> bool {
        self.begins(value, b'"')
    }

    pub(super) fn is_number(self, value: &Value) -> bool {
        matches!(self.text(value).first(), Some(b'-' | b'0'..=b'9'))
    }

    /// A string without its quotes and escapes; any other value as it is.
    pub(super) fn plain(self, value: &Value) -> String {
        plain(self.text(value))
    }

    /// The start of a value, for a message.
    pub(super) fn shown(self, value: &Value) -> String {
        String::from_utf8_lossy(self.text(value)).chars().take(SHOWN).collect()
    }

    /// The values that follow one another.
    pub(super) fn values(self) -> Result<Vec<Value>, Trouble> {
        let (mut values, mut at) = (Vec::new(), skip_blanks(self.0, 0));
        while at < self.0.len() {
            if !matches!(self.0.get(at), Some(b'{' | b'[')) {
                return Err(Trouble::new(at, "neither an object nor an array"));
            }
            let end = self.end(at)?;
            values.push(at..end);
            at = skip_blanks(self.0, end);
        }
        Ok(values)
    }

    /// The elements of an array.
    pub(super) fn elements(self, array: &Value) -> Result<Vec<Value>, Trouble> {
        if !self.begins(array, b'[') {
            return Err(Trouble::new(array.start, format!("not an array: {}", self.shown(array))));
        }
        let (mut elements, mut at) = (Vec::new(), skip_blanks(self.0, array.start + 1));
        while self.0.get(at) != Some(&b']') {
            let end = self.end(at)?;
            elements.push(at..end);
            at = skip_blanks(self.0, end);
            match self.0.get(at) {
                Some(b',') => at = skip_blanks(self.0, at + 1),
                Some(b']') => {}
                _ => return Err(Trouble::new(at, "neither a comma nor the end of the array")),
            }
        }
        Ok(elements)
    }

    /// The members of an object.
    pub(super) fn members(self, object: &Value) -> Result<Vec<Member<'a>>, Trouble> {
        if !self.begins(object, b'{') {
            return Err(Trouble::new(object.start, format!("not an object: {}", self.shown(object))));
        }
        let (mut found, mut members) = (Vec::new(), Members::of(self.0, object.start));
        loop {
            match members.advance() {
                Next::Member(name, at) => {
                    let end = self.end(at)?;
                    found.push((name, at..end));
                    members.go_on(end);
                }
                Next::End(_) => return Ok(found),
                Next::Malformed(at) => {
                    return Err(Trouble::new(at, "neither a member of the object nor its end"));
                }
                Next::Unfinished => return Err(Trouble::new(object.start, "the object has no end")),
            }
        }
    }

    fn end(self, at: usize) -> Result<usize, Trouble> {
        let end = record_end(self.0, at).filter(|end| *end > at);
        end.ok_or_else(|| Trouble::new(at, "a value without an end"))
    }

    /// An error if an object in a value has duplicate names, since readers disagree which of the values counts.
    pub(super) fn refuse_repeats(self, value: &Value) -> Result<(), Trouble> {
        self.refuse_repeats_below(value, 0)
    }

    fn refuse_repeats_below(self, value: &Value, depth: usize) -> Result<(), Trouble> {
        refuse_too_deep(value, depth)?;
        let has_objects = memchr(b'{', self.text(value)).is_some();
        if self.begins(value, b'[') && has_objects {
            let elements = self.elements(value)?;
            return elements.iter().try_for_each(|element| self.refuse_repeats_below(element, depth + 1));
        }
        if !self.begins(value, b'{') {
            return Ok(());
        }
        let mut names = BTreeSet::new();
        for (spelled, inner) in self.members(value)? {
            let name = name(spelled);
            self.refuse_repeats_below(&inner, depth + 1)?;
            if names.contains(&name) {
                return Err(Trouble::new(inner.start, format!("a member is repeated: {name}")));
            }
            names.insert(name);
        }
        Ok(())
    }

    /// Whether a value contains a possible vector, under any name.
    pub(super) fn has_vector(self, value: &Value) -> Result<bool, Trouble> {
        self.has_vector_below(value, 0)
    }

    fn has_vector_below(self, value: &Value, depth: usize) -> Result<bool, Trouble> {
        refuse_too_deep(value, depth)?;
        match self.text(value).first() {
            Some(b'[') => {
                let elements = self.elements(value)?;
                if elements.len() > 1 && elements.iter().all(|element| self.is_number(element)) {
                    return Ok(true);
                }
                self.any_has_vector(elements.iter(), depth)
            }
            Some(b'{') => {
                let members = self.members(value)?;
                let is_encoded = |(name, value): &Member<'_>| self.may_be_encoded(name, value);
                Ok(members.iter().any(is_encoded)
                    || self.any_has_vector(members.iter().map(|(_, value)| value), depth)?)
            }
            _ => Ok(false),
        }
    }

    fn any_has_vector<'v>(
        self,
        mut values: impl Iterator<Item = &'v Value>,
        depth: usize,
    ) -> Result<bool, Trouble> {
        values.try_fold(false, |found, value| Ok(found || self.has_vector_below(value, depth + 1)?))
    }

    /// An error if a string spans a line end: it is not valid JSON, and on one line it would be another string.
    pub(super) fn refuse_line_ends_in_texts(self) -> Result<(), Trouble> {
        let mut at = 0;
        while let Some(quote) = memchr(b'"', self.0.get(at..).unwrap_or_default()).map(|quote| at + quote) {
            let end =
                string_end(self.0, quote).ok_or_else(|| Trouble::new(quote, "a text without an end"))?;
            if memchr2(b'\n', b'\r', self.text(&(quote..end))).is_some() {
                return Err(Trouble::new(quote, "a text with a line end in it, which JSON writes as \\n"));
            }
            at = end;
        }
        Ok(())
    }

    /// Whether a member may be a vector in text form.
    pub(super) fn may_be_encoded(self, name: &[u8], value: &Value) -> bool {
        const SHORTEST: usize = 40;
        let is_named = [&b"vec"[..], b"emb"].iter().any(|beginning| name.starts_with(beginning));
        is_named && self.is_text(value) && value.len() > SHORTEST
    }
}

fn refuse_too_deep(value: &Value, depth: usize) -> Result<(), Trouble> {
    if depth > DEEPEST {
        return Err(Trouble::new(value.start, "values that hold one another too deep"));
    }
    Ok(())
}

/// A string without its quotes and escapes; any other value as it is.
pub(super) fn plain(value: &[u8]) -> String {
    match value {
        [b'"', spelled @ .., b'"'] => name(spelled),
        other => String::from_utf8_lossy(other).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> (Json<'_>, Value) {
        let json = Json::new(text.as_bytes());
        let value = json.values().unwrap().swap_remove(0);
        (json, value)
    }

    #[test]
    fn values_elements_and_members_are_found_by_their_places() {
        let json = Json::new(b" {\"a\":1}[2]\n{} ");
        let values = json.values().unwrap();
        assert_eq!(
            values.iter().map(|value| json.text(value)).collect::<Vec<_>>(),
            [&b"{\"a\":1}"[..], b"[2]", b"{}"]
        );
        assert_eq!(json.line(values[2].start), 2);
        let (json, array) = first("[1, \"]\" ,{\"a\":[]},]");
        let elements = json.elements(&array).unwrap();
        assert_eq!(
            elements.iter().map(|value| json.text(value)).collect::<Vec<_>>(),
            [&b"1"[..], b"\"]\"", b"{\"a\":[]}"]
        );
        let (json, object) = first("{\"a\\u0062\": 1,\"c\":[2]}");
        let members = json.members(&object).unwrap();
        assert_eq!(
            members.iter().map(|(name, value)| (*name, json.text(value))).collect::<Vec<_>>(),
            [(&b"a\\u0062"[..], &b"1"[..]), (b"c", b"[2]")]
        );
        for text in ["{\"a\":1", "[1", "[1 2]", "{\"a\" 1}", "1", "{}x"] {
            let json = Json::new(text.as_bytes());
            let walked = json.values().and_then(|values| {
                json.elements(&values[0]).or_else(|_| json.members(&values[0]).map(|_| Vec::new()))
            });
            assert!(walked.is_err(), "{text}");
        }
    }

    #[test]
    fn members_that_are_repeated_are_found_however_they_are_spelled_and_wherever() {
        for text in ["{\"a\":1,\"a\":2}", "[{\"b\":[{\"a\":1,\"\\u0061\":2}]}]"] {
            let (json, value) = first(text);
            assert_eq!(json.refuse_repeats(&value).unwrap_err().what, "a member is repeated: a", "{text}");
        }
        let (json, value) = first("[{\"a\":1},{\"a\":{\"a\":[1,2]}}]");
        assert!(json.refuse_repeats(&value).is_ok());
        let deep = "[".repeat(1000) + "{}" + &"]".repeat(1000);
        let (json, value) = first(&deep);
        assert!(json.refuse_repeats(&value).is_err());
    }

    #[test]
    fn a_text_over_a_line_end_and_values_too_deep_are_errors() {
        assert!(Json::new(b"{\"a\":\n\"x\\n\"}").refuse_line_ends_in_texts().is_ok());
        for text in ["{\"a\":\"x\ny\"}", "{\"a\":\"x\ry\"}", "{\"a\":\"x"] {
            assert!(Json::new(text.as_bytes()).refuse_line_ends_in_texts().is_err(), "{text}");
        }
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        let (json, value) = first(&deep);
        assert!(json.has_vector(&value).is_err());
    }

    #[test]
    fn what_may_be_a_vector_is_found_at_any_depth() {
        for (text, has) in [
            ("[1,2]", true),
            ("{\"x\":[[\"a\",[1,-2.5]]]}", true),
            ("{\"x\":{\"embedding\":\"AACAPwAAAACAPwAAAACAPwAAAACAPwAAAACAPwAAAACAPwAA\"}}", true),
            ("[1]", false),
            ("[1,\"a\"]", false),
            ("{\"x\":[{\"n\":1}],\"embedding\":\"short\"}", false),
        ] {
            let (json, value) = first(text);
            assert_eq!(json.has_vector(&value).unwrap(), has, "{text}");
        }
    }
}
