//! Numbers that make sense only when their bytes are read in another way. Asked only of vectors whose size is unusual.

use half::f16;

use crate::record::Oddity;

/// Of fewer elements that are not zero nothing is said.
const ELEMENTS_AT_LEAST: usize = 16;

/// So many of the elements must fit a way to read them: a few may be tiny.
const MOST: (usize, usize) = (15, 16);

/// So many of the elements that are read wrongly are out of proportion at least; of proper vectors hardly one is.
const SOME: (usize, usize) = (1, 8);

/// So many numbers are needed to tell float16 from chance: a third of all patterns of 16 bits look like an element.
const HALVES_AT_LEAST: usize = 32;

/// How the bytes of a vector were read wrongly, if reading them otherwise makes a usual vector of it.
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

/// Whether nearly all numbers but zeros are such as elements of embeddings are.
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

/// Whether each two of them are the lower and the upper half of a float64.
fn is_float64(numbers: &[f32]) -> bool {
    let (pairs, _) = numbers.as_chunks::<2>();
    let joined =
        |[low, high]: &[f32; 2]| f64::from_bits(u64::from(low.to_bits()) | u64::from(high.to_bits()) << 32);
    is_usual(pairs.iter().map(joined), 1e-8..1e4)
}

/// Whether each of them is two float16. Those of proper float32 have random lower halves, or none.
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
