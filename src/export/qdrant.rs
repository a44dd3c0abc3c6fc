//! Points of Qdrant with named vectors, or with vectors that an index cannot store. Pure.

use super::form::{Content, Export};
use super::members::{Members, is_arrays, is_numbers, is_object};
use super::paths::Paths;
use crate::record::Lack;

/// The members that a point can have.
const MEMBERS: [&str; 8] =
    ["id", "vector", "vectors", "payload", "shard_key", "version", "score", "order_value"];
const NO_VECTOR: &str =
    "no vector found: this Qdrant point has none; read the points with with_vectors set to true";
const ENVELOPE: &[&str] = &["shard_key", "version", "score", "order_value"];

/// A point.
pub(super) fn point<'a>(record: &Members<'a>) -> Option<Export<'a>> {
    record.get("id")?;
    let named = record.object("vector");
    // Without its payload a point has few names, so what is under them shows it.
    let is_point = record.has("payload") || named.as_ref().is_some_and(Members::are_named_vectors);
    (is_point && record.has_only(&MEMBERS)).then_some(())?;
    let content = match (&named, record.get("vector")) {
        (Some(vectors), Some(sparse)) if is_sparse(sparse) && vectors.iter().count() == 2 => {
            without("sparse")
        }
        (Some(vectors), _) if vectors.iter().next().is_none() => Content::unfit(Lack::Vector, NO_VECTOR),
        (Some(vectors), _) => of_names(vectors),
        (None, None) => Content::unfit(Lack::Vector, NO_VECTOR),
        (None, Some(rows)) if is_arrays(rows) => without("multi"),
        (None, Some(_)) => return None,
    };
    Some(Export::new("Qdrant points", content))
}

fn of_names<'a>(vectors: &Members<'_>) -> Content<'a> {
    let is_dense = |(name, value): (&str, &str)| is_numbers(value).then(|| format!("vector.{name}"));
    let found: Vec<String> = vectors.iter().filter_map(is_dense).collect();
    let paths = Paths { key: "id".into(), metadata: &["payload"], envelope: ENVELOPE, ..Paths::default() };
    let kind = if vectors.iter().any(|(_, value)| is_arrays(value)) { "multi" } else { "sparse" };
    Content::only(&found, paths, "this Qdrant point").unwrap_or_else(|| without(kind))
}

/// Whether the value is an object with indices and values.
fn is_sparse(value: &str) -> bool {
    is_object(value)
        && Members::of(value)
            .is_some_and(|found| found.get("indices").is_some() && found.get("values").is_some())
}

fn without<'a>(kind: &str) -> Content<'a> {
    let said = match kind {
        "multi" => {
            "the vector is a multivector: this Qdrant point has several vectors under one name, and an index stores one \
             for a key; pool them first"
        }
        _ => "the vector is sparse: this Qdrant point has no dense vector, and an index cannot store others",
    };
    Content::unfit(Lack::Kind, said)
}
