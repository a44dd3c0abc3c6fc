//! What the walk does with the value of a member, by the member's role.

use std::borrow::Cow;

use super::super::fields::{Field, holds_metadata, is_namespace, loose};
use super::super::findings::Kind;
use super::super::metadata::{Under, Value, described, excerpt, holds_nothing, kind};
use super::super::numbered;
use super::super::numbers::{self, Separated};
use super::super::restricts::Restricts;
use super::super::scratch::{Key, NoVector, repeated};
use super::super::skip::decoded;
use super::{Rest, Walk};
use crate::record::Reason;

impl Walk<'_, '_> {
    /// Takes a key: the one in the likeliest field that the record has, valid or not.
    pub(super) fn key(&mut self, rank: usize, (start, end): (usize, usize)) -> Result<(), Reason> {
        let raw = self.text.get(start..end).unwrap_or_default();
        let judged = match raw {
            [b'"', ..] => decoded(self.text, start, end).map(Cow::into_owned),
            _ if is_integer(raw) => Ok(String::from_utf8_lossy(raw).into_owned()),
            _ => {
                let found = if raw.starts_with(b"{") || raw.starts_with(b"[") {
                    kind(raw).to_owned()
                } else if raw.starts_with(b"b\"") {
                    described(raw)
                } else {
                    excerpt(raw)
                };
                Err(Reason::KeyKind { field: self.fields.key.name(rank).to_owned(), found })
            }
        };
        match &self.scratch.key {
            Some(taken) if taken.rank == rank => {
                return Err(Reason::Syntax { detail: "the key field occurs twice".to_owned() });
            }
            Some(taken) if taken.rank < rank => self.scratch.other_keys.push((rank, start, end)),
            taken => {
                self.scratch
                    .other_keys
                    .extend(taken.as_ref().map(|taken| (taken.rank, taken.start, taken.end)));
                let is_number = raw.first() != Some(&b'"');
                self.scratch.key = Some(Key { rank, judged, is_number, start, end });
            }
        }
        Ok(())
    }

