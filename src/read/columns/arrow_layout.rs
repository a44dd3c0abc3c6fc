//! Where the messages of an Arrow file or stream are: in a stream one after another, in a file where its footer says.
//!
//! Nothing may stand between or around them. Else another file could, with rows that nobody would miss.

use std::collections::HashSet;
use std::fs::File;
use std::sync::Arc;

use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::{
    Block, Endianness, Footer, MessageHeader, RecordBatch as RecordBatchMessage, Schema, root_as_footer,
};
use arrow_schema::{DataType, FieldRef, Fields, SchemaRef};

use super::arrow_frame::{self, CONTINUATION, Frame, Metadata, PADDING_BYTES};
use super::source::{Trouble, tail};
use crate::read::bounds::Bounds;

/// What an Arrow file begins with, and ends with.
pub(super) const FILE_MARK: &[u8; 6] = b"ARROW1";
/// The mark and what fills it up to eight bytes.
const FILE_MARK_BYTES: u64 = 8;
/// The mark with its padding has so many bytes at most.
const MARK_BYTES_AT_MOST: u64 = 4096;
/// After the footer stand its length and the mark.
const TAIL_BYTES: u64 = 10;

const BIG_ENDIAN: Trouble =
    Trouble::Unsupported("an Arrow file in big-endian byte order", "write it in little-endian order");

/// A message with rows, or a dictionary.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) frame: Frame,
    /// Of how many rows; none of a dictionary.
    pub(super) rows: Option<u64>,
}

/// What is where.
pub(super) struct Layout {
    pub(super) schema: SchemaRef,
    /// In the order in which they are decoded.
    pub(super) messages: Vec<Found>,
    pub(super) empty: EmptyColumns,
}

impl Layout {
    fn new(schema: Schema<'_>) -> Result<Self, Trouble> {
        if schema.endianness() != Endianness::Little {
            return Err(BIG_ENDIAN);
        }
        let schema = try_fb_to_schema(schema).map_err(|error| Trouble::Damaged(error.to_string()))?;
        let empty = EmptyColumns::new(schema.fields());
        Ok(Self { schema: Arc::new(schema), messages: Vec::new(), empty })
    }

    /// Takes note of a message.
    fn add(&mut self, frame: Frame, metadata: &Metadata) -> Result<(), Trouble> {
        let batch = metadata.message()?.header_as_record_batch();
        let rows = batch.map(|batch| {
            self.empty.look(batch);
            u64::try_from(batch.length())
        });
        let rows = rows.transpose().map_err(|_| damaged("a record batch has a negative number of rows"))?;
        self.messages.push(Found { frame, rows });
        Ok(())
    }

    /// That of a stream, which has so many bytes.
    pub(super) fn of_stream(file: &mut File, end: u64) -> Result<Self, Trouble> {
        let no_schema = || Trouble::Damaged("it does not begin with a schema".to_owned());
        let (frame, metadata) = arrow_frame::message(file, 0, end)?.map_err(|_| no_schema())?;
        let message = metadata.message()?;
        let schema = message.header_as_schema().ok_or_else(no_schema)?;
        let mut layout = Self::new(schema)?;
        let mut at = frame.end();
        loop {
            if at == end {
                return Err(Trouble::Bounds(Bounds::Unmarked));
            }
            match arrow_frame::message(file, at, end)? {
                Err(mark) => {
                    at += mark;
                    break;
                }
                // Another stream, after one whose writer was not closed.
                Ok((_, metadata)) if metadata.message()?.header_type() == MessageHeader::Schema => break,
                Ok((frame, metadata)) => {
                    layout.add(frame, &metadata)?;
                    at = frame.end();
                }
            }
        }
        if at < end {
            let bounds = Bounds::Trailing { what: "Arrow stream", at, bytes: end - at };
            return Err(Trouble::Bounds(bounds));
        }
        Ok(layout)
    }

