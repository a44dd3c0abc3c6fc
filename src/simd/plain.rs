//! What the caller hands in: the plain code for one number.

/// The room that the plain code has for the text of one number.
pub(crate) const ROOM: usize = 32;

/// Reads the one number at the start of a text, if it is JSON's and finite, and says how many bytes it takes.
pub(super) type ReadOne = fn(&[u8]) -> Option<(f32, usize)>;

/// Writes one number and says how long its text is.
pub(super) type WriteOne = fn(f32, &mut [u8; ROOM]) -> usize;
