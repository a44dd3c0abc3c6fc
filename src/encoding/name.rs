//! The encodings that text can be read in, by their common names.

use std::fmt;
use std::str::FromStr;

use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, X_USER_DEFINED};

/// An encoding other than UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

/// Names that the Encoding Standard lacks: Python's, `iconv`'s and those of Windows' code pages.
const OTHER_NAMES: [(&str, &str); 11] = [
    ("utf-16-le", "utf-16le"),
    ("utf-16-be", "utf-16be"),
    ("latin-1", "latin1"),
    ("cp936", "gbk"),
    ("cp932", "shift_jis"),
    ("cp949", "euc-kr"),
    ("uhc", "euc-kr"),
    ("cp950", "big5"),
    ("shift-jis", "shift_jis"),
    ("eucjp", "euc-jp"),
    ("euckr", "euc-kr"),
];

impl Encoding {
    /// The encoding that the byte-order mark at the start of `head` indicates, unless that is UTF-8.
    pub(crate) fn of_mark(head: &[u8]) -> Option<Self> {
        match head {
            // UTF-32 begins with the same bytes, and is not supported.
            [0xff, 0xfe, 0, 0, ..] => None,
            [0xff, 0xfe, ..] => Some(Self(UTF_16LE)),
            [0xfe, 0xff, ..] => Some(Self(UTF_16BE)),
            _ => None,
        }
    }

    /// The encoding of this name, or `None` for UTF-8; an error if no encoding has this name.
    pub(crate) fn named(name: &str) -> Result<Option<Self>, UnknownEncoding> {
        let lower = name.trim().to_ascii_lowercase();
        let known = OTHER_NAMES.iter().find(|(other, _)| *other == lower.replace('_', "-"));
        let label = known.map_or(lower.as_str(), |(_, label)| label);
        let find = |label: &str| encoding_rs::Encoding::for_label_no_replacement(label.as_bytes());
        match find(label).or_else(|| find(&label.replace('_', "-"))).filter(|found| *found != X_USER_DEFINED)
        {
            Some(encoding) => Ok(Some(Self(encoding)).filter(|found| found.0 != UTF_8)),
            None => Err(UnknownEncoding),
        }
    }

    /// Whether every character, even an ASCII one, takes two or four bytes.
    pub(crate) fn is_wide(self) -> bool {
        self.0 == UTF_16LE || self.0 == UTF_16BE
    }

    /// The encoding's common name.
    pub(crate) fn name(self) -> &'static str {
        called(self.0)
    }

    /// A decoder, to start at the beginning of a text.
    pub(crate) fn decoder(self) -> encoding_rs::Decoder {
        self.0.new_decoder_without_bom_handling()
    }
}

/// The common name of an encoding. The Encoding Standard names it after an older subset.
pub(super) fn called(encoding: &'static encoding_rs::Encoding) -> &'static str {
    match encoding.name() {
        "GBK" | "gb18030" => "GB18030",
        other => other,
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name().to_ascii_lowercase())
    }
}

/// A name that no encoding has.
#[derive(Debug, thiserror::Error)]
#[error(
    "expected auto, utf-8, utf-16, gb18030, gbk, big5, shift_jis, euc-jp, euc-kr, latin-1, windows-1252 or another \
     name of the Encoding Standard"
)]
pub struct UnknownEncoding;

/// The value of `--encoding`; `None` for `auto` and UTF-8, which read the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EncodingName(pub Option<Encoding>);

impl FromStr for EncodingName {
    type Err = UnknownEncoding;

    fn from_str(name: &str) -> Result<Self, UnknownEncoding> {
        if name.trim().eq_ignore_ascii_case("auto") {
            return Ok(Self(None));
        }
        Encoding::named(name).map(Self)
    }
}

impl fmt::Display for EncodingName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(encoding) => encoding.fmt(formatter),
            None => formatter.write_str("auto"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_known_by_the_names_that_people_use() {
        for (names, encoding) in [
            (&["auto", "utf-8", "UTF8", "utf_8", " utf-8 "][..], "auto"),
            (&["gb18030", "GB18030", "gbk", "gb2312", "cp936"], "gb18030"),
            (&["big5", "Big5-HKSCS", "cp950"], "big5"),
            (&["shift_jis", "shift-jis", "sjis", "cp932", "ms932", "windows-31j"], "shift_jis"),
            (&["euc-kr", "euc_kr", "cp949", "uhc", "windows-949"], "euc-kr"),
            (&["euc-jp", "euc_jp"], "euc-jp"),
            (&["latin-1", "latin_1", "latin1", "iso-8859-1", "iso8859-1", "cp1252"], "windows-1252"),
            (&["utf-16", "utf_16", "utf-16le", "UTF-16LE"], "utf-16le"),
            (&["utf-16be"], "utf-16be"),
            (&["koi8-r"], "koi8-r"),
        ] {
            for name in names {
                assert_eq!(name.parse::<EncodingName>().unwrap().to_string(), encoding, "{name}");
            }
            // The name in a journal parses back to the same encoding.
            assert_eq!(encoding.parse::<EncodingName>().unwrap().to_string(), encoding);
        }
        for name in ["", "utf-32", "utf-7", "hz-gb-2312", "x-user-defined", "replacement", "latin"] {
            assert!(name.parse::<EncodingName>().is_err(), "{name}");
        }
    }

    #[test]
    fn a_byte_order_mark_stands_for_utf_16_and_nothing_else_does() {
        let of = |head: &[u8]| Encoding::of_mark(head).map(Encoding::name);
        assert_eq!((of(b"\xff\xfea\0"), of(b"\xfe\xff\0a")), (Some("UTF-16LE"), Some("UTF-16BE")));
        for head in [&b"\xff\xfe\0\0"[..], b"\0\0\xfe\xff", b"\xef\xbb\xbf{}", b"\xff", b""] {
            assert_eq!(of(head), None);
        }
    }
}
