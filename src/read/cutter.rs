//! The ways to cut, one a layout.

use std::ops::Range;

use bytes::Bytes;

use super::cut::Cut;
use super::elements::Elements;
use super::flaw::Flaw;
use super::lines;
use super::table::Rows;
use crate::record::Raw;

/// One way to cut, chosen for an input.
#[derive(Debug)]
pub(super) enum Cutter {
    Lines,
    Elements(Elements),
    Rows(Rows),
}

impl Cutter {
    pub(super) fn cut(&mut self, text: &[u8], last: bool) -> Result<Cut, Flaw> {
        match self {
            Self::Lines => Ok(lines::cut(text, last)),
            Self::Elements(elements) => elements.cut(text, last),
            Self::Rows(rows) => Ok(rows.cut(text, last)),
        }
    }

    pub(super) fn raw(&self, text: &Bytes, record: Range<usize>) -> Raw {
        match self {
            Self::Lines | Self::Elements(_) => Raw::Json(text.slice(record)),
            Self::Rows(rows) => rows.raw(text, record),
        }
    }
}
