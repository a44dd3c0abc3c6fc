//! Files of columns: the second kind of input besides text. Their records are rows, and their places are row numbers.
//!
//! A format is a [`Source`](source::Source): it decodes rows slice by slice and can begin at any row. Admission reads a
//! slice through [`Rows`](crate::record::Rows).

mod alike;
mod arrow;
mod arrow_frame;
mod arrow_layout;
mod arrow_text;
mod bare;
mod bytes;
mod cell;
mod element;
mod file;
mod flat;
mod key_array;
mod keys;
mod kind;
mod meaning;
mod npy;
mod npz;
mod numbers;
mod pages;
mod parquet;
mod plan;
mod slice;
mod source;
mod spelling;
mod structures;
mod thrift;
mod wanted;

pub(super) use self::file::ColumnFile;
pub(super) use self::keys::{KeyTrouble, Keys};
pub(super) use self::kind::Kind;
pub(super) use self::wanted::{Need, Wanted};
