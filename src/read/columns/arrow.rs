//! Arrow files (Feather) and streams: a sequence of messages, in which record batches hold the rows.
//!
//! Where each message is, and how many rows it has, is known before the first is decoded (`arrow_layout`).

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::reader::FileDecoder;
use arrow_ipc::{Block, MetadataVersion};
use arrow_schema::{ArrowError, SchemaRef};

use super::alike::alike;
use super::arrow_frame::{Framed, Metadata};
use super::arrow_layout::{FILE_MARK, Found, Layout};
use super::plan::Plan;
use super::slice::{SLICE_BYTES, SLICE_ROWS, Slice, size};
use super::source::{Decoded, Source, Trouble, check_rows};
use super::wanted::Wanted;

/// A batch is read whole, so its size is limited. What pandas writes by default is smaller.
const BATCH_BYTES: u64 = 512 << 20;
const LARGE: Trouble = Trouble::Unsupported(
    "an Arrow file with record batches of more than 512 MiB",
    "write smaller batches, with pyarrow: write_feather(table, PATH, chunksize=10_000)",
);

/// An Arrow file or stream.
pub(super) struct ArrowFile {
    file: File,
    messages: Vec<Found>,
    rows: u64,
    schema: SchemaRef,
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
        let layout = if &head == FILE_MARK {
            Layout::of_file(&mut file, end)?
        } else {
            Layout::of_stream(&mut file, end)?
        };
        let Layout { schema, messages, empty } = layout;
        if messages.iter().any(|found| found.frame.bytes() > BATCH_BYTES) {
            return Err(LARGE);
        }
        let mut plan = Plan::new(&alike(schema.fields(), wanted), wanted);
        plan.leave_out(|column| empty.has(column));
        let plan = Arc::new(plan);
        let rows = messages.iter().filter_map(|found| found.rows).fold(0, u64::saturating_add);
        let kinds = plan.read().filter_map(|column| schema.fields().get(column));
        check_rows(rows, end, kinds.map(|field| field.data_type().clone()))?;
        let decoder = decoder(&schema, &plan);
        Ok(Self { file, messages, rows, schema, plan, decoder, next: 0, batch: None })
    }

    /// Decodes the next message.
    fn decode(&mut self, found: Found) -> Result<(), Trouble> {
        if found.frame.bytes() > BATCH_BYTES {
            return Err(LARGE);
        }
        let Framed { bytes, metadata, body } = found.frame.read(&mut self.file)?;
        check_unpacked(&metadata, bytes.get(body..).unwrap_or_default())?;
        // Of the place of a message, its decoder only wants to know where the body begins.
        let block = Block::new(0, i32::try_from(body).map_err(|_| LARGE)?, 0);
        if found.rows.is_none() {
            return self.decoder.read_dictionary(&block, &bytes).map_err(|error| damaged(&error));
        }
        let batch = self.decoder.read_record_batch(&block, &bytes).map_err(|error| damaged(&error))?;
        let Some(batch) = batch else { return Ok(()) };
        self.batch = Some(Batch::new(batch));
        Ok(())
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
        self.decoder = decoder(&self.schema, &self.plan);
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

/// A decoder that takes each message by its own version: the footers of old files name another.
fn decoder(schema: &SchemaRef, plan: &Plan) -> FileDecoder {
    FileDecoder::new(Arc::clone(schema), MetadataVersion::V1).with_projection(plan.read().collect())
}

/// Refuses a batch, or a dictionary, that decompresses to more than the limit.
fn check_unpacked(metadata: &Metadata, body: &[u8]) -> Result<(), Trouble> {
    let message = metadata.message()?;
    let values = message.header_as_dictionary_batch().and_then(|dictionary| dictionary.data());
    let batch = message.header_as_record_batch().or(values);
    let Some(batch) = batch.filter(|batch| batch.compression().is_some()) else { return Ok(()) };
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
