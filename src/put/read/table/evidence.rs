//! What in a stretch of a table reads as a vector, and whether a quoted cell holds what reads as records.
//!
//! Looked at only where a quoted cell holds a line end or is broken.

use std::ops::Range;

use memchr::{memchr, memchr_iter, memrchr};

use super::cells::cells;
use super::dialect::Dialect;

/// Whether a cell of `text` reads as a vector; one in brackets that is cut by the end of the text does too.
pub(super) fn holds_vector(text: &[u8], dialect: &Dialect) -> bool {
    let behind = memchr_iter(dialect.delimiter, text).map(|delimiter| delimiter + 1);
    std::iter::once(0).chain(behind).any(|at| begins_with_vector(text.get(at..).unwrap_or_default(), dialect))
}

fn begins_with_vector(rest: &[u8], dialect: &Dialect) -> bool {
    let is_loose = |byte: &u8| *byte == b' ' || dialect.is_quote(*byte);
    let opening = rest.iter().take_while(|byte| is_loose(byte)).count();
    let is_quoted = rest.iter().take(opening).any(|byte| dialect.is_quote(*byte));
    let rest = rest.get(opening..).unwrap_or_default();
    let brackets = rest.iter().take_while(|byte| b"[({".contains(byte)).count();
    let list = rest.get(brackets..).unwrap_or_default();
    let list = list.get(..list.iter().position(|byte| !is_in_list(*byte)).unwrap_or(list.len()));
    let list = list.unwrap_or_default();
    if brackets > 0 {
        let behind = rest.get(brackets + list.len()..).unwrap_or_default();
        let closing = behind.iter().take_while(|byte| b"])}".contains(byte) || is_loose(byte)).count();
        let ends = match behind.get(closing) {
            None | Some(b'\r' | b'\n') => true,
            Some(byte) => closing > 0 && *byte == dialect.delimiter,
        };
        return ends && numbers(list).is_some_and(|(count, _)| count > 1);
    }
    // Without brackets a cell ends at its quote or delimiter.
    let end = |byte: u8| if is_quoted { dialect.is_quote(byte) } else { byte == dialect.delimiter };
    let cell = list.iter().position(|byte| end(*byte)).and_then(|end| list.get(..end)).unwrap_or(list);
    let ends = rest.get(cell.len()).is_none_or(|byte| end(*byte) || is_loose(byte));
    ends && is_bare_vector(cell)
}

/// Two whole numbers are a date or a telephone's more often than a vector.
fn is_bare_vector(cell: &[u8]) -> bool {
    numbers(cell).is_some_and(|(count, has_fraction)| count > 2 || (count == 2 && has_fraction))
}

fn is_in_list(byte: u8) -> bool {
    byte.is_ascii_digit() || byte.is_ascii_whitespace() || b"+-.eE,;|nNaAiIfF".contains(&byte)
}

