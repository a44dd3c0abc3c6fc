//! A local service that speaks the protocol of OSS Vectors: the same operations, limits, error codes and quota, plus
//! scripted faults.
//!
//! It needs no cloud account and no network except loopback. It does not search: it answers `QueryVectors`, filters,
//! policies, logging and fusion indexes with 501, and for now also listing and deleting buckets.
//!
//! ```text
//! head ─► route ─► faults ─► auth ─► quota ─► body ─► ops ─► store
//! ```
//!
//! This file is the HTTP layer; apart from `door`, which reads bodies, it is the only one that uses the server library.

mod answer;
mod auth;
mod door;
pub mod fault;
mod limiter;
mod ops;
mod options;
mod route;
pub(crate) mod service;
pub mod statistics;
pub(crate) mod store;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, DATE, HOST, LOCATION, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::oss::time::Timestamp;
use answer::{Answer, Refusal};
pub use door::ClientLimits;
use door::{Door, ReadBody};
pub use options::Options;
pub use service::Service;
use service::{End, Head, Received};

/// How long requests in flight may continue after the stop.
const GRACE: Duration = Duration::from_secs(5);

/// How long to wait if no connection can be accepted, such as when file descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `stop` is done; then requests in flight have a few seconds to end.
///
/// The caller binds, so that it knows the port before any client does. Whatever was answered with 200 is on disk.
pub async fn serve(
    listener: TcpListener,
    stop: impl Future<Output = ()>,
    service: Arc<Service>,
) -> anyhow::Result<()> {
    let (stopping, watcher) = watch::channel(false);
    let door = Arc::new(Door::new(service.limits()));
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        let accepted = async {
            let place = door.place().await;
            listener.accept().await.map(|(stream, _)| (stream, place))
        };
        tokio::select! {
            () = &mut stop => break,
            accepted = accepted => match accepted {
                Ok((stream, place)) => {
                    let serving = connection(stream, (service.clone(), door.clone()), watcher.clone());
                    connections.spawn(async move {
                        serving.await;
                        drop(place);
                    });
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    stopping.send_replace(true);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, all_ended).await.is_err() {
        connections.shutdown().await;
    }
    Ok(())
}

/// Serves one connection until the client closes it, or until the stop, after which its last request may end.
async fn connection(
    stream: TcpStream,
    (service, door): (Arc<Service>, Arc<Door>),
    mut stopping: watch::Receiver<bool>,
) {
    // Otherwise the system may delay a small answer; the connection works either way.
    stream.set_nodelay(true).ok();
    let watcher = stopping.clone();
    let head = door.limits.head;
    let respond =
        service_fn(move |request| respond((service.clone(), door.clone()), request, watcher.clone()));
    let serving = http1::Builder::new()
        .auto_date_header(false)
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .serve_connection(TokioIo::new(stream), respond);
    tokio::pin!(serving);
    // An error means that the client is gone or that a fault closes; both are noted where they matter.
    tokio::select! {
        ended = serving.as_mut() => drop(ended),
        () = stopped(&mut stopping) => {
            serving.as_mut().graceful_shutdown();
            drop(serving.await);
        }
    }
}

/// Resolves when the service is to stop.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, which is also a stop.
    drop(stopping.wait_for(|is_stopping| *is_stopping).await);
}

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed without a response")]
struct Closed;

async fn respond(
    (service, door): (Arc<Service>, Arc<Door>),
    request: Request<Incoming>,
    mut stopping: watch::Receiver<bool>,
) -> Result<Response<Full<Bytes>>, Closed> {
    let arrived = Instant::now();
    let in_flight = service.begin();
    let received = service.receive(head(&request, arrived), Timestamp::now());
    if service.note_reset_before_body(&received) {
        return Err(Closed);
    }
    let received = Arc::new(received);
    let reading = if received.is_refused() && door::waits(request.headers()) {
        ReadBody::TooLong
    } else if received.is_refused() {
        door.pass_over(request.into_body()).await
    } else {
        door.read(request.into_body()).await
    };
    let settled = match reading {
        ReadBody::Broken => return Err(Closed),
        // A refusal because of the head comes before any error in the body.
        ReadBody::TooLong if received.is_refused() => service.settle(&received, Bytes::new()),
        ReadBody::TooLong => service.settle_oversized(&received, door.limits.body_bytes),
        ReadBody::Whole(body, memory) => {
            let (service, received) = (service.clone(), received.clone());
            // It continues to its end even if the client disconnects.
            let in_flight = Arc::clone(&in_flight);
            let settle = move || {
                let settled = service.settle(&received, body);
                drop((in_flight, memory));
                settled
            };
            tokio::task::spawn_blocking(settle).await.map_err(|_| Closed)?
        }
    };
    tokio::time::sleep(settled.latency).await;
    match settled.end {
        End::Answer(answer) => response(&received, answer).map_err(|_| Closed),
        End::Close => Err(Closed),
        End::Hang => {
            stopped(&mut stopping).await;
            Err(Closed)
        }
    }
}

/// The HTTP response for an answer. Its type has no parameters, since the vendor's Python SDK parses any other as XML.
fn response(
    received: &Received,
    answer: Result<Answer, Refusal>,
) -> Result<Response<Full<Bytes>>, hyper::http::Error> {
    let mut response = Response::builder()
        .header(DATE, received.clock.http_date())
        .header(CONTENT_TYPE, "application/json")
        .header("x-oss-request-id", &received.request_id);
    match answer {
        Ok(Answer { status, location, body }) => {
            if let Some(location) = location {
                response = response.header(LOCATION, location);
            }
            response.status(status).body(Full::new(body))
        }
        Err(refusal) => {
            if !refusal.ec.is_empty() {
                response = response.header("x-oss-ec", refusal.ec);
            }
            if let Some(seconds) = refusal.retry_after {
                response = response.header(RETRY_AFTER, seconds);
            }
            let body = refusal.body(&received.request_id, &received.host);
            response.status(refusal.status).body(Full::new(body))
        }
    }
}

fn head(request: &Request<Incoming>, arrived: Instant) -> Head {
    let headers: Vec<(String, String)> = request
        .headers()
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let named = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let host = named.or_else(|| request.uri().host()).unwrap_or_default();
    Head {
        method: request.method().as_str().to_owned(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        host: host.to_owned(),
        headers,
        arrived,
    }
}
