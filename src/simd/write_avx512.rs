//! Prepares the text of eight float32 numbers with AVX-512. [`write_avx2`](super::write_avx2), which takes the same
//! steps, explains why the decimals are the shortest. The differences:
//!
//! - conditions on numbers are bits of a mask,
//! - the lowest 52 bits of a float64 that is the sum of an integer and 2⁵² are that integer, and IFMA multiplies these
//!   bits. So the quotient by 10,000 is the upper half of a product with 2⁵² / 10,000, rounded up; subtracting 10,000
//!   times that is adding 2⁵² − 10,000 times it, apart from the bits above 52. Only the lowest 32 bits are used.
//! - trailing zeros are counted by the ones below the lowest one: eight for each zero, and fewer than eight for the
//!   last digit that is not zero.

#[cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "intrinsics are named by what they do"))]
use std::arch::x86_64::*;

use zerocopy::transmute;

use super::chunks::{self, Made};
use super::decimal::{
    MINUS_TEN_THOUSAND_52, OF_HUNDRED, OF_TEN, OF_TEN_THOUSAND_52, PLACES_START, PLACES_STEP, TENS, WHOLE,
};
use super::plain::WriteOne;
use super::shapes::OF_ZERO;

/// Appends the numbers, separated by commas.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2,avx512vpopcntdq")]
#[target_feature(enable = "bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn write(numbers: &[f32], one: WriteOne, out: &mut Vec<u8>) {
    chunks::write::<8, 7>(
        numbers,
        one,
        out,
        |numbers| make(numbers),
        |bytes, order| transmute!(_mm_shuffle_epi8(transmute!(bytes), transmute!(order))),
    );
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2,avx512vpopcntdq")]
#[target_feature(enable = "bmi1,bmi2,lzcnt,popcnt")]
fn make(numbers: &[f32; 8]) -> Made<8> {
    let signed = _mm512_cvtps_pd(transmute!(*numbers));
    let value = _mm512_abs_pd(signed);
    let signed = _mm512_castpd_si512(signed);
    let is_served = _mm512_cmp_pd_mask::<_CMP_GE_OQ>(value, _mm512_set1_pd(1.0 / 65_536.0));
    let is_served = _mm512_mask_cmp_pd_mask::<_CMP_LT_OQ>(is_served, value, _mm512_set1_pd(8.0));
    // Not a power of two.
    let is_served = _mm512_mask_test_epi64_mask(is_served, signed, _mm512_set1_epi64(0x000f_ffff_ffff_ffff));
    let is_zero = _mm512_testn_epi64_mask(_mm512_castpd_si512(value), _mm512_castpd_si512(value));
    let nine_at = nine_at(_mm512_srli_epi64::<52>(_mm512_castpd_si512(value)));
    let decimal = shortest(value, _mm512_permutexvar_pd(nine_at, transmute!(TENS)));
    let is_nine = _mm512_cmp_pd_mask::<_CMP_GE_OQ>(decimal, _mm512_set1_pd(WHOLE + 1e8));
    let decimal = _mm512_castpd_si512(decimal);
    let digits = spell(_mm512_mask_sub_epi64(decimal, is_nine, decimal, _mm512_set1_epi64(100_000_000)));
    let shape = eight_times_zeros_or(nine_at, digits);
    let shape = _mm512_mask_mov_epi64(shape, is_zero, _mm512_set1_epi64(i64::from(OF_ZERO)));
    let shape = or_some_of(shape, _mm512_srli_epi64::<56>(signed), 0x80);
    let digits = _mm512_or_si512(digits, _mm512_set1_epi8(b'0'.cast_signed()));
    let others = _mm512_mask_blend_epi64(
        is_nine,
        _mm512_set1_epi64(i64::from_le_bytes(*b"0.-0,   ")),
        _mm512_set1_epi64(i64::from_le_bytes(*b"1.-0,   ")),
    );
    Made {
        bytes: transmute!([_mm512_unpacklo_epi64(digits, others), _mm512_unpackhi_epi64(digits, others)]),
        shapes: transmute!(shape),
        served: is_served | is_zero,
    }
}

