//! What the fuzz target `numbers` holds against each other: the numbers of a vector by each set of instructions that the
//! processor has, and by the plain code.
//!
//! Compiled for it and for tests only.

use super::numbers::{self, Separated};
use super::shortest;
use crate::simd::Instructions;

/// The numbers up to `]`, as their bits, and how many bytes they take, or why there are none.
type Read = (Vec<u32>, Result<usize, String>);

/// The numbers of a text in all ways, the plain one last.
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

/// The text of finite numbers in all ways, the plain one last.
pub fn write(numbers: &[f32]) -> Vec<Vec<u8>> {
    let write = |instructions| {
        let mut out = Vec::new();
        shortest::write_by(instructions, numbers, &mut out);
        out
    };
    Instructions::available().map(write).collect()
}
