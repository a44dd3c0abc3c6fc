//! Step 6, settle: what became of each batch goes to the rejects, the counts and the report; only here does an
//! [`Outcome`] end.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::Finished;
use super::batch::Batch;
use super::pace::Quota;
use super::record::Input;
use super::rejects::Rejects;
use super::report::Reporter;
use super::send::{Fate, LastAnswer, Outcome};
use crate::exit::{Exit, Failure};

/// When there are so many rejects that going on makes no sense.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaxRejects {
    /// More than this many.
    Count(u64),
    /// More than this part of the records read, in percent, once there are a thousand of them.
    Percent(f64),
    /// Never.
    None,
}

impl MaxRejects {
    /// A part of few records says little.
    const PERCENT_FROM: u64 = 1_000;

    #[expect(clippy::cast_precision_loss, reason = "a comparison of parts")]
    fn exceeded(self, rejected: u64, read: u64) -> bool {
        match self {
            Self::Count(most) => rejected > most,
            Self::Percent(most) => read >= Self::PERCENT_FROM && rejected as f64 * 100.0 > most * read as f64,
            Self::None => false,
        }
    }
}

/// Takes every outcome of a run.
#[derive(Debug)]
pub(super) struct Settle {
    reporter: Arc<Reporter>,
    inputs: Vec<Input>,
    max_rejects: MaxRejects,
    rejects: Option<Rejects>,
    planned: Planned,
}

/// What a rehearsal would have sent.
#[derive(Debug, Default)]
struct Planned {
    requests: u64,
    vectors: u64,
    bytes: u64,
    quota: Option<Quota>,
}

impl Settle {
    pub(super) fn new(
        reporter: Arc<Reporter>,
        inputs: Vec<Input>,
        max_rejects: MaxRejects,
        rejects: Option<PathBuf>,
    ) -> Self {
        let rejects = rejects.map(|path| Rejects::new(path, false));
        Self { reporter, inputs, max_rejects, rejects, planned: Planned::default() }
    }

    /// Settles a batch: its rejects are on disk before anybody is told that it is done.
    pub(super) fn batch(&mut self, outcome: Outcome) -> Result<(), Failure> {
        let written = self.write_rejects(&outcome);
        self.reporter.batch(&outcome);
        written?;
        match outcome.stop {
            Some(failure) => Err(failure),
            None => self.within_max_rejects(),
        }
    }

    /// Counts a batch of a rehearsal.
    pub(super) fn rehearsed(&mut self, batch: Batch, quota: Quota) -> Result<(), Failure> {
        self.planned.requests += u64::from(!batch.vectors.is_empty());
        self.planned.vectors += batch.vectors.len() as u64;
        self.planned.bytes += batch.bytes() as u64;
        self.planned.quota = Some(quota);
        let outcome = not_sent(batch);
        self.write_rejects(&outcome)?;
        self.reporter.batch(&outcome);
        Ok(())
    }

    /// Counts a batch that was read and will not be sent.
    pub(super) fn abandon(&mut self, batch: Option<Batch>) {
        if let Some(batch) = batch {
            let read = batch.read();
            self.reporter.batch(&Outcome {
                rejects: Vec::new(),
                superseded: 0,
                not_sent: read,
                ..not_sent(batch)
            });
        }
    }

    /// Closes the books and finds the exit code.
    pub(super) fn finish(self, failure: Option<Failure>) -> Finished {
        let synced =
            self.rejects.as_ref().map_or(Ok(()), Rejects::sync).map_err(|error| self.rejects_failure(&error));
        let mut failure = failure.or(synced.err());
        let rejects_file = self.rejects.as_ref().filter(|rejects| rejects.is_used());
        let rejects_file = rejects_file.map(|rejects| rejects.path().display().to_string());
        let (mut summary, sink_error) = self.reporter.finish(|summary| {
            summary.rejects_file = rejects_file;
            if let Some(quota) = self.planned.quota {
                (summary.batches, summary.bytes_sent) = (self.planned.requests, self.planned.bytes);
                let time = quota.time_for(self.planned.requests, self.planned.vectors);
                summary.quota_seconds = Some(time.as_secs_f64());
            }
            let partial = summary.rejected + summary.unknown > 0;
            let exit = match &failure {
                Some(failure) => failure.exit,
                None if partial => Exit::Partial,
                None => Exit::Complete,
            };
            summary.exit_code = exit.code();
            summary.error = failure.as_ref().map(|failure| failure.message.clone());
        });
        if let (Some(error), None) = (sink_error, &failure) {
            summary.exit_code = Exit::Client.code();
            failure = Some(
                Failure::new(Exit::Client, format!("cannot write the events: {error}"))
                    .advise("the load itself is done as the summary says; check --events and the disk"),
            );
        }
        Finished { summary, failure }
    }

    fn write_rejects(&mut self, outcome: &Outcome) -> Result<(), Failure> {
        let Some(rejects) = &mut self.rejects else { return Ok(()) };
        let written = rejects.write(&self.inputs, &outcome.rejects).and_then(|()| {
            if outcome.settled { rejects.write_unknown(&self.inputs, &outcome.unknown) } else { Ok(()) }
        });
        written.map_err(|error| self.rejects_failure(&error))
    }

    fn rejects_failure(&self, error: &io::Error) -> Failure {
        let path =
            self.rejects.as_ref().map(|rejects| rejects.path().display().to_string()).unwrap_or_default();
        Failure::new(Exit::Client, format!("cannot write the rejects file {path}: {error}"))
            .advise("make room or name another file with --rejects")
    }

    fn within_max_rejects(&self) -> Result<(), Failure> {
        let rejected = self.reporter.rejected();
        if self.max_rejects.exceeded(rejected, self.reporter.read()) {
            return Err(Failure::new(Exit::Partial, format!("too many rejects: {rejected}"))
                .advise("--max-rejects sets how many are allowed; the first ones are named above"));
        }
        Ok(())
    }
}

/// The outcome of a batch that stays here.
fn not_sent(batch: Batch) -> Outcome {
    Outcome {
        number: batch.number,
        span: batch.span,
        read: batch.read(),
        fate: Fate::Refused,
        stored: 0,
        superseded: batch.superseded,
        not_sent: batch.vectors.len() as u64,
        unknown: Vec::new(),
        attempts: 0,
        throttled: 0,
        bytes_sent: 0,
        elapsed: Duration::ZERO,
        last: LastAnswer::default(),
        bytes_read: batch.bytes_read,
        settled: false,
        stop: None,
        rejects: batch.defects,
    }
}
