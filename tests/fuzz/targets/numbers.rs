//! The numbers of a vector by each set of instructions that the processor has, and by the plain code: the same numbers, the
//! same text, the same errors.
//!
//! The first byte is how loosely the numbers may stand; the rest is the text up to `]`, and the bits of numbers to write.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ossvec::test_support::admit::fuzzing::{read, write};

fuzz_target!(|data: &[u8]| {
    let [how, text @ ..] = data else { return };
    let mut ways = read(text, how & 1 == 1);
    let Some(plain) = ways.pop() else { return };
    for way in ways {
        assert_eq!(way, plain, "{}", String::from_utf8_lossy(text));
    }
    let bits = text.as_chunks().0.iter().map(|bits| f32::from_le_bytes(*bits));
    let numbers: Vec<f32> = bits.filter(|number| number.is_finite()).collect();
    for numbers in [numbers, plain.0.into_iter().map(f32::from_bits).collect()] {
        let mut ways = write(&numbers);
        let Some(plain) = ways.pop().map(String::from_utf8) else { return };
        for way in ways {
            assert_eq!(String::from_utf8(way), plain, "{numbers:?}");
        }
    }
});
