//! The reporter of a run: keeps the current figures, and passes everything that happens to all listeners.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::happening::{Beginning, Happening, Rejected, input_name};
use super::hints::Throttled;
use super::identity::Run;
use super::lint::{self, Forbidden};
use super::listener::{Listener, Untold};
use super::meter::{Counts, Figures, Meter, Waiting};
use super::notes::{self, Notes};
use super::notice::{InputNotice, Notice};
use super::planned::is_worth_a_date;
use super::schema::millis;
use super::screen::Screen;
use super::summary::{FailedPlace, Summary};
use super::telling::Telling;
use crate::admit::Findings;
use crate::call::{Bound, Observer, Trouble};
use crate::exit::Failure;
use crate::lint::Found;
use crate::put::books::check::Check;
use crate::put::books::ledger::Ledger;
use crate::put::books::outcome::Outcome;
use crate::put::books::survey::Survey;
use crate::put::books::tally::{Balance, Tally};
use crate::put::books::tracker::Settled;
use crate::read::{FailedInput, Opened};
use crate::record::{Defect, Input, Position};

/// Counts what happens and reports it; shared by all tasks of a run.
#[derive(Debug)]
pub struct Reporter {
    inner: Mutex<Inner>,
    /// The [`Waiting`] of the thread that fills batches.
    waiting: AtomicU8,
    /// Whether another batch could be in flight.
    has_room: AtomicBool,
}

struct Inner {
    audience: Audience,
    inputs: Vec<Input>,
    run: Run,
    /// Whether the run continues an earlier one.
    resumed: bool,
    /// What earlier runs of the load settled.
    earlier: Settled,
    begun: Instant,
    meter: Meter,
    /// The bytes of the files that all ended batches cover.
    input_bytes: u64,
    /// How long the pace has delayed turns, as of the last update.
    bound: Bound,
    throttled: Throttled,
    summary: Summary,
    /// The number of rejected records so far, by code.
    rejected: BTreeMap<&'static str, u64>,
    notes: Notes,
    /// The findings of lint, and whether records with them are rejected; `None` if lint is off.
    lint: Option<(Found, bool)>,
    /// The current fraction of the pace, as last reported.
    pace: f64,
    /// Inputs without records.
    empty: Vec<u32>,
    /// What the inputs were recognised as, in a run that sends nothing.
    survey: Survey,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Inner").field("summary", &self.summary).finish_non_exhaustive()
    }
}

/// The listeners, and the screen that some of them share.
struct Audience {
    listeners: Vec<Box<dyn Listener>>,
    screen: Screen,
}

impl Audience {
    fn tell(&mut self, happening: &Happening<'_>) {
        for listener in &mut self.listeners {
            listener.hear(happening, &mut self.screen);
        }
    }

    fn note(&mut self, notice: impl Into<Notice>) {
        self.tell(&Happening::Noted(&notice.into()));
    }

    /// Reports the end; returns trouble that makes the run a failure.
    fn end(&mut self, summary: &Summary) -> Option<io::Error> {
        self.tell(&Happening::Ended(summary));
        let untold: Vec<_> = self.listeners.iter_mut().filter_map(|listener| listener.trouble()).collect();
        let mut failure = None;
        for untold in untold {
            match untold {
                Untold::Noted(notice) => self.note(notice),
                Untold::Failed(error) => failure = Some(error),
            }
        }
        failure
    }
}

impl Reporter {
    /// Starts the clock and reports that the run begins.
    pub fn new(mut telling: Telling) -> Self {
        let screen = telling.screen();
        let mut audience = Audience { listeners: telling.listeners(&screen), screen };
        audience.tell(&Happening::Began(Beginning {
            inputs: &telling.inputs,
            bucket: &telling.bucket,
            index_name: &telling.index_name,
            resumed: telling.resumed,
            dry_run: telling.dry_run,
            verify: telling.verified.is_some(),
        }));
        for notice in std::mem::take(&mut telling.notes) {
            audience.note(notice);
        }
        let mut meter = Meter::new(telling.quota, telling.bytes_total);
        if telling.resumed {
            meter.begins_later();
        }
        let inner = Inner {
            audience,
            begun: Instant::now(),
            meter,
            input_bytes: 0,
            bound: Bound::default(),
            throttled: Throttled::default(),
            summary: telling.summary(),
            rejected: BTreeMap::new(),
            notes: Notes::default(),
            lint: None,
            pace: 1.0,
            empty: Vec::new(),
            survey: Survey::default(),
            resumed: telling.resumed,
            earlier: Settled::default(),
            run: telling.run,
            inputs: telling.inputs,
        };
        let (waiting, has_room) = (AtomicU8::new(Waiting::ForInput as u8), AtomicBool::new(true));
        Self { inner: Mutex::new(inner), waiting, has_room }
    }

