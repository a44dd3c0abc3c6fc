//! Walks through an object whose members are columns, value by value, so that no member must be in memory as a whole.

use std::ops::Range;

use crate::read::flaw::{Flaw, FlawKind};
use crate::read::tear::Tear;
use crate::read::value::{Members, Next, record_end, skip_blanks, string_end};

/// How a column contains its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// As the elements of an array.
    List,
    /// As the members of an object, named by the labels of the rows.
    Labelled,
}

impl Kind {
    fn closes(self) -> u8 {
        match self {
            Self::List => b']',
            Self::Labelled => b'}',
        }
    }
}

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A column begins: its name as spelled.
    Column(Range<usize>, Kind),
    /// A value of the current column, and the label of its row as spelled, if it has one.
    Value(Option<Range<usize>>, Range<usize>),
    /// A member that is null: its name as spelled.
    Null(Range<usize>),
    /// Something else: a member that is not a column, or a bracket.
    Structure,
}

/// The current place in the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Before,
    /// At a member, or at the end of the object; the first member has no comma before it.
    Member {
        is_first: bool,
    },
    /// In a column, before or after a value.
    Inside(Kind, Expect),
    Behind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Value,
    Comma,
}

/// A walk through such an object.
#[derive(Debug)]
pub(super) struct Walk {
    place: Place,
}

impl Walk {
    /// Starts at the beginning of the input.
    pub(super) fn new() -> Self {
        Self { place: Place::Before }
    }

    /// Starts after the opening bracket of a column.
    pub(super) fn inside(kind: Kind) -> Self {
        Self { place: Place::Inside(kind, Expect::Value) }
    }

    /// Finds what comes at or after `at`, without whitespace, and where it ends; `None` at the end of the text, if the
    /// text may end there.
    pub(super) fn step(&mut self, text: &[u8], at: usize) -> Result<Option<(usize, Event)>, Flaw> {
        let at = skip_blanks(text, at);
        let Some(&byte) = text.get(at) else {
            return match self.place {
                Place::Before | Place::Behind => Ok(None),
                Place::Member { .. } | Place::Inside(..) => Err(Flaw::unfinished(at, Tear::Object)),
            };
        };
        let (end, event, place) = match self.place {
            Place::Before if byte == b'{' => (at + 1, Event::Structure, Place::Member { is_first: true }),
            Place::Before => return Err(Flaw::malformed(at, byte, "an object")),
            Place::Member { is_first } => member(text, at, is_first)?,
            Place::Inside(kind, expect) => inside(text, at, byte, (kind, expect))?,
            Place::Behind if byte == b'{' => return Err(Flaw { at, kind: FlawKind::Pages }),
            Place::Behind => return Err(Flaw::malformed(at, byte, "the end")),
        };
        self.place = place;
        Ok(Some((end, event)))
    }
}

type Found = (usize, Event, Place);

fn member(text: &[u8], at: usize, is_first: bool) -> Result<Found, Flaw> {
    let unfinished = || Flaw::unfinished(at, Tear::Object);
    let mut members = if is_first { Members::first(text, at) } else { Members::behind(text, at) };
    let (name, value) = match members.advance() {
        Next::Member(name, value) => (name.len(), value),
        Next::End(end) => return Ok((end, Event::Structure, Place::Behind)),
        Next::Unfinished => return Err(unfinished()),
        Next::Malformed(at) => {
            let found = text.get(at).copied().unwrap_or_default();
            return Err(Flaw::malformed(at, found, "a member of the object or its end"));
        }
    };
    let quote = memchr::memchr(b'"', text.get(at..).unwrap_or_default()).map_or(at, |quote| at + quote);
    let name = quote + 1..quote + 1 + name;
    let kind = match text.get(value) {
        Some(b'[') => Kind::List,
        Some(b'{') => Kind::Labelled,
        _ => {
            let end = record_end(text, value).ok_or_else(unfinished)?;
            let is_null = text.get(value..end) == Some(&b"null"[..]);
            let event = if is_null { Event::Null(name) } else { Event::Structure };
            return Ok((end, event, Place::Member { is_first: false }));
        }
    };
    Ok((value + 1, Event::Column(name, kind), Place::Inside(kind, Expect::Value)))
}

