//! Step 6, settle: enters the outcome of each batch in the rejects, the journal, the counts and the report. An
//! [`Outcome`] ends only here.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::again::{Again, Role};
use super::batch::Batch;
use super::books::ledger::{Bounds, Ledger};
use super::books::outcome::{Fate, LastAnswer, Outcome};
use super::books::plan::Planner;
use super::books::rehearsal::Rehearsal;
use super::books::tally::Cost;
use super::books::tracker::{Mark, Settled};
use super::books::verified::Findings;
use super::finished::Finished;
use super::keep::checkpoint::Checkpoint;
use super::keep::journal::Binding;
use super::keep::kept::Left;
use super::keep::rejects::Listed;
use super::keep::resume::IndexNow;
use super::report::Reporter;
use crate::call::{Pace, Quota};
use crate::exit::{ErrorCode, Exit, Failure};
use crate::read::{FailedInput, ReadError};
use crate::record::Defect;
use crate::words::count;

/// Takes every outcome of a run.
#[derive(Debug)]
pub(super) struct Settle {
    reporter: Arc<Reporter>,
    ledger: Ledger,
    checkpoint: Checkpoint,
    /// What a rehearsal would have sent.
    rehearsal: Option<Rehearsal>,
    /// The plan of a dry run.
    planner: Option<Planner>,
    /// Whether vectors are compared instead of sent.
    only_reads: bool,
    /// Why inputs could not be read to their end, one message each.
    failed: Vec<(ErrorCode, String)>,
    /// Whether to report the command that continues.
    has_way_on: bool,
}

/// How the reading of the input ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// At the end of the last input; some inputs may have failed earlier.
    Exhausted,
    /// Before its end.
    Stopped,
}

impl Settle {
    pub(super) fn new(reporter: Arc<Reporter>, bounds: Bounds, checkpoint: Checkpoint) -> Self {
        let earlier = checkpoint.settled();
        reporter.goes_on_from(earlier);
        Self {
            only_reads: reporter.is_of_verification(),
            reporter,
            ledger: Ledger::new(bounds, earlier),
            checkpoint,
            rehearsal: None,
            planner: None,
            failed: Vec::new(),
            has_way_on: true,
        }
    }

    /// Forgets complete loads that went into another index.
    pub(super) fn hold_against(&mut self, index: IndexNow<'_>) {
        self.checkpoint.hold_against(index);
    }

    /// The roles of the inputs, if the order of inputs matters.
    pub(super) fn roles(&self) -> Vec<Role> {
        self.checkpoint.roles()
    }

    /// Forgets inputs that must be loaded again because of their order.
    pub(super) fn load_again(&mut self, again: &Again) {
        self.checkpoint.load_again(again);
    }

    /// Whether complete loads have left nothing to do.
    pub(super) fn is_complete(&mut self) -> Result<bool, Failure> {
        let is_complete = self.checkpoint.find_complete()?;
        if let Some(complete) = self.checkpoint.already_complete() {
            let counts = complete.counts();
            self.goes_on_from(counts);
            self.checkpoint.take_notes().into_iter().for_each(|note| self.reporter.note(note));
        }
        Ok(is_complete)
    }

    /// What earlier runs of the load knew about the index, and what they counted.
    pub(super) fn bound_before(&self) -> (Binding, Settled) {
        self.checkpoint.bound()
    }

    /// What earlier runs and complete loads knew about the index.
    pub(super) fn bound(&self) -> Binding {
        self.checkpoint.bound_by_all()
    }

    /// How far the load was when this run began.
    pub(super) fn began_at(&self) -> Option<Mark> {
        self.checkpoint.began_at()
    }

    /// The inputs that other loads have completed.
    pub(super) fn of_others(&self) -> BTreeSet<u32> {
        self.checkpoint.of_others()
    }

    /// Puts all files in their places, once the index is known; returns what earlier runs of the load settled.
    pub(super) fn start(&mut self, index: IndexNow<'_>) -> Result<Settled, Failure> {
        let earlier = self.checkpoint.start(index)?;
        self.goes_on_from(earlier);
        self.take_back();
        self.checkpoint.take_notes().into_iter().for_each(|note| self.reporter.note(note));
        Ok(self.ledger.earlier())
    }

    /// Reports what this run gives up; does nothing the second time.
    pub(super) fn tell_of_earlier(&mut self) {
        self.checkpoint.tell_of_earlier().into_iter().for_each(|note| self.reporter.note(note));
    }