    pub(super) fn vector(&mut self, name: &str, rank: usize, rest: Rest) -> Result<(), Reason> {
        if let Some(beside) = self.beside
            && let Some(vector) = beside.vector(self.at)
        {
            if self.scratch.begin_vector(rank, &self.fields.vector) {
                match beside.numbers(vector, &mut self.scratch.numbers) {
                    Ok(()) => self.scratch.has_vector = true,
                    Err(reason) => self.scratch.problem(reason),
                }
            }
            return self.skip();
        }
        match self.peek() {
            Some(b'[') => {
                if !self.scratch.begin_vector(rank, &self.fields.vector) {
                    return self.skip();
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
                        self.skip()
                    }
                }
            }
            Some(b'"') => {
                let (start, end) = self.value()?;
                let cell = decoded(self.text, start, end)?;
                self.scratch.vector_cell(rank, &self.fields.vector, &cell);
                Ok(())
            }
            Some(b'{') if numbered::is_numbered(self.text.get(self.at..).unwrap_or_default()) => {
                let (start, end) = self.value()?;
                if self.scratch.begin_vector(rank, &self.fields.vector) {
                    let value = self.text.get(start..end).unwrap_or_default();
                    match numbered::read(value, &mut self.scratch.numbers) {
                        Ok(used) if used == value.len() => self.scratch.has_vector = true,
                        Ok(_) => self.scratch.problem(numbered::out_of_order()),
                        Err(reason) => self.scratch.problem(reason),
                    }
                }
                Ok(())
            }
            _ => {
                let (start, end) = self.value()?;
                let found = described(self.text.get(start..end).unwrap_or_default());
                let is_settled = rest == Rest::IsStored || self.named_metadata(name).is_some();
                let member = (self.path.clone(), name.to_owned());
                let kinds = &mut self.scratch.vector_kinds;
                // Two are enough to show that the member is repeated; a record may have millions.
                if kinds.iter().filter(|kind| kind.member == member).count() < 2 {
                    kinds.push(NoVector { found, member, value: (start, end), is_settled });
                }
                Ok(())
            }
        }
    }

    /// Takes an element of a vector with one member per number.
    pub(super) fn wide_number(&mut self, number: u32, (start, end): (usize, usize)) {
        let raw = self.text.get(start..end).unwrap_or_default();
        let name = self.fields.wide.as_ref().map(|wide| wide.name(number)).unwrap_or_default();
        let index = usize::try_from(number).unwrap_or(usize::MAX);
        // In a reject of a table, cells are text.
        let cell = if raw.starts_with(b"\"") { decoded(self.text, start, end).ok() } else { None };
        let read = match &cell {
            Some(cell) if !cell.trim().is_empty() => {
                numbers::one(cell.trim().as_bytes(), Separated::Loosely, index, &name)
            }
            _ => numbers::one(raw, Separated::ByComma, index, &name),
        };
        match read {
            Ok(value) => self.scratch.wide.push((number, value)),
            Err(reason) => self.scratch.problem(reason),
        }
    }

    pub(super) fn metadata(&mut self, name: &str, rank: usize, (start, end): (usize, usize)) {
        self.named(self.fields.metadata.named, Kind::Metadata, rank);
        if let Some(field) = self.fields.left_out(&self.path, name) {
            self.scratch.book.note(Kind::LeftOut, "", field);
            return;
        }
        if self.scratch.metadata_seen.contains(&rank) {
            self.scratch.problem(repeated("metadata", self.fields.metadata.name(rank)));
            return;
        }
        self.scratch.metadata_seen.push(rank);
        let value = Value { text: self.text, start, end, path: &self.path };
        let under = Under { fields: self.fields, rules: self.rules };
        if !self.fields.metadata.named {
            self.scratch.usual_metadata(rank, value, under);
            return;
        }
        let restricts = Restricts::of(name, value.raw(), under);
        let taken = match (restricts, self.fields.metadata.candidates.get(rank).and_then(Field::stored_as)) {
            (Some(restricts), _) => restricts.store(&mut self.scratch.metadata, under),
            (None, Some(new_name)) => self.scratch.metadata.kept_value(new_name, value, under),
            (None, None) => self.scratch.metadata.field(name, value, under),
        };
        if let Err(reason) = taken {
            self.scratch.problem(reason);
        }
    }

    /// Takes any other member: with `*` it is metadata, otherwise it is not stored.
    pub(super) fn other(&mut self, name: &str, (start, end): (usize, usize)) {
        let raw = self.text.get(start..end).unwrap_or_default();
        let (fields, path) = (self.fields, self.path.as_str());
        if fields.is_envelope(path, name) {
            return;
        }
        if path.is_empty() && is_namespace(name) && !fields.is_settled(name) {
            let namespace = if raw == b"null" { "".into() } else { String::from_utf8_lossy(raw) };
            self.scratch.has_namespace = true;
            self.scratch.book.note(Kind::Namespace, "", namespace.trim_matches('"'));
            if !holds_nothing(raw) {
                self.scratch.book.note(Kind::OwnNamespace, "", name);
            }
        }
        let under = Under { fields, rules: self.rules };
        if let Some(field) = fields.left_out(path, name) {
            self.scratch.book.note(Kind::LeftOut, "", field);
        } else if path.is_empty() && !fields.metadata.named && Restricts::of(name, raw, under).is_some() {
            self.scratch.restricts.push((name.to_owned(), start, end));
        } else if !fields.all {
            if !holds_nothing(raw) {
                let kind = if self.beside.is_some() && path.is_empty() { Kind::Column } else { Kind::Member };
                self.scratch.book.note(loose(name, kind), path, name);
            }
        } else if !(holds_metadata(name) && raw == b"null") {
            self.scratch.book.note(Kind::Stored, path, name);
            let value = Value { text: self.text, start, end, path };
            let taken = if holds_metadata(name) {
                self.scratch.metadata.field(name, value, under)
            } else {
                self.scratch.metadata.value(name, value, under)
            };
            if let Err(reason) = taken {
                self.scratch.problem(reason);
            }
        }
    }
}

/// Whether a value is a JSON integer of any size.
fn is_integer(value: &[u8]) -> bool {
    match value.strip_prefix(b"-").unwrap_or(value) {
        [b'0'] => true,
        [b'1'..=b'9', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}