    /// That of a file, which has so many bytes.
    pub(super) fn of_file(file: &mut File, end: u64) -> Result<Self, Trouble> {
        let Some([a, b, c, d, mark @ ..]) = tail::<10>(file)? else { return Err(Trouble::Torn) };
        if &mark != FILE_MARK {
            return Err(Trouble::Torn);
        }
        let length = u64::from(u32::from_le_bytes([a, b, c, d]));
        let start = end.checked_sub(TAIL_BYTES + length).filter(|start| *start >= FILE_MARK_BYTES);
        let start = start.ok_or_else(|| damaged("its footer would be longer than the file"))?;
        let bytes = arrow_frame::bytes(file, start, length, end)?;
        let footer = root_as_footer(&bytes).map_err(|error| Trouble::Damaged(error.to_string()))?;
        let schema = footer.schema().ok_or_else(|| damaged("its footer has no schema"))?;
        let mut layout = Self::new(schema)?;
        let messages = Blocks::of(&footer)?;
        Cover { file, footer: start, footer_bytes: length }.check(&messages, &layout.schema)?;
        layout.add_dictionaries(file, &messages, start)?;
        for block in &messages.batches {
            let (frame, metadata) = block.message(file, start)?;
            if metadata.message()?.header_type() != MessageHeader::RecordBatch {
                return Err(damaged("its footer takes another message for a record batch"));
            }
            layout.add(frame, &metadata)?;
        }
        Ok(layout)
    }

    /// Adds the dictionaries of a file, which may stand after the batches that refer to them. Which batches one would be for
    /// that replaces another, a file does not say.
    fn add_dictionaries(&mut self, file: &mut File, blocks: &Blocks, end: u64) -> Result<(), Trouble> {
        let mut known = HashSet::new();
        for block in &blocks.dictionaries {
            let (frame, metadata) = block.message(file, end)?;
            let message = metadata.message()?;
            let Some(dictionary) = message.header_as_dictionary_batch() else {
                return Err(damaged("its footer takes another message for a dictionary"));
            };
            if !dictionary.isDelta() && !known.insert(dictionary.id()) {
                return Err(damaged("it has two dictionaries for one column"));
            }
            self.add(frame, &metadata)?;
        }
        Ok(())
    }
}

fn damaged(what: &str) -> Trouble {
    Trouble::Damaged(what.to_owned())
}

/// A message, as the footer of a file has it.
#[derive(Clone, Copy, Debug)]
struct Place {
    start: u64,
    before_body: u64,
    body: u64,
}

impl Place {
    fn new(block: &Block) -> Result<Self, Trouble> {
        let negative = |_| damaged("its footer has a negative length");
        Ok(Self {
            start: u64::try_from(block.offset()).map_err(negative)?,
            before_body: u64::try_from(block.metaDataLength()).map_err(negative)?,
            body: u64::try_from(block.bodyLength()).map_err(negative)?,
        })
    }

    fn end(&self) -> u64 {
        self.start.saturating_add(self.before_body).saturating_add(self.body)
    }

    /// The message there, before `end`.
    fn message(&self, file: &mut File, end: u64) -> Result<(Frame, Metadata), Trouble> {
        let differs = || damaged(&format!("no message as in its footer at byte {}", self.start));
        let found = arrow_frame::message(file, self.start, end)?;
        let (frame, metadata) = found.map_err(|_| differs())?;
        let padding = self.before_body.checked_sub(frame.before_body);
        if padding.is_none_or(|padding| padding >= PADDING_BYTES) || frame.body != self.body {
            return Err(differs());
        }
        Ok((frame.filled_up(self.before_body), metadata))
    }
}

/// The messages that the footer of a file lists.
struct Blocks {
    dictionaries: Vec<Place>,
    batches: Vec<Place>,
}

impl Blocks {
    fn of(footer: &Footer<'_>) -> Result<Self, Trouble> {
        let places = |blocks: Option<_>| {
            let blocks = blocks.into_iter().flatten();
            blocks.map(Place::new).collect::<Result<Vec<_>, _>>()
        };
        let blocks =
            Self { dictionaries: places(footer.dictionaries())?, batches: places(footer.recordBatches())? };
        if !blocks.batches.is_sorted_by_key(|block| block.start) {
            return Err(damaged("its footer lists record batches in another order"));
        }
        Ok(blocks)
    }
}

