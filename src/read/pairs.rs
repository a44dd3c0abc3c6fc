//! Input of the bulk API of Elasticsearch and its forks: an action on one line, and its document on the next line.

use std::ops::Range;

use bytes::Bytes;

use super::cut::{Cut, RECORDS_AT_MOST};
use super::named::Named;
use super::outline::{Member, Outline, Value};
use super::unfit::Unfit;
use super::value::{skip_blanks, value_end};
use crate::record::names::{KEYS, VECTORS, is_one_of};
use crate::record::{Raw, RowTrouble, path};

/// What an action does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    /// Stores the document that follows.
    Stores,
    /// Updates a document with what follows.
    Updates,
    /// Deletes a document; none follows.
    Deletes,
    /// Has its document on its own line, which is invalid.
    Together,
}

/// The names of actions.
const ACTIONS: [&str; 4] = ["index", "create", "update", "delete"];

/// The fields of an action.
const SAID: [&str; 16] = [
    "_index",
    "_id",
    "_type",
    "routing",
    "_routing",
    "parent",
    "pipeline",
    "version",
    "version_type",
    "if_seq_no",
    "if_primary_term",
    "require_alias",
    "require_data_stream",
    "dynamic_templates",
    "list_executed_pipelines",
    "retry_on_conflict",
];

impl Action {
    /// The action on a line that is not a document: its only member is named after an action and has no field of a
    /// document.
    fn of(line: &[u8]) -> Option<Self> {
        let outline = Outline::of(line, 0);
        let [member] = outline.members.as_slice() else { return None };
        if !outline.is_complete || member.value != Value::Object {
            return None;
        }
        let said = Outline::of(line, member.at);
        if !said.members.iter().all(|said| is_one_of(&SAID, said.name)) {
            return None;
        }
        let is_alone = value_end(line, 0).is_some_and(|end| skip_blanks(line, end) == line.len());
        match member.name {
            b"index" | b"create" | b"update" if !is_alone => Some(Self::Together),
            b"index" | b"create" => Some(Self::Stores),
            b"update" => Some(Self::Updates),
            b"delete" => Some(Self::Deletes),
            _ => None,
        }
    }
}

/// How pairs become records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pairs {
    /// The field of the documents that has the vector, if its name is not that of a vector.
    vector: Option<String>,
    /// Whether the user names the key field; otherwise the key is the action's `_id`, even if the document has a key.
    is_key_named: bool,
    /// Whether the user's metadata options name `_id`, so that it is kept in addition to the key.
    keeps_id: bool,
}

/// How a text begins.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// With such a pair.
    Pair(Pairs),
    SomethingElse,
    /// The text may be too short to decide.
    Unknown,
}

/// Whether a text begins with such a pair.
pub(crate) fn recognise(
    text: &[u8],
    whole: bool,
    named: Named<'_>,
    metadata: &[String],
) -> Result<Beginning, Unfit> {
    let keeps_id = metadata.iter().any(|name| {
        let name = name.trim();
        path::renamed(name.strip_prefix('-').unwrap_or(name)).1.as_bytes() == ID
    });
    let mut lines = lines(text, whole);
    let Some(first) = lines.next() else {
        let is_other = whole || !may_be_action(text);
        return Ok(if is_other { Beginning::SomethingElse } else { Beginning::Unknown });
    };
    if text.get(first.clone()).and_then(Action::of).is_none() {
        return Ok(Beginning::SomethingElse);
    }
    let stores = |line: &Range<usize>| text.get(line.clone()).and_then(Action::of);
    let mut before = stores(&first);
    for line in lines {
        let action = stores(&line);
        if before == Some(Action::Stores) && action.is_none() {
            let document = text.get(line).unwrap_or_default();
            let is_key_named = !named.key.is_empty();
            return Ok(Beginning::Pair(Pairs {
                vector: vector_of(document, named)?,
                is_key_named,
                keeps_id,
            }));
        }
        before = action;
    }
    Ok(if whole { Beginning::Pair(Pairs::default()) } else { Beginning::Unknown })
}

/// Whether an incomplete first line may be an action.
fn may_be_action(text: &[u8]) -> bool {
    const LONGEST: usize = 16 << 10;
    let is_name = |member: &Member<'_>| is_one_of(&ACTIONS, member.name);
    text.len() < LONGEST && Outline::of(text, 0).members.iter().all(is_name)
}

