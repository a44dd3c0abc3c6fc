//! MD5 of one message, or of up to eight together.
//!
//! Each step of MD5 waits for the one before, so a processor that hashes one message is mostly idle. With AVX2
//! ([`simd`]), eight messages, one in each lane of a register, take little more time than one. Without it a register
//! has four lanes: four messages take less than twice as long as one, and four more in an independent register less
//! than three times as long. No well-maintained library does that. The local service checks bodies with a separate
//! library, and so do the tests here.

use std::num::Wrapping;
use std::ops::{Add, BitAnd, BitOr, BitXor, Not};

use bytes::Bytes;
use wide::u32x4;

use crate::simd::md5_steps::{Block, MESSAGES, SINES, rotation, word_at};
use crate::simd::{self, Instructions};

/// How many messages are hashed together.
pub(super) const TOGETHER: usize = MESSAGES;

/// The bytes of a block.
const BLOCK: usize = size_of::<Block>();

/// How many messages are in one register without AVX2.
const LANES: usize = 4;

/// Hashes messages that are given in pieces: with AVX2 eight in little more time than one, otherwise in less than three
/// times that.
pub(super) fn together(messages: &[&[Bytes]]) -> Vec<[u8; 16]> {
    together_by(Instructions::chosen(), messages)
}

/// The same with a given instruction set instead of the chosen one.
fn together_by(instructions: Instructions, messages: &[&[Bytes]]) -> Vec<[u8; 16]> {
    let mut hashes: Vec<_> = messages.iter().map(|message| Hashing::new(message)).collect();
    loop {
        let mut open: Vec<_> =
            hashes.iter_mut().filter(|hashing| hashing.blocks.left() > 0).take(TOGETHER).collect();
        match open.as_mut_slice() {
            [] => break,
            [alone] => alone.finish(),
            several => side_by_side(instructions, several),
        }
    }
    hashes.into_iter().map(Hashing::hash).collect()
}

/// Continues with up to eight messages until the first of them ends.
fn side_by_side(instructions: Instructions, several: &mut [&mut Hashing<'_>]) {
    let mut states = [STATE; TOGETHER];
    states.iter_mut().zip(&*several).for_each(|(state, hashing)| *state = hashing.state);
    while several.iter().all(|hashing| hashing.blocks.left() > 0) {
        for hashing in &mut *several {
            hashing.blocks.prepare();
        }
        let fewest = several.iter().map(|hashing| hashing.blocks.next().len()).min().unwrap_or_default();
        // A lane without a message computes an unused result.
        let mut blocks = [[].as_slice(); TOGETHER];
        blocks.iter_mut().zip(several.iter().cycle()).for_each(|(to, hashing)| *to = hashing.blocks.next());
        if !simd::hash(instructions, &mut states, &blocks) {
            if several.len() > LANES {
                in_lanes::<Two<u32x4>>(&mut states, &blocks, fewest);
            } else {
                in_lanes::<u32x4>(&mut states, &blocks, fewest);
            }
        }
        for hashing in &mut *several {
            hashing.blocks.pass(fewest);
        }
    }
    several.iter_mut().zip(states).for_each(|(hashing, state)| hashing.state = state);
}

/// Adds `count` blocks of each message to its state, with a message in each lane.
fn in_lanes<W: Lanes>(states: &mut [[u32; 4]; TOGETHER], blocks: &[&[Block]; TOGETHER], count: usize) {
    let mut lanes = W::of_states(states);
    for at in 0..count {
        let words = blocks.map(|blocks| blocks.get(at).map(words).unwrap_or_default());
        compress(&mut lanes, W::across(&words));
    }
    *states = W::states(lanes);
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

    fn finish(&mut self) {
        let mut state = self.state.map(Wrapping);
        while self.blocks.left() > 0 {
            self.blocks.prepare();
            let blocks = self.blocks.next();
            for block in blocks {
                compress(&mut state, words(block).map(Wrapping));
            }
            let count = blocks.len();
            self.blocks.pass(count);
        }
        self.state = state.map(|word| word.0);
    }

    /// The state with the low bytes first.
    fn hash(self) -> [u8; 16] {
        let mut hash = [0; 16];
        hash.as_chunks_mut().0.iter_mut().zip(self.state).for_each(|(to, word)| *to = word.to_le_bytes());
        hash
    }
}

/// The initial state.
const STATE: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// A message as blocks, with the padding of MD5: a single bit, zeros, and the length in bits.
struct Blocks<'a> {
    /// The rest of the current piece, and the pieces after it.
    piece: &'a [u8],
    pieces: std::slice::Iter<'a, Bytes>,
    length: usize,
    is_marked: bool,
    /// How many blocks have been passed.
    given: usize,
    /// The next block, if it is not contained in a single piece.
    gathered: Option<Block>,
}

