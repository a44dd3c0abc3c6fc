//! The command line: names, help texts and value types, nothing else. `settings` turns it into plain values.

mod convert;
mod deferred;
mod global;
mod input;
mod load;
mod parse;
mod serve;
mod slips;
mod status;
mod verify;
mod version;

use std::convert::identity;
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum, ValueHint};

pub(crate) use convert::Convert;
use deferred::Deferred;
pub(crate) use global::{AddressingStyle, Global, LogLevel, Mode};
use global::{of_init, of_no_use};
pub(crate) use input::{InputOptions, LintName, MetadataValuesName, TableOptions};
pub(crate) use load::{
    ContentMd5, Metric, OutputFormat, ProgressStyle, PutVectors, Reporting, Sending, To, VerifyName,
    WhenChanged,
};
pub(crate) use serve::Serve;
pub(crate) use slips::cure as cure_of_slip;
pub(crate) use status::Status;
pub(crate) use verify::Verify;
pub(crate) use version::verbose as verbose_version;

/// The exit codes with their meanings, for the end of the help and the man page.
pub(crate) const EXIT_CODES: [(u8, &str); 7] = [
    (0, "everything is stored, or equal (verify)"),
    (1, "the command line is wrong; no vector was sent"),
    (2, "the service refused"),
    (3, "a local failure: input, configuration, credentials or disk"),
    (4, "records were rejected, are unknown or differ (verify), or no record has a named field"),
    (5, "interrupted"),
    (6, "a temporary failure: service unreachable or without writes, or credential expired"),
];

/// The help of a load, with its examples before its options.
const LOAD_HELP: &str =
    "{about-with-newline}\n{usage-heading} {usage}\n\n{before-help}{all-args}{after-help}";

/// Common uses of `put-vectors`, each with its command.
pub(crate) const EXAMPLES: [(&str, &str); 5] = [
    ("Try a load on this machine, without an account", "ossvec put-vectors vectors.jsonl --local"),
    (
        "Check all input without sending anything",
        "ossvec put-vectors vectors.jsonl --dry-run --distance-metric cosine",
    ),
    (
        "Load into an existing index; the same command continues a load that stopped",
        "ossvec put-vectors vectors.jsonl.gz --bucket my-bucket --index-name docs --resume",
    ),
    (
        "Load a CSV file and create the index",
        "ossvec put-vectors items.csv --key sku --metadata name,group \\\n  --bucket my-bucket --index-name items --create-index --distance-metric cosine",
    ),
    (
        "Load fixed rejects, and write new rejects to another file",
        "ossvec put-vectors rejects.jsonl --rejects rejects-2.jsonl \\\n  --bucket my-bucket --index-name docs",
    ),
];

/// Load vectors into Alibaba Cloud OSS vector buckets.
#[derive(Debug, Parser)]
#[command(
    name = "ossvec",
    version = version::line(),
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

/// The command line with all options of every command.
pub fn definition() -> clap::Command {
    whole(Cli::command())
}

fn whole(command: clap::Command) -> clap::Command {
    let command = match command.get_name() {
        "put-vectors" => Deferred::<PutVectors>::define(command).defer(identity),
        "verify" => Deferred::<Verify>::define(command).defer(identity),
        _ => command,
    };
    command.mut_subcommands(whole)
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Load vectors from JSON, JSONL, CSV or TSV into an index
    #[command(visible_alias = "put", help_template = LOAD_HELP, before_long_help = examples(),
        after_help = "See ossvec put-vectors --help for examples and all options.",
        after_long_help = exit_codes())]
    PutVectors(Deferred<PutVectors>),
    /// Compare an index with the files that were loaded into it
    ///
    /// Takes the inputs and options of put-vectors and reads the vectors back: each is equal, different or missing.
    /// Nothing is created, sent or changed. If a key occurs several times in the inputs, its last record counts.
    #[command(after_long_help = exit_codes())]
    Verify(Deferred<Verify>),
    /// Convert JSON that put-vectors cannot read as it is
    ///
    /// Records in a dictionary, in several arrays, in arrays of pages or without field names become JSON Lines; objects of
    /// columns become a file each. Nothing is written if anything would be left out. The message of put-vectors has the
    /// command.
    Convert(Convert),
    /// Run commands in ossutil's form
    VectorsApi(VectorsApi),
    /// Show the loads of this machine and how far they are
    ///
    /// Reads the journals of loads, and changes nothing.
    Status(Status),
    /// Run a local OSS Vectors service
    Serve(Serve),
    /// Show or set up the configuration
    Config(Config),
    /// Print a shell completion script
    ///
    /// For example: mkdir -p ~/.zfunc && ossvec completions zsh > ~/.zfunc/_ossvec
    #[command(args = of_no_use())]
    Completions(Completions),
    /// Write the generated files to a directory
    #[command(hide = true)]
    Generate(Generate),
    /// Print the names of a bucket's indexes, for the command line on standard input
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
    /// Print every setting that a load would use, with secrets masked
    Show(ConfigShow),
    /// Ask for the settings and write the configuration file
    ///
    /// Only its owner can read the file.
    #[command(args = of_init())]
    Init,
}

