//! Reads the numbers of a vector with AVX2: first locates them, 64 bytes at a time, then converts them, eight at a
//! time.
//!
//! [`blocks`] explains both.

#[cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "intrinsics are named by what they do"))]
use std::arch::x86_64::*;

use zerocopy::transmute;

use super::batch::{MOST, at_the_end, window};
use super::blocks::{self, HIGH, LEFT_OUT, LOW, Steps};
use super::plain::ReadOne;

/// Reads the numbers from the separator at `from` to `]` and returns where the text after it begins.
#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn read<const SPACED: bool>(
    text: &[u8],
    from: usize,
    one: ReadOne,
    out: &mut Vec<f32>,
) -> Option<usize> {
    let steps = Steps {
        classes: |bytes: &_| classes::<SPACED>(bytes),
        places: |digits, before, to: &mut _| places(digits, before, to),
        eight: |text: &_, windows: &_| eight::<SPACED>(text, windows),
    };
    blocks::read::<SPACED>(text, from, one, out, &steps)
}

#[inline]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
fn classes<const SPACED: bool>(bytes: &[u8; 65]) -> (u64, u64) {
    let [low, high] = halves(bytes.first_chunk().unwrap_or(&[0; 64]));
    let is_digit = |bytes| {
        let value = _mm256_sub_epi8(bytes, _mm256_set1_epi8(b'0'.cast_signed()));
        _mm256_cmpeq_epi8(_mm256_min_epu8(value, _mm256_set1_epi8(9)), value)
    };
    let is_comma = |bytes| _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b','.cast_signed()));
    let others = !bits(is_digit(low), is_digit(high));
    let mut separators = [is_comma(low), is_comma(high)];
    if SPACED {
        let next = halves(bytes.last_chunk().unwrap_or(&[0; 64]));
        let is_space = |bytes| _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b' '.cast_signed()));
        separators[0] = _mm256_and_si256(separators[0], is_space(next[0]));
        separators[1] = _mm256_and_si256(separators[1], is_space(next[1]));
    }
    (others, bits(separators[0], separators[1]))
}

#[inline]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
fn halves(bytes: &[u8; 64]) -> [__m256i; 2] {
    transmute!(*bytes)
}

/// A bit for each of 64 bytes.
#[inline]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
fn bits(low: __m256i, high: __m256i) -> u64 {
    let of_half = |half| u64::from(_mm256_movemask_epi8(half).cast_unsigned());
    of_half(low) | of_half(high) << 32
}

/// In fixed steps rather than one by one: processors mispredict where such a loop ends.
#[expect(clippy::inline_always, reason = "else it is called, which takes longer than what it does")]
#[inline(always)]
fn places(mut digits: u64, before: u32, to: &mut [u32; MOST]) {
    let found = digits.count_ones();
    let mut next = |to: &mut u32| {
        *to = before.wrapping_add(digits.trailing_zeros());
        digits &= digits.wrapping_sub(1);
    };
    to[..4].iter_mut().for_each(&mut next);
    if found > 4 {
        to[4..8].iter_mut().for_each(&mut next);
        if found > 8 {
            to[8..].iter_mut().for_each(&mut next);
        }
    }
}

/// The windows of eight numbers, two in a register: 0 and 4, 1 and 5, 2 and 6, 3 and 7. `None` if the text ends within one.
#[inline]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
fn load(text: &[u8], windows: &[u32; 9]) -> Option<[__m256i; 4]> {
    let window = |number: usize| -> Option<__m128i> { Some(transmute!(*window(text, windows[number])?)) };
    let two = |number: usize| {
        let low = _mm256_castsi128_si256(window(number)?);
        Some(_mm256_inserti128_si256::<1>(low, window(number + 4)?))
    };
    Some([two(0)?, two(1)?, two(2)?, two(3)?])
}

