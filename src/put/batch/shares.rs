//! How many records of a batch come from each of its inputs. Pure.

use std::collections::BTreeMap;

use crate::record::{Defect, Vector};

/// The records of one input in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The input's number.
    pub input: u32,
    /// Records read.
    pub read: u64,
    /// How many of them a later record of the batch replaces.
    pub superseded: u64,
}

/// Where the inputs of the open batch begin in it.
#[derive(Debug, Default)]
pub(crate) struct Entered(Vec<(u32, u64)>);

impl Entered {
    /// Notes that records of an input follow, after `before` others.
    pub(crate) fn enter(&mut self, input: u32, before: u64) {
        if self.0.last().is_none_or(|(last, _)| *last != input) {
            self.0.push((input, before));
        }
    }

    /// The shares of a batch of `records`, of which these vectors and defects are left.
    pub(crate) fn shares(&self, records: u64, vectors: &[Vector], defects: &[Defect]) -> Vec<Share> {
        let kept = (vectors.len() + defects.len()) as u64;
        if let [(input, _)] = self.0.as_slice() {
            return vec![Share { input: *input, read: records, superseded: records.saturating_sub(kept) }];
        }
        let mut left: BTreeMap<u32, u64> = BTreeMap::new();
        let inputs = vectors.iter().map(Vector::position).chain(defects.iter().map(|defect| defect.position));
        inputs.for_each(|position| *left.entry(position.input).or_default() += 1);
        let ends = self.0.iter().skip(1).map(|(_, before)| *before).chain([records]);
        let share = |((input, before), end): (&(u32, u64), u64)| {
            let (input, read) = (*input, end - before);
            let superseded = read.saturating_sub(left.get(&input).copied().unwrap_or_default());
            Share { input, read, superseded }
        };
        self.0.iter().zip(ends).map(share).filter(|share| share.read > 0).collect()
    }
}
