//! float32 numbers to their shortest decimal text.
//!
//! The typical range of vectors, from 2⁻¹⁶ to 8, is computed here in exact integers; everything else is left to a
//! library. Both give the same text, as a test shows for every float32 in that range.

use std::hint::select_unpredictable as select;

use crate::simd::{self, Instructions};

/// The length of the longest text, such as `-1.17549435e-38`, with its comma.
const LONGEST: usize = 17;

/// The room for one number, more than it needs: copying sixteen bytes takes one instruction, copying exactly eleven
/// takes a call. The next number overwrites the excess.
const CHUNK: usize = simd::ROOM;

/// The biased exponent of the first of the [`SCALES`].
const FIRST: u32 = 127 - 16;

/// How to scale the numbers of each exponent to integer units of about the size of their spacing: the number of decimal
/// places, ten to that power, and the fraction bits of the product.
///
/// The number of places is the least for which a unit is smaller than a number's rounding interval, from halfway to its
/// lower neighbour to halfway to its higher one. So the interval always contains a unit, and at most one multiple of
/// ten units.
const SCALES: [Scale; 19] = {
    let mut scales = [Scale { ten: 1, shift: 0, nine_at: 0 }; 19];
    let (mut index, mut shift) = (0, 39);
    while index < scales.len() {
        let mut places = 0;
        while 10_u64.pow(places) <= 1 << shift {
            places += 1;
        }
        scales[index] = Scale { ten: 10_u64.pow(places), shift, nine_at: places - 7 };
        (index, shift) = (index + 1, shift - 1);
    }
    scales
};

#[derive(Clone, Copy)]
struct Scale {
    ten: u64,
    shift: u32,
    /// The position of the first of the nine digits that end at the last place: the places minus seven.
    nine_at: u32,
}

/// Appends the numbers with commas between, each as the shortest decimal that is parsed back to the same float32, the
/// nearest one if there are several.
///
/// `1.0` becomes `1`, but `-0.0` stays: readers that take `-0` for an integer would lose the sign.
pub(crate) fn write(numbers: &[f32], out: &mut Vec<u8>) {
    write_by(Instructions::chosen(), numbers, out);
}

/// The same with a given instruction set instead of the chosen one.
#[inline]
pub(crate) fn write_by(instructions: Instructions, numbers: &[f32], out: &mut Vec<u8>) {
    if !simd::write(instructions, numbers, write_any, out) {
        write_plainly(numbers, out);
    }
}

/// The same number by number, which defines what [`write()`] does.
fn write_plainly(numbers: &[f32], out: &mut Vec<u8>) {
    let mut end = out.len();
    out.resize(end + numbers.len() * LONGEST + CHUNK, 0);
    for number in numbers {
        let Some(chunk) = out.get_mut(end..).and_then(<[u8]>::first_chunk_mut) else { break };
        let length = write_usual(*number, chunk).unwrap_or_else(|| write_any(*number, chunk));
        end += length + 1;
        if let Some(comma) = chunk.get_mut(length) {
            *comma = b',';
        }
    }
    out.truncate(if numbers.is_empty() { end } else { end - 1 });
}

/// Writes a number with a magnitude between 2⁻¹⁶ and 8 that is not a power of two, and returns the length of its text.
///
/// A float32 is `fraction` units of a power of two. Multiplied by ten to the places, that is `exact` with `shift`
/// fraction bits, below 2⁶⁴ and without error. Half a unit of the fraction, the distance to both ends of the rounding
/// interval, becomes half of ten to the places. No integer is exactly at an end, since an end is divisible by two once
/// less than `exact` and all integers are. If the interval contains a multiple of ten, it is the only one, and all
/// shorter decimals, which are multiples of ten, too, are the same number except for zeros at its end. Otherwise the
/// integer nearest to `exact` is in the interval. The interval of a power of two has unequal halves; that is left to
/// the library, and so is a number halfway between two integers.
///
/// It has few branches, since half of them would be mispredicted.
#[inline]
fn write_usual(number: f32, chunk: &mut [u8; CHUNK]) -> Option<usize> {
    let bits = number.abs().to_bits();
    let index = (bits >> 23).wrapping_sub(FIRST) as usize;
    let fraction = bits & 0x007f_ffff;
    let Scale { ten, shift, nine_at } = *SCALES.get(index)?;
    let exact = u64::from(fraction | 0x0080_0000) * ten;
    let (whole, part, half) = (exact >> shift, exact & ((1 << shift) - 1), 1 << (shift - 1));
    if fraction == 0 || part == half {
        return None;
    }
    let nearest = whole + u64::from(part > half);
    let below = whole / 10 * 10;
    let over = exact - (below << shift);
    let under = (10 << shift) - over;
    let decimal = select(over < ten / 2, below, select(under < ten / 2, below + 10, nearest));
    let eight = spell(decimal % 100_000_000);
    let zeros = eight.swap_bytes().trailing_zeros() / 8;
    let text = (eight | 0x3030_3030_3030_3030).to_le_bytes();
    // The nine digits end at the last place; zeros, the digit before the point and the point itself are placed around
    // them. The first of the nine is a zero if one of those takes its place.
    chunk[0] = b'-';
    let sign = usize::from(number.is_sign_negative());
    let body: &mut [u8; 24] = chunk.get_mut(sign..)?.first_chunk_mut()?;
    *body.first_chunk_mut()? = *b"0.000000";
    // Always below eight; the mask avoids the bounds checks.
    let at = (nine_at & 7) as usize;
    body[at] = b'0' + u8::from(decimal >= 100_000_000);
    *body.get_mut(at + 1..)?.first_chunk_mut()? = text;
    *body.first_chunk_mut()? = [select(nine_at == 0, text[0], b'0'), b'.'];
    let places = (nine_at + 7 - zeros) as usize;
    Some(sign + 1 + usize::from(places > 0) + places)
}

