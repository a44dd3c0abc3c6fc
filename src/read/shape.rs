//! Where the records of a JSON input stand, told from its first value: an array, an object around an array, or neither.

use super::columnar;
use super::elements::Shape;
use super::named::{Named, is_record, is_vector_name};
use super::outline::{Outline, Value};
use super::unfit::Unfit;
use super::value::{skip_blanks, value_end};
use crate::record::names::{self, HOLDERS, LOOSE_WRAPPERS, WRAPPERS};

/// Whether the first value holds records.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    Shape(Shape),
    /// It is a record itself.
    Missing,
    /// The text ends before it is clear.
    Unknown,
}

/// How many objects may stand around one another.
const DEEPEST: usize = 4;

/// So much of an object shows what it is. The rest of it may be as large as the input.
const LOOKED_AT: usize = 192 << 10;

const NULL: &[u8] = b"null";

/// Tells whether the value that `text` begins with holds records; with `whole` there is no more text.
pub(crate) fn holder(text: &[u8], whole: bool, named: Named<'_>) -> Result<Holder, Unfit> {
    match text.first() {
        Some(b'[') => array(text, whole || text.len() >= LOOKED_AT),
        Some(b'{') => {
            let is_all = whole || text.len() >= LOOKED_AT;
            object(text.get(..LOOKED_AT).unwrap_or(text), is_all, named)
        }
        _ => Ok(Holder::Missing),
    }
}

/// An array of objects holds records; an array of numbers is a record; an array of arrays holds what has no names.
fn array(text: &[u8], is_all: bool) -> Result<Holder, Unfit> {
    let at = first_element(text, 0);
    Ok(match text.get(at..).unwrap_or_default() {
        [b'{' | b']', ..] => Holder::Shape(Shape::Arrays),
        [b'[', ..] if !is_all && value_end(text, at).is_none() => Holder::Unknown,
        [b'[', ..] => match columnar::of_rows(text, at, &[]) {
            Some(unfit) => return Err(unfit),
            None => Holder::Shape(Shape::Arrays),
        },
        cut if NULL.starts_with(cut) => Holder::Unknown,
        _ => match has_object(text, at) {
            Some(true) => Holder::Shape(Shape::Arrays),
            None if !is_all => Holder::Unknown,
            Some(false) | None => Holder::Missing,
        },
    })
}

/// Whether one of the elements from `at` on is an object; none when the text ends before that is clear.
fn has_object(text: &[u8], mut at: usize) -> Option<bool> {
    let text = text.get(..LOOKED_AT).unwrap_or(text);
    loop {
        match text.get(at)? {
            b'{' => return Some(true),
            b',' | b']' => return Some(false),
            _ => {}
        }
        let next = skip_blanks(text, value_end(text, at)?);
        if text.get(next)? != &b',' {
            return Some(false);
        }
        at = skip_blanks(text, next + 1);
    }
}

/// Offset of the first element of an array that is not null, or where the text ends before it. A service that failed on
/// the first inputs leaves nulls there.
fn first_element(text: &[u8], start: usize) -> usize {
    let mut at = skip_blanks(text, start + 1);
    while text.get(at..).is_some_and(|rest| rest.starts_with(NULL)) {
        let comma = skip_blanks(text, at + NULL.len());
        at = if text.get(comma) == Some(&b',') { skip_blanks(text, comma + 1) } else { comma };
    }
    at
}

/// An array that may hold the records.
#[derive(Debug)]
struct Candidate {
    path: Vec<String>,
    content: Content,
}

/// What its first element shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// Objects that have what makes a record.
    Records,
    /// Objects of another kind.
    Objects,
    /// Arrays, by the offset of the first.
    Rows(usize),
    Nothing,
}

