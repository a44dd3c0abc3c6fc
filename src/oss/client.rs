//! One signed call over HTTP: no retry, no waiting for a turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

pub use super::answer::Answer;
use super::answer::{self, MOST_OF_AN_ERROR, Received};
pub use super::body::{Body, Departure};
use super::body::{Movement, Pieces, unless_idle};
use super::connections::Connections;
use super::credential::{Credentials, Refreshed};
use super::endpoint::{Endpoint, Target, service_resource};
use super::error::{CallError, ServiceError, Transport};
use super::hidden::Hidden;
use super::network::{Network, Proxy, chain};
use super::operation::Operation;
use super::secret::Credential;
use super::sign::{self, Signable};
use super::time::Timestamp;
use crate::shown::bounded_by;

/// The options of a client.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The host.
    pub endpoint: Endpoint,
    /// The bucket.
    pub target: Target,
    /// Maximum time to connect.
    pub connect_timeout: Duration,
    /// Maximum time without a byte sent or received.
    pub read_timeout: Duration,
    /// Whether to accept any server certificate.
    pub skip_verify_cert: bool,
    /// Whether to send `Content-MD5`.
    pub content_md5: bool,
    /// The network path to the host.
    pub network: Network,
}

/// Maximum size of an answer without vectors, in bytes: the names in an index's metadata, a page of indexes.
const MOST_OF_AN_ANSWER: usize = 1 << 20;

/// Maximum length of a transport error, in characters.
const MOST_OF_A_DETAIL: usize = 1_000;

/// Maximum length of the id of an answer, more than a UUID, in bytes.
const LONGEST_ID: usize = 40;

/// A call, and how much of an answer with vectors to read.
#[derive(Clone, Copy)]
struct Call<'a> {
    operation: Operation,
    body: &'a Body,
    most_of_vectors: usize,
}

/// Makes signed calls about one bucket; clones share connections, credential and clock.
#[derive(Clone, Debug)]
pub struct Client {
    connections: Arc<Connections>,
    options: Arc<ClientOptions>,
    credentials: Arc<Credentials>,
    /// Seconds to add to the local clock, as learnt from the service.
    clock_offset: Arc<AtomicI64>,
}

impl Client {
    /// Prepares a client without connecting. The first line of an error says what is wrong, the second one the cure.
    pub fn new(options: ClientOptions, credentials: Credentials) -> Result<Self, String> {
        let options = Arc::new(options);
        if let Proxy::Url(url) = &options.network.proxy {
            for password in proxy_passwords(url.expose()) {
                credentials.hide(&password);
            }
        }
        let prepared = Arc::clone(&options);
        Ok(Self {
            connections: Arc::new(Connections::new(Box::new(move || http(&prepared)))?),
            options,
            credentials: Arc::new(credentials),
            clock_offset: Arc::default(),
        })
    }

    /// Calls `operation` once; `departure` is called when the request is sent. Reads up to `most_of_vectors` bytes of
    /// an answer with vectors.
    pub async fn call(
        &self,
        operation: Operation,
        body: &Body,
        most_of_vectors: usize,
        departure: Departure,
    ) -> Result<Answer, CallError> {
        let begun = Instant::now();
        let outcome = self.signed(Call { operation, body, most_of_vectors }, departure).await;
        self.log(operation, body, begun.elapsed(), &outcome);
        outcome
    }

    async fn signed(&self, call: Call<'_>, departure: Departure) -> Result<Answer, CallError> {
        // The source of the credential limits its own time.
        let credential = self.credentials.current(self.now()).await?;
        let movement = Arc::new(Movement::default());
        let pieces = Pieces::new(call.body, Arc::clone(&movement), departure);
        let exchange = Box::pin(self.exchange(call, &credential, pieces));
        unless_idle(self.options.read_timeout, &movement, exchange).await.unwrap_or_else(|| {
            let seconds = self.options.read_timeout.as_secs_f64();
            let detail = format!("no response from {} for {seconds} s", self.options.endpoint);
            Err(CallError::Transport { kind: Transport::Timeout, detail })
        })
    }

