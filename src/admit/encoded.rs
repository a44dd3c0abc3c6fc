//! Vectors as bytes in text: base64 of little-endian float32 numbers, as embedding providers send them. Pure.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::record::Reason;

/// With or without padding, since both occur.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// How many characters are too long for a word.
const TO_TELL: usize = 16;
const NUMBER: usize = size_of::<f32>();

/// Elements of embeddings with the right type have magnitudes between these, or are zero.
const LARGEST: f64 = 1e10;
const SMALLEST: f64 = 1e-20;

/// If one number in this many has another magnitude, the bytes are not numbers of this type. In text that happens to be
/// base64, more than half of them have; with few numbers, a single one decides.
const WILD: usize = 4;

const OTHER: &str = "write float32 numbers, or choose another field with --vector";
const REPEAT: &str = "decode it with its own type and write float32 numbers";

/// Appends the numbers of `cell` to `out` if it is base64; returns an error if that is wrong, and `None` if it is
/// something else.
pub(super) fn read(cell: &str, out: &mut Vec<f32>) -> Option<Result<(), Reason>> {
    if !is_base64(cell) {
        return None;
    }
    let encoded = |found: String, cure| Some(Err(Reason::Encoded { found, cure }));
    let Ok(bytes) = BASE64.decode(cell) else {
        return encoded("cut or damaged base64".to_owned(), "encode it again");
    };
    let numbers: Vec<f32> =
        bytes.as_chunks::<NUMBER>().0.iter().map(|number| f32::from_le_bytes(*number)).collect();
    if !bytes.len().is_multiple_of(NUMBER) {
        let found = format!("base64 of {} bytes", bytes.len());
        return encoded(found, "a float32 number has 4 bytes; check that nothing is cut");
    }
    if let Some(found) = other_type(&bytes, &numbers) {
        return encoded(found.to_owned(), REPEAT);
    }
    let wild = numbers.iter().filter(|number| number.is_finite() && !is_sane(f64::from(**number))).count();
    let is_short = numbers.len() < TO_TELL;
    if wild * WILD >= numbers.len().max(1) || (is_short && wild > 0) {
        let all = numbers.len();
        let found = format!(
            "text or bytes of another type (as float32, {wild} of {all} numbers are below 1e-20 or above 1e10)"
        );
        return encoded(found, OTHER);
    }
    if let Some(index) = numbers.iter().position(|number| !number.is_finite()) {
        let text = numbers.get(index).map_or_else(String::new, f32::to_string);
        return Some(Err(Reason::NotFinite { index, text }));
    }
    if is_repeated(&bytes) {
        return encoded("text that repeats a few characters".to_owned(), OTHER);
    }
    out.extend(numbers);
    Some(Ok(()))
}

/// Whether the text is base64, and not a word or hexadecimal.
fn is_base64(cell: &str) -> bool {
    let text = cell.trim_end_matches('=');
    let has = |is_it: fn(&u8) -> bool| text.bytes().any(|byte| is_it(&byte));
    let is_of_alphabet = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let is_padded = cell.len() > text.len() && cell.len().is_multiple_of(4) && cell.len() - text.len() <= 2;
    let is_plain = cell.len() == text.len();
    (is_padded || (is_plain && text.len() >= TO_TELL))
        && text.bytes().all(is_of_alphabet)
        && has(u8::is_ascii_alphabetic)
        && !(text.bytes().all(|byte| byte.is_ascii_hexdigit()) && has(u8::is_ascii_digit))
}

/// What the bytes are, if they make sense only as numbers of another type.
fn other_type(bytes: &[u8], numbers: &[f32]) -> Option<&'static str> {
    let is_huge = |number: &&f32| number.is_finite() && f64::from(**number).abs() > LARGEST;
    let is_odd = |number: &&f32| !is_sane(f64::from(**number));
    let huge = numbers.iter().filter(is_huge).count();
    let not_finite = numbers.iter().filter(|number| !number.is_finite()).count();
    let odd = numbers.iter().filter(is_odd).count();
    let swapped =
        || bytes.as_chunks::<NUMBER>().0.iter().map(|number| f64::from(f32::from_be_bytes(*number)));
    if odd * WILD >= numbers.len().max(1) && swapped().all(is_sane) {
        return Some("base64 of big-endian float32 numbers");
    }
    let (doubles, rest) = bytes.as_chunks::<8>();
    if is_float16(bytes, numbers) {
        return Some("base64 of float16 numbers");
    }
    // A single number that is not finite may be just that.
    if (huge > 0 || not_finite > 1)
        && rest.is_empty()
        && doubles.iter().all(|number| is_sane(f64::from_le_bytes(*number)))
    {
        return Some("base64 of float64 numbers");
    }
    None
}

