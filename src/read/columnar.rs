//! JSON whose records are not slices of its text, or are in unexpected places: columns, which can be read, and other
//! forms, which are rejected with the command that converts them to JSON Lines.
//!
//! Dictionaries, and records under unknown names, could be something else, so they are not read.

use super::conversion::{self, Conversion, Held, Path, dotted, listed, place, plain};
use super::named::{Named, is_key_name, is_record, is_vector_name};
use super::outline::{Member, Outline, Value, elements};
use super::unfit::Unfit;
use super::value::{skip_blanks, value_end};
use crate::record::names::{DICTIONARIES, INCLUDED, KEY_COLUMNS, VECTOR_COLUMN, is_one_of};

/// JSON in columns that can be read, by layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Columnar {
    /// Parallel lists.
    Lists,
    /// Parallel objects, whose members are named after the row labels.
    Labelled,
    /// Rows as arrays, after a list of the column names.
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

/// Parallel columns: lists of equal length, or the output of pandas.
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
    // The answer to a query has a list of lists in each column.
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
        // The text continues past `head`: the other column may follow.
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
        // A list of texts cannot be records, whatever its name.
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

/// Whether this is Chroma's output without embeddings: a list of keys, and null for the embeddings.
fn is_without_embeddings(head: &[u8], outline: &Outline<'_>, keys: Option<&Member<'_>>) -> bool {
    let has_null = outline
        .find(|name| name == VECTOR_COLUMN.as_bytes())
        .is_some_and(|embeddings| is_null(head, embeddings.at));
    let is_list = |keys: &Member<'_>| head.get(keys.at) == Some(&b'[');
    has_null && keys.is_some_and(is_list)
}

/// Whether a list begins with nulls, as a service leaves them where it failed, followed by arrays.
fn is_of_arrays_and_nulls(head: &[u8], member: &Member<'_>) -> bool {
    member.value == Value::Others
        && elements(head, member.at)
            .find(|at| !is_null(head, *at))
            .is_some_and(|at| head.get(at) == Some(&b'['))
}

/// Chroma's column of texts.
const TEXT_COLUMN: &[u8] = b"documents";

/// Whether the column names come before the rows, or before so many row labels that the rows are past `head`.
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

/// Whether all members are objects whose first members have the same name, a row label.
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
        None if named.key.iter().any(|name| name.trim() == "index") => named.may_have_vector(head, outline),
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

/// The answer to a query, in which each column has one list per question.
fn answer(outline: &Outline<'_>, vectors: Option<&[u8]>, path: &[String], named: Named<'_>) -> Unfit {
    let is_column = |member: &&Member<'_>| {
        !matches!(member.value, Value::Text | Value::Scalar | Value::Object)
            && member.name != INCLUDED.as_bytes()
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

/// Dictionaries whose names are the keys, and arrays of records under unknown names.
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

/// What an object contains under an unknown name.
enum Inner {
    Dictionary,
    Array,
    Columns(Columnar),
    /// Columns that are not read.
    Unfit(Unfit),
}

/// Maximum depth of the search for records.
const DEEPEST: usize = 4;

/// Collects what `outline` contains under unknown names, with the paths to it.
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

/// Columns in a nested object, if its vectors are in `head`: a record may have lists of other things.
fn inner_columns(head: &[u8], inner: &Outline<'_>, named: Named<'_>, path: &[String]) -> Option<Inner> {
    let columns = of_columns(head, inner, named, path)?;
    Some(match columns {
        Ok(columnar) if shows_vectors(head, inner, columnar) => Inner::Columns(columnar),
        Ok(_) => return None,
        Err(unfit) => Inner::Unfit(unfit),
    })
}

/// Whether a column of vectors is in `head`, which proves that this is columns.
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

/// An object of at least two members that are all records or all vectors, so that their names must be the keys.
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

/// An object with more than one array of records: to read one would leave out the others.
pub(crate) fn several(paths: Vec<Path>, named: Named<'_>) -> Unfit {
    let shape = format!("an object with several arrays of records ({})", listed(&paths));
    Unfit::converted(shape, Conversion::Arrays(paths), named)
}

/// An object with a key and an array of records, too large to see whether it is a record itself.
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

/// Rows after the names of their columns, if the array at `path` belongs to an object in that layout.
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

/// Columns in a member of an object, or in an array.
pub(super) fn columns_in(columnar: Columnar, path: &[String], named: Named<'_>) -> Unfit {
    let shape = [columnar.name(), if path.is_empty() { "" } else { "," }, &place(path)].concat();
    Unfit::converted(shape, Conversion::Columns(vec![path.to_vec()]), named)
}

/// The same for the elements of the array at `path`. The command stays the same.
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

/// An object with an array of records under a name that is not searched there.
pub(super) fn with_records(path: &[String], named: Named<'_>) -> Unfit {
    let shape = format!("an object with records in {}", dotted(path));
    Unfit::converted(shape, Conversion::Arrays(vec![path.to_vec()]), named)
}

#[cfg(test)]
mod tests;
