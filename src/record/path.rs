//! Paths of fields as users write them: names joined by dots, elements of arrays by their index.

/// What follows a name on a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// Nothing: the name is the field.
    End,
    /// A member, and what follows from its name on.
    Member(&'a str),
    /// The element of this index, and what follows it.
    Element(usize, &'a str),
}

/// The first step of what follows a name on a path; nothing if the name goes on.
pub(crate) fn step(rest: &str) -> Option<Step<'_>> {
    if rest.is_empty() {
        return Some(Step::End);
    }
    if let Some(member) = rest.strip_prefix('.') {
        return Some(Step::Member(member));
    }
    let (index, rest) = rest.strip_prefix('[')?.split_once(']')?;
    // One spelling for each index, as elements are named by it.
    let is_index =
        index.bytes().all(|byte| byte.is_ascii_digit()) && (index == "0" || !index.starts_with('0'));
    let ends = rest.is_empty() || rest.starts_with(['.', '[']);
    if is_index && ends { Some(Step::Element(index.parse().ok()?, rest)) } else { None }
}

/// What a field that is named as metadata is stored as, if it is another name, and the field: `NAME=FIELD`. Of `=FIELD`
/// only the field counts, so that its own name can hold `=`.
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
