//! The files that are made from the command line's definition: that they are as the program makes them now, and that
//! nothing of `--help` is missing in any of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use ossvec::test_support::cli::definition;
use ossvec::test_support::generate::{files, parts};
use ossvec::test_support::setting::FOR_TESTS;

use crate::support::{Home, run, say};

const RENEW: &str = "renew the generated files with: cargo run -- generate .";

fn committed(path: &str) -> String {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path));
    text.unwrap_or_else(|error| panic!("{path}: {error}; {RENEW}")).replace("\r\n", "\n")
}

#[test]
fn generated_files_are_fresh() {
    let stale: Vec<_> = files().into_iter().filter(|file| committed(file.path) != file.text).collect();
    let stale: Vec<_> = stale.iter().map(|file| file.path).collect();
    assert!(stale.is_empty(), "{stale:?} are not as the program makes them; {RENEW}");
    for part in parts() {
        let page = committed(part.path);
        let is_fresh = part.renewed(&page).is_some_and(|renewed| renewed == page);
        assert!(is_fresh, "a part of {} is not as the program makes it; {RENEW}", part.path);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    let here = fs::read_dir(folder).unwrap().count();
    let made = files().iter().filter(|file| file.path.starts_with("completions/")).count();
    assert_eq!(here, made, "completions/ holds a file that nobody makes");
}

#[test]
fn the_program_writes_and_prints_the_same_files() {
    let home = Home::new();
    run(home.ossvec().arg("generate").arg(home.path("out"))).assert_code(0);
    for file in files() {
        assert_eq!(fs::read_to_string(home.path("out").join(file.path)).unwrap(), file.text, "{}", file.path);
    }
    for (shell, path) in [
        ("bash", "completions/ossvec.bash"),
        ("zsh", "completions/_ossvec"),
        ("fish", "completions/ossvec.fish"),
        ("powershell", "completions/_ossvec.ps1"),
    ] {
        let printed = run(home.ossvec().args(["completions", shell]));
        assert_eq!((printed.code, printed.stdout), (Some(0), committed(path)), "{shell}");
    }
    for part in parts() {
        let page = |text: &str| format!("# a\n\n{}\n{text}{}\n\nb\n", part.begin, part.end);
        let path = home.write(&format!("out/{}", part.path), page("old\n"));
        run(home.ossvec().arg("generate").arg(home.path("out"))).assert_code(0);
        assert_eq!(fs::read_to_string(&path).unwrap(), page(&part.text));
        fs::write(&path, "# a\n").unwrap();
        let ended = run(home.ossvec().arg("generate").arg(home.path("out")));
        assert!(ended.assert_code(3).stderr.contains("cannot renew "), "{}", ended.stderr);
        assert_eq!(fs::read_to_string(&path).unwrap(), "# a\n");
    }
    let taken = home.write("taken", "");
    let ended = run(home.ossvec().arg("generate").arg(&taken));
    assert!(ended.assert_code(3).stderr.starts_with("ossvec: cannot write "), "{}", ended.stderr);
}

/// Every command that is not hidden, as the words after `ossvec`.
fn commands() -> Vec<Vec<String>> {
    fn add(command: &clap::Command, words: &[String], found: &mut Vec<Vec<String>>) {
        found.push(words.to_vec());
        for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
            add(below, &[words, &[below.get_name().to_owned()]].concat(), found);
        }
    }
    let mut found = Vec::new();
    add(&definition(), &[], &mut found);
    found
}

/// The options that the help of a command shows.
fn options(home: &Home, command: &[String]) -> BTreeSet<String> {
    let help = run(home.ossvec().args(command).arg("--help"));
    let lines = help.assert_code(0).stdout.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let words = lines.flat_map(|line| line.split("  ").next().unwrap().split([' ', ',', '=', '[']));
    words.filter(|word| word.starts_with('-') && word.len() > 1).map(str::to_owned).collect()
}

/// Whether a word stands in a text, and not only as a part of a longer option.
fn holds(text: &str, word: &str) -> bool {
    let is_part =
        |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '-');
    text.match_indices(word).any(|(at, _)| {
        let (before, rest) = text.split_at(at);
        !is_part(before.chars().next_back()) && !is_part(rest.chars().nth(word.chars().count()))
    })
}

/// The part of a text about one command: from its heading to the next, and the part about every command.
fn part<'a>(text: &'a str, heading: &str, name: &str) -> &'a str {
    let start = text.find(&format!("{heading}{name}")).unwrap_or_else(|| panic!("no part about {name}"));
    let part = text.split_at(start).1.split_at(heading.len()).1;
    part.split(heading).next().unwrap()
}

