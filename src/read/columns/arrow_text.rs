//! Values of columns as JSON, and in another spelling where JSON has none.

use std::io::Write;

use arrow_array::cast::AsArray;
use arrow_array::temporal_conversions::{as_date, as_datetime, as_time};
use arrow_array::types::{
    ArrowTemporalType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Time32MillisecondType,
    Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrowNativeTypeOp, ArrowPrimitiveType};
use arrow_schema::{DataType, TimeUnit};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::cell;
use super::spelling::{float32, float64};

/// What stands for a value that has no spelling, as which it cannot be stored.
pub(super) const UNSUPPORTED: &str = "unsupported";

/// The size of a UUID.
const UUID_BYTES: i32 = 16;

/// Appends the value in `row`.
pub(super) fn write(array: &dyn Array, row: usize, out: &mut Vec<u8>) {
    if array.is_null(row) {
        out.extend_from_slice(b"null");
        return;
    }
    match array.data_type() {
        DataType::Null => out.extend_from_slice(b"null"),
        DataType::Boolean => push(out, array.as_boolean().value(row)),
        DataType::Utf8 => quoted(array.as_string::<i32>().value(row), out),
        DataType::LargeUtf8 => quoted(array.as_string::<i64>().value(row), out),
        DataType::Utf8View => quoted(array.as_string_view().value(row), out),
        DataType::FixedSizeBinary(UUID_BYTES) => uuid(cell::bytes(array, row).unwrap_or_default(), out),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            binary(cell::bytes(array, row).unwrap_or_default(), out);
        }
        DataType::Struct(fields) => {
            let members = array.as_struct();
            let names = fields.iter().map(|field| field.name().as_str());
            object(names.zip(members.columns()), row, out);
        }
        DataType::Map(..) => map(array, row, out),
        DataType::Dictionary(..) => of_dictionary(array, row, out),
        number if number.is_numeric() => of_number(array, row, out),
        moment if moment.is_temporal() => of_moment(array, row, out),
        _ => match cell::list(array, row) {
            Some((items, range)) => list(items.as_ref(), range, out),
            None => push(out, UNSUPPORTED),
        },
    }
}

fn push(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    // Writing to a Vec cannot fail.
    write!(out, "{value}").unwrap_or_default();
}

fn quoted(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).unwrap_or_default();
}

/// Bytes without a type are most often text, since older writers have no other type for it.
fn binary(bytes: &[u8], out: &mut Vec<u8>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => quoted(text, out),
        // The way Python shows bytes, which is not mistaken for text.
        Err(_) => push(out, format_args!("b\"{}\"", BASE64_STANDARD.encode(bytes))),
    }
}

fn uuid(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for (index, byte) in bytes.iter().enumerate() {
        let hyphen = if matches!(index, 4 | 6 | 8 | 10) { "-" } else { "" };
        push(out, format_args!("{hyphen}{byte:02x}"));
    }
    out.push(b'"');
}

fn list(items: &dyn Array, range: std::ops::Range<usize>, out: &mut Vec<u8>) {
    out.push(b'[');
    let start = range.start;
    for at in range {
        if at > start {
            out.push(b',');
        }
        write(items, at, out);
    }
    out.push(b']');
}

fn object<'a>(
    members: impl Iterator<Item = (&'a str, &'a arrow_array::ArrayRef)>,
    row: usize,
    out: &mut Vec<u8>,
) {
    out.push(b'{');
    for (index, (name, values)) in members.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        quoted(name, out);
        out.push(b':');
        write(values.as_ref(), row, out);
    }
    out.push(b'}');
}

fn map(array: &dyn Array, row: usize, out: &mut Vec<u8>) {
    let Some(map) = array.as_map_opt() else { return push(out, UNSUPPORTED) };
    let ends = map.value_offsets().get(row..row + 2).unwrap_or_default();
    let [start, end] =
        [0, 1].map(|index| ends.get(index).and_then(|at| usize::try_from(*at).ok()).unwrap_or(0));
    out.push(b'{');
    for at in start..end {
        if at > start {
            out.push(b',');
        }
        let before = out.len();
        write(map.keys().as_ref(), at, out);
        if out.get(before) != Some(&b'"') {
            let key = String::from_utf8_lossy(out.get(before..).unwrap_or_default()).into_owned();
            out.truncate(before);
            quoted(&key, out);
        }
        out.push(b':');
        write(map.values().as_ref(), at, out);
    }
    out.push(b'}');
}

