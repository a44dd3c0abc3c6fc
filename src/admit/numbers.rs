//! The numbers of one vector, parsed directly from the input's bytes.

use super::float32;
use super::skip::skip_space;
use crate::record::Reason;
use crate::shown::bounded;
use crate::simd::{self, Instructions};

/// Maximum characters of a number in a message.
const LONGEST: usize = 40;

/// How numbers are separated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Separated {
    /// By one comma, as in JSON.
    ByComma,
    /// By whitespace, commas, semicolons or bars, as people and numpy write cells.
    Loosely,
}

/// Appends the numbers up to `close` (`None` is the end of the text) to `out`, all finite, and returns how many bytes
/// of `text` were used, including the closing byte.
pub(crate) fn read(
    text: &[u8],
    close: Option<u8>,
    separated: Separated,
    out: &mut Vec<f32>,
) -> Result<usize, Reason> {
    read_by(Instructions::chosen(), text, close, separated, out)
}

/// The same with a given instruction set instead of the chosen one.
#[inline]
pub(crate) fn read_by(
    instructions: Instructions,
    text: &[u8],
    close: Option<u8>,
    separated: Separated,
    out: &mut Vec<f32>,
) -> Result<usize, Reason> {
    // A JSON array means the same in a cell.
    if close == Some(b']')
        && let Some(used) = simd::read(instructions, text, read_one, out)
    {
        return Ok(used);
    }
    read_plainly(text, close, separated, out)
}

/// One finite JSON number.
#[inline(never)]
pub(crate) fn read_one(rest: &[u8]) -> Option<(f32, usize)> {
    float32::read_usual(rest).or_else(|| read_unusual(rest, Separated::ByComma, 0).ok())
}

/// The same number by number, which defines what [`read`] does.
fn read_plainly(
    text: &[u8],
    close: Option<u8>,
    separated: Separated,
    out: &mut Vec<f32>,
) -> Result<usize, Reason> {
    let mut at = skip_space(text, 0);
    if text.get(at).copied() == close {
        return Ok(text.len().min(at + 1));
    }
    let mut separators = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let (value, used) = match float32::read_usual(rest) {
            Some(read) => read,
            None => read_unusual(rest, separated, out.len())?,
        };
        out.push(value);
        // The common separator, in one step.
        if let Some([b',', b' ', b'-'..=b'9']) = rest.get(used..).and_then(<[u8]>::first_chunk) {
            separators |= COMMA;
            at += used + 2;
            continue;
        }
        at = skip_space(text, at + used);
        let separator = match text.get(at) {
            byte if byte.copied() == close => return of_one_kind(separators, text.len().min(at + 1)),
            Some(b',') => COMMA,
            Some(b';') if separated == Separated::Loosely => SEMICOLON,
            Some(b'|') if separated == Separated::Loosely => BAR,
            Some(_)
                if separated == Separated::Loosely
                    && text.get(at - 1).is_some_and(u8::is_ascii_whitespace) =>
            {
                SPACE
            }
            Some(_) if text.get(at - 1).is_some_and(u8::is_ascii_whitespace) => {
                let detail = format!("missing comma after element {} of the vector", out.len() - 1);
                return Err(Reason::Syntax { detail });
            }
            Some(_) => return Err(not_a_number(rest, out.len() - 1)),
            None => return Err(Reason::Syntax { detail: "the array of numbers is never closed".to_owned() }),
        };
        separators |= separator;
        if separator != SPACE {
            at = skip_space(text, at + 1);
        }
        if separated == Separated::Loosely && text.get(at).copied() == close {
            return of_one_kind(separators, text.len().min(at + 1));
        }
    }
}

/// The number that is all of `text`: the element `index`, found in the field `name`.
pub(crate) fn one(text: &[u8], separated: Separated, index: usize, name: &str) -> Result<f32, Reason> {
    let text = text.trim_ascii();
    let not_a_number = |text: String| Reason::NotANumber { index, text: format!("{text} ({name})") };
    let read = match float32::read_usual(text) {
        Some(read) => Ok(read),
        None if text.is_empty() => return Err(not_a_number("empty".to_owned())),
        None => read_unusual(text, separated, index),
    };
    match read {
        Ok((value, used)) if used == text.len() => Ok(value),
        Ok(_) if has_decimal_comma(text) => Err(Reason::NotANumber {
            index,
            text: format!("{} ({name}; use a decimal point)", excerpt_of_cell(text)),
        }),
        Ok(_) => Err(not_a_number(excerpt_of_cell(text))),
        Err(Reason::NotANumber { .. } | Reason::Nested) => Err(not_a_number(excerpt(text))),
        Err(Reason::NotFinite { index, text }) => {
            Err(Reason::NotFinite { index, text: format!("{text} ({name})") })
        }
        Err(other) => Err(other),
    }
}

