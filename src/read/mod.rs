//! Step 1 of the path: bytes to records.
//!
//! Inputs are opened, decompressed, recognised and cut into `Block`s of records. A record is a slice of the text it
//! was read in, and nothing in it is looked at beyond what tells its end; whether it is good is the next step's
//! question. Memory holds one block of text, or one record when that is larger, whatever the size of the input.
//!
//! `window` holds the text at hand; `lines`, `elements` and `table` are pure and find the records in it, one a layout;
//! `recognise` chooses among them.

mod around;
mod blocks;
mod columnar;
mod cut;
mod cutter;
mod decompress;
mod elements;
mod error;
mod expand;
pub(crate) mod fingerprint;
mod flaw;
mod foreign;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod lines;
mod mark;
pub(crate) mod name_list;
mod named;
mod open_input;
mod outline;
mod preflight;
mod recognise;
mod shape;
mod sizes;
mod table;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod unfit;
mod value;
mod window;

pub use self::blocks::open;
pub(crate) use self::blocks::{Blocks, FailedInput, total_bytes};
pub(crate) use self::error::ReadError;
pub(crate) use self::expand::{Expanded, expand};
pub(crate) use self::preflight::{Chosen, beginning, choose};
pub use self::recognise::{Form, Format};
pub(crate) use self::table::Tables;
