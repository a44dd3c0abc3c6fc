//! From the command line to the exit code: the command line is parsed here and handed to its command; each command has
//! a file of its own.

mod complete_indexes;
mod completions;
mod config;
mod convert;
mod generate;
mod listening;
mod narrow;
mod put_vectors;
mod serve;
mod status;
mod verify;

use std::ffi::OsString;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use clap::{ArgMatches, CommandFactory};

use crate::cli::{Cli, Command, VectorsApiCommand, verbose_version};
use crate::command_line::CommandLine;
use crate::exit::{ErrorCode, Exit, Failure, own_defect};
use crate::guard::is_guarded;
use crate::print::{Document, ResultOnce, always_remark, not_begun, out, remark, unprinted, usage};
use crate::put::report::notice::Severity;
use crate::resources;
use crate::settings::{self, CommandForm, Environment};
use crate::signals;

/// Files that the runtime opens, with some in reserve.
const FILES_OF_RUNTIME: usize = 10;
/// Threads of the runtime, plus one of each kind in reserve.
const THREADS_OF_RUNTIME: usize = 4;
/// Blocking threads are kept this long: the system may refuse a new one later.
const THREADS_STAY: Duration = Duration::from_mins(10);

/// Runs the program with its arguments and returns how it ended.
pub fn run(arguments: impl Iterator<Item = OsString>, environment: &Environment) -> Exit {
    std::panic::set_hook(Box::new(defect));
    let arguments: Vec<_> = arguments.collect();
    let result = ResultOnce::default();
    let ended = resources::with_own_stack(|| ended(&arguments, environment, &result));
    ended.unwrap_or_else(|failure| not_begun(&failure, document(&arguments), environment, &result))
}

/// Runs the command line, and reports an error that kept it from starting.
fn ended(arguments: &[OsString], environment: &Environment, result: &ResultOnce) -> Exit {
    if let Some(text) = verbose_version(arguments) {
        return out(&text).map_or_else(|error| unprinted(&error, Exit::Complete), |()| Exit::Complete);
    }
    // The reader of the result gets one even if the program itself panics.
    let done = std::panic::catch_unwind(AssertUnwindSafe(|| match narrow::parsed(arguments) {
        Ok(cli) => parsed(&cli, environment, arguments, result),
        Err(error) => usage(&error, || format!("ossvec {}", named(arguments).join(" "))),
    }));
    let done = done.unwrap_or_else(|_| Err(own_defect()));
    done.unwrap_or_else(|failure| not_begun(&failure, document(arguments), environment, result))
}

/// Reports the source location of a panic, but nothing that may be user data; the thread's owner reports the
/// consequences.
fn defect(info: &std::panic::PanicHookInfo<'_>) {
    if is_guarded() {
        return;
    }
    let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    always_remark(Severity::Note, &format!("bug in ossvec at {place}; please report it with this line"));
}

/// Runs a command line that parses.
fn parsed(
    cli: &Cli,
    environment: &Environment,
    arguments: &[OsString],
    result: &ResultOnce,
) -> Result<Exit, Failure> {
    resources::descriptors(FILES_OF_RUNTIME)?;
    resources::threads(THREADS_OF_RUNTIME)?;
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).thread_keep_alive(THREADS_STAY).enable_all().build();
    let runtime = runtime.map_err(|error| {
        Failure::new(ErrorCode::NoResources, format!("cannot start the asynchronous runtime: {error}"))
    })?;
    let done = std::panic::catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            resources::spare_thread().await?;
            signals::outgrown_files_are_errors();
            command(cli, environment, arguments, result).await
        })
    }));
    // A thread may still wait for standard input; nothing is lost by abandoning it.
    runtime.shutdown_background();
    done.unwrap_or_else(|_| Err(own_defect()))
}

/// Runs the chosen command.
async fn command(
    cli: &Cli,
    environment: &Environment,
    arguments: &[OsString],
    result: &ResultOnce,
) -> Result<Exit, Failure> {
    let global = &cli.global;
    let form =
        if matches!(cli.command, Command::VectorsApi(_)) { CommandForm::Ossutil } else { CommandForm::Own };
    for warning in settings::warnings(global, form)? {
        remark(Severity::Warning, &warning, global);
    }
    let line =
        CommandLine::new(arguments.iter().map(|argument| argument.to_string_lossy().into_owned()).collect());
    match &cli.command {
        Command::PutVectors(arguments) => {
            put_vectors::put_vectors((arguments, form), global, environment, &line, result).await
        }
        Command::Verify(arguments) => verify::verify(arguments, global, environment, &line, result).await,
        Command::Convert(arguments) => convert::convert(arguments),
        Command::VectorsApi(api) => match &api.command {
            VectorsApiCommand::PutVectors(arguments) => {
                put_vectors::put_vectors((arguments, form), global, environment, &line, result).await
            }
        },
        Command::Status(arguments) => status::status(arguments, environment).await,
        Command::Serve(arguments) => serve::serve(arguments, global, environment).await,
        Command::Config(arguments) => config::config(arguments, global, environment).await,
        Command::Completions(arguments) => completions::completions(arguments),
        Command::Generate(arguments) => generate::generate(arguments),
        Command::CompleteIndexes => complete_indexes::complete_indexes(environment).await,
    }
}

/// The command and subcommands that a line names, even if the rest of it is wrong.
fn named(arguments: &[OsString]) -> Vec<String> {
    let matches = Cli::command().ignore_errors(true).try_get_matches_from(arguments);
    let first = matches.as_ref().ok().and_then(ArgMatches::subcommand);
    std::iter::successors(first, |(_, matches)| matches.subcommand())
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// What a script expects on standard output, even if the command line is wrong elsewhere.
fn document(arguments: &[OsString]) -> Document {
    let is_json = arguments.iter().any(|argument| argument == "--output-format=json")
        || arguments.windows(2).any(|pair| pair == ["--output-format", "json"]);
    match named(arguments).first().map(String::as_str) {
        _ if !is_json => Document::None,
        // A mistyped command is taken to be one that prints a summary.
        Some("put-vectors" | "verify") | None => Document::Summary,
        Some("config" | "status") => Document::Failure,
        Some(_) => Document::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_gets_its_document_whatever_is_wrong_with_the_command_line() {
        for (line, wanted) in [
            ("put-vectors a --output-format json", Document::Summary),
            ("put a --output-format=json", Document::Summary),
            ("-c config put-vectors a --output-format json", Document::Summary),
            ("--profile serve put-vectors a --output-format json", Document::Summary),
            ("put-vectors a --nope --output-format json", Document::Summary),
            ("--nope put-vectors a --output-format json", Document::Summary),
            ("put-vector a --output-format json", Document::Summary),
            ("config show --output-format json", Document::Failure),
            ("status docs --output-format json", Document::Failure),
            ("vectors-api put-vectors --output-format json", Document::None),
            ("serve --output-format json", Document::None),
            ("verify a --nope --output-format json", Document::Summary),
            ("put-vectors a", Document::None),
        ] {
            let arguments: Vec<_> =
                std::iter::once("ossvec").chain(line.split(' ')).map(OsString::from).collect();
            assert_eq!(document(&arguments), wanted, "{line}");
        }
    }
}