    /// Notes that a resume is refused: nothing counts as skipped, and the same command would only fail again.
    pub(super) fn refused(&mut self, failure: Failure) -> Failure {
        self.goes_on_from(Settled::default());
        self.has_way_on = false;
        self.checkpoint.refused(failure)
    }

    /// Notes what earlier runs of the load settled.
    fn goes_on_from(&mut self, earlier: Settled) {
        self.ledger.goes_on_from(earlier);
        self.reporter.goes_on_from(earlier);
    }

    /// Notes which findings of a verification later records have taken back.
    fn take_back(&mut self) {
        self.ledger.taken_back(self.checkpoint.taken_back());
        self.reporter.goes_on_from(self.ledger.earlier());
    }

    /// Notes that a batch is about to be sent to the index.
    pub(super) fn begin_to_send(&mut self, known: &Binding) -> Result<(), Failure> {
        self.checkpoint.begin_to_send(known)
    }

    /// Notes that the index has nothing that an earlier run stored.
    pub(super) fn index_is_new(&mut self) -> Result<(), Failure> {
        self.checkpoint.index_is_new()
    }

    /// Settles a batch: its rejects are on disk before the journal is updated, and both before anything is reported.
    pub(super) fn batch(&mut self, outcome: Outcome) -> Result<(), Failure> {
        let is_left = !outcome.settled && self.checkpoint.is_resumable();
        let outcome = if is_left { outcome.left_to_a_later_run() } else { outcome };
        let kept = self.checkpoint.settle(&outcome);
        let outcome = if kept.is_ok() { outcome } else { outcome.left_to_a_later_run() };
        if !outcome.later.is_empty() {
            self.take_back();
        }
        self.enter(&outcome);
        kept?;
        outcome.stop.or_else(|| self.ledger.too_many_rejects()).map_or(Ok(()), Err)
    }

    /// Enters the outcome of a batch in the books, and reports it.
    fn enter(&mut self, outcome: &Outcome) {
        self.ledger.enter(outcome);
        self.reporter.batch(outcome, self.ledger.balance());
    }

    /// Rejects records that were stored but have been overwritten.
    pub(super) fn overwritten(&mut self, defects: &[Defect]) -> Result<(), Failure> {
        if defects.is_empty() {
            return Ok(());
        }
        self.checkpoint.overwritten(defects)?;
        self.ledger.overwritten(defects);
        self.reporter.overwritten(defects, self.ledger.balance());
        Ok(())
    }

    /// Keeps the display and the files up to date while nothing settles.
    pub(super) fn tick(&mut self, pace: &dyn Pace) -> Result<(), Failure> {
        self.reporter.pace(pace.factor());
        self.reporter.tick(pace.bound());
        self.checkpoint.sync_if_due()
    }

    /// The keys of rejected records.
    pub(super) fn listed(&self) -> Arc<Listed> {
        self.checkpoint.listed()
    }

    /// The reporter, to share with other tasks.
    pub(super) fn shared_reporter(&self) -> Arc<Reporter> {
        Arc::clone(&self.reporter)
    }

    /// The reporter of the run.
    pub(super) fn reporter(&self) -> &Reporter {
        &self.reporter
    }

    /// Makes a plan from the batches of a rehearsal.
    pub(super) fn plans(&mut self, planner: Planner) {
        self.planner = Some(planner);
    }

    /// Counts a batch of a rehearsal.
    pub(super) fn rehearsed(&mut self, batch: Batch, quota: Quota) -> Result<(), Failure> {
        self.rehearsal.get_or_insert_default().count(&batch, quota);
        if let Some(planner) = &mut self.planner {
            planner.count(&batch);
        }
        let outcome = Outcome { settled: true, ..not_sent(batch) };
        let kept = self.checkpoint.write_rejects(&outcome.rejects, &outcome.unknown, &[]);
        let outcome = if kept.is_ok() { outcome } else { outcome.left_to_a_later_run() };
        self.enter(&outcome);
        if self.ledger.has_too_many_rejects() {
            self.planner.iter_mut().for_each(Planner::exceeds_max_rejects);
        }
        kept
    }

    /// Counts a batch that was read but will not be sent.
    pub(super) fn abandon(&mut self, batch: Option<Batch>) {
        if let Some(batch) = batch {
            self.enter(&not_sent(batch).left_to_a_later_run());
        }
    }

