//! What a run reports and where: the style of progress, the events, standard output, and other listeners.

use std::hash::{BuildHasher, RandomState};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::check::usage;
use super::environment::Environment;
use super::logging::LogAsFound;
use super::sources::{Origin, Sources};
use crate::call::Quota;
use crate::cli::{Global, OutputFormat, ProgressStyle, PutVectors, Reporting};
use crate::exit::{ErrorCode, Failure};
use crate::log::{Destination, Level, Log};
use crate::oss::time::Timestamp;
use crate::private;
use crate::put::report::{Actions, Events, Quiet, Run, Style, Telling};
use crate::read;
use crate::record::Input;
use crate::setting::PROGRESS_INTERVAL;
use crate::setting::variables::{CI, GITHUB_ACTIONS, GITHUB_STEP_SUMMARY, TERM};
use crate::values::Timeout;

/// The style of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommandForm {
    /// The program's own.
    Own,
    /// ossutil's, under `vectors-api`.
    Ossutil,
}

/// What is printed to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// The summary for people.
    Text,
    /// The summary as one JSON document.
    Json,
    /// The events; the summary for people goes to standard error.
    Events,
    /// The output of ossutil; the summary for people goes to standard error.
    Ossutil,
}

impl Output {
    /// Whether standard output has the whole summary for scripts.
    pub(crate) fn is_document(self) -> bool {
        matches!(self, Self::Json | Self::Events)
    }
}

/// What a run reports, and where; still without the names of bucket and index.
pub(super) fn telling(
    arguments: &PutVectors,
    global: &Global,
    environment: &Environment,
    (inputs, log): (&[Input], &Log),
) -> Result<Telling, Failure> {
    let PutVectors { sending, reporting, .. } = arguments;
    let events_on_stdout = reporting.events.as_deref() == Some(Path::new("-"));
    let events = match reporting.events.as_deref() {
        None => None,
        Some(_) if events_on_stdout => Some(Events::Output),
        Some(path) => Some(events_file(path, reporting.resume)?),
    };
    // Lines of events or of a log on the same terminal would break a bar.
    let shares_terminal = match log.destination {
        Destination::Error => log.level != Level::Off,
        Destination::Output => log.level != Level::Off && std::io::stdout().is_terminal(),
        Destination::File(_) => false,
    } || events_on_stdout && std::io::stdout().is_terminal();
    let terminal = Terminal::of(std::io::stderr().is_terminal() && !shares_terminal, environment);
    Ok(Telling {
        run: Run::begin(run_id(), Timestamp::now),
        style: style(if global.quiet { ProgressStyle::None } else { reporting.progress }, terminal),
        interval: interval(reporting, &Sources::without_file(global, environment))?,
        quiet: Quiet::Nothing,
        events,
        metrics: reporting.metrics_file.clone(),
        state: None,
        inputs: inputs.to_vec(),
        bytes_total: read::total_bytes(inputs),
        bucket: String::new(),
        index_name: String::new(),
        quota: Quota { requests: sending.requests_per_second.0, vectors: sending.vectors_per_second.0 },
        notes: Vec::new(),
        actions: actions(environment),
        resumed: false,
        skipped_inputs: Vec::new(),
        passed_over: Vec::new(),
        dry_run: sending.dry_run || sending.check,
        verified: None,
    })
}

/// The time between two lines of progress.
fn interval(reporting: &Reporting, sources: &Sources<'_>) -> Result<Duration, Failure> {
    let found = sources.typed(reporting.progress_interval, &PROGRESS_INTERVAL)?;
    let Timeout(interval) = found.value;
    Ok(interval)
}

