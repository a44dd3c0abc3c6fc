//! Compressed input, recognised by its first bytes and never by its name.

mod trailing;

use std::io::{self, BufRead, Read};

use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;
use lz4_flex::frame::FrameDecoder;
use lzma_rust2::XzReader;

pub(crate) use self::trailing::{Tail, Trailing};

/// The number of bytes that identify what follows a member.
const MAGIC: usize = 4;

/// Bytes before what is in a skippable frame: its magic number and its size.
const SKIPPABLE_HEADER: usize = 8;

/// The longest header of a zstd frame, including the magic number: RFC 8878, section 3.1.1.1.
const ZSTD_HEADER: usize = 18;

/// What follows the level in a bzip2 stream: the mark of a block, or of the end.
const BZIP2_BLOCK: [u8; 6] = [0x31, 0x41, 0x59, 0x26, 0x53, 0x59];
const BZIP2_END: [u8; 6] = [0x17, 0x72, 0x45, 0x38, 0x50, 0x90];

/// The memory limit for decompression. The zstd decoder has the same limit by default.
pub(super) const MEBIBYTES_AT_MOST: u32 = 128;

/// What xz decompression takes in addition to its dictionary.
const XZ_OVERHEAD_KIBIBYTES: u32 = 2 << 10;

/// A supported compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    Gzip,
    Zstd,
    Bzip2,
    Xz,
    Lz4,
}

impl Compression {
    /// Recognises the compression of a file that begins with `head`.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            // A skippable frame, which parallel compressors put first.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::behind_skippable(head)),
            [b'B', b'Z', b'h', b'1'..=b'9', mark @ ..] if begins_alike(mark) => Some(Self::Bzip2),
            [0xfd, b'7', b'z', b'X', ..] => Some(Self::Xz),
            [0x04, 0x22, 0x4d, 0x18, ..] => Some(Self::Lz4),
            _ => None,
        }
    }

    /// The compression of what follows skippable frames, which zstd and LZ4 share; zstd as long as that is not at hand.
    fn behind_skippable(mut head: &[u8]) -> Self {
        while let Some(length) = skippable(head) {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            head = head.get(length..).unwrap_or_default();
        }
        if Self::Lz4.begins(head) && !head.is_empty() { Self::Lz4 } else { Self::Zstd }
    }

    /// Whether `next`, which may be cut short, begins another member.
    fn begins(self, next: &[u8]) -> bool {
        let is_start = |magic: &[u8]| magic.iter().zip(next).all(|(wanted, found)| wanted == found);
        match self {
            Self::Gzip => is_start(&[0x1f, 0x8b]),
            Self::Bzip2 => is_start(b"BZh") && next.get(3).is_none_or(u8::is_ascii_digit),
            Self::Xz => is_start(b"\xfd7zX"),
            Self::Lz4 => is_start(&[0x04, 0x22, 0x4d, 0x18]),
            Self::Zstd => {
                let is_skippable = matches!(next.first(), Some(0x50..=0x5f));
                is_start(&[0x28, 0xb5, 0x2f, 0xfd])
                    || (is_skippable
                        && next.iter().skip(1).eq([0x2a, 0x4d, 0x18].iter().take(next.len() - 1)))
            }
        }
    }

    /// Its name in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Lz4 => "LZ4",
        }
    }

    /// Wraps compressed data in a reader of its text. Members and frames may follow one another. It reads no more of
    /// `packed` than the text needs, so that a count of the bytes taken measures progress.
    pub(crate) fn decompress<R: BufRead + Send + 'static>(
        self,
        packed: R,
    ) -> io::Result<Box<dyn Read + Send>> {
        let mut packed = Counted { inner: packed, ahead: Vec::new(), taken: 0 };
        if self == Self::Lz4 {
            pass_skippable(&mut packed)?;
        }
        Ok(match self {
            Self::Gzip => Box::new(Members {
                part: Part::Open(GzDecoder::new(packed)),
                open: |rest| Ok(GzDecoder::new(rest)),
            }),
            Self::Zstd => Box::new(Members { part: Part::Open(Zstd::new(packed)?), open: Zstd::new }),
            Self::Bzip2 => Box::new(Members {
                part: Part::Open(BzDecoder::new(packed)),
                open: |rest| Ok(BzDecoder::new(rest)),
            }),
            Self::Xz => {
                Box::new(Members { part: Part::Open(xz_stream(packed)), open: |rest| Ok(xz_stream(rest)) })
            }
            Self::Lz4 => {
                Box::new(Members { part: Part::Open(Lz4::new(packed)), open: |rest| Ok(Lz4::new(rest)) })
            }
        })
    }
}

