//! Findings that reject no record but must be reported: unused fields, keys from two fields, namespaces.
//!
//! A [`Book`] counts while records are judged, without an allocation for a record that is like the ones before it.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::record::Position;

/// What a finding is about; the name next to it says which field, or which value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A member that is not stored.
    Member,
    /// A column that is not stored.
    Column,
    /// A metadata object other than the one that is stored.
    SecondMetadata,
    /// Sparse values, which the service cannot store.
    Sparse,
    /// The value of a namespace.
    Namespace,
    /// The name of the field in which a record has its own namespace.
    OwnNamespace,
    /// A record whose namespace may follow it.
    OpenNamespace,
    /// A field that gave keys.
    KeyFrom,
    /// A field that gave vectors.
    VectorFrom,
    /// A key with whitespace at its ends.
    KeyWhitespace,
    /// A key that programs write for a missing value.
    KeyMissing,
    /// A key that was a whole number before a program wrote it as another one.
    KeyNumber,
    /// A vector of a part of its text: the model has not seen the rest.
    Truncated,
    /// A field that `--key` names and a record has.
    Key,
    /// A field that `--vector` names and a record has.
    Vector,
    /// A field that `--metadata` names and a record has.
    Metadata,
    /// A field that `--metadata` excludes and a record has.
    LeftOut,
    /// A field that `--metadata '*'` stores.
    Stored,
    /// What `--join` adds to records, if any.
    Joined,
    /// A member of a joined record that is not stored.
    JoinedMember,
}

impl Kind {
    /// Whether it is about a name on the command line, which counts even if the record is rejected.
    pub fn is_named(self) -> bool {
        matches!(self, Self::Key | Self::Vector | Self::Metadata | Self::LeftOut | Self::Joined)
    }
}

/// How many records a finding is about, and the first of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub kind: Kind,
    /// Which field or value; `None` beyond [`NAMES_AT_MOST`].
    pub name: Option<Arc<str>>,
    /// Good records; for a name on the command line, all that have it.
    pub count: u64,
    /// The same, including rejected ones.
    pub seen: u64,
    /// The first of them.
    pub first: Position,
}

/// Records in which something is stored as another type, and the first of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Converted {
    /// How many there are.
    pub records: u64,
    /// The first one, if any.
    pub first: Option<Position>,
}

impl Converted {
    fn count(&mut self, is_converted: bool, position: Position) {
        if is_converted {
            self.records += 1;
            self.first.get_or_insert(position);
        }
    }

    fn add(&mut self, more: Self) {
        self.records += more.records;
        self.first = self.first.into_iter().chain(more.first).min();
    }
}

/// The findings of some consecutive records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Records whose fields were all seen.
    pub looked: u64,
    /// Good records whose key is a number, which is stored as text.
    pub number_keys: Converted,
    /// Good records with numbers or booleans in metadata, which are stored as text.
    pub metadata_as_text: Converted,
    /// The namespace of earlier records whose namespace is open.
    pub were: Option<Arc<str>>,
    /// Each kind and name once; names on the command line are included even if no record has them.
    pub list: Vec<Finding>,
}

/// Maximum number of distinct names per kind.
pub(crate) const NAMES_AT_MOST: usize = 64;
/// Maximum number of characters that are kept of a name.
const NAME_CHARACTERS: usize = 64;

impl Findings {
    /// Adds those of the next records.
    pub fn add(&mut self, more: &Self) {
        self.looked += more.looked;
        self.number_keys.add(more.number_keys);
        self.metadata_as_text.add(more.metadata_as_text);
        if let Some(name) = &more.were {
            self.close_namespace(name);
        }
        for finding in &more.list {
            self.enter(finding);
        }
    }

    /// Sets the namespace of records whose namespace was open.
    fn close_namespace(&mut self, name: &Arc<str>) {
        self.were.get_or_insert_with(|| Arc::clone(name));
        let open = self.list.iter_mut().find(|known| known.kind == Kind::OpenNamespace && known.seen > 0);
        let Some(open) = open else { return };
        let closed =
            Finding { kind: Kind::Namespace, name: Some(kept(Kind::Namespace, name).into()), ..open.clone() };
        (open.count, open.seen) = (0, 0);
        self.enter(&closed);
    }

