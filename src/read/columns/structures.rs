//! The structures of a Parquet file that describe its content, as `parquet.thrift` of the specification defines them:
//! the footer and the page headers.
//!
//! The decoder trusts the type of each known field and skips unknown ones by what they claim. Where these do not agree,
//! it can count through billions of elements that are not there, so both are checked first.

use super::thrift::Kind::{Binary, Boolean, Byte, Double, Integer, List, Structure};
use super::thrift::{Fields, Kind, Rest, STRUCTURE, Unfit};

const FILE: Fields = &[
    (1, Integer),
    (2, List(&Structure(SCHEMA_ELEMENT))),
    (3, Integer),
    (4, List(&Structure(ROW_GROUP))),
    (5, List(&Structure(KEY_VALUE))),
    (6, Binary),
    (7, List(&Structure(COLUMN_ORDER))),
    (8, NOTHING),
    (9, Binary),
];

/// A structure without fields, or one whose fields are not needed.
const NOTHING: Kind = Structure(&[]);

const SCHEMA_ELEMENT: Fields = &[
    (1, Integer),
    (2, Integer),
    (3, Integer),
    (4, Binary),
    (5, Integer),
    (6, Integer),
    (7, Integer),
    (8, Integer),
    (9, Integer),
    (10, Structure(LOGICAL_TYPE)),
];

const LOGICAL_TYPE: Fields = &[
    (1, NOTHING),
    (2, NOTHING),
    (3, NOTHING),
    (4, NOTHING),
    (5, Structure(&[(1, Integer), (2, Integer)])),
    (6, NOTHING),
    (7, Structure(TIME)),
    (8, Structure(TIME)),
    (10, Structure(&[(1, Byte), (2, Boolean)])),
    (11, NOTHING),
    (12, NOTHING),
    (13, NOTHING),
    (14, NOTHING),
    (15, NOTHING),
    (16, Structure(&[(1, Byte)])),
    (17, Structure(&[(1, Binary)])),
    (18, Structure(&[(1, Binary), (2, Integer)])),
];

const TIME: Fields = &[(1, Boolean), (2, Structure(&[(1, NOTHING), (2, NOTHING), (3, NOTHING)]))];

const ROW_GROUP: Fields = &[
    (1, List(&Structure(COLUMN_CHUNK))),
    (2, Integer),
    (3, Integer),
    (4, List(&Structure(&[(1, Integer), (2, Boolean), (3, Boolean)]))),
    (5, Integer),
    (6, Integer),
    (7, Integer),
];

const COLUMN_CHUNK: Fields = &[
    (1, Binary),
    (2, Integer),
    (3, Structure(COLUMN)),
    (4, Integer),
    (5, Integer),
    (6, Integer),
    (7, Integer),
    (8, NOTHING),
    (9, Binary),
];

const COLUMN: Fields = &[
    (1, Integer),
    (2, List(&Integer)),
    (3, List(&Binary)),
    (4, Integer),
    (5, Integer),
    (6, Integer),
    (7, Integer),
    (8, List(&Structure(KEY_VALUE))),
    (9, Integer),
    (10, Integer),
    (11, Integer),
    (12, Structure(STATISTICS)),
    (13, List(&Structure(&[(1, Integer), (2, Integer), (3, Integer)]))),
    (14, Integer),
    (15, Integer),
    (16, Structure(&[(1, Integer), (2, List(&Integer)), (3, List(&Integer))])),
    (17, Structure(&[(1, Structure(BOX)), (2, List(&Integer))])),
];

const KEY_VALUE: Fields = &[(1, Binary), (2, Binary)];

const COLUMN_ORDER: Fields = &[(1, NOTHING), (2, NOTHING)];

const BOX: Fields =
    &[(1, Double), (2, Double), (3, Double), (4, Double), (5, Double), (6, Double), (7, Double), (8, Double)];

const STATISTICS: Fields = &[
    (1, Binary),
    (2, Binary),
    (3, Integer),
    (4, Integer),
    (5, Binary),
    (6, Binary),
    (7, Boolean),
    (8, Boolean),
    (9, Integer),
];

const PAGE: Fields = &[
    (1, Integer),
    (2, Integer),
    (3, Integer),
    (4, Integer),
    (5, Structure(&[(1, Integer), (2, Integer), (3, Integer), (4, Integer), (5, Structure(STATISTICS))])),
    (6, NOTHING),
    (7, Structure(&[(1, Integer), (2, Integer), (3, Boolean)])),
    (8, Structure(PAGE_V2)),
];

