//! JSON whose records are no slices of its text, or stand where nothing says that they are records: columns, which are
//! read as such, and what is refused by its name with the command that makes JSON Lines of it.
//!
//! Dictionaries, and records under names that nobody knows, could be something else, so they are not read.

use super::conversion::{self, Conversion, Held, Path, dotted, listed, place, plain};
use super::named::{Named, is_key_name, is_record, is_vector_name};
use super::outline::{Member, Outline, Value, elements};
use super::unfit::Unfit;
use super::value::{skip_blanks, value_end};
use crate::record::names::{DICTIONARIES, KEY_COLUMNS, VECTOR_COLUMN, is_one_of};

/// JSON in columns that is read, by how its columns stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Columnar {
    /// As lists side by side.
    Lists,
    /// As objects side by side, whose members are called by the labels of the rows.
    Labelled,
    /// As rows, which are arrays, behind a list of the columns' names.
    Rows,
}

impl Columnar {
    /// Its name with its article.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Lists => "JSON in columns",
            Self::Labelled => "a pandas table written with orient='columns'",
            Self::Rows => "a pandas table written with orient='split'",
        }
    }
}

/// Columns side by side: lists of equal length, or what pandas writes.
pub(crate) fn of_columns(
    head: &[u8],
    outline: &Outline<'_>,
    named: Named<'_>,
    path: &[String],
) -> Option<Result<Columnar, Unfit>> {
    if is_split(outline) {
        return Some(Ok(Columnar::Rows));
    }
    let keys = outline.find(|name| named.is_key(name) || is_one_of(&KEY_COLUMNS, name));
    if is_labelled(head, outline, keys, named) {
        return Some(Ok(Columnar::Labelled));
    }
    if is_table(head, outline, named) {
        let has_keys = keys.is_some() || named.is_keyless || !named.key.is_empty();
        let table = Some(Columnar::Labelled.name());
        return Some(if has_keys { Ok(Columnar::Labelled) } else { Err(Unfit::NoKeys { table }) });
    }
    if keys.is_some_and(|member| member.value == Value::Object) {
        return None;
    }
    let is_other = |member: &&Member<'_>| keys.is_none_or(|keys| keys.at != member.at);
    let is_of_arrays =
        |member: &&Member<'_>| member.value == Value::Arrays || is_of_arrays_and_nulls(head, member);
    let vectors = outline.members.iter().filter(is_other).find(is_of_arrays);
    let is_list = |value| matches!(value, Value::Others | Value::Numbers | Value::Arrays);
    let has_scalar_key = keys.is_some_and(|member| !is_list(member.value));
    let vectors = vectors.filter(|member| !has_scalar_key || member.name == VECTOR_COLUMN.as_bytes());
    let keys = keys.filter(|_| !has_scalar_key);
    // The lists of an answer to a query are of lists, whatever they hold.
    let has_other = vectors.is_some_and(|_| keys.is_none_or(|keys| keys.value != Value::Arrays));
    if !has_other && is_without_embeddings(head, outline, keys) {
        return Some(Err(Unfit::NullEmbeddings));
    }
    let is_answer = |member: &Member<'_>| is_array_of_arrays_of_arrays(head, member.at);
    if let Some(keys) = keys
        && (keys.value == Value::Arrays || vectors.is_some_and(is_answer))
    {
        return Some(Err(answer(outline, vectors.map(|member| member.name), path, named)));
    }
    let is_null = |member: &Member<'_>| is_null(head, member.at);
    let all_are_lists = outline.members.iter().all(|member| is_list(member.value) || is_null(member));
    match (keys, vectors) {
        (Some(_), Some(_)) => Some(Ok(Columnar::Lists)),
        // More of it than is looked at: the other column may follow.
        (Some(_), None) | (None, Some(_)) if !outline.is_complete && all_are_lists => {
            Some(Ok(Columnar::Lists))
        }
        (None, Some(vectors)) if vectors.name == VECTOR_COLUMN.as_bytes() => {
            Some(if named.is_keyless || !outline.is_complete {
                Ok(Columnar::Lists)
            } else {
                Err(Unfit::NoKeys { table: None })
            })
        }
        // A list of texts is none of records, whatever it is called.
        (None, None) if !outline.is_complete && all_are_lists => {
            let is_texts = |member: &Member<'_>| {
                head.get(skip_blanks(head, member.at + 1)) == Some(&b'"') && member.name == TEXT_COLUMN
            };
            outline.members.iter().any(is_texts).then_some(Ok(Columnar::Lists))
        }
        _ => None,
    }
}

