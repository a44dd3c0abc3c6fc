//! Converts one decimal number to the nearest float32.
//!
//! A large part of a load's time is spent here, so the typical spelling in vectors, one digit and a fraction
//! (`-0.0123…`), has a fast path: it computes a lower and an upper bound and succeeds only if both round to the same
//! float32, which then is the nearest one. Everything else is left to a library that is always exact. Both round in one
//! step from decimal to float32; via float64, a halfway case could round to the wrong neighbour.

/// How many places are read as digits; the places after them only widen the bounds.
const PLACES: usize = 16;

/// Powers of ten, and the bounds of their inverses that [`read_usual`] multiplies by.
const SCALES: [Scale; PLACES + 1] = {
    /// 2⁻⁵⁰, which is more than the total of all rounding errors: see [`narrow`].
    const MARGIN: f64 = f64::EPSILON * 4.0;
    const INVERSES: [f64; PLACES + 1] = [
        1e0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15,
        1e-16,
    ];
    let mut scales = [Scale { ten: 1, low: 1.0, high: 1.0 }; PLACES + 1];
    let (mut places, mut ten) = (0, 1);
    while places <= PLACES {
        let inverse = INVERSES[places];
        scales[places] = Scale { ten, low: inverse * (1.0 - MARGIN), high: inverse * (1.0 + MARGIN) };
        (places, ten) = (places + 1, ten * 10);
    }
    scales
};

#[derive(Clone, Copy)]
struct Scale {
    ten: u64,
    low: f64,
    high: f64,
}

/// Reads the number at the start of `text`: the nearest float32, and the number of bytes. `None` if there is no number.
/// Numbers beyond float32 become infinite.
///
/// It also accepts what is not a JSON number: `.5`, `1.`, `+1`, `00.5`.
#[cold]
pub(crate) fn read_any(text: &[u8]) -> Option<(f32, usize)> {
    fast_float2::parse_partial::<f32, _>(text).ok()
}

/// The same for one digit, a point and up to 23 places, if the rounding to float32 is unambiguous; JSON numbers only.
///
/// It is inlined into the calling loop, which saves a thirtieth of the work of a load. It has few branches: signs and
/// lengths vary from number to number, so they would be mispredicted.
#[expect(clippy::inline_always, reason = "as said; there is another place that calls it, for single numbers")]
#[inline(always)]
pub(crate) fn read_usual(text: &[u8]) -> Option<(f32, usize)> {
    let around: &[u8; 33] = text.first_chunk()?;
    let is_negative = around[0] == b'-';
    let start = usize::from(is_negative);
    let window: &[u8; 32] = around.get(start..)?.first_chunk()?;
    let whole = window[0].wrapping_sub(b'0');
    if whole > 9 || window[1] != b'.' {
        return None;
    }
    let (first, second) = (ones(window, 2)?, ones(window, 10)?);
    let (first_end, second_end) = (beyond_digits(first), beyond_digits(second));
    // The number is between `number` and `number + left_out`, in units of its last significant place.
    let (number, left_out, scale, places) = if first_end | second_end == 0 {
        let third_end = beyond_digits(ones(window, 18)?);
        if third_end == 0 {
            return None;
        }
        let number = eight_digits(first) * 100_000_000 + eight_digits(second);
        (number, 1.0, &SCALES[PLACES], PLACES + first_marked(third_end))
    } else {
        let places = if first_end == 0 { 8 + first_marked(second_end) } else { first_marked(first_end) };
        if places == 0 {
            return None;
        }
        // Shifted so that the last digit is at the end, with zeros before the first.
        let digits = (u128::from(first) | u128::from(second) << 64) << (8 * (PLACES - places));
        #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
        let number = eight_digits(digits as u64) * 100_000_000 + eight_digits((digits >> 64) as u64);
        (number, 0.0, SCALES.get(places)?, places)
    };
    // The number may continue here: with an exponent, or with what makes it invalid.
    if matches!(window[2 + places], b'e' | b'E' | b'.') {
        return None;
    }
    let nearest = narrow(u64::from(whole) * scale.ten + number, left_out, scale)?;
    // Not a conditional: compilers would turn it into a branch, and half of all signs would be mispredicted.
    let sign = u32::from(is_negative) << 31;
    Some((f32::from_bits(nearest.to_bits() | sign), start + 2 + places))
}

