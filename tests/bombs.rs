//! What files take in memory that unpack to very much more than they are, through the library's public path: they are refused
//! before there is memory for it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::alloc::System;
use std::io::Write;
use std::sync::Arc;

use arrow_array::types::Float32Type;
use arrow_array::{ArrayRef, ListArray, RecordBatch, StringArray};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
use ossvec::test_support::admit::{Admit, Fields, Rules};
use ossvec::test_support::read::{self, Form};
use ossvec::test_support::record::Input;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Each file unpacks to at least so much.
const UNPACKED: usize = 2 << 30;
/// All that is asked for on the way, what is given back included: a line grows by doubling to the 64 MiB that it may have.
const MOST: usize = 400 << 20;

/// Zeros, packed; one after another they are more zeros.
fn zeros(codec: &str, bytes: usize) -> Vec<u8> {
    let zeros = vec![0; bytes];
    match codec {
        "gz" => {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            writer.write_all(&zeros).unwrap();
            writer.finish().unwrap()
        }
        "zst" => zstd::bulk::compress(&zeros, 19).unwrap(),
        _ => {
            let mut writer = lz4_flex::frame::FrameEncoder::new(Vec::new());
            writer.write_all(&zeros).unwrap();
            writer.finish().unwrap()
        }
    }
}

/// Rows with numbers that hardly pack, so that there is room for something else in the place of their pages.
fn rows() -> RecordBatch {
    let mut random = fastrand::Rng::with_seed(7);
    let number = |index: usize, random: &mut fastrand::Rng| if index < 192 { random.f32() } else { 0.0 };
    let vector = |_| Some((0..256).map(|index| Some(number(index, &mut random))).collect::<Vec<_>>());
    let vectors = ListArray::from_iter_primitive::<Float32Type, _, _>((0..10_000).map(vector));
    let keys = StringArray::from_iter_values((0..10_000).map(|row| format!("k{row}")));
    let columns: [(&str, ArrayRef); 2] = [("id", Arc::new(keys)), ("vector", Arc::new(vectors))];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// A Parquet file whose page of numbers unpacks to zeros without end.
fn parquet(codec: Compression, version: WriterVersion, zeros: &[u8], magic: &[u8]) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_compression(codec)
        .set_writer_version(version)
        .set_dictionary_enabled(false)
        .set_data_page_size_limit(64 << 20)
        .set_data_page_row_count_limit(usize::MAX)
        .build();
    let rows = rows();
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, rows.schema(), Some(properties)).unwrap();
    writer.write(&rows).unwrap();
    let metadata = writer.close().unwrap();
    let column = metadata.row_group(0).column(1);
    let start = usize::try_from(column.data_page_offset()).unwrap();
    let end = start + usize::try_from(column.compressed_size()).unwrap();
    let header = file[start..end].windows(magic.len()).position(|bytes| bytes == magic).unwrap();
    fill(&mut file[start + header..end], zeros);
    file
}

/// Writes the same again and again, as often as there is room for it.
fn fill(room: &mut [u8], with: &[u8]) {
    for piece in room.chunks_exact_mut(with.len()) {
        piece.copy_from_slice(with);
    }
}

/// An Arrow file whose buffer of numbers unpacks to zeros without end.
fn arrow(codec: CompressionType, zeros: &[u8], magic: &[u8]) -> Vec<u8> {
    let rows = rows();
    let options = IpcWriteOptions::default().try_with_compression(Some(codec)).unwrap();
    let mut writer = FileWriter::try_new_with_options(Vec::new(), &rows.schema(), options).unwrap();
    writer.write(&rows).unwrap();
    writer.finish().unwrap();
    let mut file = writer.into_inner().unwrap();
    let found = file.windows(magic.len()).enumerate().filter(|(_, bytes)| *bytes == magic);
    let starts: Vec<_> = found.map(|(at, _)| at).collect();
    let last = *starts.last().unwrap();
    let end = file.len() - 4096;
    fill(&mut file[last..end], zeros);
    file
}

/// Bytes that were asked for while a file is read and judged, and whether it was read to its end.
fn asked(name: &str, content: &[u8]) -> (usize, bool) {
    let path = std::env::temp_dir().join(format!("ossvec-bombs-{}-{name}", std::process::id()));
    std::fs::write(&path, content).unwrap();
    let rules = Rules { largest: 8 << 20, ..Rules::of_no_index() };
    let region = Region::new(COUNTING);
    let mut admit = Admit::new(Fields::new(&[], &[], &[]), rules);
    let is_read = read::open(&[Input::File(path.clone())], &Form::default(), None)
        .unwrap()
        .all(|block| block.map(|block| drop(admit.block(block))).is_ok());
    let asked = region.change().bytes_allocated;
    std::fs::remove_file(path).unwrap();
    (asked, is_read)
}

/// The only test of its program, since the count is of all threads.
#[test]
fn a_file_that_unpacks_to_gigabytes_is_refused_before_there_is_memory_for_it() {
    const PIECE: usize = 16 << 20;
    let gzip_zeros = zeros("gz", PIECE);
    let line = |codec: &str| zeros(codec, PIECE).repeat(UNPACKED / PIECE);
    let gzip = Compression::GZIP(GzipLevel::default());
    let zstd = Compression::ZSTD(ZstdLevel::default());
    let (one, two) = (WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0);
    let gzip_mark = [0x1f, 0x8b, 8];
    let zstd_mark = [0x28, 0xb5, 0x2f, 0xfd];
    let lz4_mark = [0x04, 0x22, 0x4d, 0x18];
    for (name, content) in [
        ("gz.jsonl.gz", gzip_zeros.repeat(UNPACKED / PIECE)),
        ("zst.jsonl.zst", line("zst")),
        ("lz4.jsonl.lz4", line("lz4")),
        ("gz.parquet", parquet(gzip, one, &gzip_zeros, &gzip_mark)),
        ("gz-2.parquet", parquet(gzip, two, &gzip_zeros, &gzip_mark)),
        ("zst.parquet", parquet(zstd, one, &zeros("zst", PIECE), &zstd_mark)),
        ("zst.arrow", arrow(CompressionType::ZSTD, &zeros("zst", PIECE), &zstd_mark)),
        ("lz4.arrow", arrow(CompressionType::LZ4_FRAME, &zeros("lz4", PIECE), &lz4_mark)),
    ] {
        let (asked, is_read) = asked(name, &content);
        assert!(!is_read, "{name}");
        assert!(asked < MOST, "{name}: {asked} bytes of a file of {}", content.len());
    }
}