/// How many numbers a list holds, and whether one of them has a fraction; none if anything else stands there.
fn numbers(list: &[u8]) -> Option<(usize, bool)> {
    let is_between = |byte: &u8| byte.is_ascii_whitespace() || b",;|".contains(byte);
    let mut count = 0;
    for token in list.split(is_between).filter(|token| !token.is_empty()) {
        let is_number = std::str::from_utf8(token).is_ok_and(|token| token.parse::<f64>().is_ok());
        // Long vectors are printed with an ellipsis.
        if !is_number && token != b"..." {
            return None;
        }
        count += 1;
    }
    Some((count, list.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'))))
}

/// Whether a cell of a whole row reads as a vector.
pub(super) fn row_has_vector(row: &[u8], dialect: &Dialect) -> bool {
    cells(row, dialect).iter().any(|cell| {
        let cell = cell.trim_ascii();
        begins_with_vector(cell, &Dialect { delimiter: b'\n', quote: None, ..dialect.clone() })
            || is_bare_vector(cell)
    })
}

/// Whether the quoted cell of `cell`, both quotes included, in the row that starts at `start` holds what reads as
/// records of a table with so many `columns`, or as the end of one and the beginning of the next.
pub(super) fn holds_records(
    text: &[u8],
    start: usize,
    cell: &Range<usize>,
    columns: Option<usize>,
    dialect: &Dialect,
) -> bool {
    let content = text.get(cell.start + 1..cell.end - 1).unwrap_or_default();
    let Some(columns) = columns else {
        // The name of a column may be broken over lines; a delimiter in it means that rows are.
        return memchr(dialect.delimiter, content).is_some();
    };
    let (Some(first), Some(last)) = (memchr(b'\n', content), memrchr(b'\n', content)) else { return false };
    if columns < 2 {
        return false;
    }
    let delimiters = |line: &[u8]| memchr_iter(dialect.delimiter, line).count();
    let inner = content.get(first + 1..last).unwrap_or_default();
    if inner
        .split(|byte| *byte == b'\n')
        .any(|line| delimiters(line) == columns - 1 && holds_vector(line, dialect))
    {
        return true;
    }
    // What follows the cell's own text on its first line, and what stands before it on the last.
    let tail = content.get(..first).unwrap_or_default();
    let head = content.get(last + 1..).unwrap_or_default();
    let column = cells(text.get(start..cell.start).unwrap_or_default(), dialect).len() - 1;
    let fits = delimiters(tail) + column + 1 >= columns && delimiters(head) >= column;
    // The quote that ends the cell could begin one just as well.
    let could_open = head.last() == Some(&dialect.delimiter);
    let tail = memchr(dialect.delimiter, tail).and_then(|at| tail.get(at + 1..)).unwrap_or_default();
    let head = memrchr(dialect.delimiter, head).and_then(|at| head.get(..at)).unwrap_or_default();
    (fits || could_open) && (holds_vector(tail, dialect) || holds_vector(head, dialect))
}

#[cfg(test)]
mod tests {
    use super::super::Tables;
    use super::*;

    fn dialect(delimiter: u8) -> Dialect {
        Dialect::new(&Tables::default(), delimiter)
    }

    #[test]
    fn vectors_are_told_from_texts_and_single_numbers() {
        for text in [
            "a,[0.1 0.2],b",
            "a,\"[0.1, 0.2]\"",
            "[1,2]",
            "x,(1;2)\r",
            "x,{1|2},y",
            "x, 0.1 0.2 ,y",
            "x,1 2 3",
            "x,\"0.1,0.2\",y",
            "x,[0.1 0.2",
            "x,[0.1 0.2 ... 0.9]",
            "x,[nan 0.2]",
            "x,[[1,2]]",
        ] {
            assert!(holds_vector(text.as_bytes(), &dialect(b',')), "{text}");
        }
        for text in [
            "",
            "a,b",
            "1,2,3",
            "0.5",
            "[1]",
            "see [1], [2]",
            "call 555 1234, then 0.5",
            "555 1234",
            "2019-2020, 1 2",
            "[1 2] and more",
            "a,[x y]",
            "[0.1, 0.2] of",
        ] {
            assert!(!holds_vector(text.as_bytes(), &dialect(b',')), "{text}");
        }
        assert!(row_has_vector(b"a,\"[0.1,\n 0.2]\"", &dialect(b',')));
        assert!(row_has_vector(b"a,\"0.1,0.2\"", &dialect(b',')));
        assert!(!row_has_vector(b"a,\"0.1, b\"", &dialect(b',')));
    }

    /// Looks at the cell between the first and the last quote.
    fn swallows(row: &str, columns: usize) -> bool {
        let cell = row.find('"').unwrap()..row.rfind('"').unwrap() + 1;
        holds_records(row.as_bytes(), 0, &cell, Some(columns), &dialect(b','))
    }

    #[test]
    fn a_cell_that_took_records_is_told_from_texts_and_wrapped_vectors() {
        for (row, columns) in [
            ("a,\"x\nb,y,[1 2]\nz\",[3 4]", 3),
            ("a,\"5 in,[1 2]\nb,7 in\",[3 4]", 3),
            ("a,\"5 in, or so,[1 2]\nb,7 in\",[3 4]", 3),
            ("a,[1 2],\"x\nb,[3 4],y\"", 3),
            ("a,[1 2],x,\"y\nb,[3 4],\"\n", 4),
        ] {
            assert!(swallows(row, columns), "{row}");
        }
        for (row, columns) in [
            ("a,\"[0.1 0.2\n 0.3 0.4\n 0.5 0.6]\"", 2),
            ("a,\"[0.1, 0.2,\n 0.3, 0.4,\n 0.5, 0.6]\"", 3),
            ("a,\"0.1 0.2\n0.3 0.4\n0.5 0.6\"", 2),
            ("a,\"Hello, you\nand, you\",[1 2]", 3),
            ("a,\"Hello, you\n\",[1 2]", 3),
            ("\"0.1 0.2\n0.3 0.4\n0.5 0.6\"", 1),
        ] {
            assert!(!swallows(row, columns), "{row}");
        }
    }
}
