//! Records in a JSON structure: elements of arrays, also inside an object, or values one after another.

use std::sync::Arc;

use super::around::{self, After, Found, Trouble};
use super::cut::{Cut, RECORDS_AT_MOST};
use super::flaw::{Flaw, FlawKind};
use super::named::Named;
use super::tear::Tear;
use super::value::{record_end, skip_blanks, value_end};
use crate::record::page::{Around, Namespace};

/// The structure that contains the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The records are the elements of one or more arrays that follow one another.
    Arrays,
    /// The records are the elements of the array at this path inside an object, or inside several that follow one
    /// another.
    Pages(Vec<String>),
    /// The records are objects or arrays that follow one another.
    Values,
    /// There are no records: the text is one object that could contain some.
    Nothing,
}

/// Cuts records out of a [`Shape`], from block to block.
#[derive(Debug)]
pub(crate) struct Elements {
    shape: Shape,
    place: Place,
    told: Told,
    /// The fields that the user names as the key and as the vector.
    named: (Vec<String>, Vec<String>),
}

/// What the objects around the records say about them.
#[derive(Clone, Debug, Default)]
struct Told {
    /// The namespace of the current records.
    namespace: Namespace,
    /// The namespace found after the array.
    behind: Option<Arc<str>>,
    /// In order, each with the index of the record that follows.
    list: Vec<(usize, Around)>,
}

impl Told {
    /// Notes the beginning of an array, before the record `index`.
    fn begin(&mut self, index: usize, namespace: Option<Arc<str>>) {
        self.namespace = namespace.map_or(Namespace::Open, Namespace::Named);
        self.behind = None;
        self.list.push((index, Around::Of(self.namespace.clone())));
    }

    /// Notes the end of the object around it.
    fn end(&mut self, index: usize) {
        let behind = self.behind.take().unwrap_or_default();
        if std::mem::take(&mut self.namespace) == Namespace::Open {
            self.list.push((index, Around::Were(behind)));
        }
    }

    /// Takes what applies to the first `count` records. The rest will be read again.
    fn of_records(&mut self, count: usize, later: Self) -> Vec<(usize, Around)> {
        let first = std::mem::take(&mut self.namespace);
        let Self { mut list, .. } = later;
        list.retain(|(index, _)| *index < count);
        let is_of = |(_, told): &&(usize, Around)| matches!(told, Around::Of(_));
        let namespace = match list.iter().rfind(is_of) {
            Some((_, Around::Of(namespace))) => namespace.clone(),
            _ => first.clone(),
        };
        if first != Namespace::Own && !list.iter().any(|told| told.0 == 0 && is_of(&told)) {
            list.insert(0, (0, Around::Of(first)));
        }
        *self = Self { namespace, ..Self::default() };
        list
    }
}

/// The current place in the structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before, between or after the outermost values.
    Outside,
    /// In the array of the records.
    Inside(Expect),
    /// After that array, inside this many objects.
    Behind(usize),
}

/// What may follow in the array of the records, apart from its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Element,
    Comma,
}

/// What was found at a place.
enum Step {
    /// Structure that ends at this offset; cutting continues there, in this place.
    Structure(usize, Place),
    /// The beginning of the array of records, and the namespace before it.
    Begin(usize, Option<Arc<str>>),
    /// A namespace after that array.
    Namespace(usize, Place, Arc<str>),
    /// A record that ends at this offset.
    Record(usize),
}

impl Elements {
    /// Cuts from the start of the input.
    pub(crate) fn new(shape: Shape) -> Self {
        Self { shape, place: Place::Outside, told: Told::default(), named: (Vec::new(), Vec::new()) }
    }

    /// The structure that contains the records.
    pub(crate) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Also recognises records by the fields that the user names, to report them where they must not be.
    pub(crate) fn naming(self, named: Named<'_>) -> Self {
        Self { named: (named.key.to_vec(), named.vector.to_vec()), ..self }
    }

