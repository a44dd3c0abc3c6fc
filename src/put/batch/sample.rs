//! The sample of keys: those whose hash is small enough, so that the sample is the same each time and in any order of
//! the input, and has all records of a key or none. Pure.

use sha2::{Digest, Sha256};

use crate::record::Vector;

/// A sample of all keys.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    percent: f64,
}

impl Sample {
    /// A sample of this many percent, above 0 and up to 100.
    pub fn of_percent(percent: f64) -> Option<Self> {
        (percent > 0.0 && percent <= 100.0).then_some(Self { percent })
    }

    /// The average percentage of keys in it.
    pub fn percent(self) -> f64 {
        self.percent
    }

    /// Whether a record is in the sample.
    pub fn has(self, vector: &Vector) -> bool {
        self.has_key(&vector.key())
    }

    /// Whether the first 8 bytes of the key's SHA-256, as a number, are at most this part of 2⁶⁴.
    #[expect(clippy::cast_precision_loss, reason = "a part of a range")]
    fn has_key(self, key: &str) -> bool {
        let hash = Sha256::digest(key);
        let first = hash.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        first as f64 <= self.percent / 100.0 * 2_f64.powi(64)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn of(percent: f64, keys: u32) -> BTreeSet<u32> {
        let sample = Sample::of_percent(percent).unwrap();
        (0..keys).filter(|key| sample.has_key(&key.to_string())).collect()
    }

    #[test]
    fn a_sample_is_a_part_of_every_larger_one_and_about_as_large_as_it_says() {
        let all = [0.1, 1.0, 2.5, 50.0, 99.9, 100.0].map(|percent| (percent, of(percent, 20_000)));
        for ((_, small), (_, large)) in all.iter().zip(all.iter().skip(1)) {
            assert!(small.is_subset(large));
        }
        for (percent, taken) in &all {
            let wanted = percent / 100.0 * 20_000.0;
            let off = (f64::from(u32::try_from(taken.len()).unwrap()) - wanted).abs();
            assert!(off <= 4.0 * wanted.sqrt(), "{percent}: {}", taken.len());
        }
        assert_eq!(all[5].1.len(), 20_000);
    }

    /// Other programs find the same sample by the rule in the guide.
    #[test]
    fn the_hash_is_the_documented_one() {
        // printf doc-7 | sha256sum begins with 0a57ab62a588ec8f, which is 4.04 % of 2⁶⁴.
        assert!(Sample::of_percent(4.041).unwrap().has_key("doc-7"));
        assert!(!Sample::of_percent(4.039).unwrap().has_key("doc-7"));
    }

    #[test]
    fn no_more_than_all_and_no_less_than_some_can_be_asked_for() {
        for percent in [0.0, -1.0, 100.1, f64::NAN] {
            assert_eq!(Sample::of_percent(percent), None);
        }
    }
}
