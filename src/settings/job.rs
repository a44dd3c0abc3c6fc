//! What a load reads, keeps and tells: its inputs, its folder, its outputs.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::{Form, Output, usage};
use crate::cli::{FormatName, Global, Metric, OutputFormat, ProgressStyle, PutVectors, Reading, Reporting};
use crate::command_line::CommandLine;
use crate::exit::{Exit, Failure};
use crate::log::Destination;
use crate::oss::endpoint::Target;
use crate::oss::limits;
use crate::oss::wire::DistanceMetric;
use crate::put::pace::Quota;
use crate::put::read::{self, Format};
use crate::put::record::Input;
use crate::put::report::{Style, Telling};
use crate::put::{Keep, unreadable};

pub(super) fn names(
    bucket: Option<String>,
    index: Option<String>,
    dry_run: bool,
) -> Result<(String, String), Failure> {
    let (bucket, index) = match (bucket, index, dry_run) {
        (Some(bucket), Some(index), _) => (bucket, index),
        (bucket, index, true) => return Ok((bucket.unwrap_or_default(), index.unwrap_or_default())),
        (None, _, _) => return Err(usage("no bucket: name it with --bucket, or try with --local")),
        (_, None, _) => return Err(usage("no index: name it with --index-name, or try with --local")),
    };
    limits::bucket_name(&bucket).map_err(|rule| usage(format!("--bucket {bucket}: {rule}")))?;
    limits::index_name(&index).map_err(|rule| usage(format!("--index-name {index}: {rule}")))?;
    Ok((bucket, index))
}

/// An index name made of the first file's name, so that different sets tried locally do not meet in one index.
pub(super) fn index_name_for(inputs: &[Input]) -> String {
    let stem = match inputs.first() {
        Some(Input::File(path)) => {
            path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
        }
        _ => String::new(),
    };
    let stem = stem.split('.').next().unwrap_or_default();
    let name: String =
        stem.chars().filter(char::is_ascii_alphanumeric).take(*limits::INDEX_NAME_BYTES.end()).collect();
    if limits::index_name(&name).is_ok() { name } else { "vectors".to_owned() }
}

/// A batch larger than a second's vectors could never be sent.
pub(super) fn batch_size(asked: u16, quota: Quota) -> usize {
    let asked = usize::from(asked);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 500")]
    if quota.vectors < 500.0 { asked.min((quota.vectors as usize).max(1)) } else { asked }
}

pub(super) fn inputs(arguments: &PutVectors) -> Result<Vec<Input>, Failure> {
    if let Some(vectors) = &arguments.reading.vectors {
        return Ok(vec![ossutil_input(vectors)]);
    }
    if arguments.inputs.is_empty() {
        return Err(usage("no input: name files, or - for standard input"));
    }
    read::expand(&arguments.inputs).map_err(|error| unreadable(&error))
}

/// The input as ossutil names it.
fn ossutil_input(vectors: &str) -> Input {
    match vectors.strip_prefix("file://") {
        Some(path) => Input::File(PathBuf::from(path)),
        None if vectors == "-" => Input::Stdin,
        None => Input::Inline(vectors.to_owned().into()),
    }
}

/// What the run keeps on disk.
pub(super) fn keep(
    arguments: &PutVectors,
    inputs: &[Input],
    (target, index_name): (Option<&Target>, &str),
    command_line: &CommandLine,
) -> Result<Keep, Failure> {
    let PutVectors { to, reading, reporting, .. } = arguments;
    let folder = match &reporting.checkpoint_dir {
        Some(folder) => folder.clone(),
        None => dirs::state_dir()
            .or_else(dirs::data_local_dir)
            .map(|state| state.join("ossvec"))
            .ok_or_else(|| {
                Failure::new(Exit::Client, "this user has no state directory")
                    .advise("name one with --checkpoint-dir")
            })?,
    };
    let place =
        to.local.then(|| to.data_dir.as_deref().map(|data| data.display().to_string()).unwrap_or_default());
    let target = target.map(|target| target.resource(index_name)).unwrap_or_default();
    Ok(Keep {
        folder,
        rejects: rejects(reporting.rejects.as_deref(), inputs)?,
        resume: reporting.resume,
        target: place.map_or(target.clone(), |place| format!("local {place} {target}")),
        reading: options_of(reading),
        resume_command: command_line.resuming(),
    })
}

/// The options that change what is made of the input, with their values.
fn options_of(reading: &Reading) -> BTreeMap<String, String> {
    let named = |fields: &[String]| if fields.is_empty() { "not given".to_owned() } else { fields.join(",") };
    let word = |value: &dyn std::fmt::Debug| format!("{value:?}").to_lowercase();
    [
        ("--format", word(&reading.format)),
        ("--key", named(reading.key.as_slice())),
        ("--vector", named(reading.vector.as_slice())),
        ("--metadata", named(&reading.metadata)),
        ("--metadata-values", word(&reading.metadata_values)),
    ]
    .map(|(option, value)| (option.to_owned(), value))
    .into()
}