    /// Logs a call, without its content and without the service's message, which may repeat a part of it.
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
                tracing::debug!(operation, url, bytes, ?kind, elapsed_ms, "no response");
            }
            Err(CallError::Credential(_) | CallError::CredentialEnded(_)) => {
                tracing::debug!(operation, "no credential to sign with");
            }
        }
    }

    /// Fetches the credential from its source again, unless another one came into use after `used`.
    pub async fn refresh(&self, used: Instant) -> Result<Refreshed, String> {
        let refreshed = self.credentials.refresh(used, self.now()).await;
        tracing::debug!(refreshed = ?refreshed.as_ref().ok(), "asked for another credential");
        refreshed
    }

    /// The service's time, as far as it is known.
    fn now(&self) -> Timestamp {
        Timestamp::now().plus_seconds(self.clock_offset.load(Ordering::Relaxed))
    }

    /// Adopts the service's clock for all further signatures; returns whether that changed anything.
    pub fn set_clock(&self, service: Timestamp) -> bool {
        let offset = service.unix_seconds() - Timestamp::now().unix_seconds();
        let before = self.clock_offset.swap(offset, Ordering::Relaxed);
        before.abs_diff(offset) > 60
    }

    async fn exchange(
        &self,
        call: Call<'_>,
        credential: &Credential,
        mut pieces: Pieces,
    ) -> Result<Answer, CallError> {
        let Call { operation, body, most_of_vectors } = call;
        let movement = Arc::clone(&pieces.movement);
        if body.is_empty() {
            // The pieces of an empty body are never taken.
            pieces.depart();
        }
        let (http, generation) = self.connections.current();
        let mut request = http
            .request(method(operation), self.options.endpoint.url(&self.options.target, operation))
            .body(reqwest::Body::wrap(pieces));
        let headers = self.headers(operation, body, credential);
        let hidden = || self.hidden(&headers);
        let broken = |error| transport(&error, &hidden());
        for (name, value) in &headers {
            request = request.header(name, value);
        }
        let mut response = request.send().await.map_err(broken)?;
        let is_early = response.status().is_success() && !movement.is_sent();
        let id = answer::text(response.headers(), "x-oss-request-id").to_owned();
        let status = response.status().as_u16();
        self.connections.accept(generation, status, &id, is_early).map_err(|detail| {
            let detail = bounded_by(&detail, MOST_OF_A_DETAIL, |part| hidden().strike(part));
            CallError::Transport { kind: Transport::Broken, detail }
        })?;
        if !response.status().is_success() {
            let received = answer::read(&mut response, MOST_OF_AN_ERROR, &movement).await.map_err(broken)?;
            let error = answer::service_error(status, response.headers(), &received, &hidden());
            return Err(CallError::Service(Box::new(error)));
        }
        let received = match most_of_answer(operation, most_of_vectors) {
            Some(most) => answer::read(&mut response, most, &movement).await.map_err(broken)?,
            None => answer::pass_over(&mut response).await.map(|()| Received::default()).map_err(broken)?,
        };
        let request_id = self.told_id(&id, &hidden);
        Ok(Answer { status, request_id, body: told(operation, received, &hidden) })
    }

    /// The id of an answer as it is reported. Every success has one, and any encoded text of this request that it could
    /// repeat is longer than an id of the service.
    fn told_id(&self, id: &str, hidden: &impl Fn() -> Hidden) -> String {
        if id.len() <= LONGEST_ID { self.credentials.strike(id) } else { answer::told_id(id, &hidden()) }
    }

    /// The texts of this call, and of earlier ones, that must not be reported.
    fn hidden(&self, headers: &[(String, String)]) -> Hidden {
        self.credentials.hidden().and(signature(headers))
    }

    fn headers(&self, operation: Operation, body: &Body, credential: &Credential) -> Vec<(String, String)> {
        let target = &self.options.target;
        let resource =
            if operation.is_service_level() { service_resource(&target.region) } else { target.resource("") };
        let mut headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        if self.options.content_md5 {
            headers.push(("Content-MD5".to_owned(), body.md5().to_owned()));
        }
        let signable = Signable {
            method: operation.method(),
            resource: &resource,
            query: operation.query(),
            headers: &headers,
            additional: &[],
        };
        headers.extend(sign::sign(&signable, credential, &target.region, sign::PRODUCT, self.now()));
        self.credentials.hide_signature(signature(&headers));
        headers
    }
}

