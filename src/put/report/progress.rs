//! How far a run is, on standard error: a bar on a terminal, a plain line now and then elsewhere, or nothing.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use super::summary::{count, duration};

/// Off a terminal, a line at most this often: enough for a log, not a flood.
const PLAIN_EVERY: Duration = Duration::from_secs(30);

/// What is shown while a run goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// One line that is redrawn.
    Bar,
    /// A new line every 30 seconds.
    Plain,
    /// Nothing.
    #[default]
    Hidden,
}

/// The figures of one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Figures {
    pub(super) bytes_read: u64,
    pub(super) bytes_total: Option<u64>,
    pub(super) stored: u64,
    pub(super) not_stored: u64,
    pub(super) requests: u64,
    pub(super) requests_per_second: f64,
    pub(super) elapsed: Duration,
}

/// Shows the figures.
#[derive(Debug)]
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    plain: bool,
    last_line: Instant,
}

impl Progress {
    /// Makes what shows the figures of an input whose size `is_known` or not.
    pub(super) fn new(style: Style, is_known: bool) -> Self {
        let bar = (style == Style::Bar).then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
            let template = if is_known { "{bar:24} {percent:>3}%  {msg}" } else { "{spinner} {msg}" };
            let style = ProgressStyle::with_template(template);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self { bar, plain: style == Style::Plain, last_line: Instant::now() }
    }

    /// Shows the figures if it is time to; a line that should be printed as it is comes back.
    pub(super) fn show(&mut self, figures: &Figures) -> Option<String> {
        if let Some(bar) = &self.bar {
            bar.set_length(figures.bytes_total.unwrap_or_default());
            bar.set_position(figures.bytes_read);
            bar.set_message(figures.line());
        }
        if !self.plain || self.last_line.elapsed() < PLAIN_EVERY {
            return None;
        }
        self.last_line = Instant::now();
        let percent = figures.fraction().map_or(String::new(), |part| format!("{:.0}%  ", part * 100.0));
        Some(percent + &figures.line())
    }

    /// Prints a line above the bar; `false` if there is no bar to print above.
    pub(super) fn above(&self, line: &str) -> bool {
        self.bar.as_ref().is_some_and(|bar| {
            bar.println(line);
            true
        })
    }

    /// Clears the bar away.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with few digits")]
impl Figures {
    /// The part of the input that is read, if its size is known.
    fn fraction(&self) -> Option<f64> {
        let total = self.bytes_total.filter(|total| *total > 0)?;
        Some((self.bytes_read as f64 / total as f64).min(1.0))
    }

    fn line(&self) -> String {
        let seconds = self.elapsed.as_secs_f64().max(0.001);
        let quota = if self.requests_per_second.is_finite() {
            format!(" of {:.0}", self.requests_per_second)
        } else {
            String::new()
        };
        let not_stored = if self.not_stored > 0 {
            format!("  {} not stored", count(self.not_stored))
        } else {
            String::new()
        };
        let left = self.time_left().map_or(String::new(), |left| format!("  {} left", duration(left)));
        format!(
            "{} stored  {:.0} vectors/s  {:.1}{quota} requests/s{not_stored}{left}",
            count(self.stored),
            self.stored as f64 / seconds,
            self.requests as f64 / seconds,
        )
    }

    fn time_left(&self) -> Option<Duration> {
        let part = self.fraction().filter(|part| *part > 0.0)?;
        Duration::try_from_secs_f64(self.elapsed.as_secs_f64() * (1.0 - part) / part).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_pace_rejects_and_time_left() {
        let figures = Figures {
            bytes_read: 250,
            bytes_total: Some(1000),
            stored: 25_000,
            not_stored: 2,
            requests: 50,
            requests_per_second: 5.0,
            elapsed: Duration::from_secs(10),
        };
        let want = "25,000 stored  2500 vectors/s  5.0 of 5 requests/s  2 not stored  30.0 s left";
        assert_eq!(figures.line(), want);
    }
}
