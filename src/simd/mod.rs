//! Many numbers or many messages per instruction: a faster implementation of `admit/numbers`, `admit/shortest` and
//! `oss/md5`, chosen at run time by the processor's features.
//!
//! The plain code is the specification. The code here returns the same numbers, bytes, hashes and vector ends, or
//! leaves the work to the plain code: one number, if only that number is in doubt, or the whole vector, so that every
//! error message comes from the plain code. It does not depend on that code; the caller passes in the functions for a
//! single number.
//!
//! Intrinsics are safe where their features are enabled, and zerocopy turns bytes into registers. Only enabling the
//! features is unsafe, and only this file does it.

#[cfg(target_arch = "x86_64")]
mod batch;
#[cfg(target_arch = "x86_64")]
mod blocks;
#[cfg(target_arch = "x86_64")]
mod chunks;
#[cfg(target_arch = "x86_64")]
mod decimal;
#[cfg(target_arch = "x86_64")]
mod md5_avx2;
pub(crate) mod md5_steps;
mod plain;
#[cfg(target_arch = "x86_64")]
mod read_avx2;
#[cfg(target_arch = "x86_64")]
mod read_avx512;
#[cfg(target_arch = "x86_64")]
mod shapes;
#[cfg(test)]
#[cfg(target_arch = "x86_64")]
mod tests;
#[cfg(target_arch = "x86_64")]
mod write_avx2;
#[cfg(target_arch = "x86_64")]
mod write_avx512;

use std::ffi::OsStr;
use std::sync::OnceLock;

use md5_steps::{Block, MESSAGES};
pub(crate) use plain::ROOM;
use plain::{ReadOne, WriteOne};

use crate::setting::OSSVEC_NO_SIMD;

/// The instructions for reading and writing numbers and for hashing. A value exists only if the processor has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instructions(Set);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Those of any processor: the plain code.
    Plain,
}

impl Set {
    /// All sets, the fastest first.
    const ALL: &[Self] = &[
        #[cfg(target_arch = "x86_64")]
        Self::Avx512,
        #[cfg(target_arch = "x86_64")]
        Self::Avx2,
        Self::Plain,
    ];

    fn is_there(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                Self::Avx2.is_there()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512ifma")
                    && is_x86_feature_detected!("avx512vbmi")
                    && is_x86_feature_detected!("avx512vbmi2")
                    && is_x86_feature_detected!("avx512vpopcntdq")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                is_x86_feature_detected!("avx2")
                    && is_x86_feature_detected!("fma")
                    && is_x86_feature_detected!("bmi1")
                    && is_x86_feature_detected!("bmi2")
                    && is_x86_feature_detected!("lzcnt")
                    && is_x86_feature_detected!("popcnt")
            }
            Self::Plain => true,
        }
    }
}

impl Instructions {
    /// All sets that the processor has, the fastest first and the plain code last.
    pub(crate) fn available() -> impl Iterator<Item = Self> {
        Set::ALL.iter().filter(|set| set.is_there()).map(|set| Self(*set))
    }

    /// The set that a load uses, determined once.
    #[inline]
    pub(crate) fn chosen() -> Self {
        static CHOSEN: OnceLock<Instructions> = OnceLock::new();
        *CHOSEN.get_or_init(|| Self::but(&std::env::var_os(OSSVEC_NO_SIMD).unwrap_or_default()))
    }

    /// The fastest set that is not disabled: `avx512` disables only AVX-512, any other value all sets.
    fn but(switched_off: &OsStr) -> Self {
        let is_on = |instructions: &Self| match switched_off.as_encoded_bytes() {
            b"" => true,
            #[cfg(target_arch = "x86_64")]
            b"avx512" => instructions.0 != Set::Avx512,
            _ => instructions.0 == Set::Plain,
        };
        Self::available().find(is_on).unwrap_or(Self(Set::Plain))
    }
}

