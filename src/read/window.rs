//! The stretch of text that is being cut: filled from the input, handed out without copying.
//!
//! It knows bytes, lines and places, but no formats.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::buffers::{Buffer, Buffers};
use super::decode::Decoded;
use super::decompress::{Compression, Trailing};
use super::sizes::Sizes;
use crate::encoding::Encoding;
use crate::record::{Input, Position};

/// How many bytes a decompressor has taken, shared with it.
#[derive(Clone, Debug, Default)]
struct Count(Arc<AtomicU64>);

impl Count {
    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Compressed bytes, counted as the decompressor takes them and not as they are read.
struct Counted<R> {
    inner: BufReader<R>,
    count: Count,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.0.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl<R: Read> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
        self.count.0.fetch_add(amount as u64, Ordering::Relaxed);
    }
}

/// The end of a stream, preceded by the error that ended it, if there is one.
struct Ended(Option<io::Error>);

impl Read for Ended {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// The source of a window's bytes.
pub(crate) enum Stream {
    /// A regular file, and its length when it was opened.
    Seekable(File, u64),
    /// Anything else, which can only be read forward.
    Forward(Box<dyn Read + Send>),
}

fn seek(file: &mut File, offset: u64) -> io::Result<Arrival> {
    let end = file.metadata()?.len();
    if end < offset {
        return Ok(Arrival::EndsBefore(end));
    }
    file.seek(SeekFrom::Start(offset))?;
    Ok(Arrival::There)
}

/// The result of moving to a place.
pub(crate) enum Arrival {
    /// The place is reached.
    There,
    /// The input ends at this offset, before the place.
    EndsBefore(u64),
}

impl Stream {
    /// Opens `input`.
    pub(crate) fn open(input: &Input) -> io::Result<Self> {
        Ok(match input {
            Input::File(path) => {
                let file = File::open(path)?;
                let metadata = file.metadata()?;
                // A named pipe has a path, too.
                if metadata.is_file() { Self::Seekable(file, metadata.len()) } else { Self::forward(file) }
            }
            Input::Stdin => Self::forward(io::stdin()),
            Input::Inline(text) => Self::forward(io::Cursor::new(text.clone())),
        })
    }

    fn forward(reader: impl Read + Send + 'static) -> Self {
        Self::Forward(Box::new(reader))
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Seekable(file, _) => file.read(buffer),
            Self::Forward(reader) => reader.read(buffer),
        }
    }
}

/// Consecutive text of one input, from the first byte that was not yet handed out.
pub(crate) struct Window {
    stream: Stream,
    sizes: Sizes,
    text: Buffer,
    /// Where its memory comes from.
    buffers: Buffers,
    position: Position,
    ended: bool,
    failure: Option<io::Error>,
    /// The error for other data after the end of the compressed data.
    trailing: Option<io::Error>,
    /// The outermost compression.
    compression: Option<Compression>,
    /// Whether there is one inside it.
    is_packed_twice: bool,
    /// The encoding that the text was decoded from.
    encoding: Option<Encoding>,
    /// How many bytes of the file itself have been taken, if the text is decompressed or decoded from them.
    taken: Option<Count>,
}

impl Window {
    /// An empty window at the start of `stream`.
    pub(crate) fn new(stream: Stream, input: u32, sizes: Sizes) -> Self {
        let buffers = Buffers::of_size(sizes.to_fill(0));
        Self {
            stream,
            sizes,
            text: buffers.empty(),
            buffers,
            position: Position { input, line: 1, ..Position::default() },
            ended: false,
            failure: None,
            trailing: None,
            compression: None,
            is_packed_twice: false,
            encoding: None,
            taken: None,
        }
    }

    /// The current text.
    pub(crate) fn text(&self) -> &[u8] {
        self.text.text()
    }

    /// Shares the memory of `buffers`.
    pub(super) fn share(&mut self, buffers: &Buffers) {
        self.buffers.clone_from(buffers);
    }

    /// Where the current text starts, with the number of the next record.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// Offset of the end of the current text.
    pub(crate) fn end(&self) -> u64 {
        self.position.offset + self.text().len() as u64
    }

    /// Whether the current text cannot grow: the stream has ended or failed.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Whether the current text ends with the proper end of the input, not with a failure.
    pub(crate) fn is_last(&self) -> bool {
        self.ended && self.failure.is_none()
    }

