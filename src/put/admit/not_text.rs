//! Records whose text is no text: bytes that are not UTF-8.

use super::super::encoding::{self, Foreign};
use crate::put::record::{Raw, Reason};

/// The reason for a cell in `column` that is not UTF-8.
pub(super) fn cell(cell: &[u8], column: &str) -> Reason {
    let found = encoding::foreign(cell).unwrap_or(Foreign { at: 0, byte: 0, likely: None });
    not_utf8(found, &format!("byte {} of the cell in column {column}", found.at + 1))
}

/// The same `reason`, unless the text itself is the cause: a parser tells of it where it gives up.
pub(super) fn explained(reason: Reason, raw: &Raw) -> Reason {
    let (Reason::Syntax { .. }, Raw::Json(text)) = (&reason, raw) else { return reason };
    match encoding::foreign(text) {
        Some(found) => not_utf8(found, &format!("column {}", found.at + 1)),
        None => reason,
    }
}

fn not_utf8(Foreign { byte, likely, .. }: Foreign, place: &str) -> Reason {
    Reason::NotUtf8 { byte, place: place.to_owned(), likely }
}