#[test]
fn every_option_of_the_help_is_in_every_text() {
    let home = Home::new();
    let man = committed("docs/man/ossvec.1").replace("\\-", "-").replace("\\fR", " ").replace("\\fB", " ");
    let markdown = committed("docs/cli.md");
    let everywhere = [
        part(&man, ".SH ", "\"OPTIONS OF EVERY COMMAND\""),
        part(&markdown, "\n## ", "Options of every command"),
    ];
    let mut checked = 0;
    for command in commands() {
        let options = options(&home, &command);
        assert!(options.contains("--help"), "{command:?} {options:?}");
        for path in ["ossvec.bash", "_ossvec", "_ossvec.ps1"] {
            let script = committed(&format!("completions/{path}"));
            let missing: Vec<_> = options.iter().filter(|option| !holds(&script, option)).collect();
            assert!(missing.is_empty(), "completions/{path} lacks {missing:?}");
        }
        let fish = committed("completions/ossvec.fish");
        let in_fish = |option: &String| match option.strip_prefix("--") {
            Some(long) => fish.contains(&format!(" -l {long} ")),
            None => fish.contains(&format!(" -s {} ", option.trim_start_matches('-'))),
        };
        assert!(options.iter().all(in_fish), "completions/ossvec.fish lacks one of {options:?}");
        let has_own_part =
            !commands().iter().any(|other| other.len() > command.len() && other.starts_with(&command));
        let name = format!("ossvec {}", command.join(" "));
        let parts = if has_own_part {
            let same = format!("has the options of {}", "ossvec put-vectors");
            let mut own = [
                part(&man, ".SH ", &format!("\"{}\"", name.to_uppercase())),
                part(&markdown, "\n## ", &name),
            ];
            if own[1].contains("It has the options of [ossvec put-vectors]") {
                assert!(own[0].contains(&same), "{own:?}");
                own = [
                    part(&man, ".SH ", "\"OSSVEC PUT-VECTORS\""),
                    part(&markdown, "\n## ", "ossvec put-vectors"),
                ];
            }
            own
        } else {
            everywhere
        };
        for (own, general) in parts.iter().zip(everywhere) {
            let missing: Vec<_> =
                options.iter().filter(|option| !holds(own, option) && !holds(general, option)).collect();
            assert!(missing.is_empty(), "the part about {name} lacks {missing:?}");
            checked += options.len();
        }
    }
    assert!(checked > 150, "{checked}");
}

/// The variables with one of these beginnings that a source file names.
fn variables(text: &str) -> BTreeSet<String> {
    let is_part = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
    let words = text.split(|letter: char| !is_part(letter));
    let beginnings = ["ALIBABA_CLOUD_", "OSSUTIL_", "OSSVEC_", "OSS_", "GITHUB_"];
    let is_named =
        |word: &&str| beginnings.iter().any(|start| word.len() > start.len() && word.starts_with(start));
    words.filter(is_named).map(str::to_owned).collect()
}

#[test]
fn the_man_page_has_every_variable_that_the_program_reads() {
    fn add(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                add(&path, found);
            } else {
                found.extend(variables(&fs::read_to_string(path).unwrap()));
            }
        }
    }
    let mut read = BTreeSet::new();
    for folder in ["src/setting", "src/settings", "src/put", "src/oss"] {
        add(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut read);
    }
    let man = committed("docs/man/ossvec.1");
    let told = variables(&part(&man, ".SH ", "ENVIRONMENT").replace("\\fB", " "));
    assert!(read.contains("OSS_REGION") && read.len() > 20, "{read:?}");
    let is_for_users = |name: &&String| !FOR_TESTS.contains(&name.as_str());
    let missing: Vec<_> = read.difference(&told).filter(is_for_users).collect();
    assert!(missing.is_empty(), "the man page lacks {missing:?}");
}

/// Lints the page as its readers' tools would; both are quiet when all is well.
#[test]
fn the_man_page_renders_without_warnings() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/man/ossvec.1");
    let tools: [(&str, &[&str]); 2] = [
        ("groff", &["-man", "-Tutf8", "-K", "utf8", "-ww", "-z"]),
        ("mandoc", &["-T", "lint", "-W", "error"]),
    ];
    let mut tried = 0;
    for (tool, arguments) in tools {
        let Ok(ended) = Command::new(tool).args(arguments).arg(&page).output() else { continue };
        let said = [ended.stdout, ended.stderr].concat();
        assert!(ended.status.success() && said.is_empty(), "{tool}: {}", String::from_utf8_lossy(&said));
        tried += 1;
    }
    if tried == 0 {
        assert!(std::env::var_os("CI").is_none() || cfg!(windows), "CI must have groff or mandoc");
        say("SKIPPED: rendering the man page, because there is neither groff nor mandoc here");
    }
}