    /// Whether vectors are compared instead of sent.
    pub(crate) fn is_of_verification(&self) -> bool {
        self.lock().summary.verified.is_some()
    }

    /// Notes what earlier runs of the load settled, as far as it is known.
    pub(crate) fn goes_on_from(&self, earlier: Settled) {
        self.lock().earlier = earlier;
    }

    /// Notes that reading begins after this many bytes of the files, which an earlier run settled, and skips this many
    /// of the later ones.
    pub(crate) fn begins_at(&self, bytes: u64, passed_over: u64) {
        self.lock().meter.begin_at(bytes + passed_over);
    }

    /// Notes what the thread that fills batches waits for.
    pub(crate) fn waiting(&self, waiting: Waiting) {
        self.waiting.store(waiting as u8, Ordering::Relaxed);
    }

    /// Notes whether another batch could be in flight, if there were one.
    pub(crate) fn has_room(&self, has_room: bool) {
        self.has_room.store(has_room, Ordering::Relaxed);
    }

    /// What the run is waiting for. If no other batch could be in flight, memory is not what limits it.
    fn waits(&self) -> Waiting {
        let has_room = self.has_room.load(Ordering::Relaxed);
        match self.waiting.load(Ordering::Relaxed) {
            waiting if waiting == Waiting::ForInput as u8 => Waiting::ForInput,
            waiting if waiting == Waiting::ForMemory as u8 && has_room => Waiting::ForMemory,
            _ => Waiting::ToSend,
        }
    }

    /// Reports the outcome of a batch, and the totals so far.
    pub(crate) fn batch(&self, outcome: &Outcome, balance: Balance) {
        let mut inner = self.lock();
        inner.reject(&outcome.rejects);
        inner.take(outcome, balance);
        let Inner { audience, inputs, .. } = &mut *inner;
        audience.tell(&Happening::Settled { outcome, inputs });
        inner.show(self.waits());
    }

    /// Reports that stored records are rejected.
    pub(crate) fn overwritten(&self, defects: &[Defect], balance: Balance) {
        let mut inner = self.lock();
        inner.reject(defects);
        inner.summary.balance = balance;
    }

    /// Reports that an input cannot be read any further.
    pub(crate) fn input_failed(&self, failed: &FailedInput) {
        let mut inner = self.lock();
        let FailedInput { at, error, .. } = failed;
        let place = error.place().unwrap_or(*at);
        let message = error.to_string().lines().next().unwrap_or_default().to_owned();
        let name = input_name(&inner.inputs, at.input);
        let failed = FailedPlace { name, line: place.line, byte: place.offset, unit: place.unit, message };
        inner.audience.tell(&Happening::InputFailed { failed: &failed, code: error.code() });
        inner.summary.failed_inputs.push(failed);
    }

    /// Notes that an input has no records.
    pub(crate) fn is_empty(&self, input: u32) {
        self.lock().empty.push(input);
    }

    /// Notes what an input was recognised as.
    pub(crate) fn opened(&self, input: u32, opened: Opened) {
        let mut inner = self.lock();
        let name = input_name(&inner.inputs, input);
        inner.survey.opened(input, name, opened);
    }

    /// Notes what an input was recognised as that could not be checked earlier.
    pub(crate) fn recognised(&self, input: u32, what: String) {
        let mut inner = self.lock();
        let name = input_name(&inner.inputs, input);
        inner.audience.note(InputNotice::Taken(what, vec![name]));
    }

    /// Notes that an input repeats its header in this many rows, which are not records, with the place of the first
    /// one.
    pub(crate) fn repeats_header(&self, first: Position, rows: u64) {
        let mut inner = self.lock();
        let first = format!("{}:{}", input_name(&inner.inputs, first.input), first.line);
        inner.notes.add_headers(rows, &first);
        inner.audience.note(InputNotice::HeaderRepeated { first, rows });
    }

