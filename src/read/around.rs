//! The text around an array of records: the members of the objects that contain it.
//!
//! They are parsed to their end, so that a file with a bracket error is not taken for a complete one, and searched for
//! records that would otherwise be left out.

use std::sync::Arc;

use serde::de::IgnoredAny;

use super::named::{Named, is_keyed_record, is_record};
use super::outline::Outline;
use super::value::{Members, Next, scalar_end, skip_blanks, string_end};
use crate::record::names::{METADATA, NAMESPACE, WRAPPERS, is_one_of};

/// Why the members cannot be skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The text ends first.
    Unfinished,
    /// Unexpected input at this offset.
    Malformed(usize, &'static str),
    /// Records outside the array begin at this offset.
    Records(usize),
    /// A second member with a name on the path to the records begins at this offset.
    Repeated(usize),
}

/// Maximum depth of nested values. Records are far less deep; the limit bounds the stack.
const DEEPEST: usize = 128;

const MEMBER: &str = "a member of the object or its end";

/// What was found in an object on the way to its array of records.
pub(crate) enum Found {
    /// The array begins: the offset after its bracket, and the namespace before it, if there is one.
    Array(usize, Option<Arc<str>>),
    /// The object ends at this offset without it.
    End(usize),
}

/// Finds the array that `path` leads to in the object that starts at `start`.
pub(crate) fn descend(
    text: &[u8],
    start: usize,
    path: &[String],
    named: Named<'_>,
) -> Result<Found, Trouble> {
    let Some((name, deeper)) = path.split_first() else { return Ok(Found::End(start)) };
    let mut members = Members::of(text, start);
    let (mut is_met, mut namespace) = (false, None);
    loop {
        let (member, value) = match members.advance() {
            Next::Member(member, value) => (member, value),
            Next::End(end) => return Ok(Found::End(end)),
            Next::Unfinished => return Err(Trouble::Unfinished),
            Next::Malformed(at) => return Err(Trouble::Malformed(at, MEMBER)),
        };
        let is_on_path = is_called(member, name);
        if is_on_path && std::mem::replace(&mut is_met, true) {
            return Err(Trouble::Repeated(value));
        }
        let end = match text.get(value) {
            Some(b'[') if is_on_path && deeper.is_empty() => return Ok(Found::Array(value + 1, namespace)),
            Some(b'{') if is_on_path && !deeper.is_empty() => match descend(text, value, deeper, named)? {
                Found::End(_) if is_keyed_record(text, value, named) => return Err(Trouble::Records(value)),
                Found::End(end) => end,
                Found::Array(start, inner) => return Ok(Found::Array(start, inner.or(namespace))),
            },
            _ => passed(text, value, Some(member), 0, named)?,
        };
        if is_one_of(&NAMESPACE, member) {
            namespace = text.get(value..end).map(said);
        }
        members.go_on(end);
    }
}

/// The namespace in a raw JSON value.
fn said(raw: &[u8]) -> Arc<str> {
    let raw = if raw == b"null" { b"" } else { raw };
    String::from_utf8_lossy(raw).trim_matches('"').into()
}

/// Whether a member, spelled as in the text, has this name.
fn is_called(spelled: &[u8], name: &str) -> bool {
    if !spelled.contains(&b'\\') {
        return spelled == name.as_bytes();
    }
    let quoted = [b"\"", spelled, b"\""].concat();
    serde_json::from_slice::<String>(&quoted).is_ok_and(|decoded| decoded == name)
}

/// What follows the array of records, inside the objects around it.
pub(crate) enum After {
    /// The offset where a member ends, and its value if it is the namespace.
    Member(usize, Option<Arc<str>>),
    /// The offset after the bracket that ends the innermost object.
    End(usize),
}

