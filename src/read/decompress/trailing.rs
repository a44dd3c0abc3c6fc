//! Data that follows the end of compressed data: whether it may hold records, and what to do with it. Pure.

use std::io;

use crate::read::foreign;

/// Bytes that are inspected to tell what follows.
pub(super) const LOOKED_AT: usize = 512;

/// Magic bytes of formats of columns.
const COLUMNS: [&[u8]; 3] = [b"PAR1", b"ARROW1", b"\x93NUMPY"];

/// Bytes after the end of the compressed data that are not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the compressed data ends at byte {at}, but other data follows")]
pub struct Trailing {
    /// Where the compressed data ends.
    pub(crate) at: u64,
    /// How many bytes follow there.
    pub(crate) bytes: u64,
    /// Where they begin, after any padding.
    pub(crate) start: u64,
    /// What they are.
    pub(crate) tail: Tail,
}

/// The kind of data that follows, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tail {
    /// Possibly text.
    Text,
    /// Compressed data, by the name of the compression.
    Compressed(&'static str),
    /// A known format.
    Known,
    /// Anything else.
    Rubbish,
}

impl Tail {
    /// The kind of data that begins with `head`; the caller recognises compressed data.
    pub(super) fn of(head: &[u8], compression: Option<&'static str>) -> Self {
        if let Some(compression) = compression {
            Self::Compressed(compression)
        } else if COLUMNS.iter().any(|magic| head.starts_with(magic)) || foreign::foreign(head, true).is_err()
        {
            Self::Known
        } else if may_be_text(head) {
            Self::Text
        } else {
            Self::Rubbish
        }
    }

    /// What it is, behind a number of bytes.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Compressed(name) => format!("{name} data"),
            Self::Known => "data of another format".to_owned(),
            Self::Rubbish => "other data".to_owned(),
        }
    }
}

/// Whether bytes may be text in some encoding: only what no text has shows that they are none.
fn may_be_text(head: &[u8]) -> bool {
    let is_control = |byte: &u8| matches!(*byte, 0..=8 | 0x0e..=0x19 | 0x1c..=0x1f);
    let is_wide = |first: usize| {
        let mut zeros = head.iter().skip(first).step_by(2);
        head.len() > 3 && zeros.all(|byte| *byte == 0)
    };
    [&b"\xff\xfe"[..], b"\xfe\xff"].iter().any(|mark| head.starts_with(mark))
        || is_wide(0)
        || is_wide(1)
        || !head.iter().any(is_control)
}

impl Trailing {
    /// Whether `error` says so.
    pub(crate) fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// What to do about it in a file called `file`: what may be data is kept.
    pub(crate) fn cure(&self, file: &str, then: &str) -> String {
        let Self { at, start, tail, .. } = self;
        match tail {
            Tail::Rubbish => format!("remove the rest: head -c {at} {file} > NEW-FILE"),
            Tail::Text | Tail::Compressed(_) | Tail::Known => format!(
                "split the file there (head -c {at} {file} > FIRST; tail -c +{} {file} > SECOND) and {then}",
                start + 1
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_data_is_told_from_what_cannot_be() {
        for (head, wanted) in [
            (&b"{\"id\":1}\n"[..], Tail::Text),
            (b"x", Tail::Text),
            ("\u{4e2d},1\n".as_bytes(), Tail::Text),
            (b"\xd6\xd0,1\r\n\t", Tail::Text),
            (b"\xff\xfe{\0\"\0", Tail::Text),
            (b"{\0\"\0a\0", Tail::Text),
            (b"PK\x03\x04", Tail::Known),
            (b"PAR1\x15\x04", Tail::Known),
            (b"\x89PNG\r\n\x1a\n", Tail::Known),
            (b"\x01\x02garbage", Tail::Rubbish),
            (b"\xf0\x00\x17\xff\x80", Tail::Rubbish),
        ] {
            assert_eq!(Tail::of(head, None), wanted, "{}", head.escape_ascii());
        }
    }
}