/// What not to print on standard error, and the log to match. Readers of the summary as JSON find everything there, so
/// only errors go to standard error. A log that is set only in the file is off then.
pub(super) fn quiet(is_quiet: bool, output: Output, log: LogAsFound) -> Result<(Quiet, Log), Failure> {
    let is_flag = matches!(log.level.origin, Origin::Flag(_));
    let log = log.settings();
    match (is_quiet, output.is_document()) {
        (false, _) => Ok((Quiet::Nothing, log)),
        (true, false) => Ok((Quiet::Notes, log)),
        (true, true) if log.destination != Destination::Error || log.level == Level::Off => {
            Ok((Quiet::AllButErrors, log))
        }
        (true, true) if is_flag => Err(usage(
            "--loglevel cannot write to standard error, because --quiet with JSON output leaves it to errors",
        )
        .advise("write the log to a file with --log-file, or remove --quiet")),
        (true, true) => Ok((Quiet::AllButErrors, Log { level: Level::Off, ..log })),
    }
}

/// A unique name: 64 bits from the system's source of randomness.
fn run_id() -> String {
    format!("{:016x}", RandomState::new().hash_one(std::process::id()))
}

/// Whether a stream that may be a terminal can be redrawn.
pub(super) fn can_redraw(is_terminal: bool, environment: &Environment) -> bool {
    Terminal::of(is_terminal, environment) != Terminal::None
}

/// What standard error can display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Terminal {
    /// Lines only.
    None,
    /// It can be redrawn, but is kept as a log.
    Ci,
    /// It can be redrawn, and someone is watching.
    Watched,
}

impl Terminal {
    fn of(is_terminal: bool, environment: &Environment) -> Self {
        let can_redraw = match environment.get(TERM) {
            Some(name) => !name.is_empty() && name != "dumb",
            None => cfg!(windows),
        };
        let is_set = |name: &str| {
            environment.get(name).is_some_and(|value| !["", "0", "false"].contains(&value.as_str()))
        };
        match (is_terminal && can_redraw, is_set(CI)) {
            (false, _) => Self::None,
            (true, true) => Self::Ci,
            (true, false) => Self::Watched,
        }
    }
}

fn style(asked: ProgressStyle, terminal: Terminal) -> Style {
    match (asked, terminal) {
        (ProgressStyle::None, _) => Style::Hidden,
        (ProgressStyle::Auto, Terminal::Watched) | (ProgressStyle::Bar, Terminal::Watched | Terminal::Ci) => {
            Style::Bar
        }
        (ProgressStyle::Auto | ProgressStyle::Bar | ProgressStyle::Plain, _) => Style::Plain,
    }
}

/// Whether the program is a step of a GitHub Actions job.
pub(crate) fn is_step(environment: &Environment) -> bool {
    environment.get(GITHUB_ACTIONS).is_some_and(|value| value == "true")
}

/// Whether the run is a step of a GitHub Actions job, and where that step's summary goes.
pub(super) fn actions(environment: &Environment) -> Option<Actions> {
    let path = environment.get(GITHUB_STEP_SUMMARY).filter(|path| !path.is_empty());
    is_step(environment).then(|| Actions { step_summary: path.map(PathBuf::from) })
}

/// What is printed to standard output, which can have only one content.
pub(super) fn output(reporting: &Reporting, form: CommandForm, log: &Destination) -> Result<Output, Failure> {
    let has_events = reporting.events.as_deref() == Some(Path::new("-"));
    let output = match (form, has_events, own_format(reporting.output_format)) {
        (_, true, Ok(OutputFormat::Json)) if form == CommandForm::Own => {
            return Err(usage("--events - and --output-format json cannot both write to standard output")
                .advise("remove --output-format json: the last event, run_end, contains the same summary"));
        }
        (CommandForm::Own, _, Err(failure)) => return Err(failure),
        (_, true, _) => Output::Events,
        (CommandForm::Ossutil, false, _) => return Ok(Output::Ossutil),
        (_, false, Ok(OutputFormat::Json)) => Output::Json,
        (_, false, _) => Output::Text,
    };
    if *log == Destination::Output && output != Output::Text {
        return Err(usage("--log-file - and JSON cannot both write to standard output")
            .advise("choose a file, or remove --log-file to log to standard error"));
    }
    Ok(output)
}

