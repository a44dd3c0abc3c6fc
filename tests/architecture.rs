//! The rules of `docs/design.md` that no compiler holds: who may use whom, which files are pure, and that the map
//! there is the tree that is here.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "architecture/circles.rs"]
mod circles;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use circles::{Circle, Crate};
use ossvec::test_support::setting::{ALL, ALSO_READ, FOR_TESTS};

/// Each module below `src` and the modules that it may name.
const MAY_USE: [(&str, &[&str]); 38] = [
    ("guard", &[]),
    ("ini", &[]),
    ("setting", &[]),
    ("shown", &[]),
    ("encoding", &[]),
    ("words", &[]),
    ("simd", &["setting"]),
    ("oss", &["ini", "oss", "shown", "simd"]),
    ("local_service", &["oss"]),
    ("call", &["oss"]),
    ("record", &["oss", "shown", "words"]),
    ("export", &["record", "shown", "words"]),
    ("read", &["encoding", "export", "guard", "record", "shown", "words"]),
    ("admit", &["encoding", "export", "lint", "oss", "record", "shown", "simd"]),
    ("claim", &["links", "private"]),
    (
        "put",
        &[
            "admit",
            "call",
            "claim",
            "exit",
            "links",
            "lint",
            "oss",
            "private",
            "process",
            "read",
            "record",
            "resources",
            "setting",
            "shown",
            "words",
        ],
    ),
    ("exit", &["shown"]),
    ("links", &[]),
    ("lint", &["record"]),
    ("private", &[]),
    ("process", &[]),
    ("status", &["exit", "oss", "private", "process", "put", "read", "shown", "words"]),
    ("resources", &["exit"]),
    ("command_line", &["setting", "shown"]),
    ("values", &["put"]),
    ("profile", &["ini", "setting"]),
    ("cli", &["encoding", "oss", "read", "setting", "values"]),
    ("generate", &["cli", "setting"]),
    ("index_names", &["cli", "oss", "settings"]),
    ("signals", &["exit"]),
    ("log", &["exit", "private"]),
    (
        "settings",
        &[
            "admit",
            "call",
            "cli",
            "command_line",
            "exit",
            "links",
            "lint",
            "local_service",
            "log",
            "oss",
            "private",
            "profile",
            "put",
            "read",
            "record",
            "setting",
            "shown",
            "values",
            "words",
        ],
    ),
    ("init", &["cli", "exit", "oss", "private", "profile", "setting", "settings"]),
    ("trial", &["cli", "exit", "oss", "put", "settings"]),
    ("convert", &["cli", "exit", "private", "put", "read", "record", "shown", "words"]),
    ("print", &["cli", "exit", "put", "record", "settings", "shown"]),
    (
        "command",
        &[
            "cli",
            "command_line",
            "convert",
            "exit",
            "generate",
            "guard",
            "index_names",
            "init",
            "local_service",
            "log",
            "oss",
            "print",
            "put",
            "resources",
            "settings",
            "shown",
            "signals",
            "status",
            "trial",
            "values",
        ],
    ),
    (
        "test_support",
        &[
            "admit",
            "call",
            "cli",
            "generate",
            "guard",
            "lint",
            "local_service",
            "oss",
            "put",
            "read",
            "record",
            "setting",
        ],
    ),
];

/// Each crate that only a few files may know, and those files; a folder ends with a slash.
const ONLY_IN: [(&str, &[&str]); 12] = [
    (
        "clap",
        &[
            "cli/",
            "settings/",
            "command/mod.rs",
            "command/narrow.rs",
            "print.rs",
            "generate/",
            "index_names.rs",
        ],
    ),
    (
        "reqwest",
        &["oss/answer.rs", "oss/client.rs", "oss/connections.rs", "oss/network.rs", "oss/credential/"],
    ),
    ("strsim", &["put/report/notes.rs"]),
    ("hyper", &["local_service/door.rs", "local_service/mod.rs"]),
    ("hyper_util", &["local_service/mod.rs"]),
    ("redb", &["local_service/store.rs", "local_service/answer.rs", "test_support/service.rs"]),
    ("indicatif", &["put/report/screen.rs"]),
    ("dirs", &["settings/"]),
    ("jiff", &["oss/time.rs"]),
    ("console", &["init/typed.rs", "put/report/screen.rs", "status/screen.rs"]),
    (
        "rustix",
        &[
            "init/typed.rs",
            "private.rs",
            "process.rs",
            "resources.rs",
            "settings/exposed.rs",
            "settings/places.rs",
            "signals.rs",
        ],
    ),
    ("tracing_subscriber", &["log.rs"]),
];

