//! One signed call over HTTP: no retry, no waiting for a turn.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use reqwest::header::HeaderMap;
use tokio::time::Instant;

use super::credential::{Credential, Credentials, Refreshed};
use super::endpoint::{Endpoint, Target, service_resource};
use super::error::{CallError, ServiceError, Transport};
use super::md5;
use super::network::{Network, Proxy, chain};
use super::operation::Operation;
use super::sign::{self, Signable};
use super::time::Timestamp;
use super::wire;

/// What a client needs to know before its first call.
#[derive(Clone, Debug)]
pub struct Options {
    /// The host.
    pub endpoint: Endpoint,
    /// The bucket.
    pub target: Target,
    /// Longest time to connect.
    pub connect_timeout: Duration,
    /// Longest time without a byte sent or received.
    pub read_timeout: Duration,
    /// Whether the server's certificate may be anything.
    pub skip_verify_cert: bool,
    /// The way there.
    pub network: Network,
}

/// The body of a request in shared pieces, hashed once, sent as often as needed.
#[derive(Clone, Debug)]
pub struct Body {
    pieces: Vec<Bytes>,
    length: u64,
    md5: String,
}

impl Body {
    /// Takes the pieces in their order.
    pub fn new(pieces: Vec<Bytes>) -> Self {
        let hash = md5::one(&pieces);
        Self::hashed(pieces, hash)
    }

    /// Makes two bodies at once, which takes little longer than one of them.
    pub fn pair(one: Vec<Bytes>, other: Vec<Bytes>) -> (Self, Self) {
        let [hash, other_hash] = md5::two(&one, &other);
        (Self::hashed(one, hash), Self::hashed(other, other_hash))
    }

    fn hashed(pieces: Vec<Bytes>, hash: [u8; 16]) -> Self {
        let length = pieces.iter().map(|piece| piece.len() as u64).sum();
        Self { pieces, length, md5: STANDARD.encode(hash) }
    }

    /// Its size in bytes.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }
}

/// Beyond every answer that the service gives to what is asked here: 100 vectors with their metadata.
const MOST_OF_AN_ANSWER: usize = 64 << 20;

/// Beyond every error of the service, in bytes; and as much of its message as anybody reads, in characters.
const MOST_OF_AN_ERROR: usize = 1 << 20;
const MOST_OF_A_MESSAGE: usize = 1_000;

/// Told once, when the first byte of a request leaves; dropped untold if none ever does.
pub type Departure = Box<dyn FnOnce() + Send + Sync>;

/// A successful answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status, 2xx.
    pub status: u16,
    /// The request's id.
    pub request_id: String,
    /// The body as it came.
    pub body: Bytes,
}

/// Makes signed calls about one bucket; clones share connections, credential and clock.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    options: Arc<Options>,
    credentials: Arc<Credentials>,
    /// Seconds to add to the own clock, as learnt from the service.
    clock_offset: Arc<AtomicI64>,
}

impl Client {
    /// Prepares a client; nothing is connected yet. What an error says stands on its first line, what to do about it on
    /// a second one.
    pub fn new(options: Options, credentials: Credentials) -> Result<Self, String> {
        let http = options.network.http(options.connect_timeout)?;
        // Without TLS there is nothing to verify, and a system without certificates will do.
        let is_plain = !options.endpoint.is_encrypted() && options.network.proxy == Proxy::None;
        let http = http.danger_accept_invalid_certs(options.skip_verify_cert || is_plain);
        Ok(Self {
            http: http.build().map_err(|error| unprepared(&error))?,
            options: Arc::new(options),
            credentials: Arc::new(credentials),
            clock_offset: Arc::default(),
        })
    }

    /// Calls `operation` once; `departure` is told when the request leaves.
    pub async fn call(
        &self,
        operation: Operation,
        body: &Body,
        departure: Departure,
    ) -> Result<Answer, CallError> {
        let begun = Instant::now();
        let outcome = self.signed(operation, body, departure).await;
        self.log(operation, body, begun.elapsed(), &outcome);
        outcome
    }

