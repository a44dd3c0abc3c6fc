//! The memory that text is read into, reused once no record refers to it.
//!
//! The system zeroes each page of fresh memory on first touch, which takes longer than reading cached text into it.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

/// Idle buffers of one size; clones share them.
#[derive(Clone, Debug)]
pub(super) struct Buffers {
    idle: Arc<Mutex<Vec<Vec<u8>>>>,
    /// Only memory of this size is kept: the memory of a long record is freed.
    size: usize,
}

impl Buffers {
    pub(super) fn of_size(size: usize) -> Self {
        Self { idle: Arc::default(), size }
    }

    /// An empty buffer, which allocates nothing until it is filled.
    pub(super) fn empty(&self) -> Buffer {
        Buffer { memory: Vec::new(), filled: 0, home: self.clone() }
    }

    /// Memory for `room` bytes; an idle buffer if that is large enough.
    fn memory(&self, room: usize) -> Vec<u8> {
        let idle =
            (room <= self.size).then(|| self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop());
        idle.flatten().unwrap_or_else(|| vec![0; room])
    }

    fn keep(&self, memory: Vec<u8>) {
        if memory.len() == self.size {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
        }
    }
}

/// Text in memory that is reused once this is dropped.
#[derive(Debug)]
pub(super) struct Buffer {
    /// Longer than the text, so that the next read goes to memory that is already initialised.
    memory: Vec<u8>,
    filled: usize,
    home: Buffers,
}

impl Buffer {
    pub(super) fn text(&self) -> &[u8] {
        self.memory.get(..self.filled).unwrap_or_default()
    }

    /// Makes room for `room` bytes of text.
    pub(super) fn reserve(&mut self, room: usize) {
        if self.memory.is_empty() {
            self.memory = self.home.memory(room);
        } else if self.memory.len() < room {
            self.memory.resize(room, 0);
        }
    }

    /// Reads until it holds `target` bytes; fewer only at the end or before an error.
    pub(super) fn fill(&mut self, from: &mut impl Read, target: usize) -> io::Result<()> {
        self.reserve(target);
        while let Some(room) = self.memory.get_mut(self.filled..target).filter(|room| !room.is_empty()) {
            match from.read(room) {
                Ok(0) => break,
                Ok(read) => self.filled += read,
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(cause),
            }
        }
        Ok(())
    }

    /// Appends text.
    pub(super) fn append(&mut self, text: &[u8]) {
        let end = self.filled + text.len();
        self.reserve(end);
        if let Some(room) = self.memory.get_mut(self.filled..end) {
            room.copy_from_slice(text);
        }
        self.filled = end;
    }

    /// The bytes of text that fit without a new allocation.
    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        self.memory.len()
    }

    /// Drops up to `count` bytes from the start.
    pub(super) fn skip(&mut self, count: usize) {
        let count = count.min(self.filled);
        self.memory.copy_within(count..self.filled, 0);
        self.filled -= count;
    }

    /// Keeps the first `count` bytes.
    pub(super) fn truncate(&mut self, count: usize) {
        self.filled = self.filled.min(count);
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.text()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.home.keep(std::mem::take(&mut self.memory));
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn holding(buffers: &Buffers, text: &str) -> Buffer {
        let mut buffer = buffers.empty();
        buffer.reserve(buffers.size);
        buffer.append(text.as_bytes());
        buffer
    }

    #[test]
    fn memory_is_used_again_only_when_no_slice_of_its_text_is_left() {
        let buffers = Buffers::of_size(8);
        let (first, second) = (holding(&buffers, "first"), holding(&buffers, "second"));
        let place = first.text().as_ptr();
        let text = Bytes::from_owner(first);
        let slice = text.slice(1..3);
        drop((text, second));
        assert_ne!(holding(&buffers, "third").text().as_ptr(), place);
        assert_eq!(slice, "ir");
        drop(slice);
        let again = [holding(&buffers, ""), holding(&buffers, "")];
        assert!(again.iter().any(|buffer| buffer.memory.as_ptr() == place));
    }

    #[test]
    fn what_a_long_record_took_is_not_kept() {
        let buffers = Buffers::of_size(4);
        let mut grown = holding(&buffers, "abc");
        grown.append(b"defgh");
        drop((grown, holding(&buffers, "as long")));
        assert!(buffers.idle.lock().unwrap().is_empty());
    }

    #[test]
    fn text_is_read_up_to_a_target_in_whatever_pieces_it_comes() {
        let text: Vec<u8> = (0..100).collect();
        for target in [0, 1, 7, 8, 9, 50, 100, 101] {
            let mut buffer = Buffers::of_size(8).empty();
            let mut source = io::Cursor::new(&text).chain(io::Cursor::new(&text));
            buffer.fill(&mut source, target).unwrap();
            buffer.skip(target / 2);
            buffer.fill(&mut source, target).unwrap();
            let all = [&text[..], &text].concat();
            let start = target / 2;
            assert_eq!(buffer.text(), &all[start..start + target], "{target}");
        }
    }
}
