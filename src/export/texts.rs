//! The texts of a request, one of which goes to each of several vectors. Pure.

use super::form::Unfit;
use super::members::{Members, items};
use crate::record::Lack;
use crate::record::names::{JOINED, OF_COHERE, TEXTS};
use crate::words::plural;

/// Marks the place of a list: a control character cannot occur in JSON as it is.
const MARK: char = '\0';

const OTHER_REQUESTS: &str = "join the file with the requests that this output answers";

/// A list of texts in a member of a record.
pub(super) struct Texts<'a> {
    /// The member, and the path of the list in it.
    member: &'static str,
    path: &'static [&'static str],
    /// The text of the member before and after the list.
    around: (String, String),
    items: Vec<&'a str>,
}

impl<'a> Texts<'a> {
    /// The list in the joined record, if it has a list of texts, for vectors with these `numbers` in the request; an
    /// error if a request does not have one text for each vector.
    pub(super) fn joined(
        record: &Members<'a>,
        numbers: impl ExactSizeIterator<Item = u64>,
    ) -> Result<Option<Self>, Unfit> {
        let Some(joined) = record.object(JOINED) else { return Ok(None) };
        let Some(path) = TEXTS.into_iter().find(|path| value_at(&joined, path).is_some()) else {
            return Ok(None);
        };
        // A joined record that is not a request may have any list, or one text for all vectors.
        let is_request = path.len() > 1 || path == OF_COHERE;
        let Some(texts) = Self::at(record, JOINED, path) else {
            let is_text = value_at(&joined, path).is_some_and(|value| value.starts_with('"'));
            let vectors = numbers.len() as u64;
            return if is_request && is_text && vectors > 1 {
                let (list, vectors) = ([JOINED, &path.join(".")].join("."), plural(vectors, "vector"));
                Err(Unfit {
                    lack: Lack::Text,
                    said: format!("{list} has 1 text for {vectors}; {OTHER_REQUESTS}"),
                })
            } else {
                Ok(None)
            };
        };
        match texts.misfit(numbers) {
            None => Ok(Some(texts)),
            Some(said) if is_request => Err(Unfit { lack: Lack::Text, said }),
            Some(_) => Ok(None),
        }
    }

    /// The list at a path in a member of the record.
    pub(super) fn at(
        record: &Members<'a>,
        member: &'static str,
        path: &'static [&'static str],
    ) -> Option<Self> {
        let object = record.object(member)?;
        let items = items(value_at(&object, path)?)?;
        let template = with_at(&object, path, &MARK.to_string());
        let (before, behind) = template.split_once(MARK)?;
        Some(Self { member, path, around: (before.to_owned(), behind.to_owned()), items })
    }

    /// The size of the list in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.items.iter().map(|item| item.len()).sum()
    }

    /// The error message unless there is one text for each vector; `numbers` are the vectors' places in the request.
    pub(super) fn misfit(&self, mut numbers: impl ExactSizeIterator<Item = u64>) -> Option<String> {
        let (texts, vectors) = (self.items.len() as u64, numbers.len() as u64);
        let list = format!("{}.{}", self.member, self.path.join("."));
        let what = if texts == vectors {
            let beyond = numbers.find(|number| *number >= texts)?;
            format!("{list} has {}, but a vector has the index {beyond}", plural(texts, "text"))
        } else {
            format!("{list} has {} for {}", plural(texts, "text"), plural(vectors, "vector"))
        };
        Some(format!("{what}; {OTHER_REQUESTS}"))
    }

    /// The member with only one of the texts in its list.
    fn with_only(&self, place: usize) -> String {
        let (before, behind) = &self.around;
        format!("{before}[{}]{behind}", self.items.get(place).copied().unwrap_or_default())
    }
}

/// The record with these changes, and with each list reduced to the text at this place.
pub(super) fn with_own_text(
    record: &Members<'_>,
    lists: &[Texts<'_>],
    place: usize,
    changes: &[(&str, &str)],
) -> String {
    let own: Vec<_> = lists.iter().map(|list| (list.member, list.with_only(place))).collect();
    let own = own.iter().map(|(member, text)| (*member, text.as_str()));
    record.with(&changes.iter().copied().chain(own).collect::<Vec<_>>())
}

/// The value at a path.
fn value_at<'a>(object: &Members<'a>, path: &[&str]) -> Option<&'a str> {
    match path {
        [] => None,
        [name] => object.get(name),
        [name, inner @ ..] => value_at(&object.object(name)?, inner),
    }
}

/// The object with another value at a path.
fn with_at(object: &Members<'_>, path: &[&str], value: &str) -> String {
    match path {
        [] => value.to_owned(),
        [name] => object.with(&[(name, value)]),
        [name, inner @ ..] => {
            let changed = object.object(name).map(|object| with_at(&object, inner, value));
            object.with(&[(name, changed.as_deref().unwrap_or_default())])
        }
    }
}
