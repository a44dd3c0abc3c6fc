//! MD5 of one message, or of up to eight together.
//!
//! Each step of MD5 waits for the one before, so that a processor hashing one message is idle most of the time. Four
//! messages side by side, one in each lane of a register, take less than twice as long as one, and four more in a register
//! that waits for none of the first less than three times. No library that is well kept does that. The local service checks
//! bodies with a library of its own, and so do the tests here.

#![expect(
    clippy::inline_always,
    reason = "what is apart from `side_by_side` is not compiled for its instructions"
)]

use std::num::Wrapping;
use std::ops::{Add, BitAnd, BitOr, BitXor, Not};

use bytes::Bytes;
use multiversion::multiversion;
use wide::u32x4;

const BLOCK: usize = 64;

/// How many messages are hashed together.
pub(super) const TOGETHER: usize = 2 * LANES;

/// How many of them are in one register.
const LANES: usize = 4;

/// Hashes messages that are given in pieces: four in less than twice the time of one, and eight in less than three times.
pub(super) fn together(messages: &[&[Bytes]]) -> Vec<[u8; 16]> {
    let mut hashes: Vec<_> = messages.iter().map(|message| Hashing::new(message)).collect();
    loop {
        let mut open: Vec<_> =
            hashes.iter_mut().filter(|hashing| hashing.left() > 0).take(TOGETHER).collect();
        match open.as_mut_slice() {
            [] => break,
            [alone] => alone.finish(),
            several => side_by_side(several),
        }
    }
    hashes.into_iter().map(Hashing::hash).collect()
}

/// Goes on with up to eight messages as long as all of them do.
///
/// Each step takes fewer instructions where there are some that rotate and that join three words.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2"))]
fn side_by_side(several: &mut [&mut Hashing<'_>]) {
    if several.len() > LANES { in_lanes::<Two<u32x4>>(several) } else { in_lanes::<u32x4>(several) }
}

/// The same with a message in each lane. A lane without one does what nobody asks for.
#[inline(always)]
fn in_lanes<W: Lanes>(several: &mut [&mut Hashing<'_>]) {
    let mut rows = [[0; 4]; TOGETHER];
    rows.iter_mut().zip(&*several).for_each(|(row, hashing)| *row = hashing.state);
    let mut states = W::of_states(&rows);
    let mut blocks = [[0; 16]; TOGETHER];
    for _ in 0..several.iter().map(|hashing| hashing.left()).min().unwrap_or_default() {
        for (block, hashing) in blocks.iter_mut().zip(&mut *several) {
            *block = words(hashing.blocks.next());
        }
        compress(&mut states, W::across(&blocks));
    }
    several.iter_mut().zip(W::states(states)).for_each(|(hashing, row)| hashing.state = row);
}

/// A message that is being hashed.
struct Hashing<'a> {
    state: [u32; 4],
    blocks: Blocks<'a>,
}

impl<'a> Hashing<'a> {
    fn new(message: &'a [Bytes]) -> Self {
        Self { state: STATE, blocks: Blocks::new(message) }
    }

    /// How many blocks are not yet in it.
    fn left(&self) -> usize {
        self.blocks.count() - self.blocks.given
    }

    fn finish(&mut self) {
        let mut state = self.state.map(Wrapping);
        for _ in 0..self.left() {
            compress(&mut state, words(self.blocks.next()).map(Wrapping));
        }
        self.state = state.map(|word| word.0);
    }

    /// The state, the low bytes first.
    fn hash(self) -> [u8; 16] {
        let mut hash = [0; 16];
        hash.as_chunks_mut().0.iter_mut().zip(self.state).for_each(|(to, word)| *to = word.to_le_bytes());
        hash
    }
}

/// What hashing begins with.
const STATE: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

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

/// A word of one message, or of each of several.
///
/// All that is done with one must become part of `side_by_side`, for whose instructions it is compiled.
trait Word:
    Copy
    + Add<Output = Self>
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + BitXor<Output = Self>
    + Not<Output = Self>
{
    fn of(value: u32) -> Self;
    fn rotated(self, by: u32) -> Self;
}

impl Word for Wrapping<u32> {
    #[inline(always)]
    fn of(value: u32) -> Self {
        Self(value)
    }

    #[inline(always)]
    fn rotated(self, by: u32) -> Self {
        Self(self.0.rotate_left(by))
    }
}

impl Word for u32x4 {
    #[inline(always)]
    fn of(value: u32) -> Self {
        Self::splat(value)
    }

    #[inline(always)]
    fn rotated(self, by: u32) -> Self {
        (self << by) | (self >> (u32::BITS - by))
    }
}

/// Two words, of which neither waits for the other.
#[derive(Clone, Copy)]
struct Two<W>(W, W);

impl<W: Word> Add for Two<W> {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0, self.1 + other.1)
    }
}

impl<W: Word> BitAnd for Two<W> {
    type Output = Self;

    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0, self.1 & other.1)
    }
}

impl<W: Word> BitOr for Two<W> {
    type Output = Self;

    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0, self.1 | other.1)
    }
}

impl<W: Word> BitXor for Two<W> {
    type Output = Self;

    #[inline(always)]
    fn bitxor(self, other: Self) -> Self {
        Self(self.0 ^ other.0, self.1 ^ other.1)
    }
}

impl<W: Word> Not for Two<W> {
    type Output = Self;

    #[inline(always)]
    fn not(self) -> Self {
        Self(!self.0, !self.1)
    }
}