/// All of a cell, if it is not too long for a message.
fn excerpt_of_cell(text: &[u8]) -> String {
    bounded(&String::from_utf8_lossy(text), LONGEST)
}

/// Whether a text is a number but for a comma in place of its point.
fn has_decimal_comma(text: &[u8]) -> bool {
    let with_point = std::str::from_utf8(text).map(|text| text.replacen(',', ".", 1));
    with_point.is_ok_and(|text| text.parse::<f64>().is_ok())
}

/// Reads the number at the start of `rest`, the element `index`, in any spelling; a JSON array takes JSON numbers only.
#[cold]
pub(crate) fn read_unusual(rest: &[u8], separated: Separated, index: usize) -> Result<(f32, usize), Reason> {
    let (value, used) = float32::read_any(rest).ok_or_else(|| not_a_number(rest, index))?;
    if !value.is_finite() {
        return Err(Reason::NotFinite { index, text: excerpt(rest) });
    }
    if separated == Separated::ByComma
        && let Some(flaw) = flaw(rest.get(..used).unwrap_or_default())
    {
        return Err(Reason::NumberSpelling { index, text: excerpt(rest), flaw });
    }
    Ok((value, used))
}

/// Why a number is not a JSON number.
fn flaw(number: &[u8]) -> Option<&'static str> {
    let unsigned = number.strip_prefix(b"-").unwrap_or(number);
    let is_digit = |at: usize| unsigned.get(at).is_some_and(u8::is_ascii_digit);
    let point = unsigned.iter().position(|byte| *byte == b'.');
    match unsigned {
        [b'+', ..] => Some("leading plus sign"),
        [b'.', ..] => Some("no digit before the decimal point"),
        [b'0', b'0'..=b'9', ..] => Some("leading zero"),
        _ if point.is_some_and(|point| !is_digit(point + 1)) => Some("no digit after the decimal point"),
        _ => None,
    }
}

const COMMA: u8 = 1;
const SEMICOLON: u8 = 2;
const BAR: u8 = 4;
const SPACE: u8 = 8;

/// Refuses mixed separators: with decimal commas, one number would be read as two.
fn of_one_kind(separators: u8, used: usize) -> Result<usize, Reason> {
    if separators.count_ones() > 1 {
        let detail =
            "the vector has different separators between its numbers; use decimal points, not decimal commas"
                .to_owned();
        return Err(Reason::Syntax { detail });
    }
    Ok(used)
}

/// Refuses integers separated alternately by commas with and without a space, as in `0,12, 0,34`: one kind is a decimal
/// comma. Nearly always the first number shows that this is not the case.
pub(super) fn without_decimal_commas(text: &[u8], numbers: &[f32]) -> Result<(), Reason> {
    if numbers.iter().any(|number| number.fract() != 0.0) {
        return Ok(());
    }
    let is_spaced = |comma: usize| text.get(comma + 1).is_some_and(u8::is_ascii_whitespace);
    let mut commas = memchr::memchr_iter(b',', text).map(is_spaced);
    let first = commas.next();
    if commas.all(|other| Some(other) == first) { Ok(()) } else { of_one_kind(COMMA | SPACE, 0).map(|_| ()) }
}

fn not_a_number(rest: &[u8], index: usize) -> Reason {
    match rest.first() {
        Some(b'[') => Reason::Nested,
        None => Reason::Syntax { detail: "the array of numbers is never closed".to_owned() },
        _ if is_shortened(rest) => Reason::Shortened,
        _ => Reason::NotANumber { index, text: excerpt(rest) },
    }
}

/// Whether dots replace numbers, or the rest of one.
fn is_shortened(rest: &[u8]) -> bool {
    let end = rest.iter().position(|byte| b",;|])}\n\r\t ".contains(byte)).unwrap_or(rest.len());
    let token = rest.get(..end).unwrap_or_default();
    [b"...", "…".as_bytes()].iter().any(|dots| token.starts_with(dots) || token.ends_with(dots))
}

