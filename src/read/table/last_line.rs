//! The line on which the text of a broken quoted cell ends and, after its quote, perhaps another record begins.

use memchr::{memchr, memrchr};

use super::cells::{cells, has_quote_as_text};
use super::evidence::{is_of_numbers, place_of_vector};
use super::grammar::{Closing, FARTHEST, Row, Scanned, Text};

impl Text<'_> {
    /// Extends what is rejected for a cell with a `stray` quote to the line of that quote, if that line looks like a
    /// record.
    ///
    /// If files were concatenated without a line end between them, that line is the end of a text and the beginning of
    /// another file's record: it would be stored under a key that no file has. A record in between suggests that the
    /// stray quote is the one at the cell's start. `None` if the text is too short to decide.
    pub(super) fn with_its_last_line(&self, start: usize, stray: usize, row: Row) -> Option<Row> {
        if stray < row.next {
            return Some(row);
        }
        let before = self.bytes.get(..stray).unwrap_or_default();
        let line = memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        let limit = start.saturating_add(self.longest);
        let Some(last) = self.scan(line, limit) else {
            // A row that starts within the limit but does not end there is judged by itself.
            return (self.bytes.len() > limit).then_some(row);
        };
        let reads_as_record = last.row.next <= limit && self.is_in_order(&last.row);
        if !reads_as_record || !self.is_in_plain_cell(line, stray, limit)? {
            return Some(row);
        }
        let content = self.bytes.get(last.row.content.clone()).unwrap_or_default();
        let needs_vector = place_of_vector(content, self.dialect).is_some();
        if self.has_record(row.next, line, limit, needs_vector)? {
            return Some(row);
        }
        Some(Row { content: row.content.start..last.row.content.end, next: last.row.next, flaw: row.flaw })
    }

    /// Whether the broken cell at `cell`, of the row from `start`, is the vector itself, so that the row at `next`
    /// cannot be the end of a text before it: it is in the last column, or it begins as a list of numbers, and the
    /// first row after those has its vector in the same column. `None` if the text is too short to decide.
    pub(super) fn is_vector_cut(&self, start: usize, cell: usize, next: usize) -> Option<bool> {
        let before = self.bytes.get(start..cell).unwrap_or_default();
        let column = if before.is_empty() { 0 } else { cells(before, self.dialect).len() - 1 };
        if self.columns == Some(column + 1) {
            return Some(true);
        }
        let begun = self.bytes.get(cell + 1..next).unwrap_or_default();
        if !begun.starts_with(b"[") || !is_of_numbers(begun) {
            return Some(false);
        }
        let farthest = start.saturating_add(FARTHEST.min(self.longest / 2));
        let mut at = next;
        while at <= farthest {
            let rest = self.bytes.get(at..).unwrap_or_default();
            let end = match memchr(b'\n', rest) {
                Some(newline) => at + newline + 1,
                None if self.last => return Some(false),
                None => return None,
            };
            if is_of_numbers(rest.get(..end - at).unwrap_or_default()) {
                at = end;
                continue;
            }
            let limit = at.saturating_add(self.longest / 2);
            let Some(Scanned { row, .. }) = self.scan(at, limit) else {
                return (self.bytes.len() > limit).then_some(false);
            };
            let content = self.bytes.get(row.content.clone()).unwrap_or_default();
            let place = place_of_vector(content, self.dialect).map(|(column, _)| column);
            return Some(self.is_in_order(&row) && place == Some(column));
        }
        Some(false)
    }

    /// Whether a row has as many cells as the table has columns, and valid quotes.
    fn is_in_order(&self, row: &Row) -> bool {
        let content = self.bytes.get(row.content.clone()).unwrap_or_default();
        row.flaw.is_none() && self.columns == Some(cells(content, self.dialect).len())
    }

    /// Whether the quote at `stray` is text in an unquoted cell of the row that starts at `line`.
    fn is_in_plain_cell(&self, line: usize, stray: usize, limit: usize) -> Option<bool> {
        let mut at = line;
        while let Some(hit) = self.next_special(at).filter(|hit| *hit <= stray) {
            let opens = hit == line || self.bytes.get(hit - 1) == Some(&self.dialect.delimiter);
            if !opens && hit == stray {
                return Some(true);
            }
            at = match opens.then(|| self.closing(hit + 1, limit)) {
                None => hit + 1,
                Some(closing) => match closing? {
                    Closing::At(quote, _) => quote + 1,
                    Closing::Broken(_) | Closing::Open => return Some(false),
                },
            };
        }
        Some(false)
    }

    /// Whether one of the rows from `at` on is clearly a record, or the last of them extends past `line`.
    fn has_record(&self, mut at: usize, line: usize, limit: usize, needs_vector: bool) -> Option<bool> {
        while at < line {
            if let Some(next) = self.passed_over(at) {
                at = next;
                continue;
            }
            let Some(Scanned { row, .. }) = self.scan(at, limit) else {
                return (self.bytes.len() > limit).then_some(true);
            };
            let content = self.bytes.get(row.content.clone()).unwrap_or_default();
            let is_record = self.is_in_order(&row)
                && !has_quote_as_text(content, self.dialect)
                && (!needs_vector || place_of_vector(content, self.dialect).is_some());
            if is_record {
                return Some(true);
            }
            at = row.next;
        }
        Some(at > line)
    }
}
