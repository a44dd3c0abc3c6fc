//! What a run that sends nothing does, and the service that it asks, if the settings name one.

use super::continuing;
use super::environment::Environment;
use super::job::{checked_bucket, read_back};
use super::missing;
use super::service::{ServiceAsFound, ServiceSettings};
use super::sources::Sources;
use crate::cli::{Global, PutVectors, Sending, To};
use crate::command_line::CommandLine;
use crate::exit::Failure;
use crate::oss::limits;
use crate::put::report::Telling;
use crate::put::report::notice::{IndexNotice, Notice};
use crate::put::{Rehearse, Verify};

/// What a run that sends nothing does, except for the service that it asks.
pub(super) fn rehearse(
    PutVectors { to, sending, .. }: &PutVectors,
    command_line: &CommandLine,
    telling: &Telling,
) -> Rehearse {
    Rehearse {
        client: None,
        is_check: sending.check,
        is_local: to.local,
        reads_back: read_back(sending.verify) == Verify::All,
        command: continuing::loading(command_line, &telling.bucket, &telling.index_name),
    }
}

/// The service that a dry run asks, or why it asks none.
pub(super) fn asked(
    to: &To,
    sending: &Sending,
    outer: (&Global, &Environment),
) -> (Option<ServiceSettings>, Option<Notice>) {
    match found(to, sending, outer) {
        Ok(asked) => (asked, None),
        Err(failure) => (None, Some(IndexNotice::NotAsked(failure.message).into())),
    }
}

/// The service, if the command line names a bucket and an index: otherwise the user does not expect a dry run to ask.
fn found(
    to: &To,
    sending: &Sending,
    (global, environment): (&Global, &Environment),
) -> Result<Option<ServiceSettings>, Failure> {
    let Some(index_name) = to.index_name.as_ref().filter(|_| sending.dry_run && !to.local) else {
        return Ok(None);
    };
    if to.bucket.is_none() || limits::index_name(index_name).is_err() {
        return Ok(None);
    }
    let sources = Sources::read(global, environment, to.bucket.as_deref())?;
    let service = missing::none_missing(ServiceAsFound::find(&sources, to.bucket.as_ref())?, to, &sources)?;
    let bucket = checked_bucket(service.bucket.clone())?;
    service.settings(&bucket, &sources).map(Some)
}
