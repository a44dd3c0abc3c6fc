//! The pages of a column in a Parquet file: checks their claimed sizes before a decoder allocates memory for them.
//!
//! A page is decoded whole, and some codecs decompress it to whatever its bytes contain. Its header begins with its
//! sizes; it is parsed here as far as needed to find the next page.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use flate2::read::MultiGzDecoder;
use lz4_flex::frame::FrameDecoder;
use parquet::basic::Compression;
use parquet::file::metadata::ColumnChunkMetaData;

use super::source::Trouble;
use super::structures::{self, Header};
use super::thrift::Unfit;

/// Maximum size of a page. Writers make pages of about 1 MiB.
const PAGE_BYTES: u64 = 256 << 20;

const LARGE: Trouble = Trouble::Unsupported(
    "a Parquet file with pages of more than 256 MiB",
    "write smaller pages, with pyarrow: write_table(table, PATH, data_page_size=1 << 20)",
);

/// The size of a header with large statistics; most have a few dozen bytes.
const HEADER_BYTES: usize = 1 << 20;
/// How much of a header is read at first.
const HEADER_BYTES_AT_FIRST: usize = 512;

/// Refuses a column with a page that is too large or has an invalid header.
pub(super) fn check(file: &mut File, column: &ColumnChunkMetaData) -> Result<(), Trouble> {
    let offset = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
    let (Ok(start), Ok(length)) = (u64::try_from(offset), u64::try_from(column.compressed_size())) else {
        return Ok(());
    };
    let (mut at, end) = (start, start.saturating_add(length));
    while at < end {
        let header = read(file, at)?;
        let header = header.map_err(|_| Trouble::Damaged("the header of a page is not whole".to_owned()))?;
        if header.unpacked.max(header.packed) > PAGE_BYTES {
            return Err(LARGE);
        }
        if may_exceed(column.compression(), &header) && exceeds(file, at, column.compression(), &header)? {
            return Err(Trouble::Damaged("a page unpacks to more bytes than it says".to_owned()));
        }
        at = at.saturating_add(header.length as u64).saturating_add(header.packed);
    }
    Ok(())
}

/// Whether a page can decompress to much more than its header says. The decoders of the other codecs stop at that size,
/// and if even the maximum expansion is within the limit, it does not matter.
fn may_exceed(codec: Compression, header: &Header) -> bool {
    let most_of_one = match codec {
        Compression::GZIP(_) => 1032,
        Compression::LZ4 => 255,
        // A few bytes can expand to any number.
        Compression::BROTLI(_) => u64::MAX,
        _ => return false,
    };
    header.packed.saturating_mul(most_of_one) > PAGE_BYTES
}

/// Whether the page with the header at this offset decompresses to more than the header says. Leaves pages that cannot
/// be decompressed to the decoder.
fn exceeds(file: &mut File, at: u64, codec: Compression, header: &Header) -> io::Result<bool> {
    let start = at.saturating_add(header.length as u64).saturating_add(header.levels);
    file.seek(SeekFrom::Start(start))?;
    let packed = BufReader::new(file.take(header.packed.saturating_sub(header.levels)));
    let most = header.unpacked.saturating_sub(header.levels);
    let unpacked = |reader: &mut dyn Read| io::copy(&mut reader.take(most + 1), &mut io::sink());
    let unpacked = match codec {
        Compression::GZIP(_) => unpacked(&mut MultiGzDecoder::new(packed)),
        Compression::BROTLI(_) => unpacked(&mut brotli::Decompressor::new(packed, 64 << 10)),
        _ => unpacked(&mut FrameDecoder::new(packed)),
    };
    Ok(unpacked.is_ok_and(|unpacked| unpacked > most))
}