    /// Reports which inputs have no records, since the user expects some.
    pub(crate) fn tell_of_empty_inputs(&self) {
        let mut inner = self.lock();
        let names: Vec<_> = inner.empty.iter().map(|input| input_name(&inner.inputs, *input)).collect();
        if !names.is_empty() {
            inner.summary.empty_inputs.clone_from(&names);
            inner.audience.note(InputNotice::WithoutRecords(names));
        }
    }

    /// Notes what the service says about the target of a load.
    pub(crate) fn checked(&self, check: Check) {
        self.lock().summary.check = Some(check);
    }

    /// Notes the dimension of the input, once it is known.
    pub(crate) fn input_has(&self, dimension: Option<usize>) {
        if let Some(check) = &mut self.lock().summary.check {
            check.input_dimension = check.input_dimension.or(dimension.map(|dimension| dimension as u64));
        }
    }

    /// Reports a notice.
    pub(crate) fn note(&self, notice: impl Into<Notice>) {
        self.lock().audience.note(notice);
    }

    /// Takes the findings in the next records, and reports new ones. Under `--strict` they are the reason to end the
    /// load.
    pub(crate) fn found(&self, findings: &Findings, is_strict: bool) -> Option<Failure> {
        let mut inner = self.lock();
        let Inner { notes: known, inputs, .. } = &mut *inner;
        let new = known.add(findings, inputs);
        if is_strict {
            return notes::strict(&new);
        }
        for note in new {
            inner.audience.note(InputNotice::Found(note));
        }
        None
    }

    /// Takes all findings of lint so far, and whether records with them are rejected. Returns the reason to end the
    /// load if some of them are `forbidden`.
    pub(crate) fn linted(&self, found: &Found, is_rejected: bool, forbidden: Forbidden) -> Option<Failure> {
        let mut inner = self.lock();
        inner.lint = Some((*found, is_rejected));
        forbidden.failure(found, &inner.inputs)
    }

    /// The failure under `--strict` at the end of the input, if no record had some of the names on the command line.
    pub(crate) fn missing(&self, is_strict: bool) -> Option<Failure> {
        let inner = self.lock();
        // What earlier runs of the load have read is unknown here.
        let is_known = is_strict && !inner.resumed;
        is_known.then(|| notes::strict(&inner.notes.missing())).flatten()
    }

    /// Whether some names on the command line have matched no record, as far as it is known.
    pub(crate) fn misses_fields(&self) -> bool {
        let inner = self.lock();
        !inner.resumed && inner.notes.missing().iter().any(|note| note.code == notes::MISSING)
    }

    /// Reports the recovery of the pace: each tenth of the setting, and all of it.
    pub(crate) fn pace(&self, pace: f64) {
        let mut inner = self.lock();
        let risen = pace - inner.pace;
        if risen >= 0.1 || (risen > 0.0 && pace >= 1.0) {
            inner.pace = pace;
            inner.audience.tell(&Happening::PaceRose(pace));
        }
    }

    /// Reports the progress; called at intervals, so that it is updated while nothing settles. `bound` is how long the
    /// pace has delayed turns.
    pub(crate) fn tick(&self, bound: Bound) {
        let mut inner = self.lock();
        inner.bound = bound;
        inner.show(self.waits());
    }

    /// Reports the progress on request.
    pub(crate) fn tell_now(&self) {
        let mut inner = self.lock();
        let figures = inner.figures();
        inner.audience.tell(&Happening::Asked(&figures));
    }

