//! Where one row of a table ends, and whether its quotes are valid.
//!
//! The result depends only on the text from the row's first byte on, so that reading can continue at any row.
//! `docs/formats.md` has the grammar and what is rejected.

use std::ops::Range;

use memchr::{memchr, memchr2, memchr3};

use super::super::cut::QuoteFlaw;
use super::super::window::newlines;
use super::dialect::Dialect;
use super::evidence::{
    InPlace, begins_with_vector, could_open, holds_records, holds_vector, in_place, is_vector_and_tab,
    place_of_vector, row_dimension, row_has_vector,
};
use crate::record::quote::QuoteKind;

/// How far after a broken row to look for a line that could be its end, with its vector.
pub(super) const FARTHEST: usize = 64 << 10;

/// How many quoted cells to read, for the row's own vector, after one that may contain records.
///
/// Reading continues in the middle of such a row: without a limit each of its lines could read all of them again.
const CELLS_BEHIND: usize = 16;

/// How many undecided rows may follow a row with a doubtful end.
const OPEN_ROWS: usize = 64;

/// Text in which rows are found.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) bytes: &'a [u8],
    /// Whether this is the end of the input.
    pub(crate) last: bool,
    /// Maximum length of a row with a quoted cell.
    pub(crate) longest: usize,
    pub(crate) dialect: &'a Dialect,
    /// The number of columns, once it is known.
    pub(crate) columns: Option<usize>,
}

/// A row, or what is rejected in its place.
#[derive(Debug)]
pub(crate) struct Row {
    /// Without the line end.
    pub(crate) content: Range<usize>,
    /// Where the next row starts.
    pub(crate) next: usize,
    /// What is wrong with its quotes.
    pub(crate) flaw: Option<QuoteFlaw>,
}

/// The end of a quoted cell.
pub(super) enum Closing {
    /// At the quote at this offset, and whether the cell contains a line end.
    At(usize, bool),
    /// There is none: the quote at this offset is misplaced.
    Broken(usize),
    /// Beyond the current text.
    Open,
}

/// A row judged by its own quotes.
pub(super) struct Scanned {
    pub(super) row: Row,
    /// Where the quoted cell begins that is broken, or whose end is doubtful.
    cell: Option<usize>,
    /// The misplaced quote in that cell.
    stray: Option<usize>,
    /// Whether the quote at the end of a multi-line cell could just as well open one.
    is_doubtful: bool,
}

/// The rows after broken ones, as far as they were searched for a vector.
///
/// Each broken row searches the same rows in order. The result is kept so that no row is read twice.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    /// The starts of consecutive rows without a vector, and of the row after them.
    starts: Vec<usize>,
    /// What that row is, if it ends the search.
    end: Option<SearchEnd>,
    /// How many rows were read.
    #[cfg(test)]
    pub(crate) read: usize,
}

#[cfg(test)]
impl Ahead {
    /// Resets all but the count.
    pub(crate) fn forget(&mut self) {
        *self = Self { read: self.read, ..Self::default() };
    }
}

/// A row at which the search for a vector ends.
#[derive(Clone, Copy, Debug)]
enum SearchEnd {
    /// It has one.
    Vector {
        /// The end of its content.
        content: usize,
        /// Where the next row starts.
        next: usize,
    },
    /// It is too long to decide.
    TooLong,
}

/// The multi-line quoted cells of a row that may be wrong.
#[derive(Default)]
struct Lined {
    /// Those that may contain records, by their first and last quote.
    suspects: Vec<(usize, usize)>,
    /// The first one whose closing quote could just as well open a cell.
    doubtful: Option<usize>,
    /// How many quoted cells followed the first suspect.
    behind: usize,
}

