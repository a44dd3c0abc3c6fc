//! Compressed input, recognised by its first bytes and never by its name.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// Bytes by which a compression is recognised.
const MAGIC: usize = 4;

/// A compression that is read through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    /// Recognises the compression of a file that begins with `head`.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            // The second is a skippable frame, which parallel compressors put first.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Whether more of it begins with `next`, which the end may cut.
    fn begins(self, next: &[u8]) -> bool {
        let is_start = |magic: &[u8]| magic.iter().zip(next).all(|(wanted, found)| wanted == found);
        match self {
            Self::Gzip => is_start(&[0x1f, 0x8b]),
            Self::Zstd => {
                let is_skippable = matches!(next.first(), Some(0x50..=0x5f));
                is_start(&[0x28, 0xb5, 0x2f, 0xfd])
                    || (is_skippable
                        && next.iter().skip(1).eq([0x2a, 0x4d, 0x18].iter().take(next.len() - 1)))
            }
        }
    }

    /// The name that messages use.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// Wraps `packed` so that its text can be read; members and frames may follow one another. Takes no more of it than
    /// the text needs, so that whoever counts knows how far it is.
    pub(crate) fn decompress<R: BufRead + Send + 'static>(
        self,
        packed: R,
    ) -> io::Result<Box<dyn Read + Send>> {
        let packed = Counted { inner: packed, ahead: Vec::new(), taken: 0 };
        Ok(match self {
            Self::Gzip => Box::new(Members {
                part: Part::Open(GzDecoder::new(packed)),
                open: |rest| Ok(GzDecoder::new(rest)),
            }),
            Self::Zstd => Box::new(Members { part: Part::Open(frame(packed)?), open: frame }),
        })
    }
}

fn frame<R: BufRead>(packed: R) -> io::Result<zstd::Decoder<'static, R>> {
    zstd::Decoder::with_buffer(packed).map(zstd::Decoder::single_frame)
}

/// What decompresses one member, or one frame.
trait Decompressor<R>: Read {
    const COMPRESSION: Compression;
    /// What follows the member that was read to its end.
    fn rest(self) -> R;
}

impl<R: BufRead> Decompressor<R> for GzDecoder<R> {
    const COMPRESSION: Compression = Compression::Gzip;

    fn rest(self) -> R {
        self.into_inner()
    }
}

impl<R: BufRead> Decompressor<R> for zstd::Decoder<'static, R> {
    const COMPRESSION: Compression = Compression::Zstd;

    fn rest(self) -> R {
        self.finish()
    }
}

/// Bytes that are counted as they are taken, and may be looked at before.
struct Counted<R> {
    inner: R,
    /// What was looked at and not taken.
    ahead: Vec<u8>,
    taken: u64,
}

impl<R: BufRead> Counted<R> {
    /// The next bytes, as many as a magic number has, or fewer at the end.
    fn peek(&mut self) -> io::Result<&[u8]> {
        while self.ahead.len() < MAGIC {
            let held = self.inner.fill_buf()?;
            let wanted = held.len().min(MAGIC - self.ahead.len());
            self.ahead.extend(held.iter().take(wanted));
            self.inner.consume(wanted);
            if wanted == 0 {
                break;
            }
        }
        Ok(&self.ahead)
    }
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.ahead.is_empty() { self.inner.fill_buf() } else { Ok(&self.ahead) }
    }

    fn consume(&mut self, amount: usize) {
        self.taken += amount as u64;
        if self.ahead.is_empty() {
            self.inner.consume(amount);
        } else {
            self.ahead.drain(..amount);
        }
    }
}

/// One member after another, as one text.
struct Members<R, D> {
    part: Part<D>,
    open: fn(Counted<R>) -> io::Result<D>,
}

enum Part<D> {
    Open(D),
    /// Nothing follows any more.
    Ended,
}

impl<R: BufRead, D: Decompressor<Counted<R>>> Read for Members<R, D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Part::Open(decompressor) = &mut self.part else { return Ok(0) };
            let read = decompressor.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            if let Part::Open(ended) = std::mem::replace(&mut self.part, Part::Ended)
                && let Some(rest) = next_member(ended.rest(), D::COMPRESSION)?
            {
                self.part = Part::Open((self.open)(rest)?);
            }
        }
    }
}

/// Passes over what fills up a block behind a whole member, zeros and line ends, and gives what starts the next one, if
/// there is one.
fn next_member<R: BufRead>(mut rest: Counted<R>, compression: Compression) -> io::Result<Option<Counted<R>>> {
    let end = rest.taken;
    loop {
        let next = rest.peek()?;
        match next.iter().take_while(|byte| **byte == 0 || byte.is_ascii_whitespace()).count() {
            _ if next.is_empty() => return Ok(None),
            0 if compression.begins(next) => return Ok(Some(rest)),
            0 => return Err(Trailing::behind(end, rest)),
            padding => rest.consume(padding),
        }
    }
}

