//! Results of `DashScope`'s asynchronous text embedding. Pure.

use super::form::{Content, Export};
use super::members::{Members, is_numbers, plain};
use super::paths::Paths;
use crate::record::Lack;
use crate::record::names::KEYS;

const NO_KEY: &str = "no key found: a DashScope result has only the number of its text; make keys with \
                      --key-template '{file}-{row}', or use --key text_index if the input is one result file";

/// The members that a result may have if it is only an error.
const OF_ERROR: [&str; 7] = ["code", "message", "request_id", "status_code", "text_index", "usage", "output"];

/// The result for one text.
pub(super) fn result<'a>(record: &Members<'a>) -> Option<Export<'a>> {
    let is_indexed = record.has("text_index") && (record.has("embedding") || record.has("code"));
    let is_plain = ["code", "message", "embedding"].iter().all(|name| record.has(name));
    let has_key = KEYS.iter().any(|name| record.has(name));
    // Only an error by itself has nothing but these members: an unrelated record has others.
    let is_error = record.has("code") && record.has("message") && record.has_only(&OF_ERROR);
    (is_indexed || is_error || (is_plain && !has_key)).then_some(())?;
    let has_vector = record.get("embedding").is_some_and(is_numbers);
    let told = |name: &str| record.get(name).map(plain).filter(|text| !text.is_empty() && text != "200");
    let content = match (told("code"), told("message")) {
        _ if has_vector => Content::One(Paths {
            needs_key: Some(if is_indexed { NO_KEY } else { NO_INDEX }),
            vector: "embedding".into(),
            envelope: &["code", "message", "text_index"],
            ..Paths::default()
        }),
        (Some(code), Some(message)) => Content::Failed(format!("{code}: {message}")),
        (Some(alone), None) | (None, Some(alone)) => Content::Failed(alone),
        (None, None) => Content::unfit(
            Lack::Vector,
            "no vector found: this DashScope result has neither embedding nor error",
        ),
    };
    Some(Export::new("a DashScope result", content))
}

const NO_INDEX: &str =
    "no key found: this DashScope result does not say of which text it is; add a key to each line";
