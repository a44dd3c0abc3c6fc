//! The text of `--vectors`: JSON, or what a shell or a typing error has made of it. Pure.
//!
//! Only the structure is checked. The load judges the records one by one.

use serde_json::error::Category;
use serde_json::value::RawValue;

use super::check::usage;
use crate::exit::Failure;

/// How much of a text is shown.
const SHOWN: usize = 60;

/// Extensions of files with records, compressed or not.
const ENDINGS: [&str; 11] =
    [".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt", ".gz", ".zst", ".bz2", ".xz", ".lz4"];

/// What other programs write instead of `file://`.
const MISTAKEN_PREFIXES: [&str; 4] = ["fileb://", "file:", "FILE://", "@"];

/// Words that other languages write for a number or for null but that are not JSON: a defect of a single record.
const FOREIGN_WORDS: [&str; 8] = ["NaN", "nan", "Infinity", "inf", "None", "True", "False", "undefined"];

const FILE_CURE: &str = "put the JSON in a file and pass --vectors file://PATH";

/// Refuses a text that cannot be records, with what was probably meant. `is_file` says whether a path leads to a file.
pub(super) fn check(text: &str, is_file: impl Fn(&str) -> bool) -> Result<(), Failure> {
    let json = text.trim_start_matches('\u{feff}');
    let Err(flaw) = structure(json) else { return Ok(()) };
    let message = format!("--vectors {}: {}", shortened(text), flaw.told(json));
    Err(usage(message).advise(cure(json, &flaw, is_file)))
}

/// Whether [`check`] accepts a text, and it cannot be the name of a file.
pub(super) fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['[', '{']) && structure(text).is_ok()
}

/// Why a text cannot be records.
#[derive(Debug)]
enum Flaw {
    /// It is not JSON.
    Syntax(serde_json::Error),
    /// It is JSON without a record.
    NoRecord(&'static str),
}

impl Flaw {
    fn told(&self, text: &str) -> String {
        let error = match self {
            Self::NoRecord(what) => return format!("{what}, not records"),
            Self::Syntax(error) => error,
        };
        let what = error.to_string();
        let what = what.split(" at line ").next().unwrap_or_default();
        let before = self.before(text).unwrap_or_default();
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let line = if error.line() > 1 { format!("line {}, ", error.line()) } else { String::new() };
        format!("invalid JSON ({what}, {line}column {column})")
    }

    /// The text before the unexpected character.
    fn before<'a>(&self, text: &'a str) -> Option<&'a str> {
        let Self::Syntax(error) = self else { return None };
        let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
        let at = lines.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
        text.get(..at)
    }

    fn is_end(&self) -> bool {
        matches!(self, Self::Syntax(error) if error.classify() == Category::Eof)
    }
}

/// Checks that a text is JSON values that can contain records: objects, or arrays of anything but scalars.
fn structure(text: &str) -> Result<(), Flaw> {
    let tolerant;
    let text = if values(text).is_ok() {
        text
    } else {
        tolerant = tolerated(text);
        &tolerant
    };
    let is_structure = |value: &&RawValue| value.get().starts_with(['{', '[']);
    for value in values(text).map_err(Flaw::Syntax)? {
        match value.get().chars().next() {
            Some('{') => {}
            Some('[') => {
                let elements: Vec<&RawValue> = serde_json::from_str(value.get()).map_err(Flaw::Syntax)?;
                if !elements.is_empty() && !elements.iter().any(is_structure) {
                    return Err(Flaw::NoRecord("an array of single values"));
                }
            }
            Some('"') => return Err(Flaw::NoRecord("a JSON string")),
            _ => return Err(Flaw::NoRecord("a single value")),
        }
    }
    Ok(())
}

fn values(text: &str) -> Result<Vec<&RawValue>, serde_json::Error> {
    serde_json::Deserializer::from_str(text).into_iter().collect()
}

/// The text with defects of single records neutralised, each character in its place: words of other languages, and
/// control characters in a string.
fn tolerated(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut is_string, mut is_escaped) = (false, false);
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let word = if is_string || out.ends_with(char::is_alphanumeric) { "" } else { foreign_word(rest) };
        if !word.is_empty() {
            out.push('0');
            out.extend(std::iter::repeat_n(' ', word.len() - 1));
            rest = rest.get(word.len()..).unwrap_or_default();
            continue;
        }
        out.push(if is_string && character.is_ascii_control() { ' ' } else { character });
        is_string ^= character == '"' && !is_escaped;
        is_escaped = is_string && character == '\\' && !is_escaped;
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
    }
    out
}

/// The word of another language that a text begins with; empty if it is a name before a colon.
fn foreign_word(text: &str) -> &'static str {
    let ends = |word: &&&str| {
        text.strip_prefix(**word).is_some_and(|rest| {
            !rest.starts_with(|next: char| next.is_alphanumeric()) && !rest.trim_start().starts_with(':')
        })
    };
    FOREIGN_WORDS.iter().find(ends).copied().unwrap_or_default()
}

