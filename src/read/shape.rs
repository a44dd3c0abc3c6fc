//! Where the records of a JSON input are, by its first value: an array, an object around an array, or neither.

use super::columnar::{self, Columnar};
use super::conversion;
use super::elements::Shape;
use super::named::{Named, is_record, is_vector_name};
use super::nameless;
use super::outline::{Outline, Value};
use super::unfit::Unfit;
use super::value::{skip_blanks, value_end};
use super::void;
use crate::record::names::{self, HOLDERS, LOOSE_WRAPPERS, WRAPPERS};
use crate::record::rejected::BEGINS;

/// Whether the first value contains records.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    Shape(Shape),
    /// The records are rows of columns.
    Columnar(Columnar),
    /// It is itself a record.
    Missing,
    /// The text is too short to decide.
    Unknown,
}

/// Maximum number of nested objects around the records.
const DEEPEST: usize = 4;

/// How much of an object is looked at to see what it is. The rest may be as large as the input.
const LOOKED_AT: usize = 192 << 10;

/// How many members of an object are looked at to see what it is.
const MANY: usize = 4096;

const NULL: &[u8] = b"null";

/// Decides whether the value that `text` begins with contains records; with `whole` there is no more text.
pub(crate) fn holder(text: &[u8], whole: bool, named: Named<'_>) -> Result<Holder, Unfit> {
    if void::is_page(text, named) {
        return Ok(if whole { Holder::Shape(Shape::Nothing) } else { Holder::Unknown });
    }
    match text.first() {
        Some(b'[') => array(text, whole, named),
        Some(b'{') => without_pages(text, object(text, whole, named)?, named),
        _ => Ok(Holder::Missing),
    }
}

