//! The messages of Arrow, each after its length, and how their metadata is verified.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use arrow_buffer::{Buffer, MutableBuffer};
use arrow_ipc::{Message, MessageHeader, root_as_message};

use super::source::Trouble;

/// What stands before the length of a message. Before Arrow 0.15, nothing did.
pub(super) const CONTINUATION: [u8; 4] = [0xff; 4];

/// The mark, or the length.
const WORD: u64 = 4;

/// Metadata of a message that is larger is none.
const METADATA_BYTES: u64 = 64 << 20;

/// What a message is filled up with has fewer bytes.
pub(super) const PADDING_BYTES: u64 = 64;

/// Where a message is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) start: u64,
    /// How many bytes stand before its metadata.
    prefix: u64,
    /// How many its metadata takes.
    length: u64,
    /// How many stand before its body: these, and what fills them up.
    pub(super) before_body: u64,
    pub(super) body: u64,
}

impl Frame {
    /// The same with so many bytes before its body.
    pub(super) fn filled_up(self, before_body: u64) -> Self {
        Self { before_body, ..self }
    }

    pub(super) fn end(&self) -> u64 {
        self.start.saturating_add(self.bytes())
    }

    pub(super) fn bytes(&self) -> u64 {
        self.before_body.saturating_add(self.body)
    }

    /// The message, as its decoder wants it: its metadata as it was verified, and its body aligned.
    pub(super) fn read(&self, file: &mut File) -> Result<Framed, Trouble> {
        let far = |_| Trouble::Damaged("a message is too large".to_owned());
        let metadata = Metadata::new(bytes(file, self.start + self.prefix, self.length, u64::MAX)?)?;
        let head = [&CONTINUATION, &[0; 4][..], &metadata.0].concat();
        let body = head.len().next_multiple_of(ALIGNMENT);
        let mut bytes = MutableBuffer::from_len_zeroed(body + usize::try_from(self.body).map_err(far)?);
        bytes.as_slice_mut().iter_mut().zip(head).for_each(|(byte, with)| *byte = with);
        file.seek(SeekFrom::Start(self.start.saturating_add(self.before_body)))?;
        file.read_exact(bytes.as_slice_mut().get_mut(body..).unwrap_or_default())?;
        Ok(Framed { bytes: bytes.into(), metadata, body })
    }
}

/// The bytes of a message, with the mark before them.
pub(super) struct Framed {
    pub(super) bytes: Buffer,
    pub(super) metadata: Metadata,
    /// Where its body begins.
    pub(super) body: usize,
}

/// The metadata of a message, which is verified.
pub(super) struct Metadata(Vec<u8>);

impl Metadata {
    pub(super) fn new(bytes: Vec<u8>) -> Result<Self, Trouble> {
        let Err(error) = root_as_message(&bytes) else { return Ok(Self(bytes)) };
        match realigned(&bytes) {
            Some(bytes) if root_as_message(&bytes).is_ok() => Ok(Self(bytes)),
            _ => Err(Trouble::Damaged(error.to_string())),
        }
    }

    pub(super) fn message(&self) -> Result<Message<'_>, Trouble> {
        root_as_message(&self.0).map_err(|error| Trouble::Damaged(error.to_string()))
    }
}

/// The message at a place, before `end`; none where a length of zero ends the messages, and how long that mark is.
pub(super) fn message(file: &mut File, at: u64, end: u64) -> Result<Result<(Frame, Metadata), u64>, Trouble> {
    let (prefix, length) = match word(file, at, end)? {
        CONTINUATION => (2 * WORD, word(file, at + WORD, end)?),
        length => (WORD, length),
    };
    let length = u64::from(u32::from_le_bytes(length));
    if length == 0 {
        return Ok(Err(prefix));
    }
    if length > METADATA_BYTES {
        return Err(Trouble::Damaged(format!("no message at byte {at}")));
    }
    let metadata = Metadata::new(bytes(file, at + prefix, length, end)?)?;
    let body = u64::try_from(metadata.message()?.bodyLength()).unwrap_or(u64::MAX);
    let frame = Frame { start: at, prefix, length, before_body: prefix + length, body };
    if frame.end() > end {
        return Err(Trouble::Torn);
    }
    Ok(Ok((frame, metadata)))
}

