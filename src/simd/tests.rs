//! Compares the plain code with every instruction set of the processor. The plain code is the specification; its own
//! tests are next to it.

use std::fmt::Write;
use std::iter;

use proptest::prelude::*;

use super::*;
use crate::admit::{Separated, read_by, read_one, write_by};

const PLAIN: Instructions = Instructions(Set::Plain);

/// The processor's instruction sets apart from the plain code; without any, there is nothing to compare.
fn sets() -> impl Iterator<Item = Instructions> {
    Instructions::available().filter(|instructions| *instructions != PLAIN)
}

/// The bits of the numbers that are read, and the number of bytes used; what is left to the plain code leaves no trace.
fn served(instructions: Instructions, text: &[u8]) -> Option<(Vec<u32>, usize)> {
    let mut out = vec![7.0];
    let used = read(instructions, text, read_one, &mut out);
    assert!(used.is_some() || out == [7.0], "{}", String::from_utf8_lossy(text));
    used.map(|used| (out.iter().skip(1).map(|number| number.to_bits()).collect(), used))
}

/// The bits of the numbers as the standard library parses them.
fn exact(texts: &[String]) -> Vec<u32> {
    texts.iter().map(|text| text.parse::<f32>().unwrap().to_bits()).collect()
}

/// Reads with all instruction sets: the numbers, the bytes used and the errors are the same.
fn read_in_all_ways(text: &[u8]) {
    let bits = |numbers: &[f32]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
    for separated in [Separated::ByComma, Separated::Loosely] {
        let mut plain = vec![7.0_f32];
        let want = read_by(PLAIN, text, Some(b']'), separated, &mut plain);
        for instructions in sets() {
            let mut fast = vec![7.0_f32];
            assert_eq!(read_by(instructions, text, Some(b']'), separated, &mut fast), want);
            assert_eq!(bits(&fast), bits(&plain), "{instructions:?}: {}", String::from_utf8_lossy(text));
            if let Some((numbers, used)) = served(instructions, text) {
                assert_eq!((Ok(used), numbers.as_slice()), (want.clone(), &bits(&plain)[1..]));
            }
        }
    }
}

/// A float64 as Python writes it.
fn python(number: f64) -> String {
    match format!("{number:e}").split_once("e-") {
        Some((digits, power)) if number.abs() < 1e-4 => format!("{digits}e-{power:0>2}"),
        _ => format!("{number:?}"),
    }
}

#[test]
fn vectors_of_decimals_are_served_in_both_spellings() {
    for (separator, count) in
        [", ", ","].into_iter().flat_map(|separator| [12, 13, 63, 64, 65, 200, 1024].map(|n| (separator, n)))
    {
        let texts: Vec<_> =
            (0..count).map(|number| format!("{:.9}", f64::from(number) / 400.0 - 1.3)).collect();
        for behind in ["", "}\n", "}, \"name\": \"a text that is longer than a block of sixty-four bytes\"}"]
        {
            let text = format!("{}]{behind}", texts.join(separator));
            for instructions in sets() {
                let served = served(instructions, text.as_bytes());
                assert_eq!(served, Some((exact(&texts), text.len() - behind.len())), "{text}");
            }
        }
    }
}

#[test]
fn a_few_numbers_of_another_spelling_leave_the_others_served() {
    let others = ["1e-5", "-1.5E+2", "12.5", "-0.0", "17", "1.000000000000000000000000001", "-9.99999e-05"];
    for (other, at) in others.into_iter().flat_map(|other| [0, 1, 7, 63, 98].map(|at| (other, at))) {
        let mut texts = vec!["-0.012345678".to_owned(); 100];
        texts[at] = other.to_owned();
        let text = format!("{}] ", texts.join(", "));
        for instructions in sets() {
            let served = served(instructions, text.as_bytes());
            assert_eq!(served, Some((exact(&texts), text.len() - 1)), "{text}");
        }
    }
}

#[test]
fn what_is_no_vector_of_json_is_left_to_the_plain_code() {
    let wrong = [
        "0.", ".5", "-", "", "00.5", "+0.5", "NaN", "1e39", ", 0.5", "0.5 0.5", "0.5; 0.5", "\"0.5\"",
        "[0.5", "0.5.5", "0.5-", "é", "0x1", "-]0.5", "0.5]", "]", "-.5", "--0.5", "0.5e", ",0.5",
    ];
    for wrong in wrong {
        for (number, before) in
            ["0.25", "-0.012345678901234567"].into_iter().flat_map(|number| [1, 9, 64].map(|n| (number, n)))
        {
            for separator in [", ", ","] {
                let before = vec![number; before].join(separator);
                let behind = vec![number; 20].join(separator);
                let text = [before.as_str(), wrong, &behind].join(separator) + "]}";
                read_in_all_ways(text.as_bytes());
                read_in_all_ways([before.as_str(), wrong].join(separator).as_bytes());
                read_in_all_ways(
                    ([before.as_str(), wrong].join(separator) + "]" + &" ".repeat(70)).as_bytes(),
                );
                for instructions in sets().filter(|_| !wrong.contains(']')) {
                    assert_eq!(served(instructions, text.as_bytes()), None, "{text}");
                }
            }
        }
    }
    for instructions in sets() {
        assert_eq!(served(instructions, "0.5, ".repeat(300).as_bytes()), None, "never closed");
    }
}

#[test]
fn each_set_can_be_switched_off() {
    let fastest = Instructions::available().next();
    assert_eq!(Some(Instructions::but("".as_ref())), fastest);
    let without = Instructions::available().find(|instructions| instructions.0 != Set::Avx512);
    assert_eq!(Some(Instructions::but("avx512".as_ref())), without);
    assert_eq!(Instructions::but("1".as_ref()), PLAIN);
}