/// How long the skippable frame is that begins with `head`, if it is one.
fn skippable(head: &[u8]) -> Option<u64> {
    match head {
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, ..] => {
            Some(SKIPPABLE_HEADER as u64 + u64::from(u32::from_le_bytes([*a, *b, *c, *d])))
        }
        _ => None,
    }
}

/// Passes over skippable frames, which the decoder of LZ4 does not know, and says whether there were some.
fn pass_skippable<R: BufRead>(packed: &mut Counted<R>) -> io::Result<bool> {
    let start = packed.taken;
    loop {
        match packed.peek(SKIPPABLE_HEADER)? {
            head @ [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                let length = skippable(head).ok_or(io::ErrorKind::UnexpectedEof)?;
                if io::copy(&mut packed.by_ref().take(length), &mut io::sink())? < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            _ => return Ok(packed.taken > start),
        }
    }
}

/// Whether the mark of a bzip2 stream begins like this; it may be cut short.
fn begins_alike(mark: &[u8]) -> bool {
    [BZIP2_BLOCK, BZIP2_END].iter().any(|known| known.iter().zip(mark).all(|(wanted, found)| wanted == found))
}

fn xz_stream<R: BufRead>(packed: R) -> XzReader<R> {
    XzReader::new_mem_limit(packed, false, (MEBIBYTES_AT_MOST << 10) + XZ_OVERHEAD_KIBIBYTES)
}

/// The decompressor of one member or frame.
trait Decompressor<R>: Read {
    const COMPRESSION: Compression;
    /// The reader after a member that was read to its end.
    fn rest(self) -> R;
}

impl<R: BufRead> Decompressor<R> for GzDecoder<R> {
    const COMPRESSION: Compression = Compression::Gzip;

    fn rest(self) -> R {
        self.into_inner()
    }
}

impl<R: BufRead> Decompressor<R> for BzDecoder<R> {
    const COMPRESSION: Compression = Compression::Bzip2;

    fn rest(self) -> R {
        self.into_inner()
    }
}

impl<R: BufRead> Decompressor<R> for XzReader<R> {
    const COMPRESSION: Compression = Compression::Xz;

    fn rest(self) -> R {
        self.into_inner()
    }
}

/// One frame of zstd. Unless the decoder has the whole frame in memory, it does not check the content size in the
/// header if the last block is empty, so this does.
struct Zstd<R: BufRead> {
    decoder: zstd::Decoder<'static, R>,
    /// How many bytes are still missing, if the header gives the size.
    missing: Option<u64>,
    /// Whether the header says that it was compressed with a dictionary.
    needs_dictionary: bool,
}

/// A frame that cannot be decompressed without the dictionary of its writer.
#[derive(Debug, thiserror::Error)]
#[error("it was compressed with a dictionary")]
struct NoDictionary;

/// Whether a decompressor says that.
pub(crate) fn wants_dictionary(error: &io::Error) -> bool {
    error.get_ref().and_then(|inner| inner.downcast_ref::<NoDictionary>()).is_some()
}

impl<R: BufRead> Zstd<Counted<R>> {
    fn new(mut packed: Counted<R>) -> io::Result<Self> {
        // The decoder reports a header that is cut short or damaged.
        let header = packed.peek(ZSTD_HEADER)?;
        let missing = zstd::zstd_safe::get_frame_content_size(header).unwrap_or(None);
        // A skippable frame has a number of its own in that place.
        let needs_dictionary =
            skippable(header).is_none() && zstd::zstd_safe::get_dict_id_from_frame(header).is_some();
        let decoder = zstd::Decoder::with_buffer(packed)?.single_frame();
        Ok(Self { decoder, missing, needs_dictionary })
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.needs_dictionary {
            return Err(io::Error::new(io::ErrorKind::InvalidData, NoDictionary));
        }
        let read = self.decoder.read(buffer)?;
        let Some(missing) = &mut self.missing else { return Ok(read) };
        match missing.checked_sub(read as u64) {
            Some(left) if read > 0 || left == 0 => *missing = left,
            _ => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the frame has another size than its header says",
                ));
            }
        }
        Ok(read)
    }
}

