//! Finds where each column of an object begins, and how long it is.

use std::ops::Range;

use super::walk::{Event, Kind, Walk};
use crate::read::columnar::Columnar;
use crate::read::flaw::{Flaw, FlawKind};
use crate::record::names::VECTOR_COLUMN;

/// The column in which pandas writes the column names of a table of rows.
pub(super) const NAMES: &str = "columns";

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// The offset in the whole text where its values begin, after the bracket.
    pub(super) at: u64,
    /// How many values it has.
    pub(super) values: u64,
    /// Whether all of them are null.
    pub(super) is_void: bool,
}

/// All columns, as far as the text was surveyed.
#[derive(Debug)]
pub(super) struct Survey {
    walk: Walk,
    columns: Vec<Column>,
    /// Whether the embeddings are null.
    lacks_embeddings: bool,
    /// Whether the rows are arrays, and one column names their cells.
    has_rows: bool,
}

impl Survey {
    pub(super) fn new(columnar: Columnar) -> Self {
        let has_rows = columnar == Columnar::Rows;
        Self { walk: Walk::new(), columns: Vec::new(), lacks_embeddings: false, has_rows }
    }

    /// Surveys the complete part of `text`, which begins at the offset `start` of the whole, and returns the end of
    /// that part.
    pub(super) fn look(&mut self, text: &[u8], start: u64, last: bool) -> Result<usize, Flaw> {
        let mut at = 0;
        loop {
            match self.walk.step(text, at) {
                Ok(Some((end, event))) => {
                    self.note(text, (start + end as u64, at), event)?;
                    at = end;
                }
                Err(flaw) if last || flaw.is_lasting() => return Err(flaw),
                Ok(None) if last => return Ok(text.len()),
                Ok(None) | Err(_) => return Ok(at),
            }
        }
    }

    fn note(&mut self, text: &[u8], (end, at): (u64, usize), event: Event) -> Result<(), Flaw> {
        match event {
            Event::Column(name, kind) => {
                let name = decoded(text, name)?;
                if self.columns.iter().any(|column| column.name == name) {
                    return Err(Flaw { at, kind: FlawKind::Repeated });
                }
                self.columns.push(Column { name, kind, at: end, values: 0, is_void: true });
            }
            Event::Value(_, value) => {
                if let Some(column) = self.columns.last_mut() {
                    if self.has_rows && column.name == NAMES {
                        check_name(text, &value)?;
                    }
                    column.values += 1;
                    column.is_void &= text.get(value) == Some(&b"null"[..]);
                }
            }
            Event::Null(name) => self.lacks_embeddings |= decoded(text, name)? == VECTOR_COLUMN,
            Event::Structure => {}
        }
        Ok(())
    }

    /// Whether the embeddings are null.
    pub(super) fn lacks_embeddings(&self) -> bool {
        self.lacks_embeddings
    }

    /// The columns found.
    pub(super) fn columns(self) -> Vec<Column> {
        self.columns
    }
}

/// Decodes a name from its spelling in the text. With a replacement character it would be another name.
fn decoded(text: &[u8], spelled: Range<usize>) -> Result<String, Flaw> {
    let at = spelled.start;
    let spelled = text.get(spelled).unwrap_or_default();
    if std::str::from_utf8(spelled).is_err() {
        return Err(Flaw { at, kind: FlawKind::NotUtf8 });
    }
    let quoted = [b"\"", spelled, b"\""].concat();
    serde_json::from_slice(&quoted).map_err(|_| Flaw::malformed(at, b'\\', "a name with valid escapes"))
}

/// Checks that a value can be the name of a cell; only strings can be invalid.
fn check_name(text: &[u8], value: &Range<usize>) -> Result<(), Flaw> {
    match text.get(value.clone()) {
        Some([b'"', .., b'"']) => decoded(text, value.start + 1..value.end - 1).map(|_| ()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_with_their_lengths_whatever_the_pieces() {
        let text = r#"{"ids":["a","b"],"n":1,"embeddings":[[1],[2]],"d\u006fcuments":[null,null],"x":null,"m":{"0":{}}}"#;
        let column = |name: &str, kind, at, values, is_void| Column {
            name: name.to_owned(),
            kind,
            at,
            values,
            is_void,
        };
        for piece in 1..text.len() {
            let mut survey = Survey::new(Columnar::Lists);
            let (mut start, mut end) = (0, 0);
            while start < text.len() {
                end = text.len().min(end + piece);
                let at_hand = text.as_bytes().get(start..end).unwrap();
                start += survey.look(at_hand, start as u64, end == text.len()).unwrap();
            }
            let found = survey.columns();
            assert_eq!(found[0], column("ids", Kind::List, 8, 2, false), "{piece}");
            assert_eq!(found[1], column("embeddings", Kind::List, 37, 2, false));
            assert_eq!(found[2], column("documents", Kind::List, 64, 2, true));
            assert_eq!(found[3], column("m", Kind::Labelled, 89, 1, false));
            assert_eq!(found.len(), 4);
        }
    }

    #[test]
    fn a_second_column_of_a_name_and_a_second_object_are_told() {
        for text in [r#"{"a":[1],"\u0061":[2]}"#, r#"{"a":[1]}{"a":[2]}"#] {
            let flaw = Survey::new(Columnar::Lists).look(text.as_bytes(), 0, true).unwrap_err();
            assert_eq!(flaw.at, if text.contains('u') { 8 } else { 9 });
        }
    }

    #[test]
    fn names_that_are_no_text_are_told_with_their_place() {
        for (text, columnar, at) in [
            (&b"{\"ids\":[\"a\"],\"t\xe9\":[1]}"[..], Columnar::Lists, Some(14)),
            (b"{\"ids\":[\"a\"],\"t\xe9\":null}", Columnar::Lists, Some(14)),
            (b"{\"ids\":{\"0\":1},\"\\ud83d\":{\"0\":1}}", Columnar::Labelled, Some(16)),
            (b"{\"columns\":[\"a\",\"b\xe9\"],\"data\":[]}", Columnar::Rows, Some(17)),
            (b"{\"columns\":[\"a\",\"b\\ud83d\"],\"data\":[]}", Columnar::Rows, Some(17)),
            (b"{\"columns\":[\"a\",\"b\xe9\"],\"data\":[]}", Columnar::Lists, None),
            (b"{\"columns\":[\"a\",7,null],\"data\":[[\"\xe9\"]]}", Columnar::Rows, None),
        ] {
            let flaw = Survey::new(columnar).look(text, 0, true).err();
            assert_eq!(flaw.map(|flaw| flaw.at), at, "{}", text.escape_ascii());
        }
    }
}
