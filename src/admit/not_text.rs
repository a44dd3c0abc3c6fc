//! Records with the wrong kind of text: bytes that are not UTF-8, rows of tables, Python instead of JSON.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::fields::{Field, Fields};
use super::{likely, line_of_rejects};
use crate::encoding::{self, Foreign, Stray};
use crate::record::rejected::{Line, Rejected};
use crate::record::{Columns, Largest, Raw, Reason, ValueCure};

/// The reason for a cell in `column` that is not UTF-8.
pub(crate) fn cell(cell: &[u8], column: &str) -> Reason {
    let found = foreign(cell);
    not_utf8(found, &format!("byte {} of the cell in column {column}", found.at + 1))
}

/// The reason for a record that is not UTF-8.
pub(super) fn text(text: &[u8]) -> Reason {
    let found = foreign(text);
    not_utf8(found, &format!("column {}", found.at + 1))
}

fn foreign(text: &[u8]) -> Foreign {
    let unknown = Foreign { at: 0, stray: Stray::Byte { byte: 0, likely: None } };
    encoding::foreign(text).unwrap_or(unknown)
}

/// The `reason` with what the record's text adds to it. Called for rejected records only.
pub(crate) fn explained(reason: Reason, raw: &Raw, fields: &Fields) -> Reason {
    let is_of_several = fields.are_of_several;
    match (reason, raw) {
        (Reason::Syntax { detail }, Raw::Json(text)) => unreadable(detail, text),
        (Reason::Syntax { detail }, Raw::Columns { rows, row }) => unreadable(detail, &rows.whole(*row)),
        (Reason::NoKey { looked_for, .. }, raw) => {
            let alike = if let Raw::Columns { rows, .. } = raw { alike(rows.labels(), fields) } else { None };
            let looked_for = looked_for + &there(raw, true);
            alike.unwrap_or(Reason::NoKey { looked_for, is_of_several })
        }
        (Reason::NoVector { looked_for, .. }, raw) if fields.vector.named => {
            Reason::NoVector { looked_for: looked_for + &there(raw, false), is_of_several }
        }
        (Reason::NoVector { looked_for, .. }, raw) => match likely::vector(raw) {
            Ok(reason) => reason,
            Err(clause) => {
                Reason::NoVector { looked_for: looked_for + &there(raw, false) + &clause, is_of_several }
            }
        },
        (Reason::VectorKind { found }, raw) if found == "an object" => {
            likely::inside(raw, fields).unwrap_or(Reason::VectorKind { found })
        }
        (
            reason @ (Reason::MetadataValue { .. }
            | Reason::MetadataBytes { .. }
            | Reason::FilterableBytes { .. }
            | Reason::FilterableFields { .. }),
            raw,
        ) => about_metadata(reason, raw, fields),
        (reason, Raw::Columns { rows, .. }) => empty_column(&reason, &rows.voids(), fields).unwrap_or(reason),
        (reason, _) => reason,
    }
}

/// The reason for metadata that cannot be stored, with the change to `--metadata` that helps: a field that is stored under
/// another name is named with it, and `*` stores no objects.
fn about_metadata(reason: Reason, raw: &Raw, fields: &Fields) -> Reason {
    let from = |name: &str| fields.stored_from(name).map(str::to_owned);
    let named = |largest: Largest| Largest { from: from(&largest.name), ..largest };
    match reason {
        Reason::MetadataValue { name, found, cure: ValueCure::LeaveOut } => {
            let is_of_all = || fields.all && found == "an object" && names(raw).contains(&name);
            let cure = match from(&name) {
                Some(field) => ValueCure::Forget(field),
                None if is_of_all() => ValueCure::StoreMembers,
                None => ValueCure::LeaveOut,
            };
            Reason::MetadataValue { name, found, cure }
        }
        Reason::MetadataBytes { bytes, largest } => Reason::MetadataBytes { bytes, largest: named(largest) },
        Reason::FilterableBytes { bytes, largest } => {
            Reason::FilterableBytes { bytes, largest: named(largest) }
        }
        Reason::FilterableFields { fields, largest } => {
            Reason::FilterableFields { fields, largest: named(largest) }
        }
        other => other,
    }
}