    async fn signed(
        &self,
        operation: Operation,
        body: &Body,
        departure: Departure,
    ) -> Result<Answer, CallError> {
        // How long a source may take is for the source to say.
        let credential = self.credentials.current(self.now()).await?;
        let movement = Arc::new(Movement::default());
        let pieces = Pieces::new(body, Arc::clone(&movement), departure);
        let call = self.exchange(operation, body, &credential, pieces);
        unless_idle(self.options.read_timeout, &movement, call).await.unwrap_or_else(|| {
            let seconds = self.options.read_timeout.as_secs_f64();
            let detail = format!("no answer for {seconds} s from {}", self.options.endpoint);
            Err(CallError::Transport { kind: Transport::Timeout, detail })
        })
    }

    /// Logs a call: never what is in it, nor what the service says of it, which may repeat a part.
    fn log(&self, operation: Operation, body: &Body, elapsed: Duration, outcome: &Result<Answer, CallError>) {
        let url = self.options.endpoint.url(&self.options.target, operation);
        let (operation, bytes, elapsed_ms) = (operation.name(), body.len(), elapsed.as_millis());
        match outcome {
            Ok(Answer { status, request_id, .. }) => {
                tracing::debug!(operation, url, bytes, status, request_id, elapsed_ms, "answered");
            }
            Err(CallError::Service(error)) => {
                let ServiceError { status, code, request_id, .. } = error.as_ref();
                tracing::debug!(operation, url, bytes, status, code, request_id, elapsed_ms, "refused");
            }
            Err(CallError::Transport { kind, .. }) => {
                tracing::debug!(operation, url, bytes, ?kind, elapsed_ms, "no answer");
            }
            Err(CallError::Credential(_) | CallError::CredentialEnded(_)) => {
                tracing::debug!(operation, "no credential to sign with");
            }
        }
    }

    /// Fetches the credential anew from its source, unless another one came into use after `used`.
    pub async fn refresh(&self, used: Instant) -> Result<Refreshed, String> {
        let refreshed = self.credentials.refresh(used, self.now()).await;
        tracing::debug!(refreshed = ?refreshed.as_ref().ok(), "asked for another credential");
        refreshed
    }

    /// The service's time, as far as it is known.
    fn now(&self) -> Timestamp {
        Timestamp::now().plus_seconds(self.clock_offset.load(Ordering::Relaxed))
    }

    /// Takes over the service's clock for all further signatures; whether that changed anything.
    pub fn set_clock(&self, service: Timestamp) -> bool {
        let offset = service.unix_seconds() - Timestamp::now().unix_seconds();
        let before = self.clock_offset.swap(offset, Ordering::Relaxed);
        before.abs_diff(offset) > 60
    }

    async fn exchange(
        &self,
        operation: Operation,
        body: &Body,
        credential: &Credential,
        mut pieces: Pieces,
    ) -> Result<Answer, CallError> {
        let movement = Arc::clone(&pieces.movement);
        if body.is_empty() {
            // Nobody asks for the pieces of an empty body.
            pieces.depart();
        }
        let mut request = self
            .http
            .request(method(operation), self.options.endpoint.url(&self.options.target, operation))
            .body(reqwest::Body::wrap(pieces));
        for (name, value) in self.headers(operation, body, credential) {
            request = request.header(name, value);
        }
        let mut response = request.send().await.map_err(|error| transport(&error))?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let most = if response.status().is_success() { MOST_OF_AN_ANSWER } else { MOST_OF_AN_ERROR };
        let mut received = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| transport(&error))? {
            movement.note();
            received.extend_from_slice(&chunk);
            if received.len() > most {
                // An error says what it has to say in less, and the service's answers are shorter.
                received.truncate(most);
                break;
            }
        }
        if (200..300).contains(&status) {
            let request_id = text(&headers, "x-oss-request-id").to_owned();
            if request_id.is_empty() {
                // A proxy's or a portal's page; taken for success it would be a loss that nobody notices.
                let detail =
                    format!("HTTP {status} without x-oss-request-id: that was not the service's answer");
                return Err(CallError::Transport { kind: Transport::Broken, detail });
            }
            return Ok(Answer { status, request_id, body: received.into() });
        }
        Err(CallError::Service(Box::new(service_error(status, &headers, &received))))
    }

    fn headers(&self, operation: Operation, body: &Body, credential: &Credential) -> Vec<(String, String)> {
        let target = &self.options.target;
        let resource =
            if operation.is_service_level() { service_resource(&target.region) } else { target.resource("") };
        let mut headers = vec![
            ("Content-Type".to_owned(), "application/json".to_owned()),
            ("Content-MD5".to_owned(), body.md5.clone()),
        ];
        let signable = Signable {
            method: operation.method(),
            resource: &resource,
            query: operation.query(),
            headers: &headers,
            additional: &[],
        };
        headers.extend(sign::sign(&signable, credential, &target.region, sign::PRODUCT, self.now()));
        headers
    }
}

