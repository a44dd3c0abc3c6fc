//! Flags and variables that messages and pages name: each of them exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Command;
use ossvec::test_support::cli::definition;
use ossvec::test_support::setting::{ALL, ALSO_READ, FOR_TESTS, Key};

/// Other programs, and those of their flags that a paragraph may name which names the program too.
const OF_OTHERS: [(&str, &[&str]); 11] = [
    ("aws", &["--recursive"]),
    (
        "cargo",
        &[
            "--bench",
            "--features",
            "--ignored",
            "--lib",
            "--locked",
            "--nocapture",
            "--path",
            "--release",
            "--test",
        ],
    ),
    ("curl", &["--fail", "--header", "--show-error", "--silent"]),
    ("docker", &["--env-file"]),
    ("end_to_end.py", &["--pairs"]),
    ("git", &["--message", "--sign"]),
    ("sha256sum", &["--check", "--ignore-missing"]),
    ("systemctl", &["--now", "--signal"]),
    ("valgrind", &["--tool"]),
    ("callgrind", &["--branch-sim"]),
    ("zstd", &["--long", "--ultra"]),
];

/// What the names of variables begin with that are this program's, or the vendor's.
const BEGINNINGS: [&str; 4] = ["ALIBABA_CLOUD_", "OSSUTIL_", "OSSVEC_", "OSS_"];

/// The flags that a text names.
fn flags(text: &str) -> BTreeSet<String> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    let flag = |(at, _)| {
        let (before, here) = text.split_at(at);
        let word = here.split(|letter| !is_part(letter)).next()?.trim_end_matches('-');
        let begins = word.strip_prefix("--")?.starts_with(|letter: char| letter.is_ascii_lowercase());
        (begins && !before.ends_with(is_part)).then(|| word.to_owned())
    };
    text.match_indices("--").filter_map(flag).collect()
}

/// The variables with a known beginning that a text names.
fn variables(text: &str) -> BTreeSet<String> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words = text.split(|letter: char| !is_part(letter));
    let is_named = |word: &&str| {
        BEGINNINGS.iter().any(|start| word.len() > start.len() && word.starts_with(start))
            && !word.contains(|letter: char| letter.is_ascii_lowercase())
    };
    words.filter(is_named).map(str::to_owned).collect()
}

/// The texts in Rust code, without its comments and the tests at its end, each with a line break behind it.
fn literals(code: &str) -> String {
    let mut texts = String::new();
    let mut rest = code.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    while let Some(at) = rest.find(['"', '/', '\'', 'r']) {
        let (before, here) = rest.split_at(at);
        let is_word = before.ends_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_');
        rest = if let Some(comment) = here.strip_prefix("//") {
            comment.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some((text, after)) = raw(here).filter(|_| !is_word) {
            texts.extend([text, "\n"]);
            after
        } else if let Some(text) = here.strip_prefix('"') {
            let (text, after) = quoted(text);
            texts.extend([text.as_str(), "\n"]);
            after
        } else {
            // A quotation mark as a character opens no text.
            let mut characters = ["'\"'", "'\\''", "'\\\"'"].iter();
            characters.find_map(|mark| here.strip_prefix(mark)).unwrap_or_else(|| here.split_at(1).1)
        };
    }
    texts
}

/// A raw text, and what follows it.
fn raw(code: &str) -> Option<(&str, &str)> {
    let code = code.strip_prefix('r')?;
    let text = code.trim_start_matches('#');
    let end = format!("\"{}", "#".repeat(code.len() - text.len()));
    text.strip_prefix('"')?.split_once(&end)
}

/// A text up to its quotation mark, with its escapes taken off, and what follows it.
fn quoted(code: &str) -> (String, &str) {
    let mut text = String::new();
    let mut rest = code;
    while let Some(at) = rest.find(['"', '\\']) {
        let (before, here) = rest.split_at(at);
        text += before;
        let mut letters = here.chars();
        if letters.next() == Some('"') {
            return (text, letters.as_str());
        }
        match letters.next() {
            // The text goes on in the next line.
            Some('\n') => {
                rest = letters.as_str().trim_start();
                continue;
            }
            Some('n' | 't') => text.push('\n'),
            Some(letter) => text.push(letter),
            None => {}
        }
        rest = letters.as_str();
    }
    panic!("a text without an end: {code}");
}

/// All files below a folder with this extension, tests left out.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let is_test = ["tests.rs", "testing.rs"].iter().any(|name| path.ends_with(name));
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) && !is_test {
                found.push(path);
            }
        }
    }
    found
}

/// The lines of a source that are no comment, without the tests at its end.
fn code_of(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    code.lines().filter(is_code).flat_map(|line| [line, "\n"]).collect()
}

/// What messages and pages say, by file.
fn texts() -> Vec<(PathBuf, String)> {
    let read = |path: &PathBuf| fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    let code = files("src", "rs").into_iter().map(|path| (path.clone(), literals(&read(&path))));
    let top = ["README.md"].map(|name| Path::new(env!("CARGO_MANIFEST_DIR")).join(name));
    let pages = files("docs", "md").into_iter().chain(top).map(|path| (path.clone(), read(&path)));
    code.chain(pages).collect()
}

