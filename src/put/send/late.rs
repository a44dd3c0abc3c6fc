//! The service may apply requests without an answer late, over a newer value of a key that was stored since.
//!
//! This cannot be prevented. With `--verify all` the keys in danger are remembered and looked up once more when
//! everything is settled.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::read_back::{self, ReadBack};
use crate::call::{Caller, Effort};
use crate::put::report::Reporter;
use crate::put::report::notice::RequestNotice;
use crate::record::{Defect, Reason, Vector};

/// Maximum bytes of keys and records to remember.
const MOST_BYTES: usize = 64 << 20;

/// The keys of requests without an answer, with what was stored under them since.
#[derive(Debug, Default)]
pub(crate) struct Late(Mutex<Keys>);

#[derive(Debug, Default)]
struct Keys {
    newer: HashMap<Bytes, Option<Vector>>,
    bytes: usize,
    /// The number of keys that did not fit.
    beyond: u64,
}

/// What to look up once more.
#[derive(Debug, Default)]
struct InDanger {
    /// The newest record of each key.
    vectors: Vec<Vector>,
    /// The number of keys that were not remembered.
    beyond: u64,
}

impl Late {
    /// Notes that these were sent in a request without an answer, and are stored or given up.
    pub(crate) fn may_come(&self, vectors: &[Vector]) {
        let mut keys = self.lock();
        for vector in vectors {
            let key = Bytes::copy_from_slice(&vector.key_json());
            if keys.newer.contains_key(&key) {
                continue;
            }
            if keys.bytes + key.len() > MOST_BYTES {
                keys.beyond += 1;
                continue;
            }
            keys.bytes += key.len();
            keys.newer.insert(key, None);
        }
    }

    /// Notes that these are stored, perhaps over what may be applied late.
    pub(crate) fn stored(&self, vectors: &[Vector]) {
        let mut keys = self.lock();
        if keys.newer.is_empty() {
            return;
        }
        for vector in vectors {
            let room = MOST_BYTES.saturating_sub(keys.bytes);
            let Some(newer) = keys.newer.get_mut(&vector.key_json()) else { continue };
            let before = newer.as_ref().map_or(0, |vector| vector.wire().len());
            let length = vector.wire().len();
            if length > room + before {
                *newer = None;
                keys.beyond += 1;
                keys.bytes -= before;
            } else {
                *newer = Some(vector.without_its_block());
                keys.bytes = keys.bytes - before + length;
            }
        }
    }

    /// Notes that these were not stored: what the index should have under their keys is unknown.
    pub(crate) fn given_up(&self, vectors: &[Vector]) {
        let mut keys = self.lock();
        for vector in vectors {
            let newer = keys.newer.get_mut(&vector.key_json()).and_then(Option::take);
            keys.bytes -= newer.map_or(0, |vector| vector.wire().len());
        }
    }

    /// Looks up once more what may have been overwritten, and returns what was.
    pub(crate) async fn overwritten(
        &self,
        caller: &Caller,
        reporter: &Reporter,
        index_name: &str,
    ) -> Vec<Defect> {
        let InDanger { vectors, beyond } = self.take();
        let (mut overwritten, mut unseen) = (Vec::new(), beyond);
        let mut is_answered = true;
        for some in vectors.chunks(read_back::KEYS) {
            let effort = &mut Effort::default();
            // Waiting for a single budget is enough.
            let look = read_back::stored(caller, index_name, some, None, effort);
            let ReadBack::Known(found) = (if is_answered { look.await } else { ReadBack::Halted }) else {
                is_answered = false;
                unseen += some.len() as u64;
                continue;
            };
            let missing = some.iter().zip(found).filter(|(_, found)| !found);
            overwritten.extend(missing.map(|(vector, _)| vector.rejected(Reason::Overwritten)));
        }
        if unseen > 0 {
            reporter.note(RequestNotice::Unchecked(unseen));
        }
        overwritten
    }

    /// Takes what to look up, in the order of the input, and forgets it.
    fn take(&self) -> InDanger {
        let Keys { newer, beyond, .. } = std::mem::take(&mut *self.lock());
        let mut vectors: Vec<Vector> = newer.into_values().flatten().collect();
        vectors.sort_by_key(Vector::position);
        InDanger { vectors, beyond }
    }

    fn lock(&self) -> MutexGuard<'_, Keys> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::put::testing::vector;

    fn records(in_danger: &InDanger) -> Vec<u64> {
        in_danger.vectors.iter().map(|vector| vector.position().record).collect()
    }

    #[test]
    fn only_the_newest_value_stored_over_a_request_without_an_answer_is_in_danger() {
        let late = Late::default();
        late.stored(&[vector(0, "a", 1), vector(1, "b", 1)]);
        late.may_come(&[vector(1, "b", 1), vector(2, "c", 1)]);
        late.stored(&[vector(3, "a", 1), vector(4, "b", 1)]);
        late.stored(&[vector(5, "b", 1)]);
        let in_danger = late.take();
        assert_eq!((records(&in_danger), in_danger.beyond), (vec![5], 0));
        assert!(late.take().vectors.is_empty());
    }

    #[test]
    fn what_there_is_no_room_for_is_counted() {
        let late = Late::default();
        late.may_come(&[vector(0, "a", 1), vector(1, "b", 1)]);
        late.stored(&[vector(2, "a", MOST_BYTES / 2), vector(3, "b", MOST_BYTES / 2)]);
        let in_danger = late.take();
        assert_eq!((records(&in_danger), in_danger.beyond), (vec![2], 1));
    }
}
