//! What the tests of files of columns share: columns of the records that `support` has as lines, and a Python that can
//! write such files too.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use arrow_array::types::{ArrowPrimitiveType, Float32Type, Float64Type};
use arrow_array::{
    Array, ArrayRef, FixedSizeListArray, LargeListArray, ListArray, RecordBatch, StringArray, StructArray,
};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use crate::support::{numbers, run, say};

/// Columns by their names.
pub(crate) fn table(columns: &[(&str, ArrayRef)]) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(
        columns.iter().map(|(name, column)| (*name, Arc::clone(column), true)),
    )
    .unwrap()
}

pub(crate) fn texts(texts: impl IntoIterator<Item = impl ToString>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(texts.into_iter().map(|text| text.to_string())))
}

/// Vectors as lists of any kind of numbers.
pub(crate) fn lists<T: ArrowPrimitiveType>(
    vectors: impl IntoIterator<Item = Option<Vec<Option<T::Native>>>>,
) -> ArrayRef {
    Arc::new(ListArray::from_iter_primitive::<T, _, _>(vectors))
}

/// The same of float32, all there.
pub(crate) fn float32(vectors: impl IntoIterator<Item = Vec<f32>>) -> ArrayRef {
    lists::<Float32Type>(vectors.into_iter().map(|vector| Some(vector.into_iter().map(Some).collect())))
}

/// The same as lists of one size.
pub(crate) fn fixed(vectors: impl IntoIterator<Item = Vec<f32>>, dimension: usize) -> ArrayRef {
    let some = |vector: Vec<f32>| Some(vector.into_iter().map(Some).collect::<Vec<_>>());
    let vectors = vectors.into_iter().map(some);
    let size = i32::try_from(dimension).unwrap();
    Arc::new(FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(vectors, size))
}

/// The same as float64.
pub(crate) fn float64(vectors: impl IntoIterator<Item = Vec<f32>>) -> ArrayRef {
    let wide = |vector: Vec<f32>| Some(vector.into_iter().map(|number| Some(number.into())).collect());
    lists::<Float64Type>(vectors.into_iter().map(wide))
}

/// The kinds of columns that hold vectors.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lists {
    List,
    Large,
    Fixed,
    /// float64, whose numbers are those of float32.
    Double,
}

impl Lists {
    pub(crate) const ALL: [Self; 4] = [Self::List, Self::Large, Self::Fixed, Self::Double];

    /// The vectors of some records of [`numbers`].
    pub(crate) fn of(self, records: impl IntoIterator<Item = usize>, dimension: usize) -> ArrayRef {
        let vectors = records.into_iter().map(|record| numbers(record, dimension));
        let some = |vector: Vec<f32>| Some(vector.into_iter().map(Some).collect::<Vec<_>>());
        match self {
            Self::List => float32(vectors),
            Self::Large => {
                Arc::new(LargeListArray::from_iter_primitive::<Float32Type, _, _>(vectors.map(some)))
            }
            Self::Fixed => fixed(vectors, dimension),
            Self::Double => float64(vectors),
        }
    }
}

/// The records that `support::lines` has, in columns.
pub(crate) fn records(
    records: impl IntoIterator<Item = usize> + Clone,
    dimension: usize,
    lists: Lists,
) -> RecordBatch {
    let n = texts(records.clone());
    let field =
        |name, array: &ArrayRef| Arc::new(arrow_schema::Field::new(name, array.data_type().clone(), true));
    let metadata = StructArray::from(vec![(field("n", &n), n)]);
    table(&[
        ("key", texts(records.clone().into_iter().map(|record| format!("key-{record}")))),
        ("embedding", lists.of(records, dimension)),
        ("metadata", Arc::new(metadata)),
    ])
}

/// A Parquet file of a table.
pub(crate) fn parquet(table: &RecordBatch, properties: WriterProperties) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, table.schema(), Some(properties)).unwrap();
    writer.write(table).unwrap();
    writer.close().unwrap();
    file
}

/// The same with row groups of so many rows.
pub(crate) fn parquet_of_groups(table: &RecordBatch, rows: usize) -> Vec<u8> {
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(rows));
    parquet(table, properties.build())
}

/// An Arrow file or stream of a table in batches of so many rows.
pub(crate) fn arrow(
    table: &RecordBatch,
    rows: usize,
    is_stream: bool,
    codec: Option<CompressionType>,
) -> Vec<u8> {
    let mut file = Vec::new();
    let options = IpcWriteOptions::default().try_with_compression(codec).unwrap();
    let starts = (0..table.num_rows()).step_by(rows);
    let batches = starts.map(|start| table.slice(start, rows.min(table.num_rows() - start)));
    if is_stream {
        let mut writer = StreamWriter::try_new_with_options(&mut file, &table.schema(), options).unwrap();
        batches.for_each(|batch| writer.write(&batch).unwrap());
        writer.finish().unwrap();
    } else {
        let mut writer = FileWriter::try_new_with_options(&mut file, &table.schema(), options).unwrap();
        batches.for_each(|batch| writer.write(&batch).unwrap());
        writer.finish().unwrap();
    }
    file
}

/// The packages that write such files for most people.
const PACKAGES: [&str; 4] = ["numpy==2.4.6", "pandas==3.1.1", "pyarrow==26.0.1", "datasets==5.2.0"];

/// A Python that has them; made once and kept with the other build products. None where there is no Python 3 with pip:
/// then the tests that need it are left out, but never in CI.
pub(crate) fn python() -> Option<&'static Path> {
    static PYTHON: OnceLock<Option<PathBuf>> = OnceLock::new();
    PYTHON.get_or_init(make_python).as_deref()
}

fn make_python() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("columns-python");
    let python = folder.join("bin/python");
    let works = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
    let checks = PACKAGES.map(|package| {
        let (name, version) = package.split_once("==").unwrap();
        format!("from importlib.metadata import version; assert version('{name}') == '{version}'")
    });
    if works(Command::new(&python).args(["-c", &checks.join("\n")])) {
        return Some(python);
    }
    if !works(Command::new("python3").args(["-c", "import venv, ensurepip"])) {
        assert!(std::env::var_os("CI").is_none(), "CI must have Python 3 with venv and pip");
        say("SKIPPED: the tests with pyarrow and numpy, because there is no Python 3 with venv and pip here");
        return None;
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder)).assert_code(0);
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    run(Command::new(&python).args(pip).args(PACKAGES)).assert_code(0);
    Some(python)
}