    fn named(&self) -> Named<'_> {
        Named { key: &self.named.0, vector: &self.named.1, is_keyless: false }
    }

    /// Continues at the start of a record, or right after one, where `before` is its last byte. What is expected there
    /// depends on that byte, so that malformed text is an error again.
    pub(crate) fn continued(shape: Shape, before: u8) -> Self {
        let expect = match before {
            b',' | b'[' => Expect::Element,
            before if before.is_ascii_whitespace() => Expect::Element,
            _ => Expect::Comma,
        };
        let place = if shape == Shape::Values { Place::Outside } else { Place::Inside(expect) };
        let is_page = matches!(shape, Shape::Pages(_));
        let namespace = if is_page { Namespace::Unread } else { Namespace::Own };
        Self { place, told: Told { namespace, ..Told::default() }, ..Self::new(shape) }
    }

    /// Cuts the complete records of `text`; with `last` the structure must be complete after them.
    ///
    /// Returns a flaw only if no record comes before it: otherwise the cut ends after the last record, and the next one
    /// meets the flaw again.
    pub(crate) fn cut(&mut self, text: &[u8], last: bool) -> Result<Cut, Flaw> {
        let mut records = Vec::new();
        let (mut at, mut place, mut told) = (0, self.place, self.told.clone());
        let flaw = loop {
            if records.len() == RECORDS_AT_MOST {
                break None;
            }
            at = skip_blanks(text, at);
            match self.step(place, text, at) {
                Ok(Some(Step::Structure(end, next))) => {
                    if next == Place::Outside {
                        told.end(records.len());
                    }
                    (at, place) = (end, next);
                }
                Ok(Some(Step::Begin(end, namespace))) => {
                    told.begin(records.len(), namespace);
                    (at, place) = (end, Place::Inside(Expect::Element));
                }
                Ok(Some(Step::Namespace(end, next, name))) => {
                    told.behind = Some(name);
                    (at, place) = (end, next);
                }
                Ok(Some(Step::Record(end))) => {
                    records.push(at..end);
                    (at, place) = (end, self.behind_record());
                }
                Ok(None) => break None,
                // A single quote or a comment that has no end is no reason to doubt what follows the record.
                Err(Flaw { kind: FlawKind::Unfinished(Tear::Value), at: start })
                    if last && let Some(end) = value_end(text, start) =>
                {
                    records.push(start..end);
                    (at, place) = (end, self.behind_record());
                }
                Err(flaw) => break Some(flaw),
            }
        };
        if let Some(last_record) = records.last() {
            self.place = self.behind_record();
            let around = self.told.of_records(records.len(), told);
            return Ok(Cut { consumed: last_record.end, records, around, ..Cut::default() });
        }
        (self.place, self.told) = (place, told);
        match flaw {
            Some(flaw) if last || flaw.is_lasting() => Err(flaw),
            _ => Ok(Cut { records, consumed: at, ..Cut::default() }),
        }
    }

    /// What the objects around the records say after the last one.
    pub(crate) fn told_behind(&mut self) -> Vec<(usize, Around)> {
        std::mem::take(&mut self.told.list)
    }

    /// The place in the structure after a record.
    fn behind_record(&self) -> Place {
        if self.shape == Shape::Values { Place::Outside } else { Place::Inside(Expect::Comma) }
    }

    /// Finds what is at `at`; `None` where the text may end and does.
    fn step(&self, place: Place, text: &[u8], at: usize) -> Result<Option<Step>, Flaw> {
        let Some(&byte) = text.get(at) else {
            return match place {
                Place::Outside => Ok(None),
                Place::Inside(_) => Err(Flaw::unfinished(at, Tear::Array)),
                Place::Behind(_) => Err(Flaw::unfinished(at, Tear::Object)),
            };
        };
        match place {
            Place::Outside => self.outside(text, at, byte),
            Place::Inside(expect) => self.inside(expect, text, at, byte),
            Place::Behind(depth) => match around::after(text, at, self.name(depth), self.named()) {
                Ok(After::Member(end, Some(name))) => Ok(Step::Namespace(end, Place::Behind(depth), name)),
                Ok(After::Member(end, None)) => Ok(Step::Structure(end, Place::Behind(depth))),
                Ok(After::End(end)) if depth > 1 => Ok(Step::Structure(end, Place::Behind(depth - 1))),
                Ok(After::End(end)) => Ok(Step::Structure(end, Place::Outside)),
                Err(trouble) => Err(flaw(text, at, trouble)),
            },
        }
        .map(Some)
    }

    /// The name that leads to the array in the innermost of `depth` objects around it.
    fn name(&self, depth: usize) -> &str {
        match &self.shape {
            Shape::Pages(path) => path.get(depth.wrapping_sub(1)).map_or("", String::as_str),
            Shape::Arrays | Shape::Values | Shape::Nothing => "",
        }
    }

    fn outside(&self, text: &[u8], at: usize, byte: u8) -> Result<Step, Flaw> {
        match (&self.shape, byte) {
            (Shape::Arrays, b'[') => Ok(Step::Structure(at + 1, Place::Inside(Expect::Element))),
            (Shape::Pages(path), b'{') => page(text, at, path, self.named()),
            (Shape::Values, b'{' | b'[') => record(text, at),
            (Shape::Nothing, b'{') => match record(text, at)? {
                Step::Record(end) => Ok(Step::Structure(end, Place::Outside)),
                other => Ok(other),
            },
            (Shape::Arrays, _) => Err(Flaw::malformed(at, byte, "an array or the end")),
            (Shape::Pages(_) | Shape::Nothing, _) => Err(Flaw::malformed(at, byte, "an object or the end")),
            (Shape::Values, _) => Err(Flaw::malformed(at, byte, "an object, an array or the end")),
        }
    }

    fn inside(&self, expect: Expect, text: &[u8], at: usize, byte: u8) -> Result<Step, Flaw> {
        let end = match &self.shape {
            Shape::Pages(path) => Place::Behind(path.len()),
            Shape::Arrays | Shape::Values | Shape::Nothing => Place::Outside,
        };
        match (byte, expect) {
            (b']', _) => Ok(Step::Structure(at + 1, end)),
            (b',', Expect::Comma) => Ok(Step::Structure(at + 1, Place::Inside(Expect::Element))),
            (_, Expect::Comma) => Err(Flaw::malformed(at, byte, "a comma or the end of the array")),
            (b',' | b'}' | b':', _) => Err(Flaw::malformed(at, byte, "an element or the end of the array")),
            _ => record(text, at),
        }
    }
}

