//! A line with one JSON object directly after another: finds where the first one ends.
//!
//! The reader cuts only at line ends, since looking for braces would cost it a pass over all text. Only a record that
//! was not admitted as it is comes here.

use super::skip::skip_space;
use crate::record::{Raw, Record};

/// Where the first object of a record ends and the next one begins. Only a full parse of the first one shows that:
/// strings that are not JSON would mislead a search for brackets and quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Glued {
    end: usize,
    next: usize,
}

/// What follows an object that ends at `end`, if that is another object or a byte-order mark. In concatenated files the
/// mark comes before the next object, which then is a record of its own and rejected.
pub(crate) fn after(text: &[u8], end: usize) -> Option<Glued> {
    let next = skip_space(text, end);
    let rest = text.get(next..)?;
    (rest.starts_with(b"{") || rest.starts_with("\u{feff}".as_bytes())).then_some(Glued { end, next })
}

/// Splits a record after its first object.
pub(crate) fn split(record: &Record, Glued { end, next }: Glued) -> Option<(Record, Record)> {
    let Raw::Json(text) = &record.raw else { return None };
    let first = Record { position: record.position, raw: Raw::Json(text.slice(..end)) };
    let mut position = record.position;
    position.offset += next as u64;
    position.record += 1;
    position.part = 0;
    Some((first, Record { position, raw: Raw::Json(text.slice(next..)) }))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::record::Position;

    fn texts(line: &'static str) -> Option<(String, String, Position)> {
        let position = Position { input: 1, offset: 100, line: 3, record: 2, ..Position::default() };
        let record = Record { position, raw: Raw::Json(Bytes::from_static(line.as_bytes())) };
        let text = |raw: Raw| match raw {
            Raw::Json(text) => String::from_utf8(text.to_vec()).unwrap(),
            Raw::Row { .. } | Raw::Columns { .. } | Raw::Broken { .. } => String::new(),
        };
        let Raw::Json(line) = &record.raw else { return None };
        let end = line.iter().position(|byte| *byte == b'}')? + 1;
        split(&record, after(line, end)?).map(|(first, rest)| {
            assert_eq!(first.position, position);
            (text(first.raw), text(rest.raw), rest.position)
        })
    }

    #[test]
    fn an_object_behind_an_object_is_a_record_with_its_own_place() {
        for (line, first, rest, offset) in [
            (r#"{"a":"x"}{"b":1}{"c":2}"#, r#"{"a":"x"}"#, r#"{"b":1}{"c":2}"#, 109),
            ("{} \t{}", "{}", "{}", 104),
            ("{} \u{feff} {}", "{}", "\u{feff} {}", 103),
        ] {
            let position = Position { input: 1, offset, line: 3, record: 3, ..Position::default() };
            assert_eq!(texts(line), Some((first.to_owned(), rest.to_owned(), position)));
        }
        for line in ["{}", "{},{}", "{} rubbish", "[1]{}", r#"{"a":{"b":1}"#] {
            assert_eq!(texts(line), None, "{line}");
        }
    }
}