/// The only array of numbers in a document without a field that is named like a vector.
fn vector_of(document: &[u8], named: Named<'_>) -> Result<Option<String>, Unfit> {
    let outline = Outline::of(document, 0);
    let has_one = outline.find(|name| is_one_of(&VECTORS, name)).is_some();
    if has_one || !named.vector.is_empty() {
        return Ok(None);
    }
    let arrays = outline.members.iter().filter(|member| member.value == Value::Numbers);
    let names: Vec<_> = arrays.map(|member| String::from_utf8_lossy(member.name).into_owned()).collect();
    match names.as_slice() {
        [name] => Ok(Some(name.clone())),
        [] => Ok(None),
        several => Err(Unfit::Several(several.join(", "))),
    }
}

/// The complete lines of `text` that are not blank, trimmed.
fn lines(text: &[u8], last: bool) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
            let length = match memchr::memchr(b'\n', rest) {
                Some(newline) => newline,
                None if last => rest.len(),
                None => return None,
            };
            let line = rest.get(..length).unwrap_or_default();
            let first = start + (line.len() - line.trim_ascii_start().len());
            start += length + 1;
            let trimmed = line.trim_ascii().len();
            if trimmed > 0 {
                return Some(first..first + trimmed);
            }
        }
    })
}

impl Pairs {
    /// What it is read as, in words.
    pub(crate) fn told(&self) -> String {
        let vector = self.vector.as_ref().map_or_else(String::new, |vector| format!(", vector {vector}"));
        format!("Elasticsearch bulk lines: key _id{vector}")
    }

    /// Cuts the complete pairs of `text`, and lines that belong to none. A cut always ends where a pair may begin.
    pub(crate) fn cut(text: &[u8], last: bool) -> Cut {
        let mut cut = Cut::default();
        let mut open: Option<Range<usize>> = None;
        for line in lines(text, last) {
            let action = text.get(line.clone()).and_then(Action::of);
            match (open.take(), action) {
                // An action without its document is an invalid record of its own.
                (Some(alone), Some(_)) => cut.records.push(alone),
                (Some(before), None) => {
                    cut.consumed = line.end;
                    cut.records.push(before.start..line.end);
                }
                (None, _) => {}
            }
            match action {
                Some(Action::Deletes | Action::Together) => cut.records.push(line.clone()),
                Some(_) => open = Some(line.clone()),
                None if cut.records.last().is_none_or(|record| record.end < line.end) => {
                    cut.records.push(line.clone());
                }
                None => {}
            }
            cut.consumed = open.as_ref().map_or(line.end, |open| open.start);
            if cut.records.len() >= RECORDS_AT_MOST && open.is_none() {
                return cut;
            }
        }
        if last {
            cut.records.extend(open);
            cut.consumed = text.len();
        }
        cut
    }

    /// Makes a record of what was cut: one object with the members of the action and those of the document.
    pub(crate) fn raw(&self, text: &Bytes, record: Range<usize>) -> Raw {
        let text = text.slice(record);
        let mut found = lines(&text, true);
        let (first, second) = (found.next().unwrap_or(0..0), found.next());
        let line = |range: &Range<usize>| text.get(range.clone()).unwrap_or_default();
        let broken = |trouble| Raw::broken(text.clone(), trouble);
        match (Action::of(line(&first)), second) {
            (None, _) => broken(RowTrouble::NoAction),
            (Some(Action::Deletes), _) => broken(RowTrouble::Deletes),
            (Some(Action::Updates), _) => broken(RowTrouble::Updates),
            (Some(Action::Together), _) => broken(RowTrouble::OneLine),
            (Some(Action::Stores), None) => broken(RowTrouble::NoDocument),
            (Some(Action::Stores), Some(second)) => {
                let (action, document) = (line(&first), line(&second));
                let other_keys = if self.is_key_named { Vec::new() } else { key_names(document) };
                if other_keys.contains(&KEYS[0]) {
                    return broken(RowTrouble::KeyOfDocument);
                }
                let Some(joined) = self.joined(action, document) else {
                    return Raw::Json(text.slice(second));
                };
                let id = Outline::of(&joined, 0).find(|name| name == ID).map(|id| id.at);
                // Use one name in all records, so that their keys come from one field.
                let Some(at) = id.filter(|_| !self.is_key_named) else { return Raw::Json(joined.into()) };
                Raw::Json(
                    if self.keeps_id { copied(joined, at) } else { renamed(joined, 0, ID, at, KEYS[0]) }
                        .into(),
                )
            }
        }
    }

