//! The options of a load that say what its input looks like.
#![expect(clippy::doc_markdown, reason = "doc comments are the help texts, as a terminal shows them")]

use clap::{Args, ValueEnum};

use super::parse::whole;
use crate::values::{Character, Quote};

/// What the input looks like.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Input")]
pub struct Reading {
    /// The vectors as ossutil takes them: JSON text, file://PATH, or - for standard input
    #[arg(long, value_name = "JSON|file://PATH|-", conflicts_with = "inputs", allow_hyphen_values = true)]
    pub vectors: Option<String>,
    /// Format of the input
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: FormatName,
    /// Field or column that holds the key; a path is joined by dots [default: the first of key, id, _id, uuid, doc_id, custom_id, recordId]
    #[arg(long, value_name = "FIELD")]
    pub key: Option<String>,
    /// Field or column that holds the vector; a path is joined by dots
    /// [default: data.float32, vector, values, embedding or emb]
    #[arg(long, value_name = "FIELD")]
    pub vector: Option<String>,
    /// Fields or columns that hold metadata: an object's members, or one value each; '*' is every field but key and
    /// vector, -FIELD leaves one out [default: the object metadata, payload or properties]
    #[arg(long, value_name = "FIELD", value_delimiter = ',', allow_hyphen_values = true)]
    pub metadata: Vec<String>,
    /// Numbers and booleans in metadata: reject the record, or write them as text
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    pub metadata_values: MetadataValuesName,
    /// Leave out files that cannot be loaded, and load the others; without it, nothing is sent
    #[arg(long)]
    pub skip_bad_files: bool,
    /// Fail when all inputs together hold fewer records, earlier runs of the load included
    #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "N", value_parser = whole)]
    pub min_records: u64,
    /// Stop at what is otherwise only noted: fields that are not stored, keys of different fields, several namespaces
    #[arg(long)]
    pub strict: bool,
}

/// How CSV and TSV are written; nothing of it counts for JSON.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Tables (CSV and TSV)")]
pub struct TableOptions {
    /// Character between cells, or tab; by default recognised among comma, tab and semicolon
    #[arg(long, value_name = "CHAR", allow_hyphen_values = true)]
    pub delimiter: Option<Character>,
    /// Character around quoted cells; none for files that never quote, such as the dumps of databases [default: "]
    #[arg(long, value_name = "CHAR|none", allow_hyphen_values = true)]
    pub quote: Option<Quote>,
    /// Character before a quote inside a quoted cell, such as \ in the files of Spark; a doubled quote always counts
    #[arg(long, value_name = "CHAR", allow_hyphen_values = true)]
    pub escape: Option<Character>,
    /// Lines that start with this character are passed over
    #[arg(long, value_name = "CHAR", allow_hyphen_values = true)]
    pub comment: Option<Character>,
    /// An unquoted cell of exactly this text is an empty one, such as NULL or \N
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub null: Option<String>,
    /// The first row is data; columns are named by their numbers from 1: --key 1 --vector 2 --metadata 3
    #[arg(long)]
    pub no_header: bool,
    /// Quoted cells may hold lines that read as records of the table
    #[arg(long)]
    pub multiline_cells: bool,
}

/// Formats of input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FormatName {
    /// By content, then by name
    #[default]
    Auto,
    /// An array, an object holding one, or objects one after another
    Json,
    /// One JSON object a line
    Jsonl,
    /// Comma-separated with a header
    Csv,
    /// Tab-separated with a header
    Tsv,
}

/// What becomes of numbers and booleans in metadata.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MetadataValuesName {
    /// The record is rejected
    #[default]
    Reject,
    /// They are written as text; null and NaN are left out
    Text,
}
