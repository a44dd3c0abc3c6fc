//! The English of help and pages, as docs/STYLE.md has it.

use std::fs;
use std::path::Path;

/// The pages that keep to the glossary. The list only grows.
const PAGES: [&str; 1] = ["docs/STYLE.md"];

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

#[test]
fn the_guide_to_style_is_short() {
    let lines = page("docs/STYLE.md").lines().count();
    assert!(lines <= 40, "docs/STYLE.md has {lines} lines");
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