/// The cure for a text, according to the likely cause.
fn cure(text: &str, flaw: &Flaw, is_file: impl Fn(&str) -> bool) -> String {
    let rest = flaw.before(text).and_then(|before| text.get(before.len()..));
    let found = rest.and_then(|rest| rest.chars().next()).unwrap_or_default();
    let text = text.trim();
    let is_structure = text.starts_with(['[', '{']);
    if text.starts_with(['\'', '"']) {
        format!(
            "the shell kept the outer quotation marks: in cmd.exe, write \"[{{\\\"key\\\":…}}]\"; or {FILE_CURE}"
        )
    } else if !is_structure {
        of_path(text, is_file)
    } else if !text.contains('"') && text.contains(char::is_alphabetic) && !is_typographic(found) {
        let single =
            if found == '\'' { "use double quotes in JSON, not single ones; if you did, " } else { "" };
        format!(
            "{single}the shell removed the double quotes: in sh, put the JSON in single quotes; in cmd.exe and \
             PowerShell, write \\\" for each double quote; or {FILE_CURE}"
        )
    } else if is_typographic(found) {
        format!("write \" instead of each typographic quotation mark; or {FILE_CURE}")
    } else if found == '\'' {
        "use double quotes in JSON, not single ones".to_owned()
    } else if found == '\\' {
        format!("the shell kept the backslashes: remove them; or {FILE_CURE}")
    } else if flaw.is_end() {
        format!("if the shell split it at a space, quote all of it; or {FILE_CURE}")
    } else {
        format!("write [{{\"key\":\"…\",\"data\":{{\"float32\":[…]}}}}]; or {FILE_CURE}")
    }
}

fn is_typographic(character: char) -> bool {
    matches!(character, '\u{2018}'..='\u{201f}' | '«' | '»')
}

/// The cure for a text without any JSON structure, which mostly is the name of a file.
fn of_path(text: &str, is_file: impl Fn(&str) -> bool) -> String {
    let prefix = MISTAKEN_PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix));
    let path = prefix.unwrap_or(text);
    let is_named_so = ENDINGS.iter().any(|ending| path.to_ascii_lowercase().ends_with(ending));
    let otherwise = "write JSON as [{\"key\":\"…\",\"data\":{\"float32\":[…]}}]";
    if is_file(path) {
        format!("use --vectors file://{} to read that file", shortened(path))
    } else if prefix.is_some() || is_named_so {
        format!("use --vectors file://{} to read a file of that name; {otherwise}", shortened(path))
    } else {
        format!("use --vectors file://PATH to read a file; {otherwise}")
    }
}

