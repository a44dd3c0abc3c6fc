//! Numbers that make sense only if their bytes are interpreted differently. Checked only for vectors of unusual
//! magnitude.

use half::f16;

use crate::record::Oddity;

/// With fewer nonzero elements, a vector is not judged.
const ELEMENTS_AT_LEAST: usize = 16;

/// The part of the elements that must fit an interpretation: a few may be tiny.
const MOST: (usize, usize) = (15, 16);

/// The minimum part of the elements that is out of range in a misread vector; in correct vectors hardly any element is.
const SOME: (usize, usize) = (1, 8);

/// The minimum number of elements to distinguish float16 from chance: a third of all 16-bit patterns look like an
/// element.
const HALVES_AT_LEAST: usize = 32;

/// How the bytes of a vector were misread, if another interpretation makes it look like an embedding.
#[cold]
pub(super) fn oddity(numbers: &[f32]) -> Option<Oddity> {
    let is_odd = |number: &&f32| !(1e-6..1e10).contains(&number.abs());
    let given = || numbers.iter().filter(|number| **number != 0.0);
    let (count, odd) = (given().count(), given().filter(is_odd).count());
    if count < ELEMENTS_AT_LEAST || !is_part(odd, count, SOME) {
        return None;
    }
    if is_swapped(numbers) {
        Some(Oddity::ByteOrder)
    } else if is_float64(numbers) {
        Some(Oddity::Float64)
    } else if is_float16(numbers) {
        Some(Oddity::Float16)
    } else {
        None
    }
}

fn is_part(some: usize, all: usize, (numerator, denominator): (usize, usize)) -> bool {
    all > 0 && some * denominator >= all * numerator
}

/// Whether nearly all nonzero numbers are in the range that is usual for elements of embeddings.
fn is_usual(numbers: impl Iterator<Item = f64>, usual: std::ops::Range<f64>) -> bool {
    let (mut all, mut fit) = (0, 0);
    for number in numbers.filter(|number| *number != 0.0) {
        all += 1;
        fit += usize::from(usual.contains(&number.abs()));
    }
    is_part(fit, all, MOST)
}

fn is_swapped(numbers: &[f32]) -> bool {
    let swapped = |number: &f32| f32::from_bits(number.to_bits().swap_bytes()).into();
    is_usual(numbers.iter().map(swapped), 1e-8..1e4)
}

/// Whether each pair is the lower and the upper half of a float64.
fn is_float64(numbers: &[f32]) -> bool {
    let (pairs, _) = numbers.as_chunks::<2>();
    let joined =
        |[low, high]: &[f32; 2]| f64::from_bits(u64::from(low.to_bits()) | u64::from(high.to_bits()) << 32);
    is_usual(pairs.iter().map(joined), 1e-8..1e4)
}

/// Whether each number is two float16 values. In correct float32 values the lower halves are random or zero.
fn is_float16(numbers: &[f32]) -> bool {
    #[expect(clippy::cast_possible_truncation, reason = "the halves of the bits")]
    let half = |number: &f32, shift: u32| f16::from_bits((number.to_bits() >> shift) as u16).to_f64();
    let lower = || numbers.iter().map(|number| half(number, 0));
    let has_lower = lower().filter(|number| *number != 0.0).count() >= HALVES_AT_LEAST / 2;
    let usual = || 1.0 / 4096.0..2.0;
    numbers.len() >= HALVES_AT_LEAST
        && has_lower
        && is_usual(lower(), usual())
        && is_usual(numbers.iter().map(|number| half(number, 16)), usual())
}