/// Finds the end of the record that starts at `at`.
fn record(text: &[u8], at: usize) -> Result<Step, Flaw> {
    record_end(text, at).map(Step::Record).ok_or(Flaw::unfinished(at, Tear::Value))
}

/// Finds the array that `path` leads to in the object that starts at `at`.
fn page(text: &[u8], at: usize, path: &[String], named: Named<'_>) -> Result<Step, Flaw> {
    match around::descend(text, at, path, named) {
        Ok(Found::Array(start, namespace)) => Ok(Step::Begin(start, namespace)),
        // Skipping such an object could skip records.
        Ok(Found::End(_)) => {
            let expected = "an object with an array of records, like the first one";
            Err(flaw(text, at, Trouble::Malformed(at, expected)))
        }
        Err(trouble) => Err(flaw(text, at, trouble)),
    }
}

/// The flaw for trouble in the text around the records, from `at` on.
fn flaw(text: &[u8], at: usize, trouble: Trouble) -> Flaw {
    match trouble {
        Trouble::Unfinished => Flaw::unfinished(at, Tear::Object),
        Trouble::Malformed(at, expected) => {
            Flaw::malformed(at, text.get(at).copied().unwrap_or_default(), expected)
        }
        Trouble::Records(at) => Flaw { at, kind: FlawKind::LeftOut },
        Trouble::Repeated(at) => Flaw { at, kind: FlawKind::Repeated },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cuts all of `text` and returns its records, or where a flaw is and how many records came before it.
    fn cut(mut elements: Elements, text: &str) -> Result<Vec<&str>, (usize, usize)> {
        let mut records = Vec::new();
        let mut at = 0;
        loop {
            let rest = text.get(at..).unwrap();
            match elements.cut(rest.as_bytes(), true) {
                Ok(cut) if cut.records.is_empty() => return Ok(records),
                Ok(cut) => {
                    records.extend(cut.records.into_iter().filter_map(|range| rest.get(range)));
                    at += cut.consumed;
                }
                Err(flaw) => return Err((records.len(), at + flaw.at)),
            }
        }
    }

    fn pages(name: &str) -> Shape {
        Shape::Pages(vec![name.to_owned()])
    }

    fn all(shape: Shape, text: &str) -> Result<Vec<&str>, (usize, usize)> {
        cut(Elements::new(shape), text)
    }

    #[test]
    fn elements_are_cut_whatever_stands_around_them() {
        let three = Ok(vec![r#"{"a":1}"#, "[2]", "null"]);
        for text in [
            r#"[{"a":1},[2],null]"#,
            " [ {\"a\":1}\n,\t[2] , null\n]\r\n",
            r#"[{"a":1},[2],null,]"#,
            r#"[{"a":1}][[2]] [] [null]"#,
        ] {
            assert_eq!(all(Shape::Arrays, text), three, "{text}");
        }
        for text in [
            r#"{"vectors":[{"a":1},[2],null]}"#,
            r#"{"n":{"vectors":[9]},"vectors":[{"a":1},[2]],"next":"]}"} {"vectors":[null]}"#,
        ] {
            assert_eq!(all(pages("vectors"), text), three, "{text}");
        }
        for text in [r#"{"a":1}[2]{"b":3}"#, "{\"a\":1}\n\n[2]{\"b\":3} "] {
            assert_eq!(all(Shape::Values, text), Ok(vec![r#"{"a":1}"#, "[2]", r#"{"b":3}"#]), "{text}");
        }
    }

    #[test]
    fn no_element_is_cut_out_of_a_single_quoted_text_or_a_comment() {
        let (b, c) = (r#"{"id":"b","t":'5" disk'}"#, r#"{"id":"c"}"#);
        for a in [
            r#"{"id":"a","t":'},{"id":"z","vector":[9,9]},{'}"#,
            r#"{"id":"a","t":'5" disk'}"#,
            r#"{"id":"a","t":'}'}"#,
            r#"{"id":"a","t":1 /*},{"id":"z","vector":[9,9]},{*/}"#,
        ] {
            for text in [format!("[{a},{b},{c}]"), format!("[{a}][{b},{c}]")] {
                assert_eq!(all(Shape::Arrays, &text), Ok(vec![a, b, c]), "{text}");
            }
            assert_eq!(all(pages("v"), &format!(r#"{{"v":[{a},{b},{c}]}}"#)), Ok(vec![a, b, c]));
            assert_eq!(all(Shape::Values, &format!("{a}\n{b}{c}")), Ok(vec![a, b, c]));
        }
        let open = r#"{"id":"a","t":'}"#;
        assert_eq!(all(Shape::Arrays, &format!("[{open},{c}]")), Ok(vec![open, c]));
    }

    #[test]
    fn flaws_are_told_where_they_are_and_behind_the_records_before_them() {
        let arrays = [
            ("[{} {}]", (1, 4)),
            ("[{},,{}]", (1, 4)),
            ("[,{}]", (0, 1)),
            ("[{}}", (1, 3)),
            ("[{}] x", (1, 5)),
            ("[{},{\"a\"", (1, 4)),
            ("[{},", (1, 4)),
            ("[{}", (1, 3)),
            ("[", (0, 1)),
        ];
        for (text, flaw) in arrays {
            assert_eq!(all(Shape::Arrays, text), Err(flaw), "{text}");
        }
        let broken = [
            (r#"{"v":[{}]"#, (1, 9)),
            (r#"{"v":[{}],"next":"}"#, (1, 9)),
            (r#"{"v":[{}]} {"w":[]}"#, (1, 11)),
            (r#"{"v":[{}]} [1]"#, (1, 11)),
            (r#"{"v" [{}]}"#, (0, 5)),
        ];
        for (text, flaw) in broken {
            assert_eq!(all(pages("v"), text), Err(flaw), "{text}");
        }
        assert_eq!(all(Shape::Values, "{} nonsense {}"), Err((1, 3)));
    }

    #[test]
    fn cutting_continues_at_the_start_of_an_element_and_after_one() {
        for (before, text) in [
            (b',', r#"{"b":2},{"c":3}]"#),
            (b'[', r#"{"b":2},{"c":3}]"#),
            (b'\n', r#"{"b":2},{"c":3}]"#),
            (b'}', r#" , {"b":2},{"c":3}] "#),
            (b'1', r#",{"b":2}, {"c":3} ]"#),
        ] {
            let records = cut(Elements::continued(Shape::Arrays, before), text);
            assert_eq!(records, Ok(vec![r#"{"b":2}"#, r#"{"c":3}"#]), "{text}");
        }
        let rest = r#"],"next":"x"}{"v":[1]}"#;
        assert_eq!(cut(Elements::continued(pages("v"), b'}'), rest), Ok(vec!["1"]));
    }

    /// The namespace of each record of `text`, which arrives in pieces of this size.
    fn namespaces(text: &str, piece: usize) -> Vec<Namespace> {
        let mut elements = Elements::new(pages("v"));
        let (mut all, mut of, mut at, mut end) = (Vec::new(), Namespace::Own, 0, 0);
        let take = |all: &mut Vec<Namespace>, of: &mut Namespace, told| match told {
            Around::Of(namespace) => *of = namespace,
            Around::Were(name) => all
                .iter_mut()
                .filter(|known| **known == Namespace::Open)
                .for_each(|known| *known = Namespace::Named(Arc::clone(&name))),
        };
        while end < text.len() {
            end = text.len().min(end + piece);
            loop {
                let cut = elements.cut(&text.as_bytes()[at..end], end == text.len()).unwrap();
                at += cut.consumed;
                // Each block is judged by itself.
                of = Namespace::Own;
                let mut around = cut.around.into_iter().peekable();
                for index in 0..cut.records.len() {
                    while let Some((_, told)) = around.next_if(|(before, _)| *before <= index) {
                        take(&mut all, &mut of, told);
                    }
                    all.push(of.clone());
                }
                if cut.records.is_empty() {
                    break;
                }
            }
        }
        elements.told_behind().into_iter().for_each(|(_, told)| take(&mut all, &mut of, told));
        all
    }

    #[test]
    fn records_have_the_namespace_of_the_object_around_them_however_the_text_comes() {
        let text = r#"{"v":[{},{}],"namespace":"a"}{"namespace":"b","x":1,"v":[{},{}]}{"v":[{}]}{"v":[]}
            {"x":{"namespace":"z"},"v":[{}, {}],"y":"namespace","__namespace__":null}{"v":[{}],"namespace":7}"#;
        let wanted = ["a", "a", "b", "b", "", "", "", "7"].map(|name| Namespace::Named(name.into()));
        for piece in 1..text.len() {
            assert_eq!(namespaces(text, piece), wanted, "{piece}");
        }
        let mut continued = Elements::continued(pages("v"), b',');
        let cut = continued.cut(br#"{}],"namespace":"a"}{"v":[{}]}"#, true).unwrap();
        let told = [Around::Of(Namespace::Unread), Around::Of(Namespace::Open)];
        assert_eq!(cut.around.into_iter().collect::<Vec<_>>(), [(0, told[0].clone()), (1, told[1].clone())]);
    }

    #[test]
    fn what_is_malformed_is_so_again_where_the_cutting_continues() {
        for text in [
            r#"[{"a":1}{"b":2}]"#,
            r#"[{"a":1} ; {"b":2}]"#,
            r#"[{"a":1};]"#,
            r#"[{"a":1},,[2]]"#,
            "[[1] [2]]",
        ] {
            let mut whole = Elements::new(Shape::Arrays);
            let end = whole.cut(text.as_bytes(), true).unwrap().consumed;
            let rest = text.get(end..).unwrap();
            let flaw = cut(whole, rest);
            assert!(flaw.is_err(), "{text}");
            let before = text.as_bytes()[end - 1];
            assert_eq!(cut(Elements::continued(Shape::Arrays, before), rest), flaw, "{text}");
        }
    }
}
