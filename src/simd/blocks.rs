//! Reads the numbers of a vector, as every instruction set does it: first locates them, 64 bytes at a time, then
//! converts them, eight at a time.
//!
//! Generic code here is inlined into its caller: only then is it compiled for the caller's instructions.
//!
//! # Locating numbers, and the proof that nothing else is there
//!
//! The separator is `, ` or `,`, the same throughout. The separators alone determine where any other byte may be that
//! is not a digit: a sign directly after a separator, and a point after the first digit. [`Carried::structure`]
//! computes these sets of places, one bit a byte, and checks three conditions for all bytes together:
//!
//! - The bytes that are not digits are exactly the separators, the signs and the points. (A place counts as that of a
//!   sign exactly if there is no digit, so a number without a sign needs none.)
//! - The first digit of each number is a digit.
//! - No separator begins where a number should.
//!
//! If they hold, each number is a byte that may be a sign, a digit, a byte that must be a point, and only digits up to
//! the next separator. That the one byte is `-` and the other `.`, and that a digit follows, is checked when the number
//! is converted: [`Steps::eight`] compares the four bytes around the first digit, its *head*, with what they must be. A
//! byte that violates a condition either ends the vector (`]`), or may be part of a number in another spelling
//! (`1e-5`), which is then parsed individually and must fill the space between two separators exactly, or sends the
//! whole vector to the plain code.
//!
//! # Converting numbers, and why the result is the nearest float32
//!
//! As in `admit/float32`: the number lies between two bounds, and is accepted only if both round to the same float32.
//! Of each number sixteen bytes are read, its *window*, from the byte before the first digit: that digit, the point and
//! thirteen places. The fourteen digits followed by two zeros are an integer `n` below 10¹⁶, and the number is `n` ·
//! 10⁻¹⁵, plus less than 10⁻¹³ if there are more places. `n` is the sum of two exact integers, rounded once. A bound is
//! rounded four times at most, each time by no more than 2⁻⁵³ of it: `n`, the constant 10⁻¹⁵, its product with the
//! margin, the product or the fused sum. The margin of 2⁻⁵⁰ is eight times 2⁻⁵³. So the bounds enclose the number, and
//! since rounding to float32 is monotonic, its float32 lies between theirs. Zero is its own bound.

use std::cell::OnceCell;

use super::batch::{BATCH, Batch, MOST, each_alone, look, padded, place};
use super::plain::ReadOne;

const MARGIN: f64 = f64::EPSILON * 4.0;
/// The factors of `n` for the lower and the upper bound.
pub(super) const LOW: f64 = 1e-15 * (1.0 - MARGIN);
pub(super) const HIGH: f64 = 1e-15 * (1.0 + MARGIN);
/// The digits after the thirteenth place add less than this.
pub(super) const LEFT_OUT: f64 = 1e-13 * (1.0 + MARGIN);

/// The steps that depend on instructions: each is a closure of the function that has them enabled.
pub(super) struct Steps<Classes, Places, Eight> {
    /// Which of 64 bytes are not digits, and which begin a separator, a bit each. An extra byte shows whether a comma
    /// at the end is followed by a space.
    pub(super) classes: Classes,
    /// The places of the bits of a block whose first byte follows the given place; only [`MOST`] of them count.
    pub(super) places: Places,
    /// The numbers in eight windows, with a bit for each that is certain; a ninth window shows where the last number
    /// ends.
    pub(super) eight: Eight,
}

/// Reads the numbers from the separator at `from` to `]` and returns where the text after it begins.
#[expect(clippy::inline_always, reason = "else it would be compiled for any processor")]
#[inline(always)]
pub(super) fn read<const SPACED: bool>(
    text: &[u8],
    from: usize,
    one: ReadOne,
    out: &mut Vec<f32>,
    steps: &Steps<
        impl Fn(&[u8; 65]) -> (u64, u64),
        impl Fn(u64, u32, &mut [u32; MOST]),
        impl Fn(&[u8], &[u32; 9]) -> ([f32; 8], u8),
    >,
) -> Option<usize> {
    let mut batch = Batch { windows: [0; BATCH + MOST], count: 0, alone: 0 };
    let mut blocks =
        Blocks { rest: text.get(from..)?, before: place(from).wrapping_sub(1), carried: Carried::default() };
    // The last bytes, followed by a block of zeros, which do not occur in a vector.
    let last: OnceCell<[u8; 2 * 64 + 1]> = OnceCell::new();
    let mut values = [0.0; BATCH];
    loop {
        let end = match blocks.find::<SPACED>(text, &mut batch, &steps.classes, &steps.places) {
            Found::Many => None,
            Found::End(end) => Some(end),
            Found::EndOfText => {
                last.set(padded(blocks.rest)).ok()?;
                blocks.rest = last.get()?;
                continue;
            }
            Found::Doubt => return None,
        };
        if let Some(end) = end {
            // As if a number began there, to show where the last one ends.
            *batch.windows.get_mut(batch.count)? = place(end - 1);
        }
        // Where the last number ends is known only when the next one is located.
        let but_one = batch.count.checked_sub(1)?;
        let converted = if end.is_some() { batch.count } else { but_one / 8 * 8 };
        convert(text, converted, &mut batch, &mut values, &steps.eight);
        let values = values.get_mut(..converted)?;
        if batch.alone != 0 {
            each_alone::<SPACED>(text, end, &mut batch, one, values)?;
        }
        out.extend_from_slice(values);
        if let Some(end) = end {
            return Some(end + 1);
        }
        let rest: [u32; 8] = *batch.windows.get(converted..)?.first_chunk()?;
        *batch.windows.first_chunk_mut()? = rest;
        batch.count -= converted;
        batch.alone >>= converted;
    }
}