/// Finds what follows at `at`, after the array or a member, in an object where `name` leads to the array.
pub(crate) fn after(text: &[u8], at: usize, name: &str, named: Named<'_>) -> Result<After, Trouble> {
    match text.get(at) {
        None => return Err(Trouble::Unfinished),
        Some(b'}') => return Ok(After::End(at + 1)),
        Some(b',') => {}
        Some(_) => return Err(Trouble::Malformed(at, "a comma or the end of the object")),
    }
    match Members::behind(text, at).advance() {
        Next::Member(member, value) => {
            // Only a record has a vector: the object is a record, not a container of records.
            if named.is_vector(member) && is_array_of_numbers(text, value) {
                return Err(Trouble::Records(value));
            }
            let end = passed(text, value, Some(member), 0, named)?;
            if is_called(member, name) {
                return Err(Trouble::Repeated(value));
            }
            let namespace = text.get(value..end).filter(|_| is_one_of(&NAMESPACE, member)).map(said);
            Ok(After::Member(end, namespace))
        }
        Next::End(end) => Ok(After::End(end)),
        Next::Unfinished => Err(Trouble::Unfinished),
        Next::Malformed(at) => Err(Trouble::Malformed(at, MEMBER)),
    }
}

fn is_array_of_numbers(text: &[u8], at: usize) -> bool {
    text.get(at) == Some(&b'[')
        && text.get(skip_blanks(text, at + 1)).is_some_and(|byte| matches!(byte, b'-' | b'0'..=b'9'))
}

/// Skips the value at `at`, which is called `name` or is an array element, and returns the offset after it.
fn passed(
    text: &[u8],
    at: usize,
    name: Option<&[u8]>,
    depth: usize,
    named: Named<'_>,
) -> Result<usize, Trouble> {
    match text.get(at) {
        None => Err(Trouble::Unfinished),
        Some(_) if depth > DEEPEST => Err(Trouble::Malformed(at, "a value with fewer levels of nesting")),
        Some(b'{') => object(text, at, depth, named),
        Some(b'[') => array(text, at, name, depth, named),
        Some(b'"') => string_end(text, at).ok_or(Trouble::Unfinished),
        Some(_) => scalar(text, at),
    }
}

fn object(text: &[u8], at: usize, depth: usize, named: Named<'_>) -> Result<usize, Trouble> {
    let mut members = Members::of(text, at);
    loop {
        match members.advance() {
            Next::Member(name, value) => {
                let end = passed(text, value, Some(name), depth + 1, named)?;
                members.go_on(end);
            }
            Next::End(_) if is_keyed_record(text, at, named) => return Err(Trouble::Records(at)),
            Next::End(end) => return Ok(end),
            Next::Unfinished => return Err(Trouble::Unfinished),
            Next::Malformed(at) => return Err(Trouble::Malformed(at, MEMBER)),
        }
    }
}

/// Whether a member of this name may list the metadata of the records, in the singular or the plural.
fn lists_metadata(name: &[u8]) -> bool {
    is_one_of(&METADATA, name) || name.strip_suffix(b"s").is_some_and(|one| is_one_of(&METADATA, one))
}

fn array(
    text: &[u8],
    start: usize,
    name: Option<&[u8]>,
    depth: usize,
    named: Named<'_>,
) -> Result<usize, Trouble> {
    let holds_records = name.is_some_and(|name| is_one_of(&WRAPPERS, name));
    let holds_metadata = name.is_some_and(lists_metadata);
    let mut at = skip_blanks(text, start + 1);
    loop {
        match text.get(at) {
            None => return Err(Trouble::Unfinished),
            Some(b']') => return Ok(at + 1),
            Some(b'{' | b'[') if holds_records => return Err(Trouble::Records(at)),
            Some(b'{') if holds_metadata && named.has_key(text, &Outline::of(text, at)) => {
                return Err(Trouble::Records(at));
            }
            Some(_) => {}
        }
        let end = passed(text, at, None, depth + 1, named)?;
        if text.get(at) == Some(&b'{') && is_record(text, at, named) {
            return Err(Trouble::Records(at));
        }
        at = skip_blanks(text, end);
        match text.get(at) {
            None => return Err(Trouble::Unfinished),
            Some(b',') => at = skip_blanks(text, at + 1),
            Some(b']') => {}
            Some(_) => return Err(Trouble::Malformed(at, "a comma or the end of the array")),
        }
    }
}

