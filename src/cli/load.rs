//! The options of a load: its target, how it is sent and what is reported.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::builder::RangedI64ValueParser;
use clap::{ArgAction, Args, ValueEnum, ValueHint};

use super::global::defined;
use super::input::{InputOptions, TableOptions};
use super::parse::switch;
use crate::oss::limits;
use crate::values::{MostRejects, Period, Rate, Size, Timeout};

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
#[command(mut_args = defined)]
pub struct PutVectors {
    /// Files or directories to load, or - for standard input.
    ///
    /// Files compressed with gzip, zstd, bzip2, xz or LZ4 are recognised by their content.
    #[arg(value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub to: To,
    #[command(flatten)]
    pub reading: InputOptions,
    #[command(flatten)]
    pub tables: TableOptions,
    #[command(flatten)]
    pub sending: Sending,
    #[command(flatten)]
    pub reporting: Reporting,
}

/// Where to.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Target")]
pub struct To {
    #[arg(long)]
    pub bucket: Option<String>,
    #[arg(long)]
    pub index_name: Option<String>,
    /// Create the index if it does not exist.
    ///
    /// Requires --distance-metric. An existing index is used as it is. The dimension of a new one is --dimension, or that
    /// of the first records.
    #[arg(long)]
    pub create_index: bool,
    /// Number of elements in each vector.
    ///
    /// [default: that of the index, or of the first records]
    #[arg(long, hide_short_help = true, value_name = "N", value_parser = within(&limits::DIMENSION), allow_negative_numbers = true)]
    pub dimension: Option<u16>,
    /// Distance metric for a new index
    #[arg(long, hide_short_help = true, value_enum, value_name = "METRIC")]
    pub distance_metric: Option<Metric>,
    /// Metadata fields that queries cannot filter by, for --create-index and --dry-run
    #[arg(long, hide_short_help = true, value_name = "NAME", value_delimiter = ',')]
    pub non_filterable_metadata_keys: Vec<String>,
    /// Load into a local service; needs no account.
    ///
    /// The service runs inside this command and keeps its data on this machine.
    #[arg(long)]
    pub local: bool,
    /// Directory for the local service's data.
    ///
    /// [default: ~/.local/share/ossvec; on macOS and Windows, ossvec in the user's application data directory]
    #[arg(long, hide_short_help = true, value_name = "DIR", requires = "local", value_hint = ValueHint::DirPath)]
    pub data_dir: Option<PathBuf>,
}

/// How the distance of two vectors is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Metric {
    /// Angle between vectors
    Cosine,
    /// Straight-line distance between vectors
    Euclidean,
}

/// How batches are made and sent.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Sending")]
pub struct Sending {
    /// Maximum vectors per request
    #[arg(long, hide_short_help = true, default_value_t = MOST_VECTORS, value_name = "N",
        value_parser = within(&(1..=MOST_VECTORS)),
        help = format!("Maximum vectors per request, 1 to {MOST_VECTORS}"), allow_negative_numbers = true)]
    pub batch_size: u16,
    /// Maximum size of a request
    #[arg(
        long,
        hide_short_help = true,
        default_value = "16MiB",
        value_name = "SIZE",
        allow_negative_numbers = true
    )]
    pub batch_bytes: Size,
    /// Maximum requests per second.
    ///
    /// 0 removes the limit.
    #[arg(long, default_value_t = Rate(limits::PUT_REQUESTS_PER_SECOND), value_name = "N", allow_negative_numbers = true)]
    pub requests_per_second: Rate,
    /// Maximum vectors per second.
    ///
    /// 0 removes the limit.
    #[arg(long, default_value_t = Rate(limits::PUT_VECTORS_PER_SECOND), value_name = "N", allow_negative_numbers = true)]
    pub vectors_per_second: Rate,
    /// Maximum concurrent requests
    #[arg(short = 'j', long, hide_short_help = true, default_value_t = 16, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256), allow_negative_numbers = true)]
    pub job: u16,
    /// Maximum memory for batches, waiting and in flight
    #[arg(
        long,
        hide_short_help = true,
        default_value = "96MiB",
        value_name = "SIZE",
        allow_negative_numbers = true
    )]
    pub memory: Size,
    /// Maximum time to keep retrying a request
    #[arg(
        long,
        hide_short_help = true,
        default_value = "15m",
        value_name = "TIME",
        allow_negative_numbers = true
    )]
    pub retry_max_time: Period,
    /// Maximum time to keep trying to reach the service for the first time.
    ///
    /// Applies if the host is unknown or there is no connection: the region or the endpoint is then probably wrong.
    #[arg(
        long,
        hide_short_help = true,
        default_value = "30s",
        value_name = "TIME",
        allow_negative_numbers = true
    )]
    pub retry_first_contact: Period,
    /// Which batches to read back.
    ///
    /// Reading back confirms that the vectors are stored. Reading back all can make a load up to six times slower:
    /// every 100 vectors cost one more request.
    #[arg(long, hide_short_help = true, value_enum, default_value_t, value_name = "WHICH")]
    pub verify: VerifyName,
    /// Whether requests carry a Content-MD5 header.
    ///
    /// With it, a body damaged on the way can be refused. "auto" is "always" as long as no response of the service shows
    /// that it does not check the header.
    #[arg(long, hide_short_help = true, value_enum, default_value_t, value_name = "WHEN")]
    pub content_md5: ContentMd5,
    /// Maximum rejected records.
    ///
    /// The load stops when more are rejected. Give a count, a percentage of the records read (5%), or none for no limit.
    #[arg(long, default_value = "100", value_name = "N|N%|none", allow_negative_numbers = true)]
    pub max_rejects: MostRejects,
    /// Ask the service and check the first records without sending anything.
    ///
    /// Shows the bucket and the index with its dimension and metric next to the dimension of the input.
    #[arg(long, hide_short_help = true, conflicts_with_all = ["dry_run", "local"])]
    pub check: bool,
    /// Check all input without sending anything.
    ///
    /// Needs no credentials. With credentials, a bucket and an index, it also asks the service for both, as --check does.
    #[arg(short = 'n', long, action = ArgAction::Set, value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true", default_value = "false", hide_default_value = true, value_parser = switch)]
    pub dry_run: bool,
}

