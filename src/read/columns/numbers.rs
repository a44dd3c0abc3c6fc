//! The numbers of one vector, straight from a column.

use std::ops::Range;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_schema::{DataType, Field};

use super::cell::{bytes, list};
use super::spelling;
use crate::record::Reason;

/// What a column that may hold vectors contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Lists of numbers.
    List,
    /// Bytes, which are float32 numbers if the user says so.
    Binary,
}

/// How columns of this type can hold vectors.
pub(super) fn kind(data_type: &DataType) -> Option<Kind> {
    match data_type {
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            Some(Kind::Binary)
        }
        list => {
            let item = element(list)?.data_type();
            (item.is_integer() || item.is_floating()).then_some(Kind::List)
        }
    }
}

/// The element type of lists of this type.
pub(super) fn element(data_type: &DataType) -> Option<&Field> {
    match data_type {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => Some(item),
        _ => None,
    }
}

/// Appends the numbers of the vector in a row, rounded to the nearest float32; an error if one is not finite.
pub(super) fn read(array: &dyn Array, row: usize, out: &mut Vec<f32>) -> Result<(), Reason> {
    if let Some(bytes) = bytes(array, row) {
        return read_bytes(bytes, out);
    }
    let Some((items, range)) = list(array, row) else {
        return Err(Reason::VectorKind { found: "no list".to_owned() });
    };
    if let Some(nulls) = items.nulls().filter(|nulls| nulls.null_count() > 0)
        && let Some(index) = range.clone().position(|at| nulls.is_null(at))
    {
        // Report the first of several problems.
        read_items(items, range.start..range.start + index, out)?;
        return Err(Reason::NotANumber { index, text: "null".to_owned() });
    }
    read_items(items, range, out)
}

/// Appends the number in a row of a column of numbers.
pub(super) fn read_one(array: &dyn Array, row: usize, out: &mut Vec<f32>) -> Result<(), Reason> {
    read_items(array, row..row + 1, out)
}

/// The same for elements without nulls.
fn read_items(items: &dyn Array, range: Range<usize>, out: &mut Vec<f32>) -> Result<(), Reason> {
    match items.data_type() {
        DataType::Float32 => {
            return all_finite(of_type::<Float32Type>(items, range), |number| number, out);
        }
        DataType::Float64 => return all_finite(of_type::<Float64Type>(items, range), nearest, out),
        DataType::Float16 => return all_finite(of_type::<Float16Type>(items, range), half::f16::to_f32, out),
        DataType::Int8 => whole(of_type::<Int8Type>(items, range), f32::from, out),
        DataType::Int16 => whole(of_type::<Int16Type>(items, range), f32::from, out),
        DataType::UInt8 => whole(of_type::<UInt8Type>(items, range), f32::from, out),
        DataType::UInt16 => whole(of_type::<UInt16Type>(items, range), f32::from, out),
        DataType::Int32 => whole(of_type::<Int32Type>(items, range), |number| nearest(number.into()), out),
        DataType::UInt32 => whole(of_type::<UInt32Type>(items, range), |number| nearest(number.into()), out),
        DataType::Int64 => whole(of_type::<Int64Type>(items, range), nearest_of_long, out),
        DataType::UInt64 => whole(of_type::<UInt64Type>(items, range), nearest_of_unsigned_long, out),
        other => return Err(Reason::VectorKind { found: format!("a list of {other}") }),
    }
    Ok(())
}

/// The numbers of a list; empty if the array does not match its type.
fn of_type<T: ArrowPrimitiveType>(items: &dyn Array, range: Range<usize>) -> &[T::Native] {
    items.as_primitive_opt::<T>().and_then(|items| items.values().get(range)).unwrap_or_default()
}

/// Appends numbers; an error shows the first one that is not a finite float32 in its original spelling.
fn all_finite<N: Copy + Spelt>(
    numbers: &[N],
    nearest: impl Fn(N) -> f32,
    out: &mut Vec<f32>,
) -> Result<(), Reason> {
    let before = out.len();
    out.extend(numbers.iter().map(|number| nearest(*number)));
    let read = out.get(before..).unwrap_or_default();
    // No branch per number.
    if read.iter().fold(true, |all, number| all & number.is_finite()) {
        return Ok(());
    }
    let index = read.iter().position(|number| !number.is_finite()).unwrap_or_default();
    let text = numbers.get(index).map_or_else(String::new, Spelt::spelt);
    Err(Reason::NotFinite { index, text })
}

/// Appends integers, which are all in the range of float32.
fn whole<N: Copy>(numbers: &[N], nearest: impl Fn(N) -> f32, out: &mut Vec<f32>) {
    out.extend(numbers.iter().map(|number| nearest(*number)));
}

/// Reads bytes as little-endian float32 numbers.
fn read_bytes(bytes: &[u8], out: &mut Vec<f32>) -> Result<(), Reason> {
    let (numbers, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        let found = format!("binary data of {} bytes, which is no multiple of 4", bytes.len());
        return Err(Reason::VectorKind { found });
    }
    let numbers: Vec<f32> = numbers.iter().map(|number| f32::from_le_bytes(*number)).collect();
    all_finite(&numbers, |number| number, out)
}

#[expect(clippy::cast_possible_truncation, reason = "to the nearest float32, or beyond it to infinity")]
fn nearest(number: f64) -> f32 {
    number as f32
}

#[expect(clippy::cast_precision_loss, reason = "to the nearest float32")]
fn nearest_of_long(number: i64) -> f32 {
    number as f32
}

#[expect(clippy::cast_precision_loss, reason = "to the nearest float32")]
fn nearest_of_unsigned_long(number: u64) -> f32 {
    number as f32
}

/// The text of a number.
trait Spelt {
    fn spelt(&self) -> String;
}

impl Spelt for f32 {
    fn spelt(&self) -> String {
        spelling::float32(*self)
    }
}

impl Spelt for f64 {
    fn spelt(&self) -> String {
        spelling::float64(*self)
    }
}

impl Spelt for half::f16 {
    fn spelt(&self) -> String {
        spelling::float32(self.to_f32())
    }
}
