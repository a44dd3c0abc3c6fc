//! The format of a load's state in a file of its directory, for `ossvec status`. Information only: no load continues
//! from it. Pure.

use serde::{Deserialize, Serialize};

use super::meter::Figures;
use super::summary::Summary;
use crate::exit::Exit;
use crate::process::Process;
use crate::put::books::tally::Tally;
use crate::put::books::tracker::Settled;

/// The file's name in the directory of a load.
pub(crate) const STATE: &str = "state.json";
/// The version of the format.
const VERSION: u32 = 1;
/// How many inputs are named.
pub(crate) const INPUTS_NAMED: usize = 3;

/// The state of the latest run of a load.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// The version of the format.
    pub(crate) version: u32,
    pub(crate) run_id: String,
    pub(crate) process: Process,
    /// The service that the vectors go to, as in a journal.
    pub(crate) service: Option<String>,
    pub(crate) bucket: String,
    pub(crate) index_name: String,
    /// Whether the index is compared with the inputs: then equal records count as stored.
    #[serde(default)]
    pub(crate) verify: bool,
    /// The first inputs.
    pub(crate) inputs: Vec<String>,
    /// The number of inputs.
    pub(crate) inputs_count: u64,
    /// Where the run was started; its command depends on it.
    pub(crate) working_directory: Option<String>,
    /// When the run began.
    pub(crate) started_at: String,
    /// When this was written.
    pub(crate) updated_at: String,
    pub(crate) phase: Phase,
    /// Since when the load is complete, if it is.
    pub(crate) complete_since: Option<String>,
    /// The bytes of the files that are settled, and the bytes of all files.
    pub(crate) bytes_read: u64,
    pub(crate) bytes_total: Option<u64>,
    pub(crate) percent: Option<u64>,
    pub(crate) vectors_per_second: f64,
    pub(crate) seconds_left: Option<u64>,
    /// What all runs of the load have settled.
    pub(crate) counts: Settled,
    /// The exit code of the run, once it has ended.
    pub(crate) exit_code: Option<u8>,
    pub(crate) error_code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) advice: Option<String>,
    /// The command that continues the load.
    pub(crate) resume_command: Option<String>,
}

/// What a load is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// A run is in progress, unless its process is gone.
    #[default]
    Running,
    /// Its latest run ended, and something is left to do.
    Stopped,
    /// Nothing is left to do.
    Complete,
}

impl State {
    /// Parses the text of a file; `None` if it is torn, or of another version.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Self>(text).ok().filter(|state| state.version == VERSION)
    }

    /// The text of its file.
    pub(crate) fn text(&self) -> String {
        // Text and numbers always serialise.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The state of a run that begins, with the progress of an earlier one: until this run settles anything, the load
    /// is as far as that.
    #[must_use]
    pub(crate) fn begun(self, earlier: Option<&Self>) -> Self {
        let begun = Self { version: VERSION, ..self };
        let Some(earlier) = earlier else { return begun };
        let Self { bytes_read, percent, counts, .. } = *earlier;
        Self { bytes_read, percent, counts, ..begun }
    }

    /// Updates the state with the current figures.
    pub(crate) fn progress(&mut self, figures: &Figures) {
        let counts = all(figures.earlier, figures.balance.tally);
        if counts.read > 0 {
            self.counts = counts;
        }
        // Before the first block is read, the start of reading is unknown.
        if figures.input_bytes > 0 {
            (self.bytes_read, self.percent) = (figures.input_bytes, figures.percent);
        }
        self.vectors_per_second = (figures.vectors_per_second * 10.0).round() / 10.0;
        self.seconds_left = figures.left.map(|left| left.as_secs());
    }

    /// Enters the end of the run. A run that has settled nothing leaves the load unchanged, with `left` as the command
    /// to continue.
    pub(crate) fn end(&mut self, summary: &Summary, left: Option<String>) {
        let earlier = Settled {
            read: summary.skipped,
            stored: summary.skipped_stored,
            rejected: summary.skipped_rejected,
            unknown: summary.skipped_unknown,
        };
        let counts = all(earlier, summary.balance.tally);
        let is_complete = is_complete(summary);
        if counts.read > 0 || is_complete {
            self.counts = counts;
        }
        let left = left.filter(|_| counts.read == 0 && !is_complete && !summary.has_own_advice);
        self.phase = if is_complete { Phase::Complete } else { Phase::Stopped };
        if is_complete {
            self.percent = Some(100);
            self.bytes_read = self.bytes_total.unwrap_or(self.bytes_read);
            self.complete_since = summary.complete_since.clone().or_else(|| summary.finished_at.clone());
        }
        (self.vectors_per_second, self.seconds_left) = (0.0, None);
        self.exit_code = Some(summary.exit_code);
        self.error_code = summary.error_code.map(|code| code.word().to_owned());
        self.message.clone_from(&summary.error);
        self.advice.clone_from(&summary.advice);
        self.resume_command = summary.resume_command.clone().or(left);
    }
}

