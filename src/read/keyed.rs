//! Adds a key, made or from another file, and metadata to a record of text. The result is text again, so that the
//! record is judged, rejected and loaded again like any other.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use super::outline::{Outline, Value};
use super::recognise::Form;
use super::value::value_end;
use crate::record::names::KEYS;
use crate::record::rejected::BEGINS;
use crate::record::{Cells, Columns, Raw, RowTrouble};

/// Adds fields to records.
#[derive(Debug)]
pub(super) struct Keyed {
    /// The names that mark a key of the record's own.
    own: Vec<String>,
    /// The field name of the key.
    key: String,
    /// The field name of a vector without one.
    vector: String,
    /// The header of the current rows, and the same with the added columns.
    header: Option<(Arc<Columns>, Arc<Columns>)>,
}

/// What is added to a record, as JSON.
#[derive(Clone, Copy)]
pub(super) struct Parts<'a> {
    pub(super) key: &'a str,
    pub(super) metadata: Option<&'a str>,
}

/// The field of an input that already has keys.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OwnKey(pub(super) String);

impl Keyed {
    pub(super) fn new(form: &Form) -> Self {
        let first = |named: &[String], usual: &str| {
            named.first().map_or_else(|| usual.to_owned(), |name| name.trim().to_owned())
        };
        let own = if form.key.is_empty() {
            KEYS.iter().map(ToString::to_string).collect()
        } else {
            form.key.iter().map(|name| name.trim().to_owned()).collect()
        };
        Self { own, key: first(&form.key, "key"), vector: first(&form.vector, "vector"), header: None }
    }

