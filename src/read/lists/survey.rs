//! Where each column of an object begins, and how long it is.

use std::ops::Range;

use super::walk::{Event, Kind, Walk};
use crate::read::flaw::{Flaw, FlawKind};
use crate::record::names::VECTOR_COLUMN;

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Where its values begin: the offset behind its bracket, in the whole text.
    pub(super) at: u64,
    /// How many values it has.
    pub(super) values: u64,
    /// Whether none of them is anything but null.
    pub(super) is_void: bool,
}

/// All columns, as far as the text was given.
#[derive(Debug)]
pub(super) struct Survey {
    walk: Walk,
    columns: Vec<Column>,
    /// Whether the embeddings are null.
    lacks_embeddings: bool,
}

impl Survey {
    pub(super) fn new() -> Self {
        Self { walk: Walk::new(), columns: Vec::new(), lacks_embeddings: false }
    }

    /// Looks at what is complete of `text`, which begins at the offset `start` of the whole, and gives how far that goes.
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
                let name = decoded(text, name);
                if self.columns.iter().any(|column| column.name == name) {
                    return Err(Flaw { at, kind: FlawKind::Repeated });
                }
                self.columns.push(Column { name, kind, at: end, values: 0, is_void: true });
            }
            Event::Value(_, value) => {
                if let Some(column) = self.columns.last_mut() {
                    column.values += 1;
                    column.is_void &= text.get(value) == Some(&b"null"[..]);
                }
            }
            Event::Null(name) => self.lacks_embeddings |= decoded(text, name) == VECTOR_COLUMN,
            Event::Structure => {}
        }
        Ok(())
    }

    /// Whether the embeddings are null.
    pub(super) fn lacks_embeddings(&self) -> bool {
        self.lacks_embeddings
    }

    /// What was found.
    pub(super) fn columns(self) -> Vec<Column> {
        self.columns
    }
}

/// A name that is spelled as in the text.
fn decoded(text: &[u8], spelled: Range<usize>) -> String {
    let spelled = text.get(spelled).unwrap_or_default();
    let quoted = [b"\"", spelled, b"\""].concat();
    serde_json::from_slice(&quoted).unwrap_or_else(|_| String::from_utf8_lossy(spelled).into_owned())
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
            let mut survey = Survey::new();
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
            let flaw = Survey::new().look(text.as_bytes(), 0, true).unwrap_err();
            assert_eq!(flaw.at, if text.contains('u') { 8 } else { 9 });
        }
    }
}
