//! JSON Lines: one value per line.

use std::ops::Range;

use super::cut::{Cut, RECORDS_AT_MOST};

/// Cuts the complete lines of `text`, without blank ones; with `last` the text after the last newline is a line, too.
///
/// It does not check that a line is JSON.
pub(crate) fn cut(text: &[u8], last: bool) -> Cut {
    let mut records = Vec::new();
    let mut start = 0;
    for newline in memchr::memchr_iter(b'\n', text) {
        records.extend(trimmed(text, start..newline));
        start = newline + 1;
        if records.len() == RECORDS_AT_MOST {
            return Cut { records, consumed: start, within_lines: true, ..Cut::default() };
        }
    }
    if last {
        records.extend(trimmed(text, start..text.len()));
        start = text.len();
    }
    Cut { records, consumed: start, within_lines: true, ..Cut::default() }
}

/// The range without whitespace at its ends; `None` if nothing is left.
fn trimmed(text: &[u8], range: Range<usize>) -> Option<Range<usize>> {
    let line = text.get(range.clone())?;
    let blanks_before = line.len() - line.trim_ascii_start().len();
    let length = line.trim_ascii().len();
    let start = range.start + blanks_before;
    (length > 0).then_some(start..start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, last: bool) -> (Vec<&str>, usize) {
        let cut = cut(text.as_bytes(), last);
        (cut.records.into_iter().map(|range| text.get(range).unwrap()).collect(), cut.consumed)
    }

    #[test]
    fn blank_lines_and_white_space_around_a_value_are_no_part_of_a_record() {
        assert_eq!(lines("{}\r\n\r\n \t[1] \n\n", false), (vec!["{}", "[1]"], 14));
    }

    #[test]
    fn a_byte_order_mark_before_a_line_is_part_of_what_is_judged() {
        assert_eq!(lines("{}\n\u{feff}{}\r\n\u{feff}\n", false), (vec!["{}", "\u{feff}{}", "\u{feff}"], 14));
    }

    #[test]
    fn a_line_without_its_newline_counts_only_at_the_end() {
        assert_eq!(lines("{}\n{\"a", false), (vec!["{}"], 3));
        assert_eq!(lines("{}\n{\"a", true), (vec!["{}", "{\"a"], 6));
    }

    #[test]
    fn text_without_a_line_gives_nothing() {
        assert_eq!(lines("", true), (vec![], 0));
        assert_eq!(lines(" \n ", true), (vec![], 3));
        assert_eq!(lines("{", false), (vec![], 0));
    }
}
