//! Makes text from outside safe to print and short enough to read: names, keys, messages and other foreign text. Pure.

use std::fmt::Write as _;

use serde::Serialize;

/// The maximum length of a printed message, in characters.
pub(crate) const MESSAGE: usize = 1_000;

/// The maximum length of a key printed for people, in characters.
pub(crate) const KEY: usize = 200;

/// The text on one line, with invisible characters and commands escaped: control characters for a terminal, marks that
/// change the direction of the text or end a line, and `##[`, which the build server of GitHub takes as the start of a
/// command anywhere in a line.
pub(crate) fn visible(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '[' && line.ends_with("##") {
            line.push_str("\\u{5b}");
        } else if is_unseen(character) {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

/// A word as a shell reads it back. Control characters and build server commands are escaped, in the `$'…'` form that
/// POSIX has had since 2024 and bash, zsh and ksh for much longer.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,@%+".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    if !word.chars().any(is_unseen) && !word.contains("##[") {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    let mut escaped = String::from("$'");
    for character in word.chars() {
        match character {
            '\'' | '\\' => escaped.extend(['\\', character]),
            _ if is_unseen(character) || character == '#' => {
                let mut bytes = [0; 4];
                for byte in character.encode_utf8(&mut bytes).bytes() {
                    write!(escaped, "\\{byte:03o}").unwrap_or_default();
                }
            }
            _ => escaped.push(character),
        }
    }
    escaped + "'"
}

/// The same for a text of several lines, which stay separate lines.
pub(crate) fn visible_lines(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}

/// Whether a character is invisible or acts as a command: controls, formats (Unicode's category Cf, without the
/// joiners, which are part of words and emoji), and line and paragraph separators.
pub(crate) fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}'
            | '\u{8e2}' | '\u{180e}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e007f}')
}

/// The text if it has at most `most` characters; otherwise its beginning, its length and its end.
pub(crate) fn bounded(text: &str, most: usize) -> String {
    bounded_by(text, most, str::to_owned)
}

/// The same with both parts converted by `tell`, which then need not process all of the text.
pub(crate) fn bounded_by(text: &str, most: usize, tell: impl Fn(&str) -> String) -> String {
    if text.len() <= most || text.chars().nth(most).is_none() {
        return tell(text);
    }
    let tail = most / 4;
    let head_end = text.char_indices().nth(most - tail).map_or(text.len(), |(at, _)| at);
    let tail_start = text.char_indices().rev().take(tail).last().map_or(text.len(), |(at, _)| at);
    let (head, end) = (text.get(..head_end).unwrap_or_default(), text.get(tail_start..).unwrap_or_default());
    format!("{} …[of {} characters]… {}", tell(head), text.chars().count(), tell(end))
}

/// JSON on one line, safe to print: the same value, with what [`visible`] would escape as JSON escapes.
pub(crate) fn json(value: &impl Serialize) -> serde_json::Result<String> {
    Ok(escaped(serde_json::to_string(value)?))
}

/// The same, pretty-printed.
pub(crate) fn pretty_json(value: &impl Serialize) -> serde_json::Result<String> {
    Ok(escaped(serde_json::to_string_pretty(value)?))
}

/// Outside strings, line ends are the only such characters in JSON, and they stay.
fn escaped(json: String) -> String {
    let is_harmless = |byte: u8| byte.is_ascii() && byte != 0x7f;
    if json.bytes().all(is_harmless) && !json.contains("##[") {
        return json;
    }
    let mut safe = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        let is_command = character == '[' && safe.ends_with("##");
        if is_command || (is_unseen(character) && character != '\n') {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(safe, "\\u{unit:04x}").unwrap_or_default();
            }
        } else {
            safe.push(character);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Invisible characters and commands, mixed with ordinary characters.
    fn odd() -> impl Strategy<Value = String> {
        let unseen = prop::char::any().prop_filter("seen", |character| is_unseen(*character));
        let piece = prop_oneof![
            unseen.prop_map(String::from),
            prop::char::range('\u{2000}', '\u{206f}').prop_map(String::from),
            prop::char::range('\0', '\u{ff}').prop_map(String::from),
            Just("##[".to_owned()),
            "[a-zé€😀\"\\\\]{0,3}",
        ];
        prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn nothing_unseen_is_printed_and_json_keeps_its_value(text in odd()) {
            let shown = visible(&text);
            prop_assert!(!shown.contains(is_unseen) && !shown.contains("##["), "{shown:?}");
            let value = serde_json::json!({ text.clone(): [text.clone()] });
            for written in [json(&value).unwrap(), pretty_json(&value).unwrap()] {
                prop_assert!(!written.replace('\n', "").contains(is_unseen), "{written:?}");
                prop_assert!(!written.contains("##["), "{written:?}");
                prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap(), value.clone());
            }
        }

        #[test]
        fn a_bounded_text_is_the_text_or_says_how_long_it_is(text in ".{0,60}", most in 1usize..50) {
            let shown = bounded(&text, most);
            let length = text.chars().count();
            if length <= most {
                prop_assert_eq!(shown, text);
            } else {
                let note = format!(" …[of {length} characters]… ");
                let (head, tail) = shown.split_once(&note).unwrap();
                prop_assert!(text.starts_with(head) && text.ends_with(tail));
                prop_assert_eq!(head.chars().count() + tail.chars().count(), most);
            }
        }
    }

    #[test]
    fn what_a_terminal_or_a_reader_would_obey_is_printed_as_an_escape() {
        assert_eq!(visible("a\u{1b}[2Jb\r\n\u{9b}é"), "a\\u{1b}[2Jb\\r\\n\\u{9b}é");
        assert_eq!(visible("#[a] ##[stop-commands]x"), "#[a] ##\\u{5b}stop-commands]x");
        assert_eq!(visible("a\u{202e}b\u{2028}c\u{85}\u{200b}"), "a\\u{202e}b\\u{2028}c\\u{85}\\u{200b}");
        assert_eq!(visible("नमस्ते क्‍ष 👩‍💻 שלום"), "नमस्ते क्‍ष 👩‍💻 שלום");
        assert_eq!(visible_lines("a\rb\nc"), "a\\rb\nc");
    }
}
