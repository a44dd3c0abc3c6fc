//! The value in one row of a column of any of several types.

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

/// The elements of the list in a row: the array of the elements of all rows, and the range in it.
pub(super) fn list(array: &dyn Array, row: usize) -> Option<(&ArrayRef, Range<usize>)> {
    let range = |start: usize, length: usize| start..start + length;
    if let Some(lists) = array.as_list_opt::<i32>() {
        let start = usize::try_from(*lists.value_offsets().get(row)?).ok()?;
        return Some((lists.values(), range(start, usize::try_from(lists.value_length(row)).ok()?)));
    }
    if let Some(lists) = array.as_list_opt::<i64>() {
        let start = usize::try_from(*lists.value_offsets().get(row)?).ok()?;
        return Some((lists.values(), range(start, usize::try_from(lists.value_length(row)).ok()?)));
    }
    if let Some(lists) = array.as_fixed_size_list_opt() {
        let length = usize::try_from(lists.value_length()).ok()?;
        return Some((lists.values(), range(lists.value_offset_at(row), length)));
    }
    if let Some(lists) = array.as_list_view_opt::<i32>() {
        let start = usize::try_from(lists.value_offset(row)).ok()?;
        return Some((lists.values(), range(start, usize::try_from(lists.value_size(row)).ok()?)));
    }
    let lists = array.as_list_view_opt::<i64>()?;
    let start = usize::try_from(lists.value_offset(row)).ok()?;
    Some((lists.values(), range(start, usize::try_from(lists.value_size(row)).ok()?)))
}

/// The bytes in a row.
pub(super) fn bytes(array: &dyn Array, row: usize) -> Option<&[u8]> {
    match array.data_type() {
        DataType::Binary => array.as_binary_opt::<i32>().map(|bytes| bytes.value(row)),
        DataType::LargeBinary => array.as_binary_opt::<i64>().map(|bytes| bytes.value(row)),
        DataType::BinaryView => array.as_binary_view_opt().map(|bytes| bytes.value(row)),
        DataType::FixedSizeBinary(_) => array.as_fixed_size_binary_opt().map(|bytes| bytes.value(row)),
        _ => None,
    }
}
