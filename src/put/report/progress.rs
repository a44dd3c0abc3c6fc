//! How far a run is, on standard error: a bar on a terminal, a plain line now and then elsewhere, or nothing; and the
//! lines that are printed meanwhile.

use std::io::{self, Write};
use std::time::Duration;

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use tokio::time::Instant;

use super::meter::Figures;
use crate::shown::visible;

/// Off a terminal, a line at most this often: enough for a log, not a flood.
const PLAIN_EVERY: Duration = Duration::from_secs(30);
/// A bar is drawn at most so often a second.
const HERTZ: u8 = 20;
/// Each of the two lines fits into 80 columns.
const WITH_SIZE: &str = "[{bar:24}] {msg}\n{prefix}";
const WITHOUT_SIZE: &str = "{msg}\n{prefix}";

/// What is shown while a run goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Two lines that are redrawn; only for a terminal that can.
    Bar,
    /// A new line every 30 seconds.
    Plain,
    /// Nothing.
    #[default]
    Hidden,
}

/// Shows the figures.
#[derive(Debug)]
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    /// Whether the bar has been drawn.
    is_drawn: bool,
    plain: bool,
    last_line: Instant,
}

impl Progress {
    /// Makes what shows the figures of an input whose size `is_known` or not.
    pub(super) fn new(style: Style, is_known: bool) -> Self {
        let term = Term::buffered_stderr();
        let bar = (style == Style::Bar && term.is_term()).then(|| {
            let target = ProgressDrawTarget::term_like_with_hz(Box::new(AtStart(term)), HERTZ);
            let bar = ProgressBar::with_draw_target(Some(100), target);
            let template = if is_known { WITH_SIZE } else { WITHOUT_SIZE };
            let style = ProgressStyle::with_template(template);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
            bar
        });
        let plain = style != Style::Hidden && bar.is_none();
        Self { bar, is_drawn: false, plain, last_line: Instant::now() }
    }

    /// Whether [`show`](Self::show) would do something now.
    pub(super) fn is_due(&self) -> bool {
        self.bar.is_some() || self.plain && self.last_line.elapsed() >= PLAIN_EVERY
    }

    /// Shows the figures if it is time to.
    pub(super) fn show(&mut self, figures: &Figures) {
        if let Some(bar) = &self.bar {
            self.is_drawn = true;
            bar.set_prefix(figures.how_fast());
            bar.set_message(figures.how_far());
            bar.set_position(figures.percent.unwrap_or_default());
        } else if self.is_due() {
            self.last_line = Instant::now();
            self.print(&figures.line());
        }
    }

    /// Prints a line, above the bar if there is one. If standard error is closed, there is nobody left to tell.
    pub(super) fn print(&self, line: &str) {
        let line = visible(line);
        match self.bar.as_ref().filter(|_| self.is_drawn) {
            Some(bar) => bar.println(line),
            None => writeln!(io::stderr().lock(), "{line}").unwrap_or_default(),
        }
    }

    /// Clears the bar away; what is printed from now on stands by itself.
    pub(super) fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// Standard error as the bar's terminal, with the cursor left at the start of a line and not at its end: what somebody
/// types, a ^C above all, would otherwise run on into the next line, and the bar would be drawn anew one line too low.
#[derive(Debug)]
struct AtStart(Term);

impl TermLike for AtStart {
    fn width(&self) -> u16 {
        TermLike::width(&self.0)
    }

    fn height(&self) -> u16 {
        TermLike::height(&self.0)
    }

    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        self.0.move_cursor_up(lines)
    }

    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        self.0.move_cursor_down(lines)
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        self.0.move_cursor_right(columns)
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        self.0.move_cursor_left(columns)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.write_str("\r")?;
        self.0.flush()
    }
}