    /// Notes that an input cannot be read any further; batches from the number `before` on come after the failure.
    pub(super) fn input_failed(&mut self, failed: FailedInput, before: u64) -> Result<(), Failure> {
        self.reporter.input_failed(&failed);
        self.failed.push((code_of(&failed.error), failed.error.to_string()));
        self.checkpoint.input_failed(failed, before)
    }

    /// Closes the books and finds the exit code.
    pub(super) fn finish(mut self, reading: Reading, mut failure: Option<Failure>) -> Finished {
        if self.ledger.is_without_a_good_record() {
            // Later records would be as bad, and what is settled by then would never be read again.
            self.has_no_way_on();
            failure = failure.map(|failure| {
                failure.advise(
                    "no record is valid: check --index-name, --dimension, --key, --vector, --metadata and --format, then \
                     start again without --resume",
                )
            });
        }
        let begun = self.ledger.has_begun() || interrupted(failure.as_ref());
        let is_all_read = reading == Reading::Exhausted && self.ledger.is_all_sent();
        let is_exhausted = reading == Reading::Exhausted && self.failed.is_empty();
        let nothing_left = is_exhausted && self.ledger.is_all_settled(failure.is_some());
        let already = self.checkpoint.already_complete().map(|complete| (complete.since(), complete.exit()));
        let exit = self.ledger.exit(failure.as_ref(), self.reporter.misses_fields());
        let is_success = matches!(exit, Exit::Complete | Exit::Partial);
        let success = exit.code();
        // The index may change: what is equal now must be compared again the next time.
        let has_receipt = is_success && !self.only_reads && self.ledger.too_few_records().is_none();
        let success = has_receipt.then_some(success);
        let may_have_stored = !self.only_reads && self.ledger.may_have_stored();
        if self.checkpoint.taken_back().now != Findings::default() {
            self.ledger.correct_reasons(&self.checkpoint.first_findings());
        }
        let (left, closed) = self.checkpoint.close(nothing_left, begun, may_have_stored, success);
        let failure = failure
            .map(|failure| match failure.exit() {
                Exit::Partial if failure.advice.is_none() => {
                    failure.advise(advice_on_many(is_all_read, &left))
                }
                _ => failure,
            })
            .or(closed.err())
            .or_else(|| unread(&self.failed, left.resume_command.is_some()))
            .or_else(|| self.ledger.too_few_records());
        self.reporter.tell_of_empty_inputs();
        let (summary, sink_error) = self.reporter.finish(&self.ledger, |summary| {
            summary.input_exhausted = is_exhausted;
            summary.is_stopped = reading == Reading::Stopped;
            summary.drops_rejects = left.drops_rejects;
            summary.rejects_file = left.rejects_file;
            summary.rejects_superseded = left.superseded.marked;
            summary.rejects_unseen = left.superseded.unseen;
            summary.resume_command = left.resume_command;
            summary.has_own_advice = !self.has_way_on;
            if let Some(verified) = &mut summary.verified {
                verified.count(summary.balance.tally, self.ledger.findings());
            }
            if let Some(rehearsal) = self.rehearsal {
                summary.rehearsed(rehearsal);
            }
            let planner = self.planner.filter(|_| reading == Reading::Exhausted);
            summary.plan = planner.map(|planner| Box::new(planner.plan()));
            let fields_missing = summary.missing().next().is_some();
            summary.exit_code = self.ledger.exit(failure.as_ref(), fields_missing).code();
            if let Some(failure) = &failure {
                summary.fail(failure);
            }
            if let Some((since, exit)) = already {
                (summary.already_complete, summary.complete_since) = (true, Some(since));
                summary.exit_code = summary.exit_code.max(exit.code());
            }
        });
        // A reader that closes the pipe of events has seen enough; the load does not fail.
        let sink_error = sink_error.filter(|error| error.kind() != std::io::ErrorKind::BrokenPipe);
        let mut finished = Finished { summary, failure };
        if let Some(error) = sink_error {
            finished.fail(
                Failure::new(ErrorCode::of_writing(&error), format!("cannot write the events: {error}"))
                    .advise("check --events and the disk; the load itself ended as the summary says"),
            );
        }
        finished
    }

    /// Notes that continuing would only fail again.
    fn has_no_way_on(&mut self) {
        self.checkpoint.has_no_way_on();
        self.has_way_on = false;
    }
}

