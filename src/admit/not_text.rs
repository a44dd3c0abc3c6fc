//! Records whose text is not what it should be: bytes that are not UTF-8, rows of tables, Python in place of JSON.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::line_of_rejects;
use crate::encoding::{self, Foreign};
use crate::record::rejected::{Line, Rejected};
use crate::record::{Raw, Reason};

/// The reason for a cell in `column` that is not UTF-8.
pub(crate) fn cell(cell: &[u8], column: &str) -> Reason {
    let found = encoding::foreign(cell).unwrap_or(Foreign { at: 0, byte: 0, likely: None });
    not_utf8(found, &format!("byte {} of the cell in column {column}", found.at + 1))
}

/// The same `reason` with what the record's text says of it. Only records that are rejected come here.
pub(crate) fn explained(reason: Reason, raw: &Raw) -> Reason {
    match (reason, raw) {
        (Reason::Syntax { detail }, Raw::Json(text)) => unreadable(detail, text),
        (Reason::NoKey { looked_for }, raw) => Reason::NoKey { looked_for: looked_for + &there(raw, true) },
        (Reason::NoVector { looked_for }, raw) => {
            Reason::NoVector { looked_for: looked_for + &there(raw, false) }
        }
        (reason, _) => reason,
    }
}

/// So many fields of a record are named, and so much of each name.
const FIELDS_NAMED: usize = 10;
const NAME_LENGTH: usize = 40;

/// The fields that a record has, in words.
fn there(raw: &Raw, is_of_key: bool) -> String {
    let (names, what) = match raw {
        Raw::Row { columns, .. } => (columns.labels().map(Cow::into_owned).collect(), "columns"),
        Raw::Json(text) => (names(text), "fields"),
        Raw::Broken { .. } => return String::new(),
    };
    if names.is_empty() {
        return String::new();
    }
    let short = |name: &String| name.chars().take(NAME_LENGTH).collect::<String>();
    let listed = names.iter().take(FIELDS_NAMED).map(short).collect::<Vec<_>>().join(", ");
    let more = match names.len().saturating_sub(FIELDS_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let is_index = |name: &String| name.starts_with("(unnamed column");
    let cure = if is_of_key && names.iter().any(is_index) {
        "; with pandas, df.to_csv(PATH, index_label=\"id\") names the index"
    } else {
        ""
    };
    format!("; the {what} are {listed}{more}{cure}")
}

/// The names of a record's members, as far as it is an object.
fn names(text: &[u8]) -> Vec<String> {
    struct Names(Vec<String>);
    impl<'de> Deserialize<'de> for Names {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(Self(Vec::new()))
        }
    }
    impl<'de> Visitor<'de> for Names {
        type Value = Self;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Self, A::Error> {
            while let Some((name, IgnoredAny)) = members.next_entry()? {
                self.0.push(name);
            }
            Ok(self)
        }
    }
    let inner = line_of_rejects::rejected_record(text).ok().flatten();
    let text = inner.as_ref().map_or(text, |inner| &inner.text);
    serde_json::from_slice(text).map_or(Vec::new(), |Names(names)| names)
}

/// The reason for a record that is not readable: a parser tells where it gives up, not why.
fn unreadable(detail: String, text: &[u8]) -> Reason {
    if let Some(found) = encoding::foreign(text) {
        return not_utf8(found, &format!("column {}", found.at + 1));
    }
    let detail = match quoted_row(text) {
        Some(row) => row,
        None if text.trim_ascii_start().starts_with(b"{'") => {
            format!("{detail}; Python prints dictionaries like this: write them with json.dumps")
        }
        None => detail,
    };
    Reason::Syntax { detail }
}

/// What to say of a line of a rejects file that holds a piece of a table whose quotes are not in order: without the
/// table's header and the other pieces it cannot be mended.
fn quoted_row(line: &[u8]) -> Option<String> {
    let Line { mut rejected, mut record } = Line::parse(line)?;
    // Lines of rejects files may hold one another.
    while let Some(inner) = Line::parse(record.get().as_bytes()) {
        (rejected, record) = (inner.rejected, inner.record);
    }
    let Rejected { reason, input, line, .. } = rejected;
    (reason == "quote" && !record.get().starts_with('{')).then(|| {
        format!("the record is a row of a table as text; fix the quotes in {input} from line {line} on and load that")
    })
}

fn not_utf8(Foreign { byte, likely, .. }: Foreign, place: &str) -> Reason {
    Reason::NotUtf8 { byte, place: place.to_owned(), likely }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_with_bad_quotes_in_a_rejects_file_is_to_be_fixed_where_it_came_from() {
        let line = r#"{"rejected":{"input":"a.csv","line":7,"record":5,"key":null,"reason":"quote","message":"m"},"record":"b,\"[1"}"#;
        let nested = format!(
            r#"{{"rejected":{{"input":"r.jsonl","line":1,"record":0,"key":null,"reason":"syntax","message":"m"}},"record":{line}}}"#
        );
        for text in [line, &nested] {
            let said = quoted_row(text.as_bytes()).unwrap();
            assert!(said.contains("a row of a table") && said.contains("a.csv from line 7"), "{said}");
        }
        let mended = line.replace(r#""b,\"[1""#, r#"{"id":"b"}"#);
        let other = line.replace("\"quote\"", "\"syntax\"");
        for text in [mended.as_str(), &other, "{", "[]"] {
            assert_eq!(quoted_row(text.as_bytes()), None, "{text}");
        }
    }
}