/// Reads the numbers up to `]` and returns the number of bytes used, including the bracket. `None` leaves the vector to
/// the plain code and `out` unchanged.
#[cfg_attr(not(target_arch = "x86_64"), expect(unused_variables, reason = "nothing is served there"))]
#[inline]
pub(crate) fn read(
    instructions: Instructions,
    text: &[u8],
    one: ReadOne,
    out: &mut Vec<f32>,
) -> Option<usize> {
    let before = out.len();
    let used = match instructions.0 {
        Set::Plain => None,
        #[cfg(target_arch = "x86_64")]
        Set::Avx2 | Set::Avx512 => read_rest(instructions, text, one, out),
    };
    if used.is_none() {
        out.truncate(before);
    }
    used
}

/// Reads the first number with the plain code, which shows which separator is used, and the others with `instructions`.
#[cfg(target_arch = "x86_64")]
fn read_rest(instructions: Instructions, text: &[u8], one: ReadOne, out: &mut Vec<f32>) -> Option<usize> {
    /// A shorter text has too few numbers for this to be faster.
    const SHORTEST: usize = 96;
    // Places are 32-bit integers.
    if text.len() < SHORTEST || u32::try_from(text.len()).is_err() {
        return None;
    }
    let (first, used) = one(text)?;
    out.push(first);
    let is_spaced = match text.get(used..)? {
        [b',', b' ', ..] => true,
        [b',', ..] => false,
        _ => return None,
    };
    #[expect(unsafe_code, reason = "the only way to turn features on for a function")]
    // SAFETY: a value of such a set comes only from `Instructions::available`, which has detected the features.
    unsafe {
        match instructions.0 {
            Set::Avx512 if is_spaced => read_avx512::read::<true>(text, used, one, out),
            Set::Avx512 => read_avx512::read::<false>(text, used, one, out),
            Set::Avx2 if is_spaced => read_avx2::read::<true>(text, used, one, out),
            Set::Avx2 => read_avx2::read::<false>(text, used, one, out),
            Set::Plain => None,
        }
    }
}

/// Appends the numbers, separated by commas. `false` leaves them to the plain code and `out` unchanged.
#[cfg_attr(
    not(target_arch = "x86_64"),
    expect(unused_variables, clippy::ptr_arg, reason = "nothing is served there")
)]
#[inline]
pub(crate) fn write(instructions: Instructions, numbers: &[f32], one: WriteOne, out: &mut Vec<u8>) -> bool {
    /// For fewer numbers this is not faster.
    const FEWEST: usize = 8;
    match instructions.0 {
        _ if numbers.len() < FEWEST => false,
        Set::Plain => false,
        #[cfg(target_arch = "x86_64")]
        set @ (Set::Avx2 | Set::Avx512) => {
            #[expect(unsafe_code, reason = "the only way to turn features on for a function")]
            // SAFETY: a value of such a set comes only from `Instructions::available`, which has detected the features.
            unsafe {
                if set == Set::Avx512 {
                    write_avx512::write(numbers, one, out);
                } else {
                    write_avx2::write(numbers, one, out);
                }
            }
            true
        }
    }
}

/// Adds the same number of blocks to the MD5 states of eight messages: as many as the shortest has. `false` leaves them
/// to the plain code and the states unchanged.
#[cfg_attr(not(target_arch = "x86_64"), expect(unused_variables, reason = "nothing is served there"))]
pub(crate) fn hash(
    instructions: Instructions,
    states: &mut [[u32; 4]; MESSAGES],
    blocks: &[&[Block]; MESSAGES],
) -> bool {
    match instructions.0 {
        Set::Plain => false,
        // AVX-512 has instructions for rotation and for functions of three words, but is no faster with them.
        #[cfg(target_arch = "x86_64")]
        Set::Avx2 | Set::Avx512 => {
            #[expect(unsafe_code, reason = "the only way to turn features on for a function")]
            // SAFETY: a value of such a set comes only from `Instructions::available`, which has detected the features.
            unsafe {
                md5_avx2::hash(states, blocks);
            }
            true
        }
    }
}