fn is_null(head: &[u8], at: usize) -> bool {
    head.get(at..).is_some_and(|rest| rest.starts_with(b"null"))
}

/// Whether it is what Chroma gives if nobody asks for the embeddings: a list of keys, and null in place of those.
fn is_without_embeddings(head: &[u8], outline: &Outline<'_>, keys: Option<&Member<'_>>) -> bool {
    let has_null = outline
        .find(|name| name == VECTOR_COLUMN.as_bytes())
        .is_some_and(|embeddings| is_null(head, embeddings.at));
    let is_list = |keys: &Member<'_>| head.get(keys.at) == Some(&b'[');
    has_null && keys.is_some_and(is_list)
}

/// Whether a list begins with nulls, as those that a service leaves where it failed, and arrays follow.
fn is_of_arrays_and_nulls(head: &[u8], member: &Member<'_>) -> bool {
    member.value == Value::Others
        && elements(head, member.at)
            .find(|at| !is_null(head, *at))
            .is_some_and(|at| head.get(at) == Some(&b'['))
}

/// Chroma's column of texts.
const TEXT_COLUMN: &[u8] = b"documents";

/// Whether the names of columns stand before rows, or before the labels of so many rows that these are not at hand.
fn is_split(outline: &Outline<'_>) -> bool {
    let Some(columns) =
        outline.find(|name| name == b"columns").filter(|member| member.value == Value::Others)
    else {
        return false;
    };
    if let Some(data) = outline.find(|name| name == b"data") {
        return data.value == Value::Arrays && columns.at < data.at;
    }
    let has_index = outline.find(|name| name == b"index").is_some_and(|index| columns.at < index.at);
    has_index && !outline.is_complete && outline.members.len() == 2
}

/// Whether all members are objects whose first member is called alike, by the label of a row.
fn is_labelled(head: &[u8], outline: &Outline<'_>, keys: Option<&Member<'_>>, named: Named<'_>) -> bool {
    let first_of = |member: &Member<'_>| {
        let inner = Outline::of(head, member.at);
        inner.members.first().map(|row| (row.name, row.value))
    };
    let Some((label, value)) = outline.members.first().and_then(first_of) else { return false };
    let is_number = label.iter().all(u8::is_ascii_digit) && !label.is_empty();
    let is_alike = |member: &Member<'_>| {
        member.value == Value::Object && first_of(member).is_some_and(|(name, _)| name == label)
    };
    let has_keys = match keys {
        Some(keys) => keys.value == Value::Object && is_number,
        None if named.key.iter().any(|name| name.trim() == "index") => {
            // Else these are records by key, or an object around some.
            !outline.is_complete
                || named.has_vector(head, outline)
                || outline.members.iter().any(|member| is_vector_name(member.name))
        }
        // More of it than is looked at: the keys may follow.
        None => is_number && (named.is_keyless || !outline.is_complete) && value != Value::Object,
    };
    has_keys && outline.members.iter().all(is_alike)
}

