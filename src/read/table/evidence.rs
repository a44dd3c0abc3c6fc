//! What looks like a vector in a stretch of a table, and whether a quoted cell contains what looks like records.
//!
//! Needed only if a quoted cell contains a line end or is broken.

use memchr::{memchr, memchr_iter, memchr2, memrchr2};

use super::cells::cells;
use super::dialect::Dialect;

/// The length of a vector; `None` if the end of the text cuts it short.
type Length = Option<usize>;

/// The cells of `text` that look like vectors, including one in brackets that the end of the text cuts short.
fn vectors<'a>(text: &'a [u8], dialect: &'a Dialect) -> impl Iterator<Item = Length> + 'a {
    let behind = memchr_iter(dialect.delimiter, text).map(|delimiter| delimiter + 1);
    let starts = std::iter::once(0).chain(behind);
    starts.filter_map(|at| leading_vector(text.get(at..).unwrap_or_default(), dialect))
}

/// Whether a cell of `text` looks like a vector.
pub(crate) fn holds_vector(text: &[u8], dialect: &Dialect) -> bool {
    vectors(text, dialect).next().is_some()
}

/// Whether the quoted cell that `text` begins with is a vector up to its next quote, whatever follows that.
pub(crate) fn begins_with_vector(text: &[u8], dialect: &Dialect) -> bool {
    let Some((_, quoted)) = text.split_first().filter(|(first, _)| dialect.is_quote(**first)) else {
        return false;
    };
    let end = quoted.iter().position(|byte| dialect.is_quote(*byte));
    let content = end.and_then(|end| quoted.get(..end)).unwrap_or_default();
    dimension(content, dialect).is_some_and(|length| length > 1)
}

/// The vector that `rest` begins with, if its first cell is one.
fn leading_vector(rest: &[u8], dialect: &Dialect) -> Option<Length> {
    let is_loose = |byte: &u8| dialect.is_quote(*byte) || (*byte == b' ' && *byte != dialect.delimiter);
    let opening = rest.iter().take_while(|byte| is_loose(byte)).count();
    let is_quoted = rest.iter().take(opening).any(|byte| dialect.is_quote(*byte));
    let rest = rest.get(opening..)?;
    let is_bracket = |byte: &u8| b"[({".contains(byte) && *byte != dialect.delimiter;
    let brackets = rest.iter().take_while(|byte| is_bracket(byte)).count();
    // Without brackets a cell ends at its quote or delimiter. A list goes no further, since the search begins again
    // after each delimiter of a row.
    let ends_bare = |byte: u8| if is_quoted { dialect.is_quote(byte) } else { byte == dialect.delimiter };
    let list = rest.get(brackets..)?;
    let ends_list = |byte: &u8| !is_in_list(*byte) || (brackets == 0 && ends_bare(*byte));
    let list = list.get(..list.iter().position(ends_list).unwrap_or(list.len()))?;
    if brackets > 0 {
        let behind = rest.get(brackets + list.len()..)?;
        let closing = behind.iter().take_while(|byte| b"])}".contains(byte) || is_loose(byte)).count();
        let ends = match behind.get(closing) {
            None | Some(b'\r' | b'\n') => true,
            Some(byte) => closing > 0 && *byte == dialect.delimiter,
        };
        let (count, _) = numbers(list).filter(|(count, _)| ends && *count > 1)?;
        return Some((!behind.is_empty()).then_some(count));
    }
    let ends = rest.get(list.len()).is_none_or(|byte| ends_bare(*byte) || is_loose(byte));
    bare_length(list).filter(|_| ends).map(Some)
}

/// The length of a list without brackets. Two integers are more often a date or a telephone number than a vector.
fn bare_length(cell: &[u8]) -> Option<usize> {
    let is_between = |byte: Option<&u8>| byte.is_some_and(|byte| b",;|".contains(byte));
    let cell = cell.trim_ascii();
    let (count, has_fraction) = numbers(cell)?;
    let is_whole = !is_between(cell.first()) && !is_between(cell.last());
    (is_whole && (count > 2 || (count == 2 && has_fraction))).then_some(count)
}

/// Whether a line is nothing but a list of numbers, perhaps with brackets and whitespace around it.
pub(crate) fn is_of_numbers(line: &[u8]) -> bool {
    let is_around = |byte: &u8| b"[](){}".contains(byte) || byte.is_ascii_whitespace();
    let first = line.iter().position(|byte| !is_around(byte)).unwrap_or(line.len());
    let last = line.iter().rposition(|byte| !is_around(byte)).map_or(first, |last| last + 1);
    line.get(first..last).and_then(numbers).is_some()
}

