//! What records are held against.

use crate::lint::Mode;
use crate::oss::wire::DistanceMetric;

/// What becomes of numbers and booleans in metadata, which the service cannot store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetadataValues {
    /// The record is a defect.
    #[default]
    Reject,
    /// They are written as text in the input's own spelling; null is left out.
    Text,
}

/// What the index and the user ask of each record.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Elements of every vector; `None` until the first good record tells.
    pub dimension: Option<usize>,
    /// Cosine refuses the zero vector.
    pub metric: Option<DistanceMetric>,
    /// Metadata names outside the filterable limits; `None` when nobody knows, and then those limits are not checked.
    pub non_filterable: Option<Vec<String>>,
    /// What becomes of numbers and booleans in metadata.
    pub metadata_values: MetadataValues,
    /// Most bytes that one record may take in a request.
    pub largest: usize,
    /// What becomes of vectors that the service stores and search results suffer from.
    pub lint: Mode,
}

impl Rules {
    /// What is asked while nothing is known of the index.
    pub fn of_no_index() -> Self {
        Self {
            dimension: None,
            metric: None,
            non_filterable: None,
            metadata_values: MetadataValues::Reject,
            largest: 1 << 20,
            lint: Mode::Note,
        }
    }

    pub(super) fn is_filterable(&self, name: &str) -> bool {
        self.non_filterable.as_ref().is_some_and(|names| !names.iter().any(|other| other == name))
    }
}
