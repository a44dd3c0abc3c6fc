//! Records whose text is no text: bytes that are not UTF-8, escapes that are no characters.

use super::super::encoding::{self, Foreign};
use crate::put::record::{Raw, Reason};

/// The reason for a cell in `column` that is not UTF-8.
pub(super) fn cell(cell: &[u8], column: &str) -> Reason {
    let found = encoding::foreign(cell).unwrap_or(Foreign { at: 0, byte: 0, likely: None });
    not_utf8(found, &format!("byte {} of the cell in column {column}", found.at + 1))
}

/// The same `reason`, unless the text itself is the cause: a parser tells of it where it gives up.
pub(super) fn explained(reason: Reason, raw: &Raw) -> Reason {
    let (Reason::Syntax { detail }, Raw::Json(text)) = (&reason, raw) else { return reason };
    if let Some(found) = encoding::foreign(text) {
        return not_utf8(found, &format!("column {}", found.at + 1));
    }
    let is_about_an_escape = detail.contains("hex escape") || detail.contains("surrogate");
    match encoding::half_surrogate(text).filter(|_| is_about_an_escape) {
        Some(at) => {
            let escape = text.get(at..at + 6).unwrap_or_default();
            Reason::HalfSurrogate { escape: String::from_utf8_lossy(escape).into_owned(), column: at + 1 }
        }
        None => reason,
    }
}

fn not_utf8(Foreign { byte, likely, .. }: Foreign, place: &str) -> Reason {
    Reason::NotUtf8 { byte, place: place.to_owned(), likely }
}
