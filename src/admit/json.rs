//! One JSON record in one pass: puts its key, its vector and its metadata in the scratch and skips the rest.

mod parts;

use std::borrow::Cow;

use super::beside::Beside;
use super::fields::{Choice, Fields, Leads};
use super::findings::Kind;
use super::glued;
use super::joined;
use super::metadata::{Under, kind};
use super::restricts;
use super::rules::Rules;
use super::scratch::{NoVector, Scratch, Taken};
use super::skip::{Unexpected, decoded, skip_space, string_end, value_end};
use crate::record::Reason;
use crate::record::names::JOINED;
use crate::record::wide::{Match, Wide, WideTrouble};

/// What is wrong with a record that begins with a byte-order mark, which is valid only at the start of a file.
pub(crate) const MARK_IN_FILE: &str = "it starts with U+FEFF, a byte-order mark inside the file; if files were concatenated, \
                               remove it: sed 's/\\xEF\\xBB\\xBF//g' FILE > NEW-FILE";

/// Reads the record `text`, which may have the numbers of its vectors `beside` it, into `scratch`.
pub(super) fn read(
    text: &[u8],
    beside: Option<Beside<'_>>,
    Under { fields, rules }: Under<'_>,
    scratch: &mut Scratch,
) -> Result<(), Reason> {
    let start = skip_space(text, 0);
    if text.get(start) != Some(&b'{') {
        if text.get(start..).is_some_and(|rest| rest.starts_with("\u{feff}".as_bytes())) {
            return Err(Reason::Syntax { detail: MARK_IN_FILE.to_owned() });
        }
        let found = kind(text.get(start..).unwrap_or_default());
        return Err(Reason::Syntax { detail: format!("it is {found}, not an object") });
    }
    scratch.taken.clear();
    let path = std::mem::take(&mut scratch.path);
    let mut walk = Walk { text, beside, at: start, fields, rules, scratch, path, arrays: 0 };
    let walked = loop {
        walk.path.clear();
        walk.arrays = 0;
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
    /// The vectors whose numbers are not in the text.
    beside: Option<Beside<'s>>,
    at: usize,
    fields: &'s Fields,
    rules: &'s Rules,
    scratch: &'s mut Scratch,
    /// The names of the open objects, outermost first, each with a dot, without the record itself.
    path: String,
    /// How many arrays are open.
    arrays: usize,
}

/// Why a walk stops early.
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

/// The purpose of a member.
#[derive(Clone, Copy)]
enum Role {
    Key(usize),
    Vector(usize),
    Metadata(usize),
    /// The element of a vector with this number in its name, or an invalid name.
    Wide(Match),
    Other,
}

/// Whether a member may contain other candidates.
#[derive(Clone, Copy, Default)]
struct LeadsOn {
    /// In its members, if it is an object.
    inside: bool,
    /// In its elements, if it is an array.
    to_elements: bool,
}

/// What to do with the other members of an object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// Store or report them.
    Counts,
    /// Nothing: they are stored or excluded together with the object.
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

    /// The name of the next member; without it, the purpose of the value is unknown.
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
                // Fields named as metadata are stored, even if they could be the vector.
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
                // The user may want to filter by a field that is, or could be, the key.
                if let Some(rank) = self.named_metadata(name) {
                    self.metadata(name, rank, value);
                }
                Ok(())
            }
            Role::Metadata(rank) => {
                let (start, end) = self.value()?;
                if self.is_joined(name) {
                    self.scratch.book.note(Kind::Joined, "", JOINED);
                }
                self.metadata(name, rank, (start, end));
                // The key may be in the metadata.
                self.go_on(name, start, leads_on, Rest::IsStored)?;
                self.at = end;
                Ok(())
            }
            Role::Wide(Match::Number(number)) => {
                let value = self.value()?;
                self.named(true, Kind::Vector, 0);
                self.wide_number(number, value);
                Ok(())
            }
            Role::Wide(Match::Other) => {
                let trouble = WideTrouble::NoNumber([&self.path, name].concat());
                self.scratch.problem(Reason::Wide { pattern: self.fields.vector.list(), trouble });
                Ok(self.skip()?)
            }
            Role::Other if self.is_joined(name) => {
                let (start, end) = self.value()?;
                self.scratch.book.note(Kind::Joined, "", JOINED);
                self.scratch.joined = (!self.part_left_out(name)).then_some((start, end));
                // What is not stored of it is reported separately.
                self.go_on(name, start, leads_on, Rest::IsStored)?;
                self.at = end;
                Ok(())
            }
            Role::Other if self.is_way(self.at, leads_on) => {
                // Of an excluded object, only the parts that it leads to are taken.
                let rest = if self.part_left_out(name) { Rest::IsStored } else { rest };
                self.go_on(name, self.at, leads_on, rest)
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

    /// Whether a member was added by `--join`.
    fn is_joined(&self, name: &str) -> bool {
        self.fields.is_joined && self.path.is_empty() && name == JOINED
    }

    /// Whether the value at `start` is an object or an array that may contain other candidates.
    fn is_way(&self, start: usize, leads_on: LeadsOn) -> bool {
        (leads_on.inside && self.text.get(start) == Some(&b'{'))
            || (leads_on.to_elements && self.text.get(start) == Some(&b'['))
    }

    /// Walks through a nested object or array, if it may contain anything.
    fn go_on(&mut self, name: &str, start: usize, leads_on: LeadsOn, rest: Rest) -> Result<(), Stop> {
        if !self.is_way(start, leads_on) {
            return Ok(());
        }
        self.at = start;
        if self.peek() == Some(b'[') {
            return self.elements(name, rest);
        }
        let outside = self.path.len();
        self.path.push_str(name);
        self.path.push('.');
        self.members(rest)?;
        self.path.truncate(outside);
        Ok(())
    }

    /// Walks through an array as through members of the object around it, named after the array and their index.
    fn elements(&mut self, array: &str, rest: Rest) -> Result<(), Stop> {
        self.arrays += 1;
        self.at = skip_space(self.text, self.at + 1);
        if self.peek() == Some(b']') {
            self.at += 1;
            self.arrays -= 1;
            return Ok(());
        }
        for index in 0_usize.. {
            self.at = skip_space(self.text, self.at);
            self.member(&format!("{array}[{index}]"), rest)?;
            self.at = skip_space(self.text, self.at);
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    break;
                }
                _ => return Err(self.unexpected("a comma or ]").into()),
            }
        }
        self.arrays -= 1;
        Ok(())
    }

    /// The role of a member, and whether it leads to other candidates.
    fn role(&mut self, name: &str) -> Result<(Role, LeadsOn), Stop> {
        let fields = self.fields;
        let mut leads_on = LeadsOn::default();
        let mut find = |choice: &Choice| {
            let mut found = None;
            for (rank, field) in choice.candidates.iter().enumerate() {
                match field.leads(&self.path, name) {
                    Some(Leads::There) if found.is_none() => found = Some((rank, field.is_path())),
                    Some(Leads::Inside) => leads_on.inside = true,
                    Some(Leads::Element) => leads_on.to_elements = true,
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
        leads_on.inside |= fields.leaves_out_inside(&self.path, name);
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
        let role = match &fields.wide {
            Some(wide) => self.wide_role(wide, name),
            None => Role::Other,
        };
        Ok((role, leads_on))
    }

    /// The role of a member that is not a candidate, if a vector may have one member per number.
    fn wide_role(&self, wide: &Wide, name: &str) -> Role {
        match wide.matches(&self.path, name) {
            Some(Match::Number(_)) if self.fields.left_out(&self.path, name).is_some() => Role::Other,
            Some(Match::Other) if self.fields.has_place_for(&self.path, name) => Role::Other,
            Some(found) => Role::Wide(found),
            None => Role::Other,
        }
    }

    /// Whether a field with a dot or a bracket in its name is taken from here. The member with the whole name takes
    /// precedence over the path.
    fn takes(&mut self, part: Kind, rank: usize) -> Result<bool, Stop> {
        let taken = Taken { part, rank, by_name: self.path.is_empty() && self.arrays == 0 };
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

    /// Which of the user's metadata fields the member `name` is.
    fn named_metadata(&self, name: &str) -> Option<usize> {
        let named = Some(&self.fields.metadata).filter(|choice| choice.named);
        named.and_then(|choice| self.find(choice, name))
    }

    /// Whether the user excludes the member `name`, which may still be a part of the record, or contain one.
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

    /// Checks that nothing follows, and handles fields that could have been key or vector, which is known only now.
    fn end(&mut self) -> Result<(), Reason> {
        let object_end = self.at;
        self.at = skip_space(self.text, self.at);
        if self.at < self.text.len() {
            self.scratch.glued = glued::after(self.text, object_end);
            return Err(self.unexpected("no more text"));
        }
        if !self.scratch.wide.is_empty() {
            self.scratch.wide_vector(self.fields);
        }
        for (rank, start, end) in std::mem::take(&mut self.scratch.other_keys) {
            let name = self.fields.key.name(rank);
            // If it is named as metadata, it is stored.
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
        if let Some(joined) = self.scratch.joined.take() {
            let under = Under { fields: self.fields, rules: self.rules };
            joined::take(joined, self.text, under, self.scratch);
        }
        restricts::take(self.text, Under { fields: self.fields, rules: self.rules }, self.scratch);
        if !self.scratch.has_namespace && !self.fields.settles_namespace() {
            self.scratch.note_namespace_around();
        }
        Ok(())
    }

    /// The range of the next value.
    fn value(&mut self) -> Result<(usize, usize), Reason> {
        let start = self.at;
        self.skip()?;
        Ok((start, self.at))
    }

    /// Skips the next value.
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

#[cfg(test)]
mod tests;
