//! The operations of the service: their names and how a request names them.

/// One operation on vector buckets, indexes or vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Creates a vector bucket.
    PutVectorBucket,
    /// Describes a vector bucket.
    GetVectorBucket,
    /// Lists the account's vector buckets in the region.
    ListVectorBuckets,
    /// Deletes an empty vector bucket.
    DeleteVectorBucket,
    /// Creates an index.
    PutVectorIndex,
    /// Describes an index.
    GetVectorIndex,
    /// Lists the indexes of a bucket.
    ListVectorIndexes,
    /// Deletes an index with its vectors.
    DeleteVectorIndex,
    /// Writes vectors; an existing key is replaced.
    PutVectors,
    /// Reads vectors by their keys.
    GetVectors,
    /// Lists the vectors of an index, page by page.
    ListVectors,
    /// Deletes vectors by their keys.
    DeleteVectors,
    /// Finds the nearest vectors.
    QueryVectors,
}

impl Operation {
    /// Every operation, in the order of the enum.
    pub const ALL: [Self; 13] = [
        Self::PutVectorBucket,
        Self::GetVectorBucket,
        Self::ListVectorBuckets,
        Self::DeleteVectorBucket,
        Self::PutVectorIndex,
        Self::GetVectorIndex,
        Self::ListVectorIndexes,
        Self::DeleteVectorIndex,
        Self::PutVectors,
        Self::GetVectors,
        Self::ListVectors,
        Self::DeleteVectors,
        Self::QueryVectors,
    ];

    /// The name in the service's documentation and in RAM actions (`oss:PutVectors`).
    pub fn name(self) -> &'static str {
        match self {
            Self::PutVectorBucket => "PutVectorBucket",
            Self::GetVectorBucket => "GetVectorBucket",
            Self::ListVectorBuckets => "ListVectorBuckets",
            Self::DeleteVectorBucket => "DeleteVectorBucket",
            Self::PutVectorIndex => "PutVectorIndex",
            Self::GetVectorIndex => "GetVectorIndex",
            Self::ListVectorIndexes => "ListVectorIndexes",
            Self::DeleteVectorIndex => "DeleteVectorIndex",
            Self::PutVectors => "PutVectors",
            Self::GetVectors => "GetVectors",
            Self::ListVectors => "ListVectors",
            Self::DeleteVectors => "DeleteVectors",
            Self::QueryVectors => "QueryVectors",
        }
    }

    /// The operation that the documentation calls `name`.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == name)
    }

    /// The HTTP method.
    pub fn method(self) -> &'static str {
        match self {
            Self::PutVectorBucket => "PUT",
            Self::GetVectorBucket | Self::ListVectorBuckets => "GET",
            Self::DeleteVectorBucket => "DELETE",
            _ => "POST",
        }
    }

    /// The query parameter that names the operation; empty if the method is enough.
    pub fn query(self) -> &'static str {
        match self {
            Self::PutVectorBucket | Self::ListVectorBuckets | Self::DeleteVectorBucket => "",
            Self::GetVectorBucket => "bucketInfo",
            Self::PutVectorIndex => "putVectorIndex",
            Self::GetVectorIndex => "getVectorIndex",
            Self::ListVectorIndexes => "listVectorIndexes",
            Self::DeleteVectorIndex => "deleteVectorIndex",
            Self::PutVectors => "putVectors",
            Self::GetVectors => "getVectors",
            Self::ListVectors => "listVectors",
            Self::DeleteVectors => "deleteVectors",
            Self::QueryVectors => "queryVectors",
        }
    }

    /// Whether the request goes to the bare endpoint, not to a bucket.
    pub fn is_service_level(self) -> bool {
        self == Self::ListVectorBuckets
    }
}

#[cfg(test)]
mod tests {
    use super::Operation;

    #[test]
    fn every_operation_is_found_by_its_name() {
        for operation in Operation::ALL {
            assert_eq!(Operation::by_name(operation.name()), Some(operation));
        }
        assert_eq!(Operation::by_name("putVectors"), None);
    }

    #[test]
    fn no_two_operations_look_alike_on_the_wire() {
        for (at, one) in Operation::ALL.into_iter().enumerate() {
            for other in Operation::ALL.into_iter().skip(at + 1) {
                let same = (one.method(), one.query()) == (other.method(), other.query());
                assert!(!same || one.is_service_level() != other.is_service_level(), "{one:?} and {other:?}");
            }
        }
    }
}