/// An array of objects contains records, an array of numbers is a record, and an array of arrays has values without
/// names.
fn array(text: &[u8], whole: bool, named: Named<'_>) -> Result<Holder, Unfit> {
    let is_all = whole || text.len() >= LOOKED_AT;
    if let Some(unfit) = nameless::of_values(text.get(..LOOKED_AT).unwrap_or(text), named) {
        return Err(unfit);
    }
    let at = first_element(text, 0);
    Ok(match text.get(at..).unwrap_or_default() {
        object @ [b'{', ..] => {
            return array_of_objects(object, whole, named).map_err(|unfit| columnar::in_array(unfit, &[]));
        }
        [b']', ..] => Holder::Shape(Shape::Arrays),
        [b'[', ..] if !is_all && value_end(text, at).is_none() => Holder::Unknown,
        [b'[', ..] => match nameless::of_rows(text, at, &[], named) {
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

/// Decides what the objects of an array are, the first of which `text` begins with: records, or what one of them is
/// instead.
fn array_of_objects(text: &[u8], whole: bool, named: Named<'_>) -> Result<Holder, Unfit> {
    const LOOKED_AT_MOST: usize = 16;
    let mut at = 0;
    for _ in 0..LOOKED_AT_MOST {
        let element = text.get(at..).unwrap_or_default();
        match holds(element, whole, named) {
            Some(Held::Records) => break,
            Some(Held::Others(unfit)) => return Err(unfit),
            Some(Held::Nothing) => {}
            None => return Ok(Holder::Unknown),
        }
        // The first pages may be empty.
        let Some(end) = value_end(element, 0) else { break };
        let comma = skip_blanks(element, end);
        let next = skip_blanks(element, comma + 1);
        match (element.get(comma), element.get(next)) {
            (Some(b','), Some(b'{')) => at += next,
            (None | Some(b','), None) if !whole && text.len() < LOOKED_AT => return Ok(Holder::Unknown),
            _ => break,
        }
    }
    Ok(Holder::Shape(Shape::Arrays))
}

/// What an element of an array is or contains.
enum Held {
    /// It is a record, as far as can be seen.
    Records,
    /// It contains records that cannot be read from within an array.
    Others(Unfit),
    /// It may contain records, but has none.
    Nothing,
}

/// Decides what the object is that `text` begins with, as an element of an array; `None` if the text is too short.
fn holds(text: &[u8], whole: bool, named: Named<'_>) -> Option<Held> {
    let outline = || Outline::of(text, 0);
    Some(match object(text, whole, named) {
        Ok(Holder::Unknown) => return None,
        Ok(Holder::Missing) => Held::Records,
        // The malformed place is reported after the elements before it.
        _ if outline().is_malformed => Held::Records,
        Ok(Holder::Shape(Shape::Pages(path))) => match content_of(text, &outline(), &path, named) {
            Some(Content::Records) => Held::Others(columnar::with_records(&path, named)),
            Some(Content::Nothing) => Held::Nothing,
            _ => Held::Records,
        },
        Ok(Holder::Columnar(columnar)) if columnar::shows_vectors(text, &outline(), columnar) => {
            Held::Others(columnar::columns_in(columnar, &[], named))
        }
        Ok(Holder::Columnar(_)) => Held::Nothing,
        Ok(Holder::Shape(_)) => Held::Records,
        Err(unfit) => Held::Others(unfit),
    })
}

/// What the array at `path` contains.
fn content_of(text: &[u8], outline: &Outline<'_>, path: &[String], named: Named<'_>) -> Option<Content> {
    let has_key = named.has_key(text, outline);
    let mut arrays = candidates(text, outline, named, !has_key).into_iter();
    arrays.find(|found| found.path == path).map(|found| found.content)
}

/// The result `known` for an object, unless an array inside it has elements that contain records themselves.
fn without_pages(text: &[u8], known: Holder, named: Named<'_>) -> Result<Holder, Unfit> {
    if !matches!(known, Holder::Missing | Holder::Shape(Shape::Pages(_))) {
        return Ok(known);
    }
    let head = text.get(..LOOKED_AT).unwrap_or(text);
    let outline = Outline::of_first(head, 0, MANY);
    let is_open = match &known {
        Holder::Missing => {
            !named.has_key(head, &outline)
                && !named.has_vector(head, &outline)
                && !outline.is_malformed
                && !is_line_of_rejects(head, &outline)
                && !outline
                    .members
                    .iter()
                    .any(|member| member.value == Value::Numbers || is_vector_name(member.name))
        }
        Holder::Shape(Shape::Pages(path)) => {
            content_of(head, &outline, path, named) == Some(Content::Objects)
        }
        _ => false,
    };
    let found = if is_open { pages_inside(head, &outline, named, &mut Vec::new()) } else { None };
    found.map_or(Ok(known), Err)
}

/// The first array in an object, at any depth, whose elements contain records themselves.
fn pages_inside(
    head: &[u8],
    outline: &Outline<'_>,
    named: Named<'_>,
    path: &mut Vec<String>,
) -> Option<Unfit> {
    for member in &outline.members {
        path.push(conversion::name(member.name));
        let found = match member.value {
            Value::Objects => {
                let first = head.get(skip_blanks(head, member.at + 1)..).unwrap_or_default();
                let unfit = array_of_objects(first, true, named).err();
                unfit.map(|unfit| columnar::in_array(unfit, path))
            }
            Value::Object if path.len() < DEEPEST => {
                pages_inside(head, &Outline::of(head, member.at), named, path)
            }
            _ => None,
        };
        if found.is_some() {
            return found;
        }
        path.pop();
    }
    None
}

/// Whether one of the elements from `at` on is an object; `None` if the text is too short to decide.
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

/// The offset of the first element of an array that is not null, or where the text ends before it. A service that
/// failed for the first inputs leaves nulls there.
fn first_element(text: &[u8], start: usize) -> usize {
    let mut at = skip_blanks(text, start + 1);
    while text.get(at..).is_some_and(|rest| rest.starts_with(NULL)) {
        let comma = skip_blanks(text, at + NULL.len());
        at = if text.get(comma) == Some(&b',') { skip_blanks(text, comma + 1) } else { comma };
    }
    at
}

/// An array that may contain the records.
#[derive(Debug)]
struct Candidate {
    path: Vec<String>,
    content: Content,
}

/// The content of an array, by its first element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// Objects that are records.
    Records,
    /// Other objects.
    Objects,
    /// Arrays, with the offset of the first.
    Rows(usize),
    Nothing,
}

/// An object contains records if an array in it does and it is not a record itself.
///
/// Its first part decides. If that has neither a vector nor anything that may contain records, twice as much is looked
/// at, and so on, so that the result does not depend on how the text arrives.
fn object(text: &[u8], whole: bool, named: Named<'_>) -> Result<Holder, Unfit> {
    let mut looked_at = LOOKED_AT;
    loop {
        let head = text.get(..looked_at).unwrap_or(text);
        let is_all = whole || text.len() >= looked_at;
        match beginning(head, is_all, named)? {
            Holder::Unknown if is_all && text.len() > looked_at => looked_at *= 2,
            Holder::Unknown if whole => return Ok(Holder::Missing),
            known => return Ok(known),
        }
    }
}

/// Decides what an object is by its first part.
fn beginning(head: &[u8], is_all: bool, named: Named<'_>) -> Result<Holder, Unfit> {
    let outline = Outline::of_first(head, 0, MANY);
    if !outline.is_complete && !outline.is_malformed && !is_all {
        return Ok(Holder::Unknown);
    }
    if is_line_of_rejects(head, &outline) {
        return Ok(Holder::Missing);
    }
    let has_key = named.has_key(head, &outline);
    let has_vector =
        outline.members.iter().any(|member| is_vector_name(member.name)) || named.has_vector(head, &outline);
    let has_numbers = outline.members.iter().any(|member| member.value == Value::Numbers);
    if outline.is_malformed {
        // The malformed place is reported after the records before it.
        let candidates = candidates(head, &outline, named, !has_key);
        let records = candidates.into_iter().find(|found| found.content == Content::Records);
        return Ok(match records.filter(|_| !has_vector && !has_numbers) {
            Some(Candidate { path, .. }) => Holder::Shape(Shape::Pages(path)),
            None => Holder::Missing,
        });
    }
    if !named.is_keyless && columnar::is_response(&outline) {
        return Ok(Holder::Missing);
    }
    if let Some(columnar) = columnar::of_columns(head, &outline, named, &[]) {
        return columnar.map(Holder::Columnar);
    }
    if has_vector || has_numbers {
        let unfit = if has_key || has_vector { None } else { columnar::dictionary(head, &outline, named) };
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
        // Its own vector may follow, beyond the part looked at.
        return Err(columnar::with_a_key(path, named));
    }
    match choose(head, &outline, named, candidates, has_key)? {
        Holder::Missing if !outline.is_complete && outline.members.len() < MANY => Ok(Holder::Unknown),
        known => Ok(known),
    }
}

/// Whether an object is a line of a rejects file, which is a record whatever it contains.
fn is_line_of_rejects(head: &[u8], outline: &Outline<'_>) -> bool {
    let names = outline.members.iter().map(|member| member.name);
    head.starts_with(BEGINS) && names.eq([b"rejected".as_slice(), b"record"])
}

/// Chooses among the arrays of an object that is not a record.
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
        let paths = candidates
            .into_iter()
            .filter(|found| matches!(found.content, Content::Records | Content::Objects))
            .map(|found| found.path)
            .collect();
        return Err(columnar::several(paths, named));
    }
    let rank = |candidate: &Candidate| match candidate.content {
        Content::Records => 0,
        Content::Objects => 1,
        Content::Rows(_) => 2,
        Content::Nothing => 3,
    };
    let unfit = if has_key { None } else { columnar::of_names(head, outline, named) };
    match candidates.into_iter().min_by_key(rank) {
        Some(Candidate { content: Content::Rows(at), path }) => {
            let split = columnar::split_around(head, outline, &path, named);
            match split.or_else(|| nameless::of_rows(head, at, &path, named)) {
                Some(unfit) => Err(unfit),
                None => Ok(Holder::Shape(Shape::Pages(path))),
            }
        }
        Some(Candidate { content: Content::Nothing, .. }) if unfit.is_some() => {
            unfit.map_or(Ok(Holder::Missing), Err)
        }
        Some(Candidate { path, .. }) => Ok(Holder::Shape(Shape::Pages(path))),
        None => unfit.map_or(Ok(Holder::Missing), Err),
    }
}

/// A search for the arrays of an object that may contain records.
struct Search<'a> {
    head: &'a [u8],
    named: Named<'a>,
    /// Whether to search nested objects, too.
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

/// The arrays that may contain records, in an object and, with `deeper`, in its nested objects.
fn candidates(head: &[u8], outline: &Outline<'_>, named: Named<'_>, deeper: bool) -> Vec<Candidate> {
    let mut search = Search { head, named, deeper, path: Vec::new(), found: Vec::new() };
    search.among(outline);
    search.found
}

/// What the array that starts at `start` contains, by its first element.
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
