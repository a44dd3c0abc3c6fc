//! Vectors that many keys share, in bounded memory.
//!
//! A table of 4,096 sets counts four vectors each, after Misra and Gries: a vector that is there is counted; a new one takes
//! a free place; where there is none, each of the four loses one, and one without any its place. So a vector keeps its
//! place if its keys are more than a fifth of what falls into its set: about one in 20,000 of the load, and any ten where
//! the load has no more than 16,384 vectors. What has come to ten keys stays. The table takes 1.6 MiB at most.
//!
//! The places are filled in the order of the input and nothing is left to chance, so the same input gives the same result.

use super::found::{Counted, Found};
use super::look::Look;
use crate::record::{Oddity, Position};

/// So many keys make a vector a shared one. Fewer may well have the same text.
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

/// One vector, and what is known of its keys.
#[derive(Debug)]
struct Place {
    fingerprint: u64,
    first: Position,
    /// The first keys, by their fingerprints.
    keys: [u32; KEYS],
    /// How many of those there are.
    known: usize,
    /// What is left of its occurrences once other vectors have taken theirs.
    weight: u32,
}

/// What another key is to a vector.
enum Key {
    /// One that it has.
    Known,
    /// One that makes it a shared one.
    Last,
    /// One of few.
    New,
    /// One of many.
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

    /// Takes the next vector, and says whether as many keys as make it a shared one have it before or with it.
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

    /// What it takes of memory.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let places: usize = self.sets.iter().map(Vec::capacity).sum();
        places * size_of::<Place>() + self.sets.capacity() * size_of::<Vec<Place>>()
    }

    /// Tells of the shared ones.
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
    // One place stays free for others, however many are shared.
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
        // The last one may be rejected: then it is as new as those that follow it.
        if self.keys.iter().take(self.known.min(KEYS - 1)).any(|known| *known == key) {
            return Key::Known;
        }
        let Some(free) = self.keys.get_mut(self.known) else { return Key::Another };
        *free = key;
        self.known += 1;
        if self.is_shared() { Key::Last } else { Key::New }
    }
}
