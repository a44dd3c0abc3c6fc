//! What a run reports, and where: the only list of listeners.

use std::path::PathBuf;
use std::time::Duration;

use super::annotations::Annotations;
use super::events::{Events, Sink};
use super::identity::Run;
use super::lines::Lines;
use super::listener::Listener;
use super::metrics::Metrics;
use super::notice::Notice;
use super::progress::{Progress, Style};
use super::quiet::Quiet;
use super::schema::SCHEMA_VERSION;
use super::screen::Screen;
use super::state_file::{StateFile, StatePlace, Target};
use super::step_summary::StepSummary;
use super::summary::{Skipped, Summary};
use crate::call::Quota;
use crate::exit::Failure;
use crate::put::books::rehearsal::Rehearsal;
use crate::put::books::verified::Verified;
use crate::record::Input;

/// What a run reports, and where.
pub struct Telling {
    /// The run.
    pub run: Run,
    /// The bar or its replacement.
    pub style: Style,
    /// The time between two lines of progress.
    pub interval: Duration,
    /// What not to print.
    pub quiet: Quiet,
    /// Where events go, if anywhere.
    pub events: Option<Events>,
    /// The file for Prometheus, if wanted.
    pub metrics: Option<PathBuf>,
    /// Where the load keeps its state, if it keeps one.
    pub state: Option<StatePlace>,
    /// The inputs, for their names.
    pub inputs: Vec<Input>,
    /// Their size, if known.
    pub bytes_total: Option<u64>,
    /// The bucket's name.
    pub bucket: String,
    /// The index's name.
    pub index_name: String,
    /// The quota, to compare the rates with.
    pub quota: Quota,
    /// Notices from before anything is read.
    pub notes: Vec<Notice>,
    /// What to report to GitHub Actions, if the run is a step of a job.
    pub actions: Option<Actions>,
    /// The inputs that cannot be loaded and are left out.
    pub skipped_inputs: Vec<Skipped>,
    /// The skipped files in named directories.
    pub passed_over: Vec<String>,
    /// Whether this run continues an earlier one.
    pub resumed: bool,
    /// Whether the run makes no requests.
    pub dry_run: bool,
    /// What is known about a verification before it begins.
    pub verified: Option<Verified>,
}

/// Maximum number of skipped files in the summary.
const PASSED_OVER_LISTED: usize = 1_000;

/// A step of a GitHub Actions job, with annotations and a summary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actions {
    /// The file for the step's summary.
    pub step_summary: Option<PathBuf>,
}

impl Telling {
    /// The same with its events claimed for this run; without events if another run writes to their file.
    pub(crate) fn claimed(self) -> (Self, Option<Failure>) {
        match self.events.as_ref().map_or(Ok(()), Events::claim) {
            Ok(()) => (self, None),
            Err(taken) => (Self { events: None, ..self }, Some(taken)),
        }
    }

    /// The screen for people.
    pub(crate) fn screen(&self) -> Screen {
        Screen::new(self.style == Style::Bar, self.bytes_total.is_some())
    }

    /// All configured listeners, in the order in which they receive what happens.
    pub(crate) fn listeners(&mut self, screen: &Screen) -> Vec<Box<dyn Listener>> {
        let mut listeners: Vec<Box<dyn Listener>> = Vec::new();
        if let Some(events) = self.events.take() {
            listeners.push(Box::new(Sink::new(events, self.run.clone())));
        }
        if let Some(path) = self.metrics.take() {
            let metrics = Metrics::new(path, self.run.clone(), [&self.bucket, &self.index_name]);
            listeners.push(Box::new(metrics));
        }
        if let Some(place) = self.state.take() {
            let Self { bucket, index_name, inputs, bytes_total, .. } = &*self;
            let verify = self.verified.is_some();
            let target = Target { bucket, index_name, verify, inputs, bytes_total: *bytes_total };
            listeners.push(Box::new(StateFile::new(place, self.run.clone(), &target)));
        }
        listeners.push(Box::new(Lines::new(self.quiet, self.actions.is_none())));
        if let Some(Actions { step_summary }) = self.actions.take() {
            listeners.push(Box::new(Annotations::new(self.quiet != Quiet::Nothing)));
            if let Some(path) = step_summary {
                listeners.push(Box::new(StepSummary::new(path)));
            }
        }
        listeners.push(Box::new(Progress::new(self.style, self.interval, screen)));
        listeners
    }

    /// The summary as far as it is known before anything happens.
    pub(crate) fn summary(&self) -> Summary {
        Summary {
            schema_version: SCHEMA_VERSION,
            run_id: Some(self.run.id.clone()),
            started_at: Some(self.run.started_at.rfc3339_millis()),
            bucket: self.bucket.clone(),
            index_name: self.index_name.clone(),
            rehearsal: self.dry_run.then(Rehearsal::default),
            verified: self.verified,
            quota: self.quota.into(),
            skipped_inputs: self.skipped_inputs.clone(),
            passed_over: self.passed_over.iter().take(PASSED_OVER_LISTED).cloned().collect(),
            passed_over_count: self.passed_over.len() as u64,
            ..Summary::default()
        }
    }
}
