//! Paths of fields as users write them: names joined by dots, array elements by index.

/// What follows a name on a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// Nothing: the name is the field.
    End,
    /// A member, with the rest of the path from its name on.
    Member(&'a str),
    /// The element of this index, and the rest of the path.
    Element(usize, &'a str),
}

/// The first step after a name on a path; `None` if the name continues.
pub(crate) fn step(rest: &str) -> Option<Step<'_>> {
    if rest.is_empty() {
        return Some(Step::End);
    }
    if let Some(member) = rest.strip_prefix('.') {
        return Some(Step::Member(member));
    }
    let (index, rest) = rest.strip_prefix('[')?.split_once(']')?;
    // A single spelling per index, since elements are named by it.
    let is_index =
        index.bytes().all(|byte| byte.is_ascii_digit()) && (index == "0" || !index.starts_with('0'));
    let ends = rest.is_empty() || rest.starts_with(['.', '[']);
    if is_index && ends { Some(Step::Element(index.parse().ok()?, rest)) } else { None }
}

/// Splits `NAME=FIELD`, a field that is stored as metadata under another name. In `=FIELD` there is only a field, whose
/// own name may then contain `=`.
pub(crate) fn renamed(text: &str) -> (Option<&str>, &str) {
    match text.split_once('=') {
        Some((name, field)) => (Some(name.trim()).filter(|name| !name.is_empty()), field.trim()),
        None => (None, text.trim()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_name_stands_before_the_first_equals_sign() {
        for (text, want) in [
            (" a.b ", (None, "a.b")),
            ("t=a.b", (Some("t"), "a.b")),
            (" t = a=b", (Some("t"), "a=b")),
            ("=a=b", (None, "a=b")),
            ("t=", (Some("t"), "")),
        ] {
            assert_eq!(renamed(text), want, "{text}");
        }
    }

    #[test]
    fn a_path_goes_on_with_a_dot_or_an_index() {
        for (rest, want) in [
            ("", Some(Step::End)),
            (".b[0]", Some(Step::Member("b[0]"))),
            ("[0]", Some(Step::Element(0, ""))),
            ("[12][3].b", Some(Step::Element(12, "[3].b"))),
            ("[0].b", Some(Step::Element(0, ".b"))),
            ("b", None),
            ("[]", None),
            ("[x]", None),
            ("[-1]", None),
            ("[01]", None),
            ("[0", None),
            ("[0]b", None),
            ("[99999999999999999999999]", None),
        ] {
            assert_eq!(step(rest), want, "{rest}");
        }
    }
}
