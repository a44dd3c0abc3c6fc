//! What happens, as lines for people on standard error: not everything, and nothing repeatedly.

use std::time::Duration;

use tokio::time::Instant;

use super::happening::{Happening, Rejected};
use super::listener::Listener;
use super::notice::{Notice, Severity};
use super::quiet::Quiet;
use super::screen::Screen;
use crate::call::Trouble;
use crate::words::{count, whole_seconds};

/// The minimum time between reports of trouble with requests; the events file has every event.
const TROUBLE_EVERY: Duration = Duration::from_secs(2);

/// Prints lines.
#[derive(Debug)]
pub(crate) struct Lines {
    /// What not to print.
    quiet: Quiet,
    /// Whether to name rejected records; not if they are annotated.
    names_rejects: bool,
    /// When trouble with a request was last reported, and how much was suppressed since.
    last_trouble: Option<Instant>,
    more_trouble: u64,
}

impl Lines {
    pub(crate) fn new(quiet: Quiet, names_rejects: bool) -> Self {
        Self { quiet, names_rejects, last_trouble: None, more_trouble: 0 }
    }

    fn print(&self, line: &str, screen: &Screen) {
        if self.quiet == Quiet::Nothing {
            screen.print(line);
        }
    }

    fn notice(&self, notice: &Notice, screen: &Screen) {
        let severity = notice.severity();
        if self.quiet.keeps_back(severity) {
            return;
        }
        let prefix = severity.prefix();
        screen.print(&format!("{prefix}{}", notice.message()));
        for detail in notice.details() {
            screen.print(&format!("{:width$}{detail}", "", width = prefix.len()));
        }
    }

    fn rejected(&self, rejected: &Rejected<'_>, screen: &Screen) {
        let defect = rejected.defect;
        if rejected.is_named() && self.names_rejects {
            let (place, key) = (rejected.place(), defect.shown_key());
            self.print(&format!("{place}: {key}{}", defect.reason.told()), screen);
        }
        if rejected.is_first_unnamed() {
            let reason = defect.reason.code();
            self.print(
                &format!("more records are rejected with the reason {reason}; see the counts in the summary"),
                screen,
            );
        }
    }

    /// Reports trouble with a request; during a long outage, only the number of most of them.
    fn troubled(&mut self, trouble: &Trouble<'_>, screen: &Screen) {
        if self.last_trouble.is_some_and(|last| last.elapsed() < TROUBLE_EVERY) {
            self.more_trouble += 1;
            return;
        }
        let line = words(trouble);
        match std::mem::take(&mut self.more_trouble) {
            0 => self.print(&line, screen),
            more => self.print(&format!("{line} (and {} similar since the last line)", count(more)), screen),
        }
        self.last_trouble = Some(Instant::now());
    }
}

impl Severity {
    /// The start of a line with this severity.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Step => "",
            Self::Note => "note: ",
            Self::Warning => "warning: ",
        }
    }
}

impl Listener for Lines {
    fn hear(&mut self, happening: &Happening<'_>, screen: &mut Screen) {
        match happening {
            Happening::Noted(notice) => self.notice(notice, screen),
            Happening::Rejected(rejected) => self.rejected(rejected, screen),
            Happening::Troubled(trouble) => self.troubled(trouble, screen),
            Happening::PaceRose(1.0..) => self.print("back to full pace", screen),
            Happening::InputFailed { failed, .. } => {
                self.print(&format!("{}; continuing without the rest of it", failed.message), screen);
            }
            Happening::Began(_)
            | Happening::PaceRose(_)
            | Happening::Settled { .. }
            | Happening::Progressed(_)
            | Happening::Asked(_)
            | Happening::Ended(_) => {}
        }
    }
}

fn words(trouble: &Trouble<'_>) -> String {
    match trouble {
        Trouble::Retrying { batch, wait, left, error, .. } => {
            let subject = batch.map_or("the request".to_owned(), |batch| format!("batch {batch}"));
            let left = whole_seconds(*left);
            format!("retrying {subject} in {:.1} s, for up to {left}: {error}", wait.as_secs_f64())
        }
        Trouble::Throttled { pace, error, .. } => {
            format!("throttled, continuing at {:.0} % of the pace: {error}", pace * 100.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oss::error::{CallError, Transport};

    #[test]
    fn trouble_with_a_request_says_what_is_done_about_it() {
        let error = &CallError::Transport { kind: Transport::Timeout, detail: "no response for 30 s".into() };
        let (wait, left) = (Duration::from_millis(1_530), Duration::from_mins(14));
        let all = [
            Trouble::Retrying { batch: Some(7), attempt: 2, wait, left, error },
            Trouble::Retrying { batch: None, attempt: 1, wait, left, error },
            Trouble::Throttled { batch: Some(7), vectors: 500, pace: 0.5, error },
        ];
        insta::assert_snapshot!(all.map(|trouble| words(&trouble)).join("\n"), @"
        retrying batch 7 in 1.5 s, for up to 14 min 0 s: no response for 30 s
        retrying the request in 1.5 s, for up to 14 min 0 s: no response for 30 s
        throttled, continuing at 50 % of the pace: no response for 30 s
        ");
    }
}
