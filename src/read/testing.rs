//! Shared by the tests of reading: reads everything, and checks that reading from any place gives the same.

use bytes::Bytes;
use proptest::prelude::*;

use super::sizes::Sizes;
use super::*;
use crate::record::{Input, Position, Raw};
use crate::testing::{Directory, gzip};

/// A record's text, its cells joined by a separator that tests do not use otherwise, and its place.
pub(crate) type Found = (String, Position);

pub(crate) fn text_of(raw: &Raw) -> String {
    match raw {
        Raw::Json(text) => String::from_utf8_lossy(text).into_owned(),
        Raw::Row { columns, cells } => {
            assert!(!columns.0.is_empty());
            let cells: Vec<_> = cells.iter().map(String::from_utf8_lossy).collect();
            cells.join("\u{1f}")
        }
        Raw::Columns { rows, row } => String::from_utf8_lossy(&rows.whole(*row)).into_owned(),
        Raw::Broken { text, trouble } => format!("{trouble:?} {}", String::from_utf8_lossy(text)),
    }
}

/// Reads everything: the records, the ends of the blocks, and the error that ended the reading.
pub(crate) fn read(
    input: &Input,
    sizes: Sizes,
    from: Option<Position>,
) -> (Vec<Found>, Vec<Position>, Option<ReadError>) {
    let (mut found, mut ends) = (Vec::new(), Vec::new());
    let blocks = match Blocks::new(std::slice::from_ref(input), &Form::default(), from, sizes) {
        Ok(blocks) => blocks,
        Err(error) => return (found, ends, Some(error)),
    };
    for block in blocks {
        match block {
            Ok(block) => {
                found.extend(block.records.iter().map(|record| (text_of(&record.raw), record.position)));
                ends.push(block.end);
            }
            Err(failed) => return (found, ends, Some(failed.error)),
        }
    }
    (found, ends, None)
}

pub(crate) fn inline(content: impl Into<Vec<u8>>) -> Input {
    Input::Inline(Bytes::from(content.into()))
}

pub(crate) fn texts(found: &[Found]) -> Vec<&str> {
    found.iter().map(|(text, _)| text.as_str()).collect()
}

/// A JSON object or array whose strings have everything that could mislead cutting.
pub(crate) fn value() -> impl Strategy<Value = String> {
    let string = proptest::collection::vec(
        prop_oneof!["[a-z{}\\[\\],:]", Just("\\\"".to_owned()), Just("\\\\".to_owned())],
        0..8,
    )
    .prop_map(|parts| format!("\"{}\"", parts.concat()));
    let scalar = prop_oneof![string.clone(), "-?[1-9]{1,6}\\.[0-9]{1,3}"];
    let array =
        proptest::collection::vec(scalar.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(",")));
    let object = (string, array.clone())
        .prop_map(|(key, array)| format!("{{\"key\":{key},\"data\":{{\"float32\":{array}}}}}"));
    prop_oneof![3 => object, 1 => array.prop_map(|array| format!("[{array},{{}}]"))]
}

/// Checks that `input` gives `expected` at every buffer size and from every place.
fn check(input: &Input, sizes: Sizes, expected: &[String]) -> Result<(), TestCaseError> {
    let (found, ends, error) = read(input, sizes, None);
    prop_assert!(error.is_none(), "{error:?}");
    prop_assert_eq!(&texts(&found), expected);
    let starts = (0..).zip(&found).map(|(index, (_, position))| (index, *position));
    for (index, position) in starts.chain(ends.iter().map(|end| (end.record, *end))) {
        prop_assert_eq!(position.record, index);
        let (rest, _, error) = read(input, sizes, Some(position));
        prop_assert!(error.is_none(), "from {position:?}: {error:?}");
        prop_assert_eq!(&rest[..], &found[usize::try_from(index).unwrap()..]);
    }
    Ok(())
}

/// Checks `text` as a file, plain and compressed.
pub(crate) fn check_everywhere(text: &str, block: usize, expected: &[String]) -> Result<(), TestCaseError> {
    let sizes = Sizes { block, record: 100_000 };
    let directory = Directory::new();
    check(&Input::File(directory.write("input.gz", gzip(text.as_bytes()))), sizes, expected)?;
    check(&Input::File(directory.write("input", text.as_bytes())), sizes, expected)
}
