//! Derives a load's description from the content of its files. Pure.

use std::time::Duration;

use super::load::{Load, Standing, since};
use crate::oss::time::Timestamp;
use crate::process::Life;
use crate::put::books::tracker::Settled;
use crate::put::keep::journal::glance::Glance;
use crate::put::keep::journal::{Place, Receipt, local_data};
use crate::put::report::state::{INPUTS_NAMED, Phase, State};
use crate::read::fingerprint::Fingerprint;

/// A run without an update for this long, whose process is not visible, is over; and a file written this much later
/// than a state comes from a run that keeps no state.
pub(crate) const FRESH: Duration = Duration::from_mins(1);

/// The state of a load, and what else is known about it.
#[derive(Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) state: &'a State,
    /// Of the process that wrote the state.
    pub(crate) life: Life,
    pub(crate) journal_written: Option<Timestamp>,
    pub(crate) receipt_written: Option<Timestamp>,
}

/// How much a state can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worth {
    /// It describes the load as it is.
    All,
    /// It does, except that its process is gone.
    Killed,
    /// The receipt or the journal is more recent.
    Less,
}

impl Seen<'_> {
    /// Whether the run that wrote the state is still running.
    fn is_running(&self, now: Timestamp) -> bool {
        let is_fresh = since(Some(&self.state.updated_at), now).is_some_and(|ago| ago < FRESH);
        self.state.phase == Phase::Running
            && match self.life {
                Life::Alive => true,
                Life::Gone => false,
                Life::Unknown => is_fresh,
            }
    }

    /// How much the state can be relied on, given the other files.
    pub(crate) fn worth(&self, now: Timestamp) -> Worth {
        if self.is_running(now) {
            return Worth::All;
        }
        let is_later = |written: Option<Timestamp>, than: &str, by: Duration| {
            let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            let than = Timestamp::parse_rfc3339(than).map_or(i64::MIN, Timestamp::unix_millis);
            written.is_some_and(|written| written.unix_millis() > than.saturating_add(by))
        };
        let State { started_at, updated_at, phase, .. } = self.state;
        let is_outdated =
            [self.journal_written, self.receipt_written].iter().any(|at| is_later(*at, updated_at, FRESH));
        match phase {
            _ if is_outdated => Worth::Less,
            // Killed after its receipt, before its final state.
            Phase::Running if is_later(self.receipt_written, started_at, Duration::ZERO) => Worth::Less,
            Phase::Running => Worth::Killed,
            Phase::Complete if self.receipt_written.is_none() => Worth::Less,
            Phase::Stopped | Phase::Complete => Worth::All,
        }
    }
}

/// The load as its state describes it; its worth is not [`Worth::Less`].
pub(crate) fn of_state(state: State, is_killed: bool, life: Life) -> Load {
    let is_running = state.phase == Phase::Running && !is_killed;
    let load = Load {
        state: match state.phase {
            Phase::Running if is_killed => Standing::Stopped,
            Phase::Running => Standing::Running,
            Phase::Stopped => Standing::Stopped,
            Phase::Complete => Standing::Complete,
        },
        bucket: Some(state.bucket),
        index_name: Some(state.index_name),
        verify: state.verify,
        run_id: Some(state.run_id),
        process_id: is_running.then_some(state.process.id),
        started_at: Some(state.started_at),
        finished_at: (!is_running && !is_killed).then(|| state.updated_at.clone()),
        updated_at: Some(state.updated_at),
        complete_since: state.complete_since,
        killed: is_killed,
        percent: state.percent,
        bytes_read: Some(state.bytes_read),
        bytes_total: state.bytes_total,
        counts: Some(state.counts),
        vectors_per_second: is_running.then_some(state.vectors_per_second),
        seconds_left: state.seconds_left.filter(|_| is_running),
        exit_code: state.exit_code,
        error_code: state.error_code,
        message: state.message,
        advice: state.advice,
        resume_command: state.resume_command.filter(|_| state.phase != Phase::Complete),
        working_directory: state.working_directory,
        inputs: state.inputs,
        inputs_count: Some(state.inputs_count),
        ..Load::default()
    }
    .with_service(state.service.as_deref());
    if is_killed { killed(load, life) } else { load }
}

fn killed(load: Load, life: Life) -> Load {
    let message = "the run ended without a summary: it was killed, the machine stopped, or the disk was full";
    let elsewhere = "if it runs in a container or on another machine, check there before you continue it";
    Load {
        message: Some(message.to_owned()),
        advice: (life == Life::Unknown).then(|| elsewhere.to_owned()),
        ..load
    }
}

/// The load as its journal describes it, with what an outdated `state` still contributes.
pub(crate) fn of_journal(glance: &Glance, written: Option<Timestamp>, state: Option<State>) -> Load {
    let Glance { header, counts } = glance;
    // The outcome of the latest run is not known.
    let (resume_command, working_directory) =
        state.map(|state| (state.resume_command, state.working_directory)).unwrap_or_default();
    let again = "run the same command with --resume to continue";
    Load {
        state: Standing::Stopped,
        started_at: header.load.as_ref().map(|began| began.at.clone()),
        updated_at: written.map(Timestamp::rfc3339_millis),
        counts: Some(*counts),
        message: Some("its latest run left no summary here".to_owned()),
        advice: resume_command.is_none().then(|| again.to_owned()),
        resume_command,
        working_directory,
        ..Load::default()
    }
    .to(&header.place)
    .with_inputs(&mut header.inputs.iter())
}

