//! Decodes text in another encoding to UTF-8, right after decompression, so that later stages see only UTF-8.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult};

use super::decompress::Trailing;
use super::foreign;
use super::unfit::Unfit;
use crate::encoding::{self, Encoding, Sequence};
use crate::record::rejected;

/// The encoding of an input that begins with `head`; `None` for UTF-8. Its byte-order mark takes precedence over the
/// encoding that the user names.
pub(super) fn encoding_of(head: &[u8], named: Option<Encoding>) -> Result<Option<Encoding>, Unfit> {
    if let Some(marked) = Encoding::of_mark(head) {
        return Ok(Some(marked));
    }
    // The program's own output is UTF-8, whatever the encoding of its input was.
    let is_known = super::mark::mark_length(head) > 0 || head.starts_with(rejected::BEGINS);
    let Some(encoding) = named.filter(|_| !is_known) else { return Ok(None) };
    match foreign::foreign(head, true) {
        Err(Unfit::Unmarked(_)) | Ok(_) => {}
        Err(unfit) => return Err(unfit),
    }
    if encoding::is_utf8_after_all(head, encoding) {
        return Err(Unfit::AlreadyUtf8(encoding));
    }
    Ok(Some(encoding))
}

/// The bytes decoded per step.
const CHUNK: usize = 64 << 10;

/// The number of decoded bytes to remember: enough for a malformed sequence and the bytes that the decoder looked at
/// after it.
const RECENT: usize = 8;

/// UTF-8 text decoded from another encoding. Malformed bytes become a stand-in that cannot occur in UTF-8.
pub(super) struct Decoded<R> {
    encoded: R,
    decoder: Decoder,
    /// The bytes read; those before `at` are decoded.
    bytes: Vec<u8>,
    at: usize,
    /// The last decoded bytes of earlier chunks.
    recent: Vec<u8>,
    /// The decoded text; the part before `given` was handed out.
    text: Vec<u8>,
    given: usize,
    /// Whether all bytes are read, and whether all of them are decoded.
    has_ended: bool,
    is_done: bool,
    /// The error for other data after the compressed data that the bytes come from.
    trailing: Option<io::Error>,
}

impl<R: Read> Decoded<R> {
    pub(super) fn new(encoded: R, encoding: Encoding) -> Self {
        Self {
            encoded,
            decoder: encoding.decoder(),
            bytes: Vec::new(),
            at: 0,
            recent: Vec::new(),
            text: Vec::new(),
            given: 0,
            has_ended: false,
            is_done: false,
            trailing: None,
        }
    }

    /// Reads the next bytes.
    fn read_more(&mut self) -> io::Result<()> {
        self.note_recent();
        self.bytes.resize(CHUNK, 0);
        let read = self.encoded.read(&mut self.bytes);
        self.at = 0;
        self.bytes.truncate(*read.as_ref().unwrap_or(&0));
        match read {
            Ok(read) => self.has_ended = read == 0,
            // The text ends properly before the other data.
            Err(cause) if Trailing::of(&cause).is_some() => {
                (self.has_ended, self.trailing) = (true, Some(cause));
            }
            Err(cause) => return Err(cause),
        }
        Ok(())
    }

    fn note_recent(&mut self) {
        self.recent.extend(self.bytes.drain(..self.at));
        self.recent.drain(..self.recent.len().saturating_sub(RECENT));
        self.bytes.clear();
    }

    /// Decodes the bytes read until they are used up or the text fills a chunk.
    fn decode(&mut self) {
        let held = self.text.len();
        self.text.resize(held + CHUNK, 0);
        let (_, room) = self.text.split_at_mut(held);
        let source = self.bytes.get(self.at..).unwrap_or_default();
        let (result, used, written) =
            self.decoder.decode_to_utf8_without_replacement(source, room, self.has_ended);
        self.text.truncate(held + written);
        self.at += used;
        match result {
            DecoderResult::Malformed(length, behind) => {
                self.malformed(usize::from(length), usize::from(behind)).write(&mut self.text);
            }
            DecoderResult::InputEmpty => self.is_done = self.has_ended,
            DecoderResult::OutputFull => {}
        }
    }

    /// The last `length` bytes before the last `behind` ones, which the decoder only looked at.
    fn malformed(&self, length: usize, behind: usize) -> Sequence {
        let decoded = self.bytes.get(..self.at).unwrap_or_default();
        let mut all = self.recent.clone();
        all.extend_from_slice(decoded.get(decoded.len().saturating_sub(RECENT)..).unwrap_or_default());
        let end = all.len().saturating_sub(behind);
        Sequence::new(all.get(end.saturating_sub(length)..end).unwrap_or_default())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let rest = self.text.get(self.given..).unwrap_or_default();
            if !rest.is_empty() || buffer.is_empty() {
                let count = { rest }.read(buffer)?;
                self.given += count;
                return Ok(count);
            }
            self.text.clear();
            self.given = 0;
            if self.is_done {
                return self.trailing.take().map_or(Ok(0), Err);
            }
            if self.at >= self.bytes.len() && !self.has_ended {
                self.read_more()?;
            }
            self.decode();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor};

    use proptest::prelude::*;

    use super::*;

    fn named(name: &str) -> Encoding {
        Encoding::named(name).unwrap().unwrap()
    }

    /// Decodes bytes that arrive in pieces of this size, as from a slow pipe.
    fn decoded(bytes: Vec<u8>, name: &str, piece: usize) -> Vec<u8> {
        let mut text = Vec::new();
        let slow = Slow { bytes: Cursor::new(bytes), piece };
        Decoded::new(slow, named(name)).read_to_end(&mut text).unwrap();
        text
    }

