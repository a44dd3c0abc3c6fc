//! The stretch of text that is being cut: filled from the input, handed out without copying.
//!
//! Knows bytes, lines and places, nothing of formats.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::Sizes;
use super::decompress::Compression;
use crate::put::record::{Input, Position};

/// How many bytes have been read from a file itself, shared with who shows the progress.
#[derive(Clone, Debug, Default)]
pub(super) struct Count(Arc<AtomicU64>);

impl Count {
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A reader whose bytes are counted, even when a decompressor owns it.
struct Counted<R> {
    inner: R,
    count: Count,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.0.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Where a window's bytes come from.
pub(super) enum Stream {
    /// A regular file as it is.
    Seekable(SeekableFile),
    /// Anything else, which can only be read forward.
    Forward(Box<dyn Read + Send>),
}

/// A regular file whose bytes are counted; what is jumped over counts as read.
pub(super) struct SeekableFile(Counted<File>);

impl SeekableFile {
    /// Reads from the file itself, which writes into room that nobody has cleared before.
    fn append(&mut self, count: u64, text: &mut Vec<u8>) -> io::Result<usize> {
        let held = text.len();
        let read = (&self.0.inner).take(count).read_to_end(text);
        self.0.count.0.fetch_add((text.len() - held) as u64, Ordering::Relaxed);
        read
    }

    fn go_to(&mut self, offset: u64) -> io::Result<Arrival> {
        let end = self.0.inner.metadata()?.len();
        if end < offset {
            return Ok(Arrival::EndsBefore(end));
        }
        self.0.inner.seek(SeekFrom::Start(offset))?;
        self.0.count.0.store(offset, Ordering::Relaxed);
        Ok(Arrival::There)
    }
}

/// How moving to a place went.
pub(super) enum Arrival {
    /// The place is reached.
    There,
    /// The input ends at this offset, before the place.
    EndsBefore(u64),
}

impl Stream {
    /// Opens `input` and counts in `count` what is read from it.
    pub(super) fn open(input: &Input, count: &Count) -> io::Result<Self> {
        let count = count.clone();
        Ok(match input {
            Input::File(path) => {
                let file = File::open(path)?;
                let regular = file.metadata()?.is_file();
                let counted = Counted { inner: file, count };
                // A named pipe has a path too.
                if regular { Self::Seekable(SeekableFile(counted)) } else { Self::forward(counted) }
            }
            Input::Stdin => Self::forward(Counted { inner: io::stdin(), count }),
            Input::Inline(text) => Self::forward(Counted { inner: io::Cursor::new(text.clone()), count }),
        })
    }

    /// Reads up to `count` bytes, fewer only at the end or before an error.
    fn append(&mut self, count: u64, text: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            Self::Seekable(file) => file.append(count, text),
            Self::Forward(reader) => reader.take(count).read_to_end(text),
        }
    }

    fn forward(reader: impl Read + Send + 'static) -> Self {
        Self::Forward(Box::new(reader))
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Seekable(file) => file.0.read(buffer),
            Self::Forward(reader) => reader.read(buffer),
        }
    }
}

/// Consecutive text of one input, from the first byte not yet handed out on.
pub(super) struct Window {
    stream: Stream,
    sizes: Sizes,
    text: Vec<u8>,
    position: Position,
    ended: bool,
    failure: Option<io::Error>,
    compression: Option<Compression>,
}

impl Window {
    /// An empty window at the start of `stream`.
    pub(super) fn new(stream: Stream, input: u32, sizes: Sizes) -> Self {
        Self {
            stream,
            sizes,
            text: Vec::new(),
            position: Position { input, offset: 0, line: 1, record: 0 },
            ended: false,
            failure: None,
            compression: None,
        }
    }

    /// The text at hand.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Where the text at hand starts; its record is the next one.
    pub(super) fn position(&self) -> Position {
        self.position
    }

    /// Offset of the end of the text at hand.
    pub(super) fn end(&self) -> u64 {
        self.position.offset + self.text.len() as u64
    }

