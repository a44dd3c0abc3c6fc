//! Objects that could contain records but have none: the last page of a store, or an empty collection. Pure.

use super::named::Named;
use super::outline::{Member, Outline, Value};
use super::value::{skip_blanks, value_end};
use crate::record::names::{DICTIONARIES, INCLUDED, KEY_COLUMNS, LOOSE_WRAPPERS, VECTOR_COLUMN, is_one_of};

/// A page without records is short; anything longer contains something.
const LONGEST: usize = 16 << 10;

/// Whether the text is such an object and nothing else. If more followed, it could be an incomplete record.
pub(super) fn is_page(text: &[u8], named: Named<'_>) -> bool {
    if text.len() > LONGEST || text.first() != Some(&b'{') {
        return false;
    }
    let outline = Outline::of(text, 0);
    let is_all = value_end(text, 0).is_some_and(|end| skip_blanks(text, end) == text.len());
    let is_page = are_columns(text, &outline, named) || is_dictionary(text, &outline, named);
    is_all
        && outline.is_complete
        && is_page
        && outline.members.iter().all(|member| is_without_records(text, member))
}

/// Whether there are columns of keys and of vectors without any row.
fn are_columns(text: &[u8], outline: &Outline<'_>, named: Named<'_>) -> bool {
    let is_key = |name: &[u8]| named.is_key(name) || is_one_of(&KEY_COLUMNS, name);
    let is_vector = |name: &[u8]| named.is_vector(name) || name == VECTOR_COLUMN.as_bytes();
    let is_void = |member: &Member<'_>| is_void(text, member.at);
    let (keys, vectors) = (outline.find(is_key), outline.find(is_vector));
    vectors.is_some_and(is_void)
        && keys.map_or_else(|| vectors.is_some_and(|found| found.name == VECTOR_COLUMN.as_bytes()), is_void)
}

/// Whether a dictionary of records is empty, or an array under a name that records may use for something else.
fn is_dictionary(text: &[u8], outline: &Outline<'_>, named: Named<'_>) -> bool {
    let is_holder = |member: &Member<'_>| {
        let names: &[&str] = if text.get(member.at) == Some(&b'{') { &DICTIONARIES } else { &LOOSE_WRAPPERS };
        is_void(text, member.at) && is_one_of(names, member.name)
    };
    let is_of_record = |name: &[u8]| named.is_key(name) || named.is_vector(name);
    outline.members.iter().any(is_holder)
        && outline.find(is_of_record).is_none()
        && !named.has_key(text, outline)
        && !named.has_vector(text, outline)
}

/// Whether a member cannot contain a record: Chroma lists the requested columns, and Pinecone has counts.
fn is_without_records(text: &[u8], member: &Member<'_>) -> bool {
    match member.value {
        Value::Scalar | Value::Text => true,
        Value::Object => {
            Outline::of(text, member.at).members.iter().all(|inner| inner.value == Value::Scalar)
        }
        Value::Others => member.name == INCLUDED.as_bytes() || is_void(text, member.at),
        Value::Numbers | Value::Arrays | Value::Objects => false,
    }
}

/// Whether the object or array at `at` is empty.
fn is_void(text: &[u8], at: usize) -> bool {
    let close = match text.get(at) {
        Some(b'{') => b'}',
        Some(b'[') => b']',
        _ => return false,
    };
    text.get(skip_blanks(text, at + 1)) == Some(&close)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_records_is_known_by_what_it_would_hold() {
        for text in [
            r#"{"ids":[],"embeddings":[]}"#,
            r#"{"ids":[],"embeddings":[ ],"documents":[],"metadatas":null,"included":["embeddings"]} "#,
            r#"{"id":[],"vector":[]}"#,
            r#"{"id":{},"vector":{},"title":{}}"#,
            r#"{"embeddings":[]}"#,
            r#"{"vectors":{}}"#,
            r#"{"vectors":{},"namespace":"n","usage":{"readUnits":1}}"#,
            r#"{"records":[]}"#,
            r#"{"items":[],"next":null}"#,
        ] {
            assert!(is_page(text.as_bytes(), Named::default()), "{text}");
        }
    }

    #[test]
    fn what_has_something_or_could_be_a_record_is_no_such_page() {
        for text in [
            r#"{"ids":["a"],"embeddings":[]}"#,
            r#"{"ids":[],"embeddings":[[1]]}"#,
            r#"{"ids":[],"embeddings":[],"documents":["x"]}"#,
            r#"{"id":"a","vector":[]}"#,
            r#"{"id":"a","items":[]}"#,
            r#"{"vector":[1],"data":{}}"#,
            r#"{"vector":[]}"#,
            r#"{"sku":"a","items":[],"numbers":[1,2]}"#,
            r#"{"ids":[],"embeddings":[]}{"ids":[],"embeddings":[]}"#,
            r#"{"ids":[],"embeddings":["#,
            r#"{"vectors":{"a":{}}}"#,
            r#"{"items":[],"vectors":{"id":"a","embedding":[0]}}"#,
            r#"{"items":[],"more":{"id":"a"}}"#,
            "{}",
            "[]",
            "",
        ] {
            assert!(!is_page(text.as_bytes(), Named::default()), "{text}");
        }
        let key = ["records".to_owned()];
        assert!(!is_page(br#"{"records":[]}"#, Named { key: &key, ..Named::default() }));
    }
}
