//! The cases that the fast path does not cover, in plain code: the end of a vector, other spellings, the end of the
//! text.

use super::plain::ReadOne;

/// Numbers of one batch: first all of them are located, then they are converted.
pub(super) const BATCH: usize = 128;

/// The maximum number of numbers that begin in 64 bytes, if all are of the supported form: `0.1,` sixteen times.
pub(super) const MOST: usize = 16;

/// If more numbers of a batch than this need individual parsing, the plain code is faster.
const MOST_ALONE: u32 = 32;

/// The numbers that are located but not yet converted.
pub(super) struct Batch {
    /// The start of each number's window: the byte before its first digit. An extra entry shows where the last number
    /// ends.
    pub(super) windows: [u32; BATCH + MOST],
    pub(super) count: usize,
    /// A bit for each number that needs individual parsing.
    pub(super) alone: u128,
}

pub(super) const fn separator<const SPACED: bool>() -> &'static [u8] {
    if SPACED { b", " } else { b"," }
}

#[expect(clippy::cast_possible_truncation, reason = "the whole text has fewer bytes")]
pub(super) fn place(at: usize) -> u32 {
    at as u32
}

/// The values, padded with zeros.
#[cold]
#[inline(never)]
pub(super) fn padded<T: Copy + Default, const N: usize>(values: &[T]) -> [T; N] {
    let mut padded = [T::default(); N];
    padded.iter_mut().zip(values).for_each(|(to, from)| *to = *from);
    padded
}

/// The window that begins here; `None` if the text ends within it.
#[expect(clippy::inline_always, reason = "else it would be compiled for any processor")]
#[inline(always)]
pub(super) fn window(text: &[u8], at: u32) -> Option<&[u8; 16]> {
    let at = at as usize;
    text.get(at..at + 16)?.first_chunk()
}

/// The windows of eight numbers in this order, padded with zeros after the text, which act as separators.
#[cold]
#[inline(never)]
pub(super) fn at_the_end(text: &[u8], windows: &[u32; 9], order: [usize; 8]) -> [[u8; 16]; 8] {
    order.map(|number| padded(text.get(windows[number] as usize..).unwrap_or_default()))
}

/// The meaning of unexpected bytes.
pub(super) struct Looked {
    /// The first digits before the end.
    pub(super) digits: u64,
    /// A bit for each number of the batch in another spelling.
    pub(super) alone: u128,
    pub(super) end: Option<usize>,
}

/// Whether unexpected bytes end the vector or belong to numbers in another spelling; `None` if they do neither.
#[cold]
#[inline(never)]
pub(super) fn look(
    text: &[u8],
    block: usize,
    mut unexpected: u64,
    digits: u64,
    count: usize,
) -> Option<Looked> {
    let mut looked = Looked { digits, alone: 0, end: None };
    while unexpected != 0 {
        let bit = unexpected.trailing_zeros();
        let up_to = digits & (u64::MAX >> (63 - bit));
        match text.get(block + bit as usize)? {
            // A number is missing: `1, ]`.
            b']' if digits >> bit & 1 == 1 => return None,
            b']' => {
                (looked.digits, looked.end) = (up_to, Some(block + bit as usize));
                return Some(looked);
            }
            b'0'..=b'9' | b'.' | b'e' | b'E' | b'-' | b'+' => {
                let begun = count + up_to.count_ones() as usize;
                looked.alone |= 1_u128.checked_shl(u32::try_from(begun.checked_sub(1)?).ok()?)?;
            }
            _ => return None,
        }
        unexpected &= unexpected - 1;
    }
    Some(looked)
}

/// Parses the numbers of the batch that need it individually. Each must fill the space between two separators exactly.
#[cold]
#[inline(never)]
pub(super) fn each_alone<const SPACED: bool>(
    text: &[u8],
    end: Option<usize>,
    batch: &mut Batch,
    one: ReadOne,
    out: &mut [f32],
) -> Option<()> {
    if batch.alone.count_ones() > MOST_ALONE {
        return None;
    }
    let separator = separator::<SPACED>();
    let begin = |number: usize| {
        let window = *batch.windows.get(number)? as usize;
        Some(if text.get(window) == Some(&b'-') { window } else { window + 1 })
    };
    let mut left = batch.alone;
    while left != 0 {
        let number = left.trailing_zeros() as usize;
        // A number whose successor is not located yet waits for the next batch.
        let Some(to) = out.get_mut(number) else { break };
        let from = begin(number)?;
        let until = match end {
            Some(end) if number + 1 == batch.count => end,
            _ => begin(number + 1)?.checked_sub(separator.len())?,
        };
        if !text.get(..from)?.ends_with(separator) {
            return None;
        }
        let (value, used) = one(text.get(from..)?)?;
        if from + used != until {
            return None;
        }
        *to = value;
        left &= left - 1;
    }
    batch.alone = left;
    Some(())
}