impl Text<'_> {
    /// The row that starts at `start`; `None` if the text is too short to decide.
    pub(crate) fn row(&self, start: usize, ahead: &mut Ahead) -> Option<Row> {
        let limit = start.saturating_add(self.longest);
        let scanned = self.scan(start, limit)?;
        let Some(cell) = scanned.cell else { return Some(scanned.row) };
        if scanned.row.flaw.is_some() {
            let row = self.with_its_vector(start, cell, scanned.row, ahead)?;
            return match scanned.stray {
                Some(stray) => self.with_its_last_line(start, stray, row),
                None => Some(row),
            };
        }
        if scanned.is_doubtful && self.next_is_broken(&scanned.row, limit)? {
            // Its lines are not read as rows: they may well be text, and what follows is rejected separately.
            let flaw = Some(self.flaw(start, cell, scanned.row.content.end, QuoteKind::Doubtful));
            return Some(Row { flaw, ..scanned.row });
        }
        Some(scanned.row)
    }

    /// Reads one row by its own quotes.
    pub(super) fn scan(&self, start: usize, limit: usize) -> Option<Scanned> {
        let mut at = start;
        let mut unopened = None;
        let mut lined = Lined::default();
        let end = loop {
            let hit = match (self.next_special(at), self.last) {
                (Some(hit), _) => hit,
                (None, true) => break self.bytes.len(),
                (None, false) => return None,
            };
            if self.bytes.get(hit) == Some(&b'\n') {
                if self.dialect.is_escaped_after(self.bytes.get(start..hit).unwrap_or_default()) {
                    at = hit + 1;
                    continue;
                }
                break hit;
            }
            let opens = hit == start || self.bytes.get(hit - 1) == Some(&self.dialect.delimiter);
            if !opens {
                if unopened.is_none() && self.ends_cell(hit + 1)? {
                    unopened = Some(self.flaw(start, hit, hit, QuoteKind::Unopened));
                }
                at = hit + 1;
                continue;
            }
            let (found, kind) = match self.closing(hit + 1, limit)? {
                Closing::At(quote, has_lines) => {
                    at = quote + 1;
                    lined.behind += usize::from(!lined.suspects.is_empty());
                    if has_lines && !self.dialect.multiline_cells {
                        self.note(&mut lined, hit, quote);
                    }
                    if lined.behind > CELLS_BEHIND {
                        break at;
                    }
                    continue;
                }
                Closing::Broken(quote) => (quote, self.kind_of_broken(quote)),
                Closing::Open if self.bytes.len() > limit => (limit, QuoteKind::Endless),
                Closing::Open => (self.bytes.len(), QuoteKind::Unclosed),
            };
            let flawed = self.with_records(start, hit, &lined).unwrap_or((hit, found, kind));
            return self.broken(start, flawed, unopened);
        };
        if let Some(flawed) = self.with_records(start, end, &lined) {
            return self.broken(start, flawed, unopened);
        }
        let content = self.without_line_end(start, end);
        let doubtful = lined.doubtful.filter(|_| unopened.is_none());
        let row = Row { content, next: self.bytes.len().min(end + 1), flaw: unopened };
        Some(Scanned { row, cell: doubtful, stray: None, is_doubtful: doubtful.is_some() })
    }

    /// Notes a multi-line quoted cell, from its first quote to its last, if it may be wrong.
    fn note(&self, lined: &mut Lined, opening: usize, quote: usize) {
        let content = self.bytes.get(opening + 1..quote).unwrap_or_default();
        if holds_records(content, self.columns, None, self.dialect) {
            lined.suspects.push((opening, quote));
        }
        if could_open(content, self.dialect) {
            lined.doubtful.get_or_insert(opening);
        }
    }

    /// The first of the noted cells that contains records, in a row up to `end`.
    fn with_records(&self, start: usize, end: usize, lined: &Lined) -> Option<(usize, usize, QuoteKind)> {
        if lined.suspects.is_empty() {
            return None;
        }
        let own = row_dimension(self.bytes.get(start..end).unwrap_or_default(), self.dialect);
        let holds = |(opening, quote): &&(usize, usize)| {
            let content = self.bytes.get(opening + 1..*quote).unwrap_or_default();
            holds_records(content, self.columns, own, self.dialect)
        };
        lined.suspects.iter().find(holds).map(|(opening, quote)| (*opening, *quote, QuoteKind::Records))
    }

    fn broken(
        &self,
        start: usize,
        (cell, found, kind): (usize, usize, QuoteKind),
        unopened: Option<QuoteFlaw>,
    ) -> Option<Scanned> {
        let row = self.flawed(start, cell, found, kind)?;
        let flaw = unopened.or(row.flaw);
        let stray = matches!(kind, QuoteKind::Inside | QuoteKind::Backslash).then_some(found);
        Some(Scanned { row: Row { flaw, ..row }, cell: Some(cell), stray, is_doubtful: false })
    }

    /// The next quote or line end.
    pub(super) fn next_special(&self, at: usize) -> Option<usize> {
        let rest = self.bytes.get(at..)?;
        let hit = match self.dialect.quote {
            Some(quote) => memchr2(quote, b'\n', rest),
            None => memchr(b'\n', rest),
        };
        hit.map(|hit| at + hit)
    }

    /// Finds the end of the quoted cell whose content starts at `at`; `None` if more text is needed to decide.
    pub(super) fn closing(&self, mut at: usize, limit: usize) -> Option<Closing> {
        let Some(quote) = self.dialect.quote else { return Some(Closing::Open) };
        let within = self.bytes.get(..limit.min(self.bytes.len())).unwrap_or_default();
        let opening = at;
        let mut has_lines = false;
        loop {
            let rest = within.get(at..).unwrap_or_default();
            let hit = match self.dialect.escape {
                Some(escape) => memchr3(quote, b'\n', escape, rest),
                None => memchr2(quote, b'\n', rest),
            };
            let Some(hit) = hit.map(|hit| at + hit) else {
                let is_clear = self.last || self.bytes.len() > limit;
                return is_clear.then_some(Closing::Open);
            };
            let byte = self.bytes.get(hit).copied().unwrap_or_default();
            if byte == b'\n' {
                has_lines = true;
                at = hit + 1;
            } else if byte != quote {
                has_lines |= self.bytes.get(hit + 1) == Some(&b'\n');
                at = hit + 2;
            } else if self.bytes.get(hit + 1) == Some(&quote) {
                at = hit + 2;
            } else if self.ends_cell(hit + 1)? {
                let content = self.bytes.get(opening..hit).unwrap_or_default();
                return Some(if is_vector_and_tab(content, self.dialect) {
                    Closing::Broken(hit)
                } else {
                    Closing::At(hit, has_lines)
                });
            } else {
                return Some(Closing::Broken(hit));
            }
        }
    }

    /// The same for several carriage returns from `at` on.
    #[cold]
    fn returns_end_cell(&self, at: usize) -> Option<bool> {
        let rest = self.bytes.get(at..).unwrap_or_default();
        match rest.iter().find(|byte| **byte != b'\r') {
            Some(behind) => Some(*behind == b'\n'),
            None => self.last.then_some(true),
        }
    }

    fn kind_of_broken(&self, quote: usize) -> QuoteKind {
        let is_escaped = self.bytes.get(quote - 1) == Some(&b'\\') && self.dialect.escape.is_none();
        if is_escaped { QuoteKind::Backslash } else { QuoteKind::Inside }
    }

    /// Whether the text at `at` ends a cell: a delimiter, a line end or the end of the file.
    fn ends_cell(&self, at: usize) -> Option<bool> {
        match (self.bytes.get(at), self.bytes.get(at + 1)) {
            (Some(byte), _) if *byte == self.dialect.delimiter || *byte == b'\n' => Some(true),
            (Some(b'\r'), Some(b'\r')) => self.returns_end_cell(at),
            (Some(b'\r'), Some(next)) => Some(*next == b'\n'),
            (Some(b'\r') | None, None) => self.last.then_some(true),
            _ => Some(false),
        }
    }

    /// Rejects a row up to the end of the line in which its bad cell begins: what follows may be rows that only seem to
    /// be in the cell.
    fn flawed(&self, start: usize, cell: usize, found: usize, kind: QuoteKind) -> Option<Row> {
        let rest = self.bytes.get(cell..).unwrap_or_default();
        let end = match memchr(b'\n', rest) {
            Some(newline) => cell + newline,
            None if self.last => self.bytes.len(),
            None => return None,
        };
        Some(Row {
            content: self.without_line_end(start, end),
            next: self.bytes.len().min(end + 1),
            flaw: Some(self.flaw(start, cell, found, kind)),
        })
    }

    fn flaw(&self, start: usize, cell: usize, found: usize, kind: QuoteKind) -> QuoteFlaw {
        let lines = |to: usize| self.bytes.get(start..to).map_or(0, newlines);
        QuoteFlaw { begun: lines(cell), found: lines(found), kind }
    }

    fn without_line_end(&self, start: usize, end: usize) -> Range<usize> {
        let content = self.bytes.get(start..end).unwrap_or_default();
        let mut length = content.len();
        while length > 0 && content.get(length - 1) == Some(&b'\r') {
            length -= 1;
        }
        start..start + length
    }

    /// Whether the rows after one with a doubtful end are not rows but pieces of a text.
    ///
    /// They are pieces if quotes are broken, or if there is text in the column of the vector; they are not if a vector
    /// of the same length is there. Anything else, such as null or a list of another length, leaves the decision to the
    /// next row.
    fn next_is_broken(&self, doubtful: &Row, limit: usize) -> Option<bool> {
        let own = self.bytes.get(doubtful.content.clone()).and_then(|row| place_of_vector(row, self.dialect));
        let (mut at, mut open_rows) = (doubtful.next, 0);
        loop {
            if at >= self.bytes.len() {
                return self.last.then_some(false);
            }
            if let Some(next) = self.passed_over(at) {
                if next > limit {
                    return Some(true);
                }
                at = next;
                continue;
            }
            let Some(Scanned { row, .. }) = self.scan(at, limit) else {
                return (self.bytes.len() > limit).then_some(true);
            };
            if row.flaw.is_some() || row.next > limit {
                return Some(true);
            }
            // A row without a vector is not stored, whatever its text.
            let Some(own) = own else { return Some(false) };
            match in_place(self.bytes.get(row.content.clone()).unwrap_or_default(), own, self.dialect) {
                InPlace::Vector => return Some(false),
                InPlace::Text => return Some(true),
                InPlace::Open if open_rows == OPEN_ROWS => return Some(true),
                InPlace::Open => open_rows += 1,
            }
            at = row.next;
        }
    }

    /// Where the next line starts, if the line at `at` is complete and is blank or a comment.
    pub(crate) fn passed_over(&self, at: usize) -> Option<usize> {
        let rest = self.bytes.get(at..)?;
        let first = rest.first()?;
        if self.dialect.comment != Some(*first) && !matches!(first, b' ' | b'\r' | b'\n') {
            return None;
        }
        let end = match memchr(b'\n', rest) {
            Some(newline) => newline,
            None if self.last => rest.len(),
            None => return None,
        };
        let is_comment = self.dialect.comment == Some(*first);
        let line = rest.get(..end)?;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let passed = is_comment || line.iter().all(|byte| *byte == b' ');
        passed.then(|| self.bytes.len().min(at + end + 1))
    }

    /// Extends what is rejected for a broken cell to the row that has a vector, unless the cell's own line has one.
    ///
    /// A multi-line text before the vector may end in a line that looks like a whole row, with a piece of the text as
    /// the key.
    fn with_its_vector(&self, start: usize, cell: usize, row: Row, ahead: &mut Ahead) -> Option<Row> {
        // If the columns are unknown, or there is only one, nothing comes after the cell.
        let is_known = self.columns.is_some_and(|columns| columns > 1);
        let has_vector = || self.has_vector(start, cell, row.content.end);
        if !is_known || has_vector() || self.is_vector_cut(start, cell, row.next)? {
            return Some(row);
        }
        let farthest = start.saturating_add(FARTHEST.min(self.longest / 2));
        while ahead.end.is_none() || ahead.starts.binary_search(&row.next).is_err() {
            if ahead.starts.binary_search(&row.next).is_err() {
                ahead.starts = vec![row.next];
                ahead.end = None;
            }
            let at = ahead.starts.last().copied().unwrap_or(row.next);
            if at > farthest || (self.last && at >= self.bytes.len()) {
                return Some(row);
            }
            self.search(at, ahead)?;
        }
        let at = ahead.starts.last().copied().unwrap_or(row.next);
        Some(match ahead.end {
            Some(SearchEnd::Vector { content, next }) if at <= farthest => {
                Row { content: start..content, next, flaw: row.flaw }
            }
            _ => row,
        })
    }

    /// Continues a search with the row at `at`; `None` if the text is too short to decide.
    fn search(&self, at: usize, ahead: &mut Ahead) -> Option<()> {
        #[cfg(test)]
        {
            ahead.read += 1;
        }
        // A row must fit half the limit, since more text may not be available.
        let limit = at.saturating_add(self.longest / 2);
        let (content, next, has_vector) = match self.passed_over(at) {
            Some(next) => (at, next, false),
            None => match self.scan(at, limit) {
                Some(scanned) => {
                    (scanned.row.content.end, scanned.row.next, self.scanned_vector(at, &scanned))
                }
                None if self.bytes.len() > limit => (at, usize::MAX, false),
                None => return None,
            },
        };
        if next > limit {
            ahead.end = Some(SearchEnd::TooLong);
        } else if has_vector {
            ahead.end = Some(SearchEnd::Vector { content, next });
        } else {
            ahead.starts.push(next);
        }
        Some(())
    }

    /// Whether the row at `at` has a vector, as far as the row can be told from what follows.
    fn scanned_vector(&self, at: usize, Scanned { row, cell, .. }: &Scanned) -> bool {
        match (row.flaw, cell) {
            (Some(_), Some(cell)) => self.has_vector(at, *cell, row.content.end),
            (Some(_), None) => self.line_has_vector(row.content.clone()),
            (None, _) => {
                self.bytes.get(row.content.clone()).is_some_and(|row| row_has_vector(row, self.dialect))
            }
        }
    }

    /// Whether the row from `start` has a vector, up to the `end` of the line of its quoted cell at `cell`.
    fn has_vector(&self, start: usize, cell: usize, end: usize) -> bool {
        let before = self.bytes.get(start..cell).unwrap_or_default();
        row_has_vector(before, self.dialect)
            || self.line_has_vector(cell..end)
            || self.bytes.get(cell..end).is_some_and(|cell| begins_with_vector(cell, self.dialect))
    }

    fn line_has_vector(&self, line: Range<usize>) -> bool {
        self.bytes.get(line).is_some_and(|line| holds_vector(line, self.dialect))
    }
}
