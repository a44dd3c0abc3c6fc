//! The metadata of one record: checked against the service's rules and written compactly, spelling kept.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{MetadataValues, Rules};
use crate::oss::limits;
use crate::put::record::Reason;

/// Text borrowed from the input where it has no escapes.
#[derive(Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// Collects the metadata of one record; reused from record to record.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    /// `"name":value` pairs with commas between.
    wire: Vec<u8>,
    names: HashSet<String>,
    bytes: usize,
    filterable_bytes: usize,
    filterable_fields: usize,
}

impl Metadata {
    /// Forgets the last record.
    pub(super) fn clear(&mut self) {
        self.wire.clear();
        self.names.clear();
        (self.bytes, self.filterable_bytes, self.filterable_fields) = (0, 0, 0);
    }

    /// The pairs as they go between the braces on the wire.
    pub(super) fn wire(&self) -> &[u8] {
        &self.wire
    }

    /// Takes every member of a JSON object.
    pub(super) fn object(&mut self, text: &[u8], rules: &Rules) -> Result<(), Reason> {
        let members = members(text).map_err(|error| syntax(&error))?;
        members.iter().try_for_each(|(name, value)| self.field(name, value.get(), rules))
    }

    /// Takes one value, given as JSON text.
    pub(super) fn field(&mut self, name: &str, value: &str, rules: &Rules) -> Result<(), Reason> {
        let refused = |found: &str, can_be_text| {
            Err(Reason::MetadataValue { name: name.to_owned(), found: found.to_owned(), can_be_text })
        };
        match (value.as_bytes().first(), rules.metadata_values) {
            (Some(b'"'), _) => {
                let length = decoded(value)?.len();
                self.pair(name, length, rules, |wire| wire.extend_from_slice(value.as_bytes()))
            }
            (Some(b'['), values) => {
                let items: Vec<&RawValue> = serde_json::from_str(value).map_err(|error| syntax(&error))?;
                let mut length = 0;
                let mut list = Vec::with_capacity(value.len());
                for item in items {
                    let kind = kind(item.get().as_bytes());
                    match (item.get().as_bytes().first(), values) {
                        (Some(b'"'), _) => {
                            length += decoded(item.get())?.len();
                            separated(&mut list).extend_from_slice(item.get().as_bytes());
                        }
                        (Some(b'[' | b'{'), _) => return refused(&format!("a list holding {kind}"), false),
                        (Some(b'n'), MetadataValues::Text) => {}
                        (_, MetadataValues::Text) => {
                            length += item.get().len();
                            quoted(item.get(), separated(&mut list));
                        }
                        (_, MetadataValues::Reject) => {
                            return refused(&format!("a list holding {kind}"), true);
                        }
                    }
                }
                self.pair(name, length, rules, |wire| {
                    wire.push(b'[');
                    wire.extend_from_slice(&list);
                    wire.push(b']');
                })
            }
            (Some(b'{'), _) => refused("an object", false),
            (Some(b'n'), MetadataValues::Text) => Ok(()),
            (_, MetadataValues::Text) => self.pair(name, value.len(), rules, |wire| quoted(value, wire)),
            (_, MetadataValues::Reject) => refused(kind(value.as_bytes()), true),
        }
    }

    /// Takes one value that is plain text already, such as a cell.
    pub(super) fn text(&mut self, name: &str, text: &str, rules: &Rules) -> Result<(), Reason> {
        self.pair(name, text.len(), rules, |wire| quoted(text, wire))
    }

    fn pair(
        &mut self,
        name: &str,
        value_bytes: usize,
        rules: &Rules,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), Reason> {
        if !self.names.insert(name.to_owned()) {
            return Err(Reason::MetadataRepeated { name: name.to_owned() });
        }
        self.bytes += name.len() + value_bytes;
        if rules.is_filterable(name) {
            self.filterable_bytes += name.len() + value_bytes;
            self.filterable_fields += 1;
        }
        quoted(name, separated(&mut self.wire));
        self.wire.push(b':');
        write(&mut self.wire);
        Ok(())
    }

    /// Holds the whole against the service's limits.
    pub(super) fn check(&self) -> Result<(), Reason> {
        if self.bytes > limits::METADATA_BYTES {
            return Err(Reason::MetadataBytes { bytes: self.bytes });
        }
        if self.filterable_bytes > limits::FILTERABLE_METADATA_BYTES {
            return Err(Reason::FilterableBytes { bytes: self.filterable_bytes });
        }
        if self.filterable_fields > limits::FILTERABLE_FIELDS {
            return Err(Reason::FilterableFields { fields: self.filterable_fields });
        }
        Ok(())
    }
}

/// Appends `text` as a JSON string, always escaped alike.
pub(super) fn quoted(text: &str, out: &mut Vec<u8>) {
    // Writing text into a Vec cannot fail, so there is no error to pass on.
    serde_json::to_writer(out, text).unwrap_or_default();
}

/// What a JSON text is, as a message says it.
pub(super) fn kind(json: &[u8]) -> &'static str {
    match json.first() {
        Some(b'"') => "text",
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b't' | b'f') if json.starts_with(b"true") || json.starts_with(b"false") => "a boolean",
        Some(b'n') if json.starts_with(b"null") => "null",
        Some(b'-' | b'0'..=b'9') => "a number",
        Some(_) => "no JSON value",
        None => "empty",
    }
}

/// What stands in a cell, which is mere text where it is no JSON.
pub(super) fn kind_of_cell(cell: &str) -> &'static str {
    let is_text = !cell.is_empty() && serde_json::from_str::<&RawValue>(cell).is_err();
    if is_text { "text" } else { kind(cell.as_bytes()) }
}

/// A parser's message without its line and column, which would count from the record's start.
pub(super) fn syntax(error: &serde_json::Error) -> Reason {
    let message = error.to_string();
    let detail = message.split(" at line ").next().unwrap_or_default();
    Reason::Syntax { detail: format!("{detail} (column {})", error.column()) }
}

fn decoded(json: &str) -> Result<Cow<'_, str>, Reason> {
    serde_json::from_str::<Text<'_>>(json).map(|text| text.0).map_err(|error| syntax(&error))
}

fn separated(list: &mut Vec<u8>) -> &mut Vec<u8> {
    if !list.is_empty() {
        list.push(b',');
    }
    list
}

/// The members of an object in their order, repeated names included.
fn members(text: &[u8]) -> serde_json::Result<Vec<(Cow<'_, str>, &RawValue)>> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some((Text(name), value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                members.push((name, value));
            }
            Ok(members)
        }
    }
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let members = deserializer.deserialize_map(Members)?;
    deserializer.end()?;
    Ok(members)
}
