//! Word vectors as text, as `GloVe`, word2vec and fastText write them: how to recognise and read them. Pure.

/// How the text of word vectors differs from a table without a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WordVectors {
    /// Whether its first line has the number of words and the dimension.
    is_counted: bool,
    /// Whether its lines end in spaces.
    is_padded: bool,
}

/// Minimum count of numbers after a word for a vector.
const NUMBERS_AT_LEAST: usize = 2;

impl WordVectors {
    /// Recognises a text that begins with a word and its numbers, optionally after a line with their count; with
    /// `whole` nothing follows.
    pub(super) fn of(text: &[u8], whole: bool) -> Option<Self> {
        let end = if whole { text.len() } else { memchr::memrchr(b'\n', text)? };
        let mut lines =
            text.get(..end)?.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
        let first = lines.next()?;
        let counted = count_line(first);
        let row = if counted.is_some() { lines.next()? } else { first };
        let numbers = numbers(row)?;
        let is_alike = counted.is_none_or(|dimension| dimension == numbers);
        let is_followed = lines.next().is_none_or(|line| self::numbers(line).is_some());
        let is_padded = row.strip_suffix(b"\r").unwrap_or(row).ends_with(b" ");
        (is_alike && is_followed).then_some(Self { is_counted: counted.is_some(), is_padded })
    }

    /// A description.
    pub(super) fn told(self) -> String {
        let before = if self.is_counted { ", after a line with their number" } else { "" };
        format!("word vectors, a word and its numbers on each line{before}")
    }

    /// How to read it.
    pub(super) fn cure(self) -> String {
        const OPTIONS: &str = "--delimiter ' ' --quote none --no-header --key 1 --vector '*'";
        let (change, command) = match (self.is_counted, self.is_padded) {
            (false, false) => return format!("read it with {OPTIONS}"),
            (true, false) => ("first line", "tail -n +2 INPUT"),
            (false, true) => ("spaces at line ends", "sed 's/ *$//' INPUT"),
            (true, true) => ("first line and spaces at line ends", "tail -n +2 INPUT | sed 's/ *$//'"),
        };
        format!("remove its {change}: {command} > OUTPUT; then read OUTPUT with {OPTIONS}")
    }

    /// Whether the text must be changed before it can be read.
    pub(super) fn needs_change(self) -> bool {
        self.is_counted || self.is_padded
    }
}

/// Maximum length of a word in bytes.
const LONGEST_WORD: usize = 256;

/// Whether these are word vectors in word2vec's binary form: after a line with their number and dimension come a word,
/// a space, and the bytes of the numbers.
pub(super) fn is_binary(head: &[u8]) -> bool {
    let Some(first) = memchr::memchr(b'\n', head.get(..64).unwrap_or(head)) else { return false };
    let (line, mut rest) = head.split_at(first + 1);
    let Some(dimension) = count_line(line).filter(|dimension| *dimension > 0) else { return false };
    let mut is_text = true;
    for number in 0..3 {
        // Some writers end each vector with a line end.
        let start = rest.iter().take_while(|byte| **byte == b'\n').count();
        rest = rest.get(start..).unwrap_or_default();
        if number > 0 && rest.is_empty() {
            break;
        }
        let word = memchr::memchr(b' ', rest.get(..LONGEST_WORD).unwrap_or(rest)).unwrap_or(0);
        let is_word = word > 0 && !rest.iter().take(word).any(u8::is_ascii_control);
        let numbers =
            rest.get(word + 1..).and_then(|rest| rest.split_at_checked(dimension.saturating_mul(4)));
        let (true, Some((numbers, behind))) = (is_word, numbers) else { return number > 0 && !is_text };
        let is_plain = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
        is_text &= numbers.iter().all(is_plain);
        let is_usual = |number: &[u8; 4]| {
            let number = f32::from_le_bytes(*number).abs();
            number == 0.0 || (1e-20..1e10).contains(&number)
        };
        if !numbers.as_chunks().0.iter().all(is_usual) {
            return false;
        }
        rest = behind;
    }
    !is_text
}

/// The dimension from a line with the number of words and their dimension.
fn count_line(line: &[u8]) -> Option<usize> {
    let mut cells = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    let (words, dimension) = (cells.next()?, cells.next()?);
    words.parse::<u64>().ok()?;
    cells.next().is_none().then(|| dimension.parse().ok()).flatten()
}

/// The count of numbers after a word, if there are enough of them and nothing else.
fn numbers(line: &[u8]) -> Option<usize> {
    let mut cells = line.trim_ascii_end().split(|byte| *byte == b' ');
    cells.next().filter(|word| !word.is_empty())?;
    let (mut count, mut fractions) = (0, 0);
    for cell in cells {
        let cell = std::str::from_utf8(cell).ok()?;
        cell.parse::<f32>().ok()?;
        count += 1;
        fractions += usize::from(cell.contains('.'));
    }
    (count >= NUMBERS_AT_LEAST && fractions > 0).then_some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_vectors_in_binary_are_told_from_text_however_few_they_are() {
        let binary = |count: usize, dimension: usize, end: &str| {
            let number = |place: usize| (f32::from(u16::try_from(place).unwrap()) * 0.37 - 1.0).to_le_bytes();
            let word = |word: usize| {
                let numbers: Vec<u8> = (0..dimension).flat_map(|place| number(word + place)).collect();
                [format!("wörd{word} ").as_bytes(), &numbers, end.as_bytes()].concat()
            };
            [format!("{count} {dimension}\n").into_bytes(), (0..count).flat_map(word).collect()].concat()
        };
        for (count, dimension) in [(1, 1), (1, 3), (3, 4), (100, 300)] {
            for end in ["", "\n"] {
                let file = binary(count, dimension, end);
                assert!(is_binary(&file), "{count} {dimension}");
                // For a large file the beginning is enough.
                if count > 3 {
                    assert!(is_binary(&file[..5_000]));
                }
            }
        }
        for text in
            ["2 3\nthe 0.1 0.2 1\nof 0.3 0.4 2\n", "2 3\n", "1 2\na,b\n", "", "2 300\nword \u{1}\u{2}"]
        {
            assert!(!is_binary(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn word_vectors_are_told_from_tables_and_prose_with_what_they_need() {
        let of = |text: &str| WordVectors::of(text.as_bytes(), true).map(|it| (it.is_counted, it.is_padded));
        for (text, wanted) in [
            ("the 0.1 0.2\nof 0.3 -4e-2\n", Some((false, false))),
            ("\" 0.1 0.2\r\n, 0.3 0.4\r\n", Some((false, false))),
            ("2 3\nthe 0.1 0.2 1\nof 0.3 0.4 2\n", Some((true, false))),
            ("2 3\nthe 0.1 0.2 1 \nof 0.3 0.4 2 \n", Some((true, true))),
            ("the 0.1 0.2 \n", Some((false, true))),
            ("2 4\nthe 0.1 0.2 1\n", None),
            ("2 3\n", None),
            ("1 2 3\n4 5 6\n", None),
            ("the quick 0.1\n", None),
            ("the 0.1 0.2\nand some prose\n", None),
            ("word", None),
            ("", None),
        ] {
            assert_eq!(of(text), wanted, "{text:?}");
        }
        assert_eq!(WordVectors::of(b"2 3\nthe 0.1 0.2 0.", false), None);
    }
}
