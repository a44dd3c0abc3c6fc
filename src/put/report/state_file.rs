//! The state of a load in its directory, for `ossvec status`: updated during a run and at its end. An error in writing
//! it does not fail the load.

use std::fs::OpenOptions;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::happening::Happening;
use super::identity::Run;
use super::listener::Listener;
use super::screen::Screen;
use super::snapshot::{Readers, Snapshot};
use super::state::{INPUTS_NAMED, Phase, STATE, State};
use crate::private;
use crate::process::Process;
use crate::record::Input;

/// The minimum time between updates during a run.
const EVERY: Duration = Duration::from_secs(1);

/// Where a load keeps its state, and what only its files have.
#[derive(Clone, Debug)]
pub struct StatePlace {
    /// The directory of the load.
    pub folder: PathBuf,
    /// The service, as in the journal.
    pub service: Option<String>,
    /// The command that continues the load.
    pub resume_command: String,
}

/// What a run loads, and its target.
pub(crate) struct Target<'a> {
    pub(crate) bucket: &'a str,
    pub(crate) index_name: &'a str,
    pub(crate) verify: bool,
    pub(crate) inputs: &'a [Input],
    pub(crate) bytes_total: Option<u64>,
}

/// Keeps the file up to date.
#[derive(Debug)]
pub(crate) struct StateFile {
    file: Snapshot,
    run: Run,
    state: State,
    /// The command that continues the earlier run, if that was stopped.
    left: Option<String>,
}

impl StateFile {
    /// Keeps the state of a load while `run` loads it.
    pub(crate) fn new(place: StatePlace, run: Run, target: &Target<'_>) -> Self {
        let StatePlace { folder, service, resume_command } = place;
        let path = folder.join(STATE);
        let earlier = read(&path);
        let Target { bucket, index_name, verify, inputs, bytes_total } = *target;
        let state = State {
            run_id: run.id.clone(),
            process: Process::own(),
            service,
            bucket: bucket.to_owned(),
            index_name: index_name.to_owned(),
            verify,
            inputs: inputs.iter().take(INPUTS_NAMED).map(name).collect(),
            inputs_count: inputs.len() as u64,
            working_directory: std::env::current_dir().ok().map(|path| path.display().to_string()),
            started_at: run.started_at.rfc3339_millis(),
            bytes_total,
            resume_command: Some(resume_command),
            ..State::default()
        };
        let state = state.begun(earlier.as_ref());
        let left = earlier.filter(|earlier| earlier.phase != Phase::Complete);
        let left = left.and_then(|earlier| earlier.resume_command);
        Self { file: Snapshot::new(path, EVERY, Readers::Owner), run, state, left }
    }

    fn write(&mut self) {
        self.state.updated_at = self.run.now().rfc3339_millis();
        self.file.write(&self.state.text());
    }
}

impl Listener for StateFile {
    fn hear(&mut self, happening: &Happening<'_>, _: &mut Screen) {
        match happening {
            Happening::Began(_) => self.write(),
            Happening::Progressed(figures) => {
                self.state.progress(figures);
                if self.file.is_due() {
                    self.write();
                }
            }
            Happening::Ended(summary) => {
                self.state.end(summary, self.left.take());
                self.write();
            }
            Happening::Noted(_)
            | Happening::Rejected(_)
            | Happening::Settled { .. }
            | Happening::Troubled(_)
            | Happening::PaceRose(_)
            | Happening::InputFailed { .. }
            | Happening::Asked(_) => {}
        }
    }
}

/// The state that an earlier run has left, if it can be read.
fn read(path: &Path) -> Option<State> {
    let mut text = Vec::new();
    private::open_own(path, OpenOptions::new().read(true)).ok()?.read_to_end(&mut text).ok()?;
    State::parse(&text)
}

/// The whole name of an input.
fn name(input: &Input) -> String {
    match input {
        Input::File(path) => std::path::absolute(path).unwrap_or_else(|_| path.clone()).display().to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::put::books::tally::{Balance, Tally};
    use crate::put::report::meter::Figures;
    use crate::put::report::summary::Summary;
    use crate::testing::Directory;

    fn kept(folder: PathBuf) -> StateFile {
        let place = StatePlace { folder, service: None, resume_command: "go".into() };
        let target =
            Target { bucket: "b", index_name: "i", verify: false, inputs: &[], bytes_total: Some(100) };
        StateFile::new(place, Run::of_test(), &target)
    }

    fn figures(read: u64) -> Figures {
        let tally = Tally { read, stored: read, ..Tally::default() };
        Figures { balance: Balance { tally, ..Balance::default() }, ..Figures::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn the_state_is_there_from_the_start_once_a_second_and_at_the_end() {
        let directory = Directory::new();
        let mut kept = kept(directory.path(""));
        let mut screen = Screen::new(false, false);
        let mut hear = |happening: &Happening<'_>| {
            kept.hear(happening, &mut screen);
            read(&directory.path(STATE)).map(|state| (state.phase, state.counts.read))
        };
        let beginning = crate::put::report::happening::Beginning {
            inputs: &[],
            bucket: "b",
            index_name: "i",
            resumed: false,
            dry_run: false,
            verify: false,
        };
        assert_eq!(hear(&Happening::Began(beginning)), Some((Phase::Running, 0)));
        assert_eq!(hear(&Happening::Progressed(&figures(1))), Some((Phase::Running, 0)));
        tokio::time::advance(EVERY).await;
        assert_eq!(hear(&Happening::Progressed(&figures(2))), Some((Phase::Running, 2)));
        let summary = Summary { balance: figures(3).balance, input_exhausted: true, ..Summary::default() };
        assert_eq!(hear(&Happening::Ended(&summary)), Some((Phase::Complete, 3)));
        assert_eq!(std::fs::read_dir(directory.path("")).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_state_that_cannot_be_written_is_no_trouble() {
        let directory = Directory::new();
        let mut kept = kept(directory.path("missing"));
        kept.hear(&Happening::Ended(&Summary::default()), &mut Screen::new(false, false));
        assert!(kept.trouble().is_none());
    }
}
