//! The English of help, messages and pages, as docs/STYLE.md has it.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Arg, Command};
use ossvec::test_support::cli::definition;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::support::{Home, run};

/// The pages that keep to the glossary. The list only grows.
const PAGES: [&str; 17] = [
    "README.md",
    "docs/CHANGELOG.md",
    "docs/CONTRIBUTING.md",
    "docs/STYLE.md",
    "docs/from-python.md",
    "docs/getting-started.md",
    "docs/guide.md",
    "docs/troubleshooting.md",
    "docs/local-service.md",
    "docs/events.md",
    "docs/configuration.md",
    "docs/credentials.md",
    "docs/first-bucket.md",
    "docs/formats.md",
    "docs/reliability.md",
    "docs/performance.md",
    "docs/design.md",
];

/// The files and directories whose texts keep to it. The list only grows.
const SOURCES: [&str; 1] = ["src"];

/// The lines that a page may have.
const MOST_LINES: [(&str, usize); 2] = [("README.md", 170), ("docs/STYLE.md", 40)];

/// A page of the project.
fn page(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap().replace("\r\n", "\n")
}

/// What to avoid, and what to write in its place: the table of docs/STYLE.md.
fn glossary() -> Vec<(String, String)> {
    let style = page("docs/STYLE.md");
    let rows = style.lines().filter(|line| is_row(line)).skip(2);
    let cells = rows.filter_map(|row| row.trim_matches('|').split_once('|'));
    let entry = |(avoid, write): (&str, &str)| {
        let write = write.trim().to_owned();
        avoid.split(',').map(|words| (words.trim().to_owned(), write.clone())).collect::<Vec<_>>()
    };
    cells.flat_map(entry).collect()
}

fn is_row(line: &str) -> bool {
    line.starts_with('|')
}

/// The prose of a page: without blocks of code, code in lines, comments and the targets of links.
fn prose(page: &str) -> String {
    let mut is_code = false;
    let is_prose = |line: &&str| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence && !line.starts_with("<!--")
    };
    let text: Vec<_> = page.lines().filter(is_prose).collect();
    let text = text.join("\n");
    let outside: Vec<_> = text.split('`').step_by(2).collect();
    let mut parts = outside.join(" … ");
    while let Some((before, target)) = parts.split_once("](") {
        let after = target.split_once(')').map_or("", |(_, after)| after);
        parts = format!("{before} {after}");
    }
    parts
}

/// The words of a text in lower case. A mark between two words stays, since a phrase does not reach over it.
fn words(text: &str) -> Vec<String> {
    let spaced: String = text
        .to_lowercase()
        .chars()
        .flat_map(|letter| match letter {
            _ if letter.is_alphanumeric() || letter == '-' => vec![letter],
            _ if letter.is_whitespace() || letter == '*' => vec![' '],
            _ => vec![' ', letter, ' '],
        })
        .collect();
    spaced.split_whitespace().map(str::to_owned).collect()
}

/// What a text has of the glossary, each with the words around it and the better ones.
fn found(text: &str, glossary: &[(String, String)]) -> Vec<String> {
    let text = words(text);
    let has = |(avoid, write): &(String, String)| {
        let phrase = words(avoid);
        let at = text.windows(phrase.len()).position(|here| here == phrase.as_slice())?;
        let around = text.get(at.saturating_sub(4)..(at + phrase.len() + 4).min(text.len()))?;
        Some(format!("“{}”: not {avoid}, but {write}", around.join(" ")))
    };
    glossary.iter().filter_map(has).collect()
}

#[test]
fn the_pages_avoid_the_words_of_the_glossary() {
    let glossary = glossary();
    for path in PAGES {
        let text = page(path);
        let lines = text.lines().filter(|line| path != "docs/STYLE.md" || !is_row(line));
        let text = lines.collect::<Vec<_>>().join("\n");
        assert_eq!(found(&prose(&text), &glossary), Vec::<String>::new(), "{path}");
    }
}