/// Whether requests carry the MD5 of their bodies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ContentMd5 {
    /// Always, as far as is known of the service
    #[default]
    Auto,
    /// Every request
    Always,
    /// No request; saves processor time
    Never,
}

/// Which batches are read back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum VerifyName {
    /// Batches that got no response
    #[default]
    Unknown,
    /// All batches
    All,
    /// No batches
    None,
}

/// What to report, and where.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Reporting")]
pub struct Reporting {
    /// Write rejected records to this file.
    ///
    /// One JSON object per line, ready to be fixed and loaded again.
    ///
    /// [default: rejects.jsonl next to the load's journal]
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// Continue the load where an earlier run stopped.
    ///
    /// Inputs that were loaded completely and have not changed are skipped; if that is all of them, nothing is done. If
    /// there is nothing to resume, start from the beginning.
    #[arg(long)]
    pub resume: bool,
    /// With --resume, what to do with an input that was loaded in part and has changed or is gone.
    ///
    /// "refuse" ends the run; "restart" loads the input from its beginning, or leaves it out.
    #[arg(long, hide_short_help = true, value_enum, default_value_t, value_name = "ACTION")]
    pub on_change: WhenChanged,
    /// Directory for the journals of loads.
    ///
    /// [default: ~/.local/state/ossvec; on macOS and Windows, ossvec in the user's application data directory]
    #[arg(long, hide_short_help = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub checkpoint_dir: Option<PathBuf>,
    /// Write JSON events to this file; - for standard output.
    ///
    /// One JSON object per line.
    #[arg(long, value_name = "FILE|-")]
    pub events: Option<PathBuf>,
    /// Write the state of the run to this file for Prometheus.
    ///
    /// The file is replaced every 5 seconds and at the end, for the textfile collector of Prometheus: name it *.prom, in
    /// the collector's directory.
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    pub metrics_file: Option<PathBuf>,
    /// Format of the summary
    #[arg(long, hide_short_help = true, value_enum, default_value_t, value_name = "FORM")]
    pub output_format: OutputFormat,
    /// Progress on standard error.
    ///
    /// With every style, SIGUSR1 prints a line immediately.
    #[arg(long, hide_short_help = true, value_enum, default_value_t, value_name = "STYLE")]
    pub progress: ProgressStyle,
    #[arg(long, allow_negative_numbers = true)]
    pub progress_interval: Option<Timeout>,
}

/// What becomes of an input that was loaded in part and has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum WhenChanged {
    /// The run ends.
    #[default]
    Refuse,
    /// It is loaded from its beginning, or left out if it is gone.
    Restart,
}

/// Form of the summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// Lines of text
    #[default]
    Text,
    /// A JSON document
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
    /// A bar on a terminal, lines elsewhere and in CI
    #[default]
    Auto,
    /// A progress bar
    Bar,
    /// A line every --progress-interval
    Plain,
    /// No progress
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
            Command::PutVectors(load) => Some(load.0),
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
