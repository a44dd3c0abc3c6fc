//! Who gets in, and how much of the service one client may take: connections, time, memory.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::header::{EXPECT, HeaderMap};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

/// What clients may take of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientLimits {
    /// Most connections at once; further ones wait for one of them to end.
    pub connections: usize,
    /// Longest time for the head of a request, and longest time without one on a connection.
    pub head: Duration,
    /// Longest time without a byte of a body.
    pub pause: Duration,
    /// Longest time for a whole body.
    pub body: Duration,
    /// Longest body that is read at all, in bytes. The service's own bound is not published; 500 vectors of 4096 numbers
    /// with all their metadata stay below the usual one however the vendor's SDKs spell them.
    pub body_bytes: usize,
    /// Most bytes of all bodies at once; a body that does not fit waits.
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

/// Memory is given out in pieces of so many bytes.
const PIECE: usize = 1 << 10;

/// The door of a running service.
#[derive(Debug)]
pub(super) struct Door {
    pub(super) limits: ClientLimits,
    connections: Arc<Semaphore>,
    memory: Arc<Semaphore>,
}

/// What became of reading a body.
pub(super) enum ReadBody {
    /// It is there, with the memory that it takes.
    Whole(Bytes, OwnedSemaphorePermit),
    /// It is longer than any that is read.
    TooLong,
    /// It never came to its end.
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

    /// Waits until another connection may be taken; the place is free again when the result is dropped.
    pub(super) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.connections).acquire_owned().await.ok()
    }

    /// Reads the body of a request that may ask.
    pub(super) async fn read(&self, mut body: Incoming) -> ReadBody {
        let told = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        if told > self.limits.body_bytes {
            return self.pass_over(body).await;
        }
        // One that does not say how long it is may become as long as any.
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

    /// Takes a body that nobody needs and keeps nothing of it, so that its sender gets to read the answer; as much of it
    /// as a body may have.
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

    /// The next bytes of a body; nothing at its end.
    async fn next(&self, body: &mut Incoming, deadline: Instant) -> Result<Option<Bytes>, Gone> {
        let until = deadline.min(Instant::now() + self.limits.pause);
        match timeout_at(until, body.frame()).await {
            Ok(Some(Ok(frame))) => Ok(Some(frame.into_data().unwrap_or_default())),
            Ok(None) => Ok(None),
            Ok(Some(Err(_))) | Err(_) => Err(Gone),
        }
    }
}

/// The client is gone, or as good as gone.
struct Gone;

fn pieces(bytes: usize) -> usize {
    bytes.div_ceil(PIECE).min(Semaphore::MAX_PERMITS)
}

/// Whether the client sends its body only when it is asked to.
pub(super) fn waits(headers: &HeaderMap) -> bool {
    headers.get(EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}
