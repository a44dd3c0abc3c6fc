//! All files that a load touches: a list of what it writes and a list of what it reads, from any option or variable.

use std::path::Path;

use super::connection::Connection;
use super::environment::{Environment, variable_of};
use super::outputs::{Outputs, Read};
use super::service::ServiceSettings;
use super::sources::{Sources, config_file};
use super::{logging, telling, vendor};
use crate::cli::{Global, PutVectors};
use crate::exit::Failure;
use crate::local_service;
use crate::log::{Destination, Level, Log};
use crate::read::Expanded;
use crate::record::Input;
use crate::setting::CA_BUNDLE;
use crate::setting::variables::{ALIBABA_CLOUD_OIDC_TOKEN_FILE, SSL_CERT_FILE};

/// Refuses a load whose command line names one file for two purposes, before a configuration file is read.
pub(super) fn check_named(
    arguments: &PutVectors,
    expanded: &Expanded,
    (global, environment): (&Global, &Environment),
) -> Result<(), Failure> {
    let sources = Sources::without_file(global, environment);
    let log = logging::LogAsFound::find(&sources)?.settings();
    written(arguments, &sources, &log, None).check_apart_from(&read(arguments, expanded, &sources)?)
}

/// The same, including files named in the configuration file; returns what is written.
pub(super) fn check(
    arguments: &PutVectors,
    expanded: &Expanded,
    sources: &Sources<'_>,
    log: &Log,
    local: Option<&local_service::Options>,
) -> Result<Outputs, Failure> {
    let outputs = written(arguments, sources, log, local);
    outputs.check_apart_from(&read(arguments, expanded, sources)?)?;
    outputs.check_outside_of(expanded.directories.iter().map(|(directory, _)| directory.as_path()))?;
    outputs.check()?;
    Ok(outputs)
}

/// The files that are written.
fn written(
    arguments: &PutVectors,
    sources: &Sources<'_>,
    log: &Log,
    local: Option<&local_service::Options>,
) -> Outputs {
    let reporting = &arguments.reporting;
    let actions = telling::actions(sources.environment);
    Outputs::of_streams()
        .data(local.and_then(|local| local.data.as_deref()))
        .rejects(reporting.rejects.as_deref())
        .resuming(reporting.resume)
        .events(reporting.events.as_deref().filter(|path| *path != Path::new("-")))
        .metrics(reporting.metrics_file.as_deref())
        .log(log_file(log, sources.global))
        .step_summary(actions.as_ref().and_then(|actions| actions.step_summary.as_deref()))
        .journals(reporting.checkpoint_dir.as_deref())
}

/// The files that a local service writes.
pub(super) fn written_by_service(global: &Global, log: &Log, options: &local_service::Options) -> Outputs {
    Outputs::of_streams().data(options.data.as_deref()).log(log_file(log, global))
}

/// The file of the log. One that is named counts even if nothing is logged.
fn log_file<'a>(log: &'a Log, global: &Global) -> Option<&'a Path> {
    let is_used = log.level != Level::Off || global.log_file.is_some();
    match &log.destination {
        Destination::File(path) if is_used => Some(path.as_path()),
        _ => None,
    }
}

/// The files that are read, except for those of a credential.
fn read(arguments: &PutVectors, expanded: &Expanded, sources: &Sources<'_>) -> Result<Vec<Read>, Failure> {
    let list = arguments.reading.files_from.iter().map(|list| {
        if list.as_os_str() == "-" { Read::standard_input() } else { Read::file("--files-from", list) }
    });
    let inputs = expanded.candidates.iter().filter_map(|candidate| match &candidate.input {
        Input::File(path) => Some(Read::file("an input", path)),
        Input::Stdin => Some(Read::standard_input()),
        Input::Inline(_) => None,
    });
    let environment = sources.environment;
    let config = config_file(sources.global, environment);
    let bundle = Connection::find(sources)?.ca_bundle;
    let certificates = variable_of(SSL_CERT_FILE, environment);
    let token = variable_of(ALIBABA_CLOUD_OIDC_TOKEN_FILE, environment);
    let others = [
        config.map(|config| Read::file("the configuration file", &config.value)),
        bundle.map(|bundle| Read::file(CA_BUNDLE.option(), &bundle.value)),
        certificates.map(|path| Read::file(SSL_CERT_FILE, Path::new(&path))),
        token.map(|path| Read::file(ALIBABA_CLOUD_OIDC_TOKEN_FILE, Path::new(&path))),
    ];
    let vendor = vendor::files(environment).into_iter();
    let vendor = vendor.map(|path| Read::file("a credentials file", &path));
    Ok(inputs.chain(list).chain(others.into_iter().flatten()).chain(vendor).collect())
}

/// The files of a credential.
pub(super) fn read_by_credential(service: Option<&ServiceSettings>) -> Vec<Read> {
    let files = service.iter().flat_map(|service| service.credential.files());
    files.map(|path| Read::file("a credentials file", &path)).collect()
}
