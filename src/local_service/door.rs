//! Admits clients, and limits how much of the service one client may use: connections, time, memory.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::header::{EXPECT, HeaderMap};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

/// The limits for clients of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientLimits {
    /// Maximum concurrent connections; further ones wait until one of them ends.
    pub connections: usize,
    /// Maximum time for the head of a request, and maximum idle time of a connection.
    pub head: Duration,
    /// Maximum time without a byte of a body.
    pub pause: Duration,
    /// Maximum time for a whole body.
    pub body: Duration,
    /// Maximum length of a body in bytes. The service's own limit is not published; 500 vectors of 4096 numbers with
    /// all their metadata fit into the default one in any spelling of the vendor's SDKs.
    pub body_bytes: usize,
    /// Maximum bytes of all concurrent bodies; a body that does not fit waits.
    pub memory: usize,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            connections: 1_024,
            head: Duration::from_secs(30),
            pause: Duration::from_secs(30),
            body: Duration::from_mins(10),
            body_bytes: 128 << 20,
            memory: 512 << 20,
        }
    }
}

/// The unit of memory in bytes.
const PIECE: usize = 1 << 10;

/// The door of a running service.
#[derive(Debug)]
pub(super) struct Door {
    pub(super) limits: ClientLimits,
    connections: Arc<Semaphore>,
    memory: Arc<Semaphore>,
}

/// The result of reading a body.
pub(super) enum ReadBody {
    /// The body, with its memory reservation.
    Whole(Bytes, OwnedSemaphorePermit),
    /// It exceeds the maximum length.
    TooLong,
    /// It did not end properly.
    Broken,
}

impl Door {
    pub(super) fn new(limits: ClientLimits) -> Self {
        Self {
            limits,
            connections: Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS))),
            memory: Arc::new(Semaphore::new(pieces(limits.memory.max(limits.body_bytes)))),
        }
    }

    /// Waits until another connection may be accepted; dropping the result frees its place.
    pub(super) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.connections).acquire_owned().await.ok()
    }

    /// Reads the body of an authorised request.
    pub(super) async fn read(&self, mut body: Incoming) -> ReadBody {
        let told = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        if told > self.limits.body_bytes {
            return self.pass_over(body).await;
        }
        // Without a known length, a body may have the maximum one.
        let most = if body.size_hint().exact().is_some() { told } else { self.limits.body_bytes };
        let deadline = Instant::now() + self.limits.body;
        let memory =
            Arc::clone(&self.memory).acquire_many_owned(u32::try_from(pieces(most)).unwrap_or(u32::MAX));
        let Ok(Ok(memory)) = timeout_at(deadline, memory).await else { return ReadBody::Broken };
        let mut received = Vec::with_capacity(told);
        loop {
            match self.next(&mut body, deadline).await {
                Ok(None) => return ReadBody::Whole(received.into(), memory),
                Ok(Some(data)) if received.len() + data.len() > self.limits.body_bytes => {
                    drop((received, memory));
                    return self.pass_over(body).await;
                }
                Ok(Some(data)) => received.extend_from_slice(&data),
                Err(Gone) => return ReadBody::Broken,
            }
        }
    }

    /// Reads and discards an unneeded body, up to the maximum length, so that its sender gets to read the answer.
    pub(super) async fn pass_over(&self, mut body: Incoming) -> ReadBody {
        let deadline = Instant::now() + self.limits.body;
        let mut left = self.limits.body_bytes;
        while left > 0 {
            match self.next(&mut body, deadline).await {
                Ok(Some(data)) => left = left.saturating_sub(data.len()),
                Ok(None) => break,
                Err(Gone) => return ReadBody::Broken,
            }
        }
        ReadBody::TooLong
    }

    /// The next bytes of a body; `None` at its end.
    async fn next(&self, body: &mut Incoming, deadline: Instant) -> Result<Option<Bytes>, Gone> {
        let until = deadline.min(Instant::now() + self.limits.pause);
        match timeout_at(until, body.frame()).await {
            Ok(Some(Ok(frame))) => Ok(Some(frame.into_data().unwrap_or_default())),
            Ok(None) => Ok(None),
            Ok(Some(Err(_))) | Err(_) => Err(Gone),
        }
    }
}

/// The client is gone, or does not respond.
struct Gone;

fn pieces(bytes: usize) -> usize {
    bytes.div_ceil(PIECE).min(Semaphore::MAX_PERMITS)
}

/// Whether the client waits for a go-ahead before it sends its body.
pub(super) fn waits(headers: &HeaderMap) -> bool {
    headers.get(EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}