/// The text in blocks of 64 bytes, in which numbers are located.
struct Blocks<'text> {
    rest: &'text [u8],
    /// The place of the byte before `rest`.
    before: u32,
    carried: Carried,
}

/// Why the search for numbers stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// The batch is full.
    Many,
    /// The closing bracket, at this place.
    End(usize),
    /// Fewer bytes remain than a block has.
    EndOfText,
    /// Something that needs the plain code.
    Doubt,
}

impl Blocks<'_> {
    /// Adds the numbers that begin in the next blocks.
    #[expect(clippy::inline_always, reason = "else it would be compiled for any processor")]
    #[inline(always)]
    fn find<const SPACED: bool>(
        &mut self,
        text: &[u8],
        batch: &mut Batch,
        classes: &impl Fn(&[u8; 65]) -> (u64, u64),
        places: &impl Fn(u64, u32, &mut [u32; MOST]),
    ) -> Found {
        // In local variables, which become registers.
        let (mut rest, mut before, mut carried, mut count) =
            (self.rest, self.before, self.carried, batch.count);
        let mut end = None;
        while count <= BATCH - MOST {
            let Some(bytes) = rest.first_chunk() else { break };
            let (others, separators) = classes(bytes);
            let (mut digits, unexpected) = carried.structure::<SPACED>(others, separators);
            if unexpected != 0 {
                let block = before.wrapping_add(1) as usize;
                let Some(looked) = look(text, block, unexpected, digits, count) else { return Found::Doubt };
                batch.alone |= looked.alone;
                (digits, end) = (looked.digits, looked.end);
                if end.is_some() {
                    // So that no block is left.
                    rest = bytes;
                }
            }
            let found = digits.count_ones() as usize;
            let to = batch.windows.get_mut(count..).and_then(<[u32]>::first_chunk_mut);
            let Some(to) = to.filter(|_| found <= MOST) else { return Found::Doubt };
            places(digits, before, to);
            count += found;
            before = before.wrapping_add(64);
            rest = &rest[64..];
        }
        (self.rest, self.before, self.carried, batch.count) = (rest, before, carried, count);
        match end {
            Some(end) => Found::End(end),
            None if count > BATCH - MOST => Found::Many,
            None => Found::EndOfText,
        }
    }
}

/// What a block determines about the first bytes after it.
#[derive(Clone, Copy, Default)]
struct Carried {
    separators: u64,
    signs: u64,
    digits: u64,
}

/// The bits shifted by `by` bytes, with those shifted out of the previous block.
fn moved(bits: u64, before: u64, by: u32) -> u64 {
    bits << by | before >> (64 - by)
}

impl Carried {
    /// Which of 64 bytes are first digits of numbers, and which bytes are unexpected.
    #[inline]
    fn structure<const SPACED: bool>(&mut self, others: u64, separators: u64) -> (u64, u64) {
        let mut starts = moved(separators, self.separators, 1);
        let mut spaces = 0;
        if SPACED {
            spaces = starts;
            starts = moved(separators, self.separators, 2);
        }
        let signs = others & starts;
        let digits = (starts ^ signs) | moved(signs, self.signs, 1);
        let points = moved(digits, self.digits, 1);
        *self = Self { separators, signs, digits };
        let known = separators | spaces | signs | points;
        // With a space in the separator, the space is where the first digit should be, and is caught there.
        let is_twice = if SPACED { 0 } else { separators & starts };
        (digits, (others ^ known) | (others & digits) | is_twice)
    }
}

/// Converts this many numbers of the batch, eight at a time. Those that are not certain are marked for individual
/// parsing.
#[expect(clippy::inline_always, reason = "else it would be compiled for any processor")]
#[inline(always)]
fn convert(
    text: &[u8],
    numbers: usize,
    batch: &mut Batch,
    values: &mut [f32; BATCH],
    eight: &impl Fn(&[u8], &[u32; 9]) -> ([f32; 8], u8),
) {
    let (mut sure, mut first) = ([0; BATCH / 8], 0);
    while first < numbers {
        let windows = batch.windows.get(first..).and_then(<[u32]>::first_chunk);
        let (Some(windows), Some(to)) = (windows, values.get_mut(first..).and_then(<[f32]>::first_chunk_mut))
        else {
            break;
        };
        (*to, sure[first / 8]) = eight(text, windows);
        first += 8;
    }
    let all = if numbers < BATCH { (1 << numbers) - 1 } else { u128::MAX };
    batch.alone |= all & !u128::from_le_bytes(sure);
}