impl<W: Word> Word for Two<W> {
    #[inline(always)]
    fn of(value: u32) -> Self {
        Self(W::of(value), W::of(value))
    }

    #[inline(always)]
    fn rotated(self, by: u32) -> Self {
        Self(self.0.rotated(by), self.1.rotated(by))
    }
}

/// Words of several messages; those that are more than there are lanes are left out.
trait Lanes: Word {
    fn of_states(states: &[[u32; 4]; TOGETHER]) -> [Self; 4];
    fn states(of: [Self; 4]) -> [[u32; 4]; TOGETHER];
    /// The words of a block of each message, each with those of the others that stand at its place.
    fn across(blocks: &[[u32; 16]; TOGETHER]) -> [Self; 16];
}

impl Lanes for u32x4 {
    #[inline(always)]
    fn of_states(states: &[[u32; 4]; TOGETHER]) -> [Self; 4] {
        Two::of_states(states).map(|two| two.0)
    }

    #[inline(always)]
    fn states(of: [Self; 4]) -> [[u32; 4]; TOGETHER] {
        Two::states(of.map(|word| Two(word, word)))
    }

    #[inline(always)]
    fn across(blocks: &[[u32; 16]; TOGETHER]) -> [Self; 16] {
        across(&blocks.as_chunks().0[0])
    }
}

impl Lanes for Two<u32x4> {
    #[inline(always)]
    fn of_states(states: &[[u32; 4]; TOGETHER]) -> [Self; 4] {
        let [first, second] = [0, 1].map(|half| u32x4::transpose(states.as_chunks().0[half].map(u32x4::new)));
        std::array::from_fn(|word| Self(first[word], second[word]))
    }

    #[inline(always)]
    fn states(of: [Self; 4]) -> [[u32; 4]; TOGETHER] {
        let [first, second] = [of.map(|two| two.0), of.map(|two| two.1)]
            .map(|half| u32x4::transpose(half).map(u32x4::to_array));
        std::array::from_fn(|lane| if lane < LANES { first[lane] } else { second[lane - LANES] })
    }

    #[inline(always)]
    fn across(blocks: &[[u32; 16]; TOGETHER]) -> [Self; 16] {
        let [first, second] = [0, 1].map(|half| across(&blocks.as_chunks().0[half]));
        std::array::from_fn(|word| Self(first[word], second[word]))
    }
}

/// Adds a block to the state.
#[inline(always)]
fn compress<W: Word>(state: &mut [W; 4], words: [W; 16]) {
    let [mut a, mut b, mut c, mut d] = *state;
    // One function without a loop, so that words stay in registers.
    macro_rules! steps {
        ($($step:literal)*) => { $(
            let sum = mix($step, a + W::of(SINES[$step]) + words[word_at($step)], b, c, d);
            (a, b, c, d) = (d, b + sum.rotated(ROTATIONS[$step / 16][$step % 4]), b, c);
        )* };
    }
    steps!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    steps!(16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31);
    steps!(32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47);
    steps!(48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63);
    let [before_a, before_b, before_c, before_d] = *state;
    *state = [before_a + a, before_b + b, before_c + c, before_d + d];
}

/// Adds what a step makes of the three other words. What `b` has no part in comes first: it is the result of the step
/// before, and the one that is waited for.
#[inline(always)]
fn mix<W: Word>(step: usize, sum: W, b: W, c: W, d: W) -> W {
    match step / 16 {
        0 => sum + (d ^ (b & (c ^ d))),
        // Added rather than joined: no bit is in both, and the part without b need not wait for it.
        1 => sum + (c & !d) + (b & d),
        2 => sum + (b ^ (c ^ d)),
        _ => sum + (c ^ (b | !d)),
    }
}

/// Which word of the block a step takes.
#[inline(always)]
const fn word_at(step: usize) -> usize {
    [step, 5 * step + 1, 3 * step + 5, 7 * step][step / 16] % 16
}

#[inline(always)]
fn words(block: &[u8; BLOCK]) -> [u32; 16] {
    let mut words = [0; 16];
    words.iter_mut().zip(block.as_chunks().0).for_each(|(word, bytes)| *word = u32::from_le_bytes(*bytes));
    words
}

/// The words of four blocks, each with those of the others that stand at its place.
#[inline(always)]
fn across(blocks: &[[u32; 16]; LANES]) -> [u32x4; 16] {
    let mut words = [u32x4::default(); 16];
    for (part, words) in words.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let rows = blocks.each_ref().map(|block| u32x4::new(block.as_chunks().0[part]));
        *words = u32x4::transpose(rows);
    }
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
            let [hash, empty] = [known(&text[..length]), known(b"")];
            assert_eq!(together(&[&message]), [hash], "{length}");
            assert_eq!(together(&[&message, &[], &message]), [hash, empty, hash], "{length}");
        }
    }

    fn pieces() -> impl Strategy<Value = Vec<Vec<u8>>> {
        prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..6)
    }

    proptest! {
        #[test]
        fn hashes_are_those_of_the_library(messages in prop::collection::vec(pieces(), 0..11)) {
            let shared = messages.iter().map(|pieces| pieces.iter().cloned().map(Bytes::from).collect::<Vec<_>>());
            let shared: Vec<_> = shared.collect();
            let want: Vec<_> = messages.iter().map(|pieces| known(&pieces.concat())).collect();
            prop_assert_eq!(together(&shared.iter().map(Vec::as_slice).collect::<Vec<_>>()), want);
        }
    }
}
