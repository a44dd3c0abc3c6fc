//! Files of columns that are incomplete, or that contain other data before or after them. Pure.

use std::fmt;

use crate::words::plural;

/// What is wrong at the beginning or at the end of a file of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounds {
    /// The end, which says where the columns are, is missing. The name of the format with its article.
    Torn(&'static str),
    /// An Arrow stream lacks its end-of-stream marker.
    Unmarked,
    /// Other data follows.
    Trailing {
        /// What it follows.
        what: &'static str,
        /// Where that ends.
        at: u64,
        /// How many bytes follow there.
        bytes: u64,
    },
    /// Another file precedes the one that the end describes.
    Before {
        /// What that one is.
        what: &'static str,
        /// Where it begins.
        at: u64,
    },
}

impl Bounds {
    /// The trouble as one word.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Torn(_) | Self::Unmarked => "torn",
            Self::Trailing { .. } | Self::Before { .. } => "trailing",
        }
    }
}

/// What an input is or has that is wrong, and the cure.
impl fmt::Display for Bounds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = match self {
            Self::Torn(format) => {
                return write!(
                    formatter,
                    "is {format} without its end: it is truncated, or still being written\n\
                     create or download it again"
                );
            }
            Self::Unmarked => {
                return formatter.write_str(
                    "ends without its end-of-stream marker: it is truncated, or its writer was not closed\n\
                     create it again; if nothing is missing, add the marker: \
                     printf '\\377\\377\\377\\377\\0\\0\\0\\0' >> INPUT",
                );
            }
            Self::Trailing { what, at, bytes } => {
                let more = plural(*bytes, "byte");
                write!(formatter, "has {more} of other data after its {what}, which ends at byte {at}")?;
                at
            }
            Self::Before { what, at } => {
                write!(formatter, "has another file before its {what}, which begins at byte {at}")?;
                at
            }
        };
        write!(
            formatter,
            "\nsplit the file there, and load each part: \
             head -c {at} INPUT > FIRST; tail -c +{} INPUT > SECOND",
            at.saturating_add(1)
        )
    }
}