impl<'a> Blocks<'a> {
    fn new(message: &'a [Bytes]) -> Self {
        let length = message.iter().map(Bytes::len).sum();
        Self { piece: &[], pieces: message.iter(), length, is_marked: false, given: 0, gathered: None }
    }

    /// The total number of blocks.
    fn count(&self) -> usize {
        (self.length + 1 + size_of::<u64>()).div_ceil(BLOCK)
    }

    /// How many of them are left.
    fn left(&self) -> usize {
        self.count() - self.given
    }

    /// Makes sure that there is a next block, unless none is left.
    fn prepare(&mut self) {
        if self.gathered.is_none() && self.piece.len() < BLOCK {
            self.gather();
        }
    }

    /// The next contiguous blocks, once they are prepared.
    fn next(&self) -> &[Block] {
        self.gathered.as_ref().map_or(self.piece.as_chunks().0, std::slice::from_ref)
    }

    /// Passes this many of the next blocks.
    fn pass(&mut self, count: usize) {
        self.given += count;
        if self.gathered.take().is_none() {
            self.piece = self.piece.get(count * BLOCK..).unwrap_or_default();
        }
    }

    /// Gathers a block from several pieces, or at the end.
    #[cold]
    fn gather(&mut self) {
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
        if self.left() == 1
            && let Some(length) = block.last_chunk_mut()
        {
            *length = (self.length as u64).wrapping_mul(8).to_le_bytes();
        }
        self.gathered = Some(block);
    }
}

/// A word of one message, or of each of several.
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
    #[inline]
    fn of(value: u32) -> Self {
        Self(value)
    }

    #[inline]
    fn rotated(self, by: u32) -> Self {
        Self(self.0.rotate_left(by))
    }
}

impl Word for u32x4 {
    #[inline]
    fn of(value: u32) -> Self {
        Self::splat(value)
    }

    #[inline]
    fn rotated(self, by: u32) -> Self {
        (self << by) | (self >> (u32::BITS - by))
    }
}

/// Two independent words.
#[derive(Clone, Copy)]
struct Two<W>(W, W);

impl<W: Word> Add for Two<W> {
    type Output = Self;

    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0, self.1 + other.1)
    }
}

impl<W: Word> BitAnd for Two<W> {
    type Output = Self;

    #[inline]
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0, self.1 & other.1)
    }
}

impl<W: Word> BitOr for Two<W> {
    type Output = Self;

    #[inline]
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0, self.1 | other.1)
    }
}

impl<W: Word> BitXor for Two<W> {
    type Output = Self;

    #[inline]
    fn bitxor(self, other: Self) -> Self {
        Self(self.0 ^ other.0, self.1 ^ other.1)
    }
}

impl<W: Word> Not for Two<W> {
    type Output = Self;

    #[inline]
    fn not(self) -> Self {
        Self(!self.0, !self.1)
    }
}

impl<W: Word> Word for Two<W> {
    #[inline]
    fn of(value: u32) -> Self {
        Self(W::of(value), W::of(value))
    }

    #[inline]
    fn rotated(self, by: u32) -> Self {
        Self(self.0.rotated(by), self.1.rotated(by))
    }
}

/// Words of several messages; messages beyond the number of lanes are left out.
trait Lanes: Word {
    fn of_states(states: &[[u32; 4]; TOGETHER]) -> [Self; 4];
    fn states(of: [Self; 4]) -> [[u32; 4]; TOGETHER];
    /// The words of a block of each message, transposed: one word of every message at a time.
    fn across(blocks: &[[u32; 16]; TOGETHER]) -> [Self; 16];
}