/// Folders, and modules right below them that still use each other in a circle. It only ever becomes shorter: nothing is
/// added, and what is no longer a circle must go.
const CIRCLES: [(&str, &[&str]); 0] = [];

/// Folders whose head, `mod.rs` or the file of the folder's name, still uses files below it that use the head. It only
/// ever becomes shorter, too.
const HEADS_IN_CIRCLES: [&str; 0] = [];

/// What a pure file never names: files, sockets, the environment, the clock, chance, waiting, the terminal.
const IMPURE: [&str; 17] = [
    "std::fs",
    "File::",
    "std::env",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "tokio",
    "fastrand::f64",
    "fastrand::u64",
    "sleep",
    "io::std",
    "println!",
    "eprintln!",
];

const LONGEST_FUNCTION: usize = 80;

const LONGEST_FILE: usize = 500;

/// A source file, by its path below its folder.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// Its lines without comments and without the tests at its end.
    fn code(&self) -> String {
        let code = self.text.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
        code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
    }

    fn is_test(&self) -> bool {
        ["tests.rs", "testing.rs"].contains(&self.path.rsplit('/').next().unwrap())
    }

    /// The module right below `src` that it belongs to.
    fn module(&self) -> &str {
        self.path.split('/').next().unwrap().trim_end_matches(".rs")
    }
}

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    fs::read_to_string(project().join(name)).unwrap().replace("\r\n", "\n")
}

/// All Rust files below a folder of the project.
fn files(folder: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut folders = vec![project().join(folder)];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let below = path.strip_prefix(project().join(folder)).unwrap();
                let names: Vec<_> = below.iter().map(|name| name.to_str().unwrap()).collect();
                let text = fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
                sources.push(Source { path: names.join("/"), text });
            }
        }
    }
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    sources
}

/// The files of the program itself.
fn sources() -> Vec<Source> {
    files("src").into_iter().filter(|source| !source.is_test()).collect()
}

/// The files of the program itself, by what they use.
fn program() -> Crate {
    let sources = sources();
    Crate::new(sources.iter().map(|source| (source.path.as_str(), source.text.as_str())))
}

fn assert_none(broken: &[String], rule: &str) {
    assert!(broken.is_empty(), "{rule}\n  {}\n", broken.join("\n  "));
}

#[test]
fn modules_use_each_other_in_one_direction() {
    let program = program();
    let modules: BTreeSet<_> = sources().iter().map(|source| source.module().to_owned()).collect();
    let mut broken = Vec::new();
    for module in modules.iter().filter(|module| !["main", "lib"].contains(&module.as_str())) {
        let Some((_, allowed)) = MAY_USE.iter().find(|(row, _)| row == module) else {
            broken.push(format!("{module} has no row in MAY_USE: say there whom it may use"));
            continue;
        };
        let used = program.used_by(module);
        broken.extend(
            used.iter().filter(|used| !allowed.contains(used)).map(|used| format!("{module} uses {used}")),
        );
    }
    assert_none(&broken, "these modules may not use each other:");
}

#[test]
fn no_files_of_a_folder_use_each_other_in_a_circle() {
    let program = program();
    let listed = CIRCLES.map(|(folder, modules)| Circle {
        folder: folder.to_owned(),
        modules: modules.iter().map(|module| (*module).to_owned()).collect(),
    });
    let found = program.circles();
    let added = found.iter().filter(|circle| !listed.contains(circle));
    let added: Vec<_> =
        added.flat_map(|circle| [vec![format!("{circle:?}")], program.ties(circle)].concat()).collect();
    assert_none(&added, "these use each other in a circle; move what several need into a file of its own:");
    let gone: Vec<_> =
        listed.iter().filter(|circle| !found.contains(circle)).map(|it| format!("{it:?}")).collect();
    assert_none(&gone, "these circles are gone; take them out of CIRCLES:");
}