/// What earlier runs and this one have settled.
fn all(mut earlier: Settled, tally: Tally) -> Settled {
    let Settled { read, stored, rejected, unknown } = tally.into();
    earlier += Settled { read: read.saturating_sub(tally.not_sent), stored, rejected, unknown };
    earlier
}

/// Whether a run has left nothing to do.
fn is_complete(summary: &Summary) -> bool {
    let is_success = [Exit::Complete, Exit::Partial].map(Exit::code).contains(&summary.exit_code);
    let is_all = summary.input_exhausted || summary.already_complete;
    is_success && is_all && summary.resume_command.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::{ErrorCode, Failure};
    use crate::put::books::tally::Balance;

    fn settled(read: u64) -> Settled {
        Settled { read, stored: read, ..Settled::default() }
    }

    fn figures(earlier: u64, read: u64, input_bytes: u64) -> Figures {
        let tally = Tally { read: read + 5, stored: read, not_sent: 5, ..Tally::default() };
        let balance = Balance { tally, ..Balance::default() };
        let percent = Some(input_bytes / 10);
        Figures { earlier: settled(earlier), balance, input_bytes, percent, ..Figures::default() }
    }

    fn begun(earlier: Option<&State>) -> State {
        State { resume_command: Some("go".into()), ..State::default() }.begun(earlier)
    }

    #[test]
    fn a_state_is_read_as_it_was_written_or_not_at_all() {
        let state = State { percent: Some(3), message: Some("é".into()), ..begun(None) };
        let text = state.text();
        assert_eq!(State::parse(text.as_bytes()), Some(state.clone()));
        for end in 0..text.len() - 1 {
            assert_eq!(State::parse(&text.as_bytes()[..end]), None, "{end}");
        }
        assert_eq!(State::parse(State { version: 2, ..state }.text().as_bytes()), None);
    }

    #[test]
    fn the_counts_are_those_of_all_runs_and_of_the_earlier_ones_until_this_one_settles_something() {
        let earlier = State { counts: settled(70), percent: Some(40), bytes_read: 400, ..begun(None) };
        let mut state = begun(Some(&earlier));
        state.progress(&figures(0, 0, 0));
        assert_eq!((state.counts.read, state.percent, state.bytes_read), (70, Some(40), 400));
        state.progress(&figures(70, 10, 500));
        assert_eq!((state.counts.read, state.percent, state.bytes_read), (80, Some(50), 500));
        // A run that starts over.
        let mut state = begun(Some(&earlier));
        state.progress(&figures(0, 10, 100));
        assert_eq!((state.counts.read, state.percent), (10, Some(10)));
    }

    #[test]
    fn a_run_that_settles_nothing_leaves_the_way_on_of_the_one_before_unless_that_is_refused() {
        let earlier = State { counts: settled(70), ..begun(None) };
        let mut summary = Summary::of_failure(&Failure::new(ErrorCode::Unreachable, "no answer"));
        let end = |summary: &Summary| {
            let mut state = begun(Some(&earlier));
            state.end(summary, Some("go on".into()));
            state
        };
        let state = end(&summary);
        assert_eq!((state.phase, state.exit_code, state.counts.read), (Phase::Stopped, Some(6), 70));
        assert_eq!(state.error_code.as_deref(), Some("unreachable"));
        assert_eq!(state.resume_command.as_deref(), Some("go on"));
        summary.has_own_advice = true;
        assert_eq!(end(&summary).resume_command, None);
        summary.resume_command = Some("go on here".into());
        assert_eq!(end(&summary).resume_command.as_deref(), Some("go on here"));
    }

    #[test]
    fn a_load_is_complete_if_all_input_was_read_and_nothing_is_left_to_continue() {
        let whole = Summary { input_exhausted: true, skipped: 7, ..Summary::default() };
        for (summary, phase) in [
            (whole.clone(), Phase::Complete),
            (Summary { exit_code: 4, ..whole.clone() }, Phase::Complete),
            (Summary { input_exhausted: false, already_complete: true, ..whole.clone() }, Phase::Complete),
            (Summary { exit_code: 3, ..whole.clone() }, Phase::Stopped),
            (Summary { input_exhausted: false, exit_code: 4, ..whole.clone() }, Phase::Stopped),
            (Summary { resume_command: Some("go".into()), exit_code: 4, ..whole }, Phase::Stopped),
        ] {
            let mut state = begun(None);
            state.end(&summary, None);
            assert_eq!((state.phase, state.counts.read), (phase, 7), "{summary:?}");
            assert_eq!(state.percent, (phase == Phase::Complete).then_some(100));
        }
    }
}