/// The signature in the headers of a request.
fn signature(headers: &[(String, String)]) -> &str {
    let authorization = headers.iter().find(|(name, _)| name == "Authorization");
    authorization
        .and_then(|(_, value)| value.rsplit_once("Signature="))
        .map_or("", |(_, signature)| signature)
}

fn method(operation: Operation) -> reqwest::Method {
    // Every operation's method is a plain token, so this cannot fail.
    operation.method().parse().unwrap_or(reqwest::Method::POST)
}

/// How much of a successful answer to read; `None` if it is not needed.
fn most_of_answer(operation: Operation, most_of_vectors: usize) -> Option<usize> {
    match operation {
        Operation::PutVectors | Operation::PutVectorIndex | Operation::PutVectorBucket => None,
        Operation::GetVectors => Some(most_of_vectors),
        _ => Some(MOST_OF_AN_ANSWER),
    }
}

/// A body as it is passed on. One with vectors is only compared; parts of any other may be printed.
fn told(operation: Operation, received: Received, hidden: &impl Fn() -> Hidden) -> bytes::Bytes {
    match operation {
        Operation::GetVectors => received.bytes.into(),
        _ if received.bytes.is_empty() => bytes::Bytes::new(),
        _ => hidden().strike(&String::from_utf8_lossy(&received.bytes)).into(),
    }
}

/// The password in a proxy's URL, as written and as sent.
fn proxy_passwords(url: &str) -> Vec<String> {
    let Ok(url) = reqwest::Url::parse(url) else { return Vec::new() };
    let Some(password) = url.password() else { return Vec::new() };
    let decoded = percent_encoding::percent_decode_str(password).decode_utf8_lossy().into_owned();
    vec![password.to_owned(), decoded]
}

/// A new HTTP client with its own connections.
fn http(options: &ClientOptions) -> Result<reqwest::Client, String> {
    let http = options.network.http(options.connect_timeout)?;
    // Without TLS there is nothing to verify, and the system need not have certificates.
    let is_plain = !options.endpoint.is_encrypted() && options.network.proxy == Proxy::None;
    let http = http.danger_accept_invalid_certs(options.skip_verify_cert || is_plain);
    http.build().map_err(|error| unprepared(&error))
}

/// Why there is no client, and the cure.
fn unprepared(error: &reqwest::Error) -> String {
    let text = chain(error);
    if text.contains("No CA certificates") {
        return "this system has no CA certificates\n\
                install them (on Linux, the package ca-certificates), or name a file with --ca-bundle"
            .to_owned();
    }
    text
}

fn transport(error: &reqwest::Error, hidden: &Hidden) -> CallError {
    let detail = bounded_by(&chain(error), MOST_OF_A_DETAIL, |part| hidden.strike(part));
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

/// Whether a cause contains one of the words. The error's own text does not count: it contains the URL, and so names
/// that users chose.
fn has_cause(error: &reqwest::Error, words: &[&str]) -> bool {
    std::iter::successors(std::error::Error::source(error), |cause| cause.source())
        .map(|cause| cause.to_string().to_lowercase())
        .any(|text| words.iter().any(|word| text.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_that_reads_like_trouble_with_tls_is_none() {
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = reqwest::get(format!("http://{nobody}/my-certificates")).await.unwrap_err();
        let CallError::Transport { kind, detail } = transport(&error, &Hidden::default()) else {
            panic!("{error}")
        };
        assert_eq!(kind, Transport::Connect, "{detail}");
        assert!(detail.contains("my-certificates"), "{detail}");
    }
}