#[test]
fn no_head_of_a_folder_is_in_a_circle_with_what_is_below_it() {
    let found = program().heads_in_circles();
    let listed: BTreeSet<_> = HEADS_IN_CIRCLES.map(str::to_owned).into();
    let added: Vec<_> = found.difference(&listed).cloned().collect();
    assert_none(&added, "files below these folders use their heads, which use them:");
    let gone: Vec<_> = listed.difference(&found).cloned().collect();
    assert_none(&gone, "these are in no circle; take them out of HEADS_IN_CIRCLES:");
}

#[test]
fn a_crate_with_a_side_is_known_to_few_files() {
    let program = program();
    let mut broken = Vec::new();
    for source in &sources() {
        for (name, places) in ONLY_IN {
            let allowed = places.iter().any(|place| {
                *place == source.path || (place.ends_with('/') && source.path.starts_with(place))
            });
            if !allowed && program.names_crate(&source.path, name) {
                broken.push(format!("src/{} names {name}; only {} may", source.path, places.join(", ")));
            }
        }
    }
    assert_none(&broken, "these files know a crate that is not theirs:");
}

/// The files of the map in `docs/design.md`, each with whether it is marked as pure.
fn map() -> Vec<(String, bool)> {
    let design = read("docs/design.md");
    let tree = design.split("\nsrc/\n").nth(1).unwrap().split("\n```").next().unwrap();
    let mut folders: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for line in tree.lines() {
        let name_at = line.chars().position(|c| c.is_ascii_alphanumeric()).unwrap();
        let mut words = line.trim_start_matches(|c: char| !c.is_ascii_alphanumeric()).split_whitespace();
        let name = words.next().unwrap();
        folders.truncate(name_at / 4 - 1);
        if name.ends_with('/') {
            folders.push(name);
        } else {
            found.push((folders.concat() + name, words.next() == Some("◦")));
        }
    }
    found
}

#[test]
fn the_map_shows_the_tree_as_it_is() {
    let shown: Vec<_> = map().into_iter().map(|(path, _)| path).collect();
    let drawn: BTreeSet<_> = shown.iter().cloned().collect();
    assert_eq!(drawn.len(), shown.len(), "docs/design.md shows a file twice: {shown:?}");
    let here: BTreeSet<_> = sources().into_iter().map(|source| source.path).collect();
    let missing: Vec<_> = here.difference(&drawn).cloned().collect();
    let gone: Vec<_> = drawn.difference(&here).cloned().collect();
    assert_none(&missing, "docs/design.md does not show these files of src:");
    assert_none(&gone, "docs/design.md shows files that are not in src:");
}

#[test]
fn pure_files_touch_nothing_outside() {
    let pure: BTreeSet<_> = map().into_iter().filter(|(_, is_pure)| *is_pure).map(|(path, _)| path).collect();
    assert!(pure.len() > 20, "{pure:?}");
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| pure.contains(&source.path)) {
        let code = source.code();
        for word in IMPURE.into_iter().filter(|word| code.contains(word)) {
            broken.push(format!("src/{}: {word}", source.path));
        }
    }
    assert_none(&broken, "these files are marked ◦ in docs/design.md and are not pure:");
}

/// The functions of a formatted file: the line of each, from 1, and how many lines it has.
fn functions(text: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let is_head = |line: &str| {
        let words: Vec<&str> =
            line.trim_start().split(' ').take_while(|word| !word.contains(['<', '"'])).collect();
        words.contains(&"fn") && !line.trim_start().starts_with("//")
    };
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| is_head(line)) {
        let indent = " ".repeat(line.len() - line.trim_start().len());
        let is_end = |line: &&str| {
            let rest = line.strip_prefix(indent.as_str()).unwrap_or("  ");
            !rest.starts_with(' ') && (rest.ends_with('}') || rest.ends_with(';'))
        };
        let length = lines.iter().skip(at).position(is_end).unwrap() + 1;
        found.push((at + 1, length));
    }
    found
}

