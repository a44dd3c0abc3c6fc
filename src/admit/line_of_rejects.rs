//! The record inside a line of a rejects file, which can be an input like any other. Pure.

use std::borrow::Cow;

use super::skip::Text;
use crate::record::Reason;
use crate::record::rejected::{BEGINS, Line, MAX_NESTING};

/// The record inside a line of a rejects file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Inner<'a> {
    /// Its text.
    pub(crate) text: Cow<'a, [u8]>,
    /// Whether it is in wire form, independent of the field names of the input.
    pub(crate) is_wire: bool,
    /// Whether a later record with its key was stored.
    pub(crate) is_superseded: bool,
    /// Whether null in it is an empty cell of a table.
    pub(crate) has_empty_cells: bool,
}

/// The record inside `text`, if that is a line of a rejects file; such lines may be nested.
pub(crate) fn rejected_record(text: &[u8]) -> Result<Option<Inner<'_>>, Reason> {
    let Some(mut innermost) = record_within(text) else { return Ok(None) };
    for _ in 0..MAX_NESTING {
        match unwrapped(&innermost.text) {
            Some(inner) => {
                let is_superseded = inner.is_superseded || innermost.is_superseded;
                innermost = Inner { is_superseded, ..inner };
            }
            None => return Ok(Some(innermost)),
        }
    }
    Err(Reason::Syntax {
        detail: format!("it is a line of a rejects file that is nested more than {MAX_NESTING} times"),
    })
}

fn unwrapped<'a>(line: &Cow<'a, [u8]>) -> Option<Inner<'a>> {
    match line {
        Cow::Borrowed(line) => record_within(line),
        Cow::Owned(line) => record_within(line).map(Inner::into_owned),
    }
}

fn record_within(line: &[u8]) -> Option<Inner<'_>> {
    if !line.starts_with(BEGINS) {
        return None;
    }
    let Line { rejected, record } = Line::parse(line)?;
    let text = match serde_json::from_str::<Text<'_>>(record.get()) {
        Ok(Text(Cow::Borrowed(text))) => Cow::Borrowed(text.as_bytes()),
        Ok(Text(Cow::Owned(text))) => Cow::Owned(text.into_bytes()),
        Err(_) => Cow::Borrowed(record.get().as_bytes()),
    };
    Some(Inner {
        text,
        is_wire: rejected.is_wire(),
        is_superseded: rejected.is_superseded(),
        has_empty_cells: rejected.empty_cells,
    })
}

impl Inner<'_> {
    fn into_owned<'a>(self) -> Inner<'a> {
        let Self { text, is_wire, is_superseded, has_empty_cells } = self;
        Inner { text: Cow::Owned(text.into_owned()), is_wire, is_superseded, has_empty_cells }
    }
}