    struct Slow {
        bytes: Cursor<Vec<u8>>,
        piece: usize,
    }

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(self.piece);
            self.bytes.read(&mut buffer[..most])
        }
    }

    fn utf16(text: &str, name: &str) -> Vec<u8> {
        let bytes = if name == "utf-16be" { u16::to_be_bytes } else { u16::to_le_bytes };
        text.encode_utf16().flat_map(bytes).collect()
    }

    proptest! {
        #[test]
        fn text_is_decoded_as_a_whole_whatever_the_pieces(
            text in "[a-z,\"\n一-十あ-ん가-힣é€😀]{0,60}", piece in 1_usize..9,
        ) {
            for name in ["gb18030", "big5", "shift_jis", "euc-jp", "euc-kr", "windows-1252", "koi8-r"] {
                let encoding = encoding_rs::Encoding::for_label(name.as_bytes()).unwrap();
                let (bytes, _, has_other) = encoding.encode(&text);
                let expected = if has_other { encoding.decode(&bytes).0.into_owned() } else { text.clone() };
                prop_assert_eq!(decoded(bytes.into_owned(), name, piece), expected.as_bytes(), "{}", name);
            }
            for name in ["utf-16le", "utf-16be"] {
                prop_assert_eq!(decoded(utf16(&text, name), name, piece), text.as_bytes(), "{}", name);
            }
        }

        #[test]
        fn no_byte_is_lost_or_replaced_silently(
            bytes in prop::collection::vec(any::<u8>(), 0..60), piece in 1_usize..9,
        ) {
            for name in ["gb18030", "big5", "shift_jis", "euc-kr", "utf-16le"] {
                let encoding = encoding_rs::Encoding::for_label(name.as_bytes()).unwrap();
                let expected = encoding.decode_without_bom_handling_and_without_replacement(&bytes);
                let text = decoded(bytes.clone(), name, piece);
                let is_good = std::str::from_utf8(&text).is_ok();
                prop_assert_eq!(is_good.then_some(text), expected.map(|text| text.as_bytes().to_vec()), "{}", name);
            }
        }
    }

    #[test]
    fn bytes_that_are_no_character_are_named_and_what_follows_them_is_kept() {
        for (name, bytes, sequence, behind) in [
            ("gb18030", &b"ab\x81\"\n"[..], "invalid byte 0x81", &b"\"\n"[..]),
            ("gb18030", b"ab\xff,c", "invalid byte 0xff", b",c"),
            ("gb18030", b"ab\x81", "invalid byte 0x81", b""),
            ("gb18030", b"ab\x81\x30\x81,", "invalid byte 0x81", b""),
            ("shift_jis", b"ab\x81\xff,", "invalid bytes 0x81 0xff", b","),
            ("utf-16le", b"a\0b\0\x3d\xd8,\0", "invalid bytes 0x3d 0xd8", b","),
            ("utf-16le", b"a\0b\0,", "invalid byte 0x2c", b""),
        ] {
            for piece in [1, 2, 100] {
                let text = decoded(bytes.to_vec(), name, piece);
                let found = encoding::foreign(&text).unwrap();
                let encoding::Stray::Sequence(stray) = found.stray else { panic!("{name}: {found:?}") };
                assert_eq!((found.at, stray.to_string().as_str()), (2, sequence), "{name} {bytes:?}");
                assert!(text.ends_with(behind), "{name} {bytes:?}: {text:?}");
            }
        }
    }

    #[test]
    fn what_follows_compressed_data_is_told_behind_its_text() {
        let packed = [crate::testing::gzip(&encoding_rs::GBK.encode("文本").0), b"garbage".to_vec()].concat();
        let compression = super::super::decompress::Compression::of(&packed).unwrap();
        let bytes = compression.decompress(BufReader::new(Cursor::new(packed))).unwrap();
        let mut text = Vec::new();
        let error = Decoded::new(bytes, named("gbk")).read_to_end(&mut text).unwrap_err();
        assert!(Trailing::of(&error).is_some());
        assert_eq!(text, "文本".as_bytes());
    }

    #[test]
    fn a_mark_and_what_this_program_wrote_count_before_a_name() {
        let of = |head: &[u8], name| {
            let named = Encoding::named(name).unwrap();
            encoding_of(head, named).map(|encoding| encoding.map_or("UTF-8", Encoding::name))
        };
        for (head, name, wanted) in [
            (&b"\xff\xfe{\0"[..], "utf-8", "UTF-16LE"),
            (b"\xfe\xff\0{", "gbk", "UTF-16BE"),
            (b"\xef\xbb\xbfid", "gbk", "UTF-8"),
            (b"{\"rejected\":{", "gbk", "UTF-8"),
            (b"{\"id\":1}", "gbk", "GB18030"),
            (b"{\"id\":1}", "utf-8", "UTF-8"),
            (b"{\0\"\0i\0d\0", "utf-16", "UTF-16LE"),
            (b"", "big5", "Big5"),
        ] {
            assert_eq!(of(head, name), Ok(wanted), "{head:?}");
        }
        assert!(matches!(of("标题标题标题标题".as_bytes(), "gbk"), Err(Unfit::AlreadyUtf8(_))));
        assert!(matches!(of(b"\x89HDF\r\n\x1a\n", "gbk"), Err(Unfit::Unsupported { .. })));
    }
}
