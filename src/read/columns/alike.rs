//! Finds key and vector columns whose names differ in case only, as in tables. Pure.

use std::sync::Arc;

use arrow_schema::{Field, Fields};

use super::wanted::Wanted;
use crate::record::Columns;

/// The fields of a file, with key and vector renamed to what a load looks for. Case matters only if a column has
/// exactly such a name, or if several columns differ only in case.
pub(super) fn alike(fields: &Fields, wanted: &Wanted) -> Fields {
    let columns = Columns(fields.iter().map(|field| field.name().clone()).collect());
    let mut called: Vec<Arc<Field>> = fields.iter().cloned().collect();
    for (names, are_named) in [wanted.keys(), wanted.vectors()] {
        let is_there = |name: &String| columns.exactly(name).is_some();
        if !are_named && names.iter().any(is_there) {
            continue;
        }
        for name in names.iter().filter(|name| !is_there(name)) {
            let found = columns.whatever_case(name).ok().flatten();
            let field = found.and_then(|index| called.get_mut(index));
            if let Some(field) = field.filter(|field| !wanted.is_metadata(field.name())) {
                *field = Arc::new(field.as_ref().clone().with_name(name));
            }
        }
    }
    called.into()
}

#[cfg(test)]
mod tests {
    use arrow_schema::DataType;

    use super::*;
    use crate::read::recognise::Form;

    fn names(form: &Form, columns: &[&str]) -> String {
        let fields: Fields = columns.iter().map(|name| Field::new(*name, DataType::Utf8, true)).collect();
        let called = alike(&fields, &Wanted::new(form));
        called.iter().map(|field| field.name().as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn columns_of_key_and_vector_are_found_in_any_case_unless_one_has_exactly_the_name() {
        let usual = Form::default();
        assert_eq!(names(&usual, &["ID", "Embedding", "Title"]), "id embedding Title");
        assert_eq!(names(&usual, &["ID", "key", "VECTOR"]), "ID key vector");
        assert_eq!(names(&usual, &["Id", "iD", "vector"]), "Id iD vector");
        let list = |name: &str| vec![name.to_owned()];
        let named = Form { key: list("doc_id"), vector: list("V"), ..Form::default() };
        assert_eq!(names(&named, &["DOC_ID", "id", "v"]), "doc_id id V");
        let stored = Form { metadata: list("ID"), ..Form::default() };
        assert_eq!(names(&stored, &["ID", "vector"]), "ID vector");
    }
}
