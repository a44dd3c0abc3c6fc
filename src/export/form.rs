//! A record of a known shape, and its content. Pure.

use super::parts::Parts;
use super::paths::Paths;
use crate::record::Lack;
use crate::shown::quoted;

/// A record of a known shape.
#[derive(Debug)]
pub(crate) struct Export<'a> {
    /// What messages call an input of such records.
    pub(crate) shape: &'static str,
    /// Its key as written, if it is known independently of the content.
    pub(crate) key: Option<&'a str>,
    /// Its content.
    pub(crate) content: Content<'a>,
}

/// The content of such a record.
#[derive(Debug)]
pub(crate) enum Content<'a> {
    /// One vector.
    One(Paths),
    /// Several vectors.
    Several(Parts<'a>),
    /// The provider's error message.
    Failed(String),
    /// Nothing that can be stored.
    Unfit(Unfit),
}

/// Why a record cannot be stored, and the cure.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unfit {
    /// What the record lacks.
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

    /// How inputs that begin with this record are read, given the fields that the user names; `None` if the record does
    /// not show that.
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

    /// The content with the only vector of `found`, a list of paths; several are an error that says where (`of`) they
    /// are.
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
