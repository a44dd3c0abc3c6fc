//! The batch output of `OpenAI` and of others with the same format: Model Studio, Azure, vLLM and more. Pure.

use super::form::{Content, Export};
use super::members::{Members, told};
use super::parts::Parts;
use super::paths::Paths;
use super::texts::{Texts, with_own_text};
use crate::record::Lack;

const BATCH: &str = "an OpenAI batch output";
const NO_EMBEDDINGS: &str = "no vector found: this line of an OpenAI batch output holds no embeddings; load the output \
                             of a batch to /v1/embeddings";
const SAME_INDEX: &str = "no key found: two embeddings of this line of an OpenAI batch output have the same index, \
                          which the key custom_id-INDEX needs; repeat the request";
const ENVELOPE: &[&str] = &["id", "response", "error"];

/// A line of a batch output: the response to one request.
pub(super) fn batch<'a>(record: &Members<'a>) -> Option<Export<'a>> {
    let key = record.get("custom_id")?;
    let response = record.object("response");
    let error = record.get("error").filter(|error| error.starts_with(['{', '"']));
    let is_answer = response.as_ref().is_some_and(|found| found.has("body") || found.has("status_code"));
    (is_answer || (response.is_none() && record.has("response") && error.is_some())).then_some(())?;
    let body = response.as_ref().and_then(|response| response.object("body"));
    let content = match failure(error, response.as_ref(), body.as_ref()) {
        Some(failure) => Content::Failed(failure),
        None => embeddings(record, key, response, body),
    };
    Some(Export::new(BATCH, content).with_key(key))
}

/// Why a request failed.
fn failure(
    error: Option<&str>,
    response: Option<&Members<'_>>,
    body: Option<&Members<'_>>,
) -> Option<String> {
    let status = response.and_then(|response| response.get("status_code"));
    let is_refused = status.and_then(|status| status.parse().ok()).is_some_and(|status: u16| status >= 400);
    let of_body = body.and_then(|body| body.get("error")).and_then(told);
    match error.and_then(told).or(of_body) {
        Some(message) if is_refused => Some(format!("{}: {message}", status.unwrap_or_default())),
        Some(message) => Some(message),
        None if is_refused => {
            let text = response.and_then(|response| response.get("body")).and_then(told);
            let status = status.unwrap_or_default();
            Some(text.map_or_else(|| format!("status {status}"), |text| format!("{status}: {text}")))
        }
        None => error.map(|_| "an error without a message".to_owned()),
    }
}

fn embeddings<'a>(
    record: &Members<'a>,
    key: &'a str,
    response: Option<Members<'a>>,
    body: Option<Members<'a>>,
) -> Content<'a> {
    let paths = Paths {
        key: "custom_id".into(),
        vector: "response.body.data[0].embedding".into(),
        envelope: ENVELOPE,
        ..Paths::default()
    };
    let data = body.as_ref().and_then(|body| body.array("data")).unwrap_or_default();
    let (Some(response), Some(body), [_, others @ ..]) = (response, body, data.as_slice()) else {
        return Content::unfit(Lack::Vector, NO_EMBEDDINGS);
    };
    let numbered: Vec<_> =
        (0_u64..).zip(&data).map(|(place, item)| (index(item).unwrap_or(place), *item)).collect();
    // A record that was divided before has only its own text, whatever its number.
    let numbers = || numbered.iter().map(|(number, _)| if others.is_empty() { 0 } else { *number });
    let texts = match Texts::joined(record, numbers()) {
        Ok(texts) => texts,
        Err(unfit) => return Content::Unfit(unfit),
    };
    if others.is_empty() {
        return Content::One(paths);
    }
    let places: Vec<_> = numbers().map(|number| usize::try_from(number).unwrap_or(usize::MAX)).collect();
    let record = record.clone();
    let bytes = record.bytes() - texts.iter().map(Texts::bytes).sum::<usize>();
    let make = move |place: usize, key: &str, item: &str| {
        let body = body.with(&[("data", &format!("[{item}]"))]);
        let response = response.with(&[("body", &body)]);
        let place = places.get(place).copied().unwrap_or(place);
        with_own_text(&record, texts.as_slice(), place, &[("custom_id", key), ("response", &response)])
    };
    let parts = Parts::new(key, numbered, bytes, paths, make);
    parts.map_or_else(|| Content::unfit(Lack::Key, SAME_INDEX), Content::Several)
}

/// The number of the request's input that an embedding belongs to.
fn index(item: &str) -> Option<u64> {
    Members::of(item)?.get("index")?.parse().ok()
}

/// An item of a response: the records of a stand-alone response.
pub(super) fn item<'a>(record: &Members<'a>) -> Option<Export<'a>> {
    let is_item = record.text("object").as_deref() == Some("embedding") && record.get("embedding").is_some();
    (is_item && record.has("index")).then(|| {
        let said = "no key found: an item of an OpenAI response has only its index; if the input is one response, use \
                    --key index; else send a batch with custom_id";
        Export::new("an OpenAI response", Content::unfit(Lack::Key, said))
    })
}