/// Whether all members are objects with the same names, the labels of rows, and one of them has vectors: a table, whether it
/// has keys or not. A record can have objects with one name alike.
fn is_table(head: &[u8], outline: &Outline<'_>, named: Named<'_>) -> bool {
    let is_object = |member: &Member<'_>| member.value == Value::Object;
    if !outline.members.iter().all(is_object) {
        return false;
    }
    let columns: Vec<Outline<'_>> =
        outline.members.iter().map(|member| Outline::of(head, member.at)).collect();
    let Some(labels) = columns.first().map(|column| &column.members).filter(|labels| !labels.is_empty())
    else {
        return false;
    };
    let is_alike = |column: &Outline<'_>| {
        let is_same = column.members.iter().zip(labels).all(|(row, label)| row.name == label.name);
        is_same && (column.members.len() == labels.len() || !column.is_complete)
    };
    let has_vectors = |(member, column): (&Member<'_>, &Outline<'_>)| {
        let first = column.members.iter().find(|row| !is_null(head, row.at));
        named.is_vector(member.name) && first.is_some_and(|row| row.value == Value::Numbers)
    };
    let is_number = |label: &Member<'_>| label.name.iter().all(u8::is_ascii_digit);
    let are_labels = labels.iter().all(is_number) || (labels.len() > 1 && columns.len() > 1);
    are_labels && columns.iter().all(is_alike) && outline.members.iter().zip(&columns).any(has_vectors)
}

/// Whether an object with embeddings and a key is a response of Cohere, which `export` knows as one record.
pub(super) fn is_response(outline: &Outline<'_>) -> bool {
    let is =
        |name: &[u8], value| outline.find(|other| other == name).is_some_and(|found| found.value == value);
    let is_around = |name: &[u8]| [&b"texts"[..], b"response_type", b"meta"].contains(&name);
    is(b"id", Value::Text) && is(VECTOR_COLUMN.as_bytes(), Value::Arrays) && outline.find(is_around).is_some()
}

fn is_array_of_arrays_of_arrays(head: &[u8], at: usize) -> bool {
    let inner = skip_blanks(head, at + 1);
    head.get(inner) == Some(&b'[') && head.get(skip_blanks(head, inner + 1)) == Some(&b'[')
}

/// Chroma's list of the columns that it was asked for, which is no column itself.
const INCLUDED: &[u8] = b"included";

/// The answer to a query, which has a list of lists in each column, one for each question.
fn answer(outline: &Outline<'_>, vectors: Option<&[u8]>, path: &[String], named: Named<'_>) -> Unfit {
    let is_column = |member: &&Member<'_>| {
        !matches!(member.value, Value::Text | Value::Scalar | Value::Object) && member.name != INCLUDED
    };
    let names: Vec<&[u8]> = outline.members.iter().filter(is_column).map(|member| member.name).collect();
    let name = |name| plain(name).unwrap_or("NAME");
    let listed = names.iter().map(|column| name(column)).collect::<Vec<_>>().join(", ");
    let vector = vectors.filter(|vectors| *vectors != VECTOR_COLUMN.as_bytes());
    let vector = vector.map_or_else(String::new, |vector| match plain(vector) {
        Some(vector) if vector.contains(' ') => format!(" with --vector \"{vector}\""),
        Some(vector) => format!(" with --vector {vector}"),
        None => " with --vector NAME, the name of the column of vectors".to_owned(),
    });
    let conversion = Conversion::Answers(path.to_vec());
    Unfit::Shape {
        shape: format!(
            "the answer to a query, a list for each question in every column ({listed}){}",
            place(path)
        ),
        cure: format!(
            "write what collection.get() returns, or join the lists of all questions: {}; then load OUTPUT{vector}",
            conversion.cure(named)
        ),
        conversion: Some(conversion),
    }
}

/// Dictionaries whose names are the keys, and arrays of records under names that nobody knows.
pub(crate) fn of_names(head: &[u8], outline: &Outline<'_>, named: Named<'_>) -> Option<Unfit> {
    if let Some(unfit) = dictionary(head, outline, named) {
        return Some(unfit);
    }
    let mut found = Vec::new();
    unknown(head, outline, named, &mut Vec::new(), &mut found);
    let paths: Vec<Path> = found.iter().map(|(_, path)| path.clone()).collect();
    let are_all = |is_it: fn(&Inner) -> bool| found.iter().all(|(inner, _)| is_it(inner));
    Some(match (found.first()?, paths.as_slice()) {
        ((Inner::Array, _), [path]) => with_records(path, named),
        ((Inner::Columns(columnar), _), [path]) => columns_in(*columnar, path, named),
        ((Inner::Unfit(unfit), _), [_]) => unfit.clone(),
        ((Inner::Dictionary, _), _) if are_all(|inner| matches!(inner, Inner::Dictionary)) => {
            dictionary_of_objects(paths, named)
        }
        ((Inner::Array, _), _) if are_all(|inner| matches!(inner, Inner::Array)) => several(paths, named),
        ((Inner::Columns(_), _), _) if are_all(|inner| matches!(inner, Inner::Columns(_))) => {
            let shape = format!("several objects of columns ({})", listed(&paths));
            Unfit::converted(shape, Conversion::Columns(paths), named)
        }
        (_, paths) => Unfit::Shape {
            shape: format!("an object with records in several members ({})", listed(paths)),
            cure: "write each of them to a file of its own".to_owned(),
            conversion: None,
        },
    })
}