/// An object holds records when an array in it does and it is no record itself.
fn object(head: &[u8], is_all: bool, named: Named<'_>) -> Result<Holder, Unfit> {
    let outline = Outline::of(head, 0);
    if !outline.is_complete && !outline.is_malformed && !is_all {
        return Ok(Holder::Unknown);
    }
    let has_key = named.has_key(head, &outline);
    let has_vector =
        outline.members.iter().any(|member| is_vector_name(member.name)) || named.has_vector(head, &outline);
    let has_numbers = outline.members.iter().any(|member| member.value == Value::Numbers);
    if outline.is_malformed {
        // Where it is broken is told behind the records that stand before that place.
        let candidates = candidates(head, &outline, named, !has_key);
        let records = candidates.into_iter().find(|found| found.content == Content::Records);
        return Ok(match records.filter(|_| !has_vector && !has_numbers) {
            Some(Candidate { path, .. }) => Holder::Shape(Shape::Pages(path)),
            None => Holder::Missing,
        });
    }
    if let Some(unfit) = columnar::of_columns(head, &outline, named) {
        return Err(unfit);
    }
    if has_vector || has_numbers {
        let unfit = if has_key || has_vector { None } else { columnar::dictionary(head, &outline) };
        return unfit.map_or(Ok(Holder::Missing), Err);
    }
    let mut candidates = candidates(head, &outline, named, !has_key);
    candidates.retain(|candidate| match candidate.content {
        Content::Records => true,
        Content::Objects | Content::Rows(_) | Content::Nothing => !has_key,
    });
    if has_key
        && !outline.is_complete
        && let Some(Candidate { path, .. }) = candidates.first()
    {
        // Its own vector may follow, farther on than is looked at.
        return Err(columnar::with_a_key(path));
    }
    choose(head, &outline, named, candidates, has_key)
}

/// Decides among the arrays of an object that is no record.
fn choose(
    head: &[u8],
    outline: &Outline<'_>,
    named: Named<'_>,
    candidates: Vec<Candidate>,
    has_key: bool,
) -> Result<Holder, Unfit> {
    let is_of =
        |content: &[Content]| candidates.iter().filter(|found| content.contains(&found.content)).count();
    if is_of(&[Content::Records, Content::Objects]) > 1 {
        let paths: Vec<&[String]> = candidates
            .iter()
            .filter(|found| matches!(found.content, Content::Records | Content::Objects))
            .map(|found| found.path.as_slice())
            .collect();
        return Err(columnar::several(&paths));
    }
    let rank = |candidate: &Candidate| match candidate.content {
        Content::Records => 0,
        Content::Objects => 1,
        Content::Rows(_) => 2,
        Content::Nothing => 3,
    };
    let unfit = if has_key { None } else { columnar::of_names(head, outline, named) };
    match candidates.into_iter().min_by_key(rank) {
        Some(Candidate { content: Content::Rows(at), path }) => match columnar::of_rows(head, at, &path) {
            Some(unfit) => Err(unfit),
            None => Ok(Holder::Shape(Shape::Pages(path))),
        },
        Some(Candidate { content: Content::Nothing, .. }) if unfit.is_some() => {
            unfit.map_or(Ok(Holder::Missing), Err)
        }
        Some(Candidate { path, .. }) => Ok(Holder::Shape(Shape::Pages(path))),
        None => unfit.map_or(Ok(Holder::Missing), Err),
    }
}

/// A search for the arrays of an object that may hold records.
struct Search<'a> {
    head: &'a [u8],
    named: Named<'a>,
    /// Whether objects inside it are searched too.
    deeper: bool,
    path: Vec<String>,
    found: Vec<Candidate>,
}

impl Search<'_> {
    fn among(&mut self, outline: &Outline<'_>) {
        for member in &outline.members {
            let is_one_of = |names: &[&str]| names::is_one_of(names, member.name);
            self.path.push(String::from_utf8_lossy(member.name).into_owned());
            match self.head.get(member.at) {
                Some(b'[') if is_one_of(&WRAPPERS) || is_one_of(&LOOSE_WRAPPERS) => {
                    let content = content(self.head, member.at, self.named);
                    if content == Content::Records || is_one_of(&WRAPPERS) {
                        self.found.push(Candidate { path: self.path.clone(), content });
                    }
                }
                Some(b'{') if self.deeper && self.path.len() < DEEPEST && is_one_of(&HOLDERS) => {
                    self.among(&Outline::of(self.head, member.at));
                }
                _ => {}
            }
            self.path.pop();
        }
    }
}

/// The arrays that may hold records, in an object and, with `deeper`, in those inside it.
fn candidates(head: &[u8], outline: &Outline<'_>, named: Named<'_>, deeper: bool) -> Vec<Candidate> {
    let mut search = Search { head, named, deeper, path: Vec::new(), found: Vec::new() };
    search.among(outline);
    search.found
}

/// What the array that starts at `start` holds, by its first element.
fn content(head: &[u8], start: usize, named: Named<'_>) -> Content {
    let at = first_element(head, start);
    match head.get(at) {
        Some(b'{') if is_record(head, at, named) => Content::Records,
        Some(b'{') => Content::Objects,
        Some(b'[') => Content::Rows(at),
        _ => Content::Nothing,
    }
}

#[cfg(test)]
mod tests;
