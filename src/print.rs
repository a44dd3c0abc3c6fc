//! What a command prints on standard output and standard error when it ends: results, errors and their cures.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::error::ErrorKind;

use crate::cli::{Global, cure_of_slip};
use crate::exit::{ErrorCode, Exit, Failure, Stream};
use crate::put::Finished;
use crate::put::report::notice::Severity;
use crate::put::report::{Summary, annotation};
use crate::settings::{self, Environment, Output};
use crate::shown::{pretty_json, visible, visible_lines};

/// Standard output gets one result, no matter who prints it: the end of the run or the end of the process.
#[derive(Clone, Default)]
pub(crate) struct ResultOnce(Arc<Mutex<bool>>);

impl ResultOnce {
    /// Prints the result, unless one has been printed.
    fn print(&self, text: &str) -> std::io::Result<()> {
        let mut is_printed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut is_printed, true) { Ok(()) } else { out(text) }
    }

    /// The same, but does not wait long for another thread that may be printing.
    fn print_soon(&self, text: &str) {
        for _ in 0..50 {
            if let Ok(mut is_printed) = self.0.try_lock() {
                if !std::mem::replace(&mut is_printed, true) {
                    // There is nowhere left to report an error.
                    out(text).unwrap_or_default();
                }
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// What a failed command prints on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Document {
    /// Nothing: the error on standard error is for people.
    None,
    /// A load's summary.
    Summary,
    /// Only the failure.
    Failure,
}

/// What a process still does when a second signal ends it: a script that reads JSON gets its document.
pub(crate) fn last_words(output: Output, result: &ResultOnce) -> impl FnOnce() + Send + 'static {
    let result = result.clone();
    move || {
        let failure = Failure::new(ErrorCode::Interrupted, "stopped immediately by a second signal");
        if output == Output::Json
            && let Ok(text) = json(&Summary::of_failure(&failure))
        {
            result.print_soon(&text);
        }
    }
}

/// Prints a remark that is not an error, unless the user asked for quiet.
pub(crate) fn remark(severity: Severity, text: &str, global: &Global) {
    if !global.quiet {
        always_remark(severity, text);
    }
}

/// The same where the user cannot have asked for quiet.
pub(crate) fn always_remark(severity: Severity, text: &str) {
    err(&format!("{}{}", severity.prefix(), visible(text)));
}

/// Prints the result on standard output and, if it is not visible there, the command to continue with on standard
/// error.
pub(crate) fn tell(finished: &Finished, output: Output, quiet: bool, result: &ResultOnce) -> Exit {
    let Finished { summary, failure } = finished;
    // If a run failed before it read anything, the error says it all, unless the run can be continued.
    let is_untold = failure.is_some() && summary.is_empty() && summary.resume_command.is_none();
    let text = if is_untold { String::new() } else { summary.text() };
    let printed = match output {
        Output::Text => out(&text),
        Output::Json => json(summary).and_then(|text| result.print(&text)),
        Output::Ossutil if summary.exit_code == Exit::Complete.code() && !quiet => out(&elapsed(summary)),
        Output::Events | Output::Ossutil => Ok(()),
    };
    // A quiet run reports everything in the document on standard output.
    let is_quiet = quiet && output.is_document();
    // Standard error gets the whole result, unless standard output has it in the same form.
    let is_wanted = match output {
        _ if is_quiet => false,
        _ if summary.exit_code != Exit::Complete.code() => true,
        Output::Ossutil => !quiet,
        Output::Events => true,
        Output::Text | Output::Json => false,
    };
    if is_wanted && output != Output::Text && !is_untold {
        err(text.trim_end());
    }
    let exit = failure.as_ref().map_or(partial(summary), fail);
    if let Some(command) = &summary.resume_command
        && !is_quiet
        && !std::io::stdout().is_terminal()
    {
        err(&format!("        continue with: {command}"));
    }
    printed.map_or_else(|error| unprinted(&error, exit), |()| exit)
}

/// What ossutil 2 prints after the service's empty response, unless it is quiet.
fn elapsed(summary: &Summary) -> String {
    format!("\n{}.{:03}000(s) elapsed\n", summary.elapsed_ms / 1_000, summary.elapsed_ms % 1_000)
}

/// The exit code if the result could not be printed. A closed pipe is not a failure of the load.
pub(crate) fn unprinted(error: &std::io::Error, exit: Exit) -> Exit {
    match error.kind() {
        std::io::ErrorKind::BrokenPipe => exit,
        _ => fail(&Failure::new(ErrorCode::of_writing(error), format!("cannot write the result: {error}"))),
    }
}

/// The exit code of a load without a failure, as its summary has it.
fn partial(summary: &Summary) -> Exit {
    if summary.exit_code == Exit::Partial.code() { Exit::Partial } else { Exit::Complete }
}

fn json(summary: &Summary) -> std::io::Result<String> {
    Ok(pretty_json(summary)? + "\n")
}

/// The advice if the shell has split the JSON of `--vectors` into several words, so that all but the first are read as
/// inputs.
const CUT_JSON: &str = "use only one of them; if the shell split the JSON at spaces, quote all of it, or put it in a file: \
                        --vectors file://PATH";

/// Help and version are results; everything else is a one-line error, with the closest correction if there is one.
///
/// `command` returns the command that the line names, as far as it can be parsed; it is called only to refer to its
/// help.
pub(crate) fn usage(error: &clap::Error, command: impl Fn() -> String) -> Result<Exit, Failure> {
    let text = error.render().to_string();
    let see_help = || format!("see {} --help", command().trim());
    if !error.use_stderr() {
        return Ok(out(&text).map_or_else(|error| unprinted(&error, Exit::Complete), |()| Exit::Complete));
    }
    match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            err(&visible_lines(text.trim_end()));
            return Ok(Exit::Usage);
        }
        // clap would list the commands, including hidden ones.
        ErrorKind::MissingSubcommand => {
            return Err(Failure::new(ErrorCode::Usage, "no command given").advise(see_help()));
        }
        _ => {}
    }
    let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
    let listed = text.lines().skip(1).take_while(|line| line.starts_with("  ") && !line.contains("tip:"));
    let message = listed.fold(first.to_owned(), |message, line| format!("{message} {}", line.trim()));
    // The tip about passing an unknown option as an input does not help with a mistyped one.
    let mut tips = text.lines().filter_map(|line| line.trim().strip_prefix("tip: "));
    let tip = tips.find(|tip| !tip.starts_with("to pass "));
    let is_cut_json = error.kind() == ErrorKind::ArgumentConflict
        && ["'--vectors ", "'[INPUT]"].iter().all(|name| message.contains(name));
    let advice = tip.or(is_cut_json.then_some(CUT_JSON));
    let advice = cure_of_slip(error).or_else(|| advice.map(str::to_owned));
    Err(Failure::new(ErrorCode::Usage, message).advise(advice.unwrap_or_else(see_help)))
}

