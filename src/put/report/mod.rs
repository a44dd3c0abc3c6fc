//! Step 6, report: what a run tells while it goes on and at its end. The only place of the path that prints.

mod actions;
mod calls;
mod events;
mod found;
mod hints;
mod meter;
mod next;
mod progress;
mod schema;
mod summary;
mod text;

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

pub(crate) use actions::failure as annotation;
pub use events::Events;
use events::{Event, Sink};
pub use meter::Limit;
pub(super) use meter::Waiting;
use meter::{Counts, Figures, Meter};
use progress::Progress;
pub use progress::Style;
pub use schema::SCHEMA_VERSION;
pub use summary::{Allowed, FailedPlace, Skipped, Summary};

use super::ledger::Ledger;
use super::notes::Notes;
use super::notice::{InputNotice, Notice, Severity};
use super::outcome::Outcome;
use super::read::FailedInput;
use super::record::{Defect, Input, place};
use super::tally::{Balance, Cost, Tally};
use super::tracker::Settled;
use crate::call::{Bound, Quota};

/// So many rejected records are named on standard error; the rest are counted, and all are in the rejects file.
const REJECTS_NAMED: u64 = 10;
/// Trouble with requests is told at most this often; every event is in the events file.
const TROUBLE_EVERY: Duration = Duration::from_secs(2);

/// What a run tells, and where.
pub struct Telling {
    /// The bar or its replacement.
    pub style: Style,
    /// Whether warnings and notes are printed.
    pub quiet: bool,
    /// Where events go, if anywhere.
    pub events: Option<Events>,
    /// The inputs, for their names.
    pub inputs: Vec<Input>,
    /// Their size, if it is known.
    pub bytes_total: Option<u64>,
    /// The bucket's name.
    pub bucket: String,
    /// The index's name.
    pub index_name: String,
    /// The quota, to show beside the real rates.
    pub quota: Quota,
    /// What is worth saying before anything is read.
    pub notes: Vec<Notice>,
    /// Where the run is a step of a GitHub Actions job: what is told there.
    pub actions: Option<Actions>,
    /// The inputs that cannot be loaded and are left out.
    pub skipped_inputs: Vec<Skipped>,
    /// The files of named directories that are passed over.
    pub passed_over: Vec<String>,
    /// Whether this run continues an earlier one.
    pub resumed: bool,
    /// Whether requests are left out.
    pub dry_run: bool,
}

/// So many files that are passed over are named in the summary.
const PASSED_OVER_LISTED: usize = 1_000;

/// A step of a GitHub Actions job, which annotates files and has a summary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actions {
    /// The file that takes the step's summary.
    pub step_summary: Option<PathBuf>,
}

/// Counts what happens and tells it; shared by all that take part in a run.
#[derive(Debug)]
pub struct Reporter {
    inner: Mutex<Inner>,
    /// The [`Waiting`] of the thread that fills batches.
    waiting: AtomicU8,
    /// Whether another batch could be on its way.
    has_room: AtomicBool,
}

struct Inner {
    telling: Telling,
    sink: Option<Sink>,
    /// The first trouble with writing events; the run goes on, its end tells.
    sink_error: Option<io::Error>,
    progress: Progress,
    begun: Instant,
    meter: Meter,
    /// Bytes of the files that all batches that ended stand for.
    input_bytes: u64,
    /// How long the pace held back turns, as it was last told.
    bound: Bound,
    throttled: hints::Throttled,
    summary: Summary,
    /// Rejected records that were told of.
    named: u64,
    notes: Notes,
    /// The part of the pace in force, as it was last told.
    pace: f64,
    /// Inputs that hold no record at all.
    empty: Vec<u32>,
    /// When trouble with a request was last told, and how much has been kept back since.
    last_trouble: Option<Instant>,
    more_trouble: u64,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Inner").field("summary", &self.summary).finish_non_exhaustive()
    }
}