fn method(operation: Operation) -> reqwest::Method {
    // Every operation's method is a plain token, so this cannot fail.
    operation.method().parse().unwrap_or(reqwest::Method::POST)
}

/// When a byte of a call moved last.
#[derive(Debug, Default)]
struct Movement(Mutex<Option<Instant>>);

impl Movement {
    fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn last(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for `future` until nothing has moved for `idle`. Before the first byte there is a connection to be made, which
/// has a limit of its own.
async fn unless_idle<T>(idle: Duration, movement: &Movement, future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    loop {
        let from = movement.last().unwrap_or_else(Instant::now);
        tokio::select! {
            value = &mut future => return Some(value),
            () = tokio::time::sleep_until(from + idle) => {}
        }
        if movement.last() == Some(from) {
            return None;
        }
    }
}

/// The pieces of a body on their way, in portions small enough to see that they move.
struct Pieces {
    left: VecDeque<Bytes>,
    length: u64,
    movement: Arc<Movement>,
    departure: Option<Departure>,
}

impl Pieces {
    fn new(body: &Body, movement: Arc<Movement>, departure: Departure) -> Self {
        let left = body.pieces.iter().cloned().collect();
        Self { left, length: body.length, movement, departure: Some(departure) }
    }

    /// Tells that the request leaves, once. The client asks for the first piece when it has a connection and writes.
    fn depart(&mut self) {
        if let Some(departure) = self.departure.take() {
            departure();
            self.movement.note();
        }
    }
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        const PORTION: usize = 256 * 1024;
        self.depart();
        let Some(mut piece) = self.left.pop_front() else { return Poll::Ready(None) };
        let portion = piece.split_to(piece.len().min(PORTION));
        if !piece.is_empty() {
            self.left.push_front(piece);
        }
        self.length -= portion.len() as u64;
        self.movement.note();
        Poll::Ready(Some(Ok(Frame::data(portion))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}

/// Reads the service's error from body and headers; some proxies and some errors leave parts of it out.
fn service_error(status: u16, headers: &HeaderMap, body: &[u8]) -> ServiceError {
    let decoded = STANDARD.decode(text(headers, "x-oss-err")).unwrap_or_default();
    let body = if body.is_empty() { &decoded } else { body };
    let error = wire::ServiceError::from_body(body).unwrap_or_default();
    let or = |value: String, otherwise: &str| if value.is_empty() { otherwise.to_owned() } else { value };
    let reason = reqwest::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    ServiceError {
        status,
        code: or(error.code, &format!("HTTP{status}")),
        message: or(shortened(error.message), reason.unwrap_or("no message")),
        request_id: or(error.request_id, text(headers, "x-oss-request-id")),
        ec: or(error.ec, text(headers, "x-oss-ec")),
        wait: wait(headers),
        server_time: Timestamp::parse_http_date(text(headers, "date")),
    }
}

fn shortened(message: String) -> String {
    match message.char_indices().nth(MOST_OF_A_MESSAGE) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
        None => message,
    }
}

/// How long the service asks to wait, in whichever of the two ways; never more than a minute at once.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    const LONGEST: Duration = Duration::from_mins(1);
    let seconds = text(headers, "retry-after").parse().ok().map(Duration::from_secs);
    let millis = text(headers, "x-oss-qos-delay-time").parse().ok().map(Duration::from_millis);
    seconds.max(millis).map(|wait| wait.min(LONGEST))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Why there is no client, and what to do about it.
fn unprepared(error: &reqwest::Error) -> String {
    let text = chain(error);
    if text.contains("No CA certificates") {
        return "this system has no certificates to trust\n\
                install them (on Linux the package is called ca-certificates), or name a file with --ca-bundle"
            .to_owned();
    }
    text
}

fn transport(error: &reqwest::Error) -> CallError {
    let detail = chain(error);
    let kind = match (error.is_connect(), error.is_timeout()) {
        _ if error.is_builder() => Transport::Misconfigured,
        (true, _) if has_cause(error, &["proxy authorization required", "invalid server name"]) => {
            Transport::Misconfigured
        }
        (true, _) if has_cause(error, &["certificate", "corrupt message"]) => Transport::Tls,
        (true, _) if has_cause(error, &["dns error"]) => Transport::Resolve,
        (true, _) => Transport::Connect,
        (false, true) => Transport::Timeout,
        (false, false) => Transport::Broken,
    };
    CallError::Transport { kind, detail }
}

/// Whether one of the words stands in a cause. The error's own text does not count: it holds the URL, and so names that
/// users chose.
fn has_cause(error: &reqwest::Error, words: &[&str]) -> bool {
    std::iter::successors(std::error::Error::source(error), |cause| cause.source())
        .map(|cause| cause.to_string().to_lowercase())
        .any(|text| words.iter().any(|word| text.contains(word)))
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

    #[test]
    fn an_error_is_read_from_its_body_and_its_headers() {
        let headers = headers(&[
            ("x-oss-request-id", "ID"),
            ("x-oss-ec", "0002-1"),
            ("date", "Sat, 16 Dec 2023 16:20:57 GMT"),
            ("retry-after", "2"),
        ]);
        let error =
            service_error(503, &headers, br#"{"Error":{"Code":"QpsLimitExceeded","Message":"slow"}}"#);
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
        assert_eq!(service_error(404, &headers, b"").code, "NoSuchBucket");
        assert_eq!(service_error(502, &HeaderMap::new(), b"<html>").code, "HTTP502");
    }

    #[test]
    fn a_message_without_end_is_cut() {
        let body = format!(r#"{{"Error":{{"Code":"C","Message":"{}"}}}}"#, "é".repeat(5_000));
        let message = service_error(403, &HeaderMap::new(), body.as_bytes()).message;
        assert_eq!((message.chars().count(), message.ends_with("é…")), (1_001, true));
    }

    #[test]
    fn the_longer_of_the_two_waits_counts_up_to_a_minute() {
        let both = headers(&[("retry-after", "1"), ("x-oss-qos-delay-time", "1500")]);
        assert_eq!(wait(&both), Some(Duration::from_millis(1500)));
        assert_eq!(wait(&headers(&[("retry-after", "86400")])), Some(Duration::from_mins(1)));
        assert_eq!(wait(&HeaderMap::new()), None);
    }

    #[test]
    fn a_body_is_hashed_over_all_its_pieces() {
        let body = Body::new(vec![
            Bytes::from_static(b"{\"indexName\": \"idx\", \"vectors\": "),
            Bytes::from_static(b"[{\"key\": \"k1\", \"data\": {\"float32\": [0.1, 0.2, 0.3]}}]}"),
        ]);
        assert_eq!((body.len(), body.md5.as_str()), (86, "x/AZAqTvy9j/iwdC9qZ1eg=="));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_call_ends_after_the_time_it_may_be_silent_and_not_later() {
        const IDLE: Duration = Duration::from_secs(3);
        let begun = Instant::now();
        let movement = Movement::default();
        let call = async {
            // Connecting is not silence.
            tokio::time::sleep(Duration::from_secs(8)).await;
            for _ in 0..2 {
                movement.note();
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
            std::future::pending::<()>().await;
        };
        assert_eq!(unless_idle(IDLE, &movement, call).await, None);
        assert_eq!(begun.elapsed().as_secs(), 8 + 2 + 3);
    }

    #[tokio::test]
    async fn a_name_that_reads_like_trouble_with_tls_is_none() {
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = reqwest::get(format!("http://{nobody}/my-certificates")).await.unwrap_err();
        let CallError::Transport { kind, detail } = transport(&error) else { panic!("{error}") };
        assert_eq!(kind, Transport::Connect, "{detail}");
        assert!(detail.contains("my-certificates"), "{detail}");
    }
}
