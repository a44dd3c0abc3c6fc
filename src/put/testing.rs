//! Shared by the tests of loading: records and their places.

use crate::record::{Position, Vector};

/// The place of a record, if each has a line of ten bytes.
pub(super) fn position(record: u64) -> Position {
    Position { record, offset: record * 10, line: record + 1, ..Position::default() }
}

/// A vector at that place, padded by this many bytes.
pub(super) fn vector(record: u64, key: &str, padding: usize) -> Vector {
    let wire = format!("{{\"key\":\"{key}\",\"n\":{record},\"p\":\"{}\"}}", "x".repeat(padding));
    Vector::alone(position(record), wire, key.len() + 2)
}
