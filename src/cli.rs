//! The command line: names, help texts and value types, nothing else. `settings` makes plain values of it.
#![expect(clippy::doc_markdown, reason = "doc comments are the help texts, as a terminal shows them")]

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::oss::credential::Secret;
use crate::values::{Period, Rate, Size};

/// Loads ready-made vectors into Alibaba Cloud OSS vector buckets.
///
/// Exit codes: 0 everything stored · 1 usage · 2 the service refused or stayed unreachable · 3 input, configuration,
/// credentials or disk · 4 records rejected or unknown · 5 interrupted.
#[derive(Debug, Parser)]
#[command(
    name = "ossvec",
    version,
    propagate_version = true,
    arg_required_else_help = false,
    max_term_width = 110
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Load vectors from JSON, JSONL, CSV or TSV into an index
    #[command(visible_alias = "put")]
    PutVectors(Box<PutVectors>),
    /// Commands in ossutil's own form
    VectorsApi(VectorsApi),
    /// Run a local OSS Vectors service
    Serve(Serve),
}

/// `vectors-api`, under which ossutil has its commands for vectors.
#[derive(Debug, Args)]
#[command(arg_required_else_help = false)]
pub struct VectorsApi {
    /// What to do.
    #[command(subcommand)]
    pub command: VectorsApiCommand,
}

/// The commands below `vectors-api`.
#[derive(Debug, Subcommand)]
pub enum VectorsApiCommand {
    /// Load vectors; the same as `ossvec put-vectors`
    PutVectors(Box<PutVectors>),
}

/// Options of every command, named as ossutil names them.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Service options")]
pub struct Global {
    /// Access key id [env: OSS_ACCESS_KEY_ID]
    #[arg(short = 'i', long, global = true, value_name = "ID")]
    pub access_key_id: Option<String>,
    /// Access key secret; other users of the machine can see it while the command runs, the variable is safer
    /// [env: OSS_ACCESS_KEY_SECRET]
    #[arg(short = 'k', long, global = true, value_name = "SECRET", value_parser = secret)]
    pub access_key_secret: Option<Secret>,
    /// Token of a temporary access key [env: OSS_SESSION_TOKEN]
    #[arg(short = 't', long, global = true, value_name = "TOKEN", value_parser = secret)]
    pub sts_token: Option<Secret>,
    /// Region id, such as cn-hangzhou [env: OSS_REGION]
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,
    /// Host of the service, or the whole URL of a bucket; by default the region's public host [env: OSS_ENDPOINT]
    #[arg(short = 'e', long, global = true, value_name = "HOST")]
    pub endpoint: Option<String>,
    /// Account id (UID) of the bucket's owner, digits only [env: OSS_ACCOUNT_ID]
    #[arg(long, global = true, value_name = "UID")]
    pub account_id: Option<String>,
    /// ossutil's configuration file [default: ~/.ossutilconfig] [env: OSSUTIL_CONFIG_FILE]
    #[arg(short = 'c', long, global = true, value_name = "FILE")]
    pub config_file: Option<PathBuf>,
    /// Profile of the configuration file [env: OSSUTIL_PROFILE]
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Where the bucket stands in the URL; an IP address is always addressed by path
    #[arg(long, global = true, value_enum, value_name = "STYLE")]
    pub addressing_style: Option<AddressingStyle>,
    /// Longest time to connect [default: 10s]
    #[arg(long, global = true, value_name = "TIME")]
    pub connect_timeout: Option<Period>,
    /// Longest time without a byte sent or received [default: 20s]
    #[arg(long, global = true, value_name = "TIME")]
    pub read_timeout: Option<Period>,
    /// Do not check the server's certificate
    #[arg(long, global = true)]
    pub skip_verify_cert: bool,
    /// Print nothing but errors and the summary
    #[arg(short = 'q', long, global = true)]
    pub quiet: bool,
}

/// Where the bucket stands in the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AddressingStyle {
    /// In the host
    Virtual,
    /// In the path
    Path,
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
    pub sending: Sending,
    #[command(flatten)]
    #[expect(missing_docs, reason = "the doc comment would become the command's help")]
    pub reporting: Reporting,
}