/// The file between its mark and its footer, of which every byte must be known.
struct Cover<'a> {
    file: &'a mut File,
    footer: u64,
    footer_bytes: u64,
}

impl Cover<'_> {
    fn check(&mut self, blocks: &Blocks, schema: &SchemaRef) -> Result<(), Trouble> {
        let mut places: Vec<Place> = blocks.dictionaries.iter().chain(&blocks.batches).copied().collect();
        places.sort_unstable_by_key(|place| place.start);
        let mut at = FILE_MARK_BYTES;
        for (number, place) in places.iter().enumerate() {
            if place.start < at || place.end() > self.footer {
                return Err(damaged("its footer lists messages where none can be"));
            }
            if number > 0 && !self.is_filling(at, place.start)? {
                return Err(self.unknown(at, place.start));
            }
            at = place.end();
        }
        if !places.is_empty() && !self.is_filling(at, self.footer)? {
            return Err(self.unknown(at, self.footer));
        }
        self.check_lead(places.first().map_or(self.footer, |first| first.start), schema)
    }

    /// Whether nothing but zeros and the mark that ends a stream stand there.
    fn is_filling(&mut self, at: u64, end: u64) -> Result<bool, Trouble> {
        if end - at > PADDING_BYTES + CONTINUATION.len() as u64 * 2 {
            return Ok(false);
        }
        let bytes = arrow_frame::bytes(self.file, at, end - at, end)?;
        let rest = bytes.strip_prefix(&CONTINUATION).unwrap_or(&bytes);
        Ok(rest.iter().all(|byte| *byte == 0))
    }

    /// Checks what stands before the first message: the schema, which the footer has too. Its writers frame it like other
    /// messages, or, as Polars from 2 on, not at all.
    fn check_lead(&mut self, end: u64, schema: &SchemaRef) -> Result<(), Trouble> {
        let mut at = FILE_MARK_BYTES;
        while at < MARK_BYTES_AT_MOST && end - at >= 8 && arrow_frame::bytes(self.file, at, 8, end)? == [0; 8]
        {
            at += 8;
        }
        // Apache Arrow for JavaScript writes no schema there.
        if at == end {
            return Ok(());
        }
        if let Ok(Ok((frame, metadata))) = arrow_frame::message(self.file, at, end)
            && metadata.message()?.header_type() == MessageHeader::Schema
        {
            return if self.is_filling(frame.end(), end)? {
                Ok(())
            } else {
                Err(self.unknown(frame.end(), end))
            };
        }
        // The same schema takes no more than in the footer, but for what makes it a message.
        if end - at > self.footer_bytes + 4 * PADDING_BYTES {
            return Err(self.unknown(at, end));
        }
        let bytes = arrow_frame::bytes(self.file, at, end - at, end)?;
        let Ok(metadata) = Metadata::new(bytes) else { return Err(self.unknown(at, end)) };
        let found = metadata.message()?.header_as_schema().and_then(|found| try_fb_to_schema(found).ok());
        if found.is_some_and(|found| found.fields() == schema.fields()) {
            Ok(())
        } else {
            Err(self.unknown(at, end))
        }
    }

    /// What stands there, and is not known: most often another file, so that all places are those before it.
    fn unknown(&mut self, at: u64, end: u64) -> Trouble {
        let start = end - at;
        for mark in [0, 4, 8] {
            let start = start.saturating_sub(mark);
            let begins = arrow_frame::bytes(self.file, start, FILE_MARK.len() as u64, self.footer);
            if start > 0 && end == self.footer && begins.is_ok_and(|begins| begins == FILE_MARK) {
                return Trouble::Bounds(Bounds::Before { what: "Arrow file", at: start });
            }
        }
        Trouble::Damaged(format!("the bytes {at} to {end} are in no record batch that its footer lists"))
    }
}

/// The columns in which no row has anything, as far as the file says.
pub(super) struct EmptyColumns {
    /// Where each one stands among the nodes of a batch, and whether nothing was found there so far.
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

    pub(super) fn has(&self, column: usize) -> bool {
        self.columns.get(column).is_some_and(|(_, is_empty)| *is_empty)
    }
}

/// How many nodes a column of this type has in a batch: its own, and those of what is in it.
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
