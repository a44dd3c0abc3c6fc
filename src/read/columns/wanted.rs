//! Which fields of a file of columns a load needs, by their names. Pure.

use crate::read::recognise::Form;
use crate::record::names::{KEY_COLUMNS, KEYS, METADATA, NAMESPACE, SPARSE, VECTORS};
use crate::record::wide::{Match, Wide, WideTrouble};
use crate::record::{Reason, path};

/// The fields that may be key, vector or metadata.
#[derive(Debug)]
pub(crate) struct Wanted {
    key: Vec<String>,
    vector: Vec<String>,
    metadata: Vec<String>,
    names_key: bool,
    /// The names of arrays in an archive that may hold the keys; empty if the keys are in another file.
    key_arrays: Vec<String>,
    /// Whether the user names the vector.
    names_vector: bool,
    /// The dimension that the user names.
    pub(super) dimension: Option<usize>,
    /// Whether every column is metadata.
    all: bool,
    left_out: Vec<String>,
    /// The pattern for the columns of the vector's numbers.
    wide: Option<Wide>,
}

/// How much of a column is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Its values.
    Content,
    /// Only whether a row has a value.
    Presence,
    Nothing,
}

impl Wanted {
    pub(crate) fn new(form: &Form) -> Self {
        let or_usual = |named: Vec<String>, usual: &[&str]| {
            if named.is_empty() { usual.iter().map(ToString::to_string).collect() } else { named }
        };
        let trimmed = |names: &[String]| names.iter().map(|name| name.trim().to_owned()).collect();
        let metadata: Vec<String> = trimmed(&form.metadata);
        let all = metadata.iter().any(|name| name == "*");
        let left_out = metadata.iter().filter_map(|name| name.strip_prefix('-')).map(str::to_owned).collect();
        let is_field = |name: &String| name != "*" && !name.starts_with('-');
        let field = |name: String| path::renamed(&name).1.to_owned();
        let named = metadata.into_iter().filter(is_field).map(field).collect();
        let key_arrays = match form.keys_from {
            Some(_) => Vec::new(),
            None => or_usual(trimmed(&form.key), &[&KEYS[..], &KEY_COLUMNS].concat()),
        };
        Self {
            key: or_usual(trimmed(&form.key), &KEYS),
            key_arrays,
            vector: or_usual(trimmed(&form.vector), &VECTORS),
            metadata: or_usual(named, if all { &[] } else { &METADATA }),
            names_key: !form.key.is_empty(),
            names_vector: !form.vector.is_empty(),
            dimension: form.dimension,
            all,
            left_out,
            wide: form.vector.iter().find_map(|name| Wide::of(name.trim())),
        }
    }

    /// Whether the user excludes the field of this name.
    pub(super) fn leaves_out(&self, name: &str) -> bool {
        self.left_out.iter().any(|field| field == name)
    }

    /// How much of the column `name` is needed.
    pub(crate) fn column(&self, name: &str) -> Need {
        let leads = |field: &String| field.strip_prefix(name).is_some_and(|rest| path::step(rest).is_some());
        let is_part = [&self.key, &self.vector, &self.metadata].into_iter().flatten().any(leads);
        let is_left_out = self.leaves_out(name);
        if is_part || self.is_in_pattern(name) || NAMESPACE.contains(&name) || (self.all && !is_left_out) {
            Need::Content
        } else if SPARSE.contains(&name) && !is_left_out {
            Need::Presence
        } else {
            Need::Nothing
        }
    }

    /// Whether the column `name` holds a number of the vector, or several.
    fn is_in_pattern(&self, name: &str) -> bool {
        self.wide.as_ref().is_some_and(|wide| {
            matches!(wide.matches("", name), Some(Match::Number(_))) || wide.is_inside(&format!("{name}."))
        })
    }

    /// The columns of a vector that has one for each number, in their order, and what is wrong with them.
    pub(super) fn wide(&self, columns: &[String]) -> Option<(Vec<usize>, Option<Reason>)> {
        let wide = self.wide.as_ref().filter(|_| !columns.iter().any(|name| self.is_vector(name)))?;
        let key = self.key.iter().find(|key| columns.contains(key));
        let is_taken = |column: usize| {
            let name = columns.get(column);
            name.is_some_and(|name| {
                key == Some(name) || self.is_metadata(name) || self.left_out.contains(name)
            })
        };
        match wide.columns(columns, is_taken, self.all) {
            Ok(found) if found.is_empty() => None,
            Ok(found) => Some((found, None)),
            Err(trouble) => Some((wide.numbered(columns), Some(self.refused(trouble)))),
        }
    }

