//! Text that is not UTF-8: detecting it, and guessing its encoding.

mod name;
mod stand_in;

use std::collections::HashSet;
use std::ops::RangeInclusive;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

pub(crate) use self::name::{Encoding, EncodingName};
pub(crate) use self::stand_in::Sequence;

/// Where text stops being UTF-8, and what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Foreign {
    /// Offset of the first byte that is not part of a character.
    pub(crate) at: usize,
    /// What is there.
    pub(crate) stray: Stray,
}

/// Bytes that are not a UTF-8 character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stray {
    /// A byte of text that was read as UTF-8.
    Byte {
        /// The byte.
        byte: u8,
        /// The encoding that the text may be in, if there is enough of it to guess. It is only named, never applied.
        likely: Option<&'static str>,
    },
    /// Bytes of decoded text that were not a character of its encoding.
    Sequence(Sequence),
}

/// With fewer non-ASCII bytes than this, the text could be in any encoding.
const BYTES_TO_TELL: usize = 4;

/// The number of bytes from which the encoding is guessed; more would only take time.
const LOOKED_AT: usize = 64 << 10;

/// From this number on, damaged characters are not an accident.
const DAMAGED_TO_TELL: usize = 4;

/// Finds the first byte of `text` that is not UTF-8. A character that is cut off at the end counts too.
pub(crate) fn foreign(text: &[u8]) -> Option<Foreign> {
    let at = std::str::from_utf8(text).err()?.valid_up_to();
    let rest = text.get(at..)?;
    let stray = match Sequence::read(rest) {
        Some(sequence) => Stray::Sequence(sequence),
        None => Stray::Byte { byte: *rest.first()?, likely: likely(text) },
    };
    Some(Foreign { at, stray })
}

/// The same for the beginning of an input, which stands for all of its text: a few stray bytes in UTF-8 do not mean
/// another encoding; they concern only their own records.
pub(crate) fn foreign_beginning(head: &[u8]) -> Option<Foreign> {
    let cut = std::str::from_utf8(head).err()?;
    // The end of the buffer may cut a character.
    cut.error_len()?;
    let (mut damaged, mut whole) = (0_usize, 0_usize);
    for chunk in head.utf8_chunks() {
        damaged += usize::from(!chunk.invalid().is_empty());
        whole += chunk.valid().bytes().filter(|byte| *byte >= 0xc0).count();
    }
    let is_text = !head.iter().any(|byte| CONTROLS.contains(byte) && !b"\t\n\r\x0c\x1b".contains(byte));
    let is_foreign = is_text && damaged >= DAMAGED_TO_TELL && damaged > whole;
    is_foreign.then(|| foreign(head)).flatten()
}

const CONTROLS: RangeInclusive<u8> = 0..=0x1f;

/// From this number on, multibyte characters are not an accident of another encoding.
const CHARACTERS_TO_BE_UTF8: usize = 8;

/// Whether text that begins with `head` is clearly UTF-8, although it is declared to be in another `encoding`.
pub(crate) fn is_utf8_after_all(head: &[u8], encoding: Encoding) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The end of the buffer may cut a character.
        Err(cut) if cut.error_len().is_none() => {
            head.get(..cut.valid_up_to()).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
        }
        Err(_) => return false,
    };
    if encoding.is_wide() {
        // Text in a wide encoding has zeros: line ends, commas and quotes contain them.
        return !text.is_empty() && !text.contains('\0');
    }
    text.chars().filter(|character| !character.is_ascii()).nth(CHARACTERS_TO_BE_UTF8 - 1).is_some()
}

/// The likely encoding of text that is not UTF-8, by its common name.
fn likely(text: &[u8]) -> Option<&'static str> {
    let first = text.iter().position(|byte| !byte.is_ascii())?;
    let text = text.get(first..)?;
    let text = text.get(..LOOKED_AT).unwrap_or(text);
    if text.iter().filter(|byte| !byte.is_ascii()).count() < BYTES_TO_TELL {
        return None;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(text, true);
    Some(match name::called(detector.guess(None, Utf8Detection::Deny)) {
        // They all share the bytes of its common characters.
        "EUC-KR" | "EUC-JP" | "Big5" | "Shift_JIS" if is_little_gb18030(text) => "GB18030",
        other => other,
    })
}

/// With fewer distinct characters than this, the East Asian encodings cannot be told apart.
const CHARACTERS_TO_TELL: usize = 6;

/// Whether text can be GB18030 but has too few distinct characters to distinguish it from similar encodings.
fn is_little_gb18030(text: &[u8]) -> bool {
    let mut pairs = HashSet::new();
    let mut rest = text;
    loop {
        rest = match rest {
            [] => return true,
            [first, more @ ..] if first.is_ascii() => more,
            [first @ 0x81..=0xfe, second @ (0x40..=0x7e | 0x80..=0xfe), more @ ..] => {
                pairs.insert((*first, *second));
                more
            }
            _ => return false,
        };
        if pairs.len() >= CHARACTERS_TO_TELL {
            return false;
        }
    }
}

