//! Changes one profile in ossutil's INI text, and nothing else. Pure: text in, text out.

use super::{ProfileError, folded, is_profile};
use crate::ini::{Line, line, sections};

/// The text with the values of profile `name` set; `None` removes a key.
///
/// A key that is already there, in any spelling, keeps its place and its spelling; the others follow the last line of
/// the section. Comments, other keys and other sections stay as they are. A missing profile is added at the end.
pub(crate) fn with_profile(text: &str, name: &str, values: &[(&str, Option<&str>)]) -> String {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut left: Vec<_> = values.to_vec();
    let mut is_inside = false;
    // The number of lines after which the remaining keys are inserted.
    let mut last = None;
    let mut kept = Vec::new();
    for text in lines.drain(..) {
        let key = match line(&text) {
            Some(Line::Section(section)) => {
                is_inside = is_profile(section, name);
                None
            }
            Some(Line::Pair(pair)) if is_inside => Some(pair.key),
            _ => None,
        };
        let is_key = |name: &str| key.is_some_and(|key| folded(name) == folded(key));
        let set = left.iter().position(|(name, _)| is_key(name));
        let is_again = values.iter().any(|(name, _)| is_key(name));
        match (set.map(|at| left.remove(at)), key) {
            (Some((_, Some(value))), Some(key)) => kept.push(format!("{}{key} = {value}", indent(&text))),
            (Some(_), _) => {}
            (None, _) if is_again => {}
            _ => kept.push(text),
        }
        if is_inside && kept.last().is_some_and(|line| !line.trim().is_empty()) {
            last = Some(kept.len());
        }
    }
    let added: Vec<_> =
        left.iter().filter_map(|(name, value)| Some(format!("{name} = {}", (*value)?))).collect();
    if let Some(last) = last {
        drop(kept.splice(last..last, added));
    } else {
        if kept.last().is_some_and(|line| !line.trim().is_empty()) {
            kept.push(String::new());
        }
        kept.push(if name == "default" { "[default]".to_owned() } else { format!("[profile {name}]") });
        kept.extend(added);
    }
    kept.into_iter().map(|line| line + end).collect()
}

/// Whether the text has a profile of that name; an error if it cannot be parsed.
pub(crate) fn has_profile(text: &str, name: &str) -> Result<bool, ProfileError> {
    let sections = sections(text).map_err(ProfileError::Syntax)?;
    Ok(sections.iter().any(|section| is_profile(section.name, name)))
}

/// The whitespace at the start of a line.
fn indent(line: &str) -> &str {
    line.split(|char: char| !char.is_whitespace()).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    const TEXT: &str = "\
# mine
[default]
accessKeyId = old
# why it is old
stsToken = t
loglevel = info

[Profile other]
region = r
access-key-id = other
";

    #[test]
    fn one_profile_changes_and_everything_else_stays() {
        let values = [("access-key-id", Some("new")), ("sts-token", None), ("region", Some("cn-hangzhou"))];
        let wanted = "\
# mine
[default]
accessKeyId = new
# why it is old
loglevel = info
region = cn-hangzhou

[Profile other]
region = r
access-key-id = other
";
        assert_eq!(with_profile(TEXT, "default", &values), wanted);
        assert_eq!(with_profile(wanted, "default", &values), wanted);
    }

    #[test]
    fn a_profile_that_is_missing_is_added_at_the_end() {
        let values = [("region", Some("r2"))];
        assert_eq!(with_profile("", "default", &values), "[default]\nregion = r2\n");
        let text = with_profile(TEXT.trim_end(), "dev", &values);
        assert_eq!(text, format!("{TEXT}\n[profile dev]\nregion = r2\n"));
        let has = ["DEV", "default", "prod"].map(|name| has_profile(&text, name).unwrap());
        assert_eq!(has, [true, true, false]);
        assert_eq!(Profile::read(&text, Some("dev")).unwrap().get("region"), Some("r2"));
    }

    #[test]
    fn the_text_is_read_as_it_is_read_for_a_load() {
        let text = "[default] # main\n  # why\n  region = a\npath = C:\\\nendpoint = h\n";
        let changed = with_profile(text, "default", &[("region", Some("b")), ("endpoint", None)]);
        assert_eq!(changed, "[default] # main\n  # why\n  region = b\npath = C:\\\n");
        assert_eq!(has_profile("[default] # main\nlost\n", "default"), Err(ProfileError::Syntax(2)));
    }

    #[test]
    fn a_key_that_stands_there_twice_is_set_once() {
        let text = "[default]\nregion = a\nREGION = b\n[profile default]\nregion = c\n";
        let changed = with_profile(text, "default", &[("region", Some("d"))]);
        assert_eq!(changed, "[default]\nregion = d\n[profile default]\n");
        assert_eq!(with_profile("[default]\r\na = b\r\n", "default", &[]), "[default]\r\na = b\r\n");
    }
}
