//! The options of a load that describe its input.
#![expect(clippy::doc_markdown, reason = "doc comments are the help texts, as a terminal shows them")]

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::parse::whole;
use crate::encoding::EncodingName;
use crate::read::Format;
use crate::values::{Character, Quote};

// The help texts are constants: in doc comments, rustdoc would read the elements of arrays as links.
const KEY_HELP: &str = "Field or column with the key.

For a nested field, join the names with dots: doc.id, or items[0].id for an element of an array.

[default: the first of key, id, _id, uuid, doc_id, custom_id, recordId]";
const VECTOR_HELP: &str = "Field or column with the vector.

For a nested field, join the names with dots: doc.vector, or data[0].embedding for an element of an array.

If each number has a field or column of its own, put * in place of its number: 'e_*' for e_0, e_1, e_2

[default: data.float32, vector, values, embedding or emb]";

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
    /// Encoding of the text, such as gb18030, big5, shift_jis, euc-kr, utf-16 or latin-1.
    ///
    /// With auto: UTF-8, or UTF-16 with a byte-order mark. A byte-order mark counts before this option.
    #[arg(long, hide_short_help = true, default_value_t, value_name = "NAME")]
    pub encoding: EncodingName,
    /// Field or column with the key
    #[arg(long, value_name = "FIELD", long_help = KEY_HELP)]
    pub key: Option<String>,
    /// Field or column with the vector
    #[arg(long, value_name = "FIELD", long_help = VECTOR_HELP)]
    pub vector: Option<String>,
    /// Fields or columns to store as metadata; '*' for all.
    ///
    /// Objects that it names are stored member by member. NAME=FIELD stores a field under another name.
    ///
    /// '*' means every field except key and vector; -FIELD excludes one.
    ///
    /// [default: the object metadata, payload or properties]
    #[arg(long, value_name = "FIELD", value_delimiter = ',', allow_hyphen_values = true)]
    pub metadata: Vec<String>,
    /// File with the keys of vectors that have none, in the same order.
    ///
    /// One key per line, a NumPy array of text or integers, or the field or column --key of JSONL, CSV or Parquet.
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    pub keys_from: Option<PathBuf>,
    /// File with the metadata of vectors without keys, in the same order.
    ///
    /// JSONL, CSV, TSV, Parquet or Arrow; each record is the metadata of one vector.
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    pub metadata_from: Option<PathBuf>,
    /// Key of each vector without one, made of its file and row, such as '{file}-{row}'.
    ///
    /// {file} is the name of the file up to its first dot, {row} the number of the record, from 0. Records that have a
    /// key are an error, unless --key gives the new keys another name.
    #[arg(long, hide_short_help = true, value_name = "TEMPLATE", conflicts_with = "keys_from")]
    pub key_template: Option<String>,
    /// Add the record of this file that has the same key to each JSON record, as its field joined.
    ///
    /// JSON Lines, such as the request file of a batch, or CSV. The key is --key, or the first of custom_id, recordId,
    /// key, id, _id, uuid, doc_id. Name fields of it as joined.body.input; without --metadata, its text and its metadata are
    /// stored.
    #[arg(
        long,
        hide_short_help = true,
        value_name = "FILE",
        conflicts_with_all = ["keys_from", "metadata_from", "key_template"]
    )]
    pub join: Option<PathBuf>,
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
    #[arg(long, hide_short_help = true, default_value_t = 0, hide_default_value = true, value_name = "N", value_parser = whole, allow_negative_numbers = true)]
    pub min_records: u64,
    /// Treat notes on the input as errors.
    ///
    /// For example: fields that are not stored, keys from different fields, several namespaces.
    #[arg(long)]
    pub strict: bool,
    #[arg(long, value_enum)]
    pub lint: Option<LintName>,
}

/// What becomes of vectors that the service stores and search results suffer from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LintName {
    /// Store them and report how many there are, and the first of each kind
    Note,
    /// Reject them
    Deny,
    /// Do not look for them
    Off,
}

impl std::str::FromStr for LintName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        <Self as ValueEnum>::from_str(text, true).map_err(|_| "expected note, deny or off")
    }
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
    /// Spark uses \. A doubled quote always works. With --quote none it escapes in every cell, as PostgreSQL's COPY and MySQL
    /// write \t, \n, \\ and, for an empty cell, \N.
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
