//! The options of a load: where to, how it is sent, what is told.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::builder::RangedI64ValueParser;
use clap::{ArgAction, Args, ValueEnum, ValueHint};

use super::global::defined;
use super::input::{Reading, TableOptions};
use super::parse::switch;
use crate::oss::limits;
use crate::values::{MostRejects, Period, Rate, Size};

/// Most vectors in one request.
#[expect(clippy::cast_possible_truncation, reason = "the service takes 500")]
const MOST_VECTORS: u16 = limits::VECTORS_PER_PUT as u16;

/// A whole number that the service takes.
fn within<T: Copy + TryInto<i64>>(bounds: &RangeInclusive<T>) -> RangedI64ValueParser<u16> {
    let bound = |number: T| number.try_into().unwrap_or(i64::MAX);
    clap::value_parser!(u16).range(bound(*bounds.start())..=bound(*bounds.end()))
}

/// Loads vectors.
#[derive(Clone, Debug, Args)]
pub struct PutVectors {
    /// Files, directories, or - for standard input; gzip and zstd are recognised by their content
    #[arg(value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "the doc comment would become the command's help")]
    pub to: To,
    #[command(flatten)]
    #[expect(missing_docs, reason = "the doc comment would become the command's help")]
    pub reading: Reading,
    #[command(flatten)]
    #[expect(missing_docs, reason = "the doc comment would become the command's help")]
    pub tables: TableOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "the doc comment would become the command's help")]
    pub sending: Sending,
    #[command(flatten)]
    #[expect(missing_docs, reason = "the doc comment would become the command's help")]
    pub reporting: Reporting,
}

/// Where to.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Target", mut_args = defined)]
pub struct To {
    #[arg(long)]
    #[expect(missing_docs, reason = "the table of settings says what it is")]
    pub bucket: Option<String>,
    #[arg(long)]
    #[expect(missing_docs, reason = "the table of settings says what it is")]
    pub index_name: Option<String>,
    /// Create the index if it is missing, with the dimension that the first records agree on
    #[arg(long)]
    pub create_index: bool,
    /// Number of elements of every vector [default: that of the index, else the one that the first records agree on]
    #[arg(long, value_name = "N", value_parser = within(&limits::DIMENSION))]
    pub dimension: Option<u16>,
    /// How the distance of two vectors is measured; needed to create an index
    #[arg(long, value_enum, value_name = "METRIC")]
    pub distance_metric: Option<Metric>,
    /// Metadata fields that queries cannot filter by, for --create-index and --dry-run
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub non_filterable_metadata_keys: Vec<String>,
    /// Load into a service inside this command, stored on this machine; needs no account
    #[arg(long)]
    pub local: bool,
    /// Where the local service keeps its data [default: ~/.local/share/ossvec; on macOS and Windows the folder ossvec
    /// in the user's application data]
    #[arg(long, value_name = "DIR", requires = "local", value_hint = ValueHint::DirPath)]
    pub data_dir: Option<PathBuf>,
}

/// How the distance of two vectors is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Metric {
    /// By the angle between them
    Cosine,
    /// By the length of their difference
    Euclidean,
}

/// How batches are made and sent.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Sending")]
pub struct Sending {
    /// How many vectors go into one request at most
    #[arg(long, default_value_t = MOST_VECTORS, value_name = "N", value_parser = within(&(1..=MOST_VECTORS)),
        help = format!("How many vectors go into one request at most, 1 to {MOST_VECTORS}"))]
    pub batch_size: u16,
    /// How large one request is at most
    #[arg(long, default_value = "16MiB", value_name = "SIZE")]
    pub batch_bytes: Size,
    /// How many requests are sent in a second at most; 0 is no limit
    #[arg(long, default_value_t = Rate(limits::PUT_REQUESTS_PER_SECOND), value_name = "N", allow_negative_numbers = true)]
    pub requests_per_second: Rate,
    /// How many vectors are sent in a second at most; 0 is no limit
    #[arg(long, default_value_t = Rate(limits::PUT_VECTORS_PER_SECOND), value_name = "N", allow_negative_numbers = true)]
    pub vectors_per_second: Rate,
    /// How many requests are in flight at once at most
    #[arg(short = 'j', long, default_value_t = 16, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub job: u16,
    /// How much memory all batches take at most, those that wait and those in flight
    #[arg(long, default_value = "96MiB", value_name = "SIZE")]
    pub memory: Size,
    /// How long one request is tried before it is given up
    #[arg(long, default_value = "15m", value_name = "TIME")]
    pub retry_max_time: Period,
    /// Which batches are read back to see whether they are stored; all makes a load up to six times as long, since
    /// each 100 vectors are one request more
    #[arg(long, value_enum, default_value_t, value_name = "WHICH")]
    pub verify: VerifyName,
    /// Stop when more records are rejected: a number, a part of those read (5%), or none
    #[arg(long, default_value = "100", value_name = "N|N%|none")]
    pub max_rejects: MostRejects,
    /// Read and check everything, send nothing; needs no credentials
    #[arg(short = 'n', long, action = ArgAction::Set, value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true", default_value = "false", hide_default_value = true, value_parser = switch)]
    pub dry_run: bool,
}

