use std::collections::BTreeMap;

use half::{bf16, f16};
use proptest::prelude::*;

use super::*;

fn at(record: u64) -> Position {
    Position { record, line: record + 1, ..Position::default() }
}

/// A vector as models produce them: independent normal numbers, scaled to norm 1.
fn embedding(random: &mut fastrand::Rng, dimension: usize) -> Vec<f32> {
    let mut normal = || (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
    let numbers: Vec<f64> = (0..dimension).map(|_| normal()).collect();
    let norm = numbers.iter().map(|number| number * number).sum::<f64>().sqrt();
    #[expect(clippy::cast_possible_truncation, reason = "as models do")]
    numbers.iter().map(|number| (number / norm) as f32).collect()
}

fn oddity(numbers: &[f32]) -> Option<Oddity> {
    Look::at(numbers, "key").unwrap().oddity
}

/// These bytes, read as little-endian float32.
fn reread(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

fn bytes_of<const N: usize>(numbers: &[f32], bytes: impl Fn(f32) -> [u8; N]) -> Vec<u8> {
    numbers.iter().flat_map(|number| bytes(*number)).collect()
}

/// The findings in these vectors with their keys.
fn found<'a>(vectors: impl IntoIterator<Item = (&'a [f32], String)>) -> Found {
    let mut lint = Lint::new(true);
    for (record, (numbers, key)) in (0..).zip(vectors) {
        if let Some(look) = Look::at(numbers, &key) {
            lint.vector(at(record), look);
        }
    }
    lint.found(true)
}

proptest! {
    #[test]
    fn nothing_is_found_in_embeddings(
        (seed, dimension) in (any::<u64>(), 16_usize..600),
        scale in prop::sample::select(vec![1.0_f32, 1e-9, 1e-4, 0.3, 20.0, 1e6]),
    ) {
        let mut random = fastrand::Rng::with_seed(seed);
        for _ in 0..20 {
            let numbers: Vec<_> = embedding(&mut random, dimension).iter().map(|number| number * scale).collect();
            prop_assert_eq!(oddity(&numbers), None);
            let rounded: Vec<_> = numbers.iter().map(|number| bf16::from_f32(*number).to_f32()).collect();
            prop_assert_eq!(oddity(&rounded), None);
        }
        let all: Vec<_> = (0..50).map(|_| embedding(&mut random, dimension)).collect();
        let rounded: Vec<Vec<f32>> =
            all.iter().map(|numbers| numbers.iter().map(|number| f16::from_f32(*number).to_f32()).collect()).collect();
        let all = all.iter().chain(&rounded).zip(0..).map(|(numbers, key)| (&numbers[..], format!("{key}")));
        prop_assert_eq!(found(all), Found::default());
    }

    #[test]
    fn a_constant_vector_is_found_whatever_its_number(number in any::<f32>(), dimension in 16_usize..600) {
        prop_assume!(number.is_finite());
        prop_assert_eq!(oddity(&vec![number; dimension]), Some(Oddity::Constant));
        let mut numbers = vec![number; dimension];
        numbers[dimension / 2] = f32::from_bits(number.to_bits() ^ 1);
        prop_assert_ne!(oddity(&numbers), Some(Oddity::Constant));
    }

    #[test]
    fn numbers_that_were_read_in_another_way_than_they_were_written_are_found(
        (seed, dimension) in (any::<u64>(), 16_usize..300),
    ) {
        let mut random = fastrand::Rng::with_seed(seed);
        let numbers = embedding(&mut random, dimension * 2);
        let rounded: Vec<_> = numbers.iter().map(|number| f16::from_f32(*number).to_f32()).collect();
        for numbers in [&numbers, &rounded] {
            let swapped = reread(&bytes_of(numbers, f32::to_be_bytes));
            // Non-finite vectors are rejected for that.
            if swapped.iter().all(|number| number.is_finite()) {
                prop_assert_eq!(oddity(&swapped), Some(Oddity::ByteOrder), "{:?}", numbers);
            }
        }
        let double = bytes_of(&numbers, |number| (f64::from(number) / 3.0).to_le_bytes());
        let double = reread(&double);
        if double.iter().all(|number| number.is_finite()) {
            prop_assert_eq!(oddity(&double), Some(Oddity::Float64), "{:?}", numbers);
        }
        if dimension >= 32 {
            let halves = reread(&bytes_of(&numbers, |number| f16::from_f32(number).to_le_bytes()));
            prop_assert_eq!(oddity(&halves), Some(Oddity::Float16), "{:?}", numbers);
        }
    }

    /// As long as the table has room, the findings are those of a complete list.
    #[test]
    fn shared_vectors_are_counted_exactly_where_there_are_few(
        choices in prop::collection::vec((0_u8..6, 0_u8..40), 0..300),
    ) {
        let mut random = fastrand::Rng::with_seed(7);
        let vectors: Vec<_> = (0..6).map(|_| embedding(&mut random, 16)).collect();
        let mut lint = Lint::new(true);
        // For each vector: its first record, the first nine keys, and the number of records with other keys.
        let mut all: BTreeMap<u8, (u64, Vec<u8>, u64)> = BTreeMap::new();
        for ((vector, key), record) in choices.into_iter().zip(0..) {
            let (_, few, others) = all.entry(vector).or_insert((record, Vec::new(), 0));
            let is_known = few.contains(&key);
            let is_one_too_many = !is_known && few.len() == 9;
            if is_one_too_many {
                *others += 1;
            } else if !is_known {
                few.push(key);
            }
            let look = Look::at(&vectors[usize::from(vector)], &key.to_string()).unwrap();
            prop_assert_eq!(lint.vector(at(record), look), is_one_too_many);
        }
        let shared: Vec<_> = all.into_values().filter(|(_, _, others)| *others > 0).collect();
        let count = shared.iter().map(|(_, _, others)| 9 + others).sum();
        let wanted = shared.iter().map(|(first, ..)| *first).min().map(|first| Counted { count, first: at(first) });
        let told = lint.found(true);
        prop_assert_eq!((told.shared_vectors, told.of(Oddity::Shared)), (shared.len() as u64, wanted));
    }
}

