//! Documents of Elasticsearch and `OpenSearch`, as elasticdump writes them and as search responses contain them. Pure.

use super::form::{Content, Export};
use super::members::{Members, is_numbers};
use super::paths::Paths;
use crate::record::Lack;

const ENVELOPE: &[&str] =
    &["_index", "_type", "_score", "_version", "_seq_no", "_primary_term", "_ignored", "_routing", "sort"];

/// A hit, whose document is in `_source`.
pub(super) fn hit<'a>(record: &Members<'a>) -> Option<Export<'a>> {
    let is_hit = record.has("_index") || record.has_only(&[ENVELOPE, &["_id", "_source"]].concat());
    (is_hit && record.get("_id").is_some()).then_some(())?;
    let source = record.object("_source")?;
    let is_vector = |(name, value): (&str, &'a str)| is_numbers(value).then(|| format!("_source.{name}"));
    let found: Vec<String> = source.iter().filter_map(is_vector).collect();
    let paths = Paths { key: "_id".into(), envelope: ENVELOPE, ..Paths::default() };
    let content = Content::only(&found, paths, "the _source of this Elasticsearch document");
    Some(Export::new(
        "Elasticsearch documents",
        content.unwrap_or_else(|| {
            Content::unfit(
                Lack::Vector,
                "no vector found: the _source of this Elasticsearch document has no array of numbers; if its mapping \
                 excludes the vector from _source, export the field, or name its field with --vector",
            )
        }),
    ))
}
