//! Cutting with a window of any size, for the fuzz targets in `tests/fuzz`.

use std::io::Cursor;

use super::cutter::Cutter;
use super::error::ReadError;
use super::open_input::OpenInput;
use super::recognise::{Form, Format};
use super::sizes::Sizes;
use super::window::{Stream, Window};
use crate::record::{Input, Position, Raw};

/// What a text was cut into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cutting {
    /// Where each record starts, and what was made of it.
    pub records: Vec<(Position, Vec<u8>)>,
    /// Where the reading ended early: the place that the error names, or 0.
    pub failed: Option<u64>,
}

/// Cuts `text` with a window of `block` bytes, from a place of an earlier cutting on if there is one.
pub fn cut(text: &[u8], block: usize, format: Option<Format>, from: Option<Position>) -> Cutting {
    let mut cutting = Cutting::default();
    if let Err(error) = read(text, block, format, from, &mut cutting) {
        cutting.failed = Some(error.place().map_or(0, |place| place.offset));
    }
    cutting
}

fn read(
    text: &[u8],
    block: usize,
    format: Option<Format>,
    from: Option<Position>,
    cutting: &mut Cutting,
) -> Result<(), ReadError> {
    let stream = Stream::Forward(Box::new(Cursor::new(text.to_vec())));
    let window = Window::new(stream, 0, Sizes { block, record: 1 << 20 });
    let input = Input::File("text".into());
    let mut reading = OpenInput { input, window, cutter: Cutter::Lines, bytes_before: 0 };
    reading.window.fill();
    reading.start(&Form { format, ..Form::default() }, from)?;
    while let Some(block) = reading.next_block()? {
        cutting.records.extend(block.records.into_iter().map(|record| (record.position, shown(record.raw))));
    }
    Ok(())
}

/// The text of a record, or its cells with a byte between that is in none.
fn shown(raw: Raw) -> Vec<u8> {
    match raw {
        Raw::Json(text) | Raw::Broken { text, .. } => text.to_vec(),
        Raw::Row { cells, .. } => cells.iter().collect::<Vec<_>>().join(&0xff),
    }
}
