//! Reads the numbers of a vector with AVX-512: first locates them, 64 bytes at a time, then converts them, eight at a
//! time. [`blocks`] explains both. The steps are those of [`read_avx2`](super::read_avx2), except that conditions on
//! bytes and numbers are bits of a mask, and that one register has the windows of four numbers.

#[cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "intrinsics are named by what they do"))]
use std::arch::x86_64::*;

use zerocopy::transmute;

use super::batch::{MOST, at_the_end, window};
use super::blocks::{self, HIGH, LEFT_OUT, LOW, Steps};
use super::plain::ReadOne;

/// Reads the numbers from the separator at `from` to `]` and returns where the text after it begins.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi,avx512vbmi2")]
#[target_feature(enable = "avx512vpopcntdq,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn read<const SPACED: bool>(
    text: &[u8],
    from: usize,
    one: ReadOne,
    out: &mut Vec<f32>,
) -> Option<usize> {
    let steps = Steps {
        classes: |bytes: &_| classes::<SPACED>(bytes),
        places: |digits, before, to: &mut _| *to = places(digits, before),
        eight: |text: &_, windows: &_| eight::<SPACED>(text, windows),
    };
    blocks::read::<SPACED>(text, from, one, out, &steps)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi,avx512vbmi2")]
#[target_feature(enable = "avx512vpopcntdq,bmi1,bmi2,lzcnt,popcnt")]
fn classes<const SPACED: bool>(bytes: &[u8; 65]) -> (u64, u64) {
    let these = transmute!(*bytes.first_chunk::<64>().unwrap_or(&[0; 64]));
    let value = _mm512_sub_epi8(these, _mm512_set1_epi8(b'0'.cast_signed()));
    let others = _mm512_cmpgt_epu8_mask(value, _mm512_set1_epi8(9));
    let mut separators = _mm512_cmpeq_epi8_mask(these, _mm512_set1_epi8(b','.cast_signed()));
    if SPACED {
        let next = transmute!(*bytes.last_chunk::<64>().unwrap_or(&[0; 64]));
        separators = _mm512_mask_cmpeq_epi8_mask(separators, next, _mm512_set1_epi8(b' '.cast_signed()));
    }
    (others, separators)
}

/// The numbers from 0 to 63.
const ALL: [u8; 64] = {
    let mut all = [0; 64];
    let mut at = 0;
    while at < 64 {
        all[at as usize] = at;
        at += 1;
    }
    all
};

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi,avx512vbmi2")]
#[target_feature(enable = "avx512vpopcntdq,bmi1,bmi2,lzcnt,popcnt")]
fn places(digits: u64, before: u32) -> [u32; MOST] {
    let places = _mm512_castsi512_si128(_mm512_maskz_compress_epi8(digits, transmute!(ALL)));
    transmute!(_mm512_add_epi32(_mm512_cvtepu8_epi32(places), _mm512_set1_epi32(before.cast_signed())))
}

/// The windows of eight numbers, four in a register: the even ones and the odd ones. `None` if the text ends within one.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi,avx512vbmi2")]
#[target_feature(enable = "avx512vpopcntdq,bmi1,bmi2,lzcnt,popcnt")]
fn load(text: &[u8], windows: &[u32; 9]) -> Option<[__m512i; 2]> {
    let window = |number: usize| -> Option<__m128i> { Some(transmute!(*window(text, windows[number])?)) };
    let four = |number: usize| {
        let four = _mm512_castsi128_si512(window(number)?);
        let four = _mm512_inserti32x4::<1>(four, window(number + 2)?);
        let four = _mm512_inserti32x4::<2>(four, window(number + 4)?);
        Some(_mm512_inserti32x4::<3>(four, window(number + 6)?))
    };
    Some([four(0)?, four(1)?])
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi,avx512vbmi2")]
#[target_feature(enable = "avx512vpopcntdq,bmi1,bmi2,lzcnt,popcnt")]
fn eight<const SPACED: bool>(text: &[u8], windows: &[u32; 9]) -> ([f32; 8], u8) {
    let [even, odd] = load(text, windows)
        .unwrap_or_else(|| transmute!(at_the_end(text, windows, [0, 2, 4, 6, 1, 3, 5, 7])));
    let this: __m256i = transmute!(*windows.first_chunk::<8>().unwrap_or(&[0; 8]));
    let next: __m256i = transmute!(*windows.last_chunk::<8>().unwrap_or(&[0; 8]));
    let distances = _mm256_min_epu32(_mm256_sub_epi32(next, this), _mm256_set1_epi32(127));
    let is_longer = _mm256_cmpgt_epi32_mask(distances, _mm256_set1_epi32(15));
    let number = numbers(even, odd, distances);
    let left_out = _mm512_maskz_mov_pd(is_longer, _mm512_set1_pd(LEFT_OUT));
    let lower = _mm512_cvtpd_ps(_mm512_mul_pd(number, _mm512_set1_pd(LOW)));
    let upper = _mm512_cvtpd_ps(_mm512_fmadd_pd(number, _mm512_set1_pd(HIGH), left_out));
    let (lower, upper) = (_mm256_castps_si256(lower), _mm256_castps_si256(upper));
    let order = _mm512_setr_epi32(0, 16, 4, 20, 8, 24, 12, 28, 0, 0, 0, 0, 0, 0, 0, 0);
    let heads = _mm512_castsi512_si256(_mm512_permutex2var_epi32(even, order, odd));
    let shape = _mm256_and_si256(heads, _mm256_set1_epi32(0xf0ff_00ff_u32.cast_signed()));
    let is_negative = _mm256_cmpeq_epi32_mask(shape, _mm256_set1_epi32(0x302e_002d));
    let positive = _mm256_set1_epi32(if SPACED { 0x302e_0020 } else { 0x302e_002c });
    let is_number = is_negative | _mm256_cmpeq_epi32_mask(shape, positive);
    let sure = _mm256_mask_cmpeq_epi32_mask(is_number, lower, upper);
    (transmute!(_mm256_or_si256(lower, _mm256_slli_epi32::<31>(heads))), sure)
}

/// The sixteen digits of each window, zeros where there are none, as an integer that is rounded once.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi,avx512vbmi2")]
#[target_feature(enable = "avx512vpopcntdq,bmi1,bmi2,lzcnt,popcnt")]
fn numbers(even: __m512i, odd: __m512i, distances: __m256i) -> __m512d {
    let distances = _mm512_castsi256_si512(distances);
    let fours = |windows, by: i8| {
        let order = _mm_setr_epi8(1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, -1, -1);
        let bytes = _mm512_shuffle_epi8(windows, _mm512_broadcast_i32x4(order));
        let far = _mm_setr_epi8(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
        // The lowest byte of each number's distance, sixteen times.
        let bytes_of = _mm512_add_epi8(transmute!(OF_EVEN), _mm512_set1_epi8(by));
        let distance = _mm512_permutexvar_epi8(bytes_of, distances);
        let within = _mm512_cmpgt_epi8_mask(distance, _mm512_broadcast_i32x4(far));
        // A comma, a space or a sign after the number is below `0`, so that saturation makes it zero.
        let digits = _mm512_maskz_subs_epu8(within, bytes, _mm512_set1_epi8(b'0'.cast_signed()));
        let pairs = _mm512_maddubs_epi16(digits, _mm512_set1_epi16(10 + (1 << 8)));
        _mm512_madd_epi16(pairs, _mm512_set1_epi32(100 + (1 << 16)))
    };
    // For each number the first half and, in the upper bits, the second.
    let fours = _mm512_packus_epi32(fours(even, 0), fours(odd, 4));
    let eights = _mm512_madd_epi16(fours, _mm512_set1_epi32(10_000 + (1 << 16)));
    let high = _mm512_mul_epu32(eights, _mm512_set1_epi64(100_000_000));
    _mm512_cvtepi64_pd(_mm512_add_epi64(high, _mm512_srli_epi64::<32>(eights)))
}

/// The places of the distances of the even numbers, sixteen times each.
const OF_EVEN: [[u8; 16]; 4] = [[0; 16], [8; 16], [16; 16], [24; 16]];