/// The metadata of the message that bytes begin with, if they do.
pub(super) fn metadata_of(bytes: &[u8]) -> Option<Metadata> {
    let (length, rest) = bytes.strip_prefix(&CONTINUATION).unwrap_or(bytes).split_first_chunk()?;
    let metadata = rest.get(..usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    Metadata::new(metadata.to_vec()).ok()
}

/// Whether a file begins with the schema of a stream in the format before Arrow 0.15, which has no mark of its own.
pub(super) fn begins_old_stream(head: &[u8]) -> bool {
    let message = metadata_of(head);
    message
        .is_some_and(|metadata| metadata.message().is_ok_and(|message| message.header_as_schema().is_some()))
}

fn word(file: &mut File, at: u64, end: u64) -> Result<[u8; 4], Trouble> {
    let bytes = bytes(file, at, WORD, end)?;
    bytes.first_chunk().copied().ok_or(Trouble::Torn)
}

/// The bytes at a place, before `end`.
pub(super) fn bytes(file: &mut File, at: u64, length: u64, end: u64) -> Result<Vec<u8>, Trouble> {
    if end.saturating_sub(at) < length {
        return Err(Trouble::Torn);
    }
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Numbers of so many bytes stand at a multiple of it.
const ALIGNMENT: usize = 8;

/// The metadata of a batch with its `variadicBufferCounts` where a list of such numbers can stand. Polars 1 puts it at half an
/// alignment. Other lists are of structures, whose bytes may be anywhere.
fn realigned(metadata: &[u8]) -> Option<Vec<u8>> {
    // The places of the fields in the tables of Message.fbs.
    const HEADER_TYPE: usize = 6;
    const HEADER: usize = 8;
    const DATA: usize = 6;
    const COUNTS: usize = 12;
    /// The bytes of a list's length.
    const LENGTH: usize = 4;
    let flat = Flat(metadata);
    let message = flat.target(0)?;
    let header = flat.target(flat.field(message, HEADER)?)?;
    let kind = *metadata.get(flat.field(message, HEADER_TYPE)?)?;
    let batch = match MessageHeader(kind) {
        MessageHeader::RecordBatch => header,
        MessageHeader::DictionaryBatch => flat.target(flat.field(header, DATA)?)?,
        _ => return None,
    };
    let field = flat.field(batch, COUNTS)?;
    let found = flat.target(field)?;
    let bytes = flat.number(found)?.checked_mul(ALIGNMENT)?.checked_add(LENGTH)?;
    let counts = metadata.get(found..found.checked_add(bytes)?)?;
    // The length of a list stands before it.
    let list = metadata.len().next_multiple_of(ALIGNMENT) + (ALIGNMENT - LENGTH);
    let mut realigned = metadata.to_vec();
    realigned.resize(list, 0);
    realigned.extend(counts);
    let offset = u32::try_from(list.checked_sub(field)?).ok()?;
    let bytes = realigned.get_mut(field..)?.first_chunk_mut()?;
    *bytes = offset.to_le_bytes();
    Some(realigned)
}

/// A flatbuffer that is not verified.
struct Flat<'a>(&'a [u8]);

impl Flat<'_> {
    fn number(&self, at: usize) -> Option<usize> {
        let bytes = self.0.get(at..)?.first_chunk()?;
        usize::try_from(u32::from_le_bytes(*bytes)).ok()
    }

    /// What the reference at a place refers to.
    fn target(&self, at: usize) -> Option<usize> {
        at.checked_add(self.number(at)?)
    }

    /// The field of a table whose place stands at `slot` in the list of these, if the table has it.
    fn field(&self, table: usize, slot: usize) -> Option<usize> {
        let back = i32::from_le_bytes(*self.0.get(table..)?.first_chunk()?);
        let slots = table.checked_add_signed(isize::try_from(back).ok()?.checked_neg()?)?;
        let short = |at: usize| self.0.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes));
        if slot + 2 > usize::from(short(slots)?) {
            return None;
        }
        let place = short(slots.checked_add(slot)?)?;
        (place > 0).then_some(table.checked_add(usize::from(place))?)
    }
}