const PAGE_V2: Fields = &[
    (1, Integer),
    (2, Integer),
    (3, Integer),
    (4, Integer),
    (5, Integer),
    (6, Integer),
    (7, Boolean),
    (8, Structure(STATISTICS)),
];

/// Checks that the bytes begin with the footer of a file.
pub(super) fn check_footer(bytes: &[u8]) -> Result<(), Unfit> {
    Rest::new(bytes).structure(FILE)
}

/// The content of a page header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) unpacked: u64,
    pub(super) packed: u64,
    /// The bytes of levels before the compressed ones.
    pub(super) levels: u64,
    /// The size of the header itself.
    pub(super) length: usize,
}

/// Parses the page header at the start of the bytes.
pub(super) fn header(bytes: &[u8]) -> Result<Header, Unfit> {
    let (mut header, mut rest, mut field) = (Header::default(), Rest::new(bytes), 0);
    while let written @ 1.. = rest.field(&mut field)? {
        match (field, written) {
            (2, 4..=6) => header.unpacked = rest.number()?,
            (3, 4..=6) => header.packed = rest.number()?,
            (8, STRUCTURE) => header.levels = levels(&mut rest)?,
            _ => rest.value_of(PAGE, field, written)?,
        }
    }
    header.length = bytes.len() - rest.len();
    Ok(header)
}

/// The number of bytes of levels, from the part of a header for pages of version 2.
fn levels(rest: &mut Rest<'_>) -> Result<u64, Unfit> {
    let (mut field, mut levels) = (0, 0_u64);
    while let written @ 1.. = rest.field(&mut field)? {
        match (field, written) {
            (5 | 6, 4..=6) => levels = levels.saturating_add(rest.number()?),
            _ => rest.value_of(PAGE_V2, field, written)?,
        }
    }
    Ok(levels)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, RecordBatch, new_null_array};
    use arrow_schema::{DataType, Field, TimeUnit};
    use parquet::arrow::ArrowWriter;
    use parquet::file::metadata::{KeyValue, SortingColumn};
    use parquet::file::properties::WriterProperties;
    use proptest::prelude::*;

    use super::*;

    /// The footer of a file with columns of these types and everything else that a footer can have.
    fn footer(kinds: Vec<DataType>) -> Vec<u8> {
        let column = |kind: DataType| {
            let column: ArrayRef = new_null_array(&kind, 3);
            (kind.to_string(), column)
        };
        let batch = RecordBatch::try_from_iter(kinds.into_iter().map(column)).unwrap();
        let sorting = SortingColumn { column_idx: 0, descending: true, nulls_first: false };
        let properties = WriterProperties::builder()
            .set_bloom_filter_enabled(true)
            .set_sorting_columns(Some(vec![sorting]))
            .set_key_value_metadata(Some(vec![KeyValue::new("key".to_owned(), "value".to_owned())]))
            .build();
        let mut file = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let end = file.len() - 8;
        let length = u32::from_le_bytes(file[end..end + 4].try_into().unwrap());
        file[end - usize::try_from(length).unwrap()..end].to_vec()
    }

    #[test]
    fn footers_are_what_the_specification_says() {
        let item = |kind| Arc::new(Field::new("item", kind, true));
        let footer = footer(vec![
            DataType::Boolean,
            DataType::Int8,
            DataType::UInt64,
            DataType::Float16,
            DataType::Float64,
            DataType::Utf8,
            DataType::FixedSizeBinary(16),
            DataType::Decimal128(20, 3),
            DataType::Date32,
            DataType::Time32(TimeUnit::Millisecond),
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            DataType::List(item(DataType::Float32)),
            DataType::Struct(vec![Field::new("a", DataType::Int64, true)].into()),
        ]);
        assert_eq!(check_footer(&footer), Ok(()));
        // A file of version "true", and one whose number of rows is a text.
        assert_eq!((footer[0], check_footer(&[&[0x11], &footer[1..]].concat())), (0x15, Err(Unfit)));
        let rows = footer.windows(4).position(|bytes| bytes == [0x16, 0x06, 0x19, 0x1c]).unwrap();
        assert_eq!(check_footer(&[&footer[..rows], &[0x18], &footer[rows + 1..]].concat()), Err(Unfit));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_header_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(header) = header(&bytes) {
                prop_assert!((1..=bytes.len()).contains(&header.length));
            }
        }
    }
}