/// What stands inside an object under a name that nobody knows.
enum Inner {
    Dictionary,
    Array,
    Columns(Columnar),
    /// Columns that are not read.
    Unfit(Unfit),
}

/// How deep records are looked for.
const DEEPEST: usize = 4;

/// Finds all of it.
fn unknown(
    head: &[u8],
    outline: &Outline<'_>,
    named: Named<'_>,
    path: &mut Vec<String>,
    found: &mut Vec<(Inner, Vec<String>)>,
) {
    for member in &outline.members {
        path.push(conversion::name(member.name));
        match member.value {
            Value::Objects if is_record(head, skip_blanks(head, member.at + 1), named) => {
                found.push((Inner::Array, path.clone()));
            }
            Value::Object if path.len() < DEEPEST => {
                let inner = Outline::of(head, member.at);
                let is_known = is_one_of(&DICTIONARIES, member.name);
                if is_known && are_records(head, &inner) {
                    found.push((Inner::Dictionary, path.clone()));
                } else if let Some(columns) = inner_columns(head, &inner, named, path) {
                    found.push((columns, path.clone()));
                } else {
                    unknown(head, &inner, named, path, found);
                }
            }
            _ => {}
        }
        path.pop();
    }
}

/// Columns in an object inside another one, if its vectors are at hand: a record may have lists of other things.
fn inner_columns(head: &[u8], inner: &Outline<'_>, named: Named<'_>, path: &[String]) -> Option<Inner> {
    let columns = of_columns(head, inner, named, path)?;
    Some(match columns {
        Ok(columnar) if shows_vectors(head, inner, columnar) => Inner::Columns(columnar),
        Ok(_) => return None,
        Err(unfit) => Inner::Unfit(unfit),
    })
}

/// Whether a column of vectors is at hand, so that what seems to be columns is nothing else.
pub(super) fn shows_vectors(head: &[u8], outline: &Outline<'_>, columnar: Columnar) -> bool {
    outline.members.iter().any(|member| match columnar {
        Columnar::Lists => member.value == Value::Arrays || is_of_arrays_and_nulls(head, member),
        Columnar::Rows => member.name == b"data",
        Columnar::Labelled => {
            Outline::of(head, member.at).members.iter().any(|row| row.value == Value::Numbers)
        }
    })
}

/// Whether the values of an object are records.
fn are_records(head: &[u8], outline: &Outline<'_>) -> bool {
    let complete = outline.members.iter().filter(|member| value_end(head, member.at).is_some());
    let mut complete = complete.peekable();
    complete.peek().is_some()
        && complete.all(|member| {
            let has_vector =
                || Outline::of(head, member.at).members.iter().any(|inner| inner.value == Value::Numbers);
            member.value == Value::Object && has_vector()
        })
}

/// An object of at least two members that are all records or all vectors, so that their names can be keys only.
pub(crate) fn dictionary(head: &[u8], outline: &Outline<'_>, named: Named<'_>) -> Option<Unfit> {
    if outline.members.len() < 2 {
        return None;
    }
    if are_records(head, outline) {
        return Some(dictionary_of_objects(vec![Path::new()], named));
    }
    let is_vector = |member: &Member<'_>| {
        let name = member.name.to_ascii_lowercase();
        let names_a_vector =
            [&b"vec"[..], b"emb"].iter().any(|part| name.windows(3).any(|some| some == *part));
        member.value == Value::Numbers && !names_a_vector && !is_key_name(&name) && !is_vector_name(&name)
    };
    outline.members.iter().all(is_vector).then(|| {
        let conversion = Conversion::Dictionaries(vec![Path::new()], Held::Vectors);
        Unfit::converted("a dictionary of vectors by key".to_owned(), conversion, named)
    })
}

