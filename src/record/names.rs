//! The names by which fields, and what holds records, are recognised where the user names none.

/// The usual names of a record's key, the likeliest first.
pub(crate) const KEYS: [&str; 7] = ["key", "id", "_id", "uuid", "doc_id", "custom_id", "recordId"];

/// The usual names of its vector.
pub(crate) const VECTORS: [&str; 5] = ["data.float32", "vector", "values", "embedding", "emb"];

/// Fields that hold a whole metadata object, or its JSON text, the likeliest first.
pub(crate) const METADATA: [&str; 3] = ["metadata", "payload", "properties"];

/// Where vector stores keep sparse values.
pub(crate) const SPARSE: [&str; 7] = [
    "sparse_values",
    "sparseValues",
    "sparse_vector",
    "sparseVector",
    "sparse_vectors",
    "sparse_embedding",
    "sparse",
];

/// Where vector stores keep the namespace of a record.
pub(crate) const NAMESPACE: [&str; 2] = ["namespace", "__namespace__"];

/// Names of an array of records inside an object, as services and their tools write them.
pub(crate) const WRAPPERS: [&str; 11] = [
    "vectors",
    "rows",
    "points",
    "data",
    "hits",
    "value",
    "objects",
    "results",
    "result",
    "matches",
    "documents",
];