#[inline]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
fn eight<const SPACED: bool>(text: &[u8], windows: &[u32; 9]) -> ([f32; 8], u8) {
    let pairs = load(text, windows)
        .unwrap_or_else(|| transmute!(at_the_end(text, windows, [0, 4, 1, 5, 2, 6, 3, 7])));
    let this: __m256i = transmute!(*windows.first_chunk::<8>().unwrap_or(&[0; 8]));
    let next: __m256i = transmute!(*windows.last_chunk::<8>().unwrap_or(&[0; 8]));
    // The distance from one first digit to the next, capped to fit a byte below.
    let distances = _mm256_min_epu32(_mm256_sub_epi32(next, this), _mm256_set1_epi32(127));
    // The digit, the point and thirteen places. The separator after a number makes it seem longer, which only widens
    // its bounds.
    let is_longer = _mm256_cmpgt_epi32(distances, _mm256_set1_epi32(15));
    let (high, low) = eights(pairs, distances);
    let (lower, upper) =
        bounds(_mm256_castsi256_si128(high), _mm256_castsi256_si128(low), _mm256_castsi256_si128(is_longer));
    let (lower_4, upper_4) = bounds(
        _mm256_extracti128_si256::<1>(high),
        _mm256_extracti128_si256::<1>(low),
        _mm256_extracti128_si256::<1>(is_longer),
    );
    let lower = _mm256_castps_si256(_mm256_set_m128(lower_4, lower));
    let upper = _mm256_castps_si256(_mm256_set_m128(upper_4, upper));
    // The first four bytes of each window.
    let [a, b, c, d] = pairs;
    let heads = _mm256_unpacklo_epi64(_mm256_unpacklo_epi32(a, b), _mm256_unpacklo_epi32(c, d));
    // The sign or separator, any digit (which the structure has proven), the point, and another digit: of the bytes
    // that are expected there, only digits have this upper half.
    let shape = _mm256_and_si256(heads, _mm256_set1_epi32(0xf0ff_00ff_u32.cast_signed()));
    let is_negative = _mm256_cmpeq_epi32(shape, _mm256_set1_epi32(0x302e_002d));
    let positive = _mm256_set1_epi32(if SPACED { 0x302e_0020 } else { 0x302e_002c });
    let is_number = _mm256_or_si256(is_negative, _mm256_cmpeq_epi32(shape, positive));
    let is_sure = _mm256_and_si256(_mm256_cmpeq_epi32(lower, upper), is_number);
    // The lowest bit of the head is set in `-` and clear in both separators.
    let signed = _mm256_or_si256(lower, _mm256_slli_epi32::<31>(heads));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "eight bits")]
    let sure = _mm256_movemask_ps(_mm256_castsi256_ps(is_sure)) as u8;
    (transmute!(signed), sure)
}

/// The sixteen digits of each window, zeros where there are none, as two integers: the first and the last eight digits.
#[inline]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
fn eights([a, b, c, d]: [__m256i; 4], distances: __m256i) -> (__m256i, __m256i) {
    let fours = |windows, first: i8| {
        // The first digit and those after the point.
        let order = _mm_setr_epi8(1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, -1, -1);
        let bytes = _mm256_shuffle_epi8(windows, _mm256_broadcastsi128_si256(order));
        // A comma, a space or a sign after the number is below `0`, so that saturation makes it zero.
        let digits = _mm256_subs_epu8(bytes, _mm256_set1_epi8(b'0'.cast_signed()));
        // Bytes farther away belong to the next number, or are `]`. The point is left out, which moves the others by
        // one.
        let far = _mm_setr_epi8(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
        let distance = _mm256_shuffle_epi8(distances, _mm256_set1_epi8(first));
        let within = _mm256_cmpgt_epi8(distance, _mm256_broadcastsi128_si256(far));
        let digits = _mm256_and_si256(digits, within);
        let pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(10 + (1 << 8)));
        _mm256_madd_epi16(pairs, _mm256_set1_epi32(100 + (1 << 16)))
    };
    let eights = |one, other| {
        let fours = _mm256_packus_epi32(one, other);
        _mm256_castsi256_ps(_mm256_madd_epi16(fours, _mm256_set1_epi32(10_000 + (1 << 16))))
    };
    // The numbers of windows 0, 1, 4, 5 and of 2, 3, 6, 7; for each the first half and the second.
    let (even, odd) = (eights(fours(a, 0), fours(b, 4)), eights(fours(c, 8), fours(d, 12)));
    (
        _mm256_castps_si256(_mm256_shuffle_ps::<0b10_00_10_00>(even, odd)),
        _mm256_castps_si256(_mm256_shuffle_ps::<0b11_01_11_01>(even, odd)),
    )
}

/// The lower and upper bounds of four numbers, rounded to float32.
#[inline]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
fn bounds(high: __m128i, low: __m128i, is_longer: __m128i) -> (__m128, __m128) {
    let number = _mm256_fmadd_pd(_mm256_cvtepi32_pd(high), _mm256_set1_pd(1e8), _mm256_cvtepi32_pd(low));
    let is_longer = _mm256_castsi256_pd(_mm256_cvtepi32_epi64(is_longer));
    let left_out = _mm256_and_pd(is_longer, _mm256_set1_pd(LEFT_OUT));
    (
        _mm256_cvtpd_ps(_mm256_mul_pd(number, _mm256_set1_pd(LOW))),
        _mm256_cvtpd_ps(_mm256_fmadd_pd(number, _mm256_set1_pd(HIGH), left_out)),
    )
}
