//! The metadata of one record: checked against the service's rules and written compactly, with its spelling kept.

use std::collections::HashSet;

use serde_json::value::RawValue;

use super::fields::{Fields, holds_metadata};
use super::rules::{MetadataValues, Rules};
use super::skip::{Items, Unexpected, decoded, skip_space};
use crate::oss::limits;
use crate::record::{Largest, Reason, ValueCure};

/// The fields and rules that apply to metadata.
#[derive(Clone, Copy)]
pub(crate) struct Under<'a> {
    pub(crate) fields: &'a Fields,
    pub(crate) rules: &'a Rules,
}

/// A value in its text, and the path of the object around it: the names of open objects, each with a dot.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a> {
    pub(crate) text: &'a [u8],
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) path: &'a str,
}

impl<'a> Value<'a> {
    /// The value as it is written.
    pub(crate) fn raw(&self) -> &'a [u8] {
        self.text.get(self.start..self.end).unwrap_or_default()
    }

    /// The string that the value is.
    pub(crate) fn decoded(&self) -> Result<std::borrow::Cow<'a, str>, Reason> {
        decoded(self.text, self.start, self.end)
    }
}

/// Collects the metadata of one record; reused from record to record.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    /// `"name":value` pairs with commas between.
    wire: Vec<u8>,
    names: HashSet<String>,
    bytes: usize,
    filterable_bytes: usize,
    filterable_fields: usize,
    /// The largest of the fields after the size limit was exceeded, which are only counted.
    largest_beyond: (usize, String),
    /// Fields that the user excludes.
    left_out: Vec<String>,
    /// Whether a number or a boolean was converted to text.
    is_made_text: bool,
    open: Vec<u8>,
}

impl Metadata {
    /// Forgets the last record.
    pub(crate) fn clear(&mut self) {
        self.wire.clear();
        self.names.clear();
        self.left_out.clear();
        self.is_made_text = false;
        (self.bytes, self.filterable_bytes, self.filterable_fields) = (0, 0, 0);
        self.largest_beyond = (0, String::new());
    }

    /// The pairs as they are written between the braces on the wire.
    pub(crate) fn wire(&self) -> &[u8] {
        &self.wire
    }

    /// Whether a number or a boolean was converted to text.
    pub(crate) fn is_made_text(&self) -> bool {
        self.is_made_text
    }

    /// The fields of this record that the user excludes.
    pub(crate) fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// Takes a field that the user names: the members of an object, or one value under its own name. A metadata object
    /// may be JSON text.
    pub(crate) fn field(&mut self, name: &str, value: Value<'_>, under: Under<'_>) -> Result<(), Reason> {
        match value.raw().first() {
            Some(b'{') => self.object(&[value.path, name, "."].concat(), value, under),
            Some(b'"') if holds_metadata(name) => {
                let text = value.decoded()?;
                self.cell(name, &text, under)
            }
            _ => self.value(name, value, under),
        }
    }

    /// Takes the content of a cell or of a string: the members of a metadata object, or the text.
    pub(crate) fn cell(&mut self, name: &str, cell: &str, under: Under<'_>) -> Result<(), Reason> {
        if holds_metadata(name) && cell.trim_start().starts_with('{') {
            self.object_text(name, cell, under)
        } else if under.fields.leaves_out() && under.fields.left_out("", name).is_some() {
            self.left_out.extend(under.fields.left_out("", name).map(str::to_owned));
            Ok(())
        } else {
            self.text(name, cell, under)
        }
    }

    /// Takes a text under a name, even if that is excluded.
    pub(crate) fn text(&mut self, name: &str, text: &str, under: Under<'_>) -> Result<(), Reason> {
        self.pair(name, text.len(), under.rules, |wire| quoted(text, wire))
    }