/// The float32 nearest to every number from `number` to `number + left_out`, times the scale; `None` if there is no
/// single one.
///
/// A bound takes at most five roundings, each of at most 2⁻⁵³ of the value: `number` (below 10¹⁷) to float64, the
/// addition, the inverse, the inverse times its margin, the product. The margin of 2⁻⁵⁰ exceeds their sum, so the
/// bounds do enclose the number, and since rounding is monotonic, the number's float32 is between those of its bounds.
#[inline]
fn narrow(number: u64, left_out: f64, scale: &Scale) -> Option<f32> {
    // Via i64, since processors convert signed integers in one step.
    #[expect(clippy::cast_precision_loss, reason = "counted above")]
    let number = number.cast_signed() as f64;
    #[expect(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
    let (low, high) = ((number * scale.low) as f32, ((number + left_out) * scale.high) as f32);
    (low.to_bits() == high.to_bits()).then_some(low)
}

/// Eight bytes minus the digit zero, the first in the lowest byte: digits become their values.
#[inline]
fn ones(window: &[u8; 32], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*window.get(at..)?.first_chunk()?) ^ 0x3030_3030_3030_3030)
}

/// Marks the first of eight [`ones`] above nine by its highest bit, and nothing before it; zero if there is none.
#[inline]
fn beyond_digits(ones: u64) -> u64 {
    // A byte of ten or more carries into its highest bit, or has it set; any overflow affects only later bytes.
    (ones.wrapping_add(0x7676_7676_7676_7676) | ones) & 0x8080_8080_8080_8080
}

