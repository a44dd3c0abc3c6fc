//! What an embedding provider or another vector store has written: the shapes of one JSON record that are known, each by
//! the names of its members, and where its parts are. Pure.
//!
//! Only a record that has no key or no vector by the names of fields comes here, so a shape costs other records nothing.

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

/// The shapes, each of which asks for names that no other has.
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