/// The descriptions in a schema, wherever they stand.
fn descriptions(schema: &serde_json::Value) -> Vec<&str> {
    match schema {
        serde_json::Value::Object(members) => {
            let own = members.get("description").and_then(serde_json::Value::as_str);
            own.into_iter().chain(members.values().flat_map(descriptions)).collect()
        }
        serde_json::Value::Array(elements) => elements.iter().flat_map(descriptions).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_schemas_avoid_the_words_of_the_glossary() {
    let glossary = glossary();
    for path in ["event", "reject", "summary", "status"].map(|name| format!("docs/schema/{name}.schema.json"))
    {
        let schema: serde_json::Value = serde_json::from_str(&page(&path)).unwrap();
        let descriptions = descriptions(&schema);
        assert!(descriptions.len() > 5, "{path}");
        for description in descriptions {
            assert_eq!(found(description, &glossary), [] as [String; 0], "{path}: {description}");
        }
    }
}

/// The files of code at a path, without those that only test.
fn sources(path: &Path) -> Vec<PathBuf> {
    let is_test = |name: &str| ["tests.rs", "testing.rs", "fuzzing.rs"].contains(&name);
    if path.is_file() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let is_code = path.extension().is_some_and(|extension| extension == "rs") && !is_test(name);
        return if is_code { vec![path.to_owned()] } else { Vec::new() };
    }
    let mut entries: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries.iter().flat_map(|entry| sources(entry)).collect()
}

/// The texts in code: not those of attributes other than `error`, nor of tests, nor what only bytes are made of.
fn texts(code: TokenStream) -> Vec<String> {
    let mut texts = Vec::new();
    let mut tokens = code.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(mark) if mark.as_char() == '#' => {
                tokens.next_if(|next| next.to_string() == "!");
                let attribute = tokens.next_if(|next| matches!(next, TokenTree::Group(_)));
                let Some(TokenTree::Group(attribute)) = attribute else { continue };
                let is = |name: &str| attribute.stream().to_string().starts_with(name);
                if is("cfg (test)") {
                    let is_end = |token: &TokenTree| match token {
                        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                        token => token.to_string() == ";",
                    };
                    tokens.find(is_end);
                } else if is("error") {
                    texts.extend(self::texts(attribute.stream()));
                }
            }
            TokenTree::Group(group) => texts.extend(self::texts(group.stream())),
            TokenTree::Literal(literal) => texts.extend(text(&literal.to_string())),
            _ => {}
        }
    }
    texts
}

/// The text of a literal as it reads, its placeholders without their names.
fn text(literal: &str) -> Option<String> {
    let raw = literal.strip_prefix('r').map(|raw| raw.trim_matches('#'));
    let quoted = raw.unwrap_or(literal).strip_prefix('"')?.strip_suffix('"')?;
    let lines: Vec<_> = quoted.split("\\\n").map(|line| line.trim_start_matches(' ')).collect();
    let mut text =
        lines.concat().replace("\\n", "\n").replace("\\\"", "\"").replace("{{", "").replace("}}", "");
    while let Some((before, rest)) = text.split_once('{') {
        let after = rest.split_once('}').map_or("", |(_, after)| after);
        text = format!("{before}…{after}");
    }
    Some(text)
}