    /// The reason for rejecting rows whose vector is invalid.
    pub(super) fn refused(&self, trouble: WideTrouble) -> Reason {
        Reason::Wide { pattern: self.vector_name().to_owned(), trouble }
    }

    /// Whether one of the columns of a file may be the vector, or a part of it.
    pub(crate) fn has_vector<'a>(&self, mut columns: impl Iterator<Item = &'a str>) -> bool {
        let leads = |name: &str| {
            self.vector
                .iter()
                .any(|field| field.strip_prefix(name).is_some_and(|rest| path::step(rest).is_some()))
        };
        columns.any(|name| leads(name) || self.is_in_pattern(name))
    }

    /// Which of the fields that a file `has` are used as what, in words.
    pub(crate) fn told(&self, has: impl Fn(&str) -> bool) -> String {
        let there = |fields: &[String], at_most: usize| {
            let found = fields.iter().filter(|field| has(field)).take(at_most).cloned();
            Some(found.collect::<Vec<_>>().join(" and ")).filter(|found| !found.is_empty())
        };
        let part = |name: &str, found: Option<String>| {
            found.map_or_else(|| format!("no {name}"), |found| format!("{name} {found}"))
        };
        let key = part("key", there(&self.key, 1));
        let vector = part("vector", there(&self.vector, self.vector.len()));
        let metadata =
            if self.all { Some("*".to_owned()) } else { there(&self.metadata, self.metadata.len()) };
        let metadata = metadata.map_or_else(String::new, |found| format!(", metadata {found}"));
        format!("{key}, {vector}{metadata}")
    }

    /// The field name of a vector without one.
    pub(super) fn vector_name(&self) -> &str {
        self.vector.iter().find(|_| self.names_vector).map_or("vector", String::as_str)
    }

    /// Which of the arrays that an archive `has` may hold the vectors, by name: those that the user names, or else the
    /// default ones.
    pub(super) fn vector_arrays(&self, has: impl Fn(&str) -> bool) -> Vec<String> {
        let usual: &[&str] = if self.names_vector { &[] } else { &["embeddings", "vectors"] };
        let names = self.vector.iter().map(String::as_str).chain(usual.iter().copied());
        names.filter(|name| has(name)).map(str::to_owned).collect()
    }

    /// Which of the arrays that an archive `has` may hold the keys, by name; empty if the keys are elsewhere.
    pub(super) fn key_arrays(&self, has: impl Fn(&str) -> bool) -> Vec<String> {
        self.key_arrays.iter().filter(|name| has(name)).cloned().collect()
    }

    /// The fields that may be the key, and whether the user names them.
    pub(super) fn keys(&self) -> (&[String], bool) {
        (&self.key, self.names_key)
    }

    /// The fields that may be the vector, and whether the user names them.
    pub(super) fn vectors(&self) -> (&[String], bool) {
        (&self.vector, self.names_vector)
    }

    /// Whether the field at this path may be the vector.
    pub(super) fn is_vector(&self, path: &str) -> bool {
        self.vector.iter().any(|field| field == path)
    }

    /// Whether the user names the field at this path as the vector.
    pub(super) fn is_named_vector(&self, path: &str) -> bool {
        self.names_vector && self.is_vector(path)
    }

    /// Whether the field is metadata, perhaps in addition to something else.
    pub(super) fn is_metadata(&self, path: &str) -> bool {
        self.metadata.iter().any(|field| field == path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(form: &Form, names: &[&str]) -> Vec<Need> {
        let wanted = Wanted::new(form);
        names.iter().map(|name| wanted.column(name)).collect()
    }

    #[test]
    fn only_columns_that_may_be_a_part_of_the_record_are_needed() {
        use Need::{Content, Nothing, Presence};
        let list = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let columns = ["id", "emb", "data", "datum", "metadata", "namespace", "sparse_values", "text"];
        let usual = [Content, Content, Content, Nothing, Content, Content, Presence, Nothing];
        assert_eq!(needs(&Form::default(), &columns), usual);
        let form = |metadata: &[&str]| Form { metadata: list(metadata), ..Form::default() };
        let named = [Content, Content, Content, Nothing, Nothing, Content, Presence, Content];
        assert_eq!(needs(&form(&["text", "-sparse"]), &columns), named);
        let all = [Content, Content, Content, Content, Content, Content, Content, Nothing];
        assert_eq!(needs(&form(&["*", "-text"]), &columns), all);
        let form = Form { key: list(&["text"]), vector: list(&["datum.v"]), ..Form::default() };
        let others = [Nothing, Nothing, Nothing, Content, Content, Content, Presence, Content];
        assert_eq!(needs(&form, &columns), others);
    }
}
