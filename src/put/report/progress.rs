//! How far a run is: a bar on a terminal, a plain line now and then elsewhere, or nothing.

use std::time::Duration;

use tokio::time::Instant;

use super::happening::Happening;
use super::listener::Listener;
use super::screen::Screen;

/// What is shown while a run goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Two lines that are redrawn; only for a terminal that can.
    Bar,
    /// A new line now and then.
    Plain,
    /// Nothing.
    #[default]
    Hidden,
}

/// Shows the figures when it is time to, and whenever somebody asks.
#[derive(Debug)]
pub(crate) struct Progress {
    is_plain: bool,
    /// A line at most this often.
    interval: Duration,
    last_line: Instant,
}

impl Progress {
    /// As the style says; where the `screen` cannot have a bar, in lines, one each `interval`.
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
            // Also for who asked for quiet: somebody wants to know.
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
