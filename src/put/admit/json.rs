//! One JSON record in one pass: its key, its vector and its metadata land in the scratch, the rest is skipped.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::fields::{Choice, Field, Fields};
use super::metadata::{Text, kind, syntax};
use super::numbered;
use super::numbers::{self, Separated};
use super::{Rules, Scratch, repeated};
use crate::put::record::Reason;

/// Reads the record `text` into `scratch`.
pub(super) fn read(text: &[u8], fields: &Fields, rules: &Rules, scratch: &mut Scratch) -> Result<(), Reason> {
    let mut walk = Walk { text, at: 0, fields, rules, scratch, path: Vec::new() };
    walk.skip_space();
    if walk.peek() != Some(b'{') {
        let found = kind(text.get(walk.at..).unwrap_or_default());
        return Err(Reason::Syntax { detail: format!("the record is {found}, not an object") });
    }
    walk.object()?;
    walk.skip_space();
    match walk.peek() {
        None => Ok(()),
        Some(_) => Err(walk.unexpected("nothing more")),
    }
}

/// How deep lines of a rejects file may hold one another: one more each time that a load's rejects are rejected.
const NESTED_AT_MOST: usize = 16;

/// The record inside a line of a rejects file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rejected<'a> {
    /// Its text.
    pub(super) text: Cow<'a, [u8]>,
    /// Whether it is in the form that was sent, whatever the fields of the input were called.
    pub(super) is_wire: bool,
}

/// The record inside `text`, if that is a line of a rejects file; such lines may hold one another.
pub(super) fn rejected_record(text: &[u8]) -> Result<Option<Rejected<'_>>, Reason> {
    let Some(mut innermost) = record_within(text) else { return Ok(None) };
    for _ in 0..NESTED_AT_MOST {
        match unwrapped(&innermost.text) {
            Some(inner) => innermost = inner,
            None => return Ok(Some(innermost)),
        }
    }
    Err(Reason::Syntax {
        detail: format!("more than {NESTED_AT_MOST} lines of rejects files inside one another"),
    })
}

fn unwrapped<'a>(line: &Cow<'a, [u8]>) -> Option<Rejected<'a>> {
    match line {
        Cow::Borrowed(line) => record_within(line),
        Cow::Owned(line) => record_within(line).map(Rejected::into_owned),
    }
}

fn record_within(line: &[u8]) -> Option<Rejected<'_>> {
    #[derive(Deserialize)]
    struct Line<'a> {
        rejected: Why,
        #[serde(borrow)]
        record: &'a RawValue,
    }
    #[derive(Deserialize)]
    struct Why {
        #[serde(default)]
        reason: String,
    }
    if !line.starts_with(br#"{"rejected":"#) {
        return None;
    }
    let Line { rejected, record } = serde_json::from_slice(line).ok()?;
    let text = match serde_json::from_str::<Text<'_>>(record.get()) {
        Ok(Text(Cow::Borrowed(text))) => Cow::Borrowed(text.as_bytes()),
        Ok(Text(Cow::Owned(text))) => Cow::Owned(text.into_bytes()),
        Err(_) => Cow::Borrowed(record.get().as_bytes()),
    };
    let is_wire = matches!(rejected.reason.as_str(), "refused" | "not_stored" | "unknown");
    Some(Rejected { text, is_wire })
}

impl Rejected<'_> {
    fn into_owned<'a>(self) -> Rejected<'a> {
        Rejected { text: Cow::Owned(self.text.into_owned()), is_wire: self.is_wire }
    }
}

struct Walk<'a, 's> {
    text: &'a [u8],
    at: usize,
    fields: &'s Fields,
    rules: &'s Rules,
    scratch: &'s mut Scratch,
    /// Names of the objects that are open, from the outside in, without the record itself.
    path: Vec<String>,
}

/// What a member is for.
enum Role {
    Key(usize),
    Vector(usize),
    Metadata(usize),
    Other,
}

