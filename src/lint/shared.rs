//! Vectors that many keys share, in bounded memory.
//!
//! A table of 4,096 sets counts four vectors each, after Misra and Gries: a vector in the table is counted; a new one
//! takes a free place; if there is none, the count of each of the four is reduced by one, and a vector whose count is 0
//! loses its place. So a vector keeps its place if its keys are more than a fifth of those that fall into its set:
//! about one in 20,000 of the load, and any ten if the load has no more than 16,384 vectors. A vector with ten keys
//! stays, up to three of them in a set. The table takes at most 1.6 MiB.
//!
//! The table is filled in input order and without randomness, so the same input gives the same result.

use super::found::{Counted, Found};
use super::look::Look;
use crate::record::{Oddity, Position};

/// The number of keys that makes a vector a shared one. Fewer keys may well have the same text.
const KEYS: usize = 10;

const SETS: usize = 4_096;
const PLACES: usize = 4;

/// The vectors of a run that may be shared.
#[derive(Debug)]
pub(super) struct Shared {
    sets: Vec<Vec<Place>>,
    records: Counted,
    vectors: u64,
}

/// One vector, and what is known about its keys.
#[derive(Debug)]
struct Place {
    fingerprint: u64,
    first: Position,
    /// The fingerprints of the first keys.
    keys: [u32; KEYS],
    /// How many there are.
    known: usize,
    /// Its occurrences, minus the reductions by other vectors.
    weight: u32,
}

/// A further key of a vector.
enum Key {
    /// One that it already has.
    Known,
    /// The one that makes it a shared vector.
    Last,
    /// A new key, but still too few.
    New,
    /// A further key of a shared vector.
    Another,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            sets: std::iter::repeat_with(Vec::new).take(SETS).collect(),
            records: Counted::default(),
            vectors: 0,
        }
    }

    /// Takes the next vector, and returns whether enough keys have it, this one included, to make it a shared one.
    pub(super) fn add(&mut self, at: Position, look: Look) -> bool {
        let set = usize::try_from(look.fingerprint % SETS as u64).unwrap_or_default();
        let Some(set) = self.sets.get_mut(set) else { return false };
        let Some(place) = set.iter_mut().find(|place| place.fingerprint == look.fingerprint) else {
            enter(set, Place::new(at, look));
            return false;
        };
        match place.add(look.key) {
            Key::Known | Key::New => false,
            Key::Last => {
                self.vectors += 1;
                self.records.add(KEYS as u64, place.first);
                true
            }
            Key::Another => {
                self.records.add(1, at);
                true
            }
        }
    }

    /// Its memory in bytes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let places: usize = self.sets.iter().map(Vec::capacity).sum();
        places * size_of::<Place>() + self.sets.capacity() * size_of::<Vec<Place>>()
    }

    /// Adds the shared vectors to the findings.
    pub(super) fn tell(&self, found: &mut Found) {
        found.shared_vectors = self.vectors;
        if self.records.count > 0 {
            found.add_all(Oddity::Shared, self.records);
        }
    }
}

fn enter(set: &mut Vec<Place>, new: Place) {
    if set.len() < PLACES {
        if set.capacity() == 0 {
            set.reserve_exact(PLACES);
        }
        set.push(new);
        return;
    }
    // One place stays available to other vectors, however many are shared.
    let mut kept = 0;
    set.retain_mut(|place| {
        if place.is_shared() && kept + 1 < PLACES {
            kept += 1;
            return true;
        }
        place.weight -= 1;
        place.weight > 0
    });
}

impl Place {
    fn new(first: Position, Look { fingerprint, key, .. }: Look) -> Self {
        let mut keys = [0; KEYS];
        keys.iter_mut().take(1).for_each(|first| *first = key);
        Self { fingerprint, first, keys, known: 1, weight: 1 }
    }

    fn is_shared(&self) -> bool {
        self.known == KEYS
    }

    fn add(&mut self, key: u32) -> Key {
        self.weight = self.weight.saturating_add(1);
        // The last key may be rejected: then it counts as new, like those that follow it.
        if self.keys.iter().take(self.known.min(KEYS - 1)).any(|known| *known == key) {
            return Key::Known;
        }
        let Some(free) = self.keys.get_mut(self.known) else { return Key::Another };
        *free = key;
        self.known += 1;
        if self.is_shared() { Key::Last } else { Key::New }
    }
}
