//! The same vectors in every form that is read: a row of [`all`] is a file and what the command line says about it. A new
//! format gets a row here.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow_array::types::Float32Type;
use arrow_array::{ArrayRef, BinaryArray, LargeListArray, RecordBatch, StructArray};
use arrow_ipc::CompressionType;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde_json::{Value, json};

use crate::array_files::npy;
use crate::column_files::{arrow, fixed, float32, float64, parquet, table, texts};
use crate::support::{State, bzip2, gzip, lz4, xz, zstd};

/// How many numbers each vector has.
const DIMENSION: usize = 8;

/// Rows of a row group or a record batch, so that there are several, none of them a multiple of a batch.
const GROUP: usize = 1_700;

/// A vector with its key and metadata.
pub(crate) struct Sample {
    key: String,
    vector: Vec<f32>,
    title: String,
    number: String,
}

/// Any samples: numbers of every size, and text that is awkward somewhere.
pub(crate) fn samples(count: usize, seed: u64) -> Vec<Sample> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..count).map(|number| Sample::any(&mut random, number)).collect()
}

impl Sample {
    fn any(random: &mut fastrand::Rng, number: usize) -> Self {
        const TITLES: [&str; 8] =
            ["plain", "苹果手机", "a \"quoted\" word", "one, two; three", "tab\there", "é", "[1, 2]", "'"];
        let number_of = |random: &mut fastrand::Rng| match random.u8(0..4) {
            // Every finite float32 has its turn, the smallest and the largest among them.
            0 => f32::from_bits(random.u32(0..0x7f80_0000) | random.u32(0..2) << 31),
            _ => random.f32() * 2.0 - 1.0,
        };
        Self {
            // A number to those who take it for one.
            key: format!("{number:07}"),
            vector: (0..DIMENSION).map(|_| number_of(random)).collect(),
            title: TITLES[random.usize(0..TITLES.len())].to_owned(),
            number: random.u32(..).to_string(),
        }
    }

    fn metadata(&self) -> Value {
        json!({ "title": self.title, "number": self.number })
    }

    /// The vector in the shortest text of each number.
    fn numbers(&self) -> String {
        let numbers: Vec<_> = self.vector.iter().map(|number| format!("{number:?}")).collect();
        format!("[{}]", numbers.join(","))
    }

    /// As numpy prints it: without the zeros behind a point, over several lines.
    fn numpy(&self) -> String {
        let short = |number: &f32| {
            let text = format!("{number:?}");
            text.strip_suffix(".0").map_or_else(|| text.clone(), |whole| format!("{whole}."))
        };
        let lines = self.vector.chunks(3).map(|part| part.iter().map(short).collect::<Vec<_>>().join(" "));
        let lines: Vec<_> = lines.collect();
        format!("[ {}]", lines.join("\n  "))
    }

    /// The record as it goes over the wire.
    fn line(&self) -> String {
        let (key, numbers, metadata) = (json!(self.key), self.numbers(), self.metadata());
        format!("{{\"key\":{key},\"data\":{{\"float32\":{numbers}}},\"metadata\":{metadata}}}")
    }

    /// The record as Python's json writes it, each float32 as the double that it is.
    fn value(&self) -> Value {
        json!({ "id": self.key, "embedding": self.vector, "metadata": self.metadata() })
    }
}

/// What is to be stored of them.
pub(crate) fn state(samples: &[Sample]) -> State {
    let bits = |sample: &Sample| sample.vector.iter().map(|number| number.to_bits()).collect();
    samples.iter().map(|sample| (sample.key.clone(), (bits(sample), sample.metadata()))).collect()
}

/// A form: the input's name, which says what it is, the rest of the command line, and the input itself.
pub(crate) struct Form {
    pub(crate) name: &'static str,
    pub(crate) options: &'static str,
    pub(crate) content: Vec<u8>,
}

fn form(name: &'static str, options: &'static str, content: impl Into<Vec<u8>>) -> Form {
    Form { name, options, content: content.into() }
}

