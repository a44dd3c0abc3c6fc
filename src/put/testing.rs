//! What the tests of loading share: records at their places.

use crate::record::{Position, Vector};

/// The place of a record, where each has a line of ten bytes.
pub(super) fn position(record: u64) -> Position {
    Position { record, offset: record * 10, line: record + 1, ..Position::default() }
}

/// A vector of that place, so many bytes longer than it need be.
pub(super) fn vector(record: u64, key: &str, padding: usize) -> Vector {
    let wire = format!("{{\"key\":\"{key}\",\"n\":{record},\"p\":\"{}\"}}", "x".repeat(padding));
    Vector::alone(position(record), wire, key.len() + 2)
}