impl<'a> Walk<'a, '_> {
    fn object(&mut self) -> Result<(), Reason> {
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("a member's name"));
            }
            let Text(name) = self.value::<Text<'a>>()?;
            self.expect(b':', "a colon")?;
            self.skip_space();
            self.member(&name)?;
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.unexpected("a comma or }")),
            }
        }
    }

    fn member(&mut self, name: &str) -> Result<(), Reason> {
        let (role, leads_on) = self.role(name);
        match role {
            Role::Vector(rank) => self.vector(rank),
            Role::Key(rank) => {
                let value = self.key(rank)?;
                // The user may want to filter by what could be a key, or is one.
                let named = Some(&self.fields.metadata).filter(|choice| choice.named);
                if let Some(rank) = named.and_then(|choice| self.candidate(choice, name)) {
                    self.metadata(rank, value);
                }
                Ok(())
            }
            Role::Metadata(rank) => {
                let start = self.at;
                let value = self.value::<&RawValue>()?.get();
                self.metadata(rank, value);
                // The key may stand among the metadata.
                if leads_on && value.starts_with('{') {
                    self.at = start;
                    return self.inner(name);
                }
                Ok(())
            }
            Role::Other if leads_on && self.peek() == Some(b'{') => self.inner(name),
            Role::Other => self.value::<&RawValue>().map(drop),
        }
    }

    /// Walks through an object below the record.
    fn inner(&mut self, name: &str) -> Result<(), Reason> {
        self.path.push(name.to_owned());
        self.object()?;
        self.path.pop();
        Ok(())
    }

    /// What a member is for, and whether it leads to other candidates.
    fn role(&self, name: &str) -> (Role, bool) {
        let depth = self.path.len();
        let mut inner = false;
        let mut find = |choice: &Choice| {
            choice.candidates.iter().position(|field| {
                let segments = field.segments();
                let leads = segments.get(..depth) == Some(&self.path)
                    && segments.get(depth).is_some_and(|segment| segment == name);
                inner |= leads && segments.len() > depth + 1;
                leads && segments.len() == depth + 1
            })
        };
        let found = find(&self.fields.vector)
            .map(Role::Vector)
            .or_else(|| find(&self.fields.key).map(Role::Key))
            .or_else(|| find(&self.fields.metadata).map(Role::Metadata));
        (found.unwrap_or(Role::Other), inner)
    }

    /// Which candidate the member `name` of the open object is.
    fn candidate(&self, choice: &Choice, name: &str) -> Option<usize> {
        let is_it = |field: &Field| {
            let path = self.path.iter().map(String::as_str).chain([name]);
            field.segments().iter().map(String::as_str).eq(path)
        };
        choice.candidates.iter().position(is_it)
    }

    /// Takes a key, and returns the value as it is written.
    fn key(&mut self, rank: usize) -> Result<&'a str, Reason> {
        let value = self.value::<&'a RawValue>()?.get();
        if self.scratch.key.as_ref().is_some_and(|(taken, _)| *taken <= rank) {
            return self.scratch.refuse_repeated_key(rank).map(|()| value);
        }
        let is_integer = value.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit());
        if value.starts_with('"') {
            let Text(key) = serde_json::from_str(value).map_err(|error| syntax(&error))?;
            self.scratch.key = Some((rank, key.into_owned()));
        } else if is_integer {
            self.scratch.key = Some((rank, value.to_owned()));
        } else if self.fields.key.named || rank == 0 {
            self.scratch.problem(Reason::KeyKind { found: kind(value.as_bytes()).to_owned() });
        }
        Ok(value)
    }

    fn vector(&mut self, rank: usize) -> Result<(), Reason> {
        let field = self.fields.vector.candidates.get(rank).map_or("", |field| field.text());
        match self.peek() {
            Some(b'[') => {
                if !self.scratch.begin_vector(field) {
                    return self.skip_brackets();
                }
                let start = self.at;
                let numbers = self.text.get(start + 1..).unwrap_or_default();
                match numbers::read(numbers, Some(b']'), Separated::ByComma, &mut self.scratch.numbers) {
                    Ok(used) => {
                        self.scratch.has_vector = true;
                        self.at = start + 1 + used;
                        Ok(())
                    }
                    Err(reason) => {
                        self.scratch.problem(reason);
                        self.skip_brackets()
                    }
                }
            }
            Some(b'"') => {
                let Text(cell) = self.value::<Text<'a>>()?;
                self.scratch.vector_cell(field, &cell);
                Ok(())
            }
            Some(b'{') if numbered::is_numbered(self.text.get(self.at..).unwrap_or_default()) => {
                let value = self.value::<&RawValue>()?.get();
                if self.scratch.begin_vector(field) {
                    match numbered::read(value.as_bytes(), &mut self.scratch.numbers) {
                        Ok(_) => self.scratch.has_vector = true,
                        Err(reason) => self.scratch.problem(reason),
                    }
                }
                Ok(())
            }
            _ => {
                let found = kind(self.value::<&RawValue>()?.get().as_bytes()).to_owned();
                self.scratch.vector_kind.get_or_insert(found);
                Ok(())
            }
        }
    }

    fn metadata(&mut self, rank: usize, value: &str) {
        let Some(field) = self.fields.metadata.candidates.get(rank) else { return };
        if self.scratch.metadata_seen.contains(&rank) {
            self.scratch.problem(repeated("metadata", field.text()));
            return;
        }
        self.scratch.metadata_seen.push(rank);
        if !self.fields.metadata.named {
            self.scratch.usual_metadata(rank, value, self.rules);
        } else if let Err(reason) = self.scratch.named_metadata(field, value, self.rules) {
            self.scratch.problem(reason);
        }
    }

    /// Reads the next value with the library, which also checks it.
    fn value<T: Deserialize<'a>>(&mut self) -> Result<T, Reason> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<T>();
        match values.next() {
            Some(Ok(value)) => {
                self.at += values.byte_offset();
                Ok(value)
            }
            Some(Err(error)) => {
                let Reason::Syntax { detail } = syntax(&error) else {
                    return Err(self.unexpected("a value"));
                };
                let detail = detail.split(" (column").next().unwrap_or_default();
                Err(Reason::Syntax { detail: format!("{detail} (column {})", self.at + error.column()) })
            }
            None => Err(self.unexpected("a value")),
        }
    }

    /// Passes over an array that the library would not read, such as one holding NaN, up to its closing bracket.
    fn skip_brackets(&mut self) -> Result<(), Reason> {
        let mut depth = 0_usize;
        let mut in_text = false;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match (byte, in_text) {
                (b'\\', true) => self.at += 1,
                (b'"', _) => in_text = !in_text,
                (b'[', false) => depth += 1,
                (b']', false) if depth == 1 => return Ok(()),
                (b']', false) => depth -= 1,
                _ => {}
            }
        }
        Err(self.unexpected("]"))
    }

    fn expect(&mut self, byte: u8, what: &str) -> Result<(), Reason> {
        self.skip_space();
        if self.peek() != Some(byte) {
            return Err(self.unexpected(what));
        }
        self.at += 1;
        Ok(())
    }

    fn unexpected(&self, wanted: &str) -> Reason {
        let found = match self.peek() {
            Some(byte) if byte.is_ascii_graphic() => format!("'{}'", char::from(byte)),
            Some(byte) => format!("byte {byte:#04x}"),
            None => "the end of the record".to_owned(),
        };
        Reason::Syntax { detail: format!("expected {wanted}, found {found} (column {})", self.at + 1) }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }
}
