//! The stretch of text that is being cut: filled from the input, handed out without copying.
//!
//! Knows bytes, lines and places, nothing of formats.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::decompress::{Compression, Trailing};
use super::sizes::Sizes;
use crate::record::{Input, Position};

/// How many bytes a decompressor has taken, shared with it.
#[derive(Clone, Debug, Default)]
struct Count(Arc<AtomicU64>);

impl Count {
    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Packed bytes, counted as a decompressor takes them and not as they are read.
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

/// Where a window's bytes come from.
pub(crate) enum Stream {
    /// A regular file as it is.
    Seekable(File),
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

/// How moving to a place went.
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
                // A named pipe has a path too.
                if file.metadata()?.is_file() { Self::Seekable(file) } else { Self::forward(file) }
            }
            Input::Stdin => Self::forward(io::stdin()),
            Input::Inline(text) => Self::forward(io::Cursor::new(text.clone())),
        })
    }

    /// Reads up to `count` bytes, fewer only at the end or before an error.
    fn append(&mut self, count: u64, text: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            Self::Seekable(file) => (&*file).take(count).read_to_end(text),
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
            Self::Seekable(file) => file.read(buffer),
            Self::Forward(reader) => reader.read(buffer),
        }
    }
}

/// Consecutive text of one input, from the first byte not yet handed out on.
pub(crate) struct Window {
    stream: Stream,
    sizes: Sizes,
    text: Vec<u8>,
    position: Position,
    ended: bool,
    failure: Option<io::Error>,
    /// What follows the compressed data that was read to its end.
    trailing: Option<io::Error>,
    /// The outermost packing, and how many of its bytes have been taken.
    packing: Option<(Compression, Count)>,
}

impl Window {
    /// An empty window at the start of `stream`.
    pub(crate) fn new(stream: Stream, input: u32, sizes: Sizes) -> Self {
        Self {
            stream,
            sizes,
            text: Vec::new(),
            position: Position { input, offset: 0, line: 1, record: 0 },
            ended: false,
            failure: None,
            trailing: None,
            packing: None,
        }
    }

    /// The text at hand.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Where the text at hand starts; its record is the next one.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// Offset of the end of the text at hand.
    pub(crate) fn end(&self) -> u64 {
        self.position.offset + self.text.len() as u64
    }

    /// Whether the text at hand cannot grow: the stream has ended or failed.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Whether the text at hand is the input's proper end, not one that a failure made.
    pub(crate) fn is_last(&self) -> bool {
        self.ended && self.failure.is_none()
    }

    /// The compression that the text was packed with.
    pub(crate) fn compression(&self) -> Option<Compression> {
        self.packing.as_ref().map(|(compression, _)| *compression)
    }

    /// How many bytes of packed text have been unpacked.
    pub(crate) fn packed_bytes(&self) -> u64 {
        self.packing.as_ref().map_or(0, |(_, taken)| taken.get())
    }

    /// How many bytes of the file itself lie before the text at hand. Of packed text that is an estimate, exact where
    /// the text at hand is used up.
    pub(crate) fn bytes_before(&self) -> u64 {
        let Some((_, taken)) = &self.packing else { return self.position.offset };
        let (taken, text) = (u128::from(taken.get()), u128::from(self.end().max(1)));
        u64::try_from(taken * u128::from(self.position.offset) / text).unwrap_or(u64::MAX)
    }

    /// Takes the error that ended the stream, if one did.
    pub(crate) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// Takes the error that says what follows the compressed data, whose text ends properly nevertheless.
    pub(crate) fn take_trailing(&mut self) -> Option<io::Error> {
        self.trailing.take()
    }

    /// Whether the text at hand holds more than the largest record.
    pub(crate) fn is_full(&self) -> bool {
        self.text.len() > self.sizes.record
    }

    /// The largest record that may be read.
    pub(crate) fn largest_record(&self) -> usize {
        self.sizes.record
    }

    /// The place of the byte `at` of the text at hand.
    pub(crate) fn place(&self, at: usize) -> Position {
        let (before, _) = self.text.split_at(at);
        let Position { offset, line, .. } = self.position;
        Position { offset: offset + at as u64, line: line + newlines(before), ..self.position }
    }

    /// Reads on until the text at hand is a block's, and more than it is: at least twice as long when it is already.
    ///
    /// Doubling keeps the cost of looking again at a long record linear. A failure is kept for later, so that what
    /// was read before it can be used.
    pub(crate) fn fill(&mut self) {
        self.fill_to(self.sizes.to_fill(self.text.len()));
    }

    /// Reads on until the text at hand is a block's, if it is less.
    pub(crate) fn top_up(&mut self) {
        self.fill_to(self.sizes.to_fill(0));
    }

    fn fill_to(&mut self, target: usize) {
        let held = self.text.len();
        if self.ended || target <= held {
            return;
        }
        self.text.reserve_exact(target - held);
        let read = self.stream.append((target - held) as u64, &mut self.text);
        self.ended = self.text.len() < target;
        match read {
            Err(cause) if Trailing::of(&cause).is_some() => self.trailing = Some(cause),
            read => self.failure = read.err(),
        }
    }

    /// Drops the first `count` bytes.
    pub(crate) fn skip(&mut self, count: usize) {
        self.position = self.place(count);
        self.text.drain(..count);
    }

    /// Hands out the first `count` bytes; only what is behind them is copied.
    ///
    /// Where the text at hand starts then is the caller's to say, who counts lines anyway: see [`Self::took`].
    pub(crate) fn take(&mut self, count: usize) -> Bytes {
        let (_, rest) = self.text.split_at(count);
        let mut following = Vec::with_capacity(self.sizes.to_fill(rest.len()));
        following.extend_from_slice(rest);
        self.text.truncate(count);
        Bytes::from(std::mem::replace(&mut self.text, following))
    }

    /// Notes that `count` bytes were taken, and the line and record that follow them.
    pub(crate) fn took(&mut self, count: usize, line: u64, record: u64) {
        self.position.offset += count as u64;
        (self.position.line, self.position.record) = (line, record);
    }

    /// Takes the bytes at hand, and those behind them, for packed text and goes on with that text.
    pub(crate) fn decompress(&mut self, compression: Compression) -> io::Result<()> {
        let seen = io::Cursor::new(std::mem::take(&mut self.text));
        let rest = std::mem::replace(&mut self.stream, Stream::forward(io::empty()));
        // Asking for more behind the end would wait at a terminal.
        let rest = if self.ended { Stream::forward(io::empty()) } else { rest };
        let count = Count::default();
        let packed = Counted { inner: BufReader::new(seen.chain(rest)), count: count.clone() };
        self.stream = Stream::Forward(compression.decompress(packed)?);
        self.packing.get_or_insert((compression, count));
        self.ended = false;
        self.failure = None;
        self.fill();
        Ok(())
    }

    /// Moves forward to `to`.
    pub(crate) fn go_to(&mut self, to: Position) -> io::Result<Arrival> {
        let arrival = match &mut self.stream {
            Stream::Seekable(file) if to.offset > self.position.offset + self.text.len() as u64 => {
                self.text.clear();
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
pub(crate) fn newlines(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}