    /// Adds a finding of later records.
    fn enter(&mut self, finding: &Finding) {
        let known = self.find(finding.kind, finding.name.as_deref());
        match known.and_then(|index| self.list.get_mut(index)) {
            Some(known) => {
                known.add(finding.count, finding.first);
                known.seen += finding.seen;
            }
            None => self.list.push(Finding { name: self.free(finding), ..finding.clone() }),
        }
    }

    fn find(&self, kind: Kind, name: Option<&str>) -> Option<usize> {
        let position =
            |name| self.list.iter().position(|known| known.kind == kind && known.name.as_deref() == name);
        position(name).or_else(|| if self.is_full(kind) { position(None) } else { None })
    }

    /// The name to keep for a new finding.
    fn free(&self, finding: &Finding) -> Option<Arc<str>> {
        finding.name.clone().filter(|_| !self.is_full(finding.kind))
    }

    fn is_full(&self, kind: Kind) -> bool {
        // The number of names on the command line is limited.
        !kind.is_named() && self.list.iter().filter(|known| known.kind == kind).count() >= NAMES_AT_MOST
    }

    /// The findings of a kind, in the order in which they were made.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Finding> {
        self.list.iter().filter(move |finding| finding.kind == kind && finding.count > 0)
    }

    /// Names of fields that records have, including rejected ones.
    pub fn seen(&self, kind: Kind) -> impl Iterator<Item = &Finding> {
        self.list.iter().filter(move |finding| finding.kind == kind && finding.seen > 0)
    }

    /// Names on the command line that none of the records has, if the fields of any were seen. A record to which
    /// nothing could be joined shows no fields.
    pub fn missing(&self) -> impl Iterator<Item = &Finding> {
        let were_seen = |finding: &Finding| self.looked > 0 || finding.kind == Kind::Joined;
        let is_missing = |finding: &Finding| finding.kind.is_named() && finding.count == 0;
        self.list.iter().filter(move |finding| is_missing(finding) && were_seen(finding))
    }
}

impl Finding {
    fn add(&mut self, count: u64, first: Position) {
        if self.count == 0 || (count > 0 && first < self.first) {
            self.first = first;
        }
        self.count += count;
    }
}

/// Counts findings while records are judged.
#[derive(Debug, Default)]
pub(crate) struct Book {
    findings: Findings,
    /// The index of the next finding if the record is like the one before.
    next: usize,
    /// The findings of the current record.
    open: Vec<usize>,
}

impl Book {
    /// A book with the names on the command line, which are reported even if no record has them.
    pub(crate) fn new(named: impl Iterator<Item = (Kind, String)>) -> Self {
        let finding = |(kind, name): (Kind, String)| Finding {
            kind,
            name: Some(name.into()),
            count: 0,
            seen: 0,
            first: Position::default(),
        };
        let findings = Findings { list: named.map(finding).collect(), ..Findings::default() };
        Self { findings, ..Self::default() }
    }

    /// Notes something about the current record: the field `name` in the open objects `path`, each followed by a dot.
    pub(crate) fn note(&mut self, kind: Kind, path: &str, name: &str) {
        let name = &*kept(kind, name);
        let is_it = |known: &Finding| {
            known.kind == kind
                && known.name.as_ref().is_some_and(|known| known.strip_prefix(path) == Some(name))
        };
        let list = &self.findings.list;
        let expected = list.get(self.next).filter(|known| is_it(known)).map(|_| self.next);
        let index = expected.or_else(|| list.iter().position(is_it)).unwrap_or_else(|| {
            let new = Finding {
                kind,
                name: Some(kept(kind, &[path, name].concat()).into()),
                count: 0,
                seen: 0,
                first: Position::default(),
            };
            self.index_of(new)
        });
        self.next = index + 1;
        if !self.open.contains(&index) {
            self.open.push(index);
        }
    }

    fn index_of(&mut self, mut finding: Finding) -> usize {
        if let Some(known) = self.findings.find(finding.kind, finding.name.as_deref()) {
            return known;
        }
        finding.name = self.findings.free(&finding);
        self.findings.list.push(finding);
        self.findings.list.len() - 1
    }

    /// Notes something about `count` records from `first` on.
    pub(crate) fn note_all(&mut self, kind: Kind, name: &str, count: u64, first: Position) {
        let name = Some(kept(kind, name).into());
        let index = self.index_of(Finding { kind, name, count: 0, seen: 0, first });
        if let Some(finding) = self.findings.list.get_mut(index) {
            finding.add(count, first);
            finding.seen += count;
        }
    }

