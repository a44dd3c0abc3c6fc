//! Step 1 of the path: bytes to records.
//!
//! Inputs are opened, decompressed, recognised and cut into `Block`s of records. A record is a slice of the input's
//! text; reading looks only for its end, and the next step judges it. Memory holds one block of text, or one record if
//! that is larger, however large the input is.
//!
//! `window` holds the current text; `lines`, `elements` and `table` are pure and find the records in it, one module per
//! layout; `recognise` chooses among them. Files of columns are the other kind of input: `columns` decodes their rows.

mod aligned;
mod around;
mod blocks;
mod bounds;
mod buffers;
mod columnar;
mod columns;
mod companion;
mod conversion;
mod convert;
mod cut;
mod cutter;
mod decode;
mod decompress;
mod elements;
mod error;
mod expand;
pub(crate) mod fingerprint;
mod flaw;
mod foreign;
mod form;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod join;
mod keyed;
mod keys_in_json;
mod lines;
mod lists;
mod mark;
mod misaligned;
pub(crate) mod name_list;
mod named;
mod nameless;
mod obstacle;
mod open_input;
mod outline;
mod pairs;
mod preflight;
mod reader;
mod recognise;
mod shape;
mod sizes;
mod table;
mod tear;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod unfit;
mod unjoined;
mod value;
mod void;
mod window;
mod word_vectors;

pub(crate) use self::aligned::stem;
pub use self::blocks::open;
pub(crate) use self::blocks::{Blocks, FailedInput, Opened, total_bytes};
pub(crate) use self::conversion::Written;
pub(crate) use self::convert::{Convertible, Stopped};
pub(crate) use self::error::ReadError;
pub(crate) use self::expand::{Expanded, expand};
pub(crate) use self::join::Join;
pub(crate) use self::preflight::{Chosen, Taken, begins_as, choose};
pub use self::recognise::{Form, Format};
pub(crate) use self::table::Tables;
