//! Arrow files (Feather) and streams: a sequence of messages, in which record batches hold the rows.
//!
//! A file is a stream between two marks, followed by an index. The index is not needed: one pass over the messages
//! finds where each of them is and how many rows it has.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_buffer::{Buffer, MutableBuffer};
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::FileDecoder;
use arrow_ipc::{
    Block, Endianness, Message, MetadataVersion, RecordBatch as RecordBatchMessage, root_as_message,
};
use arrow_schema::{ArrowError, DataType, FieldRef, Fields, SchemaRef};

use super::alike::alike;
use super::plan::Plan;
use super::slice::{SLICE_BYTES, SLICE_ROWS, Slice, size};
use super::source::{Decoded, Source, Trouble, check_rows, tail};
use super::wanted::Wanted;

/// The first and last bytes of an Arrow file.
pub(super) const FILE_MARK: &[u8; 6] = b"ARROW1";
/// The mark and its padding to eight bytes.
const FILE_MARK_BYTES: u64 = 8;
/// Maximum bytes of the mark and its padding.
const PADDING_BYTES: u64 = 4096;
/// The bytes before the length of a message.
pub(super) const CONTINUATION: [u8; 4] = [0xff; 4];
/// The bytes of this and the length.
const PREFIX_BYTES: u64 = 8;

/// A batch is read whole, so its size is limited. What pandas writes by default is smaller.
const BATCH_BYTES: u64 = 512 << 20;
const LARGE: Trouble = Trouble::Unsupported(
    "an Arrow file with record batches of more than 512 MiB",
    "write smaller batches, with pyarrow: write_feather(table, PATH, chunksize=10_000)",
);
const BIG_ENDIAN: Trouble =
    Trouble::Unsupported("an Arrow file in big-endian byte order", "write it in little-endian order");

/// Maximum size of a message's metadata.
const METADATA_BYTES: u64 = 64 << 20;

/// The location of a message.
#[derive(Clone, Copy, Debug)]
struct Found {
    block: Block,
    /// Its number of rows; `None` for a dictionary.
    rows: Option<u64>,
}

impl Found {
    fn bytes(&self) -> u64 {
        let [metadata, body] = [i64::from(self.block.metaDataLength()), self.block.bodyLength()];
        u64::try_from(metadata.saturating_add(body)).unwrap_or(u64::MAX)
    }
}

/// An Arrow file or stream.
pub(super) struct ArrowFile {
    file: File,
    messages: Vec<Found>,
    rows: u64,
    schema: SchemaRef,
    version: MetadataVersion,
    plan: Arc<Plan>,
    decoder: FileDecoder,
    /// The index of the next message.
    next: usize,
    /// The current batch.
    batch: Option<Batch>,
}

/// A batch that is handed out in slices.
struct Batch {
    rows: RecordBatch,
    /// The next row.
    at: usize,
    slice_rows: usize,
}

impl Batch {
    fn new(rows: RecordBatch) -> Self {
        let bytes: usize = rows.columns().iter().map(size).sum();
        let per_row = (bytes as u64 / rows.num_rows().max(1) as u64).max(1);
        let slice_rows = usize::try_from((SLICE_BYTES / per_row).clamp(1, SLICE_ROWS)).unwrap_or(1);
        Self { rows, at: 0, slice_rows }
    }

    /// The next slice; `None` at the end.
    fn next(&mut self) -> Option<RecordBatch> {
        let count = self.rows.num_rows().checked_sub(self.at).filter(|left| *left > 0)?.min(self.slice_rows);
        let slice = self.rows.slice(self.at, count);
        self.at += count;
        Some(slice)
    }
}

impl ArrowFile {
    pub(super) fn open(mut file: File, wanted: &Wanted) -> Result<Self, Trouble> {
        let mut head = [0; FILE_MARK.len()];
        file.read_exact(&mut head)?;
        let end = file.metadata()?.len();
        let (start, end) = if &head == FILE_MARK {
            match tail::<6>(&mut file)? {
                Some(mark) if &mark == FILE_MARK => (FILE_MARK_BYTES, end - FILE_MARK.len() as u64),
                _ => return Err(Trouble::Torn),
            }
        } else {
            (0, end)
        };
        let mut walk = Walk { file: &mut file, at: start, end };
        if start > 0 {
            walk.skip_padding()?;
        }
        let Some((text, _)) = walk.message()? else { return Err(Trouble::Torn) };
        let (schema, version) = schema(&text)?;
        let mut messages = Vec::new();
        let mut empty = EmptyColumns::new(schema.fields());
        while let Some((text, start)) = walk.message()? {
            let block = block(&text, start)?;
            let message = parsed(&text)?;
            let rows = message.header_as_record_batch().map(|batch| {
                empty.look(batch);
                batch.length()
            });
            messages.push(Found { block, rows: rows.map(|rows| u64::try_from(rows).unwrap_or_default()) });
        }
        if messages.iter().any(|found| found.bytes() > BATCH_BYTES) {
            return Err(LARGE);
        }
        let mut plan = Plan::new(&alike(schema.fields(), wanted), wanted);
        plan.leave_out(|column| empty.has(column));
        let plan = Arc::new(plan);
        let rows = messages.iter().filter_map(|found| found.rows).fold(0, u64::saturating_add);
        let kinds = plan.read().filter_map(|column| schema.fields().get(column));
        check_rows(rows, end, kinds.map(|field| field.data_type().clone()))?;
        let decoder = decoder(&schema, version, &plan);
        Ok(Self { file, messages, rows, schema, version, plan, decoder, next: 0, batch: None })
    }

