//! Writes numbers as text in chunks, as every instruction set does it: first prepares all numbers of a chunk, then
//! writes their text with one shuffle and one store each. In a single loop, the two steps would wait for each other.
//!
//! Generic code here is inlined into its caller: only then is it compiled for the caller's instructions.

use super::batch::padded;
use super::plain::{ROOM, WriteOne};
use super::shapes::SHAPES;

/// Numbers of a chunk.
const CHUNK: usize = 56;

/// The length of the longest text with its comma.
const LONGEST: usize = 17;

/// An upper bound of the places in a chunk's text; making it explicit avoids bounds checks.
const PLACES: usize = 1024;
const _: () = assert!(CHUNK * LONGEST + ROOM < PLACES);

/// The text of a chunk. Not written to the returned memory, which would have to be filled with zeros first.
type Text = [u8; PLACES + ROOM];

/// The prepared texts of a group of numbers.
#[derive(Clone, Copy)]
pub(super) struct Made<const MANY: usize> {
    /// All bytes that each number's text can have: the first numbers of pairs, then the second ones.
    pub(super) bytes: [[u8; 16]; MANY],
    /// The lowest byte is the index of the shape.
    pub(super) shapes: [u64; MANY],
    /// A bit for each number that is supported.
    pub(super) served: u8,
}

/// Appends the numbers, separated by commas. `make` prepares a group of numbers, of which a chunk has `GROUPS`, and
/// `ordered` puts sixteen bytes into an order.
#[expect(clippy::inline_always, reason = "else it would be compiled for any processor")]
#[inline(always)]
pub(super) fn write<const MANY: usize, const GROUPS: usize>(
    numbers: &[f32],
    one: WriteOne,
    out: &mut Vec<u8>,
    make: impl Fn(&[f32; MANY]) -> Made<MANY>,
    ordered: impl Fn([u8; 16], [u8; 16]) -> [u8; 16] + Copy,
) {
    const { assert!(MANY * GROUPS == CHUNK) };
    out.reserve(numbers.len() * LONGEST);
    let mut made = [Made { bytes: [[0; 16]; MANY], shapes: [0; MANY], served: 0 }; GROUPS];
    let mut text = [0; PLACES + ROOM];
    // The first number has no comma before it.
    let mut begin = 1;
    for chunk in numbers.chunks(CHUNK) {
        let with_zeros;
        let values: &[f32; CHUNK] = if let Some(values) = chunk.first_chunk() {
            values
        } else {
            with_zeros = padded(chunk);
            &with_zeros
        };
        let groups = chunk.len().div_ceil(MANY);
        for (group, to) in values.as_chunks().0.iter().zip(&mut made).take(groups) {
            *to = make(group);
        }
        // The last group may be incomplete.
        if let (Some(last), rest @ 1..) = (made.get_mut(chunk.len() / MANY), chunk.len() % MANY) {
            last.served &= (1 << rest) - 1;
        }
        let mut end = 0;
        for (index, made) in made.iter().enumerate().take(groups) {
            if made.served == u8::MAX >> (8 - MANY) {
                for number in 0..MANY {
                    end = put(made, number, &mut text, end, ordered);
                }
            } else {
                let numbers = chunk.get(index * MANY..).unwrap_or_default();
                end = put_some(numbers, made, one, (&mut text, end), ordered);
            }
        }
        out.extend_from_slice(text.get(begin..end).unwrap_or_default());
        begin = 0;
    }
}

/// Writes a number after a comma, and returns where its text ends.
#[expect(clippy::inline_always, reason = "else it would be compiled for any processor")]
#[inline(always)]
fn put<const MANY: usize>(
    made: &Made<MANY>,
    number: usize,
    text: &mut Text,
    end: usize,
    ordered: impl Fn([u8; 16], [u8; 16]) -> [u8; 16],
) -> usize {
    let shape = &SHAPES[(made.shapes[number] & 0xff) as usize];
    let bytes = made.bytes[number / 2 + number % 2 * (MANY / 2)];
    if let Some(to) = text.get_mut(end % PLACES..).and_then(<[u8]>::first_chunk_mut) {
        *to = ordered(bytes, shape.order);
    }
    end + usize::from(shape.length)
}

/// The same for the numbers of a group, which may be incomplete, of which not all are supported.
#[cold]
#[inline(never)]
fn put_some<const MANY: usize>(
    numbers: &[f32],
    made: &Made<MANY>,
    one: WriteOne,
    (text, mut end): (&mut Text, usize),
    ordered: impl Fn([u8; 16], [u8; 16]) -> [u8; 16] + Copy,
) -> usize {
    for (number, value) in numbers.iter().take(MANY).enumerate() {
        if made.served >> number & 1 == 1 {
            end = put(made, number, text, end, ordered);
        } else if let Some([comma, rest @ ..]) = text.get_mut(end..)
            && let Some(to) = rest.first_chunk_mut()
        {
            *comma = b',';
            end += 1 + one(*value, to);
        }
    }
    end
}