/// The reason for a null if every row of the file has one: a message about a single row would not explain it.
fn empty_column(reason: &Reason, voids: &[String], fields: &Fields) -> Option<Reason> {
    let is_void = |name: &str| voids.iter().any(|void| void == name);
    let (column, is_key) = match reason {
        Reason::KeyKind { field, found } if found == "null" && is_void(field) => (field.clone(), true),
        Reason::VectorKind { found } if found == "null" => {
            let mut candidates = fields.vector.candidates.iter().map(Field::text);
            (candidates.find(|name| is_void(name))?.to_owned(), false)
        }
        _ => return None,
    };
    Some(Reason::NoValues { column, is_key })
}

/// The reason why none of these columns is the key: several of them match its name if case is ignored.
fn alike(labels: Vec<String>, fields: &Fields) -> Option<Reason> {
    fields.key.columns(&Columns(labels)).err()
}

/// Maximum number of fields that are named, and of characters of each name.
const FIELDS_NAMED: usize = 10;
const NAME_LENGTH: usize = 40;

/// The fields that a record has, in words.
fn there(raw: &Raw, is_of_key: bool) -> String {
    let names = names(raw);
    let what = if matches!(raw, Raw::Json(_)) { "fields" } else { "columns" };
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
        "; to name the index in pandas, use df.to_csv(PATH, index_label=\"id\")"
    } else {
        ""
    };
    format!("; the {what} are {listed}{more}{cure}")
}

/// The names of a record's fields.
fn names(raw: &Raw) -> Vec<String> {
    match raw {
        Raw::Row { columns, .. } => columns.labels().map(Cow::into_owned).collect(),
        Raw::Columns { rows, .. } => rows.labels(),
        Raw::Json(text) => names_in(text),
        Raw::Broken { .. } => Vec::new(),
    }
}