/// Every flag of every command, hidden ones included.
fn known_flags() -> BTreeSet<String> {
    fn add(command: &Command, found: &mut BTreeSet<String>) {
        found.extend(command.get_arguments().filter_map(|option| Some(format!("--{}", option.get_long()?))));
        command.get_subcommands().for_each(|below| add(below, found));
    }
    let mut command = definition();
    command.build();
    let mut found = BTreeSet::new();
    add(&command, &mut found);
    // Known only after --version, which cli/version sees to.
    found.insert("--verbose".to_owned());
    found
}

/// What `build.rs` sets for the compiler.
const SET_BY_BUILD: [&str; 2] = ["OSSVEC_BUILD_COMMIT", "OSSVEC_BUILD_TARGET"];

/// Whether a flag is one of another program that the paragraph names.
fn is_of_others(flag: &str, paragraph: &str) -> bool {
    OF_OTHERS.iter().any(|(program, flags)| flags.contains(&flag) && paragraph.contains(program))
}

#[test]
fn every_flag_that_a_message_or_a_page_names_exists() {
    let known = known_flags();
    assert!(known.contains("--version") && known.len() > 60, "{known:?}");
    let mut unknown = BTreeSet::new();
    let mut named = BTreeSet::new();
    for (path, text) in texts() {
        for paragraph in text.split("\n\n") {
            for flag in flags(paragraph) {
                if !known.contains(&flag) && !is_of_others(&flag, paragraph) {
                    unknown.insert(format!("{}: {flag}", path.display()));
                }
                named.insert(flag);
            }
        }
    }
    assert!(unknown.is_empty(), "no command has these: {unknown:#?}");
    let silent: Vec<_> = known.difference(&named).collect();
    assert_eq!(silent, Vec::<&String>::new(), "no message and no page names these");
    let others = OF_OTHERS.iter().flat_map(|(_, flags)| *flags);
    let idle: Vec<_> = others.filter(|flag| !named.contains(**flag)).collect();
    assert!(idle.is_empty(), "no page needs these: {idle:?}");
}

#[test]
fn every_variable_that_a_message_or_a_page_names_exists_and_is_read() {
    let of_settings = ALL.iter().flat_map(|setting| setting.variables());
    let also = ALSO_READ.iter().flat_map(|variables| variables.names);
    let of_build = SET_BY_BUILD.iter();
    let known = of_settings.chain(also).chain(of_build).chain(&FOR_TESTS);
    let known: BTreeSet<_> = known.map(|name| (*name).to_owned()).collect();
    let mut unknown = BTreeSet::new();
    for (path, text) in texts() {
        let here = variables(&text);
        unknown.extend(here.difference(&known).map(|name| format!("{}: {name}", path.display())));
    }
    assert!(unknown.is_empty(), "nobody reads these: {unknown:#?}");
    // Code has the constants of their names, which are defined beside the settings.
    let is_definition = |path: &Path| path.components().any(|part| part.as_os_str() == "setting");
    let code = files("src", "rs").into_iter().filter(|path| !is_definition(path));
    let read: BTreeSet<_> = code.flat_map(|path| variables(&code_of(&path))).collect();
    // Those of settings are read by their definition.
    let also = ALSO_READ.iter().flat_map(|variables| variables.names).map(ToString::to_string);
    let idle: Vec<_> = also.filter(|name| !variables(name).is_empty() && !read.contains(name)).collect();
    assert!(idle.is_empty(), "these are described, and nobody reads them: {idle:?}");
}

#[test]
fn every_key_of_the_file_is_described() {
    let pages: String = files("docs", "md").iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let keys: Vec<_> =
        ALL.iter().filter(|setting| setting.key != Key::None).map(|setting| setting.name).collect();
    let silent: Vec<_> = keys
        .iter()
        .filter(|key| !pages.contains(&format!("`{key}`")) && !pages.contains(&format!("`{key} =")))
        .collect();
    assert!(keys.len() > 20 && silent.is_empty(), "no page names these: {silent:?}");
}

#[test]
fn flags_and_variables_are_found_wherever_they_stand() {
    let found = |text: &str| flags(text).into_iter().collect::<Vec<_>>();
    assert_eq!(
        found("`--key` (--vector=a), [--no-header] '--max-rejects'."),
        ["--key", "--max-rejects", "--no-header", "--vector"]
    );
    assert_eq!(found("<!-- a --> |---|---| a--b -- --{key} ---key --Key"), Vec::<String>::new());
    assert_eq!(found("--a-- --b_c"), ["--a", "--b_c"]);
    let found = |text: &str| variables(text).into_iter().collect::<Vec<_>>();
    assert_eq!(
        found("$OSS_REGION, OSSVEC_STS_URL=x MY_OSS_REGION OSS_ OSS_… OSS_Region"),
        ["OSSVEC_STS_URL", "OSS_REGION"]
    );
}

#[test]
fn texts_are_found_in_code_and_comments_are_not() {
    let code = concat!(
        "// \"--no\"\n/// it's --no\nfn f<'a>(x: &'a str) { g(\"--one \\\"--two\\\" \\\n    --three\"); // --no\n",
        "    let r = '\"'; h(r#\"--four \"--five\"\"#, b'\\'', \"\", \"a\\n--six\"); }\n",
        "\n#[cfg(test)]\nmod tests {\n    \"--no\"\n}\n"
    );
    let found: Vec<_> = flags(&literals(code)).into_iter().collect();
    assert_eq!(found, ["--five", "--four", "--one", "--six", "--three", "--two"]);
}
