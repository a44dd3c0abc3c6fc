//! Finds a duplicate name in an object of a record, where it is unclear which value is meant. Pure.

use std::borrow::Cow;

use crate::read::value::{skip_blanks, string_end};

/// The first duplicate name in any object of a record; `None` if the names are distinct, as far as the text is JSON.
pub(super) fn name_twice(record: &[u8]) -> Option<String> {
    let mut open: Vec<Option<Vec<Cow<'_, [u8]>>>> = Vec::new();
    let mut at = 0;
    loop {
        let hit = at + record.get(at..)?.iter().position(|byte| b"\"{}[]".contains(byte))?;
        at = hit + 1;
        match record.get(hit)? {
            b'{' => open.push(Some(Vec::new())),
            b'[' => open.push(None),
            b'"' => {
                at = string_end(record, hit)?;
                let is_name = record.get(skip_blanks(record, at)) == Some(&b':');
                if let Some(Some(names)) = open.last_mut().filter(|_| is_name) {
                    names.push(decoded(record.get(hit..at)?));
                }
            }
            _ => {
                if let Some(name) = open.pop()?.and_then(repeated) {
                    return Some(name);
                }
            }
        }
    }
}

/// Whether a name, as spelled between its quotes, is `name`.
pub(super) fn is_name(inner: &[u8], name: &str) -> bool {
    inner == name.as_bytes()
        || (inner.contains(&b'\\') && decoded(&[b"\"", inner, b"\""].concat()) == name.as_bytes())
}

/// A name without its escapes.
fn decoded(quoted: &[u8]) -> Cow<'_, [u8]> {
    let inner = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    if inner.contains(&b'\\')
        && let Ok(name) = serde_json::from_slice::<String>(quoted)
    {
        return Cow::Owned(name.into_bytes());
    }
    Cow::Borrowed(inner)
}

fn repeated(mut names: Vec<Cow<'_, [u8]>>) -> Option<String> {
    names.sort_unstable();
    let name = names.array_windows().find_map(|[one, other]| (one == other).then_some(one))?;
    Some(String::from_utf8_lossy(name).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_counts_in_its_own_object_only_and_however_it_is_spelled() {
        for (record, twice) in [
            (r#"{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}],"d":"a"}"#, None),
            (r#"{"a":"\"a\":","b":["a","a"]}"#, None),
            (r#"{"a":1,"b":2,"a":3}"#, Some("a")),
            (r#"{"b":{"x":{"ü":1, "\u00fc" : 2}}}"#, Some("ü")),
            (r#"{"b":[{},{"c\"":1,"c\"":2}]}"#, Some("c\"")),
            (r#"{"a":1}"#, None),
            ("{}", None),
            (r#"{"a":1,"a"#, None),
            ("]", None),
        ] {
            assert_eq!(name_twice(record.as_bytes()).as_deref(), twice, "{record}");
        }
    }

    #[test]
    fn any_object_has_a_name_twice_if_and_only_if_one_was_put_in_again() {
        for _ in 0..500 {
            let names: Vec<_> = (0..fastrand::usize(1..6)).map(|name| format!("n{name}")).collect();
            let member = |name: &String| {
                let value = ["1", "\"n0\"", "[1,{\"n0\":2}]", "{\"n1\":{}}", "\"}\\\"{\""];
                format!("{:?}:{}", name, fastrand::choice(value).unwrap())
            };
            let mut members: Vec<_> = names.iter().map(member).collect();
            let again = fastrand::bool().then(|| fastrand::choice(&names).unwrap());
            members.extend(again.map(member));
            fastrand::shuffle(&mut members);
            let object = format!("{{{}}}", members.join(","));
            let record = format!("{{\"outer\":[{object}],\"n0\":1}}");
            assert_eq!(name_twice(record.as_bytes()).as_ref(), again, "{record}");
        }
    }
}