fn is_in_list(byte: u8) -> bool {
    byte.is_ascii_digit() || byte.is_ascii_whitespace() || b"+-.eE,;|nNaAiIfF".contains(&byte)
}

/// The length of a list of numbers, and whether one of them is a fraction; `None` if the list has anything else.
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

/// Whether a cell of a whole row looks like a vector.
pub(crate) fn row_has_vector(row: &[u8], dialect: &Dialect) -> bool {
    row_dimension(row, dialect).is_some()
}

/// The length of the first vector among the cells of a whole row.
pub(crate) fn row_dimension(row: &[u8], dialect: &Dialect) -> Option<usize> {
    cells(row, dialect).iter().find_map(|cell| dimension(cell, dialect))
}

/// The length of the vector if a whole cell is one, over any number of lines.
pub(crate) fn dimension(cell: &[u8], dialect: &Dialect) -> Option<usize> {
    // With a delimiter at its start or end it is the text between two cells.
    if [cell.first(), cell.last()].contains(&Some(&dialect.delimiter)) {
        return None;
    }
    let cell = cell.trim_ascii();
    let is_bracket = |byte: &u8| b"[](){}".contains(byte);
    let first = cell.iter().position(|byte| !is_bracket(byte))?;
    let last = cell.iter().rposition(|byte| !is_bracket(byte))?;
    match first {
        0 => bare_length(cell),
        _ => numbers(cell.get(first..=last)?).map(|(count, _)| count).filter(|count| *count > 0),
    }
}

/// Whether a header cell is a value and not a name; integers may name the columns of wide tables.
pub(crate) fn looks_like_data(cell: &str, dialect: &Dialect) -> bool {
    let is_fraction = cell.contains('.') && cell.parse::<f64>().is_ok();
    is_fraction || cell.starts_with('[') || dimension(cell.as_bytes(), dialect).is_some()
}

/// Whether a quoted cell with this `content` is a vector that lost its closing quote and extends to the next cell's
/// opening one.
///
/// Only tabs need this, since whitespace may surround a list of numbers. With another delimiter the cell is no vector.
pub(crate) fn is_vector_and_tab(content: &[u8], dialect: &Dialect) -> bool {
    dialect.delimiter == b'\t'
        && content.ends_with(b"\t")
        && dimension(content.trim_ascii(), dialect).is_some_and(|length| length > 1)
}

/// The column and length of a row's vector; two integers count if there is no other vector.
pub(crate) fn place_of_vector(row: &[u8], dialect: &Dialect) -> Option<(usize, usize)> {
    let cells = cells(row, dialect);
    let place = |length: &dyn Fn(&[u8]) -> Option<usize>| {
        cells.iter().enumerate().find_map(|(column, cell)| Some((column, length(cell)?)))
    };
    place(&|cell| dimension(cell, dialect))
        .or_else(|| place(&|cell| numbers(cell).map(|(count, _)| count).filter(|count| *count > 1)))
}

/// What a row has in the column of the vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InPlace {
    /// A vector of the same length.
    Vector,
    /// Text: neither numbers nor a word for null.
    Text,
    /// Anything else, or no such column.
    Open,
}

/// What a row has in the `column` of a vector of this `length`.
pub(crate) fn in_place(row: &[u8], (column, length): (usize, usize), dialect: &Dialect) -> InPlace {
    let cells = cells(row, dialect);
    let Some(cell) = cells.get(column) else { return InPlace::Open };
    let is_around = |byte: &u8| b"[](){}".contains(byte) || byte.is_ascii_whitespace();
    let first = cell.iter().position(|byte| !is_around(byte)).unwrap_or(cell.len());
    let last = cell.iter().rposition(|byte| !is_around(byte)).map_or(first, |last| last + 1);
    let list = cell.get(first..last).unwrap_or_default();
    let is_nothing = |word: &&[u8]| list.eq_ignore_ascii_case(word);
    match numbers(list) {
        Some((count, _)) if count == length => InPlace::Vector,
        Some(_) => InPlace::Open,
        None if [&b"null"[..], b"none", b"na", b"n/a", b"<na>"].iter().any(is_nothing) => InPlace::Open,
        None => InPlace::Text,
    }
}

/// Whether the quote at the end of a multi-line cell with this content could just as well open a cell.
pub(crate) fn could_open(content: &[u8], dialect: &Dialect) -> bool {
    let before = content.iter().rfind(|byte| !dialect.is_quote(**byte));
    before.is_some_and(|before| *before == dialect.delimiter || *before == b'\n')
}