/// Which batches are read back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum VerifyName {
    /// Those whose answer never came
    #[default]
    Unknown,
    /// All
    All,
    /// None
    None,
}

/// What is told, and where.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Reporting")]
pub struct Reporting {
    /// Where rejected records go, one JSON line each, ready to be mended and fed again
    /// [default: rejects.jsonl beside the load's journal]
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// Go on where an earlier run of the same load stopped. Where none stopped, and after a complete load, start from
    /// the beginning
    #[arg(long)]
    pub resume: bool,
    /// Where the journals of loads are kept [default: ~/.local/state/ossvec; on macOS and Windows the folder ossvec in
    /// the user's application data]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub checkpoint_dir: Option<PathBuf>,
    /// Where events go, one JSON line each; - is standard output
    #[arg(long, value_name = "FILE|-")]
    pub events: Option<PathBuf>,
    /// Form of the summary on standard output
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub output_format: OutputFormat,
    /// Progress on standard error; whatever the style, SIGUSR1 prints a line at once
    #[arg(long, value_enum, default_value_t, value_name = "STYLE")]
    pub progress: ProgressStyle,
}

/// Form of the summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// Lines for people
    #[default]
    Text,
    /// One JSON document
    Json,
    /// ossutil's: the answer's body as it came
    #[value(hide = true)]
    Raw,
    /// ossutil's: the answer's body as XML
    #[value(hide = true)]
    Xml,
    /// ossutil's: the answer's body as YAML
    #[value(hide = true)]
    Yaml,
}

/// Progress on standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressStyle {
    /// A bar on a terminal, plain lines elsewhere and under CI
    #[default]
    Auto,
    /// A bar
    Bar,
    /// A line every 30 seconds
    Plain,
    /// Nothing
    None,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn parsed(flags: &[String]) -> Option<Box<PutVectors>> {
        let words = ["ossvec", "put-vectors", "a"].into_iter().map(str::to_owned);
        match Cli::try_parse_from(words.chain(flags.iter().cloned())).ok()?.command {
            Command::PutVectors(load) => Some(load),
            _ => None,
        }
    }

    #[test]
    fn the_bounds_of_numbers_are_those_of_the_service() {
        let most = usize::try_from(*limits::DIMENSION.end()).unwrap();
        for (flag, most) in [("--dimension", most), ("--batch-size", limits::VECTORS_PER_PUT)] {
            for (number, is_taken) in [(0, false), (1, true), (most, true), (most + 1, false)] {
                let flags = [flag.to_owned(), number.to_string()];
                assert_eq!(parsed(&flags).is_some(), is_taken, "{flags:?}");
            }
        }
    }

    #[test]
    fn a_load_keeps_by_default_to_what_the_service_takes() {
        let sending = parsed(&[]).unwrap().sending;
        assert_eq!(usize::from(sending.batch_size), limits::VECTORS_PER_PUT);
        assert_eq!(sending.requests_per_second, Rate(limits::PUT_REQUESTS_PER_SECOND));
        assert_eq!(sending.vectors_per_second, Rate(limits::PUT_VECTORS_PER_SECOND));
    }
}
