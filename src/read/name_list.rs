//! A list of input names: one per line, or each ended by a NUL byte, which no name contains. Pure.

use std::path::{Path, PathBuf};

/// Why a text is not a list of names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NameListError {
    /// It contains no names.
    #[error("contains no names")]
    Empty,
    /// It is UTF-16, as some Windows programs write it.
    #[error("is UTF-16")]
    Utf16,
    /// A name is not UTF-8, on a system where all names are.
    #[error("line {0} is not UTF-8")]
    NotText(usize),
}

impl NameListError {
    /// The cure.
    pub(crate) fn advice(&self) -> &'static str {
        match self {
            Self::Empty => "list one name per line, or end each name with a NUL byte, as find -print0 does",
            Self::Utf16 | Self::NotText(_) => "save it as UTF-8",
        }
    }
}

/// The names in a list, in order. If the text has NUL bytes, one ends each name, which may then contain anything else;
/// otherwise each line is a name, with either line end. Empty names are left out.
pub(crate) fn parse(text: &[u8]) -> Result<Vec<PathBuf>, NameListError> {
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        return Err(NameListError::Utf16);
    }
    let names: Vec<_> = if text.contains(&0) {
        text.split(|byte| *byte == 0).collect()
    } else {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect()
    };
    let named = names.into_iter().zip(1..).filter(|(name, _)| !name.is_empty());
    let names = named.map(|(name, number)| path(name).ok_or(NameListError::NotText(number)));
    let names = names.collect::<Result<Vec<_>, _>>()?;
    if names.is_empty() { Err(NameListError::Empty) } else { Ok(names) }
}

/// Writes these names, whatever they contain, as a list.
pub(crate) fn text<'a>(names: impl IntoIterator<Item = &'a Path>) -> Vec<u8> {
    let mut text = Vec::new();
    for name in names {
        text.extend_from_slice(name.as_os_str().as_encoded_bytes());
        text.push(0);
    }
    text
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere not every name is one")]
fn path(name: &[u8]) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(name)))
}

#[cfg(not(unix))]
fn path(name: &[u8]) -> Option<PathBuf> {
    std::str::from_utf8(name).ok().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_is_a_name_whatever_ends_it_unless_a_nul_byte_ends_the_names() {
        for (text, wanted) in [
            (&b"a\nb\n"[..], &["a", "b"][..]),
            (b"a\r\n\r\nb b ", &["a", "b b "]),
            (b"\xef\xbb\xbfa\n\n\n", &["a"]),
            (b"a\0", &["a"]),
            (b"a\nb\r\n\0\0c", &["a\nb\r\n", "c"]),
            ("\u{feff}a\0# c".as_bytes(), &["\u{feff}a", "# c"]),
        ] {
            let wanted: Vec<_> = wanted.iter().map(PathBuf::from).collect();
            assert_eq!(parse(text), Ok(wanted), "{text:?}");
        }
    }

    #[test]
    fn what_has_no_names_is_refused() {
        for text in [&b""[..], b"\n", b"\r\n\r\n", b"\0\0", b"\xef\xbb\xbf"] {
            assert_eq!(parse(text), Err(NameListError::Empty), "{text:?}");
        }
        for text in [&b"\xff\xfea\0\n\0"[..], b"\xfe\xff\0a"] {
            assert_eq!(parse(text), Err(NameListError::Utf16), "{text:?}");
        }
    }

    #[cfg(unix)]
    proptest! {
        #[test]
        fn every_list_that_is_written_is_read_as_the_same_names(
            names in prop::collection::vec(prop::collection::vec(1_u8.., 1..8), 1..6),
        ) {
            use std::os::unix::ffi::OsStrExt;
            // A whole name never begins like UTF-16 text.
            let names: Vec<_> = names.into_iter().map(|name| [b"/".to_vec(), name].concat()).collect();
            let names: Vec<_> = names.iter().map(|name| Path::new(std::ffi::OsStr::from_bytes(name))).collect();
            let read = parse(&text(names.iter().copied())).unwrap();
            prop_assert_eq!(read.iter().map(PathBuf::as_path).collect::<Vec<_>>(), names);
        }
    }
}
