//! Prepares the text of four float32 numbers with AVX2: their shortest decimals.
//!
//! # Why the decimal is the shortest
//!
//! As `admit/shortest` explains, a number of at least 2⁻¹⁶ and below 8 that is not a power of two is converted to whole
//! units of about the size of its spacing, 10⁻ᵖ with `p` from 7 to 12; at most one multiple of ten units is in its
//! rounding interval, and if there is one, it is the shortest. Here all of this is computed in float64, and rounding
//! happens only where it is intended:
//!
//! - `exact`, the number times 10ᵖ: 24 bits times those of 5ᵖ, 28 at most, are less than 53.
//! - `half`, half of the rounding interval, is a power of two times 10ᵖ.
//! - `tenth` is the integer nearest to a tenth of `exact`: adding 1.5 · 2⁵² leaves no bits after the point. A tenth is
//!   not a float64, so where two integers are as near as 10⁻⁷, it may be the other one. Then `exact` is five units away
//!   from ten times either, and `half` is 4.7 at most, so neither is taken.
//! - `away`, from ten times `tenth` to `exact`, has no smaller bit than `exact` and is smaller.
//! - `decimal` is a multiple of ten, or `exact` rounded to an integer by adding 2⁵², ties to even, as `zmij` does.
//!   Its lowest 32 bits are that integer, which is below 2³⁰.
//!
//! # How the text is assembled
//!
//! Sixteen bytes have all that the text of a number can contain: its last eight digits, and `0.-0,` with the ninth as
//! the first 0. One shuffle turns them into the text: [`SHAPES`](super::shapes::SHAPES) has the order.

#[cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "intrinsics are named by what they do"))]
use std::arch::x86_64::*;

use zerocopy::transmute;

use super::chunks::{self, Made};
use super::decimal::{OF_HUNDRED, OF_TEN, OF_TEN_THOUSAND, PLACES_START, PLACES_STEP, TENS, WHOLE};
use super::plain::WriteOne;
use super::shapes::OF_ZERO;

/// Appends the numbers, separated by commas.
#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn write(numbers: &[f32], one: WriteOne, out: &mut Vec<u8>) {
    chunks::write::<4, 14>(
        numbers,
        one,
        out,
        |numbers| make(numbers),
        |bytes, order| transmute!(_mm_shuffle_epi8(transmute!(bytes), transmute!(order))),
    );
}

/// Where the first of the nine digits is relative to the point (the number of places minus seven), by the exponent of a
/// supported float64.
#[inline]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
fn nine_at(exponent: __m256i) -> __m256i {
    _mm256_srli_epi64::<12>(_mm256_sub_epi64(
        _mm256_set1_epi64x(PLACES_START),
        _mm256_mul_epu32(exponent, _mm256_set1_epi64x(PLACES_STEP)),
    ))
}

/// Ten to the power of the places, as the lower and the upper halves of float64 numbers.
#[expect(clippy::cast_possible_truncation, reason = "the lower half")]
const TENS_BY_HALVES: [[u32; 8]; 2] = {
    let mut halves = [[0; 8]; 2];
    let mut at = 0;
    while at < TENS.len() {
        (halves[0][at], halves[1][at]) = (TENS[at].to_bits() as u32, (TENS[at].to_bits() >> 32) as u32);
        at += 1;
    }
    halves
};

#[inline]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
fn make(numbers: &[f32; 4]) -> Made<4> {
    let [tens_low, tens_high]: [__m256i; 2] = transmute!(TENS_BY_HALVES);
    let size = _mm256_castsi256_pd(_mm256_set1_epi64x(i64::MAX));
    let zero = _mm256_setzero_si256();
    let signed = _mm256_cvtps_pd(transmute!(*numbers));
    let value = _mm256_and_pd(signed, size);
    let signed = _mm256_castpd_si256(signed);
    let is_within = _mm256_and_pd(
        _mm256_cmp_pd::<_CMP_GE_OQ>(value, _mm256_set1_pd(1.0 / 65_536.0)),
        _mm256_cmp_pd::<_CMP_LT_OQ>(value, _mm256_set1_pd(8.0)),
    );
    let fraction = _mm256_and_si256(signed, _mm256_set1_epi64x(0x000f_ffff_ffff_ffff));
    let is_power = _mm256_castsi256_pd(_mm256_cmpeq_epi64(fraction, zero));
    let is_zero = _mm256_cmpeq_epi64(_mm256_castpd_si256(value), zero);
    let is_served = _mm256_or_pd(_mm256_andnot_pd(is_power, is_within), _mm256_castsi256_pd(is_zero));
    let nine_at = nine_at(_mm256_srli_epi64::<52>(_mm256_castpd_si256(value)));
    let both = _mm256_shuffle_epi32::<0b10_10_00_00>(nine_at);
    let tens = _mm256_castsi256_pd(_mm256_blend_epi32::<0b1010_1010>(
        _mm256_permutevar8x32_epi32(tens_low, both),
        _mm256_permutevar8x32_epi32(tens_high, both),
    ));
    let decimal = shortest(value, tens);
    let is_nine = _mm256_castpd_si256(_mm256_cmp_pd::<_CMP_GE_OQ>(decimal, _mm256_set1_pd(WHOLE + 1e8)));
    let hundred_million = _mm256_and_si256(is_nine, _mm256_set1_epi64x(100_000_000));
    let digits = spell(_mm256_sub_epi64(_mm256_castpd_si256(decimal), hundred_million));
    let sign = _mm256_and_si256(_mm256_srli_epi64::<56>(signed), _mm256_set1_epi64x(0x80));
    let shape = _mm256_or_si256(nine_at, eight_times_zeros(digits));
    let shape = _mm256_blendv_epi8(shape, _mm256_set1_epi64x(i64::from(OF_ZERO)), is_zero);
    let digits = _mm256_or_si256(digits, _mm256_set1_epi8(b'0'.cast_signed()));
    // If the ninth digit is 1, all bits of `is_nine` are set, which is -1.
    let others = _mm256_sub_epi64(_mm256_set1_epi64x(i64::from_le_bytes(*b"0.-0,   ")), is_nine);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "four bits")]
    let served = _mm256_movemask_pd(is_served) as u8;
    Made {
        bytes: transmute!([_mm256_unpacklo_epi64(digits, others), _mm256_unpackhi_epi64(digits, others)]),
        shapes: transmute!(_mm256_or_si256(shape, sign)),
        served,
    }
}