fn read(file: &mut File, at: u64) -> io::Result<Result<Header, Unfit>> {
    let mut most = HEADER_BYTES_AT_FIRST;
    loop {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(at))?;
        file.take(most as u64).read_to_end(&mut bytes)?;
        let header = structures::header(&bytes);
        if header.is_ok() || bytes.len() < most || most >= HEADER_BYTES {
            return Ok(header);
        }
        most = HEADER_BYTES;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Arc;

    use arrow_array::{ArrayRef, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
    use parquet::basic::{BrotliLevel, GzipLevel};
    use parquet::file::properties::{WriterProperties, WriterVersion};

    use super::*;
    use crate::testing::Directory;

    /// A file with many pages of every kind.
    fn written(version: WriterVersion) -> Vec<u8> {
        let texts = StringArray::from_iter_values((0..2_000).map(|number| format!("text {}", number % 700)));
        let column: ArrayRef = Arc::new(texts);
        let batch = RecordBatch::try_from_iter([("text", column)]).unwrap();
        let properties =
            WriterProperties::builder().set_writer_version(version).set_data_page_row_count_limit(100);
        let properties = properties.set_write_batch_size(50).set_compression(Compression::SNAPPY).build();
        let mut file = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        file
    }

    fn column(file: &File) -> ColumnChunkMetaData {
        let metadata = ArrowReaderMetadata::load(file, ArrowReaderOptions::new()).unwrap();
        metadata.metadata().row_group(0).column(0).clone()
    }

    #[test]
    fn all_pages_of_a_column_are_found_and_one_that_is_too_large_is_refused() {
        let directory = Directory::new();
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let content = written(version);
            let mut file = File::open(directory.write("a.parquet", &content)).unwrap();
            let column = column(&file);
            let offset = column.dictionary_page_offset().unwrap();
            let end = u64::try_from(offset + column.compressed_size()).unwrap();
            let (mut at, mut last, mut pages) = (u64::try_from(offset).unwrap(), 0, 0);
            while at < end {
                let header = read(&mut file, at).unwrap().unwrap();
                (last, pages) = (at, pages + 1);
                at += header.length as u64 + header.packed;
            }
            assert_eq!(at, end);
            assert!(pages > 20, "{pages}");
            check(&mut file, &column).unwrap();
            // Make the last page claim to decompress to 2 GiB: its sizes are the second and the third field.
            let mut large = content.clone();
            let last = usize::try_from(last).unwrap();
            assert_eq!((large[last], large[last + 2], large[last + 5]), (0x15, 0x15, 0x15));
            large.splice(last + 3..last + 5, [0xfe, 0xff, 0xff, 0xff, 0x0f]);
            let mut file = File::open(directory.write("a.parquet", &large)).unwrap();
            assert!(
                matches!(check(&mut file, &column), Err(Trouble::Unsupported(what, _)) if what.contains("256 MiB"))
            );
        }
    }

    #[test]
    fn a_page_that_unpacks_to_more_than_it_says_is_found_whatever_its_codec() {
        let directory = Directory::new();
        let zeros = vec![0; 100_000];
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&zeros).unwrap();
        let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
        lz4.write_all(&zeros).unwrap();
        let mut brotli = Vec::new();
        brotli::CompressorWriter::new(&mut brotli, 4096, 5, 22).write_all(&zeros).unwrap();
        for (codec, packed) in [
            (Compression::GZIP(GzipLevel::default()), gzip.finish().unwrap()),
            (Compression::LZ4, lz4.finish().unwrap()),
            (Compression::BROTLI(BrotliLevel::default()), brotli),
        ] {
            for levels in [0, 7] {
                let page = [&vec![b'x'; 3 + levels], packed.as_slice(), b"more"].concat();
                let mut file = File::open(directory.write("a", &page)).unwrap();
                let of = |unpacked: usize| Header {
                    unpacked: (unpacked + levels) as u64,
                    packed: (packed.len() + levels) as u64,
                    levels: levels as u64,
                    length: 3,
                };
                assert!(!exceeds(&mut file, 0, codec, &of(zeros.len())).unwrap(), "{codec}");
                assert!(exceeds(&mut file, 0, codec, &of(zeros.len() - 1)).unwrap(), "{codec}");
                assert!(exceeds(&mut file, 0, codec, &of(0)).unwrap(), "{codec}");
            }
        }
    }
}