    /// Takes every member of an object in JSON text.
    pub(crate) fn object_text(&mut self, name: &str, text: &str, under: Under<'_>) -> Result<(), Reason> {
        let text = text.as_bytes();
        let start = skip_space(text, 0);
        let value = Value { text, start, end: text.len(), path: "" };
        self.object(&[name, "."].concat(), value, under).map_err(|reason| match reason {
            Reason::Syntax { detail } => {
                Reason::Syntax { detail: format!("the text in {name} is not a JSON object: {detail}") }
            }
            other => other,
        })
    }

    /// Takes every member of a JSON object; `path` is the object's own path.
    pub(crate) fn object(&mut self, path: &str, value: Value<'_>, under: Under<'_>) -> Result<(), Reason> {
        let text = value.text;
        let mut open = std::mem::take(&mut self.open);
        let mut members = Items::of(text, value.start, &mut open);
        let taken = loop {
            let member = match members.member() {
                Ok(Some(member)) => member,
                Ok(None) => break end_of(text, members.at(), value.end),
                Err(unexpected) => break Err(unexpected.reason(text)),
            };
            let taken = decoded(text, member.name.0, member.name.1).and_then(|name| {
                let (start, end) = member.value;
                self.value(&name, Value { text, start, end, path }, under)
            });
            if taken.is_err() {
                break taken;
            }
        };
        self.open = open;
        taken
    }

    /// Takes one value under a name, unless it is excluded.
    pub(crate) fn value(&mut self, name: &str, value: Value<'_>, under: Under<'_>) -> Result<(), Reason> {
        if under.fields.leaves_out()
            && let Some(field) = under.fields.left_out(value.path, name)
        {
            self.left_out.push(field.to_owned());
            return Ok(());
        }
        self.kept_value(name, value, under).map_err(|reason| match reason {
            Reason::MetadataRepeated { name, joined: None } if under.fields.is_in_joined(value.path) => {
                let joined = Some([value.path, &name].concat());
                Reason::MetadataRepeated { name, joined }
            }
            other => other,
        })
    }

    /// Takes one value under a name, even if that is excluded.
    pub(crate) fn kept_value(
        &mut self,
        name: &str,
        value: Value<'_>,
        under: Under<'_>,
    ) -> Result<(), Reason> {
        let rules = under.rules;
        let raw = value.raw();
        match (raw.first(), Word::of(raw), rules.metadata_values) {
            (Some(b'"'), ..) => {
                let length = value.decoded()?.len();
                self.pair(name, length, rules, |wire| wire.extend_from_slice(raw))
            }
            (Some(b'['), ..) => self.list(name, value, rules),
            (Some(b'{'), ..) => refused(name, "an object", ValueCure::LeaveOut),
            (_, Word::Absent, MetadataValues::Text) => Ok(()),
            (_, Word::Plain | Word::Moment, MetadataValues::Text) => {
                let text = String::from_utf8_lossy(raw);
                self.is_made_text = true;
                self.pair(name, text.len(), rules, |wire| quoted(&text, wire))
            }
            (_, word, _) => refused(name, &described(raw), word.cure()),
        }
    }

    fn list(&mut self, name: &str, value: Value<'_>, rules: &Rules) -> Result<(), Reason> {
        let mut length = 0;
        let mut list = Vec::with_capacity(value.raw().len());
        let mut open = Vec::new();
        let mut items = Items::of(value.text, value.start, &mut open);
        while let Some((start, end)) = items.item().map_err(|unexpected| unexpected.reason(value.text))? {
            let item = Value { start, end, ..value };
            let raw = item.raw();
            let refused = |cure| refused(name, &format!("a list with {}", described(raw)), cure);
            match (raw.first(), Word::of(raw), rules.metadata_values) {
                (Some(b'"'), ..) => {
                    length += item.decoded()?.len();
                    separated(&mut list).extend_from_slice(raw);
                }
                (Some(b'[' | b'{'), ..) => return refused(ValueCure::LeaveOut),
                (_, Word::Absent, MetadataValues::Text) => {}
                (_, Word::Plain | Word::Moment, MetadataValues::Text) => {
                    length += raw.len();
                    self.is_made_text = true;
                    quoted(&String::from_utf8_lossy(raw), separated(&mut list));
                }
                (_, word, _) => return refused(word.cure()),
            }
        }
        self.pair(name, length, rules, |wire| {
            wire.push(b'[');
            wire.extend_from_slice(&list);
            wire.push(b']');
        })
    }

