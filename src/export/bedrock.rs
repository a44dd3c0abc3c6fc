//! Output of Amazon Bedrock batch inference: model responses, each in its model's own form. Pure.

use super::cohere::Embeddings;
use super::form::{Content, Export};
use super::members::{Members, is_numbers, is_object, items, told};
use super::parts::Parts;
use super::paths::Paths;
use super::texts::{Texts, with_own_text};
use crate::record::Lack;

/// A line of a batch output.
pub(super) fn batch<'a>(record: &Members<'a>) -> Option<Export<'a>> {
    (record.has("modelInput") && (record.has("modelOutput") || record.has("error"))).then_some(())?;
    let key = record.get("recordId")?;
    let failure = || told(record.get("error")?).or_else(|| Some("an error without a message".to_owned()));
    let content = match record.object("modelOutput") {
        Some(output) => answer(record, key, &output),
        None => failure().map_or_else(no_vector, Content::Failed),
    };
    Some(Export::new("a Bedrock batch output", content).with_key(key))
}

/// A model's response.
fn answer<'a>(record: &Members<'a>, key: &'a str, output: &Members<'a>) -> Content<'a> {
    let by_type = output.object("embeddingsByType");
    if output.get("embedding").is_some_and(is_numbers) {
        return Content::One(paths("modelOutput.embedding"));
    }
    if let Some(by_type) = by_type {
        return match by_type.get("float") {
            Some(_) => Content::One(paths("modelOutput.embeddingsByType.float")),
            None => Content::unfit(
                Lack::Kind,
                "the vector is bits: this line of a Bedrock batch output has no float embedding; add float to \
                 embeddingTypes of the request",
            ),
        };
    }
    let listed = output.get("embeddings").and_then(items).unwrap_or_default();
    // Nova has a list with an object for each kind of embedding.
    if let [only] = listed.as_slice()
        && is_object(only)
    {
        return Content::One(paths("modelOutput.embeddings[0].embedding"));
    }
    let Some(found) = Embeddings::of(output) else { return no_vector() };
    match found {
        Embeddings::Several { member, items } => several(record, key, output, member, items),
        Embeddings::Unfit(unfit) => Content::Unfit(unfit),
    }
}

/// The response of a Cohere model.
fn several<'a>(
    record: &Members<'a>,
    key: &'a str,
    output: &Members<'a>,
    member: Option<&'static str>,
    items: Vec<&'a str>,
) -> Content<'a> {
    let paths = paths(match member {
        Some(_) => "modelOutput.embeddings.float[0]",
        None => "modelOutput.embeddings[0]",
    });
    let numbers = || (0..items.len()).map(|number| number as u64);
    let joined = match Texts::joined(record, numbers()) {
        Ok(joined) => joined,
        Err(unfit) => return Content::Unfit(unfit),
    };
    if items.len() == 1 {
        return Content::One(paths);
    }
    let own = Texts::at(record, "modelInput", &["texts"]).filter(|texts| texts.misfit(numbers()).is_none());
    let lists: Vec<_> = joined.into_iter().chain(own).collect();
    let bytes = record.bytes() - lists.iter().map(Texts::bytes).sum::<usize>();
    let (record, output) = (record.clone(), output.clone());
    let make = move |place: usize, key: &str, item: &str| {
        let output = Embeddings::with_only(&output, member, place, item);
        with_own_text(&record, &lists, place, &[("recordId", key), ("modelOutput", &output)])
    };
    let numbered = (0..).zip(items).collect();
    Parts::new(key, numbered, bytes, paths, make).map_or_else(no_vector, Content::Several)
}

fn paths(vector: &'static str) -> Paths {
    Paths { key: "recordId".into(), vector: vector.into(), envelope: &["modelOutput"], ..Paths::default() }
}

fn no_vector<'a>() -> Content<'a> {
    Content::unfit(
        Lack::Vector,
        "no vector found: modelOutput of this line of a Bedrock batch output holds no embedding; if its model writes \
         vectors under another name, set it with --vector",
    )
}
