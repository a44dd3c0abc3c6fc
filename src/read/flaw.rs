//! Why cutting cannot go on at a place of the text.

use super::error::Tear;

/// Why cutting cannot go on at a place of the text.
#[derive(Debug)]
pub(super) struct Flaw {
    pub(super) at: usize,
    pub(super) kind: FlawKind,
}

/// What is wrong there.
#[derive(Debug)]
pub(super) enum FlawKind {
    Malformed {
        expected: &'static str,
        found: u8,
    },
    Unfinished(Tear),
    /// Records begin there that would be left out.
    LeftOut,
    /// A second member of the name that leads to the records.
    Repeated,
}

impl Flaw {
    pub(super) fn malformed(at: usize, found: u8, expected: &'static str) -> Self {
        Self { at, kind: FlawKind::Malformed { expected, found } }
    }

    pub(super) fn unfinished(at: usize, tear: Tear) -> Self {
        Self { at, kind: FlawKind::Unfinished(tear) }
    }

    /// Whether more text cannot mend it.
    pub(super) fn is_lasting(&self) -> bool {
        !matches!(self.kind, FlawKind::Unfinished(_))
    }
}
