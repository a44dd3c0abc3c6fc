//! What the numbers of a Parquet file mean beyond their type, as the schema of Arrow says that its writers leave in it. Pure.
//!
//! Parquet has no type for a duration, nor for what a library makes of numbers, such as a period of pandas. Without their unit
//! such numbers say nothing.

use std::sync::Arc;

use arrow_ipc::convert::try_fb_to_schema;
use arrow_schema::extension::EXTENSION_TYPE_NAME_KEY;
use arrow_schema::{DataType, Field, FieldRef, Fields};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::arrow_frame;
use super::numbers;

/// The fields of a file with what its embedded schema, in Base64, says of the numbers in them. One that is damaged says nothing.
pub(super) fn with_meaning(fields: &Fields, embedded: Option<&str>) -> Fields {
    let bytes = embedded.and_then(|text| BASE64_STANDARD.decode(text).ok());
    let metadata = bytes.and_then(|bytes| arrow_frame::metadata_of(&bytes));
    let said = metadata.as_ref().and_then(|metadata| metadata.message().ok()?.header_as_schema());
    match said.and_then(|schema| try_fb_to_schema(schema).ok()) {
        Some(said) => all(fields, said.fields()),
        None => fields.clone(),
    }
}

fn all(fields: &Fields, said: &Fields) -> Fields {
    let of = |(index, field): (usize, &FieldRef)| {
        let same = |other: &&FieldRef| other.name() == field.name();
        let said = said.get(index).filter(same).or_else(|| said.iter().find(same));
        said.map_or_else(|| Arc::clone(field), |said| one(field, said))
    };
    fields.iter().enumerate().map(of).collect()
}

fn one(field: &FieldRef, said: &Field) -> FieldRef {
    let meant = match said.data_type() {
        DataType::Dictionary(_, values) => values.as_ref(),
        other => other,
    };
    let inside = |item: &FieldRef, said: &DataType| numbers::element(said).map(|said| one(item, said));
    let data_type = match (field.data_type(), meant) {
        (DataType::Struct(members), DataType::Struct(said)) => Some(DataType::Struct(all(members, said))),
        (DataType::List(item), said) => inside(item, said).map(DataType::List),
        (DataType::LargeList(item), said) => inside(item, said).map(DataType::LargeList),
        (DataType::FixedSizeList(item, length), said) => {
            inside(item, said).map(|item| DataType::FixedSizeList(item, *length))
        }
        (DataType::Map(item, is_sorted), DataType::Map(said, _)) => {
            Some(DataType::Map(one(item, said), *is_sorted))
        }
        _ => None,
    };
    let name = match meant {
        DataType::Duration(_) => Some("duration"),
        _ => said.extension_type_name(),
    };
    let mut field = field.as_ref().clone();
    if let Some(name) = name {
        field.metadata_mut().insert(EXTENSION_TYPE_NAME_KEY.to_owned(), name.to_owned());
    }
    Arc::new(match data_type {
        Some(data_type) => field.with_data_type(data_type),
        None => field,
    })
}

/// Whether a field holds numbers that mean something else than numbers.
pub(super) fn is_foreign(field: &Field) -> bool {
    match field.data_type() {
        DataType::Struct(members) => members.iter().any(|member| is_foreign(member)),
        DataType::Map(item, _) => is_foreign(item),
        number if number.is_numeric() => field.extension_type_name().is_some(),
        other => numbers::element(other).is_some_and(is_foreign),
    }
}

#[cfg(test)]
mod tests {
    use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
    use arrow_schema::{Schema, TimeUnit};

    use super::*;

    /// A schema as writers embed it.
    fn embedded(fields: Vec<Field>) -> String {
        let mut stream = Vec::new();
        let options = IpcWriteOptions::default();
        StreamWriter::try_new_with_options(&mut stream, &Schema::new(fields), options).unwrap();
        BASE64_STANDARD.encode(stream)
    }

    fn list(item: DataType) -> DataType {
        DataType::List(Arc::new(Field::new("item", item, true)))
    }

    fn structure(inside: DataType) -> DataType {
        DataType::Struct(vec![Field::new("inside", inside, true)].into())
    }

    #[test]
    fn numbers_are_foreign_that_the_embedded_schema_says_to_be_something_else() {
        let duration = DataType::Duration(TimeUnit::Second);
        let named = |field: Field, name: &str| {
            field.with_metadata([(EXTENSION_TYPE_NAME_KEY.to_owned(), name.to_owned())])
        };
        let said = embedded(vec![
            Field::new("plain", DataType::Int64, true),
            Field::new("duration", duration.clone(), true),
            Field::new("list", list(duration.clone()), true),
            Field::new("structure", structure(duration), true),
            named(Field::new("period", DataType::Int64, true), "pandas.period"),
            named(Field::new("tensor", list(DataType::Float32), true), "arrow.fixed_shape_tensor"),
        ]);
        let found = [
            ("plain", DataType::Int64),
            ("duration", DataType::Int64),
            ("list", list(DataType::Int64)),
            ("structure", structure(DataType::Int64)),
            ("period", DataType::Int64),
            ("tensor", list(DataType::Float32)),
            ("other", DataType::Int64),
        ];
        let fields: Fields = found.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true)).collect();
        let foreign = |said: Option<&str>| {
            let fields = with_meaning(&fields, said);
            let foreign = fields.iter().filter(|field| is_foreign(field)).map(|field| field.name().clone());
            foreign.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(foreign(Some(&said)), "duration list structure period");
        assert_eq!(foreign(None), "");
        for damaged in ["", "no base64", "/////w==", said.get(..said.len() / 2).unwrap()] {
            assert_eq!(foreign(Some(damaged)), "", "{damaged}");
        }
    }
}