    /// Takes one pair, whose value has this many bytes of text and is written by `write`.
    pub(super) fn pair(
        &mut self,
        name: &str,
        value_bytes: usize,
        rules: &Rules,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), Reason> {
        if self.bytes > limits::METADATA_BYTES {
            self.bytes += name.len() + value_bytes;
            if name.len() + value_bytes > self.largest_beyond.0 {
                self.largest_beyond = (name.len() + value_bytes, name.to_owned());
            }
            return Ok(());
        }
        if !self.names.insert(name.to_owned()) {
            return Err(Reason::MetadataRepeated { name: name.to_owned(), joined: None });
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

    /// Checks all of it against the service's limits.
    pub(crate) fn check(&self, rules: &Rules) -> Result<(), Reason> {
        if self.bytes > limits::METADATA_BYTES {
            return Err(Reason::MetadataBytes { bytes: self.bytes, largest: self.largest(|_| true) });
        }
        let filterable = |name: &str| rules.is_filterable(name);
        if self.filterable_bytes > limits::FILTERABLE_METADATA_BYTES {
            let largest = self.largest(filterable);
            return Err(Reason::FilterableBytes { bytes: self.filterable_bytes, largest });
        }
        if self.filterable_fields > limits::FILTERABLE_FIELDS {
            let largest = self.largest(filterable);
            return Err(Reason::FilterableFields { fields: self.filterable_fields, largest });
        }
        Ok(())
    }

    /// The largest of the fields for which `counts` holds.
    fn largest(&self, counts: impl Fn(&str) -> bool) -> Largest {
        let text = [b"{".as_slice(), &self.wire, b"}"].concat();
        let mut open = Vec::new();
        let mut members = Items::of(&text, 0, &mut open);
        let mut largest = (0, String::new());
        while let Ok(Some(member)) = members.member() {
            let size = member.value.1 - member.value.0;
            if let Ok(name) = decoded(&text, member.name.0, member.name.1)
                && counts(&name)
                && size + name.len() > largest.0
            {
                largest = (size + name.len(), name.into_owned());
            }
        }
        let (_, name) = if self.largest_beyond.0 > largest.0 { self.largest_beyond.clone() } else { largest };
        Largest { name, from: None }
    }
}

/// Checks that nothing follows an object in its text or value.
fn end_of(text: &[u8], at: usize, end: usize) -> Result<(), Reason> {
    let at = skip_space(text, at);
    if at < end { Err(Unexpected { at, wanted: "no more text" }.reason(text)) } else { Ok(()) }
}

fn refused(name: &str, found: &str, cure: ValueCure) -> Result<(), Reason> {
    Err(Reason::MetadataValue { name: name.to_owned(), found: found.to_owned(), cure })
}

/// The kind of a value without quotes and brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    /// A placeholder for a missing value.
    Absent,
    /// A number or a boolean, which keeps its meaning as text.
    Plain,
    /// A date or a time of a column, likewise.
    Moment,
    /// Something else.
    Unknown,
}

impl Word {
    fn of(raw: &[u8]) -> Self {
        match raw {
            b"null" | b"None" | b"NaN" | b"nan" | b"-NaN" | b"-nan" | b"NaT" | b"<NA>" | b"undefined" => {
                Self::Absent
            }
            b"True" | b"False" | b"Infinity" | b"-Infinity" | b"inf" | b"-inf" => Self::Plain,
            [b'"' | b'[' | b'{', ..] => Self::Unknown,
            _ if is_json(raw) => Self::Plain,
            _ if is_moment(raw) => Self::Moment,
            _ => Self::Unknown,
        }
    }