    /// Decodes the next message.
    fn decode(&mut self, found: Found) -> Result<(), Trouble> {
        let bytes = self.read(found)?;
        check_unpacked(&found, &bytes)?;
        if found.rows.is_none() {
            return self.decoder.read_dictionary(&found.block, &bytes).map_err(|error| damaged(&error));
        }
        let batch = self.decoder.read_record_batch(&found.block, &bytes).map_err(|error| damaged(&error))?;
        let Some(batch) = batch else { return Ok(()) };
        self.batch = Some(Batch::new(batch));
        Ok(())
    }

    /// The bytes of a message, aligned for its numbers.
    fn read(&mut self, found: Found) -> Result<Buffer, Trouble> {
        if found.bytes() > BATCH_BYTES {
            return Err(LARGE);
        }
        let length = usize::try_from(found.bytes()).map_err(|_| LARGE)?;
        let mut bytes = MutableBuffer::from_len_zeroed(length);
        let start = u64::try_from(found.block.offset()).unwrap_or_default();
        self.file.seek(SeekFrom::Start(start))?;
        self.file.read_exact(bytes.as_slice_mut())?;
        Ok(bytes.into())
    }
}

impl Source for ArrowFile {
    fn rows(&self) -> u64 {
        self.rows
    }

    fn told(&self) -> &str {
        &self.plan.told
    }

    fn go_to(&mut self, row: u64) -> Result<(), Trouble> {
        self.decoder = decoder(&self.schema, self.version, &self.plan);
        (self.next, self.batch) = (0, None);
        let mut before = 0;
        while let Some(found) = self.messages.get(self.next).copied() {
            match found.rows {
                Some(rows) if rows > row - before => break,
                Some(rows) => before += rows,
                // Later batches refer to dictionaries.
                None => self.decode(found)?,
            }
            self.next += 1;
        }
        if let (Some(found), true) = (self.messages.get(self.next).copied(), row > before) {
            self.next += 1;
            self.decode(found)?;
            if let Some(batch) = &mut self.batch {
                batch.at = usize::try_from(row - before).unwrap_or(usize::MAX);
            }
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Decoded>, Trouble> {
        loop {
            if let Some(batch) = self.batch.as_mut().and_then(Batch::next) {
                let rows = batch.num_rows();
                let slice = Slice::new(Arc::clone(&self.plan), batch.columns().to_vec(), rows);
                return Ok(Some((Arc::new(slice), rows)));
            }
            let Some(found) = self.messages.get(self.next).copied() else { return Ok(None) };
            self.next += 1;
            self.decode(found)?;
        }
    }
}

/// The columns without a value in any row, according to the file.
struct EmptyColumns {
    /// The index of each column among the nodes of a batch, and whether it had no value so far.
    columns: Vec<(usize, bool)>,
}

impl EmptyColumns {
    fn new(fields: &Fields) -> Self {
        let mut at = 0;
        let columns = fields.iter().map(|field| {
            let first = at;
            at += nodes(field.data_type());
            (first, true)
        });
        Self { columns: columns.collect() }
    }

    fn look(&mut self, batch: RecordBatchMessage<'_>) {
        let Some(nodes) = batch.nodes() else { return };
        for (at, is_empty) in &mut self.columns {
            *is_empty &= *at < nodes.len() && nodes.get(*at).null_count() == batch.length();
        }
    }

    fn has(&self, column: usize) -> bool {
        self.columns.get(column).is_some_and(|(_, is_empty)| *is_empty)
    }
}

/// The number of nodes of a column of this type in a batch: its own and those of nested columns.
fn nodes(data_type: &DataType) -> usize {
    let field = |field: &FieldRef| nodes(field.data_type());
    1 + match data_type {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => field(item),
        DataType::Struct(members) => members.iter().map(field).sum(),
        DataType::Union(members, _) => members.iter().map(|(_, member)| field(member)).sum(),
        DataType::RunEndEncoded(ends, values) => field(ends) + field(values),
        _ => 0,
    }
}

fn decoder(schema: &SchemaRef, version: MetadataVersion, plan: &Plan) -> FileDecoder {
    FileDecoder::new(Arc::clone(schema), version).with_projection(plan.read().collect())
}

/// A walk over the messages of a file.
struct Walk<'a> {
    file: &'a mut File,
    at: u64,
    end: u64,
}

impl Walk<'_> {
    /// The metadata of the next message and its offset; `None` at the end.
    fn message(&mut self) -> Result<Option<(Vec<u8>, u64)>, Trouble> {
        if self.at == self.end {
            return Ok(None);
        }
        let prefix = self.bytes(PREFIX_BYTES)?;
        let (mark, length) = prefix.split_at(CONTINUATION.len());
        if mark != CONTINUATION {
            return Err(Trouble::Damaged(format!("no message at byte {}", self.at)));
        }
        let length = length.first_chunk().map_or(0, |length| u64::from(u32::from_le_bytes(*length)));
        if length == 0 {
            return Ok(None);
        }
        if length > METADATA_BYTES {
            return Err(Trouble::Damaged(format!("no message at byte {}", self.at)));
        }
        let start = self.at;
        self.at += PREFIX_BYTES;
        let text = self.bytes(length)?;
        let body = u64::try_from(parsed(&text)?.bodyLength()).unwrap_or(u64::MAX);
        self.at = self.at.saturating_add(length).saturating_add(body);
        if self.at > self.end {
            return Err(Trouble::Torn);
        }
        Ok(Some((text, start)))
    }

