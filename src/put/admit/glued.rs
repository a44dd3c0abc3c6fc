//! A line that holds one JSON object directly behind another: where the first ends.
//!
//! The reader cuts at line ends alone, since looking for braces would cost it a pass over all text. Only a record that
//! was not admitted as it stands comes here.

use crate::put::read::{skip_blanks, value_end};
use crate::put::record::{Raw, Record};

/// Divides a record behind its first object, if another object follows there.
pub(super) fn split(record: &Record) -> Option<(Record, Record)> {
    let Raw::Json(text) = &record.raw else { return None };
    if text.first() != Some(&b'{') {
        return None;
    }
    let end = value_end(text, 0)?;
    let next = skip_blanks(text, end);
    if text.get(next) != Some(&b'{') {
        return None;
    }
    let first = Record { position: record.position, raw: Raw::Json(text.slice(..end)) };
    let mut position = record.position;
    position.offset += next as u64;
    position.record += 1;
    Some((first, Record { position, raw: Raw::Json(text.slice(next..)) }))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::put::record::Position;

    fn texts(line: &'static str) -> Option<(String, String, Position)> {
        let position = Position { input: 1, offset: 100, line: 3, record: 2 };
        let record = Record { position, raw: Raw::Json(Bytes::from_static(line.as_bytes())) };
        let text = |raw: Raw| match raw {
            Raw::Json(text) => String::from_utf8(text.to_vec()).unwrap(),
            Raw::Row { .. } | Raw::Broken { .. } => String::new(),
        };
        split(&record).map(|(first, rest)| {
            assert_eq!(first.position, position);
            (text(first.raw), text(rest.raw), rest.position)
        })
    }

    #[test]
    fn an_object_behind_an_object_is_a_record_with_its_own_place() {
        for (line, first, rest, offset) in [
            (r#"{"a":"}{"}{"b":1}{"c":2}"#, r#"{"a":"}{"}"#, r#"{"b":1}{"c":2}"#, 110),
            ("{} \t{}", "{}", "{}", 104),
        ] {
            let position = Position { input: 1, offset, line: 3, record: 3 };
            assert_eq!(texts(line), Some((first.to_owned(), rest.to_owned(), position)));
        }
        for line in ["{}", "{},{}", "{} rubbish", "[1]{}", r#"{"a":{"b":1}"#, r#"{"a":"}{"}"#] {
            assert_eq!(texts(line), None, "{line}");
        }
    }
}
