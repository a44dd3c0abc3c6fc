//! A terminal on which each text replaces the one before.

use std::io;

use console::Term;

/// A terminal that shows the latest text.
#[derive(Debug)]
pub(crate) struct Screen(Term);

/// Standard output as such a terminal.
pub(crate) fn screen() -> Screen {
    Screen(Term::buffered_stdout())
}

impl Screen {
    /// Replaces the previous text with this one, as far as it fits.
    pub(crate) fn show(&self, text: &str) -> io::Result<()> {
        let (rows, columns) = self.0.size();
        self.0.clear_screen()?;
        for line in fitting(text, rows.into(), columns.into()) {
            self.0.write_line(&line)?;
        }
        // In one piece, so that an empty screen is never visible.
        self.0.flush()
    }
}

/// The lines that fit the screen, and how many do not; the last row stays free for the cursor.
fn fitting(text: &str, rows: usize, columns: usize) -> Vec<String> {
    let mut left = rows.saturating_sub(1);
    let mut shown = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let taken = line.chars().count().div_ceil(columns.max(1)).max(1);
        // A row for the number of omitted lines.
        let reserved = usize::from(lines.peek().is_some());
        if taken + reserved > left {
            shown.push(format!("… {} more lines", lines.count() + 1));
            break;
        }
        left -= taken;
        shown.push(line.to_owned());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_a_screen_is_left_out_and_counted() {
        let text = "one\ntwo\nthree\nfour";
        assert_eq!(fitting(text, 5, 10), ["one", "two", "three", "four"]);
        assert_eq!(fitting(text, 4, 10), ["one", "two", "… 2 more lines"]);
        // A line that is wider than the screen takes as many rows as it needs.
        let long = format!("{}\ntwo\nthree", "x".repeat(11));
        assert_eq!(fitting(&long, 5, 10).len(), 3);
        assert_eq!(fitting(&long, 4, 10), [&"x".repeat(11), "… 2 more lines"]);
    }
}
