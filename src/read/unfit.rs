//! Why an input cannot be cut into records.

use crate::encoding::Foreign;

/// Why an input cannot be cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// It is of a known format that is not read.
    Unsupported { format: &'static str, cure: &'static str },
    /// It is something else than data.
    WithoutRecords { what: &'static str, cure: &'static str, in_place_of_data: bool },
    /// It is JSON whose records do not follow one another.
    Shape { shape: String, cure: String },
    /// It is text in another encoding.
    NotUtf8(Foreign),
    /// It is of no known format.
    Unrecognised,
}
