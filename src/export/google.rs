//! Batch outputs of Vertex AI and the Gemini API. Pure.

use super::form::{Content, Export};
use super::members::{Members, is_numbers, is_object, told};
use super::paths::Paths;
use crate::record::Lack;
use crate::record::names::KEYS;

const NO_KEY: &str = "no key found: a Vertex AI batch prediction has no id; make keys with --key-template \
                      '{file}-{row}', or choose a field of its instance with --key";

/// A line of a Vertex AI batch prediction.
pub(super) fn vertex<'a>(record: &Members<'a>) -> Option<Export<'a>> {
    let instance = record.object("instance")?;
    let predictions = record.array("predictions");
    let status = record.text("status").filter(|status| !status.trim().is_empty());
    (predictions.is_some() || status.is_some()).then_some(())?;
    let embeddings = predictions.as_deref().and_then(|found| found.first().copied()).and_then(Members::of);
    let embeddings = embeddings.and_then(|prediction| prediction.object("embeddings"));
    let content = match (status, embeddings) {
        (Some(status), _) => Content::Failed(status),
        (None, Some(embeddings)) if embeddings.get("values").is_some_and(is_numbers) => {
            of_instance(&instance, is_truncated(&embeddings))
        }
        (None, _) => Content::unfit(
            Lack::Vector,
            "no vector found: this Vertex AI batch prediction has no predictions[0].embeddings.values; if its model \
             writes vectors elsewhere, name their field with --vector",
        ),
    };
    Some(Export::new("a Vertex AI batch prediction", content))
}

fn of_instance(instance: &Members<'_>, is_truncated: bool) -> Content<'static> {
    let key = KEYS.into_iter().find(|name| instance.get(name).is_some());
    let key = key.map_or_else(String::new, |name| format!("instance.{name}"));
    Content::One(Paths {
        needs_key: key.is_empty().then_some(NO_KEY),
        key: key.into(),
        vector: "predictions[0].embeddings.values".into(),
        envelope: &["status", "predictions"],
        is_truncated,
        ..Paths::default()
    })
}

fn is_truncated(embeddings: &Members<'_>) -> bool {
    let statistics = embeddings.object("statistics");
    statistics.is_some_and(|statistics| statistics.get("truncated") == Some("true"))
}

/// A line of a Gemini API batch output.
pub(super) fn gemini<'a>(record: &Members<'a>) -> Option<Export<'a>> {
    let key = record.get("key")?;
    let values = |response: &Members<'_>| response.object("embedding")?.get("values").map(is_numbers);
    let content = match (record.object("response"), record.get("error").filter(|error| is_object(error))) {
        (Some(response), None) if values(&response) == Some(true) => Content::One(Paths {
            key: "key".into(),
            vector: "response.embedding.values".into(),
            envelope: &["response"],
            ..Paths::default()
        }),
        (None, Some(error)) if record.has_only(&["key", "error", "response"]) => {
            Content::Failed(told(error)?)
        }
        _ => return None,
    };
    Some(Export::new("a Gemini batch output", content).with_key(key))
}