/// Where to.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Target")]
pub struct To {
    /// Vector bucket
    #[arg(long, value_name = "BUCKET")]
    pub bucket: Option<String>,
    /// Index in the bucket
    #[arg(long, value_name = "INDEX")]
    pub index_name: Option<String>,
    /// Create the index if it is missing; its dimension is that of the first good record
    #[arg(long)]
    pub create_index: bool,
    /// Elements of every vector; by default those of the index, else of the first good record
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub dimension: Option<u16>,
    /// How the index measures; needed to create one
    #[arg(long, value_enum, value_name = "METRIC")]
    pub distance_metric: Option<Metric>,
    /// Metadata fields that cannot be filtered by, for --create-index and --dry-run
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub non_filterable_metadata_keys: Vec<String>,
    /// Load into a service inside this command, stored on this machine; needs no account
    #[arg(long)]
    pub local: bool,
    /// Where the local service keeps its data [default: the user's data directory]
    #[arg(long, value_name = "DIR", requires = "local")]
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
    /// Field or column that holds the key [default: the first of key, id, _id, uuid, doc_id, custom_id, recordId]
    #[arg(long, value_name = "FIELD")]
    pub key: Option<String>,
    /// Field or column that holds the vector; a path is joined by dots
    /// [default: data.float32, vector, values, embedding or emb]
    #[arg(long, value_name = "FIELD")]
    pub vector: Option<String>,
    /// Fields or columns that hold metadata: an object's members, or one value each
    /// [default: the object metadata, payload or properties]
    #[arg(long, value_name = "FIELD", value_delimiter = ',')]
    pub metadata: Vec<String>,
    /// Numbers and booleans in metadata: reject the record, or write them as text
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    pub metadata_values: MetadataValuesName,
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
    /// They are written as text, null is left out
    Text,
}

/// How batches are made and sent.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Sending")]
pub struct Sending {
    /// Most vectors of one request, 1 to 500
    #[arg(long, default_value_t = 500, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=500))]
    pub batch_size: u16,
    /// Most bytes of one request
    #[arg(long, default_value = "16MiB", value_name = "SIZE")]
    pub batch_bytes: Size,
    /// Most requests a second; 0 is no limit
    #[arg(long, default_value = "5", value_name = "N", allow_negative_numbers = true)]
    pub requests_per_second: Rate,
    /// Most vectors a second; 0 is no limit
    #[arg(long, default_value = "2500", value_name = "N", allow_negative_numbers = true)]
    pub vectors_per_second: Rate,
    /// Most requests in flight
    #[arg(short = 'j', long, default_value_t = 16, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub job: u16,
    /// Most memory for all batches, queued and in flight
    #[arg(long, default_value = "96MiB", value_name = "SIZE")]
    pub memory: Size,
    /// Most retries of one request; throttled answers do not count. The time below usually ends first
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub retry_times: u32,
    /// Longest time to try one request
    #[arg(long, default_value = "15m", value_name = "TIME")]
    pub retry_max_time: Period,
    /// Which batches are read back to see whether they are stored
    #[arg(long, value_enum, default_value_t, value_name = "WHICH")]
    pub verify: VerifyName,
    /// Stop when more records are rejected: a number, a part of those read (5%), or none
    #[arg(long, default_value = "100", value_name = "N|N%|none")]
    pub max_rejects: crate::values::MostRejects,
    /// Read and check everything, send nothing; needs no credentials
    #[arg(short = 'n', long)]
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
    /// [default: a file in the user's state directory]
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// Go on where an earlier run of the same load stopped; without one, start from the beginning
    #[arg(long)]
    pub resume: bool,
    /// Where the journals of loads are kept [default: the user's state directory]
    #[arg(long, value_name = "DIR")]
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

/// Runs a local service.
#[derive(Clone, Debug, Args)]
pub struct Serve {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:9410", value_name = "ADDRESS")]
    pub listen: String,
    /// Where data is kept [default: the user's data directory]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Most PutVectors requests a second; 0 is no limit
    #[arg(long, default_value = "5", value_name = "N", allow_negative_numbers = true)]
    pub requests_per_second: Rate,
    /// Most vectors a second; 0 is no limit
    #[arg(long, default_value = "2500", value_name = "N", allow_negative_numbers = true)]
    pub vectors_per_second: Rate,
    /// Time added to every answer
    #[arg(long, default_value = "0s", value_name = "TIME")]
    pub latency: Period,
    /// Scripted trouble, such as op=PutVectors,nth=3,status=503,code=InternalError,apply=half; repeatable
    #[arg(long, value_name = "SPEC")]
    pub fault: Vec<String>,
}

#[expect(clippy::unnecessary_wraps, reason = "the form of a value parser")]
fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text))
}