/// Reports a command that could not start; a script that reads JSON still gets its document, and a GitHub Actions job
/// its annotation.
pub(crate) fn not_begun(
    failure: &Failure,
    document: Document,
    environment: &Environment,
    result: &ResultOnce,
) -> Exit {
    let is_heard = |stream| !failure.unheard.contains(&stream);
    let tell: fn(&str) = match (is_heard(Stream::Error), is_heard(Stream::Output)) {
        (true, _) => err,
        (false, true) => |line| out(&format!("{line}\n")).unwrap_or_default(),
        (false, false) => |_| {},
    };
    if settings::is_step(environment) {
        tell(&annotation(&failure.message));
    }
    let printed = match document {
        _ if !failure.unheard.is_empty() => Ok(()),
        Document::None => Ok(()),
        Document::Summary => json(&Summary::of_failure(failure)).and_then(|text| result.print(&text)),
        Document::Failure => {
            let told = serde_json::json!({
                "error": failure.message,
                "error_code": failure.code,
                "retryable": failure.code.is_retryable(),
                "advice": failure.advice,
                "exit_code": failure.exit().code(),
            });
            pretty_json(&told).map_err(std::io::Error::from).and_then(|text| result.print(&(text + "\n")))
        }
    };
    for line in error_lines(failure) {
        tell(&line);
    }
    printed.map_or_else(|error| unprinted(&error, failure.exit()), |()| failure.exit())
}

pub(crate) fn fail(failure: &Failure) -> Exit {
    for line in error_lines(failure) {
        err(&line);
    }
    failure.exit()
}

/// An error in the form for people.
fn error_lines(failure: &Failure) -> Vec<String> {
    let more = failure.details.iter().chain(&failure.advice);
    let more = more.map(|line| format!("        {}", visible(line)));
    std::iter::once(format!("ossvec: {}", visible(&failure.message))).chain(more).collect()
}

pub(crate) fn out(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Prints a line on standard error; if that is closed, there is nowhere to report it.
pub(crate) fn err(line: &str) {
    writeln!(std::io::stderr().lock(), "{line}").unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn an_error_is_one_line_and_what_to_do_about_it_another() {
        let failure =
            Failure::new(ErrorCode::InputInvalid, "2 inputs cannot be loaded").list(["a: \u{7}".to_owned()]);
        insta::assert_snapshot!(error_lines(&failure.advise("fix them")).join("\n"), @r"
        ossvec: 2 inputs cannot be loaded
                a: \u{7}
                fix them
        ");
    }

    #[test]
    fn bad_usage_is_told_with_the_nearest_right_thing_or_the_help() {
        let told = [
            "ossvec -q",
            "ossvec put-vektors",
            "ossvec put-vectors --create-indx",
            "ossvec put-vectors --batch-size x",
            "ossvec put-vectors --format orc",
            "ossvec put-vectors --data-dir d",
            "ossvec put-vectors --vectors [{key: a}]",
        ]
        .map(|line| {
            let error = Cli::try_parse_from(line.split(' ')).unwrap_err();
            error_lines(&usage(&error, || "ossvec put-vectors".to_owned()).unwrap_err()).join("\n")
        });
        insta::assert_snapshot!(told.join("\n"), @"
        ossvec: no command given
                see ossvec put-vectors --help
        ossvec: unrecognized subcommand 'put-vektors'
                some similar subcommands exist: 'put', 'put-vectors'
        ossvec: unexpected argument '--create-indx' found
                a similar argument exists: '--create-index'
        ossvec: invalid value 'x' for '--batch-size <N>': invalid digit found in string
                see ossvec put-vectors --help
        ossvec: invalid value 'orc' for '--format <FORMAT>' [possible values: auto, json, jsonl, csv, tsv, parquet, arrow, npy, npz, fvecs, bvecs, fbin, u8bin, float32]
                see ossvec put-vectors --help
        ossvec: the following required arguments were not provided: --local
                see ossvec put-vectors --help
        ossvec: the argument '--vectors <JSON|file://PATH|->' cannot be used with '[INPUT]...'
                use only one of them; if the shell split the JSON at spaces, quote all of it, or put it in a file: --vectors file://PATH
        ");
    }
}
