//! The cutters, one per layout.

use std::ops::Range;

use bytes::Bytes;

use super::cut::Cut;
use super::elements::Elements;
use super::flaw::{Flaw, FlawKind};
use super::lines;
use super::pairs::Pairs;
use super::table::Rows;
use crate::record::Raw;
use crate::record::page::Around;

/// The cutter for an input.
#[derive(Debug)]
pub(super) enum Cutter {
    Lines,
    Pairs(Pairs),
    Elements(Elements),
    Rows(Rows),
}

impl Cutter {
    pub(super) fn cut(&mut self, text: &[u8], last: bool) -> Result<Cut, Flaw> {
        match self {
            Self::Lines => Ok(lines::cut(text, last)),
            Self::Pairs(_) => Ok(Pairs::cut(text, last)),
            Self::Elements(elements) => elements.cut(text, last),
            Self::Rows(rows) => {
                let cut = rows.cut(text, last);
                match cut.other_header {
                    // Hand out the records before it first.
                    Some(at) if cut.records.is_empty() => Err(Flaw { at, kind: FlawKind::OtherHeader }),
                    _ => Ok(cut),
                }
            }
        }
    }

    /// What the objects around the records say after the last one.
    pub(super) fn told_behind(&mut self) -> Vec<(usize, Around)> {
        match self {
            Self::Elements(elements) => elements.told_behind(),
            Self::Lines | Self::Pairs(_) | Self::Rows(_) => Vec::new(),
        }
    }

    pub(super) fn raw(&self, text: &Bytes, record: Range<usize>) -> Raw {
        match self {
            Self::Lines | Self::Elements(_) => Raw::Json(text.slice(record)),
            Self::Pairs(pairs) => pairs.raw(text, record),
            Self::Rows(rows) => rows.raw(text, record),
        }
    }
}
