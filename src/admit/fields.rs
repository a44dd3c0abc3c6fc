//! Which member or column of a record is its key, its vector, its metadata.

use super::findings::Kind;
use crate::record::names::{JOINED, KEYS, METADATA, NAMESPACE, SPARSE, VECTORS};
use crate::record::wide::Wide;
use crate::record::{Columns, Reason, path};

/// The `--metadata` value for all fields that are neither key nor vector.
pub(crate) const ALL: &str = "*";

/// A field as the user names it: a column, a member, or a path of members joined by dots, with array elements by index:
/// `data[0].embedding`. A name may itself contain dots and brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    text: String,
    /// The name under which it is stored as metadata, if that differs.
    stored_as: Option<String>,
}

/// How a member leads to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leads {
    /// It is the field.
    There,
    /// The field may be inside it, if it is an object.
    Inside,
    /// The field may be inside it, if it is an array.
    Element,
}

impl Field {
    /// A field with the name that the user wrote.
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.trim().to_owned(), stored_as: None }
    }

    /// A field that the user wants stored, as its name or `NAME=FIELD`.
    fn stored(text: &str) -> Self {
        let (name, field) = path::renamed(text);
        Self { stored_as: name.map(str::to_owned), ..Self::new(field) }
    }

    /// The name under which it is stored, if the user gives one.
    pub(crate) fn stored_as(&self) -> Option<&str> {
        self.stored_as.as_deref()
    }

    /// The name as the user wrote it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether the member `name` of the open objects `path`, each followed by a dot, is this field or leads to it. An
    /// array element is named after its array and index.
    pub(crate) fn leads(&self, path: &str, name: &str) -> Option<Leads> {
        // Fast path: most candidates differ in this byte, and every member is compared with all of them.
        if name.as_bytes().first().is_some_and(|first| self.text.as_bytes().get(path.len()) != Some(first)) {
            return None;
        }
        let rest = self.text.strip_prefix(path)?.strip_prefix(name)?;
        match rest.as_bytes().first() {
            None => Some(Leads::There),
            Some(b'.') => Some(Leads::Inside),
            Some(b'[') => path::step(rest).map(|_| Leads::Element),
            Some(_) => None,
        }
    }

    /// Whether it may be a path as well as a whole name.
    pub(crate) fn is_path(&self) -> bool {
        self.text.contains(['.', '['])
    }
}

/// The candidates for one part of a record, the likeliest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) candidates: Vec<Field>,
    /// Whether the user named them: then every candidate counts, and one that no record has is an error.
    pub(crate) named: bool,
}

impl Choice {
    fn new(named: &[&str], usual: &[&str]) -> Self {
        Self::of(named.iter().map(|text| Field::new(text)), usual)
    }

    fn of(fields: impl ExactSizeIterator<Item = Field>, usual: &[&str]) -> Self {
        let named = fields.len() > 0;
        let fields: Vec<_> =
            if named { fields.collect() } else { usual.iter().map(|text| Field::new(text)).collect() };
        let mut candidates: Vec<Field> = Vec::with_capacity(fields.len());
        for field in fields {
            if !candidates.contains(&field) {
                candidates.push(field);
            }
        }
        Self { candidates, named }
    }

    /// The name of a candidate.
    pub(crate) fn name(&self, rank: usize) -> &str {
        self.candidates.get(rank).map_or("", Field::text)
    }

    /// The columns that have exactly the name of a candidate, as rank and index.
    pub(crate) fn exactly(&self, columns: &Columns) -> Vec<(usize, usize)> {
        let ranked = self.candidates.iter().enumerate();
        ranked.filter_map(|(rank, field)| Some((rank, columns.exactly(field.text())?))).collect()
    }

    /// The columns that are candidates, as rank and index. Case matters only if a column has exactly the name of a
    /// candidate.
    pub(crate) fn columns(&self, columns: &Columns) -> Result<Vec<(usize, usize)>, Reason> {
        let exactly = |field: &Field| Ok(columns.exactly(field.text()));
        let whatever_case = |field: &Field| columns.whatever_case(field.text());
        if self.named {
            return self.found(|field| {
                exactly(field)?.map_or_else(|| whatever_case(field), |index| Ok(Some(index)))
            });
        }
        let found = self.found(exactly)?;
        if found.is_empty() { self.found(whatever_case) } else { Ok(found) }
    }

