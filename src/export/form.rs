//! A record of a known form, and what it holds. Pure.

use super::parts::Parts;
use super::paths::Paths;
use crate::record::Lack;
use crate::shown::quoted;

/// A record of a known shape.
#[derive(Debug)]
pub(crate) struct Export<'a> {
    /// What inputs of such records are called.
    pub(crate) shape: &'static str,
    /// Its key, where that is known whatever the record holds, as it is written.
    pub(crate) key: Option<&'a str>,
    /// What it holds.
    pub(crate) content: Content<'a>,
}

/// What such a record holds.
#[derive(Debug)]
pub(crate) enum Content<'a> {
    /// One vector.
    One(Paths),
    /// Several vectors.
    Several(Parts<'a>),
    /// What the provider says of its failure.
    Failed(String),
    /// Nothing that could be stored.
    Unfit(Unfit),
}

/// Why a record cannot be stored, and the cure.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unfit {
    /// What it has not.
    pub(crate) lack: Lack,
    /// The message.
    pub(crate) said: String,
}

impl<'a> Export<'a> {
    pub(super) fn new(shape: &'static str, content: Content<'a>) -> Self {
        Self { shape, key: None, content }
    }

    pub(super) fn with_key(self, key: &'a str) -> Self {
        Self { key: Some(key), ..self }
    }

    /// What inputs that begin with it are read as, with the fields that the user names; nothing where it shows nothing of
    /// that.
    pub(crate) fn told(&self, key: &[String], vector: &[String], metadata: &[String]) -> Option<String> {
        let paths = match &self.content {
            Content::One(paths) => paths,
            Content::Several(parts) => parts.paths(),
            Content::Failed(_) | Content::Unfit(_) => return None,
        };
        if paths.key.is_empty() && key.is_empty() {
            return None;
        }
        let or =
            |named: &[String], path: &str| if named.is_empty() { path.to_owned() } else { named.join(", ") };
        let (key, vector) = (or(key, &paths.key), or(vector, &paths.vector));
        let metadata = match or(metadata, &paths.metadata.join(", ")) {
            none if none.is_empty() => none,
            some => format!(", metadata {some}"),
        };
        Some(format!("{}: key {key}, vector {vector}{metadata}", self.shape))
    }
}

impl Content<'_> {
    pub(super) fn unfit(lack: Lack, said: impl Into<String>) -> Self {
        Self::Unfit(Unfit { lack, said: said.into() })
    }

    /// The vector that is the only one of `found`; each is a path. `of` says where they are.
    pub(super) fn only(found: &[String], paths: Paths, of: &str) -> Option<Self> {
        match found {
            [] => None,
            [vector] => Some(Self::One(Paths { vector: vector.clone().into(), ..paths })),
            [first, ..] => Some(Self::unfit(
                Lack::Choice,
                format!(
                    "several vectors in {of}: {}; choose one, such as --vector {}",
                    found.join(", "),
                    quoted(first)
                ),
            )),
        }
    }
}
