//! One decimal number to the nearest float32 and back to its shortest text.
//!
//! Reading is where the time of a load goes, so the numbers that vectors usually hold have a short way: it calculates
//! in float64 with a known error and is taken only where that error cannot change the result. Everything else goes
//! through a library that is always exact. Rounding is one step from the decimal to float32 either way; by way of
//! float64 alone a halfway case could land on the wrong neighbour.

/// Powers of ten that float64 holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// Reads the number at the start of `text`: the float32 nearest to it, and how many bytes it takes. `None` if there is
/// no number. What is beyond float32 becomes infinite.
#[inline]
pub(super) fn read(text: &[u8]) -> Option<(f32, usize)> {
    read_usual(text).or_else(|| fast_float2::parse_partial::<f32, _>(text).ok())
}

/// Reads a plain decimal of at most 19 significant digits, if rounding to float32 is beyond doubt.
#[inline]
fn read_usual(text: &[u8]) -> Option<(f32, usize)> {
    let negative = text.first() == Some(&b'-');
    let whole_at = usize::from(negative);
    let (whole, point) = digits(text, whole_at, 0);
    if point == whole_at {
        return None;
    }
    let (decimal, end) = match text.get(point) {
        Some(b'.') => digits(text, point + 1, whole),
        _ => (whole, point),
    };
    let places = if end == point { 0 } else { end - point - 1 };
    // By their count, not by their value: too many digits have wrapped around, perhaps to zero.
    let is_bare_zero = text.get(whole_at..point) == Some(b"0");
    let significant = places + if is_bare_zero { 0 } else { point - whole_at };
    // Behind these bytes the number may go on: an exponent, or a point without digits.
    if significant > 19 || matches!(text.get(end), Some(b'e' | b'E' | b'.')) || end == point + 1 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "the first of two roundings, each of at most half a unit")]
    let value = decimal as f64 / POWERS.get(places)?;
    let nearest = narrow(value)?;
    Some((if negative { -nearest } else { nearest }, end))
}

/// Rounds to float32 where an error of a few units in the last place of `value` makes no difference.
#[inline]
fn narrow(value: f64) -> Option<f32> {
    /// Bits of the fraction that float32 does not have, and the halfway case among them.
    const DROPPED: u64 = (1 << 29) - 1;
    const HALFWAY: u64 = 1 << 28;
    /// Far more than the two roundings behind `value` can amount to.
    const DOUBT: u64 = 8;
    let is_clear = (value.to_bits() & DROPPED).abs_diff(HALFWAY) > DOUBT;
    // Below, float32 has fewer bits; above lies infinity.
    let is_normal = (1.2e-38..1e38).contains(&value);
    #[expect(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
    if (is_clear && is_normal) || value == 0.0 { Some(value as f32) } else { None }
}

/// Continues `number` with the digits that start at `at`; more than 19 wrap around, which the caller rules out.
#[inline]
fn digits(text: &[u8], mut at: usize, mut number: u64) -> (u64, usize) {
    while let Some(eight) =
        text.get(at..at + 8).and_then(|bytes| bytes.try_into().ok().map(u64::from_le_bytes))
    {
        if !are_digits(eight) {
            break;
        }
        number = number.wrapping_mul(100_000_000).wrapping_add(eight_digits(eight));
        at += 8;
    }
    while let Some(digit) = text.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    (number, at)
}

/// Whether all eight bytes are ASCII digits.
#[inline]
fn are_digits(eight: u64) -> bool {
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    const DIGIT: u64 = 0x3030_3030_3030_3030;
    (eight & HIGH) == DIGIT && (eight.wrapping_add(0x0606_0606_0606_0606) & HIGH) == DIGIT
}

/// The number that eight ASCII digits spell, the first in the lowest byte: pairs, then fours, then all.
#[inline]
fn eight_digits(eight: u64) -> u64 {
    const PAIRS: u64 = 0x0000_00ff_0000_00ff;
    let ones = eight.wrapping_sub(0x3030_3030_3030_3030);
    let pairs = ones.wrapping_mul(10).wrapping_add(ones >> 8);
    let high = (pairs & PAIRS).wrapping_mul(100 + (1_000_000 << 32));
    let low = ((pairs >> 16) & PAIRS).wrapping_mul(1 + (10_000 << 32));
    high.wrapping_add(low) >> 32
}

