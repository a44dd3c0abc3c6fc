//! Advice on trouble that would never end: a batch larger than the service's quota. Pure.

use std::collections::HashMap;

use super::notice::RequestNotice;

/// How many throttled answers to one batch, while nothing at all is stored, are no coincidence.
const OFTEN: u32 = 5;

/// Watches for batches that are throttled repeatedly.
#[derive(Debug, Default)]
pub(crate) struct Throttled {
    batches: HashMap<u64, u32>,
    is_told: bool,
}

impl Throttled {
    /// Notes a throttled answer to a batch of `vectors`; returns a note about it, once.
    pub(crate) fn again(&mut self, batch: u64, vectors: usize) -> Option<RequestNotice> {
        let times = self.batches.entry(batch).or_default();
        *times += 1;
        if self.is_told || vectors < 2 || *times < OFTEN {
            return None;
        }
        self.is_told = true;
        Some(RequestNotice::QuotaBelowBatch { batch, times: OFTEN, vectors: vectors as u64 })
    }

    /// Notes that something was stored: any throttled batch may succeed later.
    pub(crate) fn stored(&mut self) {
        self.batches.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_that_is_throttled_while_nothing_is_stored_gets_advice_once() {
        let mut throttled = Throttled::default();
        let told: Vec<_> = (0..12).filter_map(|time| throttled.again(time % 2, 500)).collect();
        assert_eq!(told, [RequestNotice::QuotaBelowBatch { batch: 0, times: OFTEN, vectors: 500 }]);
    }

    #[test]
    fn a_success_in_between_is_no_reason_for_advice() {
        let mut throttled = Throttled::default();
        for _ in 0..20 {
            assert_eq!(throttled.again(3, 500), None);
            assert_eq!(throttled.again(3, 500), None);
            throttled.stored();
        }
    }
}
