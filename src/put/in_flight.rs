//! Which keys are on their way: a batch that shares one with them has to wait, so that the later value arrives later.
//!
//! Pure: it only counts.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::record::Vector;

/// The keys of a batch, as hashes: two keys that collide make a batch wait needlessly, never wrongly.
pub(super) type KeyHashes = Vec<u64>;

/// The keys of all batches in flight.
#[derive(Debug, Default)]
pub(super) struct KeysInFlight {
    hasher: RandomState,
    counts: HashMap<u64, u32>,
}

impl KeysInFlight {
    /// The hashes of the keys of `vectors`.
    pub(super) fn hashes(&self, vectors: &[Vector]) -> KeyHashes {
        vectors.iter().map(|vector| self.hasher.hash_one(vector.key_json())).collect()
    }

    /// Whether one of the keys is on its way.
    pub(super) fn holds_any(&self, keys: &KeyHashes) -> bool {
        keys.iter().any(|key| self.counts.contains_key(key))
    }

    /// Notes keys that leave.
    pub(super) fn add(&mut self, keys: &KeyHashes) {
        for key in keys {
            *self.counts.entry(*key).or_default() += 1;
        }
    }

    /// Notes keys whose fate is known.
    pub(super) fn remove(&mut self, keys: &KeyHashes) {
        for key in keys {
            if let Some(count) = self.counts.get_mut(key) {
                *count -= 1;
                if *count == 0 {
                    self.counts.remove(key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::put::record::Position;

    fn vector(key: u8, record: u64) -> Vector {
        let wire = Bytes::from(format!("{{\"key\":\"{key:03}\"}}"));
        Vector::alone(Position { record, ..Position::default() }, wire, 5)
    }

    proptest! {
        /// Batches leave in order unless they share a key with one on its way, and are applied in any order: in the
        /// end every key has the value of its last occurrence.
        #[test]
        fn the_last_occurrence_wins_whatever_the_order_of_completion(
            batches in prop::collection::vec(prop::collection::btree_set(0u8..20, 1..6), 1..40),
            choices in prop::collection::vec(0usize..8, 400),
        ) {
            let mut keys = KeysInFlight::default();
            let mut store = HashMap::new();
            let mut in_flight = Vec::new();
            let mut choices = choices.into_iter().cycle();
            let mut waiting = batches.iter().enumerate().peekable();
            while waiting.peek().is_some() || !in_flight.is_empty() {
                if let Some((number, batch)) = waiting.peek() {
                    let vectors: Vec<_> = batch.iter().map(|key| vector(*key, *number as u64)).collect();
                    let hashes = keys.hashes(&vectors);
                    if in_flight.len() < 5 && !keys.holds_any(&hashes) {
                        keys.add(&hashes);
                        in_flight.push((vectors, hashes));
                        waiting.next();
                        continue;
                    }
                }
                let done = choices.next().unwrap_or(0) % in_flight.len();
                let (vectors, hashes): (Vec<Vector>, _) = in_flight.swap_remove(done);
                for vector in vectors {
                    store.insert(vector.key(), vector.position().record);
                }
                keys.remove(&hashes);
            }
            let mut want = HashMap::new();
            for (number, batch) in batches.iter().enumerate() {
                want.extend(batch.iter().map(|key| (format!("{key:03}"), number as u64)));
            }
            prop_assert_eq!(store, want);
            prop_assert!(keys.counts.is_empty());
        }
    }
}
