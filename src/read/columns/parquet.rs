//! Parquet: row groups whose needed columns are decoded page by page.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::arrow::{ARROW_SCHEMA_META_KEY, ProjectionMask};
use parquet::basic::Type;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};

use super::alike::alike;
use super::meaning::with_meaning;
use super::pages;
use super::plan::Plan;
use super::slice::{SLICE_BYTES, SLICE_ROWS, Slice};
use super::source::{Decoded, Source, Trouble, check_rows, tail};
use super::structures;
use super::wanted::Wanted;
use crate::read::bounds::Bounds;

const ENCRYPTED: Trouble =
    Trouble::Unsupported("an encrypted Parquet file", "write it again without encryption");

/// What a file begins with, and ends with.
const MARK: [u8; 4] = *b"PAR1";

/// A Parquet file.
pub(super) struct ParquetFile {
    file: File,
    metadata: ArrowReaderMetadata,
    plan: Arc<Plan>,
    projection: ProjectionMask,
    slice_rows: usize,
    rows: u64,
    /// The current row group.
    group: usize,
    /// How many of its rows are left.
    left: u64,
    /// Its reader, once reading has begun.
    reader: Option<ParquetRecordBatchReader>,
}

impl ParquetFile {
    pub(super) fn open(mut file: File, wanted: &Wanted) -> Result<Self, Trouble> {
        let footer = check_footer(&mut file)?;
        // Arrow's notes about its own types are not needed: any kind of list will do.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = ArrowReaderMetadata::load(&file, options).map_err(of_footer)?;
        check_start(&mut file, footer, metadata.metadata())?;
        let fields = with_meaning(metadata.schema().fields(), embedded(metadata.metadata()));
        let fields = alike(&fields, wanted);
        let mut plan = Plan::new(&fields, wanted);
        let is_null = |column: usize| fields.get(column).is_some_and(|field| field.data_type().is_null());
        plan.leave_out(|column| is_null(column) || is_empty(&metadata, column));
        let plan = Arc::new(plan);
        let projection = ProjectionMask::roots(metadata.parquet_schema(), plan.read());
        let groups = metadata.metadata().row_groups();
        let rows = groups.iter().map(group_rows).fold(0, u64::saturating_add);
        let said = metadata.metadata().file_metadata().num_rows();
        if u64::try_from(said) != Ok(rows) {
            return Err(damaged(&format!("its footer says {said} rows, its row groups {rows}")));
        }
        let kinds = plan.read().filter_map(|column| fields.get(column));
        let bytes = file.metadata()?.len();
        check_rows(rows, bytes, kinds.map(|field| field.data_type().clone()))?;
        let widest = groups.iter().map(|group| bytes_per_row(group, &projection)).max().unwrap_or(1);
        let slice_rows = usize::try_from((SLICE_BYTES / widest.max(1)).clamp(1, SLICE_ROWS)).unwrap_or(1);
        Ok(Self { file, metadata, plan, projection, slice_rows, rows, group: 0, left: 0, reader: None })
    }

    /// Begins the current row group at one of its rows. Each group has its own reader, so that damage in one does not
    /// lose rows of the one before.
    fn begin(&self, row: u64) -> Result<ParquetRecordBatchReader, Trouble> {
        let row = usize::try_from(row).map_err(|_| damaged("it has too many rows"))?;
        let mut file = self.file.try_clone()?;
        let columns = self.metadata.metadata().row_group(self.group).columns().iter().enumerate();
        for (_, column) in columns.filter(|(index, _)| self.projection.leaf_included(*index)) {
            pages::check(&mut file, column)?;
        }
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
            .with_projection(self.projection.clone())
            .with_batch_size(self.slice_rows)
            .with_row_groups(vec![self.group]);
        let builder = if row > 0 { builder.with_offset(row) } else { builder };
        builder.build().map_err(trouble)
    }
}

impl Source for ParquetFile {
    fn rows(&self) -> u64 {
        self.rows
    }

    fn told(&self) -> &str {
        &self.plan.told
    }

