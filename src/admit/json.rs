//! One JSON record in one pass: its key, its vector and its metadata land in the scratch, the rest is skipped.

use std::borrow::Cow;

use super::fields::{Choice, Fields, Leads, holds_metadata, is_namespace, loose};
use super::findings::Kind;
use super::glued;
use super::metadata::{Under, Value, described, excerpt, kind};
use super::numbered;
use super::numbers::{self, Separated};
use super::rules::Rules;
use super::scratch::{Key, NoVector, Scratch, Taken, repeated};
use super::skip::{Unexpected, decoded, skip_space, string_end, value_end};
use crate::record::Reason;

/// What is wrong with a record that begins with a byte-order mark: one counts at the start of a file only.
pub(crate) const MARK: &str = "it starts with U+FEFF, a byte-order mark inside the file; if files were concatenated, \
                               remove it: sed 's/\\xEF\\xBB\\xBF//g' FILE > NEW-FILE";

/// Reads the record `text` into `scratch`.
pub(crate) fn read(text: &[u8], fields: &Fields, rules: &Rules, scratch: &mut Scratch) -> Result<(), Reason> {
    let start = skip_space(text, 0);
    if text.get(start) != Some(&b'{') {
        if text.get(start..).is_some_and(|rest| rest.starts_with("\u{feff}".as_bytes())) {
            return Err(Reason::Syntax { detail: MARK.to_owned() });
        }
        let found = kind(text.get(start..).unwrap_or_default());
        return Err(Reason::Syntax { detail: format!("it is {found}, not an object") });
    }
    scratch.taken.clear();
    let path = std::mem::take(&mut scratch.path);
    let mut walk = Walk { text, at: start, fields, rules, scratch, path };
    let walked = loop {
        walk.path.clear();
        match walk.members(Rest::Counts) {
            Ok(()) => break Ok(()),
            Err(Stop::Reason(reason)) => break Err(reason),
            Err(Stop::Again) => {
                walk.at = start;
                walk.scratch.clear();
                walk.scratch.taken.retain(|taken| taken.by_name);
            }
        }
    };
    let read = walked.and_then(|()| walk.end());
    let path = std::mem::take(&mut walk.path);
    scratch.path = path;
    read
}

struct Walk<'a, 's> {
    text: &'a [u8],
    at: usize,
    fields: &'s Fields,
    rules: &'s Rules,
    scratch: &'s mut Scratch,
    /// Names of the objects that are open, from the outside in, each with a dot, without the record itself.
    path: String,
}

/// Why a walk ends early.
enum Stop {
    Reason(Reason),
    /// A field was found by its whole name after it was taken from a path.
    Again,
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self::Reason(reason)
    }
}

/// What a member is for.
#[derive(Clone, Copy)]
enum Role {
    Key(usize),
    Vector(usize),
    Metadata(usize),
    Other,
}

/// What becomes of the members of an object that are for nothing in particular.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// They are stored, or told of.
    Counts,
    /// They are stored or left out with the object.
    IsStored,
}