/// The requested output format, if the program supports it outside of `vectors-api`.
pub(super) fn own_format(format: OutputFormat) -> Result<OutputFormat, Failure> {
    let name = match format {
        OutputFormat::Text | OutputFormat::Json => return Ok(format),
        OutputFormat::Raw => "raw",
        OutputFormat::Xml => "xml",
        OutputFormat::Yaml => "yaml",
    };
    Err(usage(format!("invalid value '{name}' for '--output-format <FORM>' [possible values: text, json]"))
        .advise("use ossvec vectors-api for raw, xml and yaml"))
}

/// The file of events, to which a load that continues appends.
fn events_file(path: &Path, resume: bool) -> Result<Events, Failure> {
    // Only a file is read, to find its end; a pipe opened for reading, too, would keep a reader forever.
    let is_read = resume && path.metadata().is_ok_and(|file| file.is_file());
    let file = private::writing().create(true).truncate(false).append(resume).read(is_read).open(path);
    let file = file.map_err(|error| {
        Failure::new(
            ErrorCode::of_writing(&error),
            format!("cannot write --events {}: {error}", path.display()),
        )
        .advise("choose a writable file, or - for standard output")
    })?;
    Ok(Events::File { path: path.to_owned(), file, is_continued: resume })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::all_refused_with;
    use crate::testing::{Directory, printed};

    #[test]
    fn what_cannot_share_standard_output_is_told_with_what_to_do() {
        let told = all_refused_with([
            "--events - --output-format json",
            "--log-file - --output-format json",
            "--log-file - --events -",
            "--output-format xml",
        ]);
        insta::assert_snapshot!(told, @"
        --events - and --output-format json cannot both write to standard output
            remove --output-format json: the last event, run_end, contains the same summary
        --log-file - and JSON cannot both write to standard output
            choose a file, or remove --log-file to log to standard error
        --log-file - and JSON cannot both write to standard output
            choose a file, or remove --log-file to log to standard error
        invalid value 'xml' for '--output-format <FORM>' [possible values: text, json]
            use ossvec vectors-api for raw, xml and yaml
        ");
    }

    #[test]
    fn events_that_cannot_be_written_are_told_with_their_file() {
        let directory = Directory::new();
        let failure = events_file(&directory.path("no/events"), false).err().unwrap();
        let told = printed([failure]).replace(&directory.path("").display().to_string(), "DIR");
        insta::assert_snapshot!(told, @"
        cannot write --events DIR/no/events: No such file or directory (os error 2)
            choose a writable file, or - for standard output
        ");
    }

    fn environment(variables: &[(&str, &str)]) -> Environment {
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_bar_is_for_eyes_and_for_terminals_that_can_redraw() {
        use ProgressStyle::{Auto, Bar, None, Plain};
        let watched = [Style::Bar, Style::Bar, Style::Plain, Style::Hidden];
        let by_ci = [Style::Plain, Style::Bar, Style::Plain, Style::Hidden];
        let lines = [Style::Plain, Style::Plain, Style::Plain, Style::Hidden];
        for (variables, is_terminal, wanted) in [
            ("TERM=xterm", true, watched),
            ("TERM=xterm NO_COLOR=1", true, watched),
            ("TERM=xterm CI=false", true, watched),
            ("TERM=xterm CI=true", true, by_ci),
            ("TERM=dumb", true, lines),
            ("TERM=", true, lines),
            ("TERM=xterm", false, lines),
            ("TERM=xterm CI=true", false, lines),
        ] {
            let pairs: Vec<_> =
                variables.split(' ').filter_map(|variable| variable.split_once('=')).collect();
            let terminal = Terminal::of(is_terminal, &environment(&pairs));
            assert_eq!([Auto, Bar, Plain, None].map(|asked| style(asked, terminal)), wanted, "{variables}");
        }
    }

    #[test]
    fn a_step_of_github_actions_is_known_by_its_variables() {
        let step = [("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", "s.md")];
        let told = Actions { step_summary: Some("s.md".into()) };
        assert_eq!(actions(&environment(&step)), Some(told));
        assert_eq!(actions(&environment(&step[..1])), Some(Actions { step_summary: None }));
        assert_eq!(actions(&environment(&step[1..])), None);
    }
}
