//! One column, read from its first value on through an input opened for it alone.

use std::collections::VecDeque;

use bytes::Bytes;

use super::survey::Column;
use super::walk::{Event, Kind, Walk};
use crate::read::cut::RECORDS_AT_MOST;
use crate::read::error::ReadError;
use crate::read::flaw::Flaw;
use crate::read::mark::mark_length;
use crate::read::open_input::OpenInput;
use crate::read::recognise::Form;
use crate::read::sizes::Sizes;
use crate::record::{Input, Position};

/// A value, and the label of its row as JSON, if it has one.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) label: Option<Bytes>,
    pub(super) value: Bytes,
}

/// A column that is being read.
pub(super) struct ColumnReader {
    text: OpenInput,
    walk: Walk,
    /// Values that were cut but not yet taken.
    waiting: VecDeque<Cell>,
}

/// Opens an input of columns, through its compression and encoding.
pub(super) fn open(input: &Input, number: u32, sizes: Sizes, form: &Form) -> Result<OpenInput, ReadError> {
    let mut text = OpenInput::open(input.clone(), number, sizes)?;
    text.decode(form.encoding)?;
    text.window.skip(mark_length(text.window.text()));
    Ok(text)
}

impl ColumnReader {
    /// Moves `text` to the first value of a column.
    pub(super) fn new(mut text: OpenInput, column: &Column) -> Result<Self, ReadError> {
        text.go_to(Position { offset: column.at, ..text.window.position() })?;
        Ok(Self { text, walk: Walk::inside(column.kind), waiting: VecDeque::new() })
    }

    /// Cuts values unless some are waiting; the column must have more. Returns how many are waiting then.
    pub(super) fn fill(&mut self) -> Result<usize, ReadError> {
        while self.waiting.is_empty() {
            let last = self.text.window.is_last();
            let cut = cut(&mut self.walk, self.text.window.text(), last);
            let (found, consumed) = cut.map_err(|flaw| self.text.flaw(&flaw))?;
            let position = self.text.window.position();
            let text = self.text.window.take(consumed);
            self.text.window.took(consumed, position.line, position.record);
            self.waiting.extend(found.into_iter().map(|(label, value)| Cell {
                label: label.map(|label| text.slice(label)),
                value: text.slice(value),
            }));
            if self.waiting.is_empty() && !self.text.read_more()? {
                // The column was longer during the survey.
                let flaw = Flaw::unfinished(0, crate::read::tear::Tear::Array);
                return Err(self.text.flaw(&flaw));
            }
            if !self.waiting.is_empty() {
                self.text.window.top_up();
            }
        }
        Ok(self.waiting.len())
    }

    /// The next `count` values, which must be waiting.
    pub(super) fn take(&mut self, count: usize) -> impl Iterator<Item = Cell> {
        self.waiting.drain(..count.min(self.waiting.len()))
    }

    /// Skips `count` values, which the column must have.
    pub(super) fn skip(&mut self, mut count: u64) -> Result<(), ReadError> {
        while count > 0 {
            let passed = usize::try_from(count).unwrap_or(usize::MAX).min(self.fill()?);
            self.waiting.drain(..passed);
            count -= passed as u64;
        }
        Ok(())
    }
}

type Ranges = Vec<(Option<std::ops::Range<usize>>, std::ops::Range<usize>)>;

/// Cuts the complete values of `text` up to the end of the column, and returns how much of the text is done.
fn cut(walk: &mut Walk, text: &[u8], last: bool) -> Result<(Ranges, usize), Flaw> {
    let (mut found, mut at) = (Ranges::new(), 0);
    while found.len() < RECORDS_AT_MOST {
        match walk.step(text, at) {
            Ok(Some((end, event))) => {
                at = end;
                match event {
                    Event::Value(label, value) => found.push((label, value)),
                    // The next column has its own reader.
                    Event::Column(..) => break,
                    Event::Null(_) | Event::Structure => {}
                }
            }
            Err(flaw) if found.is_empty() && (last || flaw.is_lasting()) => return Err(flaw),
            Ok(None) | Err(_) => break,
        }
    }
    Ok((found, at))
}

/// The elements of the array that is all of `text`; `None` if it is not an array.
pub(super) fn elements(text: &Bytes) -> Option<Vec<Bytes>> {
    let rest = text.strip_prefix(b"[")?;
    let start = text.len() - rest.len();
    let (mut walk, mut found, mut at) = (Walk::inside(Kind::List), Vec::new(), start);
    while at < text.len() {
        let (end, event) = walk.step(text, at).ok()??;
        if let Event::Value(_, value) = event {
            found.push(text.slice(value));
        }
        at = end;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_elements_of_a_row_are_found_and_what_is_no_row_has_none() {
        let of = |text: &'static str| {
            let found = elements(&Bytes::from_static(text.as_bytes()))?;
            Some(found.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect::<Vec<_>>())
        };
        assert_eq!(
            of(r#"["a", [1,2] ,null,{"x":"]"}]"#).unwrap(),
            [r#""a""#, "[1,2]", "null", r#"{"x":"]"}"#]
        );
        assert_eq!(of("[]").unwrap().len(), 0);
        for text in ["1", "{}", "", "[1", "[1,,2]", "[1 2]"] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