/// The shortest decimal as an integer of units, plus [`WHOLE`].
#[inline]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
fn shortest(value: __m256d, tens: __m256d) -> __m256d {
    let integer = _mm256_set1_pd(1.5 * WHOLE);
    let size = _mm256_castsi256_pd(_mm256_set1_epi64x(i64::MAX));
    let exponent = _mm256_castsi256_pd(_mm256_set1_epi64x(0x7ff0_0000_0000_0000));
    let exact = _mm256_mul_pd(value, tens);
    // Half a unit of a fraction of 24 bits.
    let half_unit = _mm256_mul_pd(tens, _mm256_set1_pd(1.0 / 16_777_216.0));
    let half = _mm256_mul_pd(_mm256_and_pd(value, exponent), half_unit);
    let tenth = _mm256_sub_pd(_mm256_fmadd_pd(exact, _mm256_set1_pd(0.1), integer), integer);
    let away = _mm256_fnmadd_pd(tenth, _mm256_set1_pd(10.0), exact);
    let is_short = _mm256_cmp_pd::<_CMP_LT_OQ>(_mm256_and_pd(away, size), half);
    let chosen = _mm256_sub_pd(exact, _mm256_and_pd(away, is_short));
    _mm256_add_pd(chosen, _mm256_set1_pd(WHOLE))
}

/// The eight digits of each number, which is below 10⁸ and in the lowest 32 bits; the last digit is in the lowest byte.
/// Splits into fours, then pairs, then single digits. A test shows that each division by multiplication is exact for
/// all possible numbers.
#[inline]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
fn spell(numbers: __m256i) -> __m256i {
    let high = _mm256_srli_epi64::<45>(_mm256_mul_epu32(numbers, _mm256_set1_epi64x(OF_TEN_THOUSAND)));
    let low = _mm256_sub_epi64(numbers, _mm256_mul_epu32(high, _mm256_set1_epi64x(10_000)));
    let fours = _mm256_blend_epi32::<0b1010_1010>(low, _mm256_slli_epi64::<32>(high));
    let hundreds = _mm256_srli_epi16::<3>(_mm256_mulhi_epu16(fours, _mm256_set1_epi16(OF_HUNDRED)));
    let rest = _mm256_sub_epi16(fours, _mm256_mullo_epi16(hundreds, _mm256_set1_epi16(100)));
    let pairs = _mm256_or_si256(rest, _mm256_slli_epi32::<16>(hundreds));
    let tens = _mm256_mulhi_epu16(pairs, _mm256_set1_epi16(OF_TEN));
    // The pair minus ten times the tens and, a byte higher, the tens: 256 - 10 is 246.
    _mm256_add_epi16(pairs, _mm256_mullo_epi16(tens, _mm256_set1_epi16(246)))
}

/// Eight times the number of trailing zeros of eight digits. They are the lowest bytes, so adding one to a mark in each
/// zero carries through them and clears the marks.
#[inline]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
fn eight_times_zeros(digits: __m256i) -> __m256i {
    let marks = _mm256_cmpeq_epi8(digits, _mm256_setzero_si256());
    let run = _mm256_andnot_si256(_mm256_add_epi64(marks, _mm256_set1_epi64x(1)), marks);
    _mm256_sad_epu8(_mm256_and_si256(run, _mm256_set1_epi8(8)), _mm256_setzero_si256())
}
