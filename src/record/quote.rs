//! A quoting error in a table, in words that give the lines and the cure. Pure data.

use std::fmt;

/// A cell that violates the quoting rules of tables, with the lines to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuoteTrouble {
    /// Line where the cell begins.
    pub begun: u64,
    /// Line where the error shows.
    pub found: u64,
    /// The kind of error.
    pub kind: QuoteKind,
}

/// The kind of a quoting error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuoteKind {
    /// A quote inside a quoted cell is followed by neither a delimiter nor a line end nor another quote.
    Inside,
    /// The same after a backslash, which escapes quotes in the files of some programs.
    Backslash,
    /// A quoted cell does not end before the file does.
    Unclosed,
    /// A quoted cell does not end within the maximum size of a record.
    Endless,
    /// A cell ends with a quote but does not start with one.
    Unopened,
    /// A multi-line quoted cell contains what looks like records.
    Records,
    /// A multi-line quoted cell ends where a cell of the next record may begin, and what follows is broken.
    Doubtful,
}

const NEVER_QUOTES: &str = "use --quote none if the file has no quoted cells";
const MULTILINE: &str = "use --quote none if the file has no quoted cells, or --multiline-cells if the cell really \
                         contains these lines, which are then not loaded as records";

impl fmt::Display for QuoteTrouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { begun, found, kind } = *self;
        let there = if begun == found { "there".to_owned() } else { format!("on line {found}") };
        match kind {
            QuoteKind::Inside => write!(
                formatter,
                "the quoted cell that starts on line {begun} has a stray quote {there}; \
                 double or remove it, or {NEVER_QUOTES}"
            ),
            QuoteKind::Backslash => write!(
                formatter,
                "the quoted cell that starts on line {begun} has a quote after a backslash {there}; \
                 use --escape '\\' if the file escapes quotes with backslashes"
            ),
            QuoteKind::Unclosed => write!(
                formatter,
                "the quoted cell that starts on line {begun} is never closed (the file ends on line {found}); \
                 close it, or {NEVER_QUOTES}"
            ),
            QuoteKind::Endless => write!(
                formatter,
                "the quoted cell that starts on line {begun} is still open on line {found}, \
                 where it exceeds the maximum record size; close it, or {NEVER_QUOTES}"
            ),
            QuoteKind::Unopened => write!(
                formatter,
                "a cell on line {begun} ends with a quote but does not start with one; \
                 fix the quotes there or on the lines before, or {NEVER_QUOTES}"
            ),
            QuoteKind::Records => write!(
                formatter,
                "the quoted cell from line {begun} to line {found} contains what looks like other records; \
                 fix the quotes, or {MULTILINE}"
            ),
            QuoteKind::Doubtful => write!(
                formatter,
                "the quoted cell from line {begun} to line {found} may contain part of the next record, \
                 whose quotes are broken too; fix the quotes, or {MULTILINE}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_trouble_names_the_lines_of_both_ends_and_the_cure() {
        let kinds = [
            QuoteKind::Inside,
            QuoteKind::Backslash,
            QuoteKind::Unclosed,
            QuoteKind::Endless,
            QuoteKind::Unopened,
            QuoteKind::Records,
            QuoteKind::Doubtful,
        ];
        let message = |kind| format!("{}\n", QuoteTrouble { begun: 7, found: 9, kind });
        insta::assert_snapshot!(kinds.map(message).concat(), @r"
        the quoted cell that starts on line 7 has a stray quote on line 9; double or remove it, or use --quote none if the file has no quoted cells
        the quoted cell that starts on line 7 has a quote after a backslash on line 9; use --escape '\' if the file escapes quotes with backslashes
        the quoted cell that starts on line 7 is never closed (the file ends on line 9); close it, or use --quote none if the file has no quoted cells
        the quoted cell that starts on line 7 is still open on line 9, where it exceeds the maximum record size; close it, or use --quote none if the file has no quoted cells
        a cell on line 7 ends with a quote but does not start with one; fix the quotes there or on the lines before, or use --quote none if the file has no quoted cells
        the quoted cell from line 7 to line 9 contains what looks like other records; fix the quotes, or use --quote none if the file has no quoted cells, or --multiline-cells if the cell really contains these lines, which are then not loaded as records
        the quoted cell from line 7 to line 9 may contain part of the next record, whose quotes are broken too; fix the quotes, or use --quote none if the file has no quoted cells, or --multiline-cells if the cell really contains these lines, which are then not loaded as records
        ");
        let on_one_line = |kind| format!("{}\n", QuoteTrouble { begun: 7, found: 7, kind });
        insta::assert_snapshot!([QuoteKind::Inside, QuoteKind::Backslash].map(on_one_line).concat(), @r"
        the quoted cell that starts on line 7 has a stray quote there; double or remove it, or use --quote none if the file has no quoted cells
        the quoted cell that starts on line 7 has a quote after a backslash there; use --escape '\' if the file escapes quotes with backslashes
        ");
    }
}