    /// Whether the text is a file's own, so that it can be read again from anywhere.
    pub(crate) fn is_seekable(&self) -> bool {
        matches!(self.stream, Stream::Seekable(..))
    }

    /// Whether the text was packed twice, so that places in what is packed are none of the input.
    pub(crate) fn is_packed_twice(&self) -> bool {
        self.is_packed_twice
    }

    /// The compression of the input, if it has one.
    pub(crate) fn compression(&self) -> Option<Compression> {
        self.compression
    }

    /// The encoding that the text was decoded from, if it was.
    pub(crate) fn encoding(&self) -> Option<Encoding> {
        self.encoding
    }

    /// How many compressed bytes have been decompressed.
    pub(crate) fn packed_bytes(&self) -> u64 {
        self.taken.as_ref().map_or(0, Count::get)
    }

    /// How many bytes of the file itself come before the current text. For compressed or decoded text this is an
    /// estimate, which is exact once the current text is used up.
    pub(crate) fn bytes_before(&self) -> u64 {
        let Some(taken) = &self.taken else { return self.position.offset };
        let (taken, text) = (u128::from(taken.get()), u128::from(self.end().max(1)));
        u64::try_from(taken * u128::from(self.position.offset) / text).unwrap_or(u64::MAX)
    }

    /// Takes the error that ended the stream, if one did.
    pub(crate) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// Takes the error for other data after the compressed data, whose text ends properly nevertheless.
    pub(crate) fn take_trailing(&mut self) -> Option<io::Error> {
        self.trailing.take()
    }

    /// Whether the current text is longer than the largest record.
    pub(crate) fn is_full(&self) -> bool {
        self.text().len() > self.sizes.record
    }

    /// The sizes of a block and a record.
    pub(crate) fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// Maximum size of a record.
    pub(crate) fn largest_record(&self) -> usize {
        self.sizes.record
    }

    /// The place of the byte `at` in the current text.
    pub(crate) fn place(&self, at: usize) -> Position {
        let (before, _) = self.text().split_at(at);
        let Position { offset, line, part, .. } = self.position;
        let part = if at == 0 { part } else { 0 };
        Position { offset: offset + at as u64, line: line + newlines(before), part, ..self.position }
    }

    /// Fills the current text to the size of a block, or at least doubles it if it has that size already.
    ///
    /// Doubling keeps the cost of rescanning a long record linear. An error is kept for later, so that the text before
    /// it can be used.
    pub(crate) fn fill(&mut self) {
        self.fill_to(self.sizes.to_fill(self.text().len()));
    }

    /// Fills the current text to the size of a block, if it is shorter.
    pub(crate) fn top_up(&mut self) {
        self.fill_to(self.sizes.to_fill(0));
    }

    fn fill_to(&mut self, target: usize) {
        if self.ended || target <= self.text().len() {
            return;
        }
        let target = self.room_for(self.text().len(), target);
        let read = self.text.fill(&mut self.stream, target);
        self.ended = self.text().len() < target;
        match read {
            Err(cause) if Trailing::of(&cause).is_some() => self.trailing = Some(cause),
            read => self.failure = read.err(),
        }
    }

    /// How much room to make, at most `target`, with `held` bytes already there: a small file takes no more than its
    /// length and one byte, which shows whether the file has grown.
    fn room_for(&self, held: usize, target: usize) -> usize {
        match self.stream {
            Stream::Seekable(_, length) if self.end() <= length => {
                let left = usize::try_from(length - self.end()).unwrap_or(usize::MAX);
                target.min(held.saturating_add(left).saturating_add(1))
            }
            _ => target,
        }
    }

    /// Drops the first `count` bytes.
    pub(crate) fn skip(&mut self, count: usize) {
        self.position = self.place(count);
        self.text.skip(count);
    }

    /// Hands out the first `count` bytes; only the bytes after them are copied.
    ///
    /// The caller must then set the new start, since it counts lines anyway: see [`Self::took`].
    pub(crate) fn take(&mut self, count: usize) -> Bytes {
        let (_, rest) = self.text().split_at(count);
        let mut following = self.buffers.empty();
        if !self.ended {
            following.reserve(self.room_for(rest.len(), self.sizes.to_fill(rest.len())));
        }
        following.append(rest);
        self.text.truncate(count);
        Bytes::from_owner(std::mem::replace(&mut self.text, following))
    }