/// Whether a multi-line cell with this `content` contains what looks like records of a table with this many `columns`,
/// or like the end of one and the beginning of the next: a vector between delimiters that has the length of the row's
/// own vector, if the row has one.
pub(crate) fn holds_records(
    content: &[u8],
    columns: Option<usize>,
    own: Option<usize>,
    dialect: &Dialect,
) -> bool {
    let Some(columns) = columns else {
        // A column name may span lines; a delimiter in it shows that rows do.
        return memchr(dialect.delimiter, content).is_some();
    };
    if columns < 2 || memchr(dialect.delimiter, content).is_none() {
        return false;
    }
    // Text before the first delimiter or line end, and after the last, is part of a cell.
    let first = memchr2(dialect.delimiter, b'\n', content);
    let last = memrchr2(dialect.delimiter, b'\n', content);
    let within = first.zip(last).and_then(|(first, last)| content.get(first + 1..last)).unwrap_or_default();
    let is_alike = |length: Length| own.is_none() || length.is_none() || length == own;
    within.split(|byte| *byte == b'\n').any(|line| vectors(line, dialect).any(is_alike))
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
        assert!(!row_has_vector(b"a,\",0.1 0.2,\"", &dialect(b',')));
    }

    #[test]
    fn a_text_in_the_column_of_the_vector_is_told_from_numbers_and_from_nothing() {
        assert_eq!(place_of_vector(b"7,[1 2 3],x", &dialect(b',')), Some((1, 3)));
        assert_eq!(place_of_vector(b"7,1 2,x", &dialect(b',')), Some((1, 2)));
        assert_eq!(place_of_vector(b"7,x", &dialect(b',')), None);
        for (row, found) in [
            ("a,\"[4, 5]\"", InPlace::Vector),
            ("a,4 5", InPlace::Vector),
            ("a,[4 5 6]", InPlace::Open),
            ("a,4", InPlace::Open),
            ("a,", InPlace::Open),
            ("a,[]", InPlace::Open),
            ("a,NULL,y", InPlace::Open),
            ("a,nan", InPlace::Open),
            ("a", InPlace::Open),
            ("a,b", InPlace::Text),
            ("a,4 of 5", InPlace::Text),
        ] {
            assert_eq!(in_place(row.as_bytes(), (1, 2), &dialect(b',')), found, "{row}");
        }
    }

    /// Judges the text between the first and the last quote.
    fn swallows(row: &str, columns: usize) -> bool {
        let content = row.get(row.find('"').unwrap() + 1..row.rfind('"').unwrap()).unwrap();
        let own = row_dimension(row.as_bytes(), &dialect(b','));
        holds_records(content.as_bytes(), Some(columns), own, &dialect(b','))
    }

    #[test]
    fn a_cell_that_took_records_is_told_from_texts_and_wrapped_vectors() {
        for (row, columns) in [
            ("a,\"x\nb,y,[1 2]\nz\",[3 4]", 3),
            ("a,\"5 in,[1 2]\nb,7 in\",[3 4]", 3),
            ("a,\"5 in, or so,[1 2]\nb,7 in\",[3 4]", 3),
            ("a,[1 2],\"x\nb,[3 4],y\"", 3),
            ("a,[1 2],x,\"y\nb,[3 4],\"\n", 4),
            ("\"\t\",\",[1 2 3]\nb\",,[4 5 6]", 3),
        ] {
            assert!(swallows(row, columns), "{row}");
        }
        for (row, columns) in [
            ("a,\"[0.1 0.2\n 0.3 0.4\n 0.5 0.6]\"", 2),
            ("a,\"[0.1, 0.2,\n 0.3, 0.4,\n 0.5, 0.6]\"", 3),
            ("a,\"0.1 0.2\n0.3 0.4\n0.5 0.6\"", 2),
            ("a,\"Hello, you\nand, you\",[1 2]", 3),
            ("a,\"Hello, you\n\",[1 2]", 3),
            ("a,\"x = [[1, 2],\n [3, 4],\n]\",[1 2 3]", 3),
            ("a,\"0.5,0.1\n0.2,0.3\n\",[1 2]", 3),
            ("a,\"0.1 0.2\n0.3 0.4\n\"", 2),
            ("\"0.1 0.2\n0.3 0.4\n0.5 0.6\"", 1),
        ] {
            assert!(!swallows(row, columns), "{row}");
        }
    }
}
