//! `put-vectors`, in either form: a load, with a local service around it if one is asked for.

use tokio::sync::watch;

use super::listening::{bind, cannot_listen, open, raised};
use crate::cli::{Global, PutVectors};
use crate::command_line::CommandLine;
use crate::exit::{ErrorCode, Exit, Failure};
use crate::local_service;
use crate::log;
use crate::print::{ResultOnce, last_words, remark, tell};
use crate::put::report::Summary;
use crate::put::report::notice::Severity;
use crate::put::{self, Calls, Tally};
use crate::resources;
use crate::settings::{self, CommandForm, Environment, Load};
use crate::signals;

/// Files that a load opens in addition to its connections: inputs, journal, rejects, events, log and locks, with some
/// in reserve.
const FILES_OF_LOAD: usize = 16;

/// Runs a load, with a local service around it if one is asked for.
pub(super) async fn put_vectors(
    (arguments, form): (&PutVectors, CommandForm),
    global: &Global,
    environment: &Environment,
    command_line: &CommandLine,
    result: &ResultOnce,
) -> Result<Exit, Failure> {
    let load = settings::load((arguments, form), global, environment, command_line)?;
    carry_out(load, global, result).await
}

/// Runs a load or a verification.
pub(super) async fn carry_out(load: Load, global: &Global, result: &ResultOnce) -> Result<Exit, Failure> {
    let Load { mut job, service, asked, local, output, log } = load;
    let connections = job.jobs * if local.is_some() { 2 } else { 1 };
    resources::descriptors(FILES_OF_LOAD + connections)?;
    let logged = log::begin(&log)?;
    for (severity, text) in service.iter().chain(&asked).flat_map(|service| &service.remarks) {
        remark(*severity, text, global);
    }
    let (stop_local, stopped) = watch::channel(false);
    let mut serving = None;
    let service = match (service, local) {
        (Some(service), Some(local)) => {
            let listener = bind("127.0.0.1:0").await?;
            let address = listener.local_addr().map_err(|error| cannot_listen("127.0.0.1:0", &error))?;
            serving = Some(tokio::spawn(local_service::serve(listener, raised(stopped), open(local)?)));
            Some(service.at(address)?)
        }
        (service, _) => service,
    };
    job.client = service.map(settings::ServiceSettings::client).transpose()?;
    job.rehearse.client = asked.map(settings::ServiceSettings::client).transpose()?;
    let (bucket, index) = (job.telling.bucket.clone(), job.telling.index_name.clone());
    let only_reads = job.wanted.only_reads;
    tracing::info!(
        bucket,
        index,
        inputs = job.inputs.len(),
        dry_run = job.client.is_none(),
        only_reads,
        "load begins"
    );
    let calls =
        Calls { interrupt: signals::interrupt(last_words(output, result)), progress: signals::progress() };
    let mut finished = Box::pin(put::run(job, calls)).await;
    stop_local.send_replace(true);
    if let Some(serving) = serving {
        let ended = serving.await.unwrap_or_else(|error| Err(error.into()));
        let failed =
            ended.map_err(|error| Failure::new(ErrorCode::LocalService, format!("local service: {error:#}")));
        failed.unwrap_or_else(|failure| finished.fail(failure));
    }
    let Summary { balance, exit_code, .. } = finished.summary;
    let Tally { stored, rejected, unknown, .. } = balance.tally;
    tracing::info!(bucket, index, stored, rejected, unknown, exit_code, "load ends");
    if let Some(failure) = logged.failure(&log) {
        if finished.failure.is_some() {
            remark(Severity::Note, &failure.message, global);
        }
        finished.fail(failure);
    }
    Ok(tell(&finished, output, global.quiet, result))
}
