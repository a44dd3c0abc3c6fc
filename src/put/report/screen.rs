//! Standard error during a run: the bar, and the lines that are printed above it.

use std::io::{self, Write};

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use super::meter::Figures;
use crate::shown::visible;

/// How many times per second a bar is drawn at most.
const HERTZ: u8 = 20;
/// Each of the two lines fits into 80 columns.
const WITH_SIZE: &str = "[{bar:24}] {msg}\n{prefix}";
const WITHOUT_SIZE: &str = "{msg}\n{prefix}";

/// Standard error, shared by all listeners for people.
#[derive(Debug)]
pub(crate) struct Screen {
    bar: Option<ProgressBar>,
    /// Whether the bar has been drawn.
    is_drawn: bool,
}

impl Screen {
    /// A screen with a bar if that `is_wanted` and standard error is a terminal; `is_known` says whether the input's
    /// size is.
    pub(crate) fn new(is_wanted: bool, is_known: bool) -> Self {
        let term = Term::buffered_stderr();
        let bar = (is_wanted && term.is_term()).then(|| {
            let target = ProgressDrawTarget::term_like_with_hz(Box::new(AtStart(term)), HERTZ);
            let bar = ProgressBar::with_draw_target(Some(100), target);
            let template = if is_known { WITH_SIZE } else { WITHOUT_SIZE };
            let style = ProgressStyle::with_template(template);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
            bar
        });
        Self { bar, is_drawn: false }
    }

    /// Whether there is a bar.
    pub(crate) fn has_bar(&self) -> bool {
        self.bar.is_some()
    }

    /// Redraws the bar, if there is one.
    pub(crate) fn draw(&mut self, figures: &Figures) {
        if let Some(bar) = &self.bar {
            self.is_drawn = true;
            bar.set_prefix(figures.how_fast());
            bar.set_message(figures.how_far());
            bar.set_position(figures.percent.unwrap_or_default());
        }
    }

    /// Prints a line, above the bar if there is one. Does nothing if standard error is closed.
    pub(crate) fn print(&self, line: &str) {
        let line = visible(line);
        match self.bar.as_ref().filter(|_| self.is_drawn) {
            Some(bar) => bar.println(line),
            None => writeln!(io::stderr().lock(), "{line}").unwrap_or_default(),
        }
    }

    /// Removes the bar; later lines are printed without one.
    pub(crate) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// Standard error as the bar's terminal, with the cursor left at the start of a line instead of its end: otherwise
/// typed text, such as ^C, would continue into the next line, and the bar would be redrawn one line too low.
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
