//! The options of a conversion.
#![expect(clippy::doc_markdown, reason = "doc comments are the help texts, as a terminal shows them")]

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::global::of_no_use;
use crate::encoding::EncodingName;

/// Converts an input.
#[derive(Clone, Debug, Args)]
#[command(args = of_no_use())]
pub struct Convert {
    /// JSON file, or - for standard input
    #[arg(value_name = "INPUT", value_hint = ValueHint::FilePath)]
    pub input: PathBuf,
    /// File to write, or directory if the input holds several objects of columns; it must not exist
    #[arg(value_name = "OUTPUT", value_hint = ValueHint::AnyPath)]
    pub output: PathBuf,
    /// Name of the field with the key; where the input has no name for it, the name to write
    #[arg(long, value_name = "FIELD")]
    pub key: Option<String>,
    /// Name of the field with the vector; where the input has no name for it, the name to write
    #[arg(long, value_name = "FIELD")]
    pub vector: Option<String>,
    /// Encoding of the text, such as gb18030, big5, shift_jis, euc-kr, utf-16 or latin-1
    #[arg(long, default_value_t, value_name = "NAME")]
    pub encoding: EncodingName,
}