/// float32 numbers with the most relevant exponents, sometimes with any.
fn number() -> impl Strategy<Value = f32> {
    let exponent = prop_oneof![6 => 110_u32..127, 3 => 97_u32..131, 1 => 0_u32..255];
    (exponent, 0_u32..1 << 23, any::<bool>()).prop_map(|(exponent, fraction, is_negative)| {
        f32::from_bits(exponent << 23 | fraction | u32::from(is_negative) << 31)
    })
}

/// A number as programs write it, or as close to the midpoint of two float32 numbers as can be written.
fn spelled() -> impl Strategy<Value = String> {
    (number(), 0_u8..8, 1_usize..40, "[0-9]").prop_map(|(number, spelling, places, last)| match spelling {
        0..=3 => python(f64::from(number)),
        4 => format!("{number}"),
        5 => format!("{number:.places$}"),
        6 => python(f64::midpoint(f64::from(number), f64::from(f32::from_bits(number.to_bits() + 1)))),
        _ => {
            let next = f64::from(f32::from_bits(number.to_bits() + 1));
            format!("{:.places$}{last}", f64::midpoint(f64::from(number), next))
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_vector_is_read_as_the_plain_code_reads_it(
        texts in proptest::collection::vec(spelled(), 1..300),
        separator in ",( {0,2})",
        behind in "[}\\], .0-9\n]{0,90}",
    ) {
        read_in_all_ways(format!("{}]{behind}", texts.join(&separator)).as_bytes());
    }

    /// Changes, adds or removes a few bytes.
    #[test]
    fn a_damaged_vector_is_read_as_the_plain_code_reads_it(
        texts in proptest::collection::vec(spelled(), 1..60),
        is_spaced: bool,
        behind in "[}\\], .0-9\n]{0,90}",
        damage in proptest::collection::vec((any::<prop::sample::Index>(), 0..3, 0_usize..31), 1..4),
    ) {
        const BYTES: [u8; 31] = *b"0123456789..,,  --+eE[]]\n\t}\"x\x80\xac";
        let separator = if is_spaced { ", " } else { "," };
        let mut text = format!("{}]{behind}", texts.join(separator)).into_bytes();
        for (at, kind, byte) in damage {
            let at = at.index(text.len());
            match kind {
                0 => text[at] = BYTES[byte],
                1 => text.insert(at, BYTES[byte]),
                _ if text.len() > 1 => { text.remove(at); },
                _ => {}
            }
        }
        read_in_all_ways(&text);
    }

    #[test]
    fn any_numbers_are_written_as_the_plain_code_writes_them(
        numbers in proptest::collection::vec(
            prop_oneof![8 => number(), 1 => Just(0.0), 1 => Just(-0.0), 1 => (0..99_u8).prop_map(f32::from)],
            0..200,
        ),
    ) {
        let numbers: Vec<_> = numbers.into_iter().filter(|number| number.is_finite()).collect();
        let mut plain = b"[".to_vec();
        write_by(PLAIN, &numbers, &mut plain);
        let plain = String::from_utf8(plain);
        for instructions in sets() {
            let mut fast = b"[".to_vec();
            write_by(instructions, &numbers, &mut fast);
            prop_assert_eq!(&String::from_utf8(fast), &plain, "{:?}", instructions);
        }
    }
}

/// Every finite float32, as the library writes it: with the chosen instruction set and with each available one.
#[test]
#[ignore = "all 4,278,190,080 of them: minutes with --release"]
fn every_float32_is_written_as_the_library_writes_it() {
    let (mut want, mut got, mut count) = (Vec::new(), Vec::new(), 0_u64);
    for first in (0..=u32::MAX).step_by(1024) {
        let numbers: Vec<f32> =
            (first..=first + 1023).map(f32::from_bits).filter(|number| number.is_finite()).collect();
        want.clear();
        for number in &numbers {
            let mut buffer = zmij::Buffer::new();
            let text = buffer.format_finite(*number);
            let whole = text.strip_suffix(".0").filter(|whole| *whole != "-0");
            want.extend_from_slice(whole.unwrap_or(text).as_bytes());
            want.push(b',');
        }
        for instructions in iter::once(Instructions::chosen()).chain(sets()) {
            got.clear();
            write_by(instructions, &numbers, &mut got);
            assert_eq!(want.strip_suffix(b",").unwrap_or_default(), got, "{first:#x}, {instructions:?}");
        }
        count += numbers.len() as u64;
    }
    assert_eq!(count, 2 * 0x7f80_0000);
}

/// Every float32 that the fast path supports, as Python writes it and in the shortest form, against the standard
/// library.
#[test]
#[ignore = "318,767,104 numbers: minutes with --release"]
fn every_float32_is_read_as_the_standard_library_reads_it() {
    for first in ((127 - 16) << 23..(127 + 3) << 23_u32).step_by(512) {
        let mut texts = Vec::new();
        for bits in first..first + 512 {
            let mut shortest = String::new();
            write!(shortest, "{}", -f32::from_bits(bits)).unwrap();
            texts.extend([python(f64::from(f32::from_bits(bits))), shortest]);
        }
        let text = format!("{}]", texts.join(if first & 512 == 0 { ", " } else { "," }));
        let exact = exact(&texts);
        for instructions in iter::once(Instructions::chosen()).chain(sets()) {
            let mut numbers = Vec::new();
            let used = read_by(instructions, text.as_bytes(), Some(b']'), Separated::ByComma, &mut numbers);
            assert_eq!(used, Ok(text.len()));
            let bits: Vec<_> = numbers.iter().map(|number| number.to_bits()).collect();
            assert_eq!(bits, exact, "{first:#x}, {instructions:?}");
        }
    }
}