    /// Skips the padding after the mark of a file, up to a multiple of 8 bytes that the writer chose.
    fn skip_padding(&mut self) -> Result<(), Trouble> {
        while self.at < PADDING_BYTES && self.bytes(PREFIX_BYTES)? == [0; 8] {
            self.at += PREFIX_BYTES;
        }
        Ok(())
    }

    /// The next `length` bytes.
    fn bytes(&mut self, length: u64) -> Result<Vec<u8>, Trouble> {
        if self.end.saturating_sub(self.at) < length {
            return Err(Trouble::Torn);
        }
        self.file.seek(SeekFrom::Start(self.at))?;
        let mut bytes = Vec::new();
        self.file.take(length).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// The place of the message with this metadata.
fn block(text: &[u8], start: u64) -> Result<Block, Trouble> {
    let far = |_| Trouble::Damaged("a message is too large".to_owned());
    let metadata = i32::try_from(text.len() as u64 + PREFIX_BYTES).map_err(far)?;
    Ok(Block::new(i64::try_from(start).map_err(far)?, metadata, parsed(text)?.bodyLength()))
}

fn parsed(text: &[u8]) -> Result<Message<'_>, Trouble> {
    root_as_message(text).map_err(|error| Trouble::Damaged(error.to_string()))
}

fn schema(text: &[u8]) -> Result<(SchemaRef, MetadataVersion), Trouble> {
    let message = parsed(text)?;
    let Some(schema) = message.header_as_schema() else {
        return Err(Trouble::Damaged("it does not begin with a schema".to_owned()));
    };
    if schema.endianness() != Endianness::Little {
        return Err(BIG_ENDIAN);
    }
    let fields = try_fb_to_schema(schema).map_err(|error| damaged(&error))?;
    Ok((Arc::new(fields), message.version()))
}

/// Refuses a batch, or a dictionary, that decompresses to more than the limit.
fn check_unpacked(found: &Found, bytes: &[u8]) -> Result<(), Trouble> {
    let metadata = usize::try_from(found.block.metaDataLength()).unwrap_or_default();
    let prefix = usize::try_from(PREFIX_BYTES).unwrap_or_default();
    let message = parsed(bytes.get(prefix..metadata).unwrap_or_default())?;
    let values = message.header_as_dictionary_batch().and_then(|dictionary| dictionary.data());
    let batch = message.header_as_record_batch().or(values);
    let Some(batch) = batch.filter(|batch| batch.compression().is_some()) else { return Ok(()) };
    let body = bytes.get(metadata..).unwrap_or_default();
    let buffers = batch.buffers();
    let unpacked = buffers.iter().flatten().map(|buffer| {
        let start = usize::try_from(buffer.offset()).ok()?;
        // The length before compressed bytes is -1 if they are stored uncompressed.
        let length = i64::from_le_bytes(*body.get(start..)?.first_chunk()?);
        u64::try_from(length).ok()
    });
    let unpacked = unpacked.flatten().fold(0, u64::saturating_add);
    if unpacked > BATCH_BYTES { Err(LARGE) } else { Ok(()) }
}

fn damaged(error: &ArrowError) -> Trouble {
    Trouble::Damaged(error.to_string())
}
