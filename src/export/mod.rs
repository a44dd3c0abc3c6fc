//! Records written by embedding providers and other vector stores: each known shape of a JSON record, recognised by the
//! names of its members, and where its parts are. Pure.
//!
//! Only a record in which no field name yields a key or a vector comes here, so shapes cost other records nothing.

mod bedrock;
mod cohere;
mod dashscope;
mod elasticsearch;
mod form;
mod google;
mod members;
mod openai;
mod parts;
mod paths;
mod qdrant;
mod texts;
mod weaviate;

pub(crate) use form::{Content, Export, Unfit};
use members::Members;
pub(crate) use paths::Paths;

type Recognise = for<'a> fn(&Members<'a>) -> Option<Export<'a>>;

/// The shapes; each looks for names that no other shape has.
const SHAPES: [Recognise; 10] = [
    openai::batch,
    openai::item,
    bedrock::batch,
    google::vertex,
    google::gemini,
    cohere::response,
    dashscope::result,
    elasticsearch::hit,
    weaviate::object,
    qdrant::point,
];

impl<'a> Export<'a> {
    /// Recognises the record `text` by its members.
    pub(crate) fn of(text: &'a [u8]) -> Option<Self> {
        let record = Members::of(std::str::from_utf8(text).ok()?)?;
        SHAPES.iter().find_map(|recognise| recognise(&record))
    }
}

#[cfg(test)]
mod tests;