/// The eight decimal digits of a number below 10⁸, the first in the lowest byte: fours, then pairs, then ones.
#[inline]
fn spell(number: u64) -> u64 {
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let pairs = ((fours - 100 * hundreds) << 16) + hundreds;
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    tens + ((pairs - 10 * tens) << 8)
}

#[cold]
fn write_any(number: f32, chunk: &mut [u8; CHUNK]) -> usize {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(number).as_bytes();
    let text = match text.strip_suffix(b".0") {
        Some(whole) if whole != b"-0" => whole,
        _ => text,
    };
    chunk.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(numbers: &[f32]) -> String {
        let mut out = b"[".to_vec();
        write(numbers, &mut out);
        String::from_utf8(out).unwrap()
    }

    /// Compares the fast path with the library, and returns whether it was taken.
    fn is_usual(number: f32) -> bool {
        let (mut short, mut long) = ([0; CHUNK], [0; CHUNK]);
        let length = write_any(number, &mut long);
        let usual = write_usual(number, &mut short);
        if let Some(usual) = usual {
            assert_eq!(short[..usual], long[..length], "{number:e}");
        }
        usual.is_some()
    }

    #[test]
    fn numbers_stand_in_their_shortest_form_with_commas_between() {
        assert_eq!(written(&[]), "[");
        assert_eq!(written(&[1.0]), "[1");
        assert_eq!(written(&[-0.0, 0.0, 0.1, -2.5, 7.0, 0.3]), "[-0.0,0,0.1,-2.5,7,0.3");
        assert_eq!(written(&[f32::MIN, 1e-45, 1e15, 0.000_02]), "[-3.4028235e+38,1e-45,1e+15,0.00002");
    }

    #[test]
    fn the_longest_text_has_the_room_it_needs() {
        for number in [-f32::MIN_POSITIVE, -1.525_879e-5, -0.000_017_258_79, f32::MIN, -123_456_790_000_000.0]
        {
            let text = written(&[number; 1000]);
            assert_eq!(text, "[".to_owned() + &vec![written(&[number]).split_off(1); 1000].join(","));
            assert!(text.len() <= 1 + 1000 * LONGEST, "{number:e}");
        }
    }

    #[test]
    fn ends_and_steps_of_the_short_way_agree_with_the_library() {
        for exponent in FIRST - 1..FIRST + 20 {
            for fraction in (0..5000).chain((1 << 23) - 5000..1 << 23).chain((0..1 << 23).step_by(997)) {
                let usual = is_usual(f32::from_bits(exponent << 23 | fraction));
                let within = (FIRST..FIRST + 19).contains(&exponent);
                assert!(within || !usual);
                // There are few numbers halfway.
                assert!(!within || usual || fraction.trailing_zeros() > 12, "{exponent} {fraction}");
            }
        }
    }

    #[test]
    #[ignore = "every float32 that the short way serves: seconds with --release, minutes without"]
    fn every_number_of_the_short_way_agrees_with_the_library() {
        let all = FIRST << 23..(FIRST + 19) << 23;
        let usual = all.clone().filter(|bits| is_usual(f32::from_bits(*bits))).count();
        assert!(usual * 100 > all.len() * 99, "{usual}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn the_text_written_is_as_short_as_any_and_reads_back(bits_in: u32) {
            let value = f32::from_bits(bits_in);
            prop_assume!(value.is_finite());
            let text = written(&[value]).split_off(1);
            prop_assert_eq!(text.parse::<f32>().unwrap().to_bits(), bits_in);
            let digits = |text: &str| text.split('e').next().unwrap().trim_matches(|c| c == '-' || c == '0' || c == '.').replace('.', "").trim_matches('0').len();
            prop_assert!(digits(&text) <= digits(&format!("{value:e}")), "{} {:e}", text, value);
        }

        #[test]
        fn usual_numbers_agree_with_the_library(exponent in FIRST..FIRST + 19, fraction in 0u32..1 << 23) {
            let value = f32::from_bits(exponent << 23 | fraction);
            is_usual(value);
            is_usual(-value);
        }

        /// Short decimals: zeros at the end, and the carry into the digit before them.
        #[test]
        fn usual_short_decimals_stay_short(text in "-?[0-7]\\.[0-9]{0,3}[1-9]") {
            prop_assert_eq!(written(&[text.parse().unwrap()]).split_off(1), text);
        }
    }
}