impl<R: BufRead> Decompressor<R> for Zstd<R> {
    const COMPRESSION: Compression = Compression::Zstd;

    fn rest(self) -> R {
        self.decoder.finish()
    }
}

/// One frame of LZ4. Its decoder takes the end of the data between two blocks for the end of the frame.
struct Lz4<R: Read>(FrameDecoder<Watched<R>>);

/// A reader that notes whether more bytes were wanted than there are.
struct Watched<R> {
    inner: R,
    has_ended: bool,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.has_ended |= read == 0 && !buffer.is_empty();
        Ok(read)
    }
}

impl<R: BufRead> Lz4<R> {
    fn new(packed: R) -> Self {
        Self(FrameDecoder::new(Watched { inner: packed, has_ended: false }))
    }
}

impl<R: BufRead> Read for Lz4<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 if self.0.get_ref().has_ended => Err(io::ErrorKind::UnexpectedEof.into()),
            read => Ok(read),
        }
    }
}

impl<R: BufRead> Decompressor<R> for Lz4<R> {
    const COMPRESSION: Compression = Compression::Lz4;

    fn rest(self) -> R {
        self.0.into_inner().inner
    }
}

/// A reader that counts the bytes taken, and can look ahead.
struct Counted<R> {
    inner: R,
    /// The bytes looked at but not taken.
    ahead: Vec<u8>,
    taken: u64,
}

impl<R: BufRead> Counted<R> {
    /// Looks at the next bytes: `wanted` of them, or fewer at the end.
    fn peek(&mut self, wanted: usize) -> io::Result<&[u8]> {
        while self.ahead.len() < wanted {
            let held = self.inner.fill_buf()?;
            let wanted = held.len().min(wanted - self.ahead.len());
            self.ahead.extend(held.iter().take(wanted));
            self.inner.consume(wanted);
            if wanted == 0 {
                break;
            }
        }
        Ok(self.ahead.get(..wanted).unwrap_or(&self.ahead))
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

/// All members as one text.
struct Members<R, D> {
    part: Part<D>,
    open: fn(Counted<R>) -> io::Result<D>,
}

enum Part<D> {
    Open(D),
    /// Nothing follows.
    Ended,
}

impl<R: BufRead, D: Decompressor<Counted<R>>> Read for Members<R, D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // An empty read does not mean that the member has ended.
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let Part::Open(decompressor) = &mut self.part else { return Ok(0) };
            let read = decompressor.read(buffer)?;
            if read > 0 {
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

/// Skips the padding after a whole member, zeros and line ends, and returns the reader at the next member, if there is
/// one.
fn next_member<R: BufRead>(mut rest: Counted<R>, compression: Compression) -> io::Result<Option<Counted<R>>> {
    let mut end = rest.taken;
    loop {
        if compression == Compression::Lz4 && pass_skippable(&mut rest)? {
            end = rest.taken;
        }
        let next = rest.peek(MAGIC)?;
        match next.iter().take_while(|byte| **byte == 0 || byte.is_ascii_whitespace()).count() {
            _ if next.is_empty() => return Ok(None),
            0 if compression.begins(next) => return Ok(Some(rest)),
            0 => return Err(trailing(end, rest)),
            padding => rest.consume(padding),
        }
    }
}

/// The error for what is no more of compressed data, which ends there.
fn trailing<R: BufRead>(at: u64, mut rest: Counted<R>) -> io::Error {
    let start = rest.taken;
    let tail = match rest.peek(trailing::LOOKED_AT) {
        Ok(head) => Tail::of(head, Compression::of(head).map(Compression::name)),
        Err(cause) => return cause,
    };
    match io::copy(&mut rest, &mut io::sink()) {
        Ok(_) => {
            let trailing = Trailing { at, bytes: rest.taken - at, start, tail };
            io::Error::new(io::ErrorKind::InvalidData, trailing)
        }
        Err(cause) => cause,
    }
}

/// Whether a decompressor needs more memory than [`MEBIBYTES_AT_MOST`].
pub(crate) fn wants_too_much(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::OutOfMemory || error.to_string().contains("requires too much memory")
}

#[cfg(test)]
mod tests;
