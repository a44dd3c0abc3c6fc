//! The command line: names, help texts and value types, nothing else. `settings` makes plain values of it.
#![expect(clippy::doc_markdown, reason = "doc comments are the help texts, as a terminal shows them")]

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Arg, ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};

use crate::oss::secret::Secret;
use crate::values::{Character, Period, Quote, Rate, Size, Switch, Timeout};

/// The exit codes with their meanings, for the end of the help and the man page.
pub const EXIT_CODES: [(u8, &str); 6] = [
    (0, "everything is stored"),
    (1, "the command line is wrong; no vector was sent"),
    (2, "the service refused, took no writes, or stayed unreachable"),
    (3, "this side failed: input, configuration, credentials, disk"),
    (4, "records were rejected or are unknown, or no record has a field that is named"),
    (5, "interrupted"),
];

/// What people do with `put-vectors`, each with its command.
pub const EXAMPLES: [(&str, &str); 5] = [
    ("Try a load on this machine, without an account", "ossvec put-vectors vectors.jsonl --local"),
    (
        "Read and check everything, send nothing",
        "ossvec put-vectors vectors.jsonl --dry-run --distance-metric cosine",
    ),
    (
        "Load into an index that is there; the same command continues a load that stopped",
        "ossvec put-vectors vectors.jsonl.gz --bucket my-bucket --index-name docs --resume",
    ),
    (
        "Load a table, creating the index",
        "ossvec put-vectors items.csv --key sku --metadata name,group \\\n  --bucket my-bucket --index-name items --create-index --distance-metric cosine",
    ),
    (
        "Load mended rejects, and what is rejected again into another file",
        "ossvec put-vectors rejects.jsonl --rejects rejects-2.jsonl \\\n  --bucket my-bucket --index-name docs",
    ),
];

/// Loads ready-made vectors into Alibaba Cloud OSS vector buckets.
#[derive(Debug, Parser)]
#[command(
    name = "ossvec",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    max_term_width = 110,
    after_long_help = exit_codes()
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
    #[command(visible_alias = "put", after_long_help = exit_codes() + "\n\n" + &examples())]
    PutVectors(Box<PutVectors>),
    /// Commands in ossutil's own form
    VectorsApi(VectorsApi),
    /// Run a local OSS Vectors service
    Serve(Serve),
    /// Show the settings and where they come from, or write them into ossutil's configuration file
    Config(Config),
    /// Print the completion script of a shell
    ///
    /// For example: mkdir -p ~/.zfunc && ossvec completions zsh > ~/.zfunc/_ossvec
    #[command(args = without_effect(&[]))]
    Completions(Completions),
    /// Write what is generated from the command line's definition below a folder
    #[command(hide = true)]
    Generate(Generate),
    /// Print the names of a bucket's indexes; standard input is the command line as far as it is typed
    #[command(hide = true)]
    CompleteIndexes,
}

/// The configuration.
#[derive(Debug, Args)]
#[command(arg_required_else_help = false)]
pub struct Config {
    /// What to do.
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// The commands below `config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every setting that a load would use; secrets are masked
    Show(ConfigShow),
    /// Ask for the settings and write them into the configuration file, which only its owner can read
    #[command(args = without_effect(&["config_file", "profile"]))]
    Init,
}

/// Prints the settings.
#[derive(Debug, Args)]
pub struct ConfigShow {
    /// Also print which flag, variable or section of the file each comes from
    #[arg(long)]
    pub origin: bool,
    /// For this bucket: the file may say something of its own about it
    #[arg(long, value_name = "BUCKET")]
    pub bucket: Option<String>,
    /// Form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub output_format: OutputFormat,
}

/// `vectors-api`, under which ossutil has its commands for vectors.
#[derive(Debug, Args)]
#[command(arg_required_else_help = false, args_override_self = true)]
pub struct VectorsApi {
    /// What to do.
    #[command(subcommand)]
    pub command: VectorsApiCommand,
}

