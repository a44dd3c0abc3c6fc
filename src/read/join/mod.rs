//! Joins a file to the inputs by key: each of their records gets the file's record with the same key as one more
//! member.

mod index;
mod joiner;
mod key;
mod table;
mod twice;

pub(crate) use self::index::Join;
pub(super) use self::joiner::Joiner;
