//! A line that holds one JSON object directly behind another: where the first ends.
//!
//! The reader cuts at line ends alone, since looking for braces would cost it a pass over all text. Only a record that
//! was not admitted as it stands comes here.

use super::skip::skip_space;
use crate::record::{Raw, Record};

/// Where the first object of a record ends and the next one begins. Only the walk through the whole of the first one
/// knows: brackets and quotes in texts that are not JSON's would mislead a look at them alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Glued {
    end: usize,
    next: usize,
}

/// What follows an object that ends at `end`, if that is another one, or a byte-order mark: where files were put together
/// it stands before the next one, which then is a record by itself, and refused.
pub(crate) fn after(text: &[u8], end: usize) -> Option<Glued> {
    let next = skip_space(text, end);
    let rest = text.get(next..)?;
    (rest.starts_with(b"{") || rest.starts_with("\u{feff}".as_bytes())).then_some(Glued { end, next })
}

/// Divides a record behind its first object.
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
