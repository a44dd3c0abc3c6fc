//! Why a conversion stops early. Pure data.

use std::fmt;
use std::io;

/// What is wrong at an offset of the text.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) at: usize,
    pub(super) what: String,
}

impl Trouble {
    pub(super) fn new(at: usize, what: impl fmt::Display) -> Self {
        Self { at, what: what.to_string() }
    }
}

/// Why a conversion stops.
pub(super) enum End {
    Trouble(Trouble),
    Writing(io::Error),
}

impl From<Trouble> for End {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        Self::Writing(error)
    }
}