/// Appends the shortest decimal that reads back as the very same float32, the nearest one if there are several.
///
/// `1.0` becomes `1`, but `-0.0` stays: readers that take `-0` for an integer would lose the sign.
#[inline]
pub(super) fn write(value: f32, out: &mut Vec<u8>) {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value).as_bytes();
    match text.strip_suffix(b".0") {
        Some(whole) if whole != b"-0" => out.extend_from_slice(whole),
        _ => out.extend_from_slice(text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the standard library makes of the number.
    fn exact(text: &str) -> u32 {
        text.parse::<f32>().unwrap().to_bits()
    }

    fn bits(text: &str) -> Option<(u32, usize)> {
        read(text.as_bytes()).map(|(value, used)| (value.to_bits(), used))
    }

    #[test]
    fn a_number_ends_where_it_stops_being_one() {
        for (text, used) in [
            ("1,2", 1),
            ("-0.5]", 4),
            ("12345678.12345678 ", 17),
            ("1e5,", 3),
            ("1.5E-3x", 6),
            ("0.1.2", 3),
            ("123456789012345678901234567890,", 30),
            ("1.,", 2),
            ("NaN,", 3),
            ("-Infinity]", 9),
        ] {
            assert_eq!(read(text.as_bytes()).map(|(_, used)| used), Some(used), "{text}");
        }
        for text in ["", "-", "x", ",1", "]", "e5", "--1"] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn the_short_way_serves_what_python_prints_for_float32() {
        for text in ["0.021345678716897964", "-0.0123456789", "0", "-0.0", "12.5", "0.30000001192092896"] {
            let short = read_usual(text.as_bytes());
            assert_eq!(short.map(|(value, _)| value.to_bits()), Some(exact(text)), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn every_float32_is_read_back_from_every_spelling(bits_in: u32) {
            let value = f32::from_bits(bits_in);
            prop_assume!(value.is_finite());
            for text in [format!("{value}"), format!("{value:e}"), format!("{}", f64::from(value))] {
                prop_assert_eq!(bits(&text), Some((bits_in, text.len())), "{}", text);
            }
        }

        #[test]
        fn decimals_of_any_length_round_as_the_standard_library_rounds(
            text in "-?[0-9]{1,40}(\\.[0-9]{1,40})?(e-?[0-4]?[0-9])?",
        ) {
            prop_assert_eq!(bits(&text), Some((exact(&text), text.len())));
        }

        #[test]
        fn small_decimals_round_as_the_standard_library_rounds(text in "-?0?\\.?[0-9]{1,22}") {
            prop_assume!(text.parse::<f32>().is_ok() && text.as_bytes().iter().any(u8::is_ascii_digit));
            prop_assert_eq!(bits(&text), Some((exact(&text), text.len())));
        }

        #[test]
        fn halfway_cases_round_as_the_standard_library_rounds(low in 0u32..0x7f7f_ffff, places in 5usize..200, nudge in 0u8..3) {
            let (low, high) = (f64::from(f32::from_bits(low)), f64::from(f32::from_bits(low + 1)));
            let mut text = format!("{:.places$}", f64::midpoint(low, high));
            text.push(char::from(b'0' + nudge));
            prop_assert_eq!(bits(&text), Some((exact(&text), text.len())));
        }

        #[test]
        fn the_text_written_is_as_short_as_any_and_reads_back(bits_in: u32) {
            let value = f32::from_bits(bits_in);
            prop_assume!(value.is_finite());
            let mut out = Vec::new();
            write(value, &mut out);
            let text = String::from_utf8(out).unwrap();
            prop_assert_eq!(exact(&text), bits_in);
            let digits = |text: &str| text.split('e').next().unwrap().trim_matches(|c| c == '-' || c == '0' || c == '.').replace('.', "").trim_matches('0').len();
            prop_assert!(digits(&text) <= digits(&format!("{value:e}")), "{} {:e}", text, value);
        }
    }
}