impl Reporter {
    /// Starts the clock and tells that the run begins.
    pub fn new(mut telling: Telling) -> Self {
        let (sink, sink_error) = match telling.events.take().map(Sink::begin).transpose() {
            Ok(sink) => (sink, None),
            Err(error) => (None, Some(error)),
        };
        let mut inner = Inner {
            progress: Progress::new(telling.style, telling.bytes_total.is_some()),
            sink,
            sink_error,
            begun: Instant::now(),
            meter: Meter::new(telling.quota, telling.bytes_total),
            input_bytes: 0,
            bound: Bound::default(),
            throttled: hints::Throttled::default(),
            summary: Summary {
                schema_version: SCHEMA_VERSION,
                bucket: telling.bucket.clone(),
                index_name: telling.index_name.clone(),
                dry_run: telling.dry_run,
                quota: telling.quota.into(),
                skipped_inputs: telling.skipped_inputs.clone(),
                passed_over: telling.passed_over.iter().take(PASSED_OVER_LISTED).cloned().collect(),
                passed_over_count: telling.passed_over.len() as u64,
                ..Summary::default()
            },
            named: 0,
            notes: Notes::default(),
            pace: 1.0,
            empty: Vec::new(),
            last_trouble: None,
            more_trouble: 0,
            telling,
        };
        inner.run_start();
        for note in std::mem::take(&mut inner.telling.notes) {
            inner.notice(&note);
        }
        let (waiting, has_room) = (AtomicU8::new(Waiting::ForInput as u8), AtomicBool::new(true));
        Self { inner: Mutex::new(inner), waiting, has_room }
    }

    /// Notes that reading begins behind so many bytes of the files, which an earlier run has settled.
    pub(super) fn begins_at(&self, bytes: u64) {
        self.lock().meter.begin_at(bytes);
    }

    /// Notes what the thread that fills batches waits for.
    pub(super) fn waiting(&self, waiting: Waiting) {
        self.waiting.store(waiting as u8, Ordering::Relaxed);
    }

    /// Notes whether another batch could be on its way, if there were one.
    pub(super) fn has_room(&self, has_room: bool) {
        self.has_room.store(has_room, Ordering::Relaxed);
    }

    /// What is waited for now. Where no other batch could be on its way, it is not memory that keeps it back.
    fn waits(&self) -> Waiting {
        let has_room = self.has_room.load(Ordering::Relaxed);
        match self.waiting.load(Ordering::Relaxed) {
            waiting if waiting == Waiting::ForInput as u8 => Waiting::ForInput,
            waiting if waiting == Waiting::ForMemory as u8 && has_room => Waiting::ForMemory,
            _ => Waiting::ToSend,
        }
    }

    /// Tells what became of a batch, and what all of them come to by now.
    pub(super) fn batch(&self, outcome: &Outcome, balance: Balance) {
        let mut inner = self.lock();
        for defect in &outcome.rejects {
            inner.reject(defect);
        }
        inner.take(outcome, balance);
        inner.tell_batch(outcome);
        inner.show(self.waits());
    }

    /// Tells that records are rejected that were stored.
    pub(super) fn overwritten(&self, defects: &[Defect], balance: Balance) {
        let mut inner = self.lock();
        for defect in defects {
            inner.reject(defect);
        }
        inner.summary.balance = balance;
    }

    /// Tells that an input cannot be read any further.
    pub(super) fn input_failed(&self, failed: &FailedInput) {
        let mut inner = self.lock();
        let place = failed.error.place().unwrap_or(failed.at);
        let (name, text) = (inner.input(failed.at.input), failed.error.to_string());
        let message = text.lines().next().unwrap_or_default();
        inner.event(&Event::InputFailed {
            input: name.clone(),
            line: place.line,
            byte: place.offset,
            code: failed.error.code(),
            message: message.to_owned(),
        });
        inner.note(&format!("{message}; going on without the rest of it"));
        let (line, byte, message) = (place.line, place.offset, message.to_owned());
        inner.summary.failed_inputs.push(FailedPlace { name, line, byte, message });
    }

    /// Notes that an input holds no record at all.
    pub(super) fn is_empty(&self, input: u32) {
        self.lock().empty.push(input);
    }

    /// Tells which inputs hold no record, also who asked for quiet: somebody expected some there.
    pub(super) fn tell_of_empty_inputs(&self) {
        let inner = self.lock();
        let names: Vec<_> = inner.empty.iter().map(|input| inner.input(*input)).collect();
        if !names.is_empty() {
            inner.notice(&InputNotice::WithoutRecords(names).into());
        }
    }

    /// Tells the person watching of something, unless they asked for quiet and it is no warning.
    pub(super) fn note(&self, notice: &Notice) {
        self.lock().notice(notice);
    }

