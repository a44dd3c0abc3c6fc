//! Hashes eight messages with AVX2, one in each lane of a register.
//!
//! Each step depends on the one before, so eight messages take little more time than one. Independent work comes first:
//! `c` and `d` are results of earlier steps, only `b` is that of the last one.

#[cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "intrinsics are named by what they do"))]
use std::arch::x86_64::*;
use std::array;

use zerocopy::transmute;

use super::md5_steps::{Block, MESSAGES, SINES, rotation, word_at};

/// Adds the same number of blocks of each message to its state: as many as the shortest message has.
#[target_feature(enable = "avx2")]
pub(super) fn hash(states: &mut [[u32; 4]; MESSAGES], blocks: &[&[Block]; MESSAGES]) {
    let rows: [[u32; MESSAGES]; 4] = array::from_fn(|word| states.map(|state| state[word]));
    let mut lanes: [__m256i; 4] = transmute!(rows);
    let count = blocks.iter().map(|blocks| blocks.len()).min().unwrap_or_default();
    let blocks = blocks.map(|blocks| blocks.get(..count).unwrap_or_default());
    for at in 0..count {
        lanes = compress(lanes, &across(blocks.each_ref().map(|blocks| &blocks[at])));
    }
    let rows: [[u32; MESSAGES]; 4] = transmute!(lanes);
    *states = array::from_fn(|message| rows.map(|row| row[message]));
}

/// The words of a block of each message, transposed: each register has the same word of all messages.
#[inline]
#[target_feature(enable = "avx2")]
fn across(blocks: [&Block; MESSAGES]) -> [__m256i; 16] {
    let mut words = [_mm256_setzero_si256(); 16];
    for (part, words) in words.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let four = |message: usize| -> __m128i { transmute!(blocks[message].as_chunks::<16>().0[part]) };
        // Four words of one message and, in the upper half, of the message four places later.
        let two =
            |message| _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(four(message)), four(message + 4));
        let (low, high) = (_mm256_unpacklo_epi32(two(0), two(1)), _mm256_unpackhi_epi32(two(0), two(1)));
        let (low2, high2) = (_mm256_unpacklo_epi32(two(2), two(3)), _mm256_unpackhi_epi32(two(2), two(3)));
        *words = [
            _mm256_unpacklo_epi64(low, low2),
            _mm256_unpackhi_epi64(low, low2),
            _mm256_unpacklo_epi64(high, high2),
            _mm256_unpackhi_epi64(high, high2),
        ];
    }
    words
}

/// The state after a block.
#[inline]
#[target_feature(enable = "avx2")]
fn compress(state: [__m256i; 4], words: &[__m256i; 16]) -> [__m256i; 4] {
    let [mut a, mut b, mut c, mut d] = state;
    // One function without a loop, so that words stay in registers.
    macro_rules! steps {
        ($($step:literal)*) => { $(
            let word = _mm256_add_epi32(words[const { word_at($step) }], _mm256_set1_epi32(SINES[$step].cast_signed()));
            let sum = mix::<{ $step / 16 }>(_mm256_add_epi32(a, word), b, c, d);
            let rotated = _mm256_or_si256(
                _mm256_slli_epi32::<{ rotation($step).cast_signed() }>(sum),
                _mm256_srli_epi32::<{ 32 - rotation($step).cast_signed() }>(sum),
            );
            (a, b, c, d) = (d, _mm256_add_epi32(b, rotated), b, c);
        )* };
    }
    steps!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    steps!(16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31);
    steps!(32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47);
    steps!(48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63);
    let [before_a, before_b, before_c, before_d] = state;
    [
        _mm256_add_epi32(before_a, a),
        _mm256_add_epi32(before_b, b),
        _mm256_add_epi32(before_c, c),
        _mm256_add_epi32(before_d, d),
    ]
}

/// Adds the round's function of the other three words.
#[inline]
#[target_feature(enable = "avx2")]
fn mix<const ROUND: usize>(sum: __m256i, b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    match ROUND {
        0 => _mm256_add_epi32(sum, _mm256_xor_si256(d, _mm256_and_si256(b, _mm256_xor_si256(c, d)))),
        // Added rather than ORed: the parts have no bit in common, and the one without b need not wait for it.
        1 => _mm256_add_epi32(_mm256_add_epi32(sum, _mm256_andnot_si256(d, c)), _mm256_and_si256(b, d)),
        2 => _mm256_add_epi32(sum, _mm256_xor_si256(b, _mm256_xor_si256(c, d))),
        _ => {
            let not_d = _mm256_xor_si256(d, _mm256_set1_epi32(-1));
            _mm256_add_epi32(sum, _mm256_xor_si256(c, _mm256_or_si256(b, not_d)))
        }
    }
}
