//! Which member or column of a record is its key, its vector, its metadata.

use crate::put::record::{Columns, Reason};

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

    /// The columns that are candidates, each as its rank and its index. Case counts only where a column has exactly
    /// the name of a candidate.
    pub(super) fn columns(&self, columns: &Columns) -> Result<Vec<(usize, usize)>, Reason> {
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
        let choices = [&self.key, &self.vector, &self.metadata].into_iter();
        let used: Vec<usize> = choices
            .flat_map(|choice| choice.columns(columns).unwrap_or_default())
            .map(|(_, index)| index)
            .collect();
        let unused =
            columns.0.iter().enumerate().filter(|(index, name)| !name.is_empty() && !used.contains(index));
        unused.map(|(_, name)| name.as_str()).collect()
    }

    /// Takes the names the user gave; an empty list means the usual names of each part.
    pub fn new(key: &[String], vector: &[String], metadata: &[String]) -> Self {
        Self {
            key: Choice::new(key, &["key", "id", "_id", "uuid", "doc_id", "custom_id", "recordId"]),
            vector: Choice::new(vector, &["data.float32", "vector", "values", "embedding", "emb"]),
            metadata: Choice::new(metadata, &["metadata", "payload", "properties"]),
        }
    }
}
