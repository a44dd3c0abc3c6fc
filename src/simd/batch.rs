//! What is not as most numbers are, by plain code: what ends a vector, numbers of other spellings, the end of the text.

use super::plain::ReadOne;

/// Numbers of one batch: where they are is found for so many, and then what they are.
pub(super) const BATCH: usize = 128;

/// Most numbers that begin in 64 bytes, if they are of the kind served: `0.1,` sixteen times.
pub(super) const MOST: usize = 16;

/// More numbers of a batch that must be read by themselves are quicker read by the plain code.
const MOST_ALONE: u32 = 32;

/// The numbers found that are not converted yet.
pub(super) struct Batch {
    /// Where the window of each begins: a byte before its first digit. One more tells where the last one ends.
    pub(super) windows: [u32; BATCH + MOST],
    pub(super) count: usize,
    /// A bit for each that has to be read by itself.
    pub(super) alone: u128,
}

pub(super) const fn separator<const SPACED: bool>() -> &'static [u8] {
    if SPACED { b", " } else { b"," }
}

#[expect(clippy::cast_possible_truncation, reason = "the whole text has fewer bytes")]
pub(super) fn place(at: usize) -> u32 {
    at as u32
}

/// The first values, and then zeros.
#[cold]
#[inline(never)]
pub(super) fn padded<T: Copy + Default, const N: usize>(values: &[T]) -> [T; N] {
    let mut padded = [T::default(); N];
    padded.iter_mut().zip(values).for_each(|(to, from)| *to = *from);
    padded
}

/// The window that begins here. `None` if the text ends within it.
#[expect(clippy::inline_always, reason = "else it would be compiled for any processor")]
#[inline(always)]
pub(super) fn window(text: &[u8], at: u32) -> Option<&[u8; 16]> {
    let at = at as usize;
    text.get(at..at + 16)?.first_chunk()
}

/// The windows of eight numbers in this order, with zeros behind the text, which are as good as separators.
#[cold]
#[inline(never)]
pub(super) fn at_the_end(text: &[u8], windows: &[u32; 9], order: [usize; 8]) -> [[u8; 16]; 8] {
    order.map(|number| padded(text.get(windows[number] as usize..).unwrap_or_default()))
}

/// What unexpected bytes are.
pub(super) struct Looked {
    /// The first digits before the end.
    pub(super) digits: u64,
    /// A bit for each number of the batch that has another spelling.
    pub(super) alone: u128,
    pub(super) end: Option<usize>,
}

/// Whether bytes that are not as expected end the vector, or belong to numbers of another spelling. `None` if they do
/// neither.
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
            // Where a number should begin, there is none: `1, ]`.
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

/// Reads the numbers of the batch that have to be read by themselves. Each has to fill exactly what is between two
/// separators.
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
        // One without a number behind it waits for the next batch.
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