    fn cure(self) -> ValueCure {
        match self {
            Self::Absent => ValueCure::TextLeavesOut,
            Self::Plain => ValueCure::Text,
            Self::Moment => ValueCure::TextOfMoments,
            Self::Unknown => ValueCure::LeaveOut,
        }
    }
}

/// Whether it is a date, a time or both in ISO 8601: columns have these types, which JSON can represent only as text.
fn is_moment(raw: &[u8]) -> bool {
    let has_form = |text: &[u8], form: &[u8]| {
        text.len() >= form.len()
            && text.iter().zip(form).all(
                |(byte, form)| {
                    if *form == b'0' { byte.is_ascii_digit() } else { byte == form }
                },
            )
    };
    let is_time = |text: &[u8]| {
        let rest = text.get(b"00:00:00".len()..).unwrap_or_default();
        let rest = rest.strip_suffix(b"Z").unwrap_or(rest);
        let is_fraction =
            |rest: &[u8]| rest.strip_prefix(b".").is_some_and(|digits| digits.iter().all(u8::is_ascii_digit));
        has_form(text, b"00:00:00") && (rest.is_empty() || is_fraction(rest))
    };
    let (date, rest) = raw.split_at_checked(b"0000-00-00".len()).unwrap_or((raw, b""));
    let is_date = has_form(date, b"0000-00-00");
    is_time(raw) || (is_date && (rest.is_empty() || rest.strip_prefix(b"T").is_some_and(is_time)))
}

fn is_json(raw: &[u8]) -> bool {
    serde_json::from_slice::<&RawValue>(raw).is_ok()
}

/// The prefix of bytes that are not text.
const BYTES: &[u8] = b"b\"";

/// Whether nothing is lost if a value is not stored.
pub(super) fn holds_nothing(value: &[u8]) -> bool {
    let inside = |open, close| {
        value
            .strip_prefix(open)
            .and_then(|rest: &[u8]| rest.strip_suffix(close))
            .is_some_and(|inside: &[u8]| inside.trim_ascii().is_empty())
    };
    matches!(value, b"null" | b"None" | b"\"\"") || inside(b"{", b"}") || inside(b"[", b"]")
}

/// A value as messages describe it: its kind, or the word itself if it is not JSON.
pub(crate) fn described(raw: &[u8]) -> String {
    match raw.first() {
        Some(b'"' | b'{' | b'[') | None => kind(raw).to_owned(),
        _ if is_json(raw) => kind(raw).to_owned(),
        _ if raw.starts_with(BYTES) => "binary data".to_owned(),
        _ if is_moment(raw) => "a date or a time".to_owned(),
        _ => excerpt(raw),
    }
}

/// The start of a value, short enough for a message.
pub(crate) fn excerpt(raw: &[u8]) -> String {
    const LONGEST: usize = 40;
    let text = String::from_utf8_lossy(raw);
    let mut excerpt: String = text.chars().take(LONGEST).collect();
    if excerpt.len() < text.len() {
        excerpt.push('…');
    }
    excerpt
}

/// Appends `text` as a JSON string, always with the same escapes.
pub(crate) fn quoted(text: &str, out: &mut Vec<u8>) {
    // Writing to a Vec cannot fail.
    serde_json::to_writer(out, text).unwrap_or_default();
}

/// The kind of a JSON text as messages describe it.
pub(crate) fn kind(json: &[u8]) -> &'static str {
    match json.first() {
        Some(b'"') => "text",
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b't' | b'f') if json.starts_with(b"true") || json.starts_with(b"false") => "a boolean",
        Some(b'n') if json.starts_with(b"null") => "null",
        Some(b'-' | b'0'..=b'9') => "a number",
        Some(_) => "invalid JSON",
        None => "empty",
    }
}

/// The kind of a cell, which is text if it is not JSON.
pub(crate) fn kind_of_cell(cell: &str) -> &'static str {
    let is_text = !cell.is_empty() && serde_json::from_str::<&RawValue>(cell).is_err();
    if is_text { "text" } else { kind(cell.as_bytes()) }
}

fn separated(list: &mut Vec<u8>) -> &mut Vec<u8> {
    if !list.is_empty() {
        list.push(b',');
    }
    list
}