    /// The field name of the key.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Finds a field that is a key by its name.
    pub(super) fn own_key<'n>(&self, mut names: impl Iterator<Item = &'n str>) -> Option<OwnKey> {
        let is_own = |name: &&str| self.own.iter().any(|own| own == name);
        names.find(is_own).map(|name| OwnKey(name.to_owned()))
    }

    /// Adds the parts to the record; if it already has a key, the error is the field.
    pub(super) fn record(&mut self, raw: &Raw, parts: Parts<'_>) -> Result<Raw, OwnKey> {
        match raw {
            Raw::Json(text) => self.json(text, parts),
            Raw::Row { columns, cells } if cells.len() == columns.0.len() => self.row(columns, cells, parts),
            // What is not a whole row has no fields.
            Raw::Row { .. } | Raw::Broken { .. } | Raw::Columns { .. } => Ok(raw.clone()),
        }
    }

    fn json(&self, text: &Bytes, parts: Parts<'_>) -> Result<Raw, OwnKey> {
        // The record in a line of a rejects file already has a key. Before a byte-order mark no key can be inserted.
        if text.starts_with(BEGINS) || text.starts_with(MARK) {
            return Ok(Raw::Json(text.clone()));
        }
        let is_object = text.starts_with(b"{");
        let vector = format!("{}:", serde_json::Value::from(self.vector.as_str()));
        if !is_object && !text.starts_with(b"[") && text.as_ref() != b"null" {
            let key = parts.key.to_owned();
            let text = self.composed(&[vector.as_bytes(), text].concat(), parts);
            return Ok(Raw::broken(text.into(), RowTrouble::Neither { key }));
        }
        // A word has no closing bracket.
        let end = if text.as_ref() == b"null" { Some(text.len()) } else { value_end(text, 0) };
        if is_object {
            let outline = Outline::of(text, 0);
            let names = outline.members.iter().filter_map(|member| std::str::from_utf8(member.name).ok());
            if let Some(own) = self.own_key(names).or_else(|| self.own_path(text, &outline)) {
                // A record without an end is judged as it is.
                return if end.is_some() { Err(own) } else { Ok(Raw::Json(text.clone())) };
            }
        }
        let (value, rest) = text.split_at(end.unwrap_or(text.len()));
        let members = if is_object {
            let inner = value.get(1..).unwrap_or_default();
            let inner =
                if end.is_some() { inner.split_last().map_or(inner, |(_, inner)| inner) } else { inner };
            Cow::Borrowed(inner.trim_ascii())
        } else {
            Cow::Owned([vector.as_bytes(), value].concat())
        };
        if end.is_none() {
            return Ok(Raw::Json(self.begun(&members, parts).into()));
        }
        let mut keyed = self.composed(&members, parts);
        let rest = rest.trim_ascii_end();
        keyed.extend_from_slice(rest);
        let rest = rest.trim_ascii_start();
        // If other values follow, the record is judged together with them.
        Ok(if rest.starts_with(b"{") || rest.starts_with(b"[") || rest.starts_with(MARK) {
            Raw::broken(keyed.into(), RowTrouble::Several { key: parts.key.to_owned() })
        } else {
            Raw::Json(keyed.into())
        })
    }

    /// A key that the user names by a path.
    fn own_path(&self, text: &[u8], outline: &Outline<'_>) -> Option<OwnKey> {
        let leads = |path: &&String| {
            let Some((first, rest)) = path.split_once('.') else { return false };
            outline.members.iter().any(|member| {
                member.value == Value::Object
                    && member.name == first.as_bytes()
                    && Outline::of(text, member.at).find(|name| name == rest.as_bytes()).is_some()
            })
        };
        self.own.iter().find(leads).map(|path| OwnKey(path.clone()))
    }

    /// An object of the parts and of members that are already JSON.
    fn composed(&self, members: &[u8], parts: Parts<'_>) -> Vec<u8> {
        let mut text = self.begun(members, Parts { metadata: None, ..parts });
        if let Some(metadata) = parts.metadata {
            text.extend_from_slice(br#","metadata":"#);
            text.extend_from_slice(metadata.as_bytes());
        }
        text.push(b'}');
        text
    }

    /// The same without its end, as the members have none.
    fn begun(&self, members: &[u8], parts: Parts<'_>) -> Vec<u8> {
        let mut text = Vec::with_capacity(members.len() + parts.key.len() + self.key.len() + 8);
        text.push(b'{');
        text.extend_from_slice(serde_json::Value::from(self.key.as_str()).to_string().as_bytes());
        text.push(b':');
        text.extend_from_slice(parts.key.as_bytes());
        if let Some(metadata) = parts.metadata {
            text.extend_from_slice(br#","metadata":"#);
            text.extend_from_slice(metadata.as_bytes());
        }
        if !members.is_empty() {
            text.push(b',');
            text.extend_from_slice(members);
        }
        text
    }

    fn row(&mut self, columns: &Arc<Columns>, cells: &Cells, parts: Parts<'_>) -> Result<Raw, OwnKey> {
        let wide = self.wide(columns, parts.metadata.is_some())?;
        let key = plain(parts.key);
        // Text may hold the object, and a cell holds it without another pair of quotes.
        let metadata = parts.metadata.map(|metadata| {
            if metadata.starts_with('"') { plain(metadata).into() } else { Cow::Borrowed(metadata) }
        });
        let first: Vec<_> = [Some(key.as_bytes()), metadata.as_ref().map(|cell| cell.as_bytes())]
            .into_iter()
            .flatten()
            .collect();
        Ok(Raw::Row { columns: wide, cells: cells.after(&first) })
    }

    /// A header with the added columns.
    fn wide(&mut self, columns: &Arc<Columns>, has_metadata: bool) -> Result<Arc<Columns>, OwnKey> {
        if let Some((known, wide)) = &self.header
            && Arc::ptr_eq(known, columns)
        {
            return Ok(Arc::clone(wide));
        }
        let is_own = |name: &&String| self.own.iter().any(|own| own.eq_ignore_ascii_case(name));
        if let Some(own) = columns.0.iter().find(is_own) {
            return Err(OwnKey(own.clone()));
        }
        let more = [Some(self.key.clone()), has_metadata.then(|| "metadata".to_owned())];
        let names = more.into_iter().flatten().chain(columns.0.iter().cloned());
        let wide = Arc::new(Columns(names.collect()));
        self.header = Some((Arc::clone(columns), Arc::clone(&wide)));
        Ok(wide)
    }
}

const MARK: &[u8] = "\u{feff}".as_bytes();

/// A JSON value as the text of a cell.
fn plain(json: &str) -> String {
    match serde_json::from_str(json) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(serde_json::Value::Null) => String::new(),
        _ => json.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(key: &[&str], vector: &[&str]) -> Form {
        let list = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        Form { key: list(key), vector: list(vector), ..Form::default() }
    }

    fn told(form: &Form, text: &str, metadata: Option<&str>) -> String {
        let raw = Raw::Json(Bytes::copy_from_slice(text.as_bytes()));
        match Keyed::new(form).record(&raw, Parts { key: "\"a-0\"", metadata }) {
            Ok(Raw::Json(text)) => String::from_utf8(text.to_vec()).unwrap(),
            Ok(Raw::Broken { text, trouble }) => {
                let trouble = format!("{trouble:?}");
                assert!(trouble.ends_with(r#" { key: "\"a-0\"" }"#), "{trouble}");
                let trouble = trouble.split(' ').next().unwrap();
                format!("{trouble}: {}", String::from_utf8(text.to_vec()).unwrap())
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_record_gets_its_key_and_a_bare_vector_its_name() {
        let usual = Form::default();
        for (text, wanted) in [
            ("[1,2]", r#"{"key":"a-0","vector":[1,2]}"#),
            ("null", r#"{"key":"a-0","vector":null}"#),
            (r#"{"vector":[1,2]}"#, r#"{"key":"a-0","vector":[1,2]}"#),
            (r#"{ "v":[1] , "t":"}" } "#, r#"{"key":"a-0","v":[1] , "t":"}"}"#),
            ("{}", r#"{"key":"a-0"}"#),
            // What is wrong with these stays as it is.
            ("{\"v\":[1]", r#"{"key":"a-0","v":[1]"#),
            ("[1,2", r#"{"key":"a-0","vector":[1,2"#),
            ("{", r#"{"key":"a-0""#),
            ("{} rubbish", r#"{"key":"a-0"} rubbish"#),
            ("[1] rubbish", r#"{"key":"a-0","vector":[1]} rubbish"#),
            ("\u{feff}[1]", "\u{feff}[1]"),
            ("7", r#"Neither: {"key":"a-0","vector":7}"#),
            ("1,2]", r#"Neither: {"key":"a-0","vector":1,2]}"#),
            (r#"{"v":[1]}{"v":[2]}"#, r#"Several: {"key":"a-0","v":[1]}{"v":[2]}"#),
            ("[1] [2]", r#"Several: {"key":"a-0","vector":[1]} [2]"#),
            ("{} \u{feff}{}", "Several: {\"key\":\"a-0\"} \u{feff}{}"),
            (r#"{"id":"x","v":[1"#, r#"{"id":"x","v":[1"#),
            (r#"{"id":"x","v":[1]}"#, r#"Err(OwnKey("id"))"#),
        ] {
            assert_eq!(told(&usual, text, None), wanted, "{text}");
        }
        let metadata = r#"{"key":"a-0","vector":[1],"metadata":{"t":"x"}}"#;
        assert_eq!(told(&usual, "[1]", Some("{\"t\":\"x\"}")), metadata);
        let torn = r#"{"key":"a-0","metadata":{"t":"x"},"vector":[1"#;
        assert_eq!(told(&usual, "[1", Some("{\"t\":\"x\"}")), torn);
        let named = form(&["k"], &["v"]);
        assert_eq!(told(&named, "[1]", None), r#"{"k":"a-0","v":[1]}"#);
        assert_eq!(told(&named, r#"{"id":"x"}"#, None), r#"{"k":"a-0","id":"x"}"#);
        assert_eq!(told(&form(&["a.b"], &[]), r#"{"a":{"b":1}}"#, None), r#"Err(OwnKey("a.b"))"#);
    }

    #[test]
    fn a_row_gets_a_column_and_one_of_another_length_stays_as_it_is() {
        let row = |names: &[&str], cells: &[&str]| Raw::Row {
            columns: Arc::new(Columns(names.iter().map(ToString::to_string).collect())),
            cells: cells.to_vec().into(),
        };
        let told = |raw: &Raw| {
            let parts = Parts { key: "\"a-0\"", metadata: Some("{}") };
            match Keyed::new(&Form::default()).record(raw, parts) {
                Ok(Raw::Row { columns, cells }) => format!("{:?} {:?}", columns.0, cells.len()),
                other => format!("{other:?}"),
            }
        };
        assert_eq!(told(&row(&["vector"], &["[1]"])), r#"["key", "metadata", "vector"] 3"#);
        assert_eq!(told(&row(&["vector"], &["[1]", "x"])), r#"["vector"] 2"#);
        assert_eq!(told(&row(&["ID", "vector"], &["x", "[1]"])), r#"Err(OwnKey("ID"))"#);
    }
}
