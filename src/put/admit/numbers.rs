//! Decimal text to the nearest float32, and float32 to its shortest text, straight from buffer to buffer.
//!
//! Rounding goes from the decimal to float32 in one step; by way of float64 a halfway case could land on the wrong
//! neighbour.

use crate::put::record::Reason;

/// What was seen while the numbers went by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    /// How many there were.
    pub(super) count: usize,
    /// Whether every one of them was zero.
    pub(super) all_zero: bool,
}

/// How numbers are kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separated {
    /// By one comma, as in JSON.
    ByComma,
    /// By white space, commas, semicolons or bars, as people and numpy write cells.
    Loosely,
}

/// Reads numbers up to `close` (`None` is the end of the text), writes each in shortest form with commas between, and
/// says how many bytes of `text` were used, the closing byte included.
pub(super) fn read(
    text: &[u8],
    close: Option<u8>,
    separated: Separated,
    out: &mut Vec<u8>,
) -> Result<(Numbers, usize), Reason> {
    let mut at = skip_space(text, 0);
    let mut numbers = Numbers { count: 0, all_zero: true };
    if text.get(at).copied() == close {
        return Ok((numbers, text.len().min(at + 1)));
    }
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let (value, used) =
            fast_float2::parse_partial::<f32, _>(rest).map_err(|_| not_a_number(rest, numbers.count))?;
        if !value.is_finite() {
            return Err(Reason::NotFinite { index: numbers.count, text: excerpt(rest) });
        }
        write_shortest(value, out);
        numbers.count += 1;
        numbers.all_zero &= value == 0.0;
        at = skip_space(text, at + used);
        match text.get(at) {
            byte if byte.copied() == close => return Ok((numbers, text.len().min(at + 1))),
            Some(b',') => at = skip_space(text, at + 1),
            Some(b';' | b'|') if separated == Separated::Loosely => at = skip_space(text, at + 1),
            Some(_)
                if separated == Separated::Loosely
                    && text.get(at - 1).is_some_and(u8::is_ascii_whitespace) => {}
            Some(_) => return Err(not_a_number(rest, numbers.count - 1)),
            None => return Err(Reason::Syntax { detail: "the array of numbers has no end".to_owned() }),
        }
        if separated == Separated::Loosely && text.get(at).copied() == close {
            return Ok((numbers, text.len().min(at + 1)));
        }
        out.push(b',');
    }
}

fn skip_space(text: &[u8], mut at: usize) -> usize {
    while text.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// Appends the shortest decimal that reads back as the very same float32.
///
/// `1.0` becomes `1`, but `-0.0` stays: readers that take `-0` for an integer would lose the sign.
fn write_shortest(value: f32, out: &mut Vec<u8>) {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value).as_bytes();
    match text.strip_suffix(b".0") {
        Some(whole) if whole != b"-0" => out.extend_from_slice(whole),
        _ => out.extend_from_slice(text),
    }
}

fn not_a_number(rest: &[u8], index: usize) -> Reason {
    match rest.first() {
        Some(b'[') => Reason::Nested,
        None => Reason::Syntax { detail: "the array of numbers has no end".to_owned() },
        _ if rest.starts_with(b"...") || rest.starts_with("…".as_bytes()) => Reason::Shortened,
        _ => Reason::NotANumber { index, text: excerpt(rest) },
    }
}

