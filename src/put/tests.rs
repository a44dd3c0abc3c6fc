//! Batches, keys in flight and the journal together, without a network.

use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;

use proptest::prelude::*;

use super::batch::in_flight::{KeyHasher, KeysInFlight};
use super::batch::{Batch, Batcher, Limits};
use super::books::tracker::{Mark, Settled, Tracker, in_order};
use super::testing::{position, vector};
use crate::admit::Admitted;
use crate::record::Vector;

fn key(number: u8) -> String {
    format!("{number:03}")
}

/// The batches of a run that continues from `mark`, read in blocks of five records.
fn batches(keys: &[u8], mark: &Mark, size: usize) -> Vec<Batch> {
    let from = usize::try_from(mark.position.record).unwrap();
    let records: Vec<_> = (from..keys.len()).collect();
    let mut batcher = Batcher::new(Limits { vectors: size, bytes: 1 << 20 });
    let mut all = Vec::new();
    for block in records.chunks(5) {
        let verdicts =
            block.iter().map(|record| Ok(vector(*record as u64, &key(keys[*record]), 0))).collect();
        let end = position(*block.last().unwrap() as u64 + 1);
        let block = Admitted::of(verdicts, end, 0..0).without(&in_order(mark.ahead.clone()));
        let done: Result<(), Infallible> = batcher.block(block, |batch| {
            all.push(batch);
            Ok(())
        });
        done.unwrap();
    }
    all.extend(batcher.seal());
    all
}

/// The content of a service, and what the journal says about it.
#[derive(Default)]
struct World {
    store: HashMap<String, u64>,
    mark: Mark,
}

impl World {
    fn apply(&mut self, vectors: &[Vector]) {
        self.store.extend(vectors.iter().map(|vector| (vector.key(), vector.position().record)));
    }

    /// The records that are settled.
    fn settled(&self) -> BTreeSet<u64> {
        let ahead = self.mark.ahead.iter().flat_map(|span| span.start.record..span.end.record);
        (0..self.mark.position.record).chain(ahead).collect()
    }

    /// One run, killed after `steps`: batches in flight are partly stored by then.
    fn run(&mut self, keys: &[u8], size: usize, steps: usize, choices: &mut impl Iterator<Item = usize>) {
        let settled = self.settled();
        let mut tracker = Tracker::new(Some(&self.mark));
        let mut waiting = batches(keys, &self.mark, size).into_iter().peekable();
        let (hasher, mut on_their_way) = (KeyHasher::default(), KeysInFlight::default());
        let mut in_flight = Vec::new();
        for _ in 0..steps {
            if let Some(batch) = waiting.peek() {
                let hashes = hasher.hashes(&batch.vectors, &[]);
                if in_flight.len() < 4 && !on_their_way.holds_any(&hashes) {
                    on_their_way.add(&hashes);
                    let batch = waiting.next().unwrap();
                    let mut again = batch.vectors.iter().map(|vector| vector.position().record);
                    assert!(again.all(|record| !settled.contains(&record)), "settled, and sent again");
                    in_flight.push((batch, hashes));
                    continue;
                }
            }
            if in_flight.is_empty() {
                return;
            }
            let (batch, hashes) = in_flight.swap_remove(choices.next().unwrap() % in_flight.len());
            self.apply(&batch.vectors);
            on_their_way.remove(&hashes);
            let counts =
                Settled { read: batch.read(), stored: batch.vectors.len() as u64, ..Settled::default() };
            tracker.settle(batch.number, batch.span, counts);
            self.mark = tracker.mark(0);
        }
        for (batch, _) in in_flight {
            self.apply(&batch.vectors[..choices.next().unwrap() % (batch.vectors.len() + 1)]);
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_killed_when_the_last_occurrence_wins_and_nothing_settled_is_sent_again(
        keys in prop::collection::vec(0u8..25, 1..80),
        runs in prop::collection::vec((1usize..8, 0usize..30), 0..8),
        choices in prop::collection::vec(0usize..1000, 64),
    ) {
        let mut choices = choices.into_iter().cycle();
        let mut world = World::default();
        for (size, steps) in runs {
            world.run(&keys, size, steps, &mut choices);
        }
        world.run(&keys, 5, usize::MAX, &mut choices);
        let want: HashMap<_, _> =
            keys.iter().enumerate().map(|(record, number)| (key(*number), record as u64)).collect();
        prop_assert_eq!(&world.store, &want);
        prop_assert_eq!(world.settled(), (0..keys.len() as u64).collect());
        prop_assert_eq!(world.mark.counts.read, keys.len() as u64);
    }
}