fn inside(text: &[u8], at: usize, byte: u8, (kind, expect): (Kind, Expect)) -> Result<Found, Flaw> {
    let behind = Place::Inside(kind, Expect::Comma);
    match (byte, expect) {
        (byte, _) if byte == kind.closes() => {
            Ok((at + 1, Event::Structure, Place::Member { is_first: false }))
        }
        (b',', Expect::Comma) => Ok((at + 1, Event::Structure, Place::Inside(kind, Expect::Value))),
        (_, Expect::Comma) => Err(Flaw::malformed(at, byte, "a comma or the end of the column")),
        (b',' | b'}' | b']' | b':', _) => Err(Flaw::malformed(at, byte, "a value or the end of the column")),
        _ => {
            let (label, value) = match kind {
                Kind::List => (None, at),
                Kind::Labelled => label(text, at, byte)?,
            };
            let end = record_end(text, value).ok_or(Flaw::unfinished(at, Tear::Value))?;
            Ok((end, Event::Value(label, value..end), behind))
        }
    }
}

/// The label of a row, and where its value starts.
fn label(text: &[u8], at: usize, byte: u8) -> Result<(Option<Range<usize>>, usize), Flaw> {
    let unfinished = || Flaw::unfinished(at, Tear::Value);
    if byte != b'"' {
        return Err(Flaw::malformed(at, byte, "the label of a row"));
    }
    let end = string_end(text, at).ok_or_else(unfinished)?;
    let colon = skip_blanks(text, end);
    match text.get(colon) {
        None => return Err(unfinished()),
        Some(b':') => {}
        Some(byte) => return Err(Flaw::malformed(colon, *byte, "a colon")),
    }
    let value = skip_blanks(text, colon + 1);
    match text.get(value) {
        None => Err(unfinished()),
        Some(byte @ (b',' | b'}' | b']' | b':')) => Err(Flaw::malformed(value, *byte, "a value")),
        Some(_) => Ok((Some(at..end), value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a walk finds in a text that grows by pieces of this size.
    fn walked(text: &str, piece: usize) -> Result<Vec<String>, usize> {
        let (mut walk, mut found) = (Walk::new(), Vec::new());
        let (mut start, mut end) = (0, 0);
        loop {
            let at_hand = text.as_bytes().get(start..end).unwrap();
            match walk.step(at_hand, 0) {
                Ok(Some((used, event))) => {
                    let of = |range: Range<usize>| text.get(start + range.start..start + range.end).unwrap();
                    match event {
                        Event::Column(name, kind) => found.push(format!("{kind:?} {}", of(name))),
                        Event::Value(label, value) => {
                            found.push(format!("{}{}", label.map_or("", of), of(value)));
                        }
                        Event::Null(name) => found.push(format!("no {}", of(name))),
                        Event::Structure => {}
                    }
                    start += used;
                }
                Ok(None) if end == text.len() => return Ok(found),
                Err(flaw) if end == text.len() || flaw.is_lasting() => return Err(start + flaw.at),
                Ok(None) | Err(_) => end = text.len().min(end + piece),
            }
        }
    }

    #[test]
    fn each_value_of_each_column_is_found_whatever_text_is_at_hand() {
        let text = "{ \"n\":1, \"ids\" : [\"a\", 2 ,null],\r\n\"none\":null,\"e\":[[1,2],[\"]\"],{\"x\":\"}\"}],\
                    \"o\":{ \"0\" : \"x\", \"\\\"\":[3]}, \"empty\":[], \"no\":{}, \"last\":\"x\" } \n";
        let wanted = [
            "List ids",
            "\"a\"",
            "2",
            "null",
            "no none",
            "List e",
            "[1,2]",
            "[\"]\"]",
            "{\"x\":\"}\"}",
            "Labelled o",
            "\"0\"\"x\"",
            "\"\\\"\"[3]",
            "List empty",
            "Labelled no",
        ];
        for piece in [1, 2, 3, 7, 1000] {
            assert_eq!(walked(text, piece).unwrap(), wanted, "{piece}");
        }
    }

    #[test]
    fn what_is_malformed_is_told_where_it_is() {
        for (text, at) in [
            ("[1]", 0),
            (r#"{"a":[1,2]"#, 10),
            (r#"{"a":[1,2"#, 8),
            (r#"{"a":[1 2]}"#, 8),
            (r#"{"a":[,1]}"#, 6),
            (r#"{"a":[1,,2]}"#, 8),
            (r#"{"a":[1]} x"#, 10),
            (r#"{"a":[1]}{"a":[2]}"#, 9),
            (r#"{"a":[1}"#, 7),
            (r#"{"a":{1:2}}"#, 6),
            (r#"{"a":{"1" 2}}"#, 10),
            (r#"{"a":{"1":}}"#, 10),
            (r#"{"a":[1] "b":[2]}"#, 9),
            (r#"{"a" [1]}"#, 5),
        ] {
            for piece in [1, 3, 1000] {
                assert_eq!(walked(text, piece), Err(at), "{text} {piece}");
            }
        }
    }
}