/// What stands beside arrays, for the options of the forms that need it.
pub(crate) fn companions(samples: &[Sample]) -> [(&'static str, Vec<u8>); 3] {
    let keys: String = samples.iter().map(|sample| sample.key.clone() + "\n").collect();
    let lines: String = samples.iter().map(|sample| sample.metadata().to_string() + "\n").collect();
    let metadata = [("title", column(samples, |it| &it.title)), ("number", column(samples, |it| &it.number))];
    let metadata = parquet(&table(&metadata), WriterProperties::default());
    [("keys.txt", keys.into()), ("metadata.jsonl", lines.into()), ("metadata.parquet", metadata)]
}

/// For vectors without keys and metadata.
const BESIDE: &str = "--keys-from keys.txt --metadata-from metadata.jsonl";
/// For tables.
const LOOSE: &str = "--metadata title,number";

/// All forms of these samples.
pub(crate) fn all(samples: &[Sample]) -> Vec<Form> {
    [json_forms(samples), tables(samples), packed(samples), columns(samples), arrays(samples)]
        .into_iter()
        .flatten()
        .collect()
}

fn json_forms(samples: &[Sample]) -> Vec<Form> {
    let values: Vec<Value> = samples.iter().map(Sample::value).collect();
    let pretty = values.iter().map(|value| format!("{value:#}")).collect::<Vec<_>>().concat();
    let bom = format!("\u{feff}{}", lines(samples).replace('\n', "\r\n"));
    let pages: String =
        values.chunks(999).map(|page| json!({ "count": page.len(), "vectors": page }).to_string()).collect();
    let nested = json!({ "result": { "points": values }, "status": "ok" });
    let quoted = samples.iter().map(|it| {
        json!({ "_id": it.key, "emb": it.numbers(), "payload": it.metadata().to_string() }).to_string() + "\n"
    });
    vec![
        form("lines.jsonl", "", lines(samples)),
        form("array.json", "", json!(values).to_string()),
        form("array-pretty.json", "", format!("{:#}", json!(values))),
        form("concatenated.json", "", pretty),
        form("mark-and-crlf.jsonl", "", bom),
        form("pages.json", "", pages),
        form("wrapper.json", "", nested.to_string()),
        form("json-in-json.jsonl", "", quoted.collect::<String>()),
        form("utf-16.jsonl", "", utf16(&lines(samples))),
        form("gb18030.jsonl", "--encoding gb18030", gb18030(&lines(samples))),
    ]
}

fn tables(samples: &[Sample]) -> Vec<Form> {
    let plain = |delimiter| rows(samples, delimiter, Sample::numbers);
    let torch = |sample: &Sample| format!("tensor({}, device='cuda:0')", sample.numbers().replace(',', ", "));
    let postgres = |sample: &Sample| sample.numbers().replace('[', "{").replace(']', "}");
    let bare = |sample: &Sample| sample.numbers().trim_matches(['[', ']']).replace(',', "|");
    vec![
        form("commas.csv", LOOSE, plain(',')),
        form("tabs.tsv", LOOSE, plain('\t')),
        form("semicolons.csv", LOOSE, plain(';')),
        form("numpy-cells.csv", LOOSE, rows(samples, ',', Sample::numpy)),
        form("torch-cells.csv", LOOSE, rows(samples, ',', torch)),
        form("postgres-cells.csv", LOOSE, rows(samples, ',', postgres)),
        form("separated-cells.tsv", LOOSE, rows(samples, '\t', bare)),
        form("gb18030.csv", "--metadata title,number --encoding gb18030", gb18030(&plain(','))),
        form("utf-16.csv", LOOSE, utf16(&plain(';'))),
    ]
}

fn packed(samples: &[Sample]) -> Vec<Form> {
    let text = lines(samples);
    let halves = text.split_at(text.len() / 2);
    let [first, second] = [halves.0, halves.1].map(|half| gzip(half.as_bytes()));
    vec![
        form("gzip.jsonl.gz", "", gzip(text.as_bytes())),
        form("two-members.jsonl.gz", "", [first, second].concat()),
        form("zstd.jsonl.zst", "", zstd(text.as_bytes())),
        form("bzip2.jsonl.bz2", "", bzip2(text.as_bytes())),
        form("xz.jsonl.xz", "", xz(text.as_bytes())),
        form("lz4.jsonl.lz4", "", lz4(text.as_bytes())),
        form("twice.jsonl.gz.zst", "", zstd(&gzip(text.as_bytes()))),
        form("table.csv.gz", LOOSE, gzip(rows(samples, ',', Sample::numpy).as_bytes())),
    ]
}

fn columns(samples: &[Sample]) -> Vec<Form> {
    let vectors = || samples.iter().map(|sample| sample.vector.clone());
    let large = vectors().map(|vector| Some(vector.into_iter().map(Some)));
    let large = Arc::new(LargeListArray::from_iter_primitive::<Float32Type, _, _>(large));
    let bytes = |vector: &Vec<f32>| vector.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>();
    let bytes = Arc::new(BinaryArray::from_iter_values(samples.iter().map(|sample| bytes(&sample.vector))));
    let list = with_vectors(samples, float32(vectors()));
    let fixed = with_vectors(samples, fixed(vectors(), DIMENSION));
    let double = with_vectors(samples, float64(vectors()));
    let cells = with_vectors(samples, texts(samples.iter().map(Sample::numbers)));
    let zstd = Compression::ZSTD(ZstdLevel::default());
    let packed = |codec| WriterProperties::builder().set_compression(codec);
    let groups = |codec| packed(codec).set_max_row_group_row_count(Some(GROUP)).build();
    let pages =
        packed(Compression::SNAPPY).set_data_page_row_count_limit(300).set_write_batch_size(100).build();
    let lz4 = Some(CompressionType::LZ4_FRAME);
    vec![
        form("list.parquet", "", parquet(&list, groups(Compression::SNAPPY))),
        form("one-group.parquet", "", parquet(&list, pages)),
        form("large-list.parquet", "", parquet(&with_vectors(samples, large), groups(Compression::LZ4_RAW))),
        form("fixed-size-list.parquet", "", parquet(&fixed, groups(zstd))),
        form("float64.parquet", "", parquet(&double, groups(Compression::UNCOMPRESSED))),
        form("binary.parquet", "--vector vector", parquet(&with_vectors(samples, bytes), groups(zstd))),
        form("text-cells.parquet", "", parquet(&cells, groups(zstd))),
        form("pinecone.parquet", "", parquet(&pinecone(samples), groups(Compression::SNAPPY))),
        form("file.arrow", "", arrow(&list, GROUP, false, None)),
        form("stream.arrow", "", arrow(&fixed, GROUP, true, Some(CompressionType::ZSTD))),
        form("feather.feather", "", arrow(&fixed, GROUP, false, lz4)),
    ]
}

fn arrays(samples: &[Sample]) -> Vec<Form> {
    let shape = format!("({}, {DIMENSION})", samples.len());
    let numbers = || samples.iter().flat_map(|sample| sample.vector.iter().copied());
    let little: Vec<u8> = numbers().flat_map(f32::to_le_bytes).collect();
    let big: Vec<u8> = numbers().flat_map(f32::to_be_bytes).collect();
    let double: Vec<u8> = numbers().flat_map(|number| f64::from(number).to_le_bytes()).collect();
    let wide = |sample: &Sample| {
        sample.key.chars().flat_map(|each| u32::from(each).to_le_bytes()).collect::<Vec<_>>()
    };
    let keys =
        npy("<U7", &format!("({},)", samples.len()), &samples.iter().flat_map(wide).collect::<Vec<_>>());
    let vectors = npy("<f4", &shape, &little);
    let archive = |is_deflated| zip(&[("ids.npy", &keys), ("embeddings.npy", &vectors)], is_deflated);
    let four = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
    let led = little.chunks(4 * DIMENSION).flat_map(|vector| [&four(DIMENSION)[..], vector].concat());
    let counted = [&four(samples.len())[..], &four(DIMENSION), &little].concat();
    vec![
        form("vectors.npy", BESIDE, vectors.clone()),
        form(
            "big-endian.npy",
            "--keys-from keys.txt --metadata-from metadata.parquet",
            npy(">f4", &shape, &big),
        ),
        form("float64.npy", BESIDE, npy("<f8", &shape, &double)),
        form("stored.npz", "--metadata-from metadata.jsonl", archive(false)),
        form("deflated.npz", "--metadata-from metadata.jsonl", archive(true)),
        form("vectors.fvecs", BESIDE, led.collect::<Vec<_>>()),
        form("vectors.fbin", BESIDE, counted),
        form("vectors.f32", "--dimension 8 --keys-from keys.txt --metadata-from metadata.jsonl", little),
    ]
}

fn lines(samples: &[Sample]) -> String {
    samples.iter().map(|sample| sample.line() + "\n").collect()
}

/// A table of which every cell is quoted.
fn rows(samples: &[Sample], delimiter: char, cell: impl Fn(&Sample) -> String) -> String {
    let mut text = format!("id{delimiter}title{delimiter}embedding{delimiter}number\n");
    for sample in samples {
        let cells = [&sample.key, &sample.title, &cell(sample), &sample.number];
        let cells = cells.map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
        writeln!(text, "{}", cells.join(&delimiter.to_string())).unwrap();
    }
    text
}

fn utf16(text: &str) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

fn gb18030(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

fn column(samples: &[Sample], text: fn(&Sample) -> &String) -> ArrayRef {
    texts(samples.iter().map(text))
}

/// Columns with the vectors as any kind of values.
fn with_vectors(samples: &[Sample], vectors: ArrayRef) -> RecordBatch {
    let members = [("title", column(samples, |it| &it.title)), ("number", column(samples, |it| &it.number))];
    let member = |(name, array): (&str, ArrayRef)| {
        (Arc::new(arrow_schema::Field::new(name, array.data_type().clone(), true)), array)
    };
    let metadata = Arc::new(StructArray::from(members.map(member).to_vec()));
    table(&[("id", column(samples, |it| &it.key)), ("metadata", metadata), ("vector", vectors)])
}

fn pinecone(samples: &[Sample]) -> RecordBatch {
    table(&[
        ("id", column(samples, |it| &it.key)),
        ("values", float32(samples.iter().map(|sample| sample.vector.clone()))),
        ("metadata", texts(samples.iter().map(Sample::metadata))),
    ])
}

/// A ZIP archive as numpy writes it.
pub(crate) fn zip(entries: &[(&str, &[u8])], is_deflated: bool) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    let two = |number: usize| u16::try_from(number).unwrap().to_le_bytes();
    let four = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
    for (name, content) in entries {
        let packed = if is_deflated { deflated(content) } else { content.to_vec() };
        let mut sum = flate2::Crc::new();
        sum.update(content);
        let method = two(if is_deflated { 8 } else { 0 });
        let sizes = [sum.sum().to_le_bytes(), four(packed.len()), four(content.len())].concat();
        let entry = [&[20, 0, 0, 0], &method[..], &[0; 4], &sizes, &two(name.len()), &[0; 2]].concat();
        let start = four(archive.len());
        archive.extend([b"PK\x03\x04", &entry[..], name.as_bytes(), &packed].concat());
        let more = [&[0; 10], &start[..], name.as_bytes()].concat();
        directory.extend([b"PK\x01\x02\x14\0", &entry[..], &more].concat());
    }
    let (count, start) = (two(entries.len()), four(archive.len()));
    let end = [b"PK\x05\x06\0\0\0\0", &count[..], &count, &four(directory.len()), &start, &[0; 2]].concat();
    [archive, directory, end].concat()
}

fn deflated(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, content).unwrap();
    encoder.finish().unwrap()
}