/// The commands below `vectors-api`.
#[derive(Debug, Subcommand)]
pub enum VectorsApiCommand {
    /// Load vectors as `ossvec put-vectors` does; prints what ossutil prints
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
    /// Where the credential comes from; by default what is configured decides
    #[arg(long, global = true, value_enum, ignore_case = true, value_name = "MODE")]
    pub mode: Option<Mode>,
    /// Role that the credential assumes [env: OSS_ROLE_ARN]
    #[arg(long, global = true, value_name = "ARN")]
    pub role_arn: Option<String>,
    /// Name under which the use of the role is logged [default: ossvec] [env: OSS_ROLE_SESSION_NAME]
    #[arg(long, global = true, value_name = "NAME")]
    pub role_session_name: Option<String>,
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
    #[arg(short = 'c', long, global = true, value_name = "FILE",
        value_parser = OsStringValueParser::new().map(PathBuf::from))]
    pub config_file: Option<PathBuf>,
    /// Profile of the configuration file [env: OSSUTIL_PROFILE]
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Where the bucket's name stands in the URL; an IP address is always addressed by path
    #[arg(long, global = true, value_enum, value_name = "STYLE", ignore_case = true)]
    pub addressing_style: Option<AddressingStyle>,
    /// How long to wait for a connection [default: 10s]
    #[arg(long, global = true, value_name = "TIME")]
    pub connect_timeout: Option<Timeout>,
    /// How long to wait while no byte is sent or received [default: 20s]
    #[arg(long, global = true, value_name = "TIME")]
    pub read_timeout: Option<Timeout>,
    /// Do not check the server's certificate
    #[arg(long, global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
        value_parser = switch)]
    pub skip_verify_cert: Option<bool>,
    /// How often one request is tried again; throttled answers do not count. --retry-max-time usually ends first
    /// [default: 100]
    #[arg(long, global = true, value_name = "N")]
    pub retry_times: Option<u32>,
    /// A file with certificates in PEM form that are trusted beside the system's
    #[arg(long, global = true, value_name = "FILE")]
    pub ca_bundle: Option<PathBuf>,
    /// Proxy: its URL, or env for HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY; never used for this machine itself
    /// [default: env]
    #[arg(long, global = true, value_name = "URL|env", value_parser = secret)]
    pub proxy: Option<Secret>,
    /// What is logged: info tells the course of a load, debug every request
    #[arg(long, global = true, value_enum, value_name = "LEVEL", ignore_case = true)]
    pub loglevel: Option<LogLevel>,
    /// Where the log goes; - is standard output [default: standard error]
    #[arg(long, global = true, value_name = "FILE|-")]
    pub log_file: Option<PathBuf>,
    /// Print nothing but errors and the summary
    #[arg(short = 'q', long, global = true, action = ArgAction::Set, value_name = "BOOL", num_args = 0..=1,
        require_equals = true, default_missing_value = "true", default_value = "false", hide_default_value = true,
        value_parser = switch)]
    pub quiet: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "the doc comment would become a help text")]
    pub ossutil: Ossutil,
}

/// What is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Nothing
    #[default]
    Off,
    /// The course of a load
    Info,
    /// Every request
    Debug,
}

impl std::fmt::Display for LogLevel {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Off => "off",
            Self::Info => "info",
            Self::Debug => "debug",
        })
    }
}

impl std::str::FromStr for LogLevel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        <Self as ValueEnum>::from_str(text, true)
    }
}

/// Options of ossutil that change nothing for vectors, or cannot be had.
#[derive(Clone, Debug, Default, Args)]
pub struct Ossutil {
    /// Version of the signature.
    #[arg(long, global = true, hide = true, value_name = "VERSION")]
    pub sign_version: Option<String>,
    /// Language of messages.
    #[arg(long, global = true, hide = true, value_name = "LANGUAGE")]
    pub language: Option<String>,
    /// A CloudBox to talk to.
    #[arg(long, global = true, hide = true, value_name = "ID")]
    pub cloudbox_id: Option<String>,
    /// What to take from the answer's body.
    #[arg(long, global = true, hide = true, value_name = "QUERY")]
    pub output_query: Option<String>,
    /// Which properties of the answer to print.
    #[arg(long, global = true, hide = true, value_name = "NAMES")]
    pub output_properties: Option<String>,
}

/// Where the credential comes from, in ossutil's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// An access key
    #[value(name = "AK")]
    Ak,
    /// A temporary access key with its token
    #[value(name = "StsToken")]
    StsToken,
    /// A role that the access key assumes
    #[value(name = "RamRoleArn")]
    RamRoleArn,
    /// The role of the ECS instance
    #[value(name = "EcsRamRole")]
    EcsRamRole,
    /// Nothing; ossutil has it for public buckets
    #[value(name = "Anonymous", hide = true)]
    Anonymous,
}

/// Where the bucket stands in the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AddressingStyle {
    /// In the host
    Virtual,
    /// In the path
    Path,
    /// ossutil's: the host is the bucket's own; here the same as virtual
    #[value(hide = true)]
    Cname,
}

