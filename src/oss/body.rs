//! The body of a request: shared pieces, hashed once, and the progress of sending them.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::Instant;

use super::md5;

/// Called once, when the first byte of a request is sent; dropped if that never happens.
pub type Departure = Box<dyn FnOnce() + Send + Sync>;

/// The body of a request in shared pieces, hashed at most once, sent as many times as needed.
#[derive(Clone, Debug)]
pub struct Body {
    pieces: Vec<Bytes>,
    length: u64,
    md5: OnceLock<String>,
}

impl Body {
    /// How many are hashed together.
    pub const HASHED_TOGETHER: usize = md5::TOGETHER;

    /// A body of these pieces, in order.
    pub fn new(pieces: Vec<Bytes>) -> Self {
        let length = pieces.iter().map(|piece| piece.len() as u64).sum();
        Self { pieces, length, md5: OnceLock::new() }
    }

    /// Hashes several bodies together, before their hashes are needed.
    pub fn hash<'a>(bodies: impl IntoIterator<Item = &'a Self>) {
        let bodies: Vec<_> = bodies.into_iter().collect();
        let messages: Vec<_> = bodies.iter().map(|body| body.pieces.as_slice()).collect();
        for (body, hash) in bodies.iter().zip(md5::together(&messages)) {
            body.md5.get_or_init(|| STANDARD.encode(hash));
        }
    }

    /// Its `Content-MD5`.
    pub(super) fn md5(&self) -> &str {
        self.md5.get_or_init(|| {
            md5::together(&[&self.pieces]).into_iter().map(|hash| STANDARD.encode(hash)).collect()
        })
    }

    /// Its size in bytes.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }
}

/// When a byte of a call was last transferred, and whether the whole request has been sent.
#[derive(Debug, Default)]
pub(super) struct Movement {
    last: Mutex<Option<Instant>>,
    is_sent: AtomicBool,
}

impl Movement {
    pub(super) fn note(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn last(&self) -> Option<Instant> {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the whole request has been sent.
    pub(super) fn is_sent(&self) -> bool {
        self.is_sent.load(Ordering::Acquire)
    }
}

/// Waits for `future` until nothing was transferred for `idle`. Does not limit connecting, which has its own timeout.
pub(super) async fn unless_idle<T>(
    idle: Duration,
    movement: &Movement,
    future: impl Future<Output = T>,
) -> Option<T> {
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

/// The pieces of a body in transit, in portions small enough to see progress.
pub(super) struct Pieces {
    left: VecDeque<Bytes>,
    length: u64,
    pub(super) movement: Arc<Movement>,
    departure: Option<Departure>,
}

impl Pieces {
    pub(super) fn new(body: &Body, movement: Arc<Movement>, departure: Departure) -> Self {
        let left: VecDeque<_> = body.pieces.iter().filter(|piece| !piece.is_empty()).cloned().collect();
        movement.is_sent.store(left.is_empty(), Ordering::Release);
        Self { left, length: body.length, movement, departure: Some(departure) }
    }

    /// Reports once that the request is sent. The client takes the first piece when it is connected and writes.
    pub(super) fn depart(&mut self) {
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
        self.movement.is_sent.store(self.left.is_empty(), Ordering::Release);
        Poll::Ready(Some(Ok(Frame::data(portion))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_hashed_over_all_its_pieces() {
        let body = Body::new(vec![
            Bytes::from_static(b"{\"indexName\": \"idx\", \"vectors\": "),
            Bytes::from_static(b"[{\"key\": \"k1\", \"data\": {\"float32\": [0.1, 0.2, 0.3]}}]}"),
        ]);
        assert_eq!((body.len(), body.md5()), (86, "x/AZAqTvy9j/iwdC9qZ1eg=="));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_call_ends_after_the_time_it_may_be_silent_and_not_later() {
        const IDLE: Duration = Duration::from_secs(3);
        let begun = Instant::now();
        let movement = Movement::default();
        let call = async {
            // Connecting does not count as silence.
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
}