fn dictionary_of_objects(paths: Vec<Path>, named: Named<'_>) -> Unfit {
    let shape = match paths.as_slice() {
        [path] => format!("a dictionary of records by key{}", place(path)),
        paths => format!("several dictionaries of records by key ({})", listed(paths)),
    };
    Unfit::converted(shape, Conversion::Dictionaries(paths, Held::Records), named)
}

/// An object with more than one array of records: reading one would leave out the others.
pub(crate) fn several(paths: Vec<Path>, named: Named<'_>) -> Unfit {
    let shape = format!("an object with several arrays of records ({})", listed(&paths));
    Unfit::converted(shape, Conversion::Arrays(paths), named)
}

/// An object with a key of its own around an array of records, so large that nobody knows whether it is a record itself.
pub(crate) fn with_a_key(path: &[String], named: Named<'_>) -> Unfit {
    let conversion = Conversion::Arrays(vec![path.to_vec()]);
    let cure = conversion.cure(named);
    Unfit::Shape {
        shape: format!("an object that has a key and an array of records in {}", dotted(path)),
        cure: format!(
            "to load the records in the array, {cure}; if each line is a record, use --format jsonl"
        ),
        conversion: Some(conversion),
    }
}

/// Rows behind the names of their columns, if the array of rows that `path` leads to stands in an object of such.
pub(super) fn split_around(
    head: &[u8],
    outline: &Outline<'_>,
    path: &[String],
    named: Named<'_>,
) -> Option<Unfit> {
    let (_, holders) = path.split_last()?;
    let mut at = 0;
    for (depth, name) in holders.iter().enumerate() {
        let inner = (depth > 0).then(|| Outline::of(head, at));
        at = inner.as_ref().unwrap_or(outline).find(|member| member == name.as_bytes())?.at;
    }
    (at > 0 && is_split(&Outline::of(head, at))).then(|| columns_in(Columnar::Rows, holders, named))
}

/// Columns in an object that another one holds, or an array.
pub(super) fn columns_in(columnar: Columnar, path: &[String], named: Named<'_>) -> Unfit {
    let shape = [columnar.name(), if path.is_empty() { "" } else { "," }, &place(path)].concat();
    Unfit::converted(shape, Conversion::Columns(vec![path.to_vec()]), named)
}

/// The same of the elements of an array that `path` leads to. The command is the same one.
pub(super) fn in_array(unfit: Unfit, path: &[String]) -> Unfit {
    match unfit {
        Unfit::Shape { shape, cure, conversion } => Unfit::Shape {
            shape: format!("an array{}, each element of which is {shape}", place(path)),
            cure,
            conversion: conversion.map(|conversion| {
                if path.is_empty() {
                    conversion
                } else {
                    Conversion::Inside(path.to_vec(), conversion.into())
                }
            }),
        },
        other => other,
    }
}

/// An object with an array of records under a name that is not read there.
pub(super) fn with_records(path: &[String], named: Named<'_>) -> Unfit {
    let shape = format!("an object with records in {}", dotted(path));
    Unfit::converted(shape, Conversion::Arrays(vec![path.to_vec()]), named)
}

#[cfg(test)]
mod tests {
    use super::super::shape::holder;
    use super::*;

