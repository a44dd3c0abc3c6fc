//! The format of a line in a rejects file, for writing and reading. Pure.

use std::borrow::Cow;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::Finding;

/// The text before the superseded mark of a line, which is one byte.
pub(crate) const OPENS: &str = r#"{"rejected":{"superseded":"#;

/// The code of records whose outcome is unknown.
pub(crate) const UNKNOWN: &str = "unknown";

/// The start of a line, by which the reader of records recognises it quickly.
pub(crate) const BEGINS: &[u8] = br#"{"rejected":"#;

/// Maximum nesting of lines: each time that rejects are rejected again adds a level. Deeper ones are rejected as they are.
pub(crate) const MAX_NESTING: usize = 16;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line<'a, R> {
    #[serde(borrow)]
    pub(crate) rejected: Rejected<'a>,
    /// The record as it was read: a JSON value, or its text if it is not one.
    pub(crate) record: R,
}

/// Which record it is, and why it is not stored. A record may itself have a member with this name, so unknown members
/// are not allowed in it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rejected<'a> {
    /// 1 once a later record with the key is stored; `None` if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) superseded: Option<u8>,
    /// The input's name as on the command line.
    #[serde(borrow)]
    pub(crate) input: Cow<'a, str>,
    pub(crate) line: u64,
    pub(crate) record: u64,
    pub(crate) key: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) reason: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) message: Cow<'a, str>,
    /// Whether null in the record is an empty cell of a table, which is no value.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) empty_cells: bool,
}

impl<'a> Line<'a, &'a RawValue> {
    /// Parses a line, if it is one.
    pub(crate) fn parse(text: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }
}

impl Rejected<'_> {
    /// Whether the record is in wire form, independent of the field names of the input.
    pub(crate) fn is_wire(&self) -> bool {
        matches!(self.reason.as_ref(), "refused" | "not_stored" | UNKNOWN) || self.finding().is_some()
    }

    /// The finding of a verification, if the line is about one.
    pub(crate) fn finding(&self) -> Option<Finding> {
        Finding::of_code(&self.reason)
    }

    /// Whether a later record with its key was stored.
    pub(crate) fn is_superseded(&self) -> bool {
        self.superseded.is_some_and(|mark| mark > 0)
    }
}

/// A cell as it is written. If it is not UTF-8, its bytes are written in a form that cannot be part of a record: it is
/// rejected until it is fixed.
pub(crate) fn cell(cell: &[u8]) -> Value {
    match std::str::from_utf8(cell) {
        Ok(text) => text.into(),
        Err(_) => json!([{ "base64": BASE64_STANDARD.encode(cell) }]),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::Reason;

    #[test]
    fn what_was_sent_is_known_by_its_reason() {
        let sent = Reason::NotStored { trouble: String::new() };
        let refused =
            Reason::Refused { code: String::new(), message: String::new(), request_id: String::new() };
        let lost = Reason::Lost { answer: String::new() };
        for (reason, is_wire) in [
            (sent.code(), true),
            (refused.code(), true),
            (lost.code(), true),
            (Reason::Overwritten.code(), true),
            (UNKNOWN, true),
            (Reason::Different { what: String::new() }.code(), true),
            (Reason::Missing.code(), true),
            (Reason::Nested.code(), false),
            (Reason::Shortened.code(), false),
        ] {
            let rejected = Rejected {
                superseded: None,
                input: "a".into(),
                line: 1,
                record: 0,
                key: None,
                reason: reason.into(),
                message: "m".into(),
                empty_cells: false,
            };
            assert_eq!(rejected.is_wire(), is_wire, "{reason}");
        }
    }

    proptest! {
        #[test]
        fn a_line_is_read_as_it_was_written(
            mark in 0u8..2, input: String, line: u64, record: u64, key: Option<String>, message: String,
        ) {
            let rejected = Rejected {
                superseded: Some(mark),
                input: input.as_str().into(),
                line,
                record,
                key: key.as_deref().map(Cow::from),
                reason: "syntax".into(),
                message: message.as_str().into(),
                empty_cells: false,
            };
            let text = serde_json::to_string(&Line { rejected, record: [1] }).unwrap();
            prop_assert_eq!(text.strip_prefix(OPENS).unwrap().as_bytes()[0], b'0' + mark);
            let Line { rejected, record: value } = Line::parse(text.as_bytes()).unwrap();
            prop_assert_eq!(rejected.is_superseded(), mark == 1);
            prop_assert_eq!((rejected.input.as_ref(), rejected.line, rejected.record), (input.as_str(), line, record));
            prop_assert_eq!((rejected.key.as_deref(), rejected.message.as_ref()), (key.as_deref(), message.as_str()));
            prop_assert_eq!(value.get(), "[1]");
        }
    }
}