#[test]
fn no_function_is_longer_than_a_screen() {
    let mut broken = Vec::new();
    for folder in ["src", "tests", "benches"] {
        for source in files(folder) {
            for (line, length) in functions(&source.text) {
                if length > LONGEST_FUNCTION {
                    broken.push(format!("{folder}/{}:{line}: {length} lines", source.path));
                }
            }
        }
    }
    assert_none(&broken, &format!("these functions have more than {LONGEST_FUNCTION} lines:"));
}

#[test]
fn no_file_is_longer_than_what_one_keeps_in_mind() {
    let lengths = ["src", "tests", "benches"].into_iter().flat_map(|folder| {
        let of_file =
            move |source: Source| (format!("{folder}/{}", source.path), source.text.lines().count());
        files(folder).into_iter().map(of_file)
    });
    let long = lengths.filter(|(_, length)| *length > LONGEST_FILE);
    let broken: Vec<_> = long.map(|(path, length)| format!("{path}: {length} lines")).collect();
    assert_none(&broken, &format!("these files have more than {LONGEST_FILE} lines:"));
}

#[test]
fn functions_are_measured_from_head_to_closing_brace() {
    let text = "fn one() {}\n\npub(crate) async fn four(\n    a: u8,\n) {\n}\n\ntrait T {\n    fn none(&self);\n    fn two(&self) {\n        drop(1);\n    }\n}\n";
    assert_eq!(functions(text), [(1, 1), (3, 4), (9, 1), (10, 3)]);
}

/// The one file that knows the words that say how much a notice matters.
const SEVERITIES: &str = "put/report/lines.rs";

#[test]
fn no_text_brings_its_severity_along() {
    let is_broken = |source: &Source| {
        let code = source.code();
        source.path != SEVERITIES
            && ["\"note: ", "\"warning: "].iter().any(|beginning| code.contains(beginning))
    };
    let broken: Vec<_> = sources().into_iter().filter(is_broken).map(|source| source.path).collect();
    assert_none(&broken, &format!("only src/{SEVERITIES} writes note: and warning:; give these a Severity:"));
}

#[test]
fn variables_are_named_in_one_place() {
    let settings = ALL.iter().filter_map(|setting| setting.variable());
    let also = ALSO_READ.iter().flat_map(|read| read.names.iter().copied());
    let names: Vec<_> = settings.chain(also).chain(FOR_TESTS).collect();
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| source.module() != "setting") {
        let code = source.code();
        let named = names.iter().filter(|name| code.contains(&format!("\"{name}\"")));
        broken.extend(named.map(|name| format!("src/{} names {name}", source.path)));
    }
    assert_none(&broken, "these name a variable themselves; take the name from src/setting:");
}

#[test]
fn nothing_is_left_undone() {
    let undone =
        |source: &Source| ["todo!", "unimplemented!"].iter().any(|word| source.code().contains(word));
    let broken: Vec<_> = sources().into_iter().filter(undone).map(|source| source.path).collect();
    assert_none(&broken, "these files hold a todo!:");
}

#[test]
fn every_dependency_says_what_it_is_for() {
    let manifest = read("Cargo.toml");
    let sections = manifest.split("\n[").filter(|section| {
        section.lines().next().is_some_and(|head| head.trim_end_matches(']').ends_with("dependencies"))
    });
    let mut seen = 0;
    let mut broken = Vec::new();
    for line in sections.flat_map(|section| section.lines().skip(1)).filter(|line| line.contains('=')) {
        seen += 1;
        if line.split_once(" # ").is_none_or(|(_, reason)| reason.trim().is_empty()) {
            broken.push(line.to_owned());
        }
    }
    assert!(seen > 20, "{seen} dependencies found");
    assert_none(&broken, "these lines of Cargo.toml lack a reason behind a #:");
}