/// Prints the settings.
#[derive(Debug, Args)]
pub struct ConfigShow {
    /// Also print the flag, variable or file section that each setting comes from
    #[arg(long)]
    pub origin: bool,
    /// Apply the file's settings for this bucket
    #[arg(long, value_name = "BUCKET")]
    pub bucket: Option<String>,
    /// Format of the output
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
    /// Load vectors like `ossvec put-vectors`, printing what ossutil prints
    PutVectors(Deferred<PutVectors>),
}

/// Prints a completion script.
#[derive(Clone, Debug, Args)]
pub struct Completions {
    /// Shell to print the script for
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
    /// Directory to write to
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub folder: PathBuf,
}

/// The list of exit codes at the end of the help.
fn exit_codes() -> String {
    let codes = EXIT_CODES.map(|(code, meaning)| format!("\n  {code}  {meaning}"));
    format!("Exit codes:{}", codes.concat())
}

fn examples() -> String {
    let examples =
        EXAMPLES.map(|(what, command)| format!("\n  {what}:\n    {}", command.replace('\n', "\n    ")));
    format!("Examples:{}", examples.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_number_is_refused_as_a_value_and_not_as_an_option() {
        let is_refused = |words: &[&str]| {
            let error = Cli::try_parse_from(words).err();
            error.is_some_and(|error| error.kind() == clap::error::ErrorKind::ValueValidation)
        };
        let mut numbers = 0;
        for command in ["put-vectors", "verify", "serve"] {
            let definition = definition();
            let own = definition.find_subcommand(command).unwrap().get_arguments();
            for long in own.chain(definition.get_arguments()).filter_map(clap::Arg::get_long) {
                let is_bad = |value: &str| is_refused(&["ossvec", command, &format!("--{long}={value}")]);
                if is_bad("x") && is_bad("-1") && !["5", "5s", "5%"].into_iter().all(is_bad) {
                    numbers += 1;
                    assert!(
                        is_refused(&["ossvec", command, &format!("--{long}"), "-1"]),
                        "{command} --{long}"
                    );
                }
            }
        }
        assert!(numbers > 25, "{numbers}");
    }

    #[test]
    fn options_of_a_load_wait_until_their_command_is_the_one_to_run() {
        let names = |command: &clap::Command, name: &str| {
            let command = command.find_subcommand(name).unwrap();
            command.get_arguments().map(|argument| argument.get_id().to_string()).collect::<Vec<_>>()
        };
        for name in ["put-vectors", "verify"] {
            assert_eq!(names(&Cli::command(), name), [""; 0]);
            assert!(names(&definition(), name).contains(&"bucket".to_owned()));
            // When it runs, it also has the options of every command.
            let mut run = Cli::command();
            run.build();
            assert!(names(&run, name).starts_with(&names(&definition(), name)));
            let about = |command: &clap::Command| command.find_subcommand(name).unwrap().get_about().cloned();
            assert_eq!(about(&run), about(&Cli::command()));
        }
    }
}
