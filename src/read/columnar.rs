//! JSON whose records are no slices of its text, or stand where nothing says that they are records: its shape by name,
//! and the command that makes JSON Lines of it.
//!
//! Columns and dictionaries would have to be held in memory as a whole, and their records have no place to continue
//! from, so they are not read.

use super::named::{Named, is_key_name, is_record, is_vector_name};
use super::outline::{Member, Outline, Value};
use super::unfit::Unfit;
use super::value::{skip_blanks, value_end};
use crate::record::names::{DICTIONARIES, KEY_COLUMNS, VECTOR_COLUMN, is_one_of};

/// Columns side by side: lists of equal length, or what pandas writes.
pub(crate) fn of_columns(head: &[u8], outline: &Outline<'_>, named: Named<'_>) -> Option<Unfit> {
    let keys = outline.find(|name| named.is_key(name) || is_one_of(&KEY_COLUMNS, name));
    let is_other = |member: &&Member<'_>| keys.is_none_or(|keys| keys.at != member.at);
    let vectors = outline.members.iter().filter(is_other).find(|member| member.value == Value::Arrays);
    let is_list = |value| matches!(value, Value::Others | Value::Numbers | Value::Arrays);
    let columns = outline.find(|name| name == b"columns").filter(|member| member.value == Value::Others);
    if let Some(columns) = columns
        && let Some(data) = vectors.filter(|member| member.name == b"data")
        && columns.at < data.at
    {
        let shape = "a pandas table written with orient='split'";
        return Some(pandas(shape, r#"[print(json.dumps(dict(zip(t["columns"],r)))) for r in t["data"]]"#));
    }
    if let Some(keys) = keys.filter(|member| member.value == Value::Object) {
        let first = Outline::of(head, keys.at).members.first().map(|row| row.name)?;
        let is_row = first.iter().all(u8::is_ascii_digit) && !first.is_empty();
        let is_alike = |member: &Member<'_>| {
            member.value == Value::Object
                && Outline::of(head, member.at).members.first().is_some_and(|row| row.name == first)
        };
        return (is_row && outline.members.iter().all(is_alike)).then(|| {
            let shape = "a pandas table written with orient='columns'";
            pandas(shape, "[print(json.dumps({c:t[c][i] for c in t})) for i in next(iter(t.values()))]")
        });
    }
    let has_scalar_key = keys.is_some_and(|member| !is_list(member.value));
    let vectors = vectors.filter(|member| !has_scalar_key || member.name == VECTOR_COLUMN.as_bytes());
    match (keys.filter(|_| !has_scalar_key), vectors) {
        (Some(keys), Some(vectors)) => Some(lists(head, outline, Some(keys), Some(vectors.name))),
        // More of it than is looked at, and not yet a column of vectors.
        (Some(keys), None)
            if !outline.is_complete && outline.members.iter().all(|member| is_list(member.value)) =>
        {
            Some(lists(head, outline, Some(keys), None))
        }
        (None, Some(vectors)) if vectors.name == VECTOR_COLUMN.as_bytes() => {
            Some(lists(head, outline, None, Some(vectors.name)))
        }
        _ => None,
    }
}

/// Chroma's list of the columns that it was asked for, which is no column itself.
const INCLUDED: &[u8] = b"included";

/// Lists side by side, as Chroma writes them.
fn lists(head: &[u8], outline: &Outline<'_>, keys: Option<&Member<'_>>, vectors: Option<&[u8]>) -> Unfit {
    let is_column =
        |member: &&Member<'_>| !matches!(member.value, Value::Text | Value::Scalar | Value::Object);
    let names: Vec<&[u8]> = outline.members.iter().filter(is_column).map(|member| member.name).collect();
    let name = |name| plain(name).unwrap_or("NAME");
    let vectors = vectors.unwrap_or(b"NAME");
    let listed = names.iter().map(|column| name(column)).collect::<Vec<_>>().join(", ");
    let shape = format!("columns ({listed})");
    let Some(keys) = keys else {
        let vectors = name(vectors);
        let body =
            format!(r#"[print(json.dumps({{"id":i,"vector":v}})) for i,v in enumerate(t["{vectors}"])]"#);
        return Unfit::Shape { shape, cure: format!("{}; the keys are then numbers", python(&body)) };
    };
    // The answer to a query has a list of lists in each column, one for each question.
    let answer = if keys.value == Value::Arrays { "t={k:v[0] for k,v in t.items() if v}; " } else { "" };
    let body = format!(
        "{answer}n=len(t[\"{}\"]); [print(json.dumps({{k:v[i] for k,v in t.items() \
         if isinstance(v,list) and len(v)==n and v[i] is not None}})) for i in range(n)]",
        name(keys.name)
    );
    let others: Vec<&str> = names
        .iter()
        .filter(|column| **column != keys.name && **column != vectors && **column != INCLUDED)
        .map(|column| name(column))
        .collect();
    let mut cure = format!(
        "{}; then load OUTPUT with --key {} --vector {}",
        python(&body),
        name(keys.name),
        name(vectors)
    );
    if !others.is_empty() {
        cure = format!("{cure} --metadata {}", others.join(","));
        let is_other = |member: &&Member<'_>| others.iter().any(|other| other.as_bytes() == member.name);
        if outline.members.iter().filter(is_other).any(|member| holds_more_than_text(head, member)) {
            cure.push_str(" --metadata-values text");
        }
    }
    Unfit::Shape { shape, cure }
}

/// Whether a column holds numbers, booleans or nulls, or objects with such members, as far as the text goes.
fn holds_more_than_text(head: &[u8], column: &Member<'_>) -> bool {
    let is_scalar = |at: usize| match Value::at(head, at) {
        Value::Object => Outline::of(head, at).members.iter().any(|member| member.value == Value::Scalar),
        // The command leaves out a null.
        value => value == Value::Scalar && head.get(at) != Some(&b'n'),
    };
    elements(head, column.at).into_iter().any(is_scalar)
}

/// Dictionaries whose names are the keys, and arrays of records under names that nobody knows.
pub(crate) fn of_names(head: &[u8], outline: &Outline<'_>, named: Named<'_>) -> Option<Unfit> {
    if let Some(unfit) = dictionary(head, outline) {
        return Some(unfit);
    }
    let mut path = Vec::new();
    let found = unknown(head, outline, named, &mut path)?;
    let way = way(&path);
    Some(match found {
        Inner::Dictionary => dictionary_of_objects(&path),
        Inner::Array => Unfit::Shape {
            shape: format!("an object with records in {}", joined(&path)),
            cure: python(&format!("[print(json.dumps(r)) for r in t{way}]")),
        },
    })
}

/// What stands inside an object under a name that nobody knows.
enum Inner {
    Dictionary,
    Array,
}

/// How deep records are looked for.
const DEEPEST: usize = 4;

fn unknown(head: &[u8], outline: &Outline<'_>, named: Named<'_>, path: &mut Vec<String>) -> Option<Inner> {
    for member in &outline.members {
        path.push(String::from_utf8_lossy(member.name).into_owned());
        match member.value {
            Value::Objects if is_record(head, skip_blanks(head, member.at + 1), named) => {
                return Some(Inner::Array);
            }
            Value::Object if path.len() < DEEPEST => {
                let inner = Outline::of(head, member.at);
                let is_known = is_one_of(&DICTIONARIES, member.name);
                if is_known && are_records(head, &inner) {
                    return Some(Inner::Dictionary);
                }
                if let Some(found) = unknown(head, &inner, named, path) {
                    return Some(found);
                }
            }
            _ => {}
        }
        path.pop();
    }
    None
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
pub(crate) fn dictionary(head: &[u8], outline: &Outline<'_>) -> Option<Unfit> {
    if outline.members.len() < 2 {
        return None;
    }
    if are_records(head, outline) {
        return Some(dictionary_of_objects(&[]));
    }
    let is_vector = |member: &Member<'_>| {
        let name = member.name.to_ascii_lowercase();
        let names_a_vector =
            [&b"vec"[..], b"emb"].iter().any(|part| name.windows(3).any(|some| some == *part));
        member.value == Value::Numbers && !names_a_vector && !is_key_name(&name) && !is_vector_name(&name)
    };
    outline.members.iter().all(is_vector).then(|| Unfit::Shape {
        shape: "a dictionary of vectors by key".to_owned(),
        cure: python(r#"[print(json.dumps({"id":k,"vector":v})) for k,v in t.items()]"#),
    })
}

fn dictionary_of_objects(path: &[String]) -> Unfit {
    let place = if path.is_empty() { String::new() } else { format!(" in {}", joined(path)) };
    let body = format!(r#"[print(json.dumps({{"id":k,**v}})) for k,v in t{}.items()]"#, way(path));
    Unfit::Shape { shape: format!("a dictionary of records by key{place}"), cure: python(&body) }
}

/// An object with more than one array of records: reading one would leave out the others.
pub(crate) fn several(paths: &[&[String]]) -> Unfit {
    let listed = paths.iter().map(|path| joined(path)).collect::<Vec<_>>().join(", ");
    let first = paths.first().map_or_else(String::new, |path| way(path));
    Unfit::Shape {
        shape: format!("several arrays of records ({listed})"),
        cure: format!(
            "choose one of them and {}",
            python(&format!("[print(json.dumps(r)) for r in t{first}]"))
        ),
    }
}

/// An object with a key of its own around an array of records, so large that nobody knows whether it is a record itself.
pub(crate) fn with_a_key(path: &[String]) -> Unfit {
    Unfit::Shape {
        shape: format!("an object that has a key and an array of records in {}", joined(path)),
        cure: format!(
            "to load the records in the array, {}; if each line is a record, use --format jsonl",
            python(&format!("[print(json.dumps(r)) for r in t{}]", way(path)))
        ),
    }
}

/// Arrays of arrays, the first of which starts at `at`: vectors without keys, or records without names.
pub(crate) fn of_rows(text: &[u8], at: usize, path: &[String]) -> Option<Unfit> {
    let place = if path.is_empty() { String::new() } else { format!(" in {}", joined(path)) };
    let way = way(path);
    if text.get(skip_blanks(text, at + 1)) == Some(&b'{') {
        return Some(Unfit::Shape {
            shape: format!("a list of lists of records{place}"),
            cure: python(&format!("[print(json.dumps(r)) for b in t{way} for r in b]")),
        });
    }
    let row = row(text, at);
    let vectors: Vec<usize> =
        (0..).zip(&row).filter(|(_, value)| **value == Value::Numbers).map(|(index, _)| index).collect();
    let keys = || row.iter().position(|value| matches!(value, Value::Text | Value::Scalar));
    match (vectors.as_slice(), keys()) {
        ([], Some(_)) if row.iter().all(|value| *value == Value::Scalar) => Some(Unfit::Shape {
            shape: format!("vectors without keys{place}"),
            cure: format!(
                "{}; the keys are then numbers",
                python(&format!(
                    r#"[print(json.dumps({{"id":i,"vector":v}})) for i,v in enumerate(t{way})]"#
                ))
            ),
        }),
        (&[vector], Some(key)) => {
            let name = |index| match index {
                _ if index == key => "\"id\"".to_owned(),
                _ if index == vector => "\"vector\"".to_owned(),
                _ => format!("\"column{}\"", index + 1),
            };
            let names = (0..row.len()).map(name).collect::<Vec<_>>().join(",");
            let body = format!("[print(json.dumps(dict(zip(({names}),r)))) for r in t{way}]");
            Some(Unfit::Shape {
                shape: format!("records as arrays without field names{place}"),
                cure: python(&body),
            })
        }
        _ => None,
    }
}

/// The elements of an array, as far as the text goes.
fn row(text: &[u8], start: usize) -> Vec<Value> {
    elements(text, start).into_iter().map(|at| Value::at(text, at)).collect()
}

/// Where they start.
fn elements(text: &[u8], start: usize) -> Vec<usize> {
    let mut values = Vec::new();
    let mut at = skip_blanks(text, start + 1);
    while let Some(end) = value_end(text, at).filter(|end| *end > at) {
        values.push(at);
        let behind = skip_blanks(text, end);
        if text.get(behind) != Some(&b',') {
            break;
        }
        at = skip_blanks(text, behind + 1);
    }
    values
}

fn pandas(shape: &str, body: &str) -> Unfit {
    let cure = format!("write it with df.to_json(PATH, orient='records', lines=True), or {}", python(body));
    Unfit::Shape { shape: shape.to_owned(), cure }
}

/// The command that makes JSON Lines of the whole text `t`; Python keeps integers and numbers as they are.
fn python(body: &str) -> String {
    format!(
        "convert it to JSON Lines: python3 -c 'import json,sys; t=json.load(sys.stdin); {body}' < INPUT > OUTPUT"
    )
}

/// The way to a member in Python.
fn way(path: &[String]) -> String {
    let steps = path.iter().flat_map(|name| ["[\"", plain(name.as_bytes()).unwrap_or("NAME"), "\"]"]);
    steps.collect()
}

fn joined(path: &[String]) -> String {
    path.iter().map(|name| plain(name.as_bytes()).unwrap_or("…")).collect::<Vec<_>>().join(".")
}

/// A name that can stand in a command as it is; the input must not write commands.
fn plain(name: &[u8]) -> Option<&str> {
    let name = std::str::from_utf8(name).ok()?;
    let is_plain = |character: char| character.is_alphanumeric() || "_-@:/ ".contains(character);
    (name.len() <= 60 && name.chars().all(is_plain)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::super::shape::holder;
    use super::*;

    /// What is said of a text, and the cure below it.
    fn said(text: &str) -> String {
        match holder(text.as_bytes(), true, Named::default()) {
            Err(Unfit::Shape { shape, cure }) => format!("{shape}\n    {cure}\n"),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn each_shape_has_its_name_and_the_command_that_makes_json_lines_of_it() {
        let texts = [
            r#"{"columns":["id","v"],"index":[0],"data":[["a",[1,2]]]}"#,
            r#"{"id":{"0":"a"},"vector":{"0":[1,2]}}"#,
            r#"{"ids":["a"],"embeddings":[[1,2]],"metadatas":[{"n":1}],"documents":["x"]}"#,
            r#"{"embeddings":[[1,2]]}"#,
            r#"{"a":{"vector":[1,2]},"b":{"vector":[3,4]}}"#,
            r#"{"vectors":{"a":{"values":[1,2]}}}"#,
            r#"{"a":[1,2],"b":[3,4]}"#,
            r#"{"mine":[{"id":"a","vector":[1,2]}]}"#,
            r#"{"vectors":[{"id":"a","vector":[1]}],"points":[{"id":"b","vector":[2]}]}"#,
            r#"[[{"id":"a","vector":[1,2]}]]"#,
            r"[[1,2],[3,4]]",
            r#"[["a",[1,2],"x"]]"#,
        ];
        let with_a_key = {
            let Unfit::Shape { shape, cure } = with_a_key(&["data".to_owned()]) else { panic!() };
            format!("{shape}\n    {cure}\n")
        };
        insta::assert_snapshot!(texts.map(said).concat() + &with_a_key, @r#"
        a pandas table written with orient='split'
            write it with df.to_json(PATH, orient='records', lines=True), or convert it to JSON Lines: python3 -c 'import json,sys; t=json.load(sys.stdin); [print(json.dumps(dict(zip(t["columns"],r)))) for r in t["data"]]' < INPUT > OUTPUT
        a pandas table written with orient='columns'
            write it with df.to_json(PATH, orient='records', lines=True), or convert it to JSON Lines: python3 -c 'import json,sys; t=json.load(sys.stdin); [print(json.dumps({c:t[c][i] for c in t})) for i in next(iter(t.values()))]' < INPUT > OUTPUT
        columns (ids, embeddings, metadatas, documents)
            convert it to JSON Lines: python3 -c 'import json,sys; t=json.load(sys.stdin); n=len(t["ids"]); [print(json.dumps({k:v[i] for k,v in t.items() if isinstance(v,list) and len(v)==n and v[i] is not None})) for i in range(n)]' < INPUT > OUTPUT; then load OUTPUT with --key ids --vector embeddings --metadata metadatas,documents --metadata-values text
        columns (embeddings)
            convert it to JSON Lines: python3 -c 'import json,sys; t=json.load(sys.stdin); [print(json.dumps({"id":i,"vector":v})) for i,v in enumerate(t["embeddings"])]' < INPUT > OUTPUT; the keys are then numbers
        a dictionary of records by key
            convert it to JSON Lines: python3 -c 'import json,sys; t=json.load(sys.stdin); [print(json.dumps({"id":k,**v})) for k,v in t.items()]' < INPUT > OUTPUT
        a dictionary of records by key in vectors
            convert it to JSON Lines: python3 -c 'import json,sys; t=json.load(sys.stdin); [print(json.dumps({"id":k,**v})) for k,v in t["vectors"].items()]' < INPUT > OUTPUT
        a dictionary of vectors by key
            convert it to JSON Lines: python3 -c 'import json,sys; t=json.load(sys.stdin); [print(json.dumps({"id":k,"vector":v})) for k,v in t.items()]' < INPUT > OUTPUT
        an object with records in mine
            convert it to JSON Lines: python3 -c 'import json,sys; t=json.load(sys.stdin); [print(json.dumps(r)) for r in t["mine"]]' < INPUT > OUTPUT
        several arrays of records (vectors, points)
            choose one of them and convert it to JSON Lines: python3 -c 'import json,sys; t=json.load(sys.stdin); [print(json.dumps(r)) for r in t["vectors"]]' < INPUT > OUTPUT
        a list of lists of records
            convert it to JSON Lines: python3 -c 'import json,sys; t=json.load(sys.stdin); [print(json.dumps(r)) for b in t for r in b]' < INPUT > OUTPUT
        vectors without keys
            convert it to JSON Lines: python3 -c 'import json,sys; t=json.load(sys.stdin); [print(json.dumps({"id":i,"vector":v})) for i,v in enumerate(t)]' < INPUT > OUTPUT; the keys are then numbers
        records as arrays without field names
            convert it to JSON Lines: python3 -c 'import json,sys; t=json.load(sys.stdin); [print(json.dumps(dict(zip(("id","vector","column3"),r)))) for r in t]' < INPUT > OUTPUT
        an object that has a key and an array of records in data
            to load the records in the array, convert it to JSON Lines: python3 -c 'import json,sys; t=json.load(sys.stdin); [print(json.dumps(r)) for r in t["data"]]' < INPUT > OUTPUT; if each line is a record, use --format jsonl
        "#);
    }
}
