//! Objects of Weaviate, as its REST API, its Python client and GraphQL return them. Pure.

use super::form::{Content, Export};
use super::members::{Members, is_arrays, is_numbers};
use super::paths::Paths;
use crate::record::Lack;

const SHAPE: &str = "Weaviate objects";
const ENVELOPE: &[&str] =
    &["class", "collection", "creationTimeUnix", "lastUpdateTimeUnix", "vectorWeights", "references"];

/// An object with named vectors, or with the members that GraphQL adds.
pub(super) fn object<'a>(record: &Members<'a>) -> Option<Export<'a>> {
    if let Some(additional) = record.object("_additional") {
        return of_graphql(&additional);
    }
    let key = ["id", "uuid"].into_iter().find(|name| record.get(name).is_some())?;
    let holder = ["vectors", "vector"].into_iter().find(|name| record.object(name).is_some())?;
    let vectors = record.object(holder)?;
    // Without its properties an object is known by what only Weaviate writes around named vectors.
    let is_object = || {
        let is_known = |name: &str| ENVELOPE.contains(&name) || [key, "vectors", "vector"].contains(&name);
        let is_its_own = key == "uuid" || holder == "vectors";
        is_its_own && record.has_only_those(is_known) && vectors.are_named_vectors()
    };
    (record.has("properties") || is_object()).then_some(())?;
    let is_vector = |(name, value): (&str, &'a str)| is_numbers(value).then(|| format!("{holder}.{name}"));
    let found: Vec<String> = vectors.iter().filter_map(is_vector).collect();
    let paths = Paths { key: key.into(), metadata: &["properties"], envelope: ENVELOPE, ..Paths::default() };
    let content = Content::only(&found, paths, "this Weaviate object");
    Some(Export::new(SHAPE, content.unwrap_or_else(|| without(&vectors))))
}

fn without<'a>(vectors: &Members<'_>) -> Content<'a> {
    if vectors.iter().any(|(_, value)| is_arrays(value)) {
        return Content::unfit(
            Lack::Kind,
            "the vector is a multivector: this Weaviate object has only such ones, and an index stores one vector for \
             a key; export a single vector",
        );
    }
    Content::unfit(
        Lack::Vector,
        "no vector found: this Weaviate object has none; export it with include_vector",
    )
}

fn of_graphql<'a>(additional: &Members<'_>) -> Option<Export<'a>> {
    additional.get("id")?;
    let vector = additional.get("vector").is_some_and(is_numbers).then(|| "_additional.vector".to_owned());
    let named = additional.object("vectors");
    let named = named.iter().flat_map(Members::iter).filter(|(_, value)| is_numbers(value));
    let found: Vec<String> =
        vector.into_iter().chain(named.map(|(name, _)| format!("_additional.vectors.{name}"))).collect();
    let paths = Paths { key: "_additional.id".into(), envelope: &["_additional"], ..Paths::default() };
    let content = Content::only(&found, paths, "the _additional of this Weaviate object");
    let none = "no vector found: _additional of this Weaviate object has none; add vector to the query";
    Some(Export::new(SHAPE, content.unwrap_or_else(|| Content::unfit(Lack::Vector, none))))
}