    /// Sets the namespace of earlier records whose namespace is open.
    pub(crate) fn close_namespace(&mut self, name: &Arc<str>) {
        self.findings.close_namespace(name);
    }

    /// Drops the notes about the current record.
    pub(crate) fn begin(&mut self) {
        self.open.clear();
        self.next = 0;
    }

    /// Ends the record at `position`. A rejected one is reported separately, so it counts only for names on the command
    /// line.
    pub(crate) fn close(&mut self, position: Position, (is_read, is_good): (bool, bool)) {
        self.findings.looked += u64::from(is_read);
        for index in self.open.drain(..) {
            let Some(finding) = self.findings.list.get_mut(index) else { continue };
            finding.seen += 1;
            if is_good || finding.kind.is_named() {
                finding.add(1, position);
            }
        }
    }

    /// Notes what of the good record at `position` is stored as text: its key, and values of its metadata.
    pub(crate) fn convert(&mut self, position: Position, (key, metadata): (bool, bool)) {
        self.findings.number_keys.count(key, position);
        self.findings.metadata_as_text.count(metadata, position);
    }

    /// Takes the findings since the last call.
    pub(crate) fn take(&mut self) -> Findings {
        let told = |finding: &&Finding| finding.seen > 0 || finding.kind.is_named();
        let list = self.findings.list.iter().filter(told).cloned().collect();
        for finding in &mut self.findings.list {
            (finding.count, finding.seen) = (0, 0);
        }
        Findings {
            looked: std::mem::take(&mut self.findings.looked),
            number_keys: std::mem::take(&mut self.findings.number_keys),
            metadata_as_text: std::mem::take(&mut self.findings.metadata_as_text),
            were: self.findings.were.take(),
            list,
        }
    }
}

/// The part of a name that is kept: all of a name on the command line, or enough to tell values apart.
fn kept(kind: Kind, name: &str) -> Cow<'_, str> {
    let short = shortened(name);
    if kind.is_named() || short.len() == name.len() {
        return Cow::Borrowed(name);
    }
    if kind != Kind::Namespace {
        return Cow::Borrowed(short);
    }
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    Cow::Owned(format!("{short}… ({:016x})", hasher.finish()))
}

fn shortened(name: &str) -> &str {
    match name.char_indices().nth(NAME_CHARACTERS) {
        Some((end, _)) if name.len() > NAME_CHARACTERS => name.get(..end).unwrap_or(name),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(record: u64) -> Position {
        Position { record, ..Position::default() }
    }

    #[test]
    fn names_are_counted_by_record_and_merged_in_any_order() {
        let mut book = Book::new(std::iter::once((Kind::Metadata, "title".to_owned())));
        let mut all = Findings::default();
        for (record, names) in [(0, vec!["a", "b", "a"]), (1, vec!["b"]), (2, vec!["c", "a"])] {
            book.begin();
            for name in &names {
                book.note(Kind::Member, "x.", name);
            }
            book.close(at(record), (true, record != 2));
            all.add(&book.take());
        }
        let counts: Vec<_> =
            all.of(Kind::Member).map(|found| (found.name.as_deref().unwrap(), found.count)).collect();
        assert_eq!((counts, all.looked), (vec![("x.a", 1), ("x.b", 2)], 3));
        assert_eq!(all.missing().map(|found| found.name.as_deref()).collect::<Vec<_>>(), [Some("title")]);
    }

    #[test]
    fn names_without_end_take_bounded_memory_and_lose_no_count() {
        let mut book = Book::default();
        let mut all = Findings::default();
        for record in 0..1_000 {
            book.begin();
            book.note(Kind::Member, "", &format!("{record}{}", "x".repeat(1_000)));
            book.close(at(record), (true, true));
            if record % 7 == 0 {
                all.add(&book.take());
            }
        }
        all.add(&book.take());
        assert_eq!(all.of(Kind::Member).map(|found| found.count).sum::<u64>(), 1_000);
        assert!(all.list.len() <= NAMES_AT_MOST + 1, "{}", all.list.len());
        assert!(all.list.iter().all(|found| found.name.as_ref().is_none_or(|name| name.len() <= 64)));
    }
}