    /// Both as one object; `None` if the document is not an object, which is then judged as it is.
    fn joined(&self, action: &[u8], document: &[u8]) -> Option<Vec<u8>> {
        let outline = Outline::of(action, 0);
        let said = outline.members.first()?.at;
        let said = action.get(said + 1..value_end(action, said)? - 1)?.trim_ascii();
        if document.first() != Some(&b'{') {
            return None;
        }
        let mut joined = Vec::with_capacity(said.len() + document.len() + 2);
        joined.push(b'{');
        joined.extend_from_slice(said);
        let members = document.get(1..)?;
        if !said.is_empty() && members.trim_ascii() != b"}" {
            joined.push(b',');
        }
        let start = joined.len();
        joined.extend_from_slice(members);
        if let Some(vector) = &self.vector
            && let Some(member) = Outline::of(document, 0).find(|name| name == vector.as_bytes())
        {
            // The document's opening brace is left out.
            joined = renamed(joined, start, member.name, start + member.at - 1, "vector");
        }
        Some(joined)
    }
}

/// The field of an action that is the key.
const ID: &[u8] = b"_id";

/// The names of keys among the members of a document.
fn key_names(document: &[u8]) -> Vec<&'static str> {
    let outline = Outline::of(document, 0);
    let is_there = |key: &&'static str| outline.find(|name| name == key.as_bytes()).is_some();
    KEYS.into_iter().filter(is_there).collect()
}

/// The object with the value at `at` also as its key.
fn copied(mut object: Vec<u8>, at: usize) -> Vec<u8> {
    let value = value_end(&object, at).and_then(|end| object.get(at..end)).unwrap_or(b"null");
    let member = [b"\"", KEYS[0].as_bytes(), b"\":", value, b","].concat();
    object.splice(1..1, member);
    object
}

