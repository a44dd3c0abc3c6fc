//! What the service says about the target of a load. Pure.

use serde::Serialize;

/// Whether a bucket or an index exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It exists.
    Found,
    /// It does not exist.
    Missing,
    /// The credential has no permission to look at it.
    Hidden,
}

/// What the service says, and the input's dimension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The bucket.
    pub bucket: Presence,
    /// The index.
    pub index: Presence,
    /// The dimension of the index.
    pub dimension: Option<u64>,
    /// Its distance metric.
    pub metric: Option<String>,
    /// The dimension of the input, once it has a good vector.
    pub input_dimension: Option<u64>,
}

impl Check {
    /// The description of the index, to follow its name.
    pub(crate) fn index_words(&self) -> String {
        let dimension = self.dimension.map_or(String::new(), |dimension| format!(", dimension {dimension}"));
        let metric = self.metric.as_ref().map_or(String::new(), |metric| format!(", metric {metric}"));
        match self.index {
            Presence::Found => format!("found{dimension}{metric}"),
            Presence::Missing => "does not exist; --create-index creates it".to_owned(),
            Presence::Hidden => "no permission to look at it (GetVectorIndex)".to_owned(),
        }
    }

    /// The description of the bucket, to follow its name.
    pub(crate) fn bucket_words(&self) -> &'static str {
        match self.bucket {
            Presence::Found => "found",
            Presence::Missing => "does not exist",
            Presence::Hidden => "no permission to look at it (GetVectorBucket)",
        }
    }
}