    fn found(
        &self,
        find: impl Fn(&Field) -> Result<Option<usize>, Reason>,
    ) -> Result<Vec<(usize, usize)>, Reason> {
        let ranked = self.candidates.iter().enumerate();
        ranked.filter_map(|(rank, field)| find(field).map(|index| Some((rank, index?))).transpose()).collect()
    }

    /// The candidates for a message.
    pub(crate) fn list(&self) -> String {
        self.candidates.iter().map(Field::text).collect::<Vec<_>>().join(", ")
    }
}

/// The fields of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    pub(crate) key: Choice,
    pub(crate) vector: Choice,
    pub(crate) metadata: Choice,
    /// Whether every other field is metadata, too.
    pub(crate) all: bool,
    /// Metadata fields that are excluded.
    left_out: Vec<Field>,
    /// The pattern for the fields of the vector's numbers.
    pub(crate) wide: Option<Wide>,
    /// Fields without data of the user, neither stored nor reported unless they are named.
    envelope: &'static [&'static str],
    /// Whether records of another file are joined.
    pub(crate) is_joined: bool,
    /// Whether there are several inputs.
    pub(crate) are_of_several: bool,
}

/// The names for each part if the user names none; an empty list means the default ones.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Presets<'a> {
    pub(crate) key: &'a [&'a str],
    pub(crate) vector: &'a [&'a str],
    /// Fields that contain a whole metadata object.
    pub(crate) metadata: &'a [&'a str],
}

impl Fields {
    /// The fields with the names that the user gave; an empty list means the default names of that part. In metadata,
    /// `*` stands for every field that is neither key nor vector, and `-NAME` excludes one.
    pub fn new(key: &[String], vector: &[String], metadata: &[String]) -> Self {
        fn trimmed(names: &[String]) -> Vec<&str> {
            names.iter().map(|name| name.trim()).collect()
        }
        let metadata = trimmed(metadata);
        let all = metadata.contains(&ALL);
        let left_out = metadata.iter().filter_map(|name| name.strip_prefix('-')).map(Field::new).collect();
        let is_field = |name: &&str| *name != ALL && !name.starts_with('-');
        let named: Vec<_> = metadata.into_iter().filter(is_field).collect();
        let usual: &[&str] = if all { &[] } else { &METADATA };
        Self {
            key: Choice::new(&trimmed(key), &KEYS),
            vector: Choice::new(&trimmed(vector), &VECTORS),
            metadata: Choice::of(named.into_iter().map(Field::stored), usual),
            all,
            left_out,
            wide: vector.iter().find_map(|name| Wide::of(name.trim())),
            envelope: &[],
            is_joined: false,
            are_of_several: false,
        }
    }

    /// The same with other default names, as records of a known form have them. A name that no record has is not an
    /// error.
    pub(crate) fn or(&self, presets: Presets<'_>) -> Self {
        let or = |choice: &Choice, preset: &[&str]| {
            if choice.named || preset.is_empty() { choice.clone() } else { Choice::new(&[], preset) }
        };
        let metadata = if self.all { self.metadata.clone() } else { or(&self.metadata, presets.metadata) };
        Self {
            key: or(&self.key, presets.key),
            vector: or(&self.vector, presets.vector),
            metadata,
            ..self.clone()
        }
    }