    /// Whether the text at hand cannot grow: the stream has ended or failed.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Whether the text at hand is the input's proper end, not one that a failure made.
    pub(super) fn is_last(&self) -> bool {
        self.ended && self.failure.is_none()
    }

    /// The compression that the text was packed with.
    pub(super) fn compression(&self) -> Option<Compression> {
        self.compression
    }

    /// Takes the error that ended the stream, if one did.
    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// Whether the text at hand holds more than the largest record.
    pub(super) fn is_full(&self) -> bool {
        self.text.len() > self.sizes.record
    }

    /// The largest record that may be read.
    pub(super) fn largest_record(&self) -> usize {
        self.sizes.record
    }

    /// The place of the byte `at` of the text at hand.
    pub(super) fn place(&self, at: usize) -> Position {
        let (before, _) = self.text.split_at(at);
        let Position { offset, line, .. } = self.position;
        Position { offset: offset + at as u64, line: line + newlines(before), ..self.position }
    }

    /// Reads on until the text at hand is a block's, and more than it is: at least twice as long when it is already.
    ///
    /// Doubling keeps the cost of looking again at a long record linear. A failure is kept for later, so that what
    /// was read before it can be used.
    pub(super) fn fill(&mut self) {
        let target = self.sizes.to_fill(self.text.len());
        let held = self.text.len();
        if self.ended || target <= held {
            return;
        }
        self.text.reserve_exact(target - held);
        let read = self.stream.append((target - held) as u64, &mut self.text);
        self.ended = self.text.len() < target;
        self.failure = read.err();
    }

    /// Drops the first `count` bytes.
    pub(super) fn skip(&mut self, count: usize) {
        self.position = self.place(count);
        self.text.drain(..count);
    }

    /// Hands out the first `count` bytes; only what is behind them is copied.
    ///
    /// Where the text at hand starts then is the caller's to say, who counts lines anyway: see [`Self::took`].
    pub(super) fn take(&mut self, count: usize) -> Bytes {
        let (_, rest) = self.text.split_at(count);
        let mut following = Vec::with_capacity(self.sizes.to_fill(rest.len()));
        following.extend_from_slice(rest);
        self.text.truncate(count);
        Bytes::from(std::mem::replace(&mut self.text, following))
    }

    /// Notes that `count` bytes were taken, and the line and record that follow them.
    pub(super) fn took(&mut self, count: usize, line: u64, record: u64) {
        self.position.offset += count as u64;
        (self.position.line, self.position.record) = (line, record);
    }

    /// Takes the bytes at hand, and those behind them, for packed text and goes on with that text.
    pub(super) fn decompress(&mut self, compression: Compression) -> io::Result<()> {
        let seen = io::Cursor::new(std::mem::take(&mut self.text));
        let rest = std::mem::replace(&mut self.stream, Stream::forward(io::empty()));
        // Asking for more behind the end would wait at a terminal.
        let rest = if self.ended { Stream::forward(io::empty()) } else { rest };
        self.stream = Stream::Forward(compression.decompress(seen.chain(rest))?);
        self.compression.get_or_insert(compression);
        self.ended = false;
        self.failure = None;
        self.fill();
        Ok(())
    }

    /// Moves forward to `to`.
    pub(super) fn go_to(&mut self, to: Position) -> io::Result<Arrival> {
        let arrival = match &mut self.stream {
            Stream::Seekable(file) if to.offset > self.position.offset + self.text.len() as u64 => {
                self.text.clear();
                self.ended = false;
                file.go_to(to.offset)?
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
            self.text.clear();
            self.fill();
        }
        let before = offset.saturating_sub(self.position.offset);
        self.text
            .drain(..usize::try_from(before).map_or(self.text.len(), |before| before.min(self.text.len())));
        Ok(Arrival::There)
    }
}

/// How many lines end in `text`.
pub(super) fn newlines(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}
