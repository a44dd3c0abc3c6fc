//! MD5 of one message or of two at once.
//!
//! Each step of MD5 waits for the one before, so that a processor hashing one message is idle half of the time. Two
//! messages side by side take hardly longer than one; no library that is well kept does that. The local service checks
//! bodies with a library of its own, and so do the tests here.

use bytes::Bytes;

const BLOCK: usize = 64;

/// Hashes a message that is given in pieces.
pub(super) fn one(message: &[Bytes]) -> [u8; 16] {
    let [hash] = together([message]);
    hash
}

/// Hashes two messages in little more than the time that the longer one takes.
pub(super) fn two(one: &[Bytes], other: &[Bytes]) -> [[u8; 16]; 2] {
    together([one, other])
}

fn together<const N: usize>(messages: [&[Bytes]; N]) -> [[u8; 16]; N] {
    let mut blocks = messages.map(Blocks::new);
    let mut states = [[0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476]; N];
    // As long as all go on; what a longer one has left then goes alone.
    let shared = blocks.each_ref().map(Blocks::count).into_iter().min().unwrap_or_default();
    for _ in 0..shared {
        compress(&mut states, &blocks.each_mut().map(|blocks| words(blocks.next())));
    }
    for (state, blocks) in states.iter_mut().zip(&mut blocks) {
        for _ in shared..blocks.count() {
            compress(std::array::from_mut(state), &[words(blocks.next())]);
        }
    }
    states.map(|state| {
        let mut hash = [0; 16];
        hash.as_chunks_mut().0.iter_mut().zip(state).for_each(|(to, word)| *to = word.to_le_bytes());
        hash
    })
}

/// A message as blocks, with what MD5 asks for behind its end: a single bit, zeros, and the length in bits.
struct Blocks<'a> {
    /// What is left of the piece at hand, and the pieces behind it.
    piece: &'a [u8],
    pieces: std::slice::Iter<'a, Bytes>,
    length: usize,
    is_marked: bool,
    given: usize,
    /// Holds a block that stands in no piece as a whole.
    gathered: [u8; BLOCK],
}

impl<'a> Blocks<'a> {
    fn new(message: &'a [Bytes]) -> Self {
        let length = message.iter().map(Bytes::len).sum();
        Self { piece: &[], pieces: message.iter(), length, is_marked: false, given: 0, gathered: [0; BLOCK] }
    }

    /// How many blocks there are in all.
    fn count(&self) -> usize {
        (self.length + 1 + size_of::<u64>()).div_ceil(BLOCK)
    }

    fn next(&mut self) -> &[u8; BLOCK] {
        self.given += 1;
        match self.piece.split_first_chunk() {
            Some((block, rest)) => {
                self.piece = rest;
                block
            }
            None => self.gather(),
        }
    }

    /// A block out of several pieces, or at the end.
    #[cold]
    fn gather(&mut self) -> &[u8; BLOCK] {
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while filled < BLOCK {
            if self.piece.is_empty() {
                let Some(next) = self.pieces.next() else { break };
                self.piece = next;
            }
            let (part, rest) = self.piece.split_at(self.piece.len().min(BLOCK - filled));
            block.iter_mut().skip(filled).zip(part).for_each(|(to, from)| *to = *from);
            (self.piece, filled) = (rest, filled + part.len());
        }
        if let Some(mark) = block.get_mut(filled).filter(|_| !self.is_marked) {
            *mark = 0x80;
            self.is_marked = true;
        }
        if self.given == self.count()
            && let Some(length) = block.last_chunk_mut()
        {
            *length = (self.length as u64).wrapping_mul(8).to_le_bytes();
        }
        self.gathered = block;
        &self.gathered
    }
}

