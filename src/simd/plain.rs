//! The functions that the caller passes in: the plain code for one number.

/// The buffer size of the plain code for one number's text.
pub(crate) const ROOM: usize = 32;

/// Reads one number at the start of a text, if it is valid JSON and finite, and returns it with its length in bytes.
pub(super) type ReadOne = fn(&[u8]) -> Option<(f32, usize)>;

/// Writes one number and returns the length of its text.
pub(super) type WriteOne = fn(f32, &mut [u8; ROOM]) -> usize;
