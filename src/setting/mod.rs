//! Every setting, defined once: flag, variable, key in ossutil's file, whether it is secret, its default, its help.
//!
//! The command line, `config show`, messages about missing settings, the masking of secrets and the table in
//! `docs/configuration.md` are derived from it. The `settings` module decides which source of a value wins.

mod definition;
mod table;
pub(crate) mod variables;

pub use definition::Key;
pub(crate) use definition::{Effect, Fallback, Flag, Secrecy, Setting, Variable};
pub use table::*;
pub(crate) use variables::OSSVEC_NO_SIMD;
pub use variables::{ALSO_READ, FOR_TESTS};