    fn go_to(&mut self, row: u64) -> Result<(), Trouble> {
        let mut before = 0;
        self.group = 0;
        for group in self.metadata.metadata().row_groups() {
            if group_rows(group) > row - before {
                self.left = group_rows(group) - (row - before);
                break;
            }
            before += group_rows(group);
            self.group += 1;
        }
        self.reader = if row > before { Some(self.begin(row - before)?) } else { None };
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Decoded>, Trouble> {
        while let Some(group) = self.metadata.metadata().row_groups().get(self.group) {
            let mut reader = if let Some(reader) = self.reader.take() {
                reader
            } else {
                self.left = group_rows(group);
                self.begin(0)?
            };
            let Some(batch) = reader.next() else {
                if self.left > 0 {
                    return Err(damaged(&format!("row group {} lacks {} rows", self.group + 1, self.left)));
                }
                self.group += 1;
                continue;
            };
            let batch = batch.map_err(|error| damaged(&error.to_string()))?;
            self.reader = Some(reader);
            let rows = batch.num_rows();
            // Otherwise rows of later groups would get other numbers.
            let Some(left) = self.left.checked_sub(rows as u64) else {
                return Err(damaged(&format!("row group {} has more rows than it says", self.group + 1)));
            };
            self.left = left;
            let slice = Slice::new(Arc::clone(&self.plan), batch.columns().to_vec(), rows);
            return Ok(Some((Arc::new(slice), rows)));
        }
        Ok(None)
    }
}

/// Refuses a footer that is not whole, through which the decoder can count for hours. Gives the place where it begins.
fn check_footer(file: &mut File) -> Result<u64, Trouble> {
    /// The size of the footer's length and the mark at the end of a Parquet file.
    const TAIL: i64 = 8;
    let Some([length @ .., a, b, c, d]) = tail::<8>(file)? else { return Err(Trouble::Torn) };
    match &[a, b, c, d] {
        &MARK => {}
        b"PARE" => return Err(ENCRYPTED),
        _ => return Err(Trouble::Torn),
    }
    let length = u32::from_le_bytes(length);
    let from_end = i64::from(length) + TAIL;
    let start = file.metadata()?.len().checked_sub(from_end.unsigned_abs());
    let start = start.ok_or_else(|| damaged("its footer would be longer than the file"))?;
    file.seek(SeekFrom::Start(start))?;
    let mut footer = Vec::new();
    file.take(u64::from(length)).read_to_end(&mut footer)?;
    structures::check_footer(&footer).map_err(|_| damaged("its footer is not whole"))?;
    Ok(start)
}

/// Refuses a file with another one before it, whose bytes stand where its footer says that its own are. A file ends with
/// what its footer lists, and then the footer follows; what is between them is as long as what is before the file.
fn check_start(file: &mut File, footer: u64, metadata: &ParquetMetaData) -> Result<(), Trouble> {
    let stretch = |start: Option<i64>, length: Option<i64>| {
        let [start, length] = [start, length].map(|number| u64::try_from(number.unwrap_or(0)).unwrap_or(0));
        start.saturating_add(length)
    };
    let chunks = metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
    let end = chunks.flat_map(|chunk| {
        let first = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
        [
            stretch(Some(first), Some(chunk.compressed_size())),
            stretch(chunk.column_index_offset(), chunk.column_index_length().map(i64::from)),
            stretch(chunk.offset_index_offset(), chunk.offset_index_length().map(i64::from)),
            stretch(chunk.bloom_filter_offset(), chunk.bloom_filter_length().map(i64::from)),
        ]
    });
    let end = end.max().unwrap_or(0).max(MARK.len() as u64);
    let Some(at) = footer.checked_sub(end).filter(|between| *between > 0) else { return Ok(()) };
    let mut begins = [0; MARK.len()];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut begins)?;
    if begins == MARK {
        return Err(Trouble::Bounds(Bounds::Before { what: "Parquet file", at }));
    }
    Ok(())
}

/// The schema that writers of Arrow leave in a file.
fn embedded(metadata: &ParquetMetaData) -> Option<&str> {
    let mut pairs = metadata.file_metadata().key_value_metadata().into_iter().flatten();
    pairs.find(|pair| pair.key == ARROW_SCHEMA_META_KEY)?.value.as_deref()
}

fn group_rows(group: &RowGroupMetaData) -> u64 {
    u64::try_from(group.num_rows()).unwrap_or_default()
}

/// Whether a column has no value in any row, according to the file.
fn is_empty(metadata: &ArrowReaderMetadata, column: usize) -> bool {
    let schema = metadata.parquet_schema();
    let leaves = (0..schema.num_columns()).filter(|leaf| schema.get_column_root_idx(*leaf) == column);
    let mut chunks = leaves.flat_map(|leaf| {
        metadata.metadata().row_groups().iter().filter_map(move |group| group.columns().get(leaf))
    });
    chunks.all(|chunk| {
        let nulls = chunk.statistics().and_then(parquet::file::statistics::Statistics::null_count_opt);
        nulls.is_some() && nulls == u64::try_from(chunk.num_values()).ok()
    })
}

/// Approximately how many bytes a row of the needed columns takes when decoded. Repeated values are stored once, so
/// this depends on their number as well as on their size.
fn bytes_per_row(group: &RowGroupMetaData, projection: &ProjectionMask) -> u64 {
    let columns = group.columns().iter().enumerate();
    let bytes = columns.filter(|(index, _)| projection.leaf_included(*index)).map(|(_, column)| {
        let width = match column.column_type() {
            Type::BOOLEAN => 1,
            Type::INT32 | Type::FLOAT => 4,
            Type::INT64 | Type::DOUBLE => 8,
            Type::INT96 => 12,
            Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY => 16,
        };
        let packed = u64::try_from(column.uncompressed_size()).unwrap_or_default();
        u64::try_from(column.num_values()).unwrap_or_default().saturating_mul(width).max(packed)
    });
    bytes.fold(0, u64::saturating_add) / group_rows(group).max(1)
}

/// Why a footer cannot be read. That of an encrypted file may be plain text, and says so.
fn of_footer(error: ParquetError) -> Trouble {
    if error.to_string().contains("encrypt") { ENCRYPTED } else { trouble(error) }
}

fn trouble(error: ParquetError) -> Trouble {
    match error {
        ParquetError::External(cause) => match cause.downcast::<std::io::Error>() {
            Ok(cause) => Trouble::Io(*cause),
            Err(cause) => damaged(&cause.to_string()),
        },
        error => damaged(&error.to_string()),
    }
}

/// A file that its decoder does not understand, in the decoder's words.
fn damaged(cause: &str) -> Trouble {
    let mut cause = cause;
    while let Some((_, rest)) = ["Parquet argument error: ", "Parquet error: ", "External: "]
        .iter()
        .find_map(|prefix| cause.strip_prefix(prefix).map(|rest| (prefix, rest)))
    {
        cause = rest;
    }
    Trouble::Damaged(cause.to_owned())
}