    /// Notes that `count` bytes were taken, and the line and record after them.
    pub(crate) fn took(&mut self, count: usize, line: u64, record: u64) {
        self.position.offset += count as u64;
        (self.position.line, self.position.record, self.position.part) = (line, record, 0);
    }

    /// Takes the current and all following bytes for compressed text, and continues with the decompressed text.
    pub(crate) fn decompress(&mut self, compression: Compression) -> io::Result<()> {
        let bytes = self.bytes();
        self.stream = Stream::Forward(compression.decompress(bytes)?);
        self.is_packed_twice = self.compression.is_some();
        self.compression.get_or_insert(compression);
        self.fill();
        Ok(())
    }

    /// Takes the current and all following bytes for text in another encoding, and continues with the decoded text.
    pub(crate) fn decode(&mut self, encoding: Encoding) {
        let bytes = self.bytes();
        self.stream = Stream::forward(Decoded::new(bytes, encoding));
        self.encoding = Some(encoding);
        self.fill();
    }

    /// All bytes from the start of the current text, counted if they are those of the file. Leaves the window empty and
    /// not ended.
    fn bytes(&mut self) -> Counted<impl Read + Send + 'static> {
        let seen = io::Cursor::new(std::mem::replace(&mut self.text, self.buffers.empty()));
        let rest = std::mem::replace(&mut self.stream, Stream::forward(io::empty()));
        let failure = self.failure.take().or(self.trailing.take());
        // To read past the end would block on a terminal.
        let rest = if self.ended { Stream::forward(Ended(failure)) } else { rest };
        self.ended = false;
        let count = Count::default();
        self.taken.get_or_insert(count.clone());
        Counted { inner: BufReader::new(seen.chain(rest)), count }
    }

    /// Moves forward to `to`.
    pub(crate) fn go_to(&mut self, to: Position) -> io::Result<Arrival> {
        let arrival = match &mut self.stream {
            Stream::Seekable(file, _) if to.offset > self.position.offset + self.text.text().len() as u64 => {
                self.text.truncate(0);
                self.ended = false;
                seek(file, to.offset)?
            }
            _ => self.read_to(to.offset)?,
        };
        self.position = to;
        self.fill();
        Ok(arrival)
    }

    /// Drops everything before `offset`.
    fn read_to(&mut self, offset: u64) -> io::Result<Arrival> {
        while self.end() < offset {
            if self.ended {
                return self.failure.take().map_or(Ok(Arrival::EndsBefore(self.end())), Err);
            }
            self.position.offset = self.end();
            self.text.truncate(0);
            self.fill();
        }
        let before = offset.saturating_sub(self.position.offset);
        self.text.skip(usize::try_from(before).unwrap_or(usize::MAX));
        Ok(Arrival::There)
    }
}

/// The number of newlines in `text`.
pub(crate) fn newlines(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write;

    use super::*;
    use crate::testing::Directory;

    #[test]
    fn a_file_is_read_whole_also_if_it_has_grown_since_it_was_opened() {
        let directory = Directory::new();
        for (length, grown) in
            [(0, 0), (10, 0), (64, 0), (100, 0), (0, 1), (10, 1), (10, 500), (64, 64), (200, 7)]
        {
            let path = directory.write("a", vec![b'x'; length]);
            let sizes = Sizes { block: 64, record: 1 << 20 };
            let mut window = Window::new(Stream::open(&Input::File(path.clone())).unwrap(), 0, sizes);
            OpenOptions::new().append(true).open(path).unwrap().write_all(&vec![b'y'; grown]).unwrap();
            while !window.has_ended() {
                window.fill();
            }
            assert_eq!(window.text(), [vec![b'x'; length], vec![b'y'; grown]].concat(), "{length} + {grown}");
        }
    }

    #[test]
    fn a_small_file_takes_no_more_memory_than_it_has() {
        let directory = Directory::new();
        let path = directory.write("a", b"text");
        let mut window = Window::new(Stream::open(&Input::File(path)).unwrap(), 0, Sizes::USUAL);
        window.fill();
        assert_eq!((window.text(), window.has_ended()), (&b"text"[..], true));
        assert_eq!(window.text.room(), 5);
    }
}