fn of_dictionary(array: &dyn Array, row: usize, out: &mut Vec<u8>) {
    let Some(dictionary) = array.as_any_dictionary_opt() else { return push(out, UNSUPPORTED) };
    let mut key = Vec::new();
    write(dictionary.keys(), row, &mut key);
    match std::str::from_utf8(&key).ok().and_then(|key| key.parse::<usize>().ok()) {
        Some(key) if key < dictionary.values().len() => write(dictionary.values().as_ref(), key, out),
        _ => push(out, UNSUPPORTED),
    }
}

fn of_number(array: &dyn Array, row: usize, out: &mut Vec<u8>) {
    match array.data_type() {
        DataType::Int8 => push(out, of::<Int8Type>(array, row)),
        DataType::Int16 => push(out, of::<Int16Type>(array, row)),
        DataType::Int32 => push(out, of::<Int32Type>(array, row)),
        DataType::Int64 => push(out, of::<Int64Type>(array, row)),
        DataType::UInt8 => push(out, of::<UInt8Type>(array, row)),
        DataType::UInt16 => push(out, of::<UInt16Type>(array, row)),
        DataType::UInt32 => push(out, of::<UInt32Type>(array, row)),
        DataType::UInt64 => push(out, of::<UInt64Type>(array, row)),
        DataType::Float16 => push(out, float32(of::<Float16Type>(array, row).to_f32())),
        DataType::Float32 => push(out, float32(of::<Float32Type>(array, row))),
        DataType::Float64 => push(out, float64(of::<Float64Type>(array, row))),
        DataType::Decimal32(..) => push(out, array.as_primitive::<Decimal32Type>().value_as_string(row)),
        DataType::Decimal64(..) => push(out, array.as_primitive::<Decimal64Type>().value_as_string(row)),
        DataType::Decimal128(..) => push(out, array.as_primitive::<Decimal128Type>().value_as_string(row)),
        DataType::Decimal256(..) => push(out, array.as_primitive::<Decimal256Type>().value_as_string(row)),
        _ => push(out, UNSUPPORTED),
    }
}

fn of<T: ArrowPrimitiveType>(array: &dyn Array, row: usize) -> T::Native {
    array.as_primitive_opt::<T>().map_or(T::Native::ZERO, |numbers| numbers.value(row))
}

/// Dates and times in ISO 8601, without quotation marks: they are text only if the user wants it.
fn of_moment(array: &dyn Array, row: usize, out: &mut Vec<u8>) {
    use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    let text = match array.data_type() {
        DataType::Date32 => date::<Date32Type>(array, row),
        DataType::Date64 => date::<Date64Type>(array, row),
        DataType::Timestamp(unit, zone) => match unit {
            Second => instant::<TimestampSecondType>(array, row),
            Millisecond => instant::<TimestampMillisecondType>(array, row),
            Microsecond => instant::<TimestampMicrosecondType>(array, row),
            Nanosecond => instant::<TimestampNanosecondType>(array, row),
        }
        .map(|text| if zone.is_some() { text + "Z" } else { text }),
        DataType::Time32(Second) => time::<Time32SecondType>(array, row),
        DataType::Time32(_) => time::<Time32MillisecondType>(array, row),
        DataType::Time64(Microsecond) => time::<Time64MicrosecondType>(array, row),
        DataType::Time64(_) => time::<Time64NanosecondType>(array, row),
        _ => None,
    };
    push(out, text.as_deref().unwrap_or(UNSUPPORTED));
}

fn date<T: ArrowTemporalType>(array: &dyn Array, row: usize) -> Option<String>
where
    i64: From<T::Native>,
{
    as_date::<T>(of::<T>(array, row).into()).map(|date| date.to_string())
}

fn instant<T: ArrowTemporalType>(array: &dyn Array, row: usize) -> Option<String>
where
    i64: From<T::Native>,
{
    // The debug format is ISO 8601.
    as_datetime::<T>(of::<T>(array, row).into()).map(|instant| format!("{instant:?}"))
}

fn time<T: ArrowTemporalType>(array: &dyn Array, row: usize) -> Option<String>
where
    i64: From<T::Native>,
{
    as_time::<T>(of::<T>(array, row).into()).map(|time| time.to_string())
}