/// As in [`write_avx2`](super::write_avx2).
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2,avx512vpopcntdq")]
#[target_feature(enable = "bmi1,bmi2,lzcnt,popcnt")]
fn nine_at(exponent: __m512i) -> __m512i {
    _mm512_srli_epi64::<12>(_mm512_sub_epi64(
        _mm512_set1_epi64(PLACES_START),
        _mm512_mul_epu32(exponent, _mm512_set1_epi64(PLACES_STEP)),
    ))
}

/// As in [`write_avx2`](super::write_avx2).
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2,avx512vpopcntdq")]
#[target_feature(enable = "bmi1,bmi2,lzcnt,popcnt")]
fn shortest(value: __m512d, tens: __m512d) -> __m512d {
    let integer = _mm512_set1_pd(1.5 * WHOLE);
    let exponent = _mm512_castsi512_pd(_mm512_set1_epi64(0x7ff0_0000_0000_0000));
    let exact = _mm512_mul_pd(value, tens);
    let half_unit = _mm512_mul_pd(tens, _mm512_set1_pd(1.0 / 16_777_216.0));
    let half = _mm512_mul_pd(_mm512_and_pd(value, exponent), half_unit);
    let tenth = _mm512_sub_pd(_mm512_fmadd_pd(exact, _mm512_set1_pd(0.1), integer), integer);
    let away = _mm512_fnmadd_pd(tenth, _mm512_set1_pd(10.0), exact);
    let is_short = _mm512_cmp_pd_mask::<_CMP_LT_OQ>(_mm512_abs_pd(away), half);
    _mm512_add_pd(_mm512_mask_sub_pd(exact, is_short, exact, away), _mm512_set1_pd(WHOLE))
}

/// The eight digits of each number, which is below 10⁸ and in the lowest 52 bits; the last digit is in the lowest byte.
/// Splits into fours, then pairs, then single digits.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2,avx512vpopcntdq")]
#[target_feature(enable = "bmi1,bmi2,lzcnt,popcnt")]
fn spell(numbers: __m512i) -> __m512i {
    let high = _mm512_madd52hi_epu64(_mm512_setzero_si512(), numbers, _mm512_set1_epi64(OF_TEN_THOUSAND_52));
    let low = _mm512_madd52lo_epu64(numbers, high, _mm512_set1_epi64(MINUS_TEN_THOUSAND_52));
    // Each upper half is the lower half of `high`.
    let fours = _mm512_mask_shuffle_epi32::<0b10_10_00_00>(low, 0xaaaa, high);
    let hundreds = _mm512_srli_epi16::<3>(_mm512_mulhi_epu16(fours, _mm512_set1_epi16(OF_HUNDRED)));
    let rest = _mm512_sub_epi16(fours, _mm512_mullo_epi16(hundreds, _mm512_set1_epi16(100)));
    let pairs = _mm512_or_si512(rest, _mm512_slli_epi32::<16>(hundreds));
    let tens = _mm512_mulhi_epu16(pairs, _mm512_set1_epi16(OF_TEN));
    _mm512_add_epi16(pairs, _mm512_mullo_epi16(tens, _mm512_set1_epi16(246)))
}

/// Eight times the number of trailing zeros of eight digits, in a logical OR with `nine_at`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2,avx512vpopcntdq")]
#[target_feature(enable = "bmi1,bmi2,lzcnt,popcnt")]
fn eight_times_zeros_or(nine_at: __m512i, digits: __m512i) -> __m512i {
    let below = _mm512_andnot_si512(digits, _mm512_add_epi64(digits, _mm512_set1_epi64(-1)));
    or_some_of(nine_at, _mm512_popcnt_epi64(below), 0x78)
}

/// The bits of `one`, plus the bits of `other` that are in `meant`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi2,avx512vpopcntdq")]
#[target_feature(enable = "bmi1,bmi2,lzcnt,popcnt")]
fn or_some_of(one: __m512i, other: __m512i, meant: i64) -> __m512i {
    _mm512_ternarylogic_epi64::<0xf8>(one, other, _mm512_set1_epi64(meant))
}