    #[test]
    fn columns_are_known_by_their_first_text() {
        let known = |text: &str, whole| match holder(text.as_bytes(), whole, Named::default()) {
            Ok(super::super::shape::Holder::Columnar(columnar)) => Some(columnar),
            _ => None,
        };
        let long = format!("\"{}\"", "x".repeat(200 << 10));
        for (text, columnar) in [
            (
                r#"{"ids":["a"],"embeddings":[[1,2]],"metadatas":[{"n":1}],"documents":["x"]}"#,
                Columnar::Lists,
            ),
            (r#"{"ids":["a"],"embeddings":[[1,2]],"metadatas":null,"documents":null}"#, Columnar::Lists),
            (r#"{"title":["x"],"vec":[[1,2]],"id":[7]}"#, Columnar::Lists),
            (r#"{"ids":["a"],"embeddings":null,"vec":[[1,2]]}"#, Columnar::Lists),
            (r#"{"id":["a","b"],"vec":[null, null,[1,2]]}"#, Columnar::Lists),
            (&format!(r#"{{"ids":["a",{long}"#), Columnar::Lists),
            (&format!(r#"{{"data":null,"documents":["a",{long}"#), Columnar::Lists),
            (r#"{"columns":["id","v"],"index":[0],"data":[["a",[1,2]]]}"#, Columnar::Rows),
            (&format!(r#"{{"columns":["id","v"],"index":["a",{long}"#), Columnar::Rows),
            (r#"{"id":{"0":"a"},"vector":{"0":[1,2]}}"#, Columnar::Labelled),
            (&format!(r#"{{"text":{{"0":"a","1":{long}"#), Columnar::Labelled),
            (r#"{"id":{"x":"a","y":"b"},"vector":{"x":[1,2],"y":[3,4]}}"#, Columnar::Labelled),
        ] {
            assert_eq!(known(text, true), Some(columnar), "{:?}", text.get(..80));
        }
        for text in [
            r#"{"id":"a","embedding":[1,2],"tags":["x"]}"#,
            r#"{"id":"a","tokens":[[1,2]],"embedding":[1,2]}"#,
            r#"{"documents":["a"]}"#,
            r#"{"id":{"x":"a"},"vector":{"y":[1,2]}}"#,
            r#"{"columns":["id"],"rows":[{"id":"a","vector":[1]}]}"#,
        ] {
            assert_eq!(known(text, true), None, "{text}");
        }
    }

    #[test]
    fn a_table_of_pandas_without_keys_is_no_record_with_objects() {
        let found = |text: &str, named| holder(text.as_bytes(), true, named);
        let [index, other] = ["index", "sku"].map(|name| [name.to_owned()]);
        let with_key = |key| Named { key, ..Named::default() };
        for text in [
            r#"{"title":{"0":"A","1":"B"},"embedding":{"0":[1,2],"1":[3,4]}}"#,
            r#"{"title":{"0":"A","1":"B"},"embedding":{"0":null,"1":[3,4]}}"#,
            r#"{"embedding":{"7":[1,2]},"title":{"7":"A"}}"#,
            r#"{"title":{"x":"A","y":null},"vector":{"x":[1,2],"y":[3,4]}}"#,
        ] {
            let table = Some("a pandas table written with orient='columns'");
            assert_eq!(found(text, Named::default()), Err(Unfit::NoKeys { table }), "{text}");
            let keyless = Named { is_keyless: true, ..Named::default() };
            for named in [with_key(&index), with_key(&other), keyless] {
                let columns = super::super::shape::Holder::Columnar(Columnar::Labelled);
                assert_eq!(found(text, named), Ok(columns), "{text}");
            }
        }
        for text in [
            r#"{"vector":{"a":[1,2]},"payload":{"a":"x"}}"#,
            r#"{"vector":{"a":[1,2],"b":[3,4]},"payload":{"a":"x"}}"#,
            r#"{"vector":{"a":[1,2],"b":[3,4]}}"#,
            r#"{"id":1,"vector":{"0":[1,2]}}"#,
            r#"{"vector":{"0":1,"1":2},"payload":{"0":"x","1":"y"}}"#,
        ] {
            assert_eq!(found(text, Named::default()), Ok(super::super::shape::Holder::Missing), "{text}");
        }
    }

    #[test]
    fn a_response_with_a_key_is_a_record_unless_keys_are_made() {
        let text = br#"{"id":"u","texts":["a"],"embeddings":[[1,2]],"response_type":"embeddings_floats"}"#;
        assert_eq!(holder(text, true, Named::default()), Ok(super::super::shape::Holder::Missing));
        let keyless = Named { is_keyless: true, ..Named::default() };
        let columns = super::super::shape::Holder::Columnar(Columnar::Lists);
        assert_eq!(holder(text, true, keyless), Ok(columns));
        let other = br#"{"id":"u","embeddings":[[1,2]]}"#;
        assert_eq!(holder(other, true, Named::default()), Err(Unfit::NoKeys { table: None }));
    }

    #[test]
    fn embeddings_that_are_null_are_told_whatever_stands_beside_them() {
        let long = format!("\"{}\"", "x".repeat(200 << 10));
        for text in [
            r#"{"ids":["a"],"embeddings":null,"documents":["x",null],"data":null,"metadatas":[{"n":1}]}"#,
            r#"{"embeddings":null,"ids":["a"]}"#,
            r#"{"ids":[["a"]],"embeddings":null,"documents":[["x"]]}"#,
            r#"{"ids":[],"embeddings":null}"#,
            &format!(r#"{{"ids":["a"],"embeddings":null,"documents":["a",{long}"#),
        ] {
            let found = holder(text.as_bytes(), true, Named::default());
            assert_eq!(found, Err(Unfit::NullEmbeddings), "{:?}", text.get(..30));
        }
        for text in [r#"{"id":"a","embeddings":null}"#, r#"{"embeddings":null,"documents":["x"]}"#] {
            let found = holder(text.as_bytes(), true, Named::default());
            assert_ne!(found, Err(Unfit::NullEmbeddings), "{text}");
        }
    }

    /// What is said of a text, and the cure below it.
    fn said(text: &str) -> String {
        match holder(text.as_bytes(), true, Named::default()) {
            Err(Unfit::Shape { shape, cure, .. }) => format!("{shape}\n    {cure}\n"),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn each_shape_has_its_name_and_the_command_that_makes_json_lines_of_it() {
        let texts = [
            r#"{"ids":[["a"]],"embeddings":[[[1,2]]],"metadatas":[[{"n":1}]],"documents":null,"included":["x"]}"#,
            r#"{"a":{"vector":[1,2]},"b":{"vector":[3,4]}}"#,
            r#"{"vectors":{"a":{"values":[1,2]}}}"#,
            r#"{"a":[1,2],"b":[3,4]}"#,
            r#"{"mine":[{"id":"a","vector":[1,2]}]}"#,
            r#"{"vectors":[{"id":"a","vector":[1]}],"points":[{"id":"b","vector":[2]}]}"#,
            r#"[[{"id":"a","vector":[1,2]}]]"#,
            r#"[["a",[1,2],"x"]]"#,
            "[[[1,2],[3,4]],[[5,6]]]",
        ];
        let with_a_key = {
            let Unfit::Shape { shape, cure, .. } = with_a_key(&["data".to_owned()], Named::default()) else {
                panic!()
            };
            format!("{shape}\n    {cure}\n")
        };
        insta::assert_snapshot!(texts.map(said).concat() + &with_a_key, @"
        the answer to a query, a list for each question in every column (ids, embeddings, metadatas)
            write what collection.get() returns, or join the lists of all questions: ossvec convert INPUT OUTPUT; then load OUTPUT
        a dictionary of records by key
            convert it to JSON Lines: ossvec convert INPUT OUTPUT
        a dictionary of records by key in vectors
            convert it to JSON Lines: ossvec convert INPUT OUTPUT
        a dictionary of vectors by key
            convert it to JSON Lines: ossvec convert INPUT OUTPUT
        an object with records in mine
            convert it to JSON Lines: ossvec convert INPUT OUTPUT
        an object with several arrays of records (vectors, points)
            convert it to JSON Lines: ossvec convert INPUT OUTPUT
        a list of lists of records
            convert it to JSON Lines: ossvec convert INPUT OUTPUT
        records as arrays without field names
            convert it to JSON Lines: ossvec convert INPUT OUTPUT
        a vector for each token, not for each text
            ask the model for pooled vectors, or pool them first: a text's vector is the mean of those of its tokens
        an object that has a key and an array of records in data
            to load the records in the array, convert it to JSON Lines: ossvec convert INPUT OUTPUT; if each line is a record, use --format jsonl
        ");
    }
}