/// The cure for too many rejects.
fn advice_on_many(is_all_read: bool, left: &Left) -> String {
    let place =
        if left.drops_rejects { "keep them with --rejects FILE" } else { "the rejects file has all of them" };
    let way_on = if is_all_read { "the whole input was read" } else { "use --max-rejects none to continue" };
    format!("{place}; {way_on}")
}

fn interrupted(failure: Option<&Failure>) -> bool {
    failure.is_some_and(|failure| failure.exit() == Exit::Interrupted)
}

/// Maximum number of inputs listed in a failure to read them to their end.
const FAILED_LISTED: usize = 20;

/// The failure of a run that did all it could, if some inputs could not be read to their end.
fn unread(failed: &[(ErrorCode, String)], can_resume: bool) -> Option<Failure> {
    let way_on = match (failed.len(), can_resume) {
        (0, _) => return None,
        (1, true) => {
            "everything before that place was read; fix the file or leave it out, then run again with --resume"
        }
        (1, false) => "everything before that place was read, the rest was not",
        (_, true) => {
            "the rest of each was not read; fix the files or leave them out, then run again with --resume"
        }
        (_, false) => "the rest of each was not read; fix the files and load them again",
    };
    if let [(code, error)] = failed {
        return Some(Failure::from_lines(*code, error).also_advise(way_on));
    }
    let code = failed.first().map_or(ErrorCode::InputInvalid, |(code, _)| *code);
    let message = format!("{} inputs could not be read to the end", count(failed.len() as u64));
    let listed = failed.iter().take(FAILED_LISTED).map(|(_, error)| error.replace('\n', "; "));
    let more = failed.len().saturating_sub(FAILED_LISTED);
    let more = (more > 0).then(|| format!("and {} more", count(more as u64)));
    Some(Failure::new(code, message).list(listed.chain(more)).advise(way_on))
}

/// The code of an error in reading an input.
pub(super) fn code_of(error: &ReadError) -> ErrorCode {
    if error.code() == "io" { ErrorCode::InputUnreadable } else { ErrorCode::InputInvalid }
}

/// The outcome of a batch that is not sent.
fn not_sent(batch: Batch) -> Outcome {
    Outcome {
        number: batch.number,
        span: batch.span,
        read: batch.read(),
        shares: batch.shares,
        fate: Fate::NotSent,
        stored: 0,
        superseded: batch.superseded,
        not_sampled: batch.not_sampled,
        not_sent: batch.vectors.len() as u64,
        unknown: Vec::new(),
        later: Vec::new(),
        cost: Cost::default(),
        elapsed: Duration::ZERO,
        last: LastAnswer::default(),
        input_bytes: batch.input_bytes,
        settled: false,
        in_doubt: None,
        stop: None,
        rejects: batch.defects,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::printed;

    #[test]
    fn inputs_that_could_not_be_read_to_the_end_are_listed_with_what_to_do() {
        let damaged = (ErrorCode::InputInvalid, "a.gz is damaged at line 3\nfetch it again".to_owned());
        let some = |number| vec![damaged.clone(); number];
        let failures =
            [(1, true), (1, false), (2, true), (FAILED_LISTED + 1_000, false)].map(|(number, can_resume)| {
                let failure = unread(&some(number), can_resume).unwrap();
                Failure { details: failure.details.into_iter().skip(FAILED_LISTED - 1).collect(), ..failure }
            });
        insta::assert_snapshot!(printed(failures), @"
        a.gz is damaged at line 3
            fetch it again; everything before that place was read; fix the file or leave it out, then run again with --resume
        a.gz is damaged at line 3
            fetch it again; everything before that place was read, the rest was not
        2 inputs could not be read to the end
            the rest of each was not read; fix the files or leave them out, then run again with --resume
        1,020 inputs could not be read to the end
            a.gz is damaged at line 3; fetch it again
            and 1,000 more
            the rest of each was not read; fix the files and load them again
        ");
        assert_eq!(unread(&[], true), None);
    }

    #[test]
    fn advice_on_too_many_rejects_says_where_they_are_and_how_to_continue() {
        let advice =
            [(false, false), (false, true), (true, false), (true, true)].map(|(is_all_read, drops)| {
                advice_on_many(is_all_read, &Left { drops_rejects: drops, ..Left::default() })
            });
        insta::assert_snapshot!(advice.join("\n"), @"
        the rejects file has all of them; use --max-rejects none to continue
        keep them with --rejects FILE; use --max-rejects none to continue
        the rejects file has all of them; the whole input was read
        keep them with --rejects FILE; the whole input was read
        ");
    }
}
