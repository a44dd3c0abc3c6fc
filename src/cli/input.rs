//! The options of a load that say what its input looks like.
#![expect(clippy::doc_markdown, reason = "doc comments are the help texts, as a terminal shows them")]

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::parse::whole;
use crate::read::Format;
use crate::values::{Character, Quote};

/// What the input looks like.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Input")]
pub struct InputOptions {
    /// Vectors in the form of ossutil: JSON, file://PATH, or - for standard input
    #[arg(
        long,
        hide_short_help = true,
        value_name = "JSON|file://PATH|-",
        conflicts_with_all = ["inputs", "files_from"],
        allow_hyphen_values = true
    )]
    pub vectors: Option<String>,
    /// Load the files that this file lists, after the inputs named here; - for standard input.
    ///
    /// One name per line, or each name ended by a NUL byte, as find -print0 writes them. Relative names start from the
    /// current directory.
    #[arg(long, hide_short_help = true, value_name = "FILE|-")]
    pub files_from: Option<PathBuf>,
    /// Format of the input
    #[arg(long, hide_short_help = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: FormatName,
    /// Field or column with the key.
    ///
    /// For a nested field, join the names with dots: doc.id
    ///
    /// [default: the first of key, id, _id, uuid, doc_id, custom_id, recordId]
    #[arg(long, value_name = "FIELD")]
    pub key: Option<String>,
    /// Field or column with the vector.
    ///
    /// For a nested field, join the names with dots: doc.vector
    ///
    /// [default: data.float32, vector, values, embedding or emb]
    #[arg(long, value_name = "FIELD")]
    pub vector: Option<String>,
    /// Fields or columns to store as metadata; '*' for all.
    ///
    /// Objects are stored member by member.
    ///
    /// '*' means every field except key and vector; -FIELD excludes one.
    ///
    /// [default: the object metadata, payload or properties]
    #[arg(long, value_name = "FIELD", value_delimiter = ',', allow_hyphen_values = true)]
    pub metadata: Vec<String>,
    /// How to treat numbers and booleans in metadata
    #[arg(long, hide_short_help = true, value_enum, default_value_t, value_name = "HOW")]
    pub metadata_values: MetadataValuesName,
    /// Skip files that cannot be loaded.
    ///
    /// Without it, one such file ends the load before anything is sent.
    #[arg(long)]
    pub skip_bad_files: bool,
    /// Fail if all inputs together hold fewer records than this.
    ///
    /// Records of earlier runs of the same load count.
    #[arg(long, hide_short_help = true, default_value_t = 0, hide_default_value = true, value_name = "N", value_parser = whole)]
    pub min_records: u64,
    /// Treat notes on the input as errors.
    ///
    /// For example: fields that are not stored, keys from different fields, several namespaces.
    #[arg(long)]
    pub strict: bool,
}

/// How CSV and TSV are written; nothing of it counts for JSON.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Tables (CSV and TSV)")]
pub struct TableOptions {
    /// Character between cells, or tab.
    ///
    /// By default, ossvec detects comma, tab and semicolon.
    #[arg(long, hide_short_help = true, value_name = "CHAR", allow_hyphen_values = true)]
    pub delimiter: Option<Character>,
    /// Character around quoted cells, or none.
    ///
    /// Use none for files that never quote, such as database dumps.
    ///
    /// [default: "]
    #[arg(long, hide_short_help = true, value_name = "CHAR|none", allow_hyphen_values = true)]
    pub quote: Option<Quote>,
    /// Character that escapes a quote inside a quoted cell.
    ///
    /// Spark uses \. A doubled quote always works.
    #[arg(long, hide_short_help = true, value_name = "CHAR", allow_hyphen_values = true)]
    pub escape: Option<Character>,
    /// Skip lines that start with this character
    #[arg(long, hide_short_help = true, value_name = "CHAR", allow_hyphen_values = true)]
    pub comment: Option<Character>,
    /// Treat unquoted cells with exactly this text as empty, such as NULL or \N
    #[arg(long, hide_short_help = true, value_name = "TEXT", allow_hyphen_values = true)]
    pub null: Option<String>,
    /// Treat the first row as data.
    ///
    /// Name columns by their numbers, from 1: --key 1 --vector 2 --metadata 3
    #[arg(long, hide_short_help = true)]
    pub no_header: bool,
    /// Allow quoted cells with lines that look like records
    #[arg(long, hide_short_help = true)]
    pub multiline_cells: bool,
}

/// A format of input; with none each input shows its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FormatName(pub Option<Format>);

/// What `--format` can be: `auto` first, then the formats that can be read.
const FORMAT_NAMES: [FormatName; Format::ALL.len() + 1] = {
    let mut names = [FormatName(None); Format::ALL.len() + 1];
    let mut index = 0;
    while index < Format::ALL.len() {
        names[index + 1] = FormatName(Some(Format::ALL[index]));
        index += 1;
    }
    names
};

impl ValueEnum for FormatName {
    fn value_variants<'a>() -> &'a [Self] {
        &FORMAT_NAMES
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self.0 {
            None => PossibleValue::new("auto").help("By content, then by file name"),
            Some(format) => PossibleValue::new(format.name()).help(format.help()),
        })
    }
}

/// What becomes of numbers and booleans in metadata.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MetadataValuesName {
    /// Reject the record
    #[default]
    Reject,
    /// Store them as text; null and NaN are omitted
    Text,
}