#[test]
fn the_messages_avoid_the_words_of_the_glossary() {
    let glossary = glossary();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut broken = Vec::new();
    for path in SOURCES.iter().flat_map(|path| sources(&root.join(path))) {
        let code = fs::read_to_string(&path).unwrap();
        for text in texts(code.parse().unwrap()) {
            broken.extend(found(&text, &glossary).iter().map(|word| format!("{}: {word}", path.display())));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn the_texts_of_code_are_found_as_they_read() {
    let code = r##"
        //! A comment that goes on.
        #[error("cannot read {input} after\n {place}")]
        #[expect(clippy::all, reason = "told")]
        const A: &str = "one \
                         text";
        fn b() { b"packed"; 'x'; [r#"raw {packed:?}"#]; format!("{{a}} {}", "\"b\""); }
        #[cfg(test)]
        mod tests { const C: &str = "mended"; }
        #[cfg(test)]
        mod more;
        const D: &str = "last";
    "##;
    let found = texts(code.parse().unwrap());
    let expected = ["cannot read … after\n …", "one text", "raw …", "a …", "\"b\"", "last"];
    assert_eq!(found, expected);
}

/// Every text of a command and of those below it: what it does, its options, their values.
fn help(command: &Command) -> Vec<String> {
    let abouts = [command.get_about(), command.get_long_about(), command.get_after_long_help()];
    let mut texts: Vec<_> = abouts.into_iter().flatten().map(ToString::to_string).collect();
    texts.extend(command.get_before_long_help().map(ToString::to_string));
    for option in command.get_arguments() {
        texts.extend(option.get_help().map(ToString::to_string));
        texts.extend(option.get_long_help().map(ToString::to_string));
        let values = option.get_possible_values();
        texts.extend(values.iter().filter_map(|value| value.get_help()).map(ToString::to_string));
    }
    texts.extend(command.get_subcommands().flat_map(help));
    texts
}

#[test]
fn the_help_avoids_the_words_of_the_glossary() {
    let texts = help(&definition());
    assert!(texts.len() > 150, "{}", texts.len());
    for text in texts {
        assert_eq!(found(&text, &glossary()), Vec::<String>::new(), "{text}");
    }
}

/// The man page as it reads.
fn man() -> String {
    let written = page("docs/man/ossvec.1");
    written.replace(r"\-", "-").replace(r"\*(Aq", "'").replace(r"\\", r"\").replace(r"\&", "")
}

#[test]
fn the_man_page_avoids_the_words_of_the_glossary() {
    assert_eq!(found(&man(), &glossary()), Vec::<String>::new());
}

#[test]
fn the_man_page_has_the_help_of_every_option_that_the_short_help_lacks() {
    let man = man();
    let hidden: Vec<_> = options(&definition())
        .into_iter()
        .filter(|(_, option)| option.is_hide_short_help_set() && !option.is_hide_set())
        .collect();
    assert!(hidden.len() > 30, "{}", hidden.len());
    for (name, option) in hidden {
        let help = option.get_help().map(ToString::to_string).unwrap_or_default();
        let phrase = help.split(" [").next().unwrap_or_default();
        assert!(man.contains(phrase), "{name}: {help}");
    }
}

/// The options of every command, each with the names of the command and its own.
fn options(command: &Command) -> Vec<(String, Arg)> {
    let name = |option: &Arg| format!("{} {}", command.get_name(), option.get_id());
    let own = command.get_arguments().map(|option| (name(option), option.clone()));
    own.chain(command.get_subcommands().flat_map(options)).collect()
}

#[test]
fn the_short_help_of_an_option_is_one_phrase_without_a_full_stop() {
    for (name, option) in options(&definition()) {
        let help = option.get_help().map(ToString::to_string).unwrap_or_default();
        assert!(!help.is_empty(), "{name} has no help");
        assert!(help.starts_with(|letter: char| !letter.is_lowercase()), "{name}: {help}");
        assert!(!help.ends_with('.') && !help.contains('\n'), "{name}: {help}");
    }
}

/// The short help of a command, in lines.
fn short_help(command: &[&str], width: &str) -> Vec<String> {
    let home = Home::new();
    let help = run(home.ossvec().args(command).arg("-h").env("COLUMNS", width));
    help.assert_code(0).stdout.lines().map(str::to_owned).collect()
}

#[test]
fn the_short_help_of_every_command_fits_one_screen() {
    let commands: [&[&str]; 7] = [
        &[],
        &["put-vectors"],
        &["status"],
        &["serve"],
        &["config", "show"],
        &["config", "init"],
        &["completions"],
    ];
    for command in commands {
        for width in ["80", "100"] {
            let lines = short_help(command, width).len();
            assert!((5..=45).contains(&lines), "{command:?} has {lines} lines in {width} columns");
        }
    }
}

#[test]
fn the_short_help_of_a_load_has_a_line_for_each_option_in_80_columns() {
    let lines = short_help(&["put-vectors"], "80");
    let options: Vec<_> = lines.iter().filter(|line| line.starts_with("  ")).collect();
    assert!(options.len() > 20, "{options:?}");
    for line in options {
        assert!(line.trim_start().starts_with(['-', '[']), "{line}");
    }
}

/// Every page of the project for its readers.
fn all_pages() -> Vec<String> {
    let docs = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")).unwrap();
    let names = docs.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let pages = names.filter_map(|name| name.strip_suffix(".md").map(|name| format!("docs/{name}.md")));
    pages.chain(["README.md".to_owned()]).collect()
}

/// The lines of a page's blocks of code, each with its number.
fn code(page: &str) -> Vec<(usize, &str)> {
    let mut is_code = false;
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(page.lines()) {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        if is_code && !is_fence {
            lines.push((number, line));
        }
    }
    lines
}

/// Whether a line of a script ends the shell: one that is pasted closes the terminal of whoever tries it.
fn ends_the_shell(line: &str) -> bool {
    let commands =
        line.split(['|', '&', ';', '{', '(', ')']).map(|command| command.trim().trim_start_matches("$ "));
    let word = |command: &str| {
        let words = command.split_whitespace().skip_while(|word| ["then", "else", "do", "-"].contains(word));
        words.take(1).next().unwrap_or_default().to_owned()
    };
    commands.map(word).any(|word| word == "exit" || word == "logout")
}

#[test]
fn no_block_of_a_page_ends_the_shell_that_it_is_pasted_into() {
    let mut checked = 0;
    for path in all_pages().into_iter().chain(["docs/examples/README.md".to_owned()]) {
        let text = page(&path);
        for (number, line) in code(&text) {
            assert!(!ends_the_shell(line), "{path}:{number}: {line}");
            checked += 1;
        }
    }
    assert!(checked > 500, "{checked}");
    for line in
        ["exit", "  exit $code", "$ exit 1", "a || exit 1", "if a; then exit; fi", "- exit 0", "(exit 3)"]
    {
        assert!(ends_the_shell(line), "{line}");
    }
    for line in ["a --exit 1", "echo exit", "├── exit.rs", "on_exit", "exit_code: 3"] {
        assert!(!ends_the_shell(line), "{line}");
    }
}

/// The targets of a page's links.
fn links(page: &str) -> Vec<&str> {
    page.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect()
}

/// The anchors that a page has: its headings, as GitHub names them.
fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    let is_kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_');
    let anchor = |heading: &str| {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        words.chars().filter(is_kept).collect::<String>().replace(' ', "-")
    };
    headings.map(anchor).collect()
}

#[test]
fn every_link_between_pages_leads_to_a_file_and_a_heading_that_exist() {
    let mut checked = 0;
    for path in all_pages() {
        let text = page(&path);
        for link in links(&text).into_iter().filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let target = if file.is_empty() { path.clone() } else { format!("{folder}/{file}") };
            let target = target.trim_start_matches('/').to_owned();
            let place = Path::new(env!("CARGO_MANIFEST_DIR")).join(&target);
            assert!(place.exists(), "{path}: {link}: there is no {target}");
            let has_heading = || anchors(&page(&target)).iter().any(|heading| heading == anchor);
            assert!(anchor.is_empty() || has_heading(), "{path}: {link}: there is no such heading");
            checked += 1;
        }
    }
    assert!(checked > 60, "{checked}");
}

#[test]
fn the_pages_that_must_be_short_are_short() {
    for (path, most) in MOST_LINES {
        let lines = page(path).lines().count();
        assert!(lines <= most, "{path} has {lines} lines");
    }
}

#[test]
fn a_word_of_the_glossary_is_found_wherever_it_stands() {
    let glossary = glossary();
    assert!(glossary.contains(&("mended".to_owned(), "fix".to_owned())), "{glossary:?}");
    for text in [
        "Mend it",
        "goes on",
        "at\nonce.",
        "(packed)",
        "the *usual* key",
        "- behind, that",
        "as it is told",
        "[the folder](a.md)",
        "The `--proxy` is none",
    ] {
        assert_eq!(found(&prose(text), &glossary).len(), 1, "{text}");
    }
    for text in [
        "amend it",
        "unpacked",
        "a white blanket",
        "`mended`",
        "```text\nmended\n```",
        "look at: once more",
        "[a](folder/a.md#behind)",
        "<!-- behind -->",
        "at-once",
    ] {
        assert_eq!(found(&prose(text), &glossary), Vec::<String>::new(), "{text}");
    }
}
