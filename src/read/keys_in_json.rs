//! Keys in one JSON array, where one key per line is expected. Pure.

use super::mark::mark_length;
use super::outline::Outline;
use super::value::skip_blanks;
use crate::record::names::KEY_COLUMNS;

/// The jq filter that extracts the keys of a JSON text, if they are in one array: alone, or under one of these names or
/// a default one.
pub(super) fn filter(text: &[u8], names: &[String]) -> Option<String> {
    let start = skip_blanks(text, mark_length(text));
    let is_list = |at: usize| {
        let first = text.get(skip_blanks(text, at + 1));
        text.get(at) == Some(&b'[') && matches!(first, Some(b'"' | b'-' | b'0'..=b'9'))
    };
    if is_list(start) {
        return Some(".[]".to_owned());
    }
    if text.get(start) != Some(&b'{') {
        return None;
    }
    let is_name = |name: &str| KEY_COLUMNS.contains(&name) || names.iter().any(|known| known == name);
    let members = Outline::of(text, start).members;
    let lists = members.iter().filter(|member| is_list(member.at));
    let name = lists.filter_map(|member| std::str::from_utf8(member.name).ok()).find(|name| is_name(name))?;
    let is_word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_word.then(|| format!(".{name}[]"))
}

/// What a file of such keys contains, and the cure.
pub(super) fn told(filter: &str) -> (String, String) {
    let cure = format!("write one key per line: jq -r '{filter}' FILE > NEW-FILE.txt");
    ("its keys in one JSON array".to_owned(), cure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_one_array_are_told_with_what_takes_them_out() {
        let filter = |text: &str| filter(text.as_bytes(), &["id".to_owned()]);
        for (text, wanted) in [
            ("[\"a\",\"b\"]", Some(".[]")),
            ("\u{feff} [\n 1,\n 2]", Some(".[]")),
            ("{\"n\":2,\"ids\":[\"a\"]}", Some(".ids[]")),
            ("{\"id\":[\"a\"],\"ids\":7}", Some(".id[]")),
            ("{\"tags\":[\"a\"]}", None),
            ("{\"id\":\"a\"}", None),
            ("[{\"id\":\"a\"}]", None),
            ("[[1,2],[3,4]]", None),
            ("[]", None),
            ("a\nb\n", None),
            ("", None),
        ] {
            assert_eq!(filter(text).as_deref(), wanted, "{text}");
        }
    }
}
