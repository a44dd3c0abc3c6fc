//! The members of one JSON object and the kinds of their values, by their first bytes.

use super::value::{Members, Next, skip_blanks, value_end};

/// The members of one object, as far as the text reaches.
#[derive(Debug)]
pub(crate) struct Outline<'a> {
    pub(crate) members: Vec<Member<'a>>,
    /// Whether the text reaches the end of the object.
    pub(crate) is_complete: bool,
    pub(crate) is_malformed: bool,
}

/// A member of an object.
#[derive(Debug)]
pub(crate) struct Member<'a> {
    pub(crate) name: &'a [u8],
    /// Where its value starts.
    pub(crate) at: usize,
    pub(crate) value: Value,
}

/// The kind of a value, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text,
    Object,
    /// An array of numbers.
    Numbers,
    /// An array of arrays.
    Arrays,
    /// An array of objects.
    Objects,
    /// An empty array, or one of something else.
    Others,
    /// A number or a word.
    Scalar,
}

impl Value {
    pub(crate) fn at(text: &[u8], at: usize) -> Self {
        match text.get(at) {
            Some(b'"') => Self::Text,
            Some(b'{') => Self::Object,
            Some(b'[') => match text.get(skip_blanks(text, at + 1)) {
                Some(b'-' | b'0'..=b'9') => Self::Numbers,
                Some(b'[') => Self::Arrays,
                Some(b'{') => Self::Objects,
                _ => Self::Others,
            },
            _ => Self::Scalar,
        }
    }
}

impl<'a> Outline<'a> {
    /// The members of the object that starts at `at`.
    pub(crate) fn of(text: &'a [u8], at: usize) -> Self {
        Self::of_first(text, at, usize::MAX)
    }

    /// The first `most` members, as if the text ended after them.
    pub(crate) fn of_first(text: &'a [u8], at: usize, most: usize) -> Self {
        let mut outline = Self { members: Vec::new(), is_complete: false, is_malformed: false };
        let mut members = Members::of(text, at);
        loop {
            match members.advance() {
                Next::Member(_, _) if outline.members.len() == most => return outline,
                Next::Member(name, at) => {
                    outline.members.push(Member { name, at, value: Value::at(text, at) });
                }
                end => {
                    outline.is_complete = matches!(end, Next::End(_));
                    outline.is_malformed = matches!(end, Next::Malformed(_));
                    return outline;
                }
            }
        }
    }

    pub(crate) fn find(&self, is_it: impl Fn(&[u8]) -> bool) -> Option<&Member<'a>> {
        self.members.iter().find(|member| is_it(member.name))
    }
}

/// Finds lazily where the elements of an array start, as far as the text reaches.
pub(crate) fn elements(text: &[u8], start: usize) -> impl Iterator<Item = usize> {
    let mut next = Some(skip_blanks(text, start + 1));
    std::iter::from_fn(move || {
        let at = next?;
        let end = value_end(text, at).filter(|end| *end > at);
        let behind = end.map(|end| skip_blanks(text, end)).filter(|behind| text.get(*behind) == Some(&b','));
        next = behind.map(|behind| skip_blanks(text, behind + 1));
        end.map(|_| at)
    })
}
