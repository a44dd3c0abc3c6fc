//! For the fuzz target `numbers`: reads and writes the numbers of a vector with each instruction set that the processor
//! has and with the portable code, to compare the results.
//!
//! Compiled only for it and for tests.

use super::numbers::{self, Separated};
use super::shortest;
use crate::simd::Instructions;

/// The numbers up to `]` as bits, and the number of bytes or an error.
type Read = (Vec<u32>, Result<usize, String>);

/// The numbers of a text in all ways, the portable one last.
pub fn read(text: &[u8], is_loose: bool) -> Vec<Read> {
    let separated = if is_loose { Separated::Loosely } else { Separated::ByComma };
    let read = |instructions| {
        let mut out = Vec::new();
        let used = numbers::read_by(instructions, text, Some(b']'), separated, &mut out)
            .map_err(|reason| format!("{reason:?}"));
        (out.iter().map(|number| number.to_bits()).collect(), used)
    };
    Instructions::available().map(read).collect()
}

/// The text of finite numbers in all ways, the portable one last.
pub fn write(numbers: &[f32]) -> Vec<Vec<u8>> {
    let write = |instructions| {
        let mut out = Vec::new();
        shortest::write_by(instructions, numbers, &mut out);
        out
    };
    Instructions::available().map(write).collect()
}