    /// The same if these fields, with everything in them, belong to the form of the records.
    pub(crate) fn around(self, envelope: &'static [&'static str]) -> Self {
        Self { envelope, ..self }
    }

    /// Whether the member `name` of the open objects `path` belongs to the form of the record.
    pub(crate) fn is_envelope(&self, path: &str, name: &str) -> bool {
        if self.envelope.is_empty() {
            return false;
        }
        let outermost = path.split(['.', '[']).next().filter(|outermost| !outermost.is_empty());
        let outermost = outermost.or_else(|| name.split('[').next()).unwrap_or(name);
        self.envelope.contains(&outermost)
    }

    /// The same if records of another file are joined.
    #[must_use]
    pub fn joined(self) -> Self {
        Self { is_joined: true, ..self }
    }

    /// The same for records of this number of inputs.
    #[must_use]
    pub fn of_inputs(self, inputs: usize) -> Self {
        Self { are_of_several: inputs > 1, ..self }
    }

    /// Whether the open objects `path` are in the joined record.
    pub(crate) fn is_in_joined(&self, path: &str) -> bool {
        self.is_joined && path.split('.').next() == Some(JOINED)
    }

    /// Every name that the user gave, with its purpose.
    pub(crate) fn named(&self) -> impl Iterator<Item = (Kind, String)> {
        let of = |choice: &Choice, kind| {
            let names = choice.candidates.iter().filter(|_| choice.named);
            names.map(|field| (kind, field.text().to_owned())).collect::<Vec<_>>()
        };
        let left_out = self.left_out.iter().map(|field| (Kind::LeftOut, field.text().to_owned()));
        let joined = self.is_joined.then(|| (Kind::Joined, JOINED.to_owned()));
        of(&self.key, Kind::Key)
            .into_iter()
            .chain(of(&self.vector, Kind::Vector))
            .chain(of(&self.metadata, Kind::Metadata))
            .chain(left_out)
            .chain(joined)
    }

    /// Which of the excluded fields the member `name` of `path` is.
    pub(crate) fn left_out(&self, path: &str, name: &str) -> Option<&str> {
        let is_it = |field: &&Field| field.text() == name || field.leads(path, name) == Some(Leads::There);
        self.left_out.iter().find(is_it).map(Field::text)
    }

    /// Whether one of the fields that are left out is inside the member `name` of `path`, if that is an object.
    pub(crate) fn leaves_out_inside(&self, path: &str, name: &str) -> bool {
        self.left_out.iter().any(|field| field.leads(path, name) == Some(Leads::Inside))
    }

    /// The field that the user has stored under this name, which is not its own.
    pub(crate) fn stored_from(&self, name: &str) -> Option<&str> {
        let mut named = self.metadata.candidates.iter().filter(|_| self.metadata.named);
        named.find(|field| field.stored_as() == Some(name)).map(Field::text)
    }

    /// Whether the field at this path is inside an excluded one.
    pub(crate) fn is_inside_left_out(&self, path: &str) -> bool {
        let holds_it =
            |field: &Field| path.strip_prefix(field.text()).is_some_and(|rest| rest.starts_with(['.', '[']));
        self.left_out.iter().any(holds_it)
    }

    /// Whether the user's metadata options cover namespaces, so that they need no note.
    pub(crate) fn settles_namespace(&self) -> bool {
        (self.metadata.named || self.leaves_out()) && NAMESPACE.iter().any(|name| self.is_settled(name))
    }

    /// Whether the user says what to do with a field, as long as it is not the vector.
    pub(crate) fn has_place_for(&self, path: &str, name: &str) -> bool {
        self.all || self.left_out(path, name).is_some()
    }

    /// Whether some metadata is excluded.
    pub(crate) fn leaves_out(&self) -> bool {
        !self.left_out.is_empty()
    }

    /// Whether the user names this field as metadata, or excludes it.
    pub(crate) fn is_settled(&self, name: &str) -> bool {
        let is_it = |field: &Field| field.text() == name;
        (self.metadata.named && self.metadata.candidates.iter().any(is_it)) || self.left_out.iter().any(is_it)
    }
}

/// Whether a field of this name contains a metadata object, or its JSON text.
pub(crate) fn holds_metadata(name: &str) -> bool {
    METADATA.contains(&name)
}

/// Whether a field of this name contains a namespace.
pub(crate) fn is_namespace(name: &str) -> bool {
    NAMESPACE.contains(&name)
}

/// The kind of a field that is not stored, by its name.
pub(crate) fn loose(name: &str, otherwise: Kind) -> Kind {
    match name {
        _ if SPARSE.contains(&name) => Kind::Sparse,
        _ if holds_metadata(name) => Kind::SecondMetadata,
        _ => otherwise,
    }
}
