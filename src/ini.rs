//! The lines of INI text, as ossutil and the vendor's credential libraries write it. Pure.
//!
//! Each line stands by itself: neither a backslash nor indentation continues a line. Libraries that join lines lose a
//! key after an indented comment.

/// The kind of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// Whitespace only, or a comment.
    Blank,
    /// The name of a section, without brackets.
    Section(&'a str),
    /// A key and its value.
    Pair(Pair<'a>),
}

/// A key and its value, both without surrounding whitespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair<'a> {
    /// The key as written.
    pub key: &'a str,
    /// The value, with any quotes.
    pub value: &'a str,
    /// Whether the line begins with whitespace.
    pub is_indented: bool,
}

/// A section with its keys and values, in order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Section<'a> {
    /// The name, without brackets.
    pub name: &'a str,
    /// Its keys and values.
    pub pairs: Vec<Pair<'a>>,
}

/// Reads a line; `None` if it is not INI text.
pub(crate) fn line(text: &str) -> Option<Line<'_>> {
    let text = text.trim_start_matches('\u{feff}').trim_end();
    let trimmed = text.trim_start();
    if trimmed.is_empty() || is_comment(trimmed) {
        return Some(Line::Blank);
    }
    if let Some(rest) = trimmed.strip_prefix('[') {
        let (name, behind) = rest.split_once(']')?;
        let behind = behind.trim_start();
        return (behind.is_empty() || is_comment(behind)).then(|| Line::Section(name.trim()));
    }
    let (key, value) = trimmed.split_once(['=', ':'])?;
    let (key, value) = (key.trim_end(), value.trim_start());
    let is_indented = trimmed.len() < text.len();
    (!key.is_empty()).then_some(Line::Pair(Pair { key, value, is_indented }))
}

fn is_comment(text: &str) -> bool {
    text.starts_with(['#', ';'])
}

/// Reads a text; the error is the number of the first line that is not INI text.
pub(crate) fn sections(text: &str) -> Result<Vec<Section<'_>>, usize> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for (index, text) in text.lines().enumerate() {
        match (line(text).ok_or(index + 1)?, sections.last_mut()) {
            (Line::Section(name), _) => sections.push(Section { name, pairs: Vec::new() }),
            (Line::Pair(pair), Some(section)) => section.pairs.push(pair),
            // Anything before the first section is ignored.
            (Line::Pair(_) | Line::Blank, _) => {}
        }
    }
    Ok(sections)
}

/// The number of the first line with a key before any section.
pub(crate) fn before_sections(text: &str) -> Option<usize> {
    let lines = text.lines().map(line).enumerate();
    let mut told = lines.filter(|(_, line)| matches!(line, Some(Line::Pair(_) | Line::Section(_))));
    let (index, first) = told.next()?;
    matches!(first, Some(Line::Pair(_))).then_some(index + 1)
}

/// A value without its quotes, if a single pair encloses all of it.
pub(crate) fn unquoted(value: &str) -> &str {
    let inner = |quote: char| {
        let inner = value.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inner.contains(quote)).then_some(inner)
    };
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair<'a>(key: &'a str, value: &'a str) -> Pair<'a> {
        Pair { key, value, is_indented: false }
    }

    #[test]
    fn a_line_is_a_section_a_pair_a_comment_or_none_of_them() {
        for (text, wanted) in [
            ("", Some(Line::Blank)),
            (" \t# [x] = y\r", Some(Line::Blank)),
            ("; x", Some(Line::Blank)),
            ("\u{feff}[default]", Some(Line::Section("default"))),
            (" [ profile x ] # main", Some(Line::Section("profile x"))),
            ("[x];y", Some(Line::Section("x"))),
            ("[x] y", None),
            ("[x", None),
            ("key = value = 1 # 2", Some(Line::Pair(pair("key", "value = 1 # 2")))),
            ("key:v", Some(Line::Pair(pair("key", "v")))),
            ("key=", Some(Line::Pair(pair("key", "")))),
            ("key = a\\", Some(Line::Pair(pair("key", "a\\")))),
            ("\tkey=v", Some(Line::Pair(Pair { is_indented: true, ..pair("key", "v") }))),
            ("= v", None),
            ("key", None),
        ] {
            assert_eq!(line(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn sections_hold_their_pairs_and_a_strange_line_is_told_by_its_number() {
        let text = "lost = 1\r\n[a]\r\nk = v\r\n\r\n[b]\r\n[a]\r\n";
        let wanted = [("a", vec![pair("k", "v")]), ("b", vec![]), ("a", vec![])];
        let wanted = wanted.map(|(name, pairs)| Section { name, pairs });
        assert_eq!(sections(text).unwrap(), wanted);
        assert_eq!(sections("[a]\n# c\nstrange\nk = v\n"), Err(3));
        let first =
            ["\u{feff}# c\n\nlost = 1\n[a]\n", "\n[a]\nk = v\n", "# c\n", "k = v"].map(before_sections);
        assert_eq!(first, [Some(3), None, None, Some(1)]);
    }

    #[test]
    fn quotes_are_taken_off_only_where_one_pair_encloses_all() {
        for (value, wanted) in [
            ("\"a b\"", "a b"),
            ("'a \"b\"'", "a \"b\""),
            ("\"/my tools/get\" --json \"a b\"", "\"/my tools/get\" --json \"a b\""),
            ("\"a' ", "\"a' "),
            ("\"", "\""),
            ("\"\"", ""),
        ] {
            assert_eq!(unquoted(value), wanted);
        }
    }
}
