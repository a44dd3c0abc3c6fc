//! One input of any kind: text that is cut into records, or columns with rows as records, in a columnar file format or
//! in JSON.

use super::buffers::Buffers;
use super::columns::{ColumnFile, Kind};
use super::cutter::Cutter;
use super::error::ReadError;
use super::form::form;
use super::lists::ListsFile;
use super::obstacle::Obstacle;
use super::open_input::OpenInput;
use super::recognise::Form;
use super::sizes::Sizes;
use crate::record::{Block, Input, Position};

/// An input that is being read.
pub(super) enum Reader {
    Text(Box<OpenInput>),
    Columns(Box<ColumnFile>),
    Lists(Box<ListsFile>),
}

impl Reader {
    /// Opens `input` and recognises whether it is text or a file of columns.
    pub(super) fn open(input: Input, number: u32, sizes: Sizes, form: &Form) -> Result<Self, ReadError> {
        let text = OpenInput::open(input, number, sizes)?;
        let name = match &text.input {
            Input::File(path) => path.to_string_lossy(),
            Input::Stdin | Input::Inline(_) => "".into(),
        };
        let Some(kind) = Kind::of(text.window.text(), &name, form.format) else {
            return Ok(Self::Text(Box::new(text)));
        };
        let obstacle = if text.window.compression().is_some() {
            Some(Obstacle::Packed { is_packed_inside: kind.is_packed_inside() })
        } else if form.format.is_some_and(|format| format != kind.format()) {
            Some(Obstacle::Named)
        } else {
            (!text.window.is_seekable()).then_some(Obstacle::Stream)
        };
        match obstacle {
            Some(obstacle) => {
                Err(ReadError::NotAsColumns { input: text.input, format: kind.file(), obstacle })
            }
            None => Ok(Self::Columns(Box::new(ColumnFile::new(text.input, number, kind)))),
        }
    }

    /// Reads blocks into the memory of `buffers`; columns have their own memory.
    pub(super) fn share(&mut self, buffers: &Buffers) {
        if let Self::Text(text) = self {
            text.window.share(buffers);
        }
    }

    /// Moves to the first record, or to `from`.
    pub(super) fn start(&mut self, form: &Form, from: Option<Position>) -> Result<(), ReadError> {
        match self {
            Self::Text(text) => {
                if let Some(columnar) = text.start(form, from)? {
                    let input = (text.input.clone(), text.window.position().input);
                    let lists = ListsFile::open(input, text.window.sizes(), columnar, form, from)?;
                    *self = Self::Lists(Box::new(lists));
                }
                Ok(())
            }
            Self::Columns(columns) => columns.start(form, from),
            // It was opened at its place.
            Self::Lists(_) => Ok(()),
        }
    }

    /// The next block; `None` at the end of the input.
    pub(super) fn next_block(&mut self) -> Result<Option<Block>, ReadError> {
        match self {
            Self::Text(text) => text.next_block(),
            Self::Columns(columns) => columns.next_block(),
            Self::Lists(lists) => lists.next_block(),
        }
    }

    pub(super) fn input(&self) -> &Input {
        match self {
            Self::Text(text) => &text.input,
            Self::Columns(columns) => columns.input(),
            Self::Lists(lists) => lists.input(),
        }
    }

    /// The file of columns, if it has vectors without keys.
    pub(super) fn bare(&mut self) -> Option<&mut ColumnFile> {
        match self {
            Self::Columns(columns) if columns.is_bare() => Some(columns),
            Self::Text(_) | Self::Columns(_) | Self::Lists(_) => None,
        }
    }

    /// Whether it has fields but none that can be the key.
    pub(super) fn lacks_keys(&self, form: &Form) -> bool {
        match self {
            Self::Text(_) | Self::Columns(_) => false,
            Self::Lists(lists) => form.key.is_empty() && !lists.has_key(),
        }
    }

    /// What table it is, if its rows have labels.
    pub(super) fn labelled_table(&self) -> Option<&'static str> {
        match self {
            Self::Text(_) | Self::Columns(_) => None,
            Self::Lists(lists) => lists.labelled_table(),
        }
    }

    /// Whether its records are JSON texts.
    pub(super) fn is_json(&self) -> bool {
        matches!(self, Self::Text(text) if !matches!(text.cutter, Cutter::Rows(_)))
    }

    /// The number of rows, if it is known without reading them.
    pub(super) fn known_rows(&self) -> Option<u64> {
        match self {
            Self::Text(_) => None,
            Self::Columns(columns) => Some(columns.rows()),
            Self::Lists(lists) => Some(lists.rows()),
        }
    }

    /// What it was recognised as, if that is worth a note.
    pub(super) fn told(&self) -> Option<String> {
        match self {
            Self::Text(text) => match &text.cutter {
                Cutter::Pairs(pairs) => Some(pairs.told()),
                Cutter::Lines | Cutter::Elements(_) | Cutter::Rows(_) => None,
            },
            Self::Columns(columns) => columns.told(),
            Self::Lists(lists) => Some(lists.told()),
        }
    }

    /// What it was recognised as, in words.
    pub(super) fn form(&self) -> String {
        match self {
            Self::Text(text) => form(&text.cutter, text.window.compression(), text.window.encoding()),
            Self::Columns(columns) => columns.form(),
            Self::Lists(lists) => lists.form().to_owned(),
        }
    }

    /// The current text; empty for columns.
    pub(super) fn text(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.window.text(),
            Self::Columns(_) | Self::Lists(_) => &[],
        }
    }

    /// Where its header is first repeated, and how many repetitions there are so far.
    pub(super) fn repeated_headers(&self) -> Option<(Position, u64)> {
        match self {
            Self::Text(text) => text.headers,
            Self::Columns(_) | Self::Lists(_) => None,
        }
    }

    /// Bytes of the file itself before the next block.
    pub(super) fn bytes_before(&self) -> u64 {
        match self {
            Self::Text(text) => text.window.bytes_before(),
            Self::Columns(columns) => columns.bytes_before(),
            Self::Lists(lists) => lists.bytes_before(),
        }
    }
}