/// Bytes that follow whole compressed data and are no more of it.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the compressed data ends at byte {at}, but other data follows")]
pub(crate) struct Trailing {
    /// Where the compressed data ends.
    pub(crate) at: u64,
    /// How many bytes follow there.
    pub(crate) bytes: u64,
}

impl Trailing {
    fn behind<R: BufRead>(at: u64, mut rest: Counted<R>) -> io::Error {
        match io::copy(&mut rest, &mut io::sink()) {
            Ok(_) => io::Error::new(io::ErrorKind::InvalidData, Self { at, bytes: rest.taken - at }),
            Err(cause) => cause,
        }
    }

    /// Whether `error` says so.
    pub(crate) fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

/// Whether the decompressor of zstd says that the text cannot be unpacked without a window beyond its own limit, which
/// is 128 MiB.
pub(crate) fn wants_too_much(error: &io::Error) -> bool {
    error.to_string().contains("requires too much memory")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::gzip;

    #[test]
    fn members_and_frames_that_follow_one_another_are_read_as_one_text() {
        let zstd = |text: &[u8]| zstd::encode_all(text, 1).unwrap();
        for packed in [[gzip(b"one "), gzip(b"two")].concat(), [zstd(b"one "), zstd(b"two")].concat()] {
            let compression = Compression::of(&packed).unwrap();
            let mut text = String::new();
            compression.decompress(io::Cursor::new(packed)).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "one two", "{}", compression.name());
        }
    }

    #[test]
    fn a_cut_anywhere_is_an_unexpected_end() {
        for packed in [gzip(b"[1,2,3]"), zstd::encode_all(&b"[1,2,3]"[..], 1).unwrap()] {
            let compression = Compression::of(&packed).unwrap();
            for cut in 4..packed.len() {
                let cut = io::Cursor::new(packed[..cut].to_vec());
                let error = compression.decompress(cut).unwrap().read_to_end(&mut Vec::new()).unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{}", compression.name());
            }
        }
    }

    fn packed(text: &[u8]) -> [Vec<u8>; 2] {
        [gzip(text), zstd::encode_all(text, 1).unwrap()]
    }

    fn unpacked(packed: Vec<u8>) -> (String, io::Result<usize>) {
        let compression = Compression::of(&packed).unwrap();
        let mut text = String::new();
        // Bytes come one by one, as a slow pipe gives them.
        let slow = io::BufReader::with_capacity(1, io::Cursor::new(packed));
        let read = compression.decompress(slow).unwrap().read_to_string(&mut text);
        (text, read)
    }

    #[test]
    fn zeros_and_line_ends_behind_and_between_members_are_no_damage() {
        for (one, two) in packed(b"one ").into_iter().zip(packed(b"two")) {
            for padding in [&b""[..], &[0; 9000], b"\n", b"\r\n\0\0"] {
                let all = [&one, padding, &two, padding].concat();
                let (text, read) = unpacked(all);
                assert_eq!((text.as_str(), read.unwrap()), ("one two", 7));
            }
        }
    }

    #[test]
    fn something_else_behind_a_member_is_called_so_with_its_place_and_length() {
        for member in packed(b"one") {
            for tail in [&b"garbage"[..], b"x", b"{}\n", b"\0\0PK\x03\x04"] {
                let (text, read) = unpacked([&member, tail].concat());
                let error = read.unwrap_err();
                let trailing = Trailing::of(&error).unwrap();
                let wanted = (member.len() as u64, tail.len() as u64);
                assert_eq!((text.as_str(), (trailing.at, trailing.bytes)), ("one", wanted), "{tail:?}");
            }
        }
    }

    #[test]
    fn a_member_that_is_cut_behind_another_one_is_an_unexpected_end() {
        for member in packed(b"one") {
            for cut in 4..member.len() {
                let (text, read) = unpacked([&member, &member[..cut]].concat());
                assert!(text.starts_with("one"));
                assert_eq!(read.unwrap_err().kind(), io::ErrorKind::UnexpectedEof, "{cut}");
            }
        }
    }

    #[test]
    fn a_window_beyond_what_is_allowed_is_told_from_damage() {
        // The byte behind the frame's flags is its window: 2 to the power of ten and what its upper five bits say.
        for (window, is_too_much) in [(17 << 3, false), (18 << 3, true)] {
            let packed = io::Cursor::new([0x28, 0xb5, 0x2f, 0xfd, 0, window, 1, 0, 0]);
            let read = Compression::Zstd.decompress(packed).unwrap().read_to_end(&mut Vec::new());
            assert_eq!(read.is_err_and(|error| wants_too_much(&error)), is_too_much, "{window}");
        }
    }

    #[test]
    fn text_is_not_compressed() {
        for text in ["", "{}", "key,vector\n", "P*M"] {
            assert_eq!(Compression::of(text.as_bytes()), None);
        }
    }
}
