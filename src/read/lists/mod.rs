//! JSON whose fields are columns: lists side by side, or the tables of pandas. Their records are rows.
//!
//! A record is no slice of such text, so it is read several times: once to learn where each column begins and how long
//! it is, and then once for each column that the load needs, all of them together, row by row. Memory holds a block of
//! text a column, whatever the size of the input.

mod column;
mod file;
mod plan;
mod rows;
mod survey;
mod walk;

pub(super) use self::file::ListsFile;
