//! Responses of Cohere's embedding models, which Bedrock returns unchanged. Pure.

use super::form::{Content, Export, Unfit};
use super::members::{Members, is_arrays, is_object, items};
use super::parts::Parts;
use super::paths::Paths;
use super::texts::{Texts, with_own_text};
use crate::record::Lack;

const SHAPE: &str = "a Cohere response";
const NO_KEY: &str =
    "no key found: this Cohere response has no id; add one, or choose another field with --key";

/// A stand-alone response.
pub(super) fn response<'a>(record: &Members<'a>) -> Option<Export<'a>> {
    (record.has("texts") || record.has("response_type") || record.has("meta")).then_some(())?;
    let content = match Embeddings::of(record)? {
        Embeddings::Unfit(unfit) => Content::Unfit(unfit),
        Embeddings::Several { member, items } => several(record, member, items),
    };
    Some(Export::new(SHAPE, content))
}

fn several<'a>(record: &Members<'a>, member: Option<&'static str>, items: Vec<&'a str>) -> Content<'a> {
    let key = record.get("id");
    let paths = Paths {
        key: key.map_or("", |_| "id").into(),
        vector: if member.is_some() { "embeddings.float[0]" } else { "embeddings[0]" }.into(),
        envelope: &["embeddings", "response_type", "meta"],
        needs_key: key.is_none().then_some(NO_KEY),
        ..Paths::default()
    };
    let joined = match Texts::joined(record, (0..items.len()).map(|number| number as u64)) {
        Ok(joined) => joined,
        Err(unfit) => return Content::Unfit(unfit),
    };
    let Some(key) = key.filter(|_| items.len() > 1) else {
        return if items.len() > 1 { Content::unfit(Lack::Key, NO_KEY) } else { Content::One(paths) };
    };
    let bytes = record.bytes() - joined.as_ref().map_or(0, Texts::bytes);
    let response = record.clone();
    let make = move |place: usize, key: &str, item: &str| {
        let alone = Embeddings::with_only(&response, member, place, item);
        let with_text = |alone| with_own_text(&alone, joined.as_slice(), place, &[("id", key)]);
        Members::of(&alone).map_or_else(String::new, with_text)
    };
    let numbered = (0..).zip(items).collect();
    Parts::new(key, numbered, bytes, paths, make)
        .map_or_else(|| Content::unfit(Lack::Key, NO_KEY), Content::Several)
}

/// The embeddings of a response, or why they cannot be stored: only float embeddings can.
pub(super) enum Embeddings<'a> {
    Several {
        /// The member of `embeddings` that has them, if they are listed by type.
        member: Option<&'static str>,
        items: Vec<&'a str>,
    },
    Unfit(Unfit),
}

const FLOAT: &str = "float";

impl<'a> Embeddings<'a> {
    /// The embeddings of a response, if it has any.
    pub(super) fn of(response: &Members<'a>) -> Option<Self> {
        let embeddings = response.get("embeddings")?;
        if is_arrays(embeddings) {
            return Some(Self::Several { member: None, items: items(embeddings)? });
        }
        let by_type = Members::of(embeddings).filter(|_| is_object(embeddings))?;
        if let Some(items) = by_type.array(FLOAT).filter(|items| !items.is_empty()) {
            return Some(Self::Several { member: Some(FLOAT), items });
        }
        let others = ["int8", "uint8", "binary", "ubinary", "base64"];
        let others: Vec<&str> = others.into_iter().filter(|name| by_type.get(name).is_some()).collect();
        (!others.is_empty()).then(|| {
            let said = format!(
                "the vector is {}: this Cohere response has no float embeddings, and others are on another scale; add \
                 float to embedding_types of the request",
                others.join(" and ")
            );
            Self::Unfit(Unfit { lack: Lack::Kind, said })
        })
    }

    /// A response reduced to one of its embeddings and its text.
    pub(super) fn with_only(
        response: &Members<'_>,
        member: Option<&str>,
        place: usize,
        item: &str,
    ) -> String {
        let item = format!("[{item}]");
        let embeddings = member.map_or_else(|| item.clone(), |member| format!("{{\"{member}\":{item}}}"));
        let text = response.array("texts").and_then(|texts| texts.get(place).map(|text| format!("[{text}]")));
        match text {
            Some(text) => response.with(&[("embeddings", &embeddings), ("texts", &text)]),
            None => response.with(&[("embeddings", &embeddings)]),
        }
    }
}
