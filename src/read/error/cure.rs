//! Cures of errors that depend on what was found. Pure.

use crate::read::decompress::Trailing;
use crate::record::Input;
use crate::shown::quoted;
use crate::words::plural;

/// How to read text that is not UTF-8 and may be in the `likely` encoding.
pub(super) fn encoding_cure(likely: Option<&str>) -> String {
    likely.map_or_else(
        || {
            "set its encoding with --encoding, such as gb18030, big5, shift_jis, euc-kr or windows-1252"
                .to_owned()
        },
        |name| format!("read it with --encoding {}, and check the text", name.to_ascii_lowercase()),
    )
}

/// What has no keys, a `table` whose rows have labels or vectors alone, and where to take them from.
pub(super) fn without_keys(table: Option<&str>) -> String {
    match table {
        Some(table) => format!(
            "{table}, without a column of keys\n\
             take the labels of its rows with --key index, name a column with --key, or make the keys with \
             --key-template '{{file}}-{{row}}'"
        ),
        None => "vectors without keys\n\
                 add the keys with --keys-from FILE, or make them with --key-template '{file}-{row}'"
            .to_owned(),
    }
}

/// Why a directory has no input, and what to do; `patterns` lead to inputs in the directories inside it.
pub(super) fn why_no_input(others: usize, patterns: &[String]) -> String {
    let why = match others {
        0 => ": there are no files in it",
        _ => ": no file in it contains JSON or a table",
    };
    let deeper = patterns.iter().map(|pattern| quoted(pattern)).collect::<Vec<_>>().join(" ");
    let cure = match others {
        _ if !patterns.is_empty() => format!("to load the files in the directories inside it, pass {deeper}"),
        0 => "put files into it, or check the path".to_owned(),
        _ => "to load a file with any name, pass its path".to_owned(),
    };
    format!("{why}\n{cure}")
}

/// What follows the compressed data of an input, or compressed data inside that, and what to do about it.
pub(super) fn behind_compressed(
    compression: &str,
    input: &Input,
    trailing: &Trailing,
    is_inner: bool,
) -> String {
    let Trailing { at, bytes, tail, .. } = trailing;
    let (of, cure) = if is_inner {
        let cure = "decompress the file once, and load what it contains".to_owned();
        ("compressed data inside the ", cure)
    } else {
        ("", trailing.cure("INPUT", "load both parts"))
    };
    format!(
        "the {of}{compression} data of {input} ends at byte {at}, followed by {} of {}\n\
         everything before that has been read; {cure}",
        plural(*bytes, "byte"),
        tail.words()
    )
}

/// The `cure` with the name of the file in the command that converts it; a stream has no name.
pub(super) fn of_file(cure: &str, input: &Input) -> String {
    match input {
        Input::File(path) => {
            cure.replacen("convert INPUT", &format!("convert {}", quoted(&path.to_string_lossy())), 1)
        }
        Input::Stdin | Input::Inline(_) => cure.to_owned(),
    }
}