/// One in a thousand among vectors that are all different: far more than the table has places for.
#[test]
fn a_vector_that_many_keys_share_is_found_among_any_number_of_others_in_bounded_memory() {
    let mut random = fastrand::Rng::with_seed(3);
    let fallback = embedding(&mut random, 16);
    let mut shared = Shared::new();
    let mut numbers = embedding(&mut random, 16);
    for record in 0..200_000_u64 {
        #[expect(clippy::cast_precision_loss, reason = "it need only differ")]
        let different = record as f32;
        numbers[3] = different;
        let numbers = if record % 1_000 == 999 { &fallback } else { &numbers };
        shared.add(at(record), Look::at(numbers, &record.to_string()).unwrap());
    }
    let mut found = Found::default();
    shared.tell(&mut found);
    let counted = found.of(Oddity::Shared).unwrap();
    assert_eq!(found.shared_vectors, 1);
    assert!((190..=200).contains(&counted.count), "{counted:?}");
    assert!(shared.bytes() <= 1_900_000, "{}", shared.bytes());
}

#[test]
fn a_key_that_comes_again_shares_nothing() {
    let mut random = fastrand::Rng::with_seed(4);
    let vectors: Vec<_> = (0..9).map(|_| embedding(&mut random, 32)).collect();
    let again = (0..500).map(|record| (&vectors[record % 9][..], (record % 9 * 10 + record % 4).to_string()));
    assert_eq!(found(again), Found::default());
}

#[test]
fn of_few_elements_nothing_is_said() {
    for numbers in [&[0.5; 15][..], &[0.0, 0.0], &[1e30; 8]] {
        assert_eq!(Look::at(numbers, "key"), None);
    }
}

/// A constant vector of many keys is reported only once.
#[test]
fn a_constant_vector_of_many_keys_is_one_finding() {
    let zero = [0.0; 16];
    let told = found((0..30).map(|key| (&zero[..], key.to_string())));
    assert_eq!(
        told.list().map(|(oddity, counted)| (oddity, counted.count)).collect::<Vec<_>>(),
        [(Oddity::Constant, 30)]
    );
}

#[test]
fn vectors_that_are_not_normalised_are_found_among_those_that_are() {
    let of = |lengths: &[f32]| {
        let mut random = fastrand::Rng::with_seed(5);
        let scaled = |length: &f32| embedding(&mut random, 64).iter().map(|number| number * length).collect();
        let vectors: Vec<Vec<f32>> = lengths.iter().map(scaled).collect();
        let told = found(vectors.iter().zip(0..).map(|(numbers, key)| (&numbers[..], format!("{key}"))));
        told.of(Oddity::Norms).map(|counted| (counted.count, counted.first.record, told.norms.unwrap()))
    };
    let unit = vec![1.0; 20];
    assert_eq!(of(&unit), None);
    assert_eq!(of(&[&unit[..], &[1.05, 0.95]].concat()), None, "rounding, or nearly the same");
    assert_eq!(of(&[&unit[..], &[7.0]].concat()), Some((1, 20, (20, 1))));
    assert_eq!(of(&[&unit[..10], &[0.2; 30]].concat()), Some((10, 0, (10, 30))), "the rarer ones are odd");
    assert_eq!(of(&[&unit[..9], &[7.0; 2]].concat()), None, "few may have norm 1 by chance");
    assert_eq!(of(&[&unit[..10], &[7.0; 100]].concat()), None, "and a small part of many");
}

#[test]
fn the_end_or_many_vectors_show_how_all_are() {
    let mut random = fastrand::Rng::with_seed(6);
    let mut lint = Lint::new(true);
    let length = |record: u64| if record.is_multiple_of(2) { 1.0 } else { 2.0 };
    let mut take = |lint: &mut Lint, record, length: f32| {
        let numbers: Vec<_> = embedding(&mut random, 16).iter().map(|number| number * length).collect();
        lint.vector(at(record), Look::at(&numbers, &record.to_string()).unwrap());
    };
    (0..20).for_each(|record| take(&mut lint, record, length(record)));
    assert_eq!(lint.found(false), Found::default());
    assert_eq!(lint.found(true).of(Oddity::Norms), Some(Counted { count: 10, first: at(1) }));
    (20..500).for_each(|record| take(&mut lint, record, 1.0));
    assert_eq!(lint.found(false).of(Oddity::Norms), Some(Counted { count: 10, first: at(1) }));
    let mut euclidean = Lint::new(false);
    (0..600).for_each(|record| take(&mut euclidean, record, length(record)));
    assert_eq!(euclidean.found(true), Found::default());
}
