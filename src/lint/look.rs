//! Examines one vector: a pass for its extremes and its norm, and one for its fingerprint. Both can use wide registers,
//! since every vector of a load goes through them.

use multiversion::multiversion;

use super::reread;
use crate::record::Oddity;

/// Vectors with fewer elements are not judged. No embedding model has so few, and measured values, such as a colour,
/// are often equal for many keys or in all elements.
const ELEMENTS_AT_LEAST: usize = 16;

/// How far a normalised vector's norm may be from 1: float16 and bfloat16 round by less.
const UNIT: f32 = 1e-3;

/// From this distance to 1 on, rounding cannot explain a norm.
const FAR: f32 = 0.1;

/// The length of a vector, as far as it is significant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Norm {
    /// It is 1.
    Unit,
    /// Nearly 1.
    Near,
    /// Anything else.
    Far,
}

/// What is kept of one vector until its turn in input order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// Equal for equal numbers, and almost never otherwise.
    pub(super) fingerprint: u64,
    /// The same for its key, with less certainty.
    pub(super) key: u32,
    pub(super) norm: Norm,
    /// What is wrong with it, independently of other vectors.
    pub(crate) oddity: Option<Oddity>,
}

impl Look {
    /// Examines the vector of a key, if it has enough elements.
    pub(crate) fn at(numbers: &[f32], key: &str) -> Option<Self> {
        if numbers.len() < ELEMENTS_AT_LEAST {
            return None;
        }
        let extent = extent(numbers);
        let oddity = if extent.is_constant() {
            Some(Oddity::Constant)
        } else if extent.is_unusual() {
            reread::oddity(numbers)
        } else {
            None
        };
        let norm = match (extent.norm() - 1.0).abs() {
            0.0..UNIT => Norm::Unit,
            UNIT..FAR => Norm::Near,
            _ => Norm::Far,
        };
        Some(Self { fingerprint: fingerprint(numbers), key: short_fingerprint(key), norm, oddity })
    }
}

/// The number of elements per step.
const LANES: usize = 8;

/// The extremes of a vector, and the sum of its squares, lane by lane.
struct Extent {
    low: [f32; LANES],
    high: [f32; LANES],
    squares: [f32; LANES],
}

/// The extent of a vector, computed with the widest registers available.
#[multiversion(targets("x86_64+avx2"))]
fn extent(numbers: &[f32]) -> Extent {
    let mut extent =
        Extent { low: [f32::INFINITY; LANES], high: [f32::NEG_INFINITY; LANES], squares: [0.0; LANES] };
    let (chunks, rest) = numbers.as_chunks::<LANES>();
    for chunk in chunks {
        extent.take(chunk);
    }
    extent.take(rest);
    extent
}

impl Extent {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "apart from `extent` it is not compiled for its registers")]
    fn take(&mut self, numbers: &[f32]) {
        let extremes = self.low.iter_mut().zip(&mut self.high);
        for ((low, high), (squares, number)) in extremes.zip(self.squares.iter_mut().zip(numbers)) {
            // One instruction for all lanes, unlike f32::min, which has a rule for NaN; there is no NaN here.
            *low = if *number < *low { *number } else { *low };
            *high = if *number > *high { *number } else { *high };
            *squares += *number * *number;
        }
    }

    fn bounds(&self) -> (f32, f32) {
        let low = self.low.iter().copied().fold(f32::INFINITY, f32::min);
        (low, self.high.iter().copied().fold(f32::NEG_INFINITY, f32::max))
    }

    fn is_constant(&self) -> bool {
        let (low, high) = self.bounds();
        low >= high
    }

    /// Whether the magnitude of the largest element is unusual for embeddings.
    fn is_unusual(&self) -> bool {
        let (low, high) = self.bounds();
        let largest = high.max(-low);
        !(1e-3..1e10).contains(&largest)
    }

    fn norm(&self) -> f32 {
        self.squares.iter().sum::<f32>().sqrt()
    }
}

const PRIME: u64 = 0x9E37_79B9_7F4A_7C15;

/// Mixes two words into a fingerprint: both halves of the product are used, so that every bit counts.
#[inline]
fn folded(fingerprint: u64, one: u64, other: u64) -> u64 {
    let product = u128::from(fingerprint ^ one) * u128::from(PRIME ^ other);
    #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
    let low = product as u64;
    low ^ (product >> 64) as u64
}

#[inline(never)]
fn fingerprint(numbers: &[f32]) -> u64 {
    let word = |one: f32, other: f32| u64::from(one.to_bits()) | u64::from(other.to_bits()) << 32;
    let (fours, rest) = numbers.as_chunks::<4>();
    let all = fours.iter().fold(PRIME.rotate_left(7), |all, [one, two, three, four]| {
        folded(all, word(*one, *two), word(*three, *four))
    });
    rest.iter().fold(all, |all, number| folded(all, number.to_bits().into(), 0))
}

fn short_fingerprint(text: &str) -> u32 {
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let all = words.iter().fold(PRIME, |all, word| folded(all, u64::from_le_bytes(*word), 0));
    let rest = rest.iter().fold(1, |word, byte| word << 8 | u64::from(*byte));
    (folded(all, rest, text.len() as u64) >> 32) as u32
}
