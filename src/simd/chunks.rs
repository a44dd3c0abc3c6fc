//! Numbers to text in chunks, as every instruction set does it: first what there is to write, for a chunk of numbers, and
//! then the text, a shuffle and a store a number. In one step they would wait for each other.
//!
//! What is generic here is a part of the function that calls it: only so it is compiled for that one's instructions.

use super::batch::padded;
use super::plain::{ROOM, WriteOne};
use super::shapes::SHAPES;

/// Numbers of a chunk.
const CHUNK: usize = 56;

/// The longest text and its comma.
const LONGEST: usize = 17;

/// A place in the text of a chunk is below this in any case; saying so spares the checks.
const PLACES: usize = 1024;
const _: () = assert!(CHUNK * LONGEST + ROOM < PLACES);

/// The text of a chunk. Not in the memory that is returned, where room would have to be filled with zeros first.
type Text = [u8; PLACES + ROOM];

/// What there is to write of so many numbers.
#[derive(Clone, Copy)]
pub(super) struct Made<const MANY: usize> {
    /// All bytes that a number's text can have; the first numbers of pairs, then the second ones.
    pub(super) bytes: [[u8; 16]; MANY],
    /// The lowest byte tells the shape.
    pub(super) shapes: [u64; MANY],
    /// A bit for each that is served.
    pub(super) served: u8,
}

/// Appends the numbers with commas between. `make` says what there is to write of so many, of which a chunk has `GROUPS`,
/// and `ordered` puts sixteen bytes into an order.
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
        // Of the last group, there may be fewer.
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

/// Writes one of the numbers, a comma before it, and says where its text ends.
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

/// The same of the first numbers, as many as are made or fewer, of which not all are served.
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