    /// Reports the end, according to the books; `complete` fills in what is known only at the end. Also returns an
    /// error in writing the events.
    pub(crate) fn finish(
        &self,
        ledger: &Ledger,
        complete: impl FnOnce(&mut Summary),
    ) -> (Summary, Option<io::Error>) {
        let mut inner = self.lock();
        inner.audience.screen.clear();
        let elapsed = inner.begun.elapsed();
        inner.tell_notes();
        let limited_by = inner.meter.limit_of_all();
        let reasons = ledger.reasons().told(&inner.inputs);
        let Inner { summary, audience, run, survey, notes, inputs, .. } = &mut *inner;
        summary.finished_at = Some(run.now().rfc3339_millis());
        summary.balance = ledger.balance();
        let Settled { read, stored, rejected, unknown } = ledger.earlier();
        (summary.skipped, summary.skipped_stored) = (read, stored);
        (summary.skipped_rejected, summary.skipped_unknown) = (rejected, unknown);
        summary.elapsed_ms = millis(elapsed);
        let settled = summary.balance.tally.stored + ledger.findings().all();
        summary.vectors_per_second = per_second(settled, elapsed);
        summary.requests_per_second = per_second(summary.balance.cost.attempts, elapsed);
        summary.limited_by = limited_by;
        summary.reasons = reasons;
        complete(summary);
        if let Some(plan) = &mut summary.plan {
            plan.forms = survey.forms();
            plan.conversions = notes.conversions(inputs);
            if let Some(time) = plan.time() {
                let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX).saturating_add(1);
                let finish = run.now().plus_seconds(seconds);
                plan.earliest_finish = Some(finish.rfc3339_millis());
                // Loading time zones takes longer than the rest of a short dry run.
                plan.local_finish = is_worth_a_date(time).then(|| finish.local_minute());
            }
        }
        let untold = audience.end(summary);
        (summary.clone(), untold)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Reporter {
    fn troubled(&self, trouble: &Trouble<'_>) {
        let mut inner = self.lock();
        inner.audience.tell(&Happening::Troubled(trouble));
        if let Trouble::Throttled { batch, vectors, pace, .. } = *trouble {
            inner.pace = pace;
            if let Some(advice) = batch.and_then(|batch| inner.throttled.again(batch, vectors)) {
                inner.audience.note(advice);
            }
        }
    }
}

impl Inner {
    fn reject(&mut self, defects: &[Defect]) {
        let Self { audience, inputs, rejected, .. } = self;
        for defect in defects {
            let before = rejected.values().sum();
            let alike = rejected.entry(defect.reason.code()).or_default();
            audience.tell(&Happening::Rejected(Rejected { defect, inputs, before, alike: *alike }));
            *alike += 1;
        }
    }

    fn take(&mut self, outcome: &Outcome, balance: Balance) {
        self.summary.balance = balance;
        self.survey.read(&outcome.shares);
        if outcome.settled {
            self.input_bytes += outcome.input_bytes;
        }
        if outcome.stored > 0 {
            self.throttled.stored();
        }
    }

    fn show(&mut self, waiting: Waiting) {
        self.meter.take(self.begun.elapsed(), self.counts(), waiting);
        let figures = self.figures();
        self.audience.tell(&Happening::Progressed(&figures));
    }

    fn counts(&self) -> Counts {
        let Balance { tally, batches, cost } = self.summary.balance;
        let Tally { read, rejected, superseded, stored, .. } = tally;
        // Records that differ are checked, too.
        let is_verification = self.summary.verified.is_some();
        Counts {
            vectors: read - rejected.min(read) - superseded.min(read),
            batches,
            stored: if is_verification { stored + rejected } else { stored },
            checked: self.summary.rehearsal.map(|_| read),
            requests: cost.attempts,
            input_bytes: self.input_bytes,
            bound: self.bound,
        }
    }

    fn figures(&self) -> Figures {
        let Self { earlier, summary, .. } = self;
        let balance = summary.balance;
        let Tally { stored, rejected, unknown, .. } = balance.tally;
        let figures = self.meter.figures(self.begun.elapsed(), self.counts(), self.pace);
        let (stored, rejected) = (earlier.stored + stored, earlier.rejected + rejected);
        let unknown = earlier.unknown + unknown;
        let is_verification = summary.verified.is_some();
        // Records that differ are checked, too.
        let stored = if is_verification { stored + rejected } else { stored };
        Figures { stored, rejected, unknown, balance, earlier: *earlier, is_verification, ..figures }
    }

    /// Reports what was found in records since their notes were made.
    fn tell_notes(&mut self) {
        // What earlier runs of the load have read is unknown here.
        let missing = if self.resumed { Vec::new() } else { self.notes.missing() };
        let mut all = self.notes.all(&self.inputs);
        // If the records are rejected, their reasons say it.
        let linted = self.lint.filter(|(_, is_rejected)| !is_rejected);
        let linted = linted.map_or_else(Vec::new, |(found, _)| lint::notes(&found, &self.inputs));
        for note in self.notes.more(&self.inputs).iter().chain(&linted).chain(&missing) {
            self.audience.note(InputNotice::Found(note.clone()));
        }
        all.extend(linted.into_iter().chain(missing));
        self.summary.notes = all;
        self.summary.lint = self.lint.map(|(found, _)| lint::counts(&found, &self.inputs));
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate, shown with few digits")]
fn per_second(number: u64, time: Duration) -> f64 {
    let seconds = time.as_secs_f64();
    if seconds > 0.0 { (number as f64 / seconds * 10.0).round() / 10.0 } else { 0.0 }
}