impl<'a> Walk<'a, '_> {
    fn members(&mut self, rest: Rest) -> Result<(), Stop> {
        self.at = skip_space(self.text, self.at + 1);
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.at = skip_space(self.text, self.at);
            let name = self.name()?;
            self.at = skip_space(self.text, self.at);
            if self.peek() != Some(b':') {
                return Err(self.unexpected("a colon").into());
            }
            self.at = skip_space(self.text, self.at + 1);
            self.member(&name, rest)?;
            self.at = skip_space(self.text, self.at);
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.unexpected("a comma or }").into()),
            }
        }
    }

    /// The name of the next member; without it nobody knows what the value is for.
    fn name(&mut self) -> Result<Cow<'a, str>, Reason> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a member's name"));
        }
        let start = self.at;
        self.at = string_end(self.text, start).map_err(|unexpected| unexpected.reason(self.text))?;
        decoded(self.text, start, self.at)
    }

    fn member(&mut self, name: &str, rest: Rest) -> Result<(), Stop> {
        let (role, leads_on) = self.role(name)?;
        match role {
            Role::Vector(rank) => {
                self.named(self.fields.vector.named, Kind::Vector, rank);
                self.part_left_out(name);
                let start = self.at;
                self.vector(name, rank, rest)?;
                // What is named as metadata is stored, also where it could be the vector.
                if let Some(rank) = self.named_metadata(name) {
                    self.metadata(name, rank, (start, self.at));
                }
                Ok(())
            }
            Role::Key(rank) => {
                let value = self.value()?;
                self.named(self.fields.key.named, Kind::Key, rank);
                self.part_left_out(name);
                self.key(rank, value)?;
                // The user may want to filter by what could be a key, or is one.
                if let Some(rank) = self.named_metadata(name) {
                    self.metadata(name, rank, value);
                }
                Ok(())
            }
            Role::Metadata(rank) => {
                let (start, end) = self.value()?;
                self.metadata(name, rank, (start, end));
                // The key may stand among the metadata.
                self.go_on(name, start, leads_on, Rest::IsStored)?;
                self.at = end;
                Ok(())
            }
            Role::Other if leads_on && self.peek() == Some(b'{') => {
                // Only the parts that it leads to are taken from an object that is left out.
                let rest = if self.part_left_out(name) { Rest::IsStored } else { rest };
                self.go_on(name, self.at, true, rest)
            }
            Role::Other => {
                let value = self.value()?;
                if rest == Rest::Counts {
                    self.other(name, value);
                }
                Ok(())
            }
        }
    }

    /// Walks through an object below the record, if there may be something in it.
    fn go_on(&mut self, name: &str, start: usize, leads_on: bool, rest: Rest) -> Result<(), Stop> {
        if !leads_on || self.text.get(start) != Some(&b'{') {
            return Ok(());
        }
        self.at = start;
        let outside = self.path.len();
        self.path.push_str(name);
        self.path.push('.');
        self.members(rest)?;
        self.path.truncate(outside);
        Ok(())
    }

    /// What a member is for, and whether it leads to other candidates.
    fn role(&mut self, name: &str) -> Result<(Role, bool), Stop> {
        let fields = self.fields;
        let mut leads_on = false;
        let mut find = |choice: &Choice| {
            let mut found = None;
            for (rank, field) in choice.candidates.iter().enumerate() {
                match field.leads(&self.path, name) {
                    Some(Leads::There) if found.is_none() => found = Some((rank, field.is_path())),
                    Some(Leads::Inside) => leads_on = true,
                    _ => {}
                }
            }
            found
        };
        let found = [
            (find(&fields.vector), Kind::Vector),
            (find(&fields.key), Kind::Key),
            (find(&fields.metadata), Kind::Metadata),
        ];
        for (found, part) in found {
            let Some((rank, is_path)) = found else { continue };
            if is_path && !self.takes(part, rank)? {
                continue;
            }
            let role = match part {
                Kind::Vector => Role::Vector(rank),
                Kind::Key => Role::Key(rank),
                _ => Role::Metadata(rank),
            };
            return Ok((role, leads_on));
        }
        Ok((Role::Other, leads_on))
    }

    /// Whether a field with a dot in its name is taken from here: from the member of that name, if there is one, else
    /// from the path.
    fn takes(&mut self, part: Kind, rank: usize) -> Result<bool, Stop> {
        let taken = Taken { part, rank, by_name: self.path.is_empty() };
        let opposite = Taken { by_name: !taken.by_name, ..taken };
        let known = &mut self.scratch.taken;
        let has_opposite = known.contains(&opposite);
        if has_opposite && !taken.by_name {
            return Ok(false);
        }
        if !known.contains(&taken) {
            known.push(taken);
        }
        if has_opposite { Err(Stop::Again) } else { Ok(true) }
    }

    /// Which candidate the member `name` of the open object is.
    fn find(&self, choice: &Choice, name: &str) -> Option<usize> {
        choice.candidates.iter().position(|field| field.leads(&self.path, name) == Some(Leads::There))
    }

    /// Which of the metadata that the user names the member `name` is.
    fn named_metadata(&self, name: &str) -> Option<usize> {
        let named = Some(&self.fields.metadata).filter(|choice| choice.named);
        named.and_then(|choice| self.find(choice, name))
    }

    /// Whether the user leaves out the member `name`, which may be a part of the record all the same, or hold one.
    fn part_left_out(&mut self, name: &str) -> bool {
        let field = if self.fields.leaves_out() { self.fields.left_out(&self.path, name) } else { None };
        field.inspect(|field| self.scratch.book.note(Kind::LeftOut, "", field)).is_some()
    }

    fn named(&mut self, is_named: bool, kind: Kind, rank: usize) {
        if is_named {
            let choice = match kind {
                Kind::Vector => &self.fields.vector,
                Kind::Key => &self.fields.key,
                _ => &self.fields.metadata,
            };
            self.scratch.book.note(kind, "", choice.name(rank));
        }
    }

    /// Takes a key: of those that a record may have, that of the likeliest field, good or bad.
    fn key(&mut self, rank: usize, (start, end): (usize, usize)) -> Result<(), Reason> {
        let raw = self.text.get(start..end).unwrap_or_default();
        let judged = match raw {
            [b'"', ..] => decoded(self.text, start, end).map(Cow::into_owned),
            _ if is_integer(raw) => Ok(String::from_utf8_lossy(raw).into_owned()),
            _ => {
                let found = if raw.starts_with(b"{") || raw.starts_with(b"[") {
                    kind(raw).to_owned()
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
                self.scratch.key = Some(Key { rank, judged, start, end });
            }
        }
        Ok(())
    }

    fn vector(&mut self, name: &str, rank: usize, rest: Rest) -> Result<(), Reason> {
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
                // Two show that the member is repeated; a record may have millions.
                if kinds.iter().filter(|kind| kind.member == member).count() < 2 {
                    kinds.push(NoVector { found, member, value: (start, end), is_settled });
                }
                Ok(())
            }
        }
    }

    fn metadata(&mut self, name: &str, rank: usize, (start, end): (usize, usize)) {
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
        } else if let Err(reason) = self.scratch.metadata.field(name, value, under) {
            self.scratch.problem(reason);
        }
    }

    /// Takes a member that is for nothing in particular: with `*` it is metadata, else it goes nowhere.
    fn other(&mut self, name: &str, (start, end): (usize, usize)) {
        let raw = self.text.get(start..end).unwrap_or_default();
        let (fields, path) = (self.fields, self.path.as_str());
        if path.is_empty() && is_namespace(name) && !fields.is_settled(name) {
            let namespace = if raw == b"null" { "".into() } else { String::from_utf8_lossy(raw) };
            self.scratch.has_namespace = true;
            self.scratch.book.note(Kind::Namespace, "", namespace.trim_matches('"'));
        }
        if let Some(field) = fields.left_out(path, name) {
            self.scratch.book.note(Kind::LeftOut, "", field);
        } else if !fields.all {
            if !holds_nothing(raw) {
                self.scratch.book.note(loose(name, Kind::Member), path, name);
            }
        } else if !(holds_metadata(name) && raw == b"null") {
            self.scratch.book.note(Kind::Stored, path, name);
            let value = Value { text: self.text, start, end, path };
            let under = Under { fields, rules: self.rules };
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

    /// Nothing may follow; and what becomes of fields that could have been key or vector is known only now.
    fn end(&mut self) -> Result<(), Reason> {
        let object_end = self.at;
        self.at = skip_space(self.text, self.at);
        if self.at < self.text.len() {
            self.scratch.glued = glued::after(self.text, object_end);
            return Err(self.unexpected("no more text"));
        }
        for (rank, start, end) in std::mem::take(&mut self.scratch.other_keys) {
            let name = self.fields.key.name(rank);
            // Named as metadata, it is stored.
            let is_settled = self.fields.is_inside_left_out(name) || self.named_metadata(name).is_some();
            if !is_settled {
                self.other(name, (start, end));
            }
        }
        for NoVector { found, member: (path, name), value, is_settled } in
            std::mem::take(&mut self.scratch.vector_kinds)
        {
            if !self.scratch.has_vector {
                self.scratch.vector_kind.get_or_insert(found);
            } else if !is_settled {
                self.path = path;
                self.other(&name, value);
            }
        }
        if !self.scratch.has_namespace && !self.fields.settles_namespace() {
            self.scratch.book.note(Kind::Namespace, "", "");
        }
        Ok(())
    }

    /// Where the next value stands.
    fn value(&mut self) -> Result<(usize, usize), Reason> {
        let start = self.at;
        self.skip()?;
        Ok((start, self.at))
    }

    /// Passes over the next value, whatever it is.
    fn skip(&mut self) -> Result<(), Reason> {
        let end = value_end(self.text, self.at, &mut self.scratch.open);
        self.at = end.map_err(|unexpected| unexpected.reason(self.text))?;
        Ok(())
    }

    fn unexpected(&self, wanted: &'static str) -> Reason {
        Unexpected { at: self.at, wanted }.reason(self.text)
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }
}

/// Whether a value is an integer as JSON has it, of any size.
fn is_integer(value: &[u8]) -> bool {
    match value.strip_prefix(b"-").unwrap_or(value) {
        [b'0'] => true,
        [b'1'..=b'9', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// Whether nothing is lost when a value is not stored.
fn holds_nothing(value: &[u8]) -> bool {
    let inside = |open, close| {
        value
            .strip_prefix(open)
            .and_then(|rest: &[u8]| rest.strip_suffix(close))
            .is_some_and(|inside: &[u8]| inside.trim_ascii().is_empty())
    };
    matches!(value, b"null" | b"None" | b"\"\"") || inside(b"{", b"}") || inside(b"[", b"]")
}
