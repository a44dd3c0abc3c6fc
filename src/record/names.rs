//! The default names of fields, and of what contains records.

/// The default names of a record's key, the likeliest first.
pub(crate) const KEYS: [&str; 7] = ["key", "id", "_id", "uuid", "doc_id", "custom_id", "recordId"];

/// The default names of its vector.
pub(crate) const VECTORS: [&str; 5] = ["data.float32", "vector", "values", "embedding", "emb"];

/// Fields that contain a whole metadata object, or its JSON text, the likeliest first.
pub(crate) const METADATA: [&str; 3] = ["metadata", "payload", "properties"];

/// The member for the record of another file that is joined by key.
pub(crate) const JOINED: &str = "joined";

/// Where such a record has its text, the likeliest first: an embedding request, or a document.
pub(crate) const TEXTS: [&[&str]; 9] = [
    &["body", "input"],
    &["modelInput", "inputText"],
    &["modelInput", "texts"],
    &["request", "content", PARTS],
    &["text"],
    &["input"],
    &["content", PARTS],
    &["content"],
    OF_COHERE,
];

/// Where a request to Gemini has the parts of its content, each an object with a text.
pub(crate) const PARTS: &str = "parts";

/// Where a request to Cohere has its texts.
pub(crate) const OF_COHERE: &[&str] = &["texts"];

/// Where vector stores keep sparse values.
pub(crate) const SPARSE: [&str; 7] = [
    "sparse_values",
    "sparseValues",
    "sparse_vector",
    "sparseVector",
    "sparse_vectors",
    "sparse_embedding",
    "sparse",
];

/// Where vector stores keep the namespace of a record.
pub(crate) const NAMESPACE: [&str; 2] = ["namespace", "__namespace__"];

/// The list in which Chroma names the columns that it returns; not a column itself.
pub(crate) const INCLUDED: &str = "included";

/// What programs write as text where there is no value: pandas, Python, SQL, JavaScript, database dumps and spreadsheets.
pub(crate) const MISSING: [&str; 19] = [
    "nan",
    "NaN",
    "NAN",
    "<NA>",
    "NaT",
    "None",
    "null",
    "NULL",
    "Null",
    "undefined",
    r"\N",
    "N/A",
    "#N/A",
    "#REF!",
    "#VALUE!",
    "#NAME?",
    "#DIV/0!",
    "#NUM!",
    "#NULL!",
];

/// Whether a text is one of these.
pub(crate) fn is_missing(text: &str) -> bool {
    text.len() < 10 && MISSING.contains(&text)
}

/// Whether a text is a whole number as programs write it that took it for a measured one: spreadsheets `6.22851E+12`, in
/// which digits are lost, or `####`, and pandas `1.0`, where another row has none.
pub(crate) fn is_remade_number(text: &str) -> bool {
    let is_whole = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_decimal = |text: &str| {
        text.split_once('.').map_or(is_whole(text), |(whole, rest)| is_whole(whole) && is_whole(rest))
    };
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    unsigned.strip_suffix(".0").is_some_and(is_whole)
        || unsigned.split_once("E+").is_some_and(|(digits, power)| is_decimal(digits) && is_whole(power))
        || (text.starts_with("###") && text.bytes().all(|byte| byte == b'#'))
}

/// Names of an array of records inside an object, as services and their tools write them.
pub(crate) const WRAPPERS: [&str; 11] = [
    "vectors",
    "rows",
    "points",
    "data",
    "hits",
    "value",
    "objects",
    "results",
    "result",
    "matches",
    "documents",
];

/// More names of such an array, which a record may also use for something else: they count only if the elements are
/// records.
pub(crate) const LOOSE_WRAPPERS: [&str; 3] = ["items", "records", "docs"];

/// Names of an object around an object that contains the records.
pub(crate) const HOLDERS: [&str; 8] =
    ["result", "results", "hits", "data", "response", "body", "output", "content"];

/// Names of an object whose members may be records, each under its key.
pub(crate) const DICTIONARIES: [&str; 4] = ["vectors", "records", "data", "result"];

/// More names of a column of keys, next to other columns.
pub(crate) const KEY_COLUMNS: [&str; 2] = ["ids", "keys"];

/// The name of a column of vectors.
pub(crate) const VECTOR_COLUMN: &str = "embeddings";

/// Whether a name, spelled as in the text, is one of these.
pub(crate) fn is_one_of(names: &[&str], name: &[u8]) -> bool {
    names.iter().any(|known| known.as_bytes() == name)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::cli::definition;

    fn any_of(names: &[&str]) -> String {
        names.split_last().map(|(last, others)| format!("{} or {last}", others.join(", "))).unwrap()
    }

    fn coded(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| format!("`{name}`")).collect()
    }

    fn page(name: &str) -> String {
        let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
        page.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_help_names_the_fields_that_are_recognised() {
        let command = definition();
        let load = command.find_subcommand("put-vectors").unwrap();
        for (option, names) in [
            ("key", format!("[default: the first of {}]", KEYS.join(", "))),
            ("vector", format!("[default: {}]", any_of(&VECTORS))),
            ("metadata", format!("[default: the object {}]", any_of(&METADATA))),
        ] {
            let argument = load.get_arguments().find(|argument| argument.get_id() == option).unwrap();
            let help = argument.get_long_help().unwrap().to_string();
            assert!(help.contains(&names), "{help}\nlacks {names}");
        }
    }

    #[test]
    fn the_pages_name_what_is_recognised() {
        let any_of = |names| any_of(&coded(names).iter().map(String::as_str).collect::<Vec<_>>());
        let list = |names| coded(names).join(", ");
        for (name, text) in [
            ("docs/formats.md", format!("| key | the first of {} that", list(&KEYS))),
            ("docs/formats.md", format!("| vector | {};", any_of(&VECTORS))),
            ("docs/formats.md", format!("the members of the first of {} that", list(&METADATA))),
            ("docs/formats.md", format!("can be named {};", any_of(&WRAPPERS))),
            ("docs/formats.md", format!("also {}.", any_of(&LOOSE_WRAPPERS))),
            ("docs/formats.md", format!("Namespaces are {}", any_of(&NAMESPACE))),
            ("docs/formats.md", format!("sparse values {}", any_of(&SPARSE))),
            ("docs/events.md", format!("| {} that is not stored", any_of(&METADATA))),
            ("docs/events.md", format!("that programs write for a missing value: {}", list(&MISSING))),
        ] {
            assert!(page(name).contains(&text), "{name} lacks {text}");
        }
    }
}
