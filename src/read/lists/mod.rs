//! JSON whose fields are columns: parallel lists, or the tables of pandas. Their records are rows.
//!
//! A record is not a slice of such text, so the text is read several times: once to find where each column begins and
//! how long it is, and then once for each column that the load needs, all of them in parallel, row by row. Memory holds
//! a block of text per column, whatever the size of the input.

mod column;
mod file;
mod plan;
mod rows;
mod survey;
mod walk;

pub(super) use self::file::ListsFile;