/// The index of the first marked byte among eight.
#[inline]
fn first_marked(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// The number spelled by eight [`ones`]: pairs, then fours, then all.
#[inline]
fn eight_digits(ones: u64) -> u64 {
    const PAIRS: u64 = 0x0000_00ff_0000_00ff;
    let pairs = ones.wrapping_mul(10).wrapping_add(ones >> 8);
    let high = (pairs & PAIRS).wrapping_mul(100 + (1_000_000 << 32));
    let low = ((pairs >> 16) & PAIRS).wrapping_mul(1 + (10_000 << 32));
    high.wrapping_add(low) >> 32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &[u8]) -> Option<(f32, usize)> {
        read_usual(text).or_else(|| read_any(text))
    }

    /// The bits of the number according to the standard library.
    fn exact(text: &str) -> u32 {
        text.parse::<f32>().unwrap().to_bits()
    }

    /// The number as part of a vector: the fast path needs text after it.
    fn bits(text: &str) -> Option<(u32, usize)> {
        let inside = format!("{text}, -0.012345678901234567, 0.5]");
        let alone = read(text.as_bytes()).map(|(value, used)| (value.to_bits(), used));
        assert_eq!(read(inside.as_bytes()).map(|(value, used)| (value.to_bits(), used)), alone, "{text}");
        alone
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
            ("0.1234567890123456789012.3", 24),
            ("0.0123456789012345678901234567890123", 36),
            ("123456789012345678901234567890,", 30),
            ("1.,", 2),
            ("NaN,", 3),
            ("-Infinity]", 9),
        ] {
            for behind in ["", " and so on, longer than any window may be"] {
                let text = format!("{text}{behind}");
                assert_eq!(read(text.as_bytes()).map(|(_, used)| used), Some(used), "{text}");
            }
        }
        for text in ["", "-", "x", ",1", "]", "e5", "--1", "-.,", "/.5", ":.5"] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn the_short_way_serves_what_python_and_others_print_for_float32() {
        for text in [
            "0.021345678716897964",
            "-0.0123456789",
            "-0.0",
            "1.0",
            "-2.5",
            "0.30000001192092896",
            "7.0000005",
        ] {
            let inside = format!("{text}, 0.043483369052410126, 0.0019");
            let short = read_usual(inside.as_bytes());
            assert_eq!(short.map(|(value, used)| (value.to_bits(), used)), Some((exact(text), text.len())));
        }
    }

    #[test]
    fn eight_bytes_are_digits_or_the_first_that_is_none_is_marked() {
        for at in 0..8 {
            for byte in 0..=u8::MAX {
                let mut text = *b"9090909012345678901234567890abcd";
                text[at] = byte;
                let marks = beyond_digits(ones(&text, 0).unwrap());
                let want = if byte.is_ascii_digit() { 8 } else { at };
                assert_eq!(first_marked(marks), want, "{byte} at {at}");
            }
        }
    }

    /// All places of a number that has at most 150, in positional and in scientific notation. That is more than enough
    /// to tell it from every float32.
    fn spellings(number: f64) -> [String; 2] {
        let positional = format!("{number:.150}");
        let scientific = format!("{number:.150e}");
        let (digits, exponent) = scientific.split_once('e').unwrap();
        let digits = digits.trim_end_matches('0');
        [positional.trim_end_matches('0').to_owned() + "0", format!("{digits:0<12}0e{exponent}")]
    }

    /// The number in `text` plus or minus one in its last place.
    fn next_to(text: &str, is_more: bool) -> String {
        let (digits, exponent) = text.split_at(text.find('e').unwrap_or(text.len()));
        let mut digits = digits.as_bytes().to_vec();
        let (carried, becomes) = if is_more { (b'9', b'0') } else { (b'0', b'9') };
        for digit in digits.iter_mut().rev().filter(|digit| **digit != b'.') {
            if *digit != carried {
                *digit = if is_more { *digit + 1 } else { *digit - 1 };
                break;
            }
            *digit = becomes;
        }
        String::from_utf8(digits).unwrap() + exponent
    }

    #[test]
    fn a_number_is_spelled_with_all_places_and_stepped_in_the_last() {
        assert_eq!(spellings(0.375), ["0.3750", "3.75000000000e-1"]);
        assert_eq!(spellings(96.0), ["96.0", "9.60000000000e1"]);
        assert_eq!(next_to("0.3750", false), "0.3749");
        assert_eq!(next_to("9.60e1", true), "9.61e1");
        assert_eq!(next_to("1.999", true), "2.000");
    }

    /// Every exponent, including subnormal numbers and the step to infinity: each number, the middle between it and the
    /// next one, and the nearest values to the middle with one more place.
    #[test]
    fn values_and_middles_of_every_exponent_round_as_the_standard_library_rounds() {
        const FRACTIONS: [u32; 8] = [0, 1, 2, 0x2a_aaaa, 0x40_0000, 0x55_5555, 0x7f_fffe, 0x7f_ffff];
        for (exponent, fraction) in (0..255).flat_map(|e| FRACTIONS.map(|fraction| (e, fraction))) {
            let low = exponent << 23 | fraction;
            let value = f64::from(f32::from_bits(low));
            // Infinity takes the place of the next number.
            let next =
                if low == f32::MAX.to_bits() { 128_f64.exp2() } else { f64::from(f32::from_bits(low + 1)) };
            for text in spellings(value) {
                assert_eq!(bits(&text), Some((low, text.len())), "{text}");
            }
            for middle in spellings(f64::midpoint(value, next)) {
                let even = low + (low & 1);
                for (text, want) in [
                    (next_to(&middle, false), low),
                    (middle.clone(), even),
                    (next_to(&middle, true), low + 1),
                ] {
                    assert_eq!(exact(&text), want, "{text}");
                    assert_eq!(bits(&text), Some((want, text.len())), "{text}");
                    let negative = format!("-{text}");
                    assert_eq!(bits(&negative), Some((exact(&negative), negative.len())), "{negative}");
                }
            }
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

        /// The exponents of the fast path, in every spelling and truncated after every place.
        #[test]
        fn usual_float32_are_read_back(exponent in 97u32..131, fraction in 0u32..1 << 23, places in 1usize..40) {
            let value = f32::from_bits(exponent << 23 | fraction);
            for text in [format!("{value}"), format!("-{}", f64::from(value)), format!("{value:.places$}")] {
                prop_assert_eq!(bits(&text), Some((exact(&text), text.len())), "{}", text);
            }
        }

        #[test]
        fn decimals_of_any_length_round_as_the_standard_library_rounds(
            text in "-?[0-9]{1,40}(\\.[0-9]{1,40})?(e-?[0-4]?[0-9])?",
        ) {
            prop_assert_eq!(bits(&text), Some((exact(&text), text.len())));
        }

        #[test]
        fn small_decimals_round_as_the_standard_library_rounds(text in "-?[0-9]\\.[0-9]{1,40}") {
            prop_assert_eq!(bits(&text), Some((exact(&text), text.len())));
        }

        #[test]
        fn halfway_cases_round_as_the_standard_library_rounds(low in 0u32..0x7f7f_ffff, places in 5usize..200, nudge in 0u8..3) {
            let (low, high) = (f64::from(f32::from_bits(low)), f64::from(f32::from_bits(low + 1)));
            let mut text = format!("{:.places$}", f64::midpoint(low, high));
            text.push(char::from(b'0' + nudge));
            prop_assert_eq!(bits(&text), Some((exact(&text), text.len())));
        }

        /// Near halfway, in full or truncated: within the reach of the fast path, where the bounds must not wrongly
        /// agree.
        #[test]
        fn usual_halfway_cases_round_as_the_standard_library_rounds(
            exponent in 97u32..131, fraction in 0u32..1 << 23, places in 5usize..45, nudge in 0u8..10,
        ) {
            let low = exponent << 23 | fraction;
            let (low, high) = (f64::from(f32::from_bits(low)), f64::from(f32::from_bits(low + 1)));
            let mut text = format!("{:.places$}", f64::midpoint(low, high));
            text.push(char::from(b'0' + nudge));
            prop_assert_eq!(bits(&text), Some((exact(&text), text.len())), "{}", text);
        }
    }
}