/// The encoding of text in units of two or four bytes without a byte-order mark, as `iconv` spells it: where most
/// characters are ASCII, the other bytes of their units are zero.
pub(crate) fn wide(head: &[u8]) -> Option<&'static str> {
    let is_ascii = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    let is_wide = |width: usize, at: usize| {
        let is_plain = |unit: &[u8]| {
            (0..).zip(unit).all(|(index, byte)| if index == at { is_ascii(*byte) } else { *byte == 0 })
        };
        let units: Vec<bool> = head.chunks_exact(width).take(512).map(is_plain).collect();
        let plain = units.iter().filter(|plain| **plain).count();
        units.first() == Some(&true) && units.len() >= 4 && plain * 2 >= units.len()
    };
    let known = [("UTF-32LE", 4, 0), ("UTF-32BE", 4, 3), ("UTF-16LE", 2, 0), ("UTF-16BE", 2, 1)];
    known.into_iter().find(|(_, width, at)| is_wide(*width, *at)).map(|(name, ..)| name)
}

#[cfg(test)]
mod tests {
    use encoding_rs::{BIG5, EUC_KR, GBK, SHIFT_JIS, WINDOWS_1251, WINDOWS_1252};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_byte_that_is_not_utf_8_is_found_with_the_likely_encoding() {
        let cases: [(&encoding_rs::Encoding, &str, &str); 6] = [
            (GBK, "id,embedding,标题\na,\"[0.1]\",文本\n", "GB18030"),
            (BIG5, "標題 這是一個測試", "Big5"),
            (SHIFT_JIS, "タイトル、これはテストです", "Shift_JIS"),
            (EUC_KR, "제목 이것은 시험", "EUC-KR"),
            (WINDOWS_1252, "título, café, naïve, señor", "windows-1252"),
            (WINDOWS_1251, "заголовок и текст", "windows-1251"),
        ];
        for (encoding, text, name) in cases {
            let bytes = encoding.encode(text).0;
            let found = foreign(&bytes).unwrap();
            let at = text.find(|character: char| !character.is_ascii()).unwrap();
            let stray = Stray::Byte { byte: bytes[at], likely: Some(name) };
            assert_eq!(found, Foreign { at, stray }, "{text}");
            assert_eq!(foreign_beginning(&bytes), Some(found), "{text}");
        }
        assert_eq!(foreign("text, 文本".as_bytes()), None);
        for text in ["苹果手机", &"你好".repeat(20), "标题: 你好, 你好"] {
            let bytes = GBK.encode(text).0;
            let found = foreign(&bytes).map(|found| found.stray);
            let likely = Some("GB18030");
            assert!(matches!(found, Some(Stray::Byte { likely: found, .. }) if found == likely), "{text}");
        }
    }

    #[test]
    fn a_stray_byte_in_utf_8_is_no_other_encoding_of_the_whole() {
        for head in [&b"{\"t\":\"caf\xe9\"}\n"[..], b"\xe4\xb8", "标题标题\n".as_bytes()] {
            assert_eq!(foreign_beginning(head), None, "{head:?}");
        }
        let stray = ["标题标题标题标题标题\n".as_bytes(), b"\xc4\xe3\xba\xc3 \xc4 \xe3 \xba"].concat();
        assert_eq!(foreign_beginning(&stray), None);
        assert_eq!(foreign_beginning(b"\x00\x01\xff\xfe\xfd\x80\x90\x07"), None);
        assert_eq!(foreign(&stray).unwrap().at, "标题标题标题标题标题\n".len());
    }

    #[test]
    fn units_of_two_and_four_bytes_are_told_by_their_zeros() {
        let text = "{\"id\":\"a\",\"t\":\"文本\"}\n";
        let utf16: Vec<u16> = text.encode_utf16().collect();
        let utf32: Vec<u32> = text.chars().map(u32::from).collect();
        let cases = [
            (utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<u8>>(), "UTF-16LE"),
            (utf16.iter().flat_map(|unit| unit.to_be_bytes()).collect(), "UTF-16BE"),
            (utf32.iter().flat_map(|unit| unit.to_le_bytes()).collect(), "UTF-32LE"),
            (utf32.iter().flat_map(|unit| unit.to_be_bytes()).collect(), "UTF-32BE"),
        ];
        for (bytes, name) in cases {
            assert_eq!(wide(&bytes), Some(name));
        }
        for other in [text.as_bytes(), b"", b"\x02\0\0\0\x03\0\0\0\x04\0\0\0\x05\0\0\0", &[0; 64]] {
            assert_eq!(wide(other), None, "{other:?}");
        }
    }

    #[test]
    fn utf_8_that_is_said_to_be_something_else_shows_it_once_there_is_enough_of_it() {
        let named = |name: &str| Encoding::named(name).unwrap().unwrap();
        let text = "标题标题标题标题标题";
        for name in ["gb18030", "big5", "latin-1", "utf-16le"] {
            assert!(is_utf8_after_all(text.as_bytes(), named(name)), "{name}");
            // The end of the buffer cuts a character.
            assert!(is_utf8_after_all(&text.as_bytes()[..text.len() - 1], named(name)), "{name}");
        }
        assert!(is_utf8_after_all(b"id,vector\n", named("utf-16be")));
        for text in ["id,vector\n", "id,标题\n", ""] {
            assert!(!is_utf8_after_all(text.as_bytes(), named("gb18030")), "{text}");
        }
        assert!(!is_utf8_after_all(&GBK.encode(text).0, named("gb18030")));
        assert!(!is_utf8_after_all(b"i\0d\0", named("utf-16le")));
        assert!(!is_utf8_after_all(b"", named("utf-16le")));
    }

    proptest! {
        #[test]
        fn no_bytes_whatever_make_the_search_fail(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let found = foreign(&bytes);
            prop_assert_eq!(found.is_none(), std::str::from_utf8(&bytes).is_ok());
            prop_assert!(foreign_beginning(&bytes).is_none_or(|head| Some(head) == found));
            wide(&bytes);
        }
    }
}