/// The load as its receipt describes it.
pub(crate) fn of_receipt(receipt: &Receipt) -> Load {
    Load {
        state: Standing::Complete,
        started_at: Some(receipt.started_at.clone()),
        updated_at: Some(receipt.finished_at.clone()),
        finished_at: Some(receipt.finished_at.clone()),
        complete_since: Some(receipt.finished_at.clone()),
        percent: Some(100),
        counts: Some(receipt.counts),
        exit_code: Some(receipt.exit_code),
        ..Load::default()
    }
    .to(&receipt.place)
    .with_inputs(&mut receipt.inputs.iter().map(|input| &input.fingerprint))
}

/// A load whose files cannot be read.
pub(crate) fn unreadable(problem: String, written: Option<Timestamp>) -> Load {
    let updated_at = written.map(Timestamp::rfc3339_millis);
    Load { state: Standing::Unreadable, message: Some(problem), updated_at, ..Load::default() }
}

/// Whether a journal contains nothing beyond a state that seems outdated: copying files loses their times.
pub(crate) fn agrees(state: &State, settled: Settled) -> bool {
    state.phase != Phase::Complete && state.counts == settled
}

impl Load {
    fn with_service(self, service: Option<&str>) -> Self {
        let local_data = service.and_then(local_data).map(str::to_owned);
        let endpoint = service.filter(|_| local_data.is_none()).map(str::to_owned);
        Self { endpoint, local_data, ..self }
    }

    fn to(self, place: &Place) -> Self {
        let Place { bucket, index, service, .. } = place;
        let index_name = Some(place.verified().unwrap_or(index).to_owned());
        let (bucket, verify) = (Some(bucket.clone()), place.verified().is_some());
        Self { bucket, index_name, verify, ..self.with_service(service.as_deref()) }
    }

    fn with_inputs(self, inputs: &mut dyn ExactSizeIterator<Item = &Fingerprint>) -> Self {
        let inputs_count = Some(inputs.len() as u64);
        let inputs = inputs.take(INPUTS_NAMED).map(|input| input.name.clone()).collect();
        Self { inputs, inputs_count, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGUN: i64 = 1_764_417_600;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix_seconds(BEGUN + second)
    }

    /// A state that was started at 0 and written at 100.
    fn state(phase: Phase) -> State {
        State {
            started_at: at(0).rfc3339_millis(),
            updated_at: at(100).rfc3339_millis(),
            phase,
            ..State::default()
        }
    }

    #[test]
    fn a_state_counts_as_far_as_the_process_and_the_other_files_bear_it_out() {
        use Life::{Alive, Gone, Unknown};
        use Phase::{Complete, Running, Stopped};
        for (phase, life, now, (journal, receipt), worth) in [
            (Running, Alive, 101, (Some(100), None), Worth::All),
            // A run that reads far ahead without an update.
            (Running, Alive, 9_999, (None, None), Worth::All),
            // A run whose receipt is from an earlier load.
            (Running, Alive, 101, (Some(100), Some(-50)), Worth::All),
            (Running, Gone, 101, (Some(100), None), Worth::Killed),
            (Running, Gone, 101, (Some(100), Some(-50)), Worth::Killed),
            (Running, Gone, 101, (None, Some(100)), Worth::Less),
            (Running, Unknown, 159, (None, None), Worth::All),
            (Running, Unknown, 160, (None, None), Worth::Killed),
            // The clocks differ.
            (Running, Unknown, 50, (None, None), Worth::All),
            (Stopped, Gone, 9_999, (Some(160), None), Worth::All),
            (Stopped, Alive, 9_999, (Some(161), None), Worth::Less),
            (Stopped, Gone, 9_999, (None, Some(161)), Worth::Less),
            (Complete, Gone, 9_999, (None, Some(99)), Worth::All),
            (Complete, Gone, 9_999, (None, None), Worth::Less),
        ] {
            let state = state(phase);
            let seen = Seen {
                state: &state,
                life,
                journal_written: journal.map(at),
                receipt_written: receipt.map(at),
            };
            assert_eq!(seen.worth(at(now)), worth, "{phase:?} {life:?} {now} {journal:?} {receipt:?}");
        }
    }

    #[test]
    fn only_a_run_that_goes_on_has_a_process_a_rate_and_time_left() {
        let of = |phase| State { seconds_left: Some(7), vectors_per_second: 2.5, ..state(phase) };
        let running = of_state(of(Phase::Running), false, Life::Alive);
        assert_eq!((running.state, running.seconds_left), (Standing::Running, Some(7)));
        assert!(running.process_id.is_some() && running.finished_at.is_none());
        for (phase, is_killed) in [(Phase::Running, true), (Phase::Stopped, false), (Phase::Complete, false)]
        {
            let load = of_state(of(phase), is_killed, Life::Gone);
            let none = (load.process_id, load.vectors_per_second, load.seconds_left);
            assert_eq!(none, (None, None, None), "{phase:?}");
            assert_eq!((load.killed, load.finished_at.is_none()), (is_killed, is_killed));
        }
        // If the process is not visible, the user should look for it first.
        let advice = |life| of_state(of(Phase::Running), true, life).advice.is_some();
        assert_eq!((advice(Life::Gone), advice(Life::Unknown)), (false, true));
    }
}
