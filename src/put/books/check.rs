//! What the service says of the place where a load would go. Pure.

use serde::Serialize;

/// Whether something is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It is.
    Found,
    /// It is not.
    Missing,
    /// The credential may not look.
    Hidden,
}

/// What the service says, beside what the input has.
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
    /// The dimension of the input, once a vector of it is good.
    pub input_dimension: Option<u64>,
}

impl Check {
    /// What there is to say of the index, behind its name.
    pub(crate) fn index_words(&self) -> String {
        let dimension = self.dimension.map_or(String::new(), |dimension| format!(", dimension {dimension}"));
        let metric = self.metric.as_ref().map_or(String::new(), |metric| format!(", metric {metric}"));
        match self.index {
            Presence::Found => format!("found{dimension}{metric}"),
            Presence::Missing => "does not exist; --create-index creates it".to_owned(),
            Presence::Hidden => "no permission to look at it (GetVectorIndex)".to_owned(),
        }
    }

    /// What there is to say of the bucket, behind its name.
    pub(crate) fn bucket_words(&self) -> &'static str {
        match self.bucket {
            Presence::Found => "found",
            Presence::Missing => "does not exist",
            Presence::Hidden => "no permission to look at it (GetVectorBucket)",
        }
    }
}