/// The token at the start of `rest`, short enough for a message.
fn excerpt(rest: &[u8]) -> String {
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
    use super::*;

    fn json(text: &str) -> Result<Vec<f32>, Reason> {
        let mut out = Vec::new();
        let used = read(text.as_bytes(), Some(b']'), Separated::ByComma, &mut out)?;
        assert_eq!(used, text.len());
        Ok(out)
    }

    #[test]
    fn numbers_are_read_to_the_bracket_behind_them() {
        for (text, want) in [
            ("]", vec![]),
            ("1.0]", vec![1.0]),
            (" 0.10000000149011612 , -2.50 ]", vec![0.1, -2.5]),
            ("-0.5,1,2e0]", vec![-0.5, 1.0, 2.0]),
            ("1e-45,3.4028235e38,1e-50]", vec![f32::from_bits(1), f32::MAX, 0.0]),
            ("16777217]", vec![16_777_216.0]),
        ] {
            assert_eq!(json(text), Ok(want), "{text}");
        }
        assert!(json("-0.0]").unwrap()[0].is_sign_negative());
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
            ("1,2", Reason::Syntax { detail: "the array of numbers is never closed".into() }),
            ("1 2]", Reason::Syntax { detail: "missing comma after element 0 of the vector".into() }),
            ("[1,2]]", Reason::Nested),
            ("1, ..., 2]", Reason::Shortened),
            ("1, 0.2...", Reason::Shortened),
            ("1, 0.2…]", Reason::Shortened),
        ] {
            assert_eq!(json(text), Err(want), "{text}");
        }
    }

    #[test]
    fn the_numbers_of_an_array_are_those_of_json_and_cells_may_have_more() {
        let spellings = [".5", "-.5", "1.", "-1.", "1.e2", "+1", "+0.25", "00.5", "-01", "007", "+.5"];
        for text in spellings {
            for inside in
                [format!("{text}]"), format!("0.5,{text}, 0.25, 0.012345678901234567, 0.25, 0.5, 0.75]")]
            {
                let refused = json(&inside).unwrap_err();
                assert!(
                    matches!(&refused, Reason::NumberSpelling { text: named, .. } if named == text),
                    "{inside}: {refused:?}"
                );
            }
            let mut out = Vec::new();
            let cell = format!("{text} {text}]");
            assert!(read(cell.as_bytes(), Some(b']'), Separated::Loosely, &mut out).is_ok(), "{text}");
            assert_eq!(out, [text.parse::<f32>().unwrap(); 2]);
        }
        for text in ["-", "1e", "0x10", "1_000", ".", "+", "1e+", "--1"] {
            for separated in [Separated::ByComma, Separated::Loosely] {
                let read = read(format!("{text}]").as_bytes(), Some(b']'), separated, &mut Vec::new());
                assert!(matches!(read, Err(Reason::NotANumber { .. })), "{text}: {read:?}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn an_array_has_the_numbers_that_a_reader_of_json_takes(
            texts in proptest::collection::vec("[-+]?[0-9.]{0,3}[0-9]{0,3}([eE][-+]?[0-9]{0,2})?", 1..4),
        ) {
            let text = format!("[{}]", texts.join(", "));
            let finite = |numbers: &Vec<f32>| numbers.iter().all(|number| number.is_finite());
            let expected = serde_json::from_str::<Vec<f32>>(&text).ok().filter(finite);
            let found = json(text.trim_start_matches('[')).ok();
            proptest::prop_assert_eq!(found.is_some(), expected.is_some(), "{}", text);
        }
    }

    #[test]
    fn decimal_commas_are_not_taken_for_two_numbers() {
        for text in ["0,5; 0,25]", "0,5 0,25]", "0,5|0,25]", "1, 2 3]"] {
            let read = read(text.as_bytes(), Some(b']'), Separated::Loosely, &mut Vec::new());
            let Err(Reason::Syntax { detail }) = read else { panic!("{text}: {read:?}") };
            assert!(detail.contains("use decimal points"), "{text}: {detail}");
        }
    }

    #[test]
    fn commas_of_two_kinds_between_whole_numbers_are_no_separators() {
        let judged = |text: &str, numbers: &[f32]| without_decimal_commas(text.as_bytes(), numbers).is_ok();
        for text in ["0,12, 0,34", "0,56,\n0,78", "-0,12, 0,34]"] {
            assert!(!judged(text, &[0.0, 12.0, 0.0, 34.0]), "{text}");
        }
        assert!(
            judged("0, 12, 0, 34", &[0.0, 12.0, 0.0, 34.0]) && judged("0,12,0,34", &[0.0, 12.0, 0.0, 34.0])
        );
        assert!(judged("0.5,12, 0,34", &[0.5, 12.0, 0.0, 34.0]) && judged("1", &[1.0]));
    }

    #[test]
    fn cells_may_be_separated_as_numpy_and_people_do() {
        for text in ["1. -2.5\n 3e0]", "1,-2.5,3]", "1;-2.5;3]", "1|-2.5|3]", " 1 , -2.5 , 3 ]"] {
            let mut out = Vec::new();
            let used = read(text.as_bytes(), Some(b']'), Separated::Loosely, &mut out).unwrap();
            assert_eq!((used, out.as_slice()), (text.len(), &[1.0, -2.5, 3.0][..]), "{text}");
        }
    }

    #[test]
    fn a_cell_of_one_number_is_shown_whole() {
        for (text, want) in [
            ("0,5", "0,5 (e_0; use a decimal point)"),
            ("1 2", "1 2 (e_0)"),
            ("0,5,6", "0,5,6 (e_0)"),
            ("", "empty (e_0)"),
            ("x y", "x (e_0)"),
        ] {
            let reason = one(text.as_bytes(), Separated::Loosely, 0, "e_0").unwrap_err();
            assert_eq!(reason, Reason::NotANumber { index: 0, text: want.into() });
        }
    }
}