/// The token at the start of `rest`, short enough for a message.
fn excerpt(rest: &[u8]) -> String {
    const LONGEST: usize = 40;
    let end = rest.iter().position(|byte| b",;|]})\n\r\t ".contains(byte)).unwrap_or(rest.len());
    let token = String::from_utf8_lossy(rest.get(..end.min(LONGEST)).unwrap_or_default()).into_owned();
    match (token.is_empty(), end > LONGEST) {
        (true, _) => "empty".to_owned(),
        (false, true) => format!("{token}…"),
        (false, false) => token,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn json(text: &str) -> Result<(usize, String), Reason> {
        let mut out = Vec::new();
        let (numbers, _) = read(text.as_bytes(), Some(b']'), Separated::ByComma, &mut out)?;
        Ok((numbers.count, String::from_utf8(out).unwrap()))
    }

    #[test]
    fn numbers_come_out_in_their_shortest_float32_form() {
        for (text, want) in [
            ("]", (0, "")),
            ("1.0]", (1, "1")),
            (" 0.10000000149011612 , -2.50 ]", (2, "0.1,-2.5")),
            ("-0.0, 0.0, 0e5]", (3, "-0.0,0,0")),
            ("1e-45,3.4028235e38,1e-50]", (3, "1e-45,3.4028235e+38,0")),
            ("16777217]", (1, "16777216")),
        ] {
            assert_eq!(json(text), Ok((want.0, want.1.to_owned())), "{text}");
        }
    }

    #[test]
    fn what_is_no_finite_number_is_named_with_its_index() {
        for (text, want) in [
            ("1,NaN]", Reason::NotFinite { index: 1, text: "NaN".into() }),
            ("1e39]", Reason::NotFinite { index: 0, text: "1e39".into() }),
            ("-Infinity]", Reason::NotFinite { index: 0, text: "-Infinity".into() }),
            ("1,null]", Reason::NotANumber { index: 1, text: "null".into() }),
            ("1,\"2\"]", Reason::NotANumber { index: 1, text: "\"2\"".into() }),
            ("1,,2]", Reason::NotANumber { index: 1, text: "empty".into() }),
            ("1.5.2]", Reason::NotANumber { index: 0, text: "1.5.2".into() }),
            ("1,2", Reason::Syntax { detail: "the array of numbers has no end".into() }),
            ("[1,2]]", Reason::Nested),
            ("1, ..., 2]", Reason::Shortened),
        ] {
            assert_eq!(json(text), Err(want), "{text}");
        }
    }

    #[test]
    fn cells_may_be_separated_as_numpy_and_people_do() {
        for text in ["1. -2.5\n 3e0]", "1,-2.5,3]", "1;-2.5;3]", "1|-2.5|3]", " 1 , -2.5 , 3 ]"] {
            let mut out = Vec::new();
            let (numbers, used) = read(text.as_bytes(), Some(b']'), Separated::Loosely, &mut out).unwrap();
            assert_eq!((numbers.count, used, out.as_slice()), (3, text.len(), &b"1,-2.5,3"[..]), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn every_float32_survives_the_way_through(bits: u32) {
            let value = f32::from_bits(bits);
            prop_assume!(value.is_finite());
            let (_, text) = json(&format!("{value:e}]")).unwrap();
            prop_assert_eq!(text.parse::<f32>().unwrap().to_bits(), bits);
        }

        #[test]
        fn decimals_of_any_length_round_as_the_standard_library_rounds(digits in "-?[0-9]{1,40}\\.[0-9]{1,40}(e-?[0-4]?[0-9])?") {
            let want: f32 = digits.parse().unwrap();
            match json(&format!("{digits}]")) {
                Ok((_, text)) => prop_assert_eq!(text.parse::<f32>().unwrap().to_bits(), want.to_bits()),
                Err(_) => prop_assert!(want.is_infinite()),
            }
        }

        #[test]
        fn halfway_cases_round_as_the_standard_library_rounds(bits in 0u32..0x7f7f_ffff, nudge in -1i8..=1) {
            let (low, high) = (f64::from(f32::from_bits(bits)), f64::from(f32::from_bits(bits + 1)));
            let mut digits = format!("{:.200}", f64::midpoint(low, high));
            match nudge {
                1 => digits.push('1'),
                -1 => digits.push('0'),
                _ => {}
            }
            let (_, text) = json(&format!("{digits}]")).unwrap();
            prop_assert_eq!(text.parse::<f32>().unwrap().to_bits(), digits.parse::<f32>().unwrap().to_bits());
        }
    }
}
