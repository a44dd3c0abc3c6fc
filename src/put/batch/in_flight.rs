//! Which keys are in flight: a batch that shares one of them must wait, so that the later value arrives later.
//!
//! Pure: it only counts.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use crate::admit::quoted;
use crate::record::{Defect, Vector};

/// The keys of a batch as hashes: a collision makes a batch wait needlessly, but is never wrong.
#[derive(Debug)]
pub(crate) struct KeyHashes {
    /// One per vector.
    pub(crate) vectors: Vec<u64>,
    /// One per defect with a key. They are in flight, too, so that a vector stored later under the key of a rejected
    /// record finds that record listed.
    pub(crate) defects: Vec<u64>,
}

impl KeyHashes {
    fn all(&self) -> impl Iterator<Item = &u64> {
        self.vectors.iter().chain(&self.defects)
    }
}

/// Hashes the keys of one run.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyHasher(RandomState);

impl KeyHasher {
    /// The hashes of everything in a batch.
    pub(crate) fn hashes(&self, vectors: &[Vector], defects: &[Defect]) -> KeyHashes {
        KeyHashes {
            vectors: vectors.iter().map(|vector| self.of_json(&vector.key_json())).collect(),
            defects: defects.iter().filter_map(|defect| Some(self.of(defect.key.as_ref()?))).collect(),
        }
    }

    /// The hash of a key.
    pub(crate) fn of(&self, key: &str) -> u64 {
        let mut json = Vec::with_capacity(key.len() + 2);
        quoted(key, &mut json);
        self.of_json(&json)
    }

    fn of_json(&self, key: &[u8]) -> u64 {
        self.0.hash_one(key)
    }
}

/// The keys of all batches in flight.
#[derive(Debug, Default)]
pub(crate) struct KeysInFlight {
    counts: HashMap<u64, u32>,
}

impl KeysInFlight {
    /// Whether one of the keys is in flight.
    pub(crate) fn holds_any(&self, keys: &KeyHashes) -> bool {
        keys.all().any(|key| self.counts.contains_key(key))
    }

    /// Notes keys that are sent.
    pub(crate) fn add(&mut self, keys: &KeyHashes) {
        for key in keys.all() {
            *self.counts.entry(*key).or_default() += 1;
        }
    }

    /// Notes keys whose outcome is known.
    pub(crate) fn remove(&mut self, keys: &KeyHashes) {
        for key in keys.all() {
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

    use proptest::prelude::*;

    use super::*;
    use crate::put::testing::vector;

    proptest! {
        /// Batches are sent in order unless they share a key with one in flight, and are applied in any order: at the
        /// end every key has the value of its last occurrence.
        #[test]
        fn the_last_occurrence_wins_whatever_the_order_of_completion(
            batches in prop::collection::vec(prop::collection::btree_set(0u8..20, 1..6), 1..40),
            choices in prop::collection::vec(0usize..8, 400),
        ) {
            let (hasher, mut keys) = (KeyHasher::default(), KeysInFlight::default());
            let mut store = HashMap::new();
            let mut in_flight = Vec::new();
            let mut choices = choices.into_iter().cycle();
            let mut waiting = batches.iter().enumerate().peekable();
            while waiting.peek().is_some() || !in_flight.is_empty() {
                if let Some((number, batch)) = waiting.peek() {
                    let vectors: Vec<_> = batch.iter().map(|key| vector(*number as u64, &format!("{key:03}"), 0)).collect();
                    let hashes = hasher.hashes(&vectors, &[]);
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
