//! The command line: names, help texts and value types, nothing else. `settings` makes plain values of it.

mod global;
mod input;
mod load;
mod parse;
mod serve;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

pub use global::{AddressingStyle, Global, LogLevel, Mode, Ossutil};
use global::{of_init, of_no_use};
pub use input::{FormatName, MetadataValuesName, Reading, TableOptions};
pub use load::{Metric, OutputFormat, ProgressStyle, PutVectors, Reporting, Sending, To, VerifyName};
pub use serve::Serve;

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
    #[command(args = of_no_use())]
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
    #[command(args = of_init())]
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