/// Skips a number or a word, including those that Python writes.
fn scalar(text: &[u8], at: usize) -> Result<usize, Trouble> {
    let end = scalar_end(text, at).ok_or(Trouble::Unfinished)?;
    let word = text.get(at..end).unwrap_or_default();
    let is_value = matches!(word, b"NaN" | b"Infinity" | b"-Infinity")
        || serde_json::from_slice::<IgnoredAny>(word).is_ok();
    if is_value { Ok(end) } else { Err(Trouble::Malformed(at, "a value")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(text: &str) -> Result<usize, Trouble> {
        passed(text.as_bytes(), 0, None, 0, Named::default())
    }

    #[test]
    fn values_without_records_are_passed_over_to_their_end() {
        for text in [
            r#"{"a":[1,{"b":"]}"},null],"n":-1.5e3,"x":NaN,"y":[-Infinity,true]}"#,
            r"[[0.1],[0.2]]",
            r#"{"vectors":[],"data":[1,"a"],"rows":{"rows":null}}"#,
            r#"{"buckets":[{"key":"a","doc_count":1}]}"#,
            r#"{"query":{"vector":[0.1,0.2]},"metadata":[{"title":"x"}]}"#,
            r"[1,2,]",
            r#""text""#,
        ] {
            assert_eq!(end(&format!("{text} ")), Ok(text.len()), "{text}");
        }
    }

    #[test]
    fn what_is_not_well_formed_or_holds_records_is_found_with_its_place() {
        let malformed =
            |at| move |found: &Trouble| matches!(found, Trouble::Malformed(place, _) if *place == at);
        for (text, at) in [
            (r#"{"a":1 "b":2}"#, 7),
            (r#"{"a":1,{"b":2}}"#, 7),
            (r"[1 2]", 3),
            (r#"{"a":oops}"#, 5),
            (r#"{"a":01}"#, 5),
            (r#"{"a":,"b":1}"#, 5),
        ] {
            let found = end(text).unwrap_err();
            assert!(malformed(at)(&found), "{text}: {found:?}");
        }
        for (text, at) in [
            (r#"{"data":[{"a":1}]}"#, 9),
            (r#"{"x":{"points":[[0.1]]}}"#, 16),
            (r#"{"others":[1,{"id":"a","embedding":[0.1]}]}"#, 13),
            (r#"{"more":{"a":{"id":"2","values":[3,4]}}}"#, 13),
            (r#"{"extra":{"id":"h","vector":[3,4]}}"#, 9),
            (r#"{"metadata":[{"id":"1","title":"x"}]}"#, 13),
        ] {
            assert_eq!(end(text), Err(Trouble::Records(at)), "{text}");
        }
        for text in ["{", r#"{"a""#, r#"{"a":1"#, "[1", "[1,", r#"{"a":["#, "1"] {
            assert_eq!(end(text), Err(Trouble::Unfinished), "{text}");
        }
        assert!(malformed(DEEPEST + 1)(&end(&"[".repeat(1000)).unwrap_err()));
    }

    #[test]
    fn a_vector_behind_the_array_shows_a_record_by_a_usual_name_and_by_the_users() {
        let vector = ["feature".to_owned()];
        let named = Named { vector: &vector, ..Named::default() };
        for (member, is_named, is_usual) in
            [("vector", true, true), ("feature", true, false), ("other", false, false)]
        {
            let text = format!(r#","{member}":[1,2]}}"#);
            let found = |named| after(text.as_bytes(), 0, "points", named);
            let is_record = |named| matches!(found(named), Err(Trouble::Records(_)));
            assert_eq!((is_record(named), is_record(Named::default())), (is_named, is_usual), "{member}");
        }
    }
}
