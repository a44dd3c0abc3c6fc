//! The state of a run in a file for Prometheus: replaced as a whole every few seconds, and at the end.

use std::path::PathBuf;
use std::time::Duration;

use super::exposition::Exposition;
use super::happening::Happening;
use super::identity::Run;
use super::listener::{Listener, Untold};
use super::meter::Figures;
use super::notice::Notice;
use super::screen::Screen;
use super::snapshot::{Readers, Snapshot};
use crate::call::Trouble;
use crate::put::books::tally::Balance;

/// The minimum time between updates during the run: collectors typically read the file every 15 seconds.
const EVERY: Duration = Duration::from_secs(5);

/// Keeps the file up to date.
#[derive(Debug)]
pub(crate) struct Metrics {
    file: Snapshot,
    run: Run,
    bucket: String,
    index_name: String,
    /// The current fraction of the configured pace.
    pace: f64,
}

impl Metrics {
    /// Keeps the file at `path` for a `run` that loads into an index of a bucket.
    pub(crate) fn new(path: PathBuf, run: Run, [bucket, index_name]: [&str; 2]) -> Self {
        let (bucket, index_name) = (bucket.to_owned(), index_name.to_owned());
        Self { file: Snapshot::new(path, EVERY, Readers::All), run, bucket, index_name, pace: 1.0 }
    }

    fn write(&mut self, balance: Balance, figures: Option<&Figures>, exit_code: Option<u8>) {
        let Self { run, bucket, index_name, pace, .. } = &*self;
        let now = run.now();
        let text =
            Exposition { run, bucket, index_name, now, balance, figures, pace: *pace, exit_code }.text();
        self.file.write(&text);
    }
}

impl Listener for Metrics {
    fn hear(&mut self, happening: &Happening<'_>, _: &mut Screen) {
        match happening {
            Happening::Progressed(figures) if self.file.is_due() => {
                self.write(figures.balance, Some(figures), None);
            }
            Happening::Troubled(Trouble::Throttled { pace, .. }) | Happening::PaceRose(pace) => {
                self.pace = *pace;
            }
            Happening::Ended(summary) => self.write(summary.balance, None, Some(summary.exit_code)),
            Happening::Began(_)
            | Happening::Noted(_)
            | Happening::Rejected(_)
            | Happening::Settled { .. }
            | Happening::Troubled(_)
            | Happening::InputFailed { .. }
            | Happening::Progressed(_)
            | Happening::Asked(_) => {}
        }
    }

    fn trouble(&mut self) -> Option<Untold> {
        let error = self.file.take_trouble()?.to_string();
        Some(Untold::Noted(Notice::Metrics { path: self.file.path().to_owned(), error }))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::put::report::summary::Summary;
    use crate::testing::Directory;

    fn metrics(path: PathBuf) -> Metrics {
        Metrics::new(path, Run::of_test(), ["b", "i"])
    }

    #[tokio::test(start_paused = true)]
    async fn the_file_is_replaced_every_few_seconds_and_at_the_end_and_is_whole_each_time() {
        let directory = Directory::new();
        let path = directory.path("ossvec.prom");
        let mut metrics = metrics(path.clone());
        let mut screen = Screen::new(false, false);
        let mut hear = |happening: &Happening<'_>| {
            metrics.hear(happening, &mut screen);
            fs::read_to_string(&path).unwrap_or_default()
        };
        let figures =
            |batches| Figures { balance: Balance { batches, ..Balance::default() }, ..Figures::default() };
        let batches = |text: &str| {
            text.lines().find_map(|line| {
                line.strip_prefix("ossvec_batches_total")?.split_once(' ')?.1.parse::<u64>().ok()
            })
        };
        assert_eq!(batches(&hear(&Happening::Progressed(&figures(1)))), Some(1));
        assert_eq!(batches(&hear(&Happening::Progressed(&figures(2)))), Some(1));
        tokio::time::advance(EVERY).await;
        assert_eq!(batches(&hear(&Happening::Progressed(&figures(3)))), Some(3));
        let summary = Summary { balance: figures(4).balance, exit_code: 6, ..Summary::default() };
        let last = hear(&Happening::Ended(&summary));
        assert_eq!(batches(&last), Some(4));
        assert!(last.lines().last().unwrap().ends_with("} 6"), "{last}");
        assert_eq!(fs::read_dir(directory.path("")).unwrap().count(), 1, "nothing is left beside it");
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_written_is_a_note_at_the_end() {
        let directory = Directory::new();
        let mut metrics = metrics(directory.path("missing/ossvec.prom"));
        metrics.hear(&Happening::Ended(&Summary::default()), &mut Screen::new(false, false));
        assert!(matches!(metrics.trouble(), Some(Untold::Noted(Notice::Metrics { .. }))));
        assert!(metrics.trouble().is_none());
    }
}