/// The names of a record's members, as far as it is an object.
fn names_in(text: &[u8]) -> Vec<String> {
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

/// The reason for an unreadable record: a parser says where it gives up, not why.
fn unreadable(detail: String, text: &[u8]) -> Reason {
    if let Some(found) = encoding::foreign(text) {
        return not_utf8(found, &format!("column {}", found.at + 1));
    }
    let detail = match quoted_row(text) {
        Some(row) => row,
        None if text.trim_ascii_start().starts_with(b"{'") => {
            format!("{detail}; it looks like a Python dictionary, write it with json.dumps")
        }
        None => detail,
    };
    Reason::Syntax { detail }
}

/// The message for a line of a rejects file with a piece of a table with a quoting error: without the table's header
/// and the other pieces it cannot be repaired.
fn quoted_row(line: &[u8]) -> Option<String> {
    let Line { mut rejected, mut record } = Line::parse(line)?;
    // Lines of rejects files may be nested.
    while let Some(inner) = Line::parse(record.get().as_bytes()) {
        (rejected, record) = (inner.rejected, inner.record);
    }
    let Rejected { reason, input, line, .. } = rejected;
    (reason == "quote" && !record.get().starts_with('{')).then(|| {
        format!("it is a row of a table; fix the quotes in {input} from line {line} on and load that file")
    })
}

fn not_utf8(Foreign { stray, .. }: Foreign, place: &str) -> Reason {
    let place = place.to_owned();
    match stray {
        Stray::Byte { byte, likely } => Reason::NotUtf8 { byte, place, likely },
        Stray::Sequence(sequence) => Reason::Undecodable { sequence: sequence.to_string(), place },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;

    use super::*;
    use crate::admit::{Admit, Fields, Rules};
    use crate::record::{Block, Columns, Position, Record, RowTrouble};

    /// The message for a rejected record.
    fn said(raw: Raw) -> String {
        let mut admit = Admit::new(Fields::new(&[], &[], &[]), Rules::of_no_index());
        let records = vec![Record { position: Position::default(), raw }];
        let admitted =
            admit.block(Block { records, end: Position::default(), bytes: 0..0, around: Vec::new() });
        admitted.verdicts.into_iter().next_back().unwrap().unwrap_err().reason.to_string()
    }

    fn said_of_text(text: &[u8]) -> String {
        format!("{}: {}\n", text.escape_ascii(), said(Raw::Json(Bytes::copy_from_slice(text))))
    }

    #[test]
    fn each_defect_of_a_text_is_named_with_its_place() {
        let texts: [&[u8]; 18] = [
            b"",
            b"[1,2]",
            b"word",
            b"{'key':'k'}",
            b"\xef\xbb\xbf{}",
            b"{\"key\":\"k\"",
            b"{\"key\" 1}",
            b"{\"key\":1 \"a\":2}",
            b"{key:1}",
            b"{\"key\":}",
            b"{\"a\":\"b}",
            b"{\"a\":[1}",
            b"{\"a\":[1}]}",
            b"{\"a\":'\"'}",
            b"{\"a\":'b' c}",
            b"{\"key\":\"\\x\"}",
            b"{\"key\":\"\\ud83d\"}",
            b"{\"key\":\"\xe9\"}",
        ];
        insta::assert_snapshot!(texts.map(said_of_text).concat(), @r#"
        : invalid record: it is empty, not an object
        [1,2]: invalid record: it is an array, not an object
        word: invalid record: it is invalid JSON, not an object
        {\'key\':\'k\'}: invalid record: expected a member's name, found ''' (column 2); it looks like a Python dictionary, write it with json.dumps
        \xef\xbb\xbf{}: invalid record: it starts with U+FEFF, a byte-order mark inside the file; if files were concatenated, remove it: sed 's/\xEF\xBB\xBF//g' FILE > NEW-FILE
        {\"key\":\"k\": invalid record: expected a comma or }, found the end of the record (column 11)
        {\"key\" 1}: invalid record: expected a colon, found '1' (column 8)
        {\"key\":1 \"a\":2}: invalid record: expected a comma or }, found '"' (column 10)
        {key:1}: invalid record: expected a member's name, found 'k' (column 2)
        {\"key\":}: invalid record: expected a value, found '}' (column 8)
        {\"a\":\"b}: invalid record: expected the end of a string, found the end of the record (column 9)
        {\"a\":[1}: invalid record: expected ], found '}' (column 8)
        {\"a\":[1}]}: invalid record: expected ], found '}' (column 8)
        {\"a\":\'\"\'}: invalid record: expected no quote or bracket inside single quotes, found '"' (column 7)
        {\"a\":\'b\' c}: invalid record: expected a comma or a bracket after the single quote, found 'c' (column 10)
        {\"key\":\"\\x\"}: invalid record: invalid escape (column 10)
        {\"key\":\"\\ud83d\"}: \ud83d is half of a surrogate pair (column 9): the text was cut inside a character, such as an emoji
        {\"key\":\"\xe9\"}: not UTF-8: invalid byte 0xe9 at column 9
        "#);
    }

    #[test]
    fn each_defect_of_a_field_is_named() {
        let fields: [&str; 20] = [
            r#""vector":[1]"#,
            r#""key":"k","key":"l""#,
            r#""key":"k""#,
            r#""key":"k","vector":[1],"vector":[2]"#,
            r#""key":"k","vector":{"0":1,"2":2}"#,
            r#""key":"k","vector":"""#,
            r#""key":"k","vector":"[1] x""#,
            r#""key":"k","vector":"0,5; 1,5""#,
            r#""key":"k","vector":[1 2]"#,
            r#""key":"k","vector":[1"#,
            r#""key":"k","vector":[+1]"#,
            r#""key":"k","vector":[.5]"#,
            r#""key":"k","vector":[5.]"#,
            r#""key":"k","vector":[05]"#,
            r#""key":"k","vector":[1],"metadata":nothing"#,
            r#""key":"k","vector":[1],"metadata":"{\"a\"}""#,
            r#""key":"k","vector":[1],"metadata":"{} x""#,
            r#""key":"k","vector":[1],"metadata":{"a":[true]}"#,
            r#""key":"k","vector":[1],"metadata":{"a":{}}"#,
            r#""key":"k","vector":[1],"metadata":{"a":null}"#,
        ];
        let said = fields.map(|fields| said_of_text(format!("{{{fields}}}").as_bytes()));
        insta::assert_snapshot!(said.concat(), @r#"
        {\"vector\":[1]}: no key found (looked for key, id, _id, uuid, doc_id, custom_id, recordId; the fields are vector); set its field with --key
        {\"key\":\"k\",\"key\":\"l\"}: invalid record: the key field occurs twice
        {\"key\":\"k\"}: no vector found (looked for data.float32, vector, values, embedding, emb; the fields are key); set its field with --vector
        {\"key\":\"k\",\"vector\":[1],\"vector\":[2]}: invalid record: the vector field vector occurs twice
        {\"key\":\"k\",\"vector\":{\"0\":1,\"2\":2}}: the vector is an object whose member names are not 0, 1, 2 … in order, not an array of numbers
        {\"key\":\"k\",\"vector\":\"\"}: the vector is an empty cell, not an array of numbers
        {\"key\":\"k\",\"vector\":\"[1] x\"}: invalid record: unexpected text after the vector in its cell
        {\"key\":\"k\",\"vector\":\"0,5; 1,5\"}: invalid record: the vector has different separators between its numbers; use decimal points, not decimal commas
        {\"key\":\"k\",\"vector\":[1 2]}: invalid record: missing comma after element 0 of the vector
        {\"key\":\"k\",\"vector\":[1}: invalid record: expected ], found '}' (column 23)
        {\"key\":\"k\",\"vector\":[+1]}: element 0 of the vector is +1, which is not a JSON number: leading plus sign
        {\"key\":\"k\",\"vector\":[.5]}: element 0 of the vector is .5, which is not a JSON number: no digit before the decimal point
        {\"key\":\"k\",\"vector\":[5.]}: element 0 of the vector is 5., which is not a JSON number: no digit after the decimal point
        {\"key\":\"k\",\"vector\":[05]}: element 0 of the vector is 05, which is not a JSON number: leading zero
        {\"key\":\"k\",\"vector\":[1],\"metadata\":nothing}: the metadata is nothing, not an object
        {\"key\":\"k\",\"vector\":[1],\"metadata\":\"{\\\"a\\\"}\"}: invalid record: the text in metadata is not a JSON object: expected a colon, found '}' (column 5)
        {\"key\":\"k\",\"vector\":[1],\"metadata\":\"{} x\"}: invalid record: the text in metadata is not a JSON object: expected no more text, found 'x' (column 4)
        {\"key\":\"k\",\"vector\":[1],\"metadata\":{\"a\":[true]}}: metadata a is a list with a boolean; only text or a list of text can be stored; use --metadata-values text to store numbers and booleans as text
        {\"key\":\"k\",\"vector\":[1],\"metadata\":{\"a\":{}}}: metadata a is an object; only text or a list of text can be stored; add -a to --metadata to leave it out
        {\"key\":\"k\",\"vector\":[1],\"metadata\":{\"a\":null}}: metadata a is null; only text or a list of text can be stored; use --metadata-values text to leave it out
        "#);
    }

    #[test]
    fn each_defect_of_a_row_is_named() {
        let broken = |trouble| Raw::Broken { text: Bytes::from_static(b"a"), trouble: Box::new(trouble) };
        let row = |columns: &[&str]| Raw::Row {
            columns: Arc::new(Columns(columns.iter().map(ToString::to_string).collect())),
            cells: vec!["1"; columns.len()].into(),
        };
        let rows = [
            broken(RowTrouble::Cells { want: 3, got: 4 }),
            broken(RowTrouble::Mark),
            broken(RowTrouble::Return),
            row(&["", "vector"]),
            row(&["id", "text"]),
            row(&["id", "v0", "v1", "v2", "v3"]),
        ];
        insta::assert_snapshot!(rows.map(|row| said(row) + "\n").concat(), @r#"
        the row has 4 cells; the header has 3
        invalid record: it starts with U+FEFF, a byte-order mark inside the file; if files were concatenated, remove it: sed 's/\xEF\xBB\xBF//g' FILE > NEW-FILE
        invalid record: the row contains a carriage return without a line feed; if it ends rows, convert it: tr '\r' '\n' < FILE > NEW-FILE; if it is text, quote the cell
        no key found (looked for key, id, _id, uuid, doc_id, custom_id, recordId; the columns are (unnamed column 1), vector; to name the index in pandas, use df.to_csv(PATH, index_label="id")); set its field with --key
        no vector found (looked for data.float32, vector, values, embedding, emb; the columns are id, text); set its field with --vector
        no vector found: v0 to v3 seem to hold one number each; if they are the vector, use --vector 'v*'
        "#);
    }

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
        let repaired = line.replace(r#""b,\"[1""#, r#"{"id":"b"}"#);
        let other = line.replace("\"quote\"", "\"syntax\"");
        for text in [repaired.as_str(), &other, "{", "[]"] {
            assert_eq!(quoted_row(text.as_bytes()), None, "{text}");
        }
    }
}
