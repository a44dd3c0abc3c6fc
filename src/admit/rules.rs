//! The rules for records.

use crate::lint::Mode;
use crate::oss::wire::DistanceMetric;

/// How to handle numbers and booleans in metadata, which the service cannot store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetadataValues {
    /// Reject the record.
    #[default]
    Reject,
    /// Store them as text in the input's own spelling; leave out null.
    Text,
}

/// What the index and the user require of each record.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The number of elements of every vector; `None` until the first good record sets it.
    pub dimension: Option<usize>,
    /// The metric; cosine refuses the zero vector.
    pub metric: Option<DistanceMetric>,
    /// Metadata names outside the filterable limits; `None` if unknown, and then those limits are not checked.
    pub non_filterable: Option<Vec<String>>,
    /// How to handle numbers and booleans in metadata.
    pub metadata_values: MetadataValues,
    /// Maximum bytes of one record in a request.
    pub largest: usize,
    /// How to handle vectors that the service stores but that impair search results.
    pub lint: Mode,
}

impl Rules {
    /// The rules while nothing is known about the index.
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