/// The text, or its beginning if it is long.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => text.get(..at).unwrap_or_default().to_owned() + "…",
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::printed;

    #[test]
    fn a_text_that_is_no_json_is_told_with_its_likely_cause() {
        let told = [
            "'[{key:a}]'",
            r#"'[{"key":"a"}]'"#,
            r#""[{\"key\":\"a\"}]""#,
            "[{key:a}]",
            "[{'key':a}]",
            r#"[{"key":'a'}]"#,
            "[{“key”:“a”}]",
            r#"[{\"key\":\"a\"}]"#,
            r#"[{"key":"#,
            r#"[{"key":"a"},]"#,
            "key=a,data=[0.1,0.2]",
            "data,v.json",
            "V.JSON.GZ",
            "v",
            "@x",
            "fileb://x",
            "file:x",
            "[0.1,0.2]",
            "5",
            "[\n{\"é\":é}]",
        ]
        .map(|text| printed(check(text, |path| path == "v").err()));
        insta::assert_snapshot!(told.join("\n"), @r#"
        --vectors '[{key:a}]': invalid JSON (expected value, column 1)
            the shell kept the outer quotation marks: in cmd.exe, write "[{\"key\":…}]"; or put the JSON in a file and pass --vectors file://PATH
        --vectors '[{"key":"a"}]': invalid JSON (expected value, column 1)
            the shell kept the outer quotation marks: in cmd.exe, write "[{\"key\":…}]"; or put the JSON in a file and pass --vectors file://PATH
        --vectors "[{\"key\":\"a\"}]": a JSON string, not records
            the shell kept the outer quotation marks: in cmd.exe, write "[{\"key\":…}]"; or put the JSON in a file and pass --vectors file://PATH
        --vectors [{key:a}]: invalid JSON (key must be a string, column 3)
            the shell removed the double quotes: in sh, put the JSON in single quotes; in cmd.exe and PowerShell, write \" for each double quote; or put the JSON in a file and pass --vectors file://PATH
        --vectors [{'key':a}]: invalid JSON (key must be a string, column 3)
            use double quotes in JSON, not single ones; if you did, the shell removed the double quotes: in sh, put the JSON in single quotes; in cmd.exe and PowerShell, write \" for each double quote; or put the JSON in a file and pass --vectors file://PATH
        --vectors [{"key":'a'}]: invalid JSON (expected value, column 9)
            use double quotes in JSON, not single ones
        --vectors [{“key”:“a”}]: invalid JSON (key must be a string, column 3)
            write " instead of each typographic quotation mark; or put the JSON in a file and pass --vectors file://PATH
        --vectors [{\"key\":\"a\"}]: invalid JSON (key must be a string, column 3)
            the shell kept the backslashes: remove them; or put the JSON in a file and pass --vectors file://PATH
        --vectors [{"key":: invalid JSON (EOF while parsing a value, column 8)
            if the shell split it at a space, quote all of it; or put the JSON in a file and pass --vectors file://PATH
        --vectors [{"key":"a"},]: invalid JSON (expected value, column 14)
            write [{"key":"…","data":{"float32":[…]}}]; or put the JSON in a file and pass --vectors file://PATH
        --vectors key=a,data=[0.1,0.2]: invalid JSON (expected value, column 1)
            use --vectors file://PATH to read a file; write JSON as [{"key":"…","data":{"float32":[…]}}]
        --vectors data,v.json: invalid JSON (expected value, column 1)
            use --vectors file://data,v.json to read a file of that name; write JSON as [{"key":"…","data":{"float32":[…]}}]
        --vectors V.JSON.GZ: invalid JSON (expected value, column 1)
            use --vectors file://V.JSON.GZ to read a file of that name; write JSON as [{"key":"…","data":{"float32":[…]}}]
        --vectors v: invalid JSON (expected value, column 1)
            use --vectors file://v to read that file
        --vectors @x: invalid JSON (expected value, column 1)
            use --vectors file://x to read a file of that name; write JSON as [{"key":"…","data":{"float32":[…]}}]
        --vectors fileb://x: invalid JSON (expected ident, column 2)
            use --vectors file://x to read a file of that name; write JSON as [{"key":"…","data":{"float32":[…]}}]
        --vectors file:x: invalid JSON (expected ident, column 2)
            use --vectors file://x to read a file of that name; write JSON as [{"key":"…","data":{"float32":[…]}}]
        --vectors [0.1,0.2]: an array of single values, not records
            write [{"key":"…","data":{"float32":[…]}}]; or put the JSON in a file and pass --vectors file://PATH
        --vectors 5: a single value, not records
            use --vectors file://PATH to read a file; write JSON as [{"key":"…","data":{"float32":[…]}}]
        --vectors [
        {"é":é}]: invalid JSON (expected value, line 2, column 6)
            write [{"key":"…","data":{"float32":[…]}}]; or put the JSON in a file and pass --vectors file://PATH
        "#);
    }

    #[test]
    fn a_long_text_is_not_repeated() {
        let text = "é".repeat(100_000);
        insta::assert_snapshot!(printed(check(&text, |_| false).err()), @r#"
        --vectors éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé…: invalid JSON (expected value, column 1)
            use --vectors file://PATH to read a file; write JSON as [{"key":"…","data":{"float32":[…]}}]
        "#);
    }

    #[test]
    fn what_only_single_records_have_wrong_is_left_to_the_load() {
        for text in [
            "[]",
            " [ ] ",
            "{}",
            "\u{feff}[{\"key\":\"a\"}]",
            "{\"key\":\"a\"}\n{\"key\":\"b\"}{}",
            "{\"vectors\":[{\"key\":\"a\"}]}",
            "[[\"a\",[1,2]]]",
            "[{\"key\":\"a\",\"v\":[NaN,-Infinity, inf]},{\"key\":None}]",
            "[{\"key\":\"NaN: \\\"é\n\",\"v\":1e999}, 5]",
            "[{\"key\":\"\\ud83d\"}]",
        ] {
            assert_eq!(check(text, |_| false), Ok(()), "{text}");
        }
        let deep = format!("[{{\"key\":{}{}}}]", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(check(&deep, |_| false), Ok(()));
    }

    proptest! {
        #[test]
        fn a_text_that_is_taken_begins_as_json_and_one_that_is_not_has_a_cure(text in "[\\[\\]{}:,'\"\\\\a-cN\u{201c}é \n\u{7}1]{0,12}") {
            match check(&text, |_| false) {
                Ok(()) => {
                    let is_structure = text.trim_start().starts_with(['[', '{']);
                    prop_assert!(is_structure || text.trim().is_empty());
                }
                Err(failure) => prop_assert!(failure.advice.is_some_and(|advice| !advice.is_empty())),
            }
        }

        #[test]
        fn every_array_of_objects_is_taken_and_no_part_of_it(keys in prop::collection::vec("[a-z\"\\\\ é]{0,4}", 1..4), cut in any::<prop::sample::Index>()) {
            let records: Vec<_> = keys.iter().map(|key| serde_json::json!({ "key": key, "v": [1.5, -2] })).collect();
            let text = serde_json::to_string(&records).unwrap();
            prop_assert_eq!(check(&text, |_| false), Ok(()));
            let cut = text.floor_char_boundary(cut.index(text.len() - 1) + 1);
            prop_assert!(check(text.get(..cut).unwrap(), |_| false).is_err());
        }
    }
}
