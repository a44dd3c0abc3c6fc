//! The numbers of a vector, as every instruction set finds and reads them: first where they are, 64 bytes together, then
//! what they are, eight together.
//!
//! What is generic here is a part of the function that calls it: only so it is compiled for that one's instructions.
//!
//! # Where they are, and the proof that nothing else is there
//!
//! The separator is `, ` or `,`, the same throughout. From the separators alone follows where else a byte may be that is
//! no digit: a sign right behind a separator, and a point behind the first digit. [`Carried::structure`] makes these sets of
//! places, one bit a byte, and asks three questions of all bytes together:
//!
//! - Are the bytes that are no digits exactly the separators, the signs and the points? (A place is taken for that of a sign
//!   exactly if there is no digit, so a number without one is not asked for it.)
//! - Is the first digit of each number one?
//! - Does no separator begin where a number should?
//!
//! If so, each number is a byte that may be a sign, a digit, a byte that must be a point, and nothing but digits to the next
//! separator. That the one byte is `-` and the other `.`, and that a digit follows, is seen when the number is converted:
//! [`Steps::eight`] compares the four bytes around the first digit, its *head*, with what they must be. A byte that answers a
//! question wrongly either ends the vector (`]`), or may be part of a number in another spelling (`1e-5`), which then is
//! read by itself and must fill the place between two separators exactly, or makes the whole vector one for the plain code.
//!
//! # What they are, and why that is the nearest float32
//!
//! As in `admit/float32`: the number lies between two bounds, and is taken only where both round to the
//! same float32. Of each number sixteen bytes are looked at, its *window*, from the byte before the first digit: that digit,
//! the point and thirteen places. The fourteen digits with two zeros behind are an integer `n` below 10¹⁶, and the number is
//! `n` · 10⁻¹⁵, if there are more places less than 10⁻¹³ more. `n` is the sum of two integers that are exact, rounded once.
//! A bound is rounded four times at most, each time by no more than 2⁻⁵³ of it: `n`, the constant 10⁻¹⁵, its product with the
//! margin, the product or the fused sum. The margin of 2⁻⁵⁰ is eight times 2⁻⁵³. So the bounds enclose the number, and since
//! rounding to float32 keeps order, its float32 lies between theirs. Zero is its own bound.

use std::cell::OnceCell;

use super::batch::{BATCH, Batch, MOST, each_alone, look, padded, place};
use super::plain::ReadOne;

const MARGIN: f64 = f64::EPSILON * 4.0;
/// What `n` is multiplied by for the lower bound and for the upper one.
pub(super) const LOW: f64 = 1e-15 * (1.0 - MARGIN);
pub(super) const HIGH: f64 = 1e-15 * (1.0 + MARGIN);
/// What is behind the thirteenth place adds less than this.
pub(super) const LEFT_OUT: f64 = 1e-13 * (1.0 + MARGIN);

/// What instructions do: each step is a closure of the function that has them.
pub(super) struct Steps<Classes, Places, Eight> {
    /// Of 64 bytes those that are no digits, and those that begin a separator, a bit each. A byte more tells whether a comma
    /// at the end is one with a space.
    pub(super) classes: Classes,
    /// Where the bits of a block are, its first byte behind the place that is given; no more than [`MOST`] count.
    pub(super) places: Places,
    /// The numbers of eight windows, of which the ninth tells where the last ends, and a bit for each that is beyond doubt.
    pub(super) eight: Eight,
}

/// Reads the numbers from the separator at `from` to `]` and says where the text behind it begins.
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
    // The last bytes, and then a block of zeros, which no vector has.
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
            // As if a number began there, so that the last one has its length.
            *batch.windows.get_mut(batch.count)? = place(end - 1);
        }
        // How long the last one is can be told only when the next one is found.
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

/// The text in blocks of 64 bytes, in which numbers are found.
struct Blocks<'text> {
    rest: &'text [u8],
    /// The place of the byte before it.
    before: u32,
    carried: Carried,
}

/// Why no more numbers were looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// The batch is full.
    Many,
    /// The closing bracket, which stands here.
    End(usize),
    /// Fewer bytes are left than a block has.
    EndOfText,
    /// What is there is for the plain code.
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
        // In variables of their own, which are registers.
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
                    // No block is left then.
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

/// What a block says of the first bytes behind it.
#[derive(Clone, Copy, Default)]
struct Carried {
    separators: u64,
    signs: u64,
    digits: u64,
}

/// The bits moved on by `by` bytes, with those that the block before has moved out.
fn moved(bits: u64, before: u64, by: u32) -> u64 {
    bits << by | before >> (64 - by)
}

impl Carried {
    /// Which of 64 bytes are first digits of numbers, and which are not what they should be there.
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
        // One with a space has the space where the first digit should be.
        let is_twice = if SPACED { 0 } else { separators & starts };
        (digits, (others ^ known) | (others & digits) | is_twice)
    }
}

/// Converts so many numbers of the batch, eight together. Those that are not served join those to be read by themselves.
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