/// Renames the member whose value is at `at`: replaces its name, which stands before the value.
fn renamed(mut text: Vec<u8>, start: usize, name: &[u8], at: usize, other: &str) -> Vec<u8> {
    let quoted = [b"\"", name, b"\""].concat();
    let before = text.get(start..at).unwrap_or_default();
    if let Some(place) = memchr::memmem::rfind(before, &quoted).map(|place| start + place) {
        text.splice(place..place + quoted.len(), format!("\"{other}\"").into_bytes());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = r#"{"index":{"_index":"i","_id":"1"}}"#;
    const B: &str = r#"{"create":{"_id":2}}"#;
    const GONE: &str = r#"{"delete":{"_id":"3"}}"#;
    const CHANGED: &str = r#"{"update":{"_id":"4"}}"#;
    const X: &str = r#"{"vec":[1,2],"t":"x"}"#;
    const Y: &str = r#"{ "t":"y" , "vec":[3,4]}"#;

    fn named() -> Pairs {
        Pairs { vector: Some("vec".to_owned()), ..Pairs::default() }
    }

    fn told(pairs: &Pairs, text: &str) -> Vec<String> {
        let text = Bytes::copy_from_slice(text.as_bytes());
        let cut = Pairs::cut(&text, true);
        let one = |record| match pairs.raw(&text, record) {
            Raw::Json(text) => String::from_utf8(text.to_vec()).unwrap(),
            Raw::Broken { trouble, .. } => format!("{trouble:?}"),
            other => format!("{other:?}"),
        };
        cut.records.into_iter().map(one).collect()
    }

    #[test]
    fn a_pair_is_one_record_and_what_is_part_of_none_is_one_by_itself() {
        let (x, y) =
            (r#"{"_index":"i","key":"1","vector":[1,2],"t":"x"}"#, r#"{"key":2, "t":"y" , "vector":[3,4]}"#);
        for (text, wanted) in [
            (format!("{A}\n{X}\n\n{B}\r\n{Y}\r\n"), vec![x, y]),
            (format!("{A}\n{X}\n{X}\n{B}\n{Y}"), vec![x, "NoAction", y]),
            (format!("{A}\n{B}\n{Y}\n{GONE}\n{A}\n{X}\n"), vec!["NoDocument", y, "Deletes", x]),
            (format!("{CHANGED}\n{{\"doc\":{X}}}\n{A}\n{X}\n{B}\n"), vec!["Updates", x, "NoDocument"]),
            (format!("{A}{X}\n{A} {X}\n{A}\n{X}\n{B} [1]"), vec!["OneLine", "OneLine", x, "OneLine"]),
            (format!("{A}\n{}", X.get(..9).unwrap()), vec![r#"{"_index":"i","key":"1","vector":[1"#]),
            (format!("{A}\n[1,2]"), vec!["[1,2]"]),
            (format!("{A}\n{{}}"), vec![r#"{"_index":"i","key":"1"}"#]),
            (format!("{{\"index\":{{}}}}\n{X}"), vec![r#"{"vector":[1,2],"t":"x"}"#]),
            (
                format!("{A}\n{{\"id\":\"9\",\"vec\":[1,2]}}"),
                vec![r#"{"_index":"i","key":"1","id":"9","vector":[1,2]}"#],
            ),
            (format!("{A}\n{{\"key\":\"9\",\"vec\":[1,2]}}"), vec!["KeyOfDocument"]),
        ] {
            assert_eq!(told(&named(), &text), wanted, "{text}");
        }
        assert_eq!(
            told(&Pairs::default(), &format!("{A}\n{X}")),
            [r#"{"_index":"i","key":"1","vec":[1,2],"t":"x"}"#]
        );
        let kept = Pairs { keeps_id: true, ..named() };
        let own = "{\"id\":\"9\",\"vec\":[1,2]}";
        assert_eq!(
            told(&kept, &format!("{A}\n{X}\n{A}\n{own}")),
            [
                r#"{"key":"1","_index":"i","_id":"1","vector":[1,2],"t":"x"}"#,
                r#"{"key":"1","_index":"i","_id":"1","id":"9","vector":[1,2]}"#
            ]
        );
    }

    #[test]
    fn pairs_are_cut_alike_from_any_pieces_of_the_text() {
        let text =
            format!("{A}\n{X}\n{B}\n{A}\n{X}\n\n{GONE}\n{X}\n{CHANGED}\n{{\"doc\":{{}}}}\n{B}\r\n{Y}\n{A}\n");
        let whole = told(&named(), &text);
        for piece in 1..text.len() {
            let (mut start, mut end, mut found) = (0, 0, Vec::new());
            while start < text.len() {
                end = text.len().min(end + piece);
                let at_hand = Bytes::copy_from_slice(text.as_bytes().get(start..end).unwrap());
                let cut = Pairs::cut(&at_hand, end == text.len());
                found.extend(cut.records.into_iter().map(|record| match named().raw(&at_hand, record) {
                    Raw::Json(text) => String::from_utf8(text.to_vec()).unwrap(),
                    Raw::Broken { trouble, .. } => format!("{trouble:?}"),
                    other => format!("{other:?}"),
                }));
                start += cut.consumed;
            }
            assert_eq!(found, whole, "{piece}");
        }
    }

    #[test]
    fn pairs_are_known_by_their_first_lines_and_the_vector_by_the_first_document() {
        let of = |text: &str, whole| recognise(text.as_bytes(), whole, Named::default(), &[]);
        assert_eq!(of(&format!("{A}\n{X}\n"), false), Ok(Beginning::Pair(named())));
        assert_eq!(of(&format!("{GONE}\n{B}\n{X}\n"), false), Ok(Beginning::Pair(named())));
        assert_eq!(of(&format!("{A}\n{{\"vector\":[1]}}\n"), false), Ok(Beginning::Pair(Pairs::default())));
        assert_eq!(
            of(&format!("{A}\n{{\"a\":[1],\"b\":[2]}}\n"), false),
            Err(Unfit::Several("a, b".to_owned()))
        );
        let user = ["a".to_owned()];
        let asked = Named { vector: &user, ..Named::default() };
        let text = format!("{A}\n{{\"a\":[1],\"b\":[2]}}\n");
        assert_eq!(recognise(text.as_bytes(), false, asked, &[]), Ok(Beginning::Pair(Pairs::default())));
        assert_eq!(of(&format!("{A}\n{}", X.get(..9).unwrap()), false), Ok(Beginning::Unknown));
        assert_eq!(of(A, false), Ok(Beginning::Unknown));
        assert_eq!(of(&format!("{A}\n"), true), Ok(Beginning::Pair(Pairs::default())));
        for text in [X, r#"{"index":{"id":"a","vector":[1]}}"#, r#"{"index":3}"#, "[1,2]", "id,vector"] {
            assert_eq!(of(&format!("{text}\n{X}\n"), false), Ok(Beginning::SomethingElse), "{text}");
        }
    }
}
