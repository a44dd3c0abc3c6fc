//! Which member or column of a record is its key, its vector, its metadata.

use crate::put::record::Columns;

/// The usual names of a record's key, the likeliest first.
pub(in crate::put) const KEYS: [&str; 7] = ["key", "id", "_id", "uuid", "doc_id", "custom_id", "recordId"];

/// The usual names of its vector.
pub(in crate::put) const VECTORS: [&str; 5] = ["data.float32", "vector", "values", "embedding", "emb"];

/// A field as the user names it: a column, a member, or a path of members joined by dots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    text: String,
    segments: Vec<String>,
}

impl Field {
    /// Takes the name as the user writes it.
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), segments: text.split('.').map(str::to_owned).collect() }
    }

    /// The name as the user wrote it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The last member of the path: under this name a loose value becomes metadata.
    pub(super) fn last(&self) -> &str {
        self.segments.last().map_or("", String::as_str)
    }

    pub(super) fn segments(&self) -> &[String] {
        &self.segments
    }
}

/// The candidates for one part of a record, the likeliest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) candidates: Vec<Field>,
    /// Named by the user: every candidate counts, and a missing one is an error.
    pub(super) named: bool,
}

impl Choice {
    fn new(named: &[String], usual: &[&str]) -> Self {
        if named.is_empty() {
            Self { candidates: usual.iter().map(|text| Field::new(text)).collect(), named: false }
        } else {
            Self { candidates: named.iter().map(|text| Field::new(text)).collect(), named: true }
        }
    }

    /// The candidates as a person reads them.
    pub(super) fn list(&self) -> String {
        self.candidates.iter().map(Field::text).collect::<Vec<_>>().join(", ")
    }
}

/// The fields of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    pub(super) key: Choice,
    pub(super) vector: Choice,
    pub(super) metadata: Choice,
}

impl Fields {
    /// The columns of a file that become no part of a vector.
    pub fn unused<'a>(&self, columns: &'a Columns) -> Vec<&'a str> {
        let candidates =
            || [&self.key, &self.vector, &self.metadata].into_iter().flat_map(|choice| &choice.candidates);
        let is_used = |column: &&str| candidates().any(|field| field.text() == *column);
        columns.0.iter().map(String::as_str).filter(|column| !column.is_empty() && !is_used(column)).collect()
    }

    /// Takes the names the user gave; an empty list means the usual names of each part.
    pub fn new(key: &[String], vector: &[String], metadata: &[String]) -> Self {
        Self {
            key: Choice::new(key, &KEYS),
            vector: Choice::new(vector, &VECTORS),
            metadata: Choice::new(metadata, &["metadata", "payload", "properties"]),
        }
    }
}