    /// Tells how the pace recovers: each tenth of the setting, and the whole of it.
    pub(super) fn pace(&self, pace: f64) {
        let mut inner = self.lock();
        let risen = pace - inner.pace;
        if risen >= 0.1 || (risen > 0.0 && pace >= 1.0) {
            inner.pace = pace;
            inner.event(&Event::Pace { pace: rounded(pace) });
            if pace >= 1.0 {
                inner.note("going on at the full pace again");
            }
        }
    }

    /// Redraws the progress: called now and then, so that it moves while nothing settles. `bound` is how long the pace
    /// has held back turns.
    pub(super) fn tick(&self, bound: Bound) {
        let mut inner = self.lock();
        inner.bound = bound;
        inner.show(self.waits());
    }

    /// Prints how far the run is, at once and also for who asked for quiet: somebody wants to know.
    pub(super) fn tell_now(&self) {
        let inner = self.lock();
        inner.progress.print(&inner.figures().line());
    }

    /// Tells the end, as the books have it; `complete` fills in what only the end knows. Trouble with the events comes back
    /// beside the summary.
    pub(super) fn finish(
        &self,
        ledger: &Ledger,
        complete: impl FnOnce(&mut Summary),
    ) -> (Summary, Option<io::Error>) {
        let mut inner = self.lock();
        inner.progress.finish();
        let elapsed = inner.begun.elapsed();
        inner.tell_notes();
        let reasons = ledger.reasons().told(&inner.telling.inputs);
        let limited_by = inner.meter.limit_of_all().filter(|_| !inner.telling.dry_run);
        let summary = &mut inner.summary;
        summary.balance = ledger.balance();
        let Settled { read, rejected, unknown, .. } = ledger.earlier();
        (summary.skipped, summary.skipped_rejected, summary.skipped_unknown) = (read, rejected, unknown);
        summary.elapsed_ms = millis(elapsed);
        summary.vectors_per_second = per_second(summary.balance.tally.stored, elapsed);
        summary.requests_per_second = per_second(summary.balance.cost.attempts, elapsed);
        summary.limited_by = limited_by;
        summary.reasons = reasons;
        complete(summary);
        let summary = summary.clone();
        inner.event(&Event::RunEnd { summary: &summary });
        if let Some(actions) = inner.telling.actions.take() {
            inner.tell_step(&actions, &summary);
        }
        (summary, inner.sink_error.take())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn run_start(&mut self) {
        let inputs = self.telling.inputs.iter().map(ToString::to_string).collect();
        let (bucket, index_name) = (self.telling.bucket.clone(), self.telling.index_name.clone());
        self.event(&Event::RunStart {
            version: env!("CARGO_PKG_VERSION"),
            inputs,
            bucket: &bucket,
            index_name: &index_name,
            resumed: self.telling.resumed,
            dry_run: self.telling.dry_run,
        });
    }

    fn reject(&mut self, defect: &Defect) {
        let place = place(&self.telling.inputs, defect.position);
        let key = defect.told_key();
        let message = defect.reason.told();
        self.event(&Event::Reject {
            input: self.input(defect.position.input),
            line: defect.position.line,
            record: defect.position.record,
            key: key.as_deref(),
            reason: defect.reason.code(),
            message: message.clone(),
        });
        match self.named {
            0..REJECTS_NAMED if self.telling.actions.is_some() => {
                let input = self.telling.inputs.get(defect.position.input as usize);
                self.note(&actions::reject(defect, input, &place));
            }
            0..REJECTS_NAMED => {
                self.note(&format!("{place}: {}{message}", defect.shown_key()));
            }
            REJECTS_NAMED => self.note("more records are rejected; the summary counts them"),
            _ => {}
        }
        self.named += 1;
    }

    fn take(&mut self, outcome: &Outcome, balance: Balance) {
        self.summary.balance = balance;
        if outcome.settled || self.summary.dry_run {
            self.input_bytes += outcome.input_bytes;
        }
        if outcome.stored > 0 {
            self.throttled.stored();
        }
    }

    fn tell_batch(&mut self, outcome: &Outcome) {
        let Tally { read, stored, rejected, superseded, unknown, not_sent } = outcome.tally();
        let Cost { attempts, bytes_sent, .. } = outcome.cost;
        self.event(&Event::Batch {
            seq: outcome.number,
            input: self.input(outcome.span.start.input),
            first_record: outcome.span.start.record,
            span: outcome.span,
            records: read,
            bytes: bytes_sent,
            attempts,
            fate: outcome.fate,
            stored,
            rejected,
            superseded,
            unknown,
            not_sent,
            http_status: outcome.last.status,
            code: outcome.last.code.as_deref(),
            request_id: outcome.last.request_id.as_deref(),
            elapsed_ms: millis(outcome.elapsed),
        });
    }

    fn input(&self, index: u32) -> String {
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        self.telling.inputs.get(index).map_or_else(String::new, ToString::to_string)
    }

    fn event(&mut self, event: &Event<'_>) {
        if let Some(sink) = &mut self.sink
            && let Err(error) = sink.write(event)
        {
            self.sink = None;
            // Nobody reads the events any more; that is no failure of the load.
            self.sink_error = Some(error).filter(|error| error.kind() != io::ErrorKind::BrokenPipe);
        }
    }

    fn note(&self, line: &str) {
        if !self.telling.quiet {
            self.progress.print(line);
        }
    }

    fn notice(&self, notice: &Notice) {
        let severity = notice.severity();
        if self.telling.quiet && severity != Severity::Warning {
            return;
        }
        let prefix = match severity {
            Severity::Step => "",
            Severity::Note => "note: ",
            Severity::Warning => "warning: ",
        };
        self.progress.print(&format!("{prefix}{}", notice.message()));
        for detail in notice.details() {
            self.progress.print(&format!("{:width$}{detail}", "", width = prefix.len()));
        }
    }

    /// Notes trouble with a request; in a long outage not each one, but how many there were.
    fn trouble(&mut self, line: &str) {
        if self.last_trouble.is_some_and(|last| last.elapsed() < TROUBLE_EVERY) {
            self.more_trouble += 1;
            return;
        }
        match std::mem::take(&mut self.more_trouble) {
            0 => self.note(line),
            more => self.note(&format!("{line} (and {more} more like it since the last line)")),
        }
        self.last_trouble = Some(Instant::now());
    }

    fn show(&mut self, waiting: Waiting) {
        self.meter.take(self.begun.elapsed(), self.counts(), waiting);
        if self.progress.is_due() {
            let figures = self.figures();
            self.progress.show(&figures);
        }
    }

    fn counts(&self) -> Counts {
        let Balance { tally, batches, cost } = self.summary.balance;
        let Tally { read, rejected, superseded, stored, .. } = tally;
        Counts {
            vectors: read - rejected.min(read) - superseded.min(read),
            batches,
            stored,
            requests: cost.attempts,
            input_bytes: self.input_bytes,
            bound: self.bound,
        }
    }

    fn figures(&self) -> Figures {
        let Tally { read, rejected, unknown, .. } = self.summary.balance.tally;
        let figures = self.meter.figures(self.begun.elapsed(), self.counts(), self.pace);
        Figures { rejected, unknown, checked: Some(read).filter(|_| self.summary.dry_run), ..figures }
    }

    /// Tells a GitHub Actions step how the run ended.
    fn tell_step(&self, actions: &Actions, summary: &Summary) {
        if let Some(error) = &summary.error {
            self.progress.print(&actions::failure(error));
        }
        let Some(path) = &actions.step_summary else { return };
        if let Err(error) = append(path, &actions::step_summary(summary)) {
            self.notice(&Notice::StepSummary { path: path.clone(), error: error.to_string() });
        }
    }
}

/// Adds to the summary of a step, to which earlier commands of the step may have written.
fn append(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    if file.metadata()?.len() + text.len() as u64 > actions::STEP_SUMMARY_BYTES {
        return Err(io::Error::other("it would grow beyond 1 MiB"));
    }
    file.write_all(text.as_bytes())
}

fn rounded(part: f64) -> f64 {
    (part * 1000.0).round() / 1000.0
}

/// Whole milliseconds, as events and summaries give times.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "a rate, shown with few digits")]
fn per_second(number: u64, time: Duration) -> f64 {
    let seconds = time.as_secs_f64();
    if seconds > 0.0 { (number as f64 / seconds * 10.0).round() / 10.0 } else { 0.0 }
}