impl Lanes for u32x4 {
    #[inline]
    fn of_states(states: &[[u32; 4]; TOGETHER]) -> [Self; 4] {
        Two::of_states(states).map(|two| two.0)
    }

    #[inline]
    fn states(of: [Self; 4]) -> [[u32; 4]; TOGETHER] {
        Two::states(of.map(|word| Two(word, word)))
    }

    #[inline]
    fn across(blocks: &[[u32; 16]; TOGETHER]) -> [Self; 16] {
        across(&blocks.as_chunks().0[0])
    }
}

impl Lanes for Two<u32x4> {
    #[inline]
    fn of_states(states: &[[u32; 4]; TOGETHER]) -> [Self; 4] {
        let [first, second] = [0, 1].map(|half| u32x4::transpose(states.as_chunks().0[half].map(u32x4::new)));
        std::array::from_fn(|word| Self(first[word], second[word]))
    }

    #[inline]
    fn states(of: [Self; 4]) -> [[u32; 4]; TOGETHER] {
        let [first, second] = [of.map(|two| two.0), of.map(|two| two.1)]
            .map(|half| u32x4::transpose(half).map(u32x4::to_array));
        std::array::from_fn(|lane| if lane < LANES { first[lane] } else { second[lane - LANES] })
    }

    #[inline]
    fn across(blocks: &[[u32; 16]; TOGETHER]) -> [Self; 16] {
        let [first, second] = [0, 1].map(|half| across(&blocks.as_chunks().0[half]));
        std::array::from_fn(|word| Self(first[word], second[word]))
    }
}

/// Adds a block to the state.
#[inline]
fn compress<W: Word>(state: &mut [W; 4], words: [W; 16]) {
    let [mut a, mut b, mut c, mut d] = *state;
    // One function without a loop, so that words stay in registers.
    macro_rules! steps {
        ($($step:literal)*) => { $(
            let sum = mix($step, a + W::of(SINES[$step]) + words[const { word_at($step) }], b, c, d);
            (a, b, c, d) = (d, b + sum.rotated(const { rotation($step) }), b, c);
        )* };
    }
    steps!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    steps!(16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31);
    steps!(32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47);
    steps!(48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63);
    let [before_a, before_b, before_c, before_d] = *state;
    *state = [before_a + a, before_b + b, before_c + c, before_d + d];
}

/// Adds what a step computes from the three other words. The part without `b` comes first, since `b` is the result of
/// the previous step and arrives last.
#[inline]
fn mix<W: Word>(step: usize, sum: W, b: W, c: W, d: W) -> W {
    match step / 16 {
        0 => sum + (d ^ (b & (c ^ d))),
        // Addition instead of OR: the parts share no bits, and the part without b need not wait for it.
        1 => sum + (c & !d) + (b & d),
        2 => sum + (b ^ (c ^ d)),
        _ => sum + (c ^ (b | !d)),
    }
}

#[inline]
fn words(block: &Block) -> [u32; 16] {
    let mut words = [0; 16];
    words.iter_mut().zip(block.as_chunks().0).for_each(|(word, bytes)| *word = u32::from_le_bytes(*bytes));
    words
}

/// The words of four blocks, transposed.
#[inline]
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

    /// The hashes with all instruction sets of the processor, which must agree.
    fn hashed(messages: &[&[Bytes]]) -> Vec<[u8; 16]> {
        let mut ways = Instructions::available().map(|instructions| together_by(instructions, messages));
        let first = ways.next().unwrap();
        ways.for_each(|way| assert_eq!(way, first));
        first
    }

    #[test]
    fn every_length_around_the_ends_of_blocks_is_padded_as_it_must_be() {
        let text: Vec<u8> = (0..=u8::MAX).collect();
        for length in 0..text.len() {
            let message = [Bytes::copy_from_slice(&text[..length])];
            let [hash, empty] = [known(&text[..length]), known(b"")];
            assert_eq!(hashed(&[&message]), [hash], "{length}");
            assert_eq!(hashed(&[&message, &[], &message]), [hash, empty, hash], "{length}");
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
            prop_assert_eq!(hashed(&shared.iter().map(Vec::as_slice).collect::<Vec<_>>()), want);
        }
    }
}
