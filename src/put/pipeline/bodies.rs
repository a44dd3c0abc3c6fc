//! Makes request bodies from batches and hashes several of them together.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::queued::{Broken, Queued};
use crate::oss::client::Body;

/// How long a batch waits for others to be hashed with; hashing several together takes less than twice as long as
/// hashing one. A load that fills batches faster than this needs its processors; any other load has time.
const COMPANIONS: Duration = Duration::from_millis(50);

/// How to make bodies from batches.
pub(super) struct Bodies {
    /// The start of each body.
    pub(super) prefix: Bytes,
    pub(super) hashes: bool,
    /// The memory left for batches.
    pub(super) memory: Arc<Semaphore>,
}

impl Bodies {
    /// How long `queued` waits for other batches to be hashed with. Without memory for one, none arrives before this
    /// one is sent.
    fn time_for_companions(&self, queued: &Queued) -> Duration {
        let taken = queued.memory.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let has_time = self.hashes && self.memory.available_permits() >= taken;
        if has_time { COMPANIONS } else { Duration::ZERO }
    }

    /// The batches to hash together with `first`: those that arrive in time, up to the first item that is not a batch.
    fn companions(
        &self,
        first: Result<Queued, Broken>,
        filled: &Receiver<Result<Queued, Broken>>,
    ) -> Vec<Result<Queued, Broken>> {
        let begun = Instant::now();
        let mut together = vec![first];
        while together.len() < Body::HASHED_TOGETHER
            && let Some(Ok(last)) = together.last()
        {
            let time = self.time_for_companions(last).saturating_sub(begun.elapsed());
            let Ok(next) = filled.recv_timeout(time) else { break };
            together.push(next);
        }
        together
    }

    /// Gives batches their bodies.
    fn give(&self, batches: &mut [Result<Queued, Broken>]) {
        for queued in batches.iter_mut().flatten() {
            queued.body = Some(Body::new(queued.batch.body(&self.prefix)));
        }
        if self.hashes {
            Body::hash(batches.iter().flatten().filter_map(|queued| queued.body.as_ref()));
        }
    }
}

/// Makes the bodies of batches, several at a time if they are there, and passes the batches on in order; in a
/// rehearsal, without bodies.
pub(super) fn make(
    filled: &Receiver<Result<Queued, Broken>>,
    bodies: Option<&Bodies>,
    batches: &mpsc::Sender<Result<Queued, Broken>>,
) {
    while let Ok(first) = filled.recv() {
        let mut together = match bodies {
            Some(bodies) => bodies.companions(first, filled),
            None => vec![first],
        };
        if let Some(bodies) = bodies {
            bodies.give(&mut together);
        }
        for queued in together {
            if batches.blocking_send(queued).is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;
    use crate::admit::{Admit, Fields, Rules};
    use crate::exit::{ErrorCode, Failure};
    use crate::put::batch::{Batcher, Limits};
    use crate::record::{Block, Position, Raw, Record};

    fn queued(memory: &Arc<Semaphore>, units: u32) -> Queued {
        let mut batcher = Batcher::new(Limits { vectors: 1, bytes: 1 });
        let raw = Raw::Json(Bytes::from_static(br#"{"key":"a","vector":[1]}"#));
        let records = vec![Record { position: Position::default(), raw }];
        let block = Block { records, end: Position::default(), bytes: 0..0, around: Vec::new() };
        let mut admit = Admit::new(Fields::new(&[], &[], &[]), Rules::of_no_index());
        batcher.block(admit.block(block), |_| Err(())).unwrap();
        let memory = Arc::clone(memory).try_acquire_many_owned(units).ok();
        Queued { batch: batcher.seal().unwrap(), body: None, memory }
    }

    #[test]
    fn a_batch_waits_for_no_companion_that_memory_forbids() {
        let memory = Arc::new(Semaphore::new(10));
        let bodies = Bodies { prefix: Bytes::new(), hashes: true, memory: Arc::clone(&memory) };
        let first = queued(&memory, 4);
        assert_eq!(bodies.time_for_companions(&first), COMPANIONS);
        let second = queued(&memory, 4);
        assert_eq!(bodies.time_for_companions(&second), Duration::ZERO);
        drop(first);
        assert_eq!(bodies.time_for_companions(&second), COMPANIONS);
        assert_eq!(Bodies { hashes: false, ..bodies }.time_for_companions(&second), Duration::ZERO);
    }

    #[test]
    fn batches_that_are_there_are_hashed_together_and_what_breaks_off_comes_behind_them() {
        let memory = Arc::new(Semaphore::new(100));
        let bodies = Bodies { prefix: Bytes::from_static(b"["), hashes: true, memory: Arc::clone(&memory) };
        let (filled_in, filled) = sync_channel(20);
        for _ in 0..=Body::HASHED_TOGETHER {
            filled_in.send(Ok(queued(&memory, 1))).unwrap();
        }
        filled_in.send(Err(Broken::End(Failure::new(ErrorCode::Bug, "the end")))).unwrap();
        drop(filled_in);
        let first = filled.recv().unwrap();
        assert_eq!(bodies.companions(first, &filled).len(), Body::HASHED_TOGETHER);
        let next = filled.recv().unwrap();
        let mut last = bodies.companions(next, &filled);
        bodies.give(&mut last);
        let [Ok(next), Err(Broken::End(_))] = last.as_slice() else { panic!("{last:?}") };
        assert!(next.body.is_some());
    }
}