/// The constants of the 64 steps: the first 32 bits behind the point of |sin(step + 1)|.
#[rustfmt::skip]
const SINES: [u32; 64] = [
    0xd76a_a478, 0xe8c7_b756, 0x2420_70db, 0xc1bd_ceee, 0xf57c_0faf, 0x4787_c62a, 0xa830_4613, 0xfd46_9501,
    0x6980_98d8, 0x8b44_f7af, 0xffff_5bb1, 0x895c_d7be, 0x6b90_1122, 0xfd98_7193, 0xa679_438e, 0x49b4_0821,
    0xf61e_2562, 0xc040_b340, 0x265e_5a51, 0xe9b6_c7aa, 0xd62f_105d, 0x0244_1453, 0xd8a1_e681, 0xe7d3_fbc8,
    0x21e1_cde6, 0xc337_07d6, 0xf4d5_0d87, 0x455a_14ed, 0xa9e3_e905, 0xfcef_a3f8, 0x676f_02d9, 0x8d2a_4c8a,
    0xfffa_3942, 0x8771_f681, 0x6d9d_6122, 0xfde5_380c, 0xa4be_ea44, 0x4bde_cfa9, 0xf6bb_4b60, 0xbebf_bc70,
    0x289b_7ec6, 0xeaa1_27fa, 0xd4ef_3085, 0x0488_1d05, 0xd9d4_d039, 0xe6db_99e5, 0x1fa2_7cf8, 0xc4ac_5665,
    0xf429_2244, 0x432a_ff97, 0xab94_23a7, 0xfc93_a039, 0x655b_59c3, 0x8f0c_cc92, 0xffef_f47d, 0x8584_5dd1,
    0x6fa8_7e4f, 0xfe2c_e6e0, 0xa301_4314, 0x4e08_11a1, 0xf753_7e82, 0xbd3a_f235, 0x2ad7_d2bb, 0xeb86_d391,
];

/// How far each of four steps in turn rotates, round by round.
const ROTATIONS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// Adds a block to each state, step by step for all in turn.
///
/// The steps are loops in one function, since as functions of their own they come out as all of one message before all
/// of the other, which no processor looks far enough ahead to undo; `cargo bench --bench steps hash` would show it.
#[inline]
fn compress<const N: usize>(states: &mut [[u32; 4]; N], words: &[[u32; 16]; N]) {
    let mut work = *states;
    macro_rules! steps {
        ($($step:literal)*) => { $(
            for message in 0..N {
                let [a, b, c, d] = work[message];
                let sum = a.wrapping_add(SINES[$step]).wrapping_add(words[message][word_at($step)]);
                let sum = mix($step, sum, b, c, d);
                work[message] = [d, b.wrapping_add(sum.rotate_left(ROTATIONS[$step / 16][$step % 4])), b, c];
            }
        )* };
    }
    steps!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    steps!(16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31);
    steps!(32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47);
    steps!(48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63);
    for message in 0..N {
        for at in 0..4 {
            states[message][at] = states[message][at].wrapping_add(work[message][at]);
        }
    }
}

/// Adds what a step makes of the three other words. What `b` has no part in comes first: it is the result of the step
/// before, and the one that is waited for.
#[inline]
fn mix(step: usize, sum: u32, b: u32, c: u32, d: u32) -> u32 {
    match step / 16 {
        0 => sum.wrapping_add(d ^ (b & (c ^ d))),
        // Added rather than joined: no bit is in both, and the part without b need not wait for it.
        1 => sum.wrapping_add(c & !d).wrapping_add(b & d),
        2 => sum.wrapping_add(b ^ (c ^ d)),
        _ => sum.wrapping_add(c ^ (b | !d)),
    }
}

/// Which word of the block a step takes.
#[inline]
const fn word_at(step: usize) -> usize {
    [step, 5 * step + 1, 3 * step + 5, 7 * step][step / 16] % 16
}

#[inline]
fn words(block: &[u8; BLOCK]) -> [u32; 16] {
    let mut words = [0; 16];
    words.iter_mut().zip(block.as_chunks().0).for_each(|(word, bytes)| *word = u32::from_le_bytes(*bytes));
    words
}

#[cfg(test)]
mod tests {
    use md5::{Digest, Md5};
    use proptest::prelude::*;

    use super::*;

    fn known(message: &[u8]) -> [u8; 16] {
        Md5::digest(message).into()
    }

    #[test]
    fn every_length_around_the_ends_of_blocks_is_padded_as_it_must_be() {
        let text: Vec<u8> = (0..=u8::MAX).collect();
        for length in 0..text.len() {
            let message = [Bytes::copy_from_slice(&text[..length])];
            assert_eq!(one(&message), known(&text[..length]), "{length}");
            assert_eq!(two(&message, &[]), [known(&text[..length]), known(b"")], "{length}");
        }
    }

    fn pieces() -> impl Strategy<Value = Vec<Vec<u8>>> {
        prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..6)
    }

    proptest! {
        #[test]
        fn hashes_are_those_of_the_library(first in pieces(), second in pieces()) {
            let shared = |pieces: &[Vec<u8>]| pieces.iter().cloned().map(Bytes::from).collect::<Vec<_>>();
            let want = [known(&first.concat()), known(&second.concat())];
            prop_assert_eq!(two(&shared(&first), &shared(&second)), want);
            prop_assert_eq!([one(&shared(&first)), one(&shared(&second))], want);
        }
    }
}