/// The rejects file, which must not be one of the inputs: it would be emptied before it is read.
fn rejects(named: Option<&Path>, inputs: &[Input]) -> Result<Option<PathBuf>, Failure> {
    let Some(named) = named else { return Ok(None) };
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let clash = inputs.iter().any(|input| matches!(input, Input::File(path) if real(path) == real(named)));
    if clash {
        return Err(usage(format!("--rejects {} is also an input", named.display())));
    }
    Ok(Some(named.to_owned()))
}

pub(super) fn telling(
    arguments: &PutVectors,
    global: &Global,
    inputs: &[Input],
    (bucket, index_name): (&str, &str),
) -> Result<Telling, Failure> {
    let PutVectors { sending, reporting, .. } = arguments;
    let events: Option<Box<dyn Write + Send>> = match reporting.events.as_deref() {
        None => None,
        Some(path) if path == Path::new("-") => Some(Box::new(std::io::stdout())),
        Some(path) => Some(Box::new(events_file(path, reporting.resume)?)),
    };
    let terminal = std::io::stderr().is_terminal();
    let style = match (global.quiet, reporting.progress) {
        (true, _) | (_, ProgressStyle::None) => Style::Hidden,
        (_, ProgressStyle::Bar) => Style::Bar,
        (_, ProgressStyle::Auto) if terminal => Style::Bar,
        (_, ProgressStyle::Auto | ProgressStyle::Plain) => Style::Plain,
    };
    Ok(Telling {
        style,
        quiet: global.quiet,
        events,
        inputs: inputs.to_vec(),
        bytes_total: read::total_bytes(inputs),
        bucket: bucket.to_owned(),
        index_name: index_name.to_owned(),
        requests_per_second: sending.requests_per_second.0,
        resumed: false,
        dry_run: sending.dry_run,
    })
}

/// What stands on standard output, which holds one thing only.
pub(super) fn output(reporting: &Reporting, form: Form, log: &Destination) -> Result<Output, Failure> {
    let has_events = reporting.events.as_deref() == Some(Path::new("-"));
    let output = match (form, has_events, own_format(reporting.output_format)) {
        (_, true, Ok(OutputFormat::Json)) if form == Form::Own => {
            return Err(usage("--events - and --output-format json cannot share standard output")
                .advise("the last event, run_end, holds the same summary"));
        }
        (Form::Own, _, Err(failure)) => return Err(failure),
        (_, true, _) => Output::Events,
        (Form::Ossutil, false, _) => return Ok(Output::Ossutil),
        (_, false, Ok(OutputFormat::Json)) => Output::Json,
        (_, false, _) => Output::Text,
    };
    if *log == Destination::Output && output != Output::Text {
        return Err(usage("--log-file - and JSON cannot share standard output")
            .advise("name a file, or leave --log-file out to log on standard error"));
    }
    Ok(output)
}

/// The form of output asked for, if it is one that the program has outside of `vectors-api`.
pub(super) fn own_format(format: OutputFormat) -> Result<OutputFormat, Failure> {
    let name = match format {
        OutputFormat::Text | OutputFormat::Json => return Ok(format),
        OutputFormat::Raw => "raw",
        OutputFormat::Xml => "xml",
        OutputFormat::Yaml => "yaml",
    };
    Err(usage(format!("invalid value '{name}' for '--output-format <FORM>' [possible values: text, json]"))
        .advise("raw, xml and yaml are ossutil's, under ossvec vectors-api"))
}

/// A load that goes on keeps telling in the same file.
fn events_file(path: &Path, resume: bool) -> Result<std::fs::File, Failure> {
    let mut options = std::fs::OpenOptions::new();
    let options = options.create(true);
    let options = if resume { options.append(true) } else { options.write(true).truncate(true) };
    options.open(path).map_err(|error| {
        Failure::new(Exit::Client, format!("cannot write --events {}: {error}", path.display()))
    })
}

pub(super) fn format(name: FormatName) -> Option<Format> {
    match name {
        FormatName::Auto => None,
        FormatName::Json => Some(Format::Json),
        FormatName::Jsonl => Some(Format::Jsonl),
        FormatName::Csv => Some(Format::Csv),
        FormatName::Tsv => Some(Format::Tsv),
    }
}

pub(super) fn metric(name: Metric) -> DistanceMetric {
    match name {
        Metric::Cosine => DistanceMetric::Cosine,
        Metric::Euclidean => DistanceMetric::Euclidean,
    }
}
