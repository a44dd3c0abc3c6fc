//! Reads an answer: how much of it, and the service's error in it.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::header::HeaderMap;
use tokio::time::timeout;

use super::body::Movement;
use super::error::ServiceError;
use super::hidden::Hidden;
use super::time::Timestamp;
use super::{prefix, wire};
use crate::shown::bounded_by;

/// Maximum size of an error body to read, larger than any error of the service.
pub(super) const MOST_OF_AN_ERROR: usize = 64 << 10;

/// Maximum length of an error's message, and of its other texts, in characters.
const MOST_OF_A_MESSAGE: usize = 1_000;
const MOST_OF_A_WORD: usize = 200;

/// How much of an unneeded body is read, and for how long, only to keep its connection.
const MOST_TO_KEEP: usize = 16 << 10;
const LONGEST_TO_KEEP: Duration = Duration::from_secs(1);

/// A successful answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status, 2xx.
    pub status: u16,
    /// The request's id.
    pub request_id: String,
    /// The body, as far as the call asked for it.
    pub body: Bytes,
}

/// A body as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Received {
    pub(super) bytes: Vec<u8>,
    /// Whether there was more.
    pub(super) is_cut: bool,
}

/// Reads up to `most` bytes of a body. If there is more, the connection is not reused.
pub(super) async fn read(
    response: &mut reqwest::Response,
    most: usize,
    movement: &Movement,
) -> reqwest::Result<Received> {
    let mut received = Received::default();
    while let Some(chunk) = response.chunk().await? {
        movement.note();
        let room = most - received.bytes.len();
        received.bytes.extend_from_slice(chunk.get(..room.min(chunk.len())).unwrap_or_default());
        if chunk.len() > room {
            received.is_cut = true;
            break;
        }
    }
    Ok(received)
}

/// Reads an unneeded body to its end, if that is near; otherwise gives up its connection.
pub(super) async fn pass_over(response: &mut reqwest::Response) -> reqwest::Result<()> {
    let mut left = MOST_TO_KEEP;
    let end = async {
        while let Some(chunk) = response.chunk().await? {
            left = left.saturating_sub(chunk.len());
            if left == 0 {
                break;
            }
        }
        Ok(())
    };
    timeout(LONGEST_TO_KEEP, end).await.unwrap_or(Ok(()))
}

/// Reads the service's error from body and headers; some proxies and some errors leave parts of it out. Hidden texts
/// are struck out.
pub(super) fn service_error(
    status: u16,
    headers: &HeaderMap,
    received: &Received,
    hidden: &Hidden,
) -> ServiceError {
    let in_header = || wire::ErrorBody::from_body(&STANDARD.decode(text(headers, "x-oss-err")).ok()?);
    let in_body = if received.is_cut {
        prefix::error(&received.bytes)
    } else {
        wire::ErrorBody::from_body(&received.bytes)
    };
    let error = in_body.or_else(in_header).unwrap_or_default();
    let or = |value: String, otherwise: &str| if value.is_empty() { otherwise.to_owned() } else { value };
    let told = |value: &str, most| bounded_by(value, most, |part| hidden.strike(part));
    let reason = reqwest::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let word = |value: String, otherwise: &str| told(&or(value, otherwise), MOST_OF_A_WORD);
    ServiceError {
        status,
        code: word(error.code, &format!("HTTP{status}")),
        message: told(&or(error.message, reason.unwrap_or("no message")), MOST_OF_A_MESSAGE),
        request_id: word(error.request_id, text(headers, "x-oss-request-id")),
        ec: word(error.ec, text(headers, "x-oss-ec")),
        wait: wait(headers),
        server_time: Timestamp::parse_http_date(text(headers, "date")),
    }
}

/// The id of an answer as it is reported.
pub(super) fn told_id(id: &str, hidden: &Hidden) -> String {
    bounded_by(id, MOST_OF_A_WORD, |part| hidden.strike(part))
}

/// How long the service asks to wait, in either of its two headers; at most a minute.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    const LONGEST: Duration = Duration::from_mins(1);
    let seconds = text(headers, "retry-after").parse().ok().map(Duration::from_secs);
    let millis = text(headers, "x-oss-qos-delay-time").parse().ok().map(Duration::from_millis);
    seconds.max(millis).map(|wait| wait.min(LONGEST))
}

/// A header's value, if it is text.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (reqwest::header::HeaderName::from_static(name), HeaderValue::from_static(value))
            })
            .collect()
    }

    fn error(status: u16, headers: &HeaderMap, body: &[u8]) -> ServiceError {
        let received = Received { bytes: body.to_vec(), is_cut: false };
        service_error(status, headers, &received, &Hidden::default())
    }

    #[test]
    fn an_error_is_read_from_its_body_and_its_headers() {
        let headers = headers(&[
            ("x-oss-request-id", "ID"),
            ("x-oss-ec", "0002-1"),
            ("date", "Sat, 16 Dec 2023 16:20:57 GMT"),
            ("retry-after", "2"),
        ]);
        let error = error(503, &headers, br#"{"Error":{"Code":"QpsLimitExceeded","Message":"slow"}}"#);
        assert_eq!((error.code.as_str(), error.message.as_str()), ("QpsLimitExceeded", "slow"));
        assert_eq!((error.request_id.as_str(), error.ec.as_str()), ("ID", "0002-1"));
        assert_eq!(error.server_time, Timestamp::parse_basic("20231216T162057Z"));
        assert_eq!(error.wait, Some(Duration::from_secs(2)));
    }

    #[test]
    fn an_error_without_a_body_is_read_from_the_header_that_carries_it() {
        let text = STANDARD.encode(r#"{"Error":{"Code":"NoSuchBucket","Message":"m"}}"#);
        let mut headers = HeaderMap::new();
        headers.insert("x-oss-err", text.parse().unwrap());
        assert_eq!(error(404, &headers, b"").code, "NoSuchBucket");
        assert_eq!(error(502, &HeaderMap::new(), b"<html>").code, "HTTP502");
    }

    #[test]
    fn a_message_without_end_is_cut() {
        let body = format!(r#"{{"Error":{{"Code":"C","Message":"{}"}}}}"#, "é".repeat(5_000));
        let message = error(403, &HeaderMap::new(), body.as_bytes()).message;
        assert!(message.chars().count() < 1_100 && message.contains("[of 5000 characters]"), "{message}");
    }

    #[test]
    fn the_longer_of_the_two_waits_counts_up_to_a_minute() {
        let both = headers(&[("retry-after", "1"), ("x-oss-qos-delay-time", "1500")]);
        assert_eq!(wait(&both), Some(Duration::from_millis(1500)));
        assert_eq!(wait(&headers(&[("retry-after", "86400")])), Some(Duration::from_mins(1)));
        assert_eq!(wait(&HeaderMap::new()), None);
    }
}
