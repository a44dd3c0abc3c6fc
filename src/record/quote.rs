//! What is wrong with a quote in a table, in words that name the lines and the cure. Pure data.

use std::fmt;

/// A cell whose quotes do not follow the grammar of tables, with the lines that a person has to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuoteTrouble {
    /// Line where the cell begins.
    pub begun: u64,
    /// Line where the trouble shows.
    pub found: u64,
    /// What it is.
    pub kind: QuoteKind,
}

/// What is wrong with a quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuoteKind {
    /// A quote inside a quoted cell is followed by neither a delimiter nor a line end nor another quote.
    Inside,
    /// The same behind a backslash, which escapes quotes in the files of some programs.
    Backslash,
    /// A quoted cell has no end before that of the file.
    Unclosed,
    /// A quoted cell has no end within the largest record.
    Endless,
    /// A cell ends with a quote but does not begin with one.
    Unopened,
    /// A quoted cell with line ends holds what reads as records.
    Records,
    /// A quoted cell with line ends ends where a cell of the next record may begin, and what follows is broken.
    Doubtful,
}

const NEVER_QUOTES: &str = "give --quote none if the file never quotes";
const MULTILINE: &str = "give --quote none if the file never quotes, or --multiline-cells if the cell really holds \
                         those lines, which are then not loaded as records";

impl fmt::Display for QuoteTrouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { begun, found, kind } = *self;
        let there = if begun == found { "there".to_owned() } else { format!("on line {found}") };
        match kind {
            QuoteKind::Inside => write!(
                formatter,
                "the quoted cell that begins on line {begun} has a quote {there} that neither ends it nor is doubled; \
                 fix the quotes, or {NEVER_QUOTES}"
            ),
            QuoteKind::Backslash => write!(
                formatter,
                "the quoted cell that begins on line {begun} has a quote after a backslash {there}; \
                 give --escape '\\' if backslashes escape quotes in the file"
            ),
            QuoteKind::Unclosed => write!(
                formatter,
                "the quoted cell that begins on line {begun} is never closed (the file ends on line {found}); \
                 close it, or {NEVER_QUOTES}"
            ),
            QuoteKind::Endless => write!(
                formatter,
                "the quoted cell that begins on line {begun} is not closed up to line {found}, \
                 where it exceeds the largest record; close it, or {NEVER_QUOTES}"
            ),
            QuoteKind::Unopened => write!(
                formatter,
                "a cell on line {begun} ends with a quote but does not begin with one; \
                 fix the quotes there or on the lines before, or {NEVER_QUOTES}"
            ),
            QuoteKind::Records => write!(
                formatter,
                "the quoted cell from line {begun} to line {found} holds what reads as other records; \
                 fix the quotes, or {MULTILINE}"
            ),
            QuoteKind::Doubtful => write!(
                formatter,
                "the quoted cell from line {begun} to line {found} may hold a part of the next record, \
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
        for (kind, cure) in [
            (QuoteKind::Inside, "--quote none"),
            (QuoteKind::Backslash, "--escape '\\'"),
            (QuoteKind::Unclosed, "--quote none"),
            (QuoteKind::Endless, "--quote none"),
            (QuoteKind::Records, "--multiline-cells"),
            (QuoteKind::Doubtful, "--multiline-cells"),
        ] {
            let message = QuoteTrouble { begun: 7, found: 9, kind }.to_string();
            let names = |word: &str| message.contains(word);
            assert!(names("line 7") && names("line 9") && names(cure), "{message}");
        }
        let unopened = QuoteTrouble { begun: 7, found: 7, kind: QuoteKind::Unopened }.to_string();
        assert!(unopened.contains("line 7") && unopened.contains("--quote none"), "{unopened}");
    }
}