impl std::str::FromStr for AddressingStyle {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        <Self as ValueEnum>::from_str(text, true).map_err(|_| "virtual, path and cname are known".to_owned())
    }
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
#[command(next_help_heading = "Target")]
pub struct To {
    /// Vector bucket
    #[arg(long, value_name = "BUCKET")]
    pub bucket: Option<String>,
    /// Index in the bucket
    #[arg(long, value_name = "INDEX")]
    pub index_name: Option<String>,
    /// Create the index if it is missing, with the dimension that the first records agree on
    #[arg(long)]
    pub create_index: bool,
    /// Number of elements of every vector [default: that of the index, else the one that the first records agree on]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
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

/// How batches are made and sent.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Sending")]
pub struct Sending {
    /// How many vectors go into one request at most, 1 to 500
    #[arg(long, default_value_t = 500, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=500))]
    pub batch_size: u16,
    /// How large one request is at most
    #[arg(long, default_value = "16MiB", value_name = "SIZE")]
    pub batch_bytes: Size,
    /// How many requests are sent in a second at most; 0 is no limit
    #[arg(long, default_value = "5", value_name = "N", allow_negative_numbers = true)]
    pub requests_per_second: Rate,
    /// How many vectors are sent in a second at most; 0 is no limit
    #[arg(long, default_value = "2500", value_name = "N", allow_negative_numbers = true)]
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
    pub max_rejects: crate::values::MostRejects,
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

/// Runs a local service.
#[derive(Clone, Debug, Args)]
#[command(args = of_serve())]
pub struct Serve {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:9410", value_name = "ADDRESS")]
    pub listen: String,
    /// Where data is kept [default: ~/.local/share/ossvec; on macOS and Windows the folder ossvec in the user's
    /// application data]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub data_dir: Option<PathBuf>,
    /// How many PutVectors requests are taken in a second; 0 is no limit
    #[arg(long, default_value = "5", value_name = "N", allow_negative_numbers = true)]
    pub requests_per_second: Rate,
    /// How many vectors are taken in a second; 0 is no limit
    #[arg(long, default_value = "2500", value_name = "N", allow_negative_numbers = true)]
    pub vectors_per_second: Rate,
    /// Time added to every answer
    #[arg(long, default_value = "0s", value_name = "TIME")]
    pub latency: Period,
    /// Scripted trouble, such as op=PutVectors,nth=3,status=503,code=InternalError,apply=half; repeatable
    #[arg(long, value_name = "SPEC")]
    pub fault: Vec<String>,
}

/// Prints a completion script.
#[derive(Clone, Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: ShellName,
}

/// Shells that completions are generated for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ShellName {
    /// bash 4.4 or newer
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
    /// PowerShell
    Powershell,
}

/// Writes what is generated.
#[derive(Clone, Debug, Args)]
pub struct Generate {
    /// The folder, which is the project's own when its files are renewed
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub folder: PathBuf,
}

/// The service options that change nothing for a command, taken all the same and hidden from its help. A command that
/// has an option itself keeps its own.
fn without_effect(with_effect: &[&str]) -> Vec<Arg> {
    let all = Global::augment_args(clap::Command::new("ossvec"));
    let hidden = all.get_arguments().filter(|option| !with_effect.contains(&option.get_id().as_str()));
    hidden.map(|option| option.clone().hide(true)).collect()
}

/// The service options of `serve`, for which some of them mean something else than for a load.
fn of_serve() -> Vec<Arg> {
    let options = without_effect(&["loglevel", "log_file"]).into_iter();
    let told = options.map(|option| match option.get_id().as_str() {
        "access_key_id" => option.hide(false).help("Access key id that may ask [default: local]"),
        "access_key_secret" => option.hide(false).help("Its secret [default: local]"),
        "region" => option.hide(false).help("Region that requests must be signed for [default: cn-hangzhou]"),
        "account_id" => option.hide(false).help("Account that all buckets belong to [default: 1234567890]"),
        _ => option,
    });
    told.collect()
}

/// The exit codes as the help ends with them.
fn exit_codes() -> String {
    let codes = EXIT_CODES.map(|(code, meaning)| format!("\n  {code}  {meaning}"));
    format!("Exit codes:{}", codes.concat())
}

fn examples() -> String {
    let examples =
        EXAMPLES.map(|(what, command)| format!("\n  {what}:\n    {}", command.replace('\n', "\n    ")));
    format!("Examples:{}", examples.concat())
}

#[expect(clippy::unnecessary_wraps, reason = "the form of a value parser")]
fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text))
}

fn whole(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "write a whole number, such as 1000".to_owned())
}

/// A switch may be followed by its position, as in ossutil: `--quiet=false`.
fn switch(text: &str) -> Result<bool, String> {
    text.parse().map(|Switch(on)| on)
}