/// Whether the bytes are numbers of typical magnitudes as float16, but only tiny ones as float32.
fn is_float16(bytes: &[u8], numbers: &[f32]) -> bool {
    const TINY: f32 = 1e-3;
    const USUAL: std::ops::Range<f32> = 1e-3..100.0;
    let halves =
        || bytes.as_chunks::<2>().0.iter().map(|half| half::f16::from_le_bytes(*half).to_f32().abs());
    numbers.len() >= TO_TELL
        && numbers.iter().all(|number| number.abs() < TINY)
        && halves().all(|half| half < USUAL.end)
        && halves().filter(|half| USUAL.contains(half)).count() * 2 > numbers.len() * 3
}

/// Whether the same few characters are repeated, which does not happen with four-byte numbers unless all are zero.
fn is_repeated(bytes: &[u8]) -> bool {
    const BYTES: usize = 3;
    let alike = bytes.iter().zip(bytes.iter().skip(BYTES)).all(|(first, second)| first == second);
    alike && bytes.len() >= NUMBER * NUMBER && bytes.iter().any(|byte| *byte != 0)
}

fn is_sane(number: f64) -> bool {
    number == 0.0 || (SMALLEST..=LARGEST).contains(&number.abs())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(bytes: impl IntoIterator<Item = u8>) -> String {
        BASE64.encode(bytes.into_iter().collect::<Vec<_>>())
    }

    fn numbers(cell: &str) -> Option<Result<Vec<f32>, String>> {
        let mut out = Vec::new();
        read(cell, &mut out).map(|read| read.map(|()| out).map_err(|reason| reason.to_string()))
    }

    fn said(cell: &str) -> String {
        numbers(cell).unwrap().unwrap_err()
    }

    #[test]
    fn numbers_in_another_order_of_bytes_or_of_another_type_are_named() {
        let floats = [0.1_f32, -0.03, 0.5, 0.0];
        let doubles = [0.1_f64, -0.03, 0.7, 0.3];
        let all = [
            of(floats.iter().flat_map(|number| number.to_be_bytes())),
            of(doubles.iter().flat_map(|number| number.to_le_bytes())),
            of([1, 2, 3, 4, 5, 6, 7, 8, 9, 250, 251, 252, 253]),
            of(f32::NAN.to_le_bytes().into_iter().chain(1.5_f32.to_le_bytes()).chain([0; 8])),
            "zczMPc3MTD6amZk+zczMP".to_owned(),
        ];
        insta::assert_snapshot!(all.map(|cell| said(&cell)).join("\n"), @"
        the vector is base64 of big-endian float32 numbers, not base64 of little-endian float32 numbers; decode it with its own type and write float32 numbers
        the vector is base64 of float64 numbers, not base64 of little-endian float32 numbers; decode it with its own type and write float32 numbers
        the vector is base64 of 13 bytes, not base64 of little-endian float32 numbers; a float32 number has 4 bytes; check that nothing is cut
        element 0 of the vector is NaN, which is not a finite float32
        the vector is cut or damaged base64, not base64 of little-endian float32 numbers; encode it again
        ");
    }

    #[test]
    fn words_digits_and_hexadecimal_are_no_base64() {
        for cell in [
            "",
            "=",
            "==",
            "abcd",
            "embedding",
            "a b c d e f g h i j",
            "0.1,0.2",
            "1234567890123456",
            "cdcc4c3dcdcc4c3dcdcc4c3d",
            "a_text-of_other-alphabets",
            "/",
            "[AACAPw==]",
        ] {
            assert_eq!(numbers(cell), None, "{cell}");
        }
        assert_eq!(numbers("AACAPw=="), Some(Ok(vec![1.0])));
    }

    #[test]
    fn text_and_bytes_of_other_types_are_named() {
        let words = "authenticationTokenOfTheUserInTheSessionOfTheSearchEngineForDocs";
        let halves = (1..=64_u8).map(|number| half::f16::from_f32(f32::from(number) / 128.0 - 0.3));
        let bytes = (0..128_u8).map(|byte| byte.wrapping_mul(77));
        let all = [
            "x".repeat(2_000),
            "y".repeat(64),
            words.to_owned(),
            of(halves.flat_map(half::f16::to_le_bytes)),
            of(bytes),
        ];
        insta::assert_snapshot!(all.map(|cell| said(&cell)).join("\n"), @"
        the vector is text or bytes of another type (as float32, 250 of 375 numbers are below 1e-20 or above 1e10), not base64 of little-endian float32 numbers; write float32 numbers, or choose another field with --vector
        the vector is text that repeats a few characters, not base64 of little-endian float32 numbers; write float32 numbers, or choose another field with --vector
        the vector is text or bytes of another type (as float32, 7 of 12 numbers are below 1e-20 or above 1e10), not base64 of little-endian float32 numbers; write float32 numbers, or choose another field with --vector
        the vector is base64 of float16 numbers, not base64 of little-endian float32 numbers; decode it with its own type and write float32 numbers
        the vector is text or bytes of another type (as float32, 18 of 32 numbers are below 1e-20 or above 1e10), not base64 of little-endian float32 numbers; write float32 numbers, or choose another field with --vector
        ");
        assert_eq!(numbers(&"A".repeat(32)), Some(Ok(vec![0.0; 6])));
    }

    #[test]
    fn one_odd_number_of_a_few_shows_that_they_are_none() {
        let with = |count: usize, odd: f32| {
            let numbers = std::iter::repeat_n(0.25_f32, count - 1).chain([odd]);
            of(numbers.flat_map(f32::to_le_bytes))
        };
        for count in 1..TO_TELL {
            for odd in [1e-30, -1e30] {
                assert!(numbers(&with(count.max(4), odd)).unwrap().is_err(), "{count} {odd}");
            }
            assert!(numbers(&with(count.max(4), 0.0)).unwrap().is_ok(), "{count}");
        }
        assert!(numbers(&with(TO_TELL, 1e-30)).unwrap().is_ok());
    }

    proptest! {
        #[test]
        fn text_of_the_alphabet_is_never_taken_for_a_vector(
            cell in prop_oneof![
                "[a-zA-Z0-9+/]{192}",
                "[a-z]{192}",
                "[A-Z]{192}",
                "([A-Z][a-z]{2,9}){32}",
                "[b-zB-Z]{4}".prop_map(|part| part.repeat(48)),
            ],
        ) {
            let cell = cell.get(..192).unwrap_or(&cell);
            prop_assert!(numbers(cell).is_none_or(|read| read.is_err()));
        }

        #[test]
        fn embeddings_of_any_scale_are_read_bit_by_bit(
            list in prop::collection::vec(-1.0_f32..1.0, 8..64),
            scale in prop_oneof![Just(1.0_f32), Just(0.05), Just(30.0), Just(1e-6), Just(1e6)],
            zeros in 0_usize..8,
        ) {
            let list: Vec<f32> = list.iter().enumerate()
                .map(|(index, number)| if index < zeros { 0.0 } else { number * scale })
                .collect();
            let cell = of(list.iter().flat_map(|number| number.to_le_bytes()));
            prop_assert_eq!(numbers(&cell), Some(Ok(list)));
        }

        #[test]
        fn base64_of_any_numbers_gives_them_bit_by_bit(
            list in prop::collection::vec(prop_oneof![-2.0_f32..2.0, -1e9_f32..1e9, Just(0.0), Just(-0.0), Just(1e-12)], 4..40),
            padded: bool,
        ) {
            let cell = of(list.iter().flat_map(|number| number.to_le_bytes()));
            let cell = if padded { cell } else { cell.trim_end_matches('=').to_owned() };
            let bits = |list: &[f32]| list.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
            let read = numbers(&cell);
            prop_assert_eq!(bits(&read.unwrap().unwrap()), bits(&list));
        }

        #[test]
        fn doubles_and_swapped_numbers_are_never_taken_for_floats(
            list in prop::collection::vec((1_u32..=999, any::<bool>()), 40..80),
        ) {
            let list: Vec<f64> = list.iter().map(|(number, is_negative)| {
                let number = f64::from(*number) / 1_000.3;
                if *is_negative { -number } else { number }
            }).collect();
            #[expect(clippy::cast_possible_truncation, reason = "what is written as float32")]
            let swapped = of(list.iter().flat_map(|number| (*number as f32).to_be_bytes()));
            prop_assert!(said(&swapped).contains("big-endian"));
            let doubles = of(list.iter().flat_map(|number| number.to_le_bytes()));
            prop_assert!(said(&doubles).contains("float64"));
        }

        #[test]
        fn no_text_makes_it_fail(cell in "[A-Za-z0-9+/=_ -]{0,60}") {
            drop(numbers(&cell));
        }
    }
}
