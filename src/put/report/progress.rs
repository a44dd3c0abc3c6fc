//! The progress of a run: a bar on a terminal, otherwise plain lines at intervals, or nothing.

use std::time::Duration;

use tokio::time::Instant;

use super::happening::Happening;
use super::listener::Listener;
use super::screen::Screen;

/// The display during a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Two lines that are redrawn; only on a capable terminal.
    Bar,
    /// A new line at intervals.
    Plain,
    /// Nothing.
    #[default]
    Hidden,
}

/// Shows the figures at intervals, and whenever someone asks.
#[derive(Debug)]
pub(crate) struct Progress {
    is_plain: bool,
    /// The minimum time between lines.
    interval: Duration,
    last_line: Instant,
}

impl Progress {
    /// A display in this style; if the `screen` cannot have a bar, lines at this `interval`.
    pub(crate) fn new(style: Style, interval: Duration, screen: &Screen) -> Self {
        Self { is_plain: style != Style::Hidden && !screen.has_bar(), interval, last_line: Instant::now() }
    }
}

impl Listener for Progress {
    fn hear(&mut self, happening: &Happening<'_>, screen: &mut Screen) {
        match happening {
            Happening::Progressed(figures) if self.is_plain => {
                if self.last_line.elapsed() >= self.interval {
                    self.last_line = Instant::now();
                    screen.print(&figures.line());
                }
            }
            Happening::Progressed(figures) => screen.draw(figures),
            // Printed even with --quiet, since someone asked.
            Happening::Asked(figures) => screen.print(&figures.line()),
            Happening::Began(_)
            | Happening::Noted(_)
            | Happening::Rejected(_)
            | Happening::Settled { .. }
            | Happening::Troubled(_)
            | Happening::PaceRose(_)
            | Happening::InputFailed { .. }
            | Happening::Ended(_) => {}
        }
    }
}
