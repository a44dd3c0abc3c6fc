//! Records in the form of an embedding provider or of another store. If field names do not find a key or a vector, the
//! form knows where they are. Pure.

use std::borrow::Cow;
use std::sync::Arc;

use super::fields::{Fields, Presets};
use super::line_of_rejects;
use super::scratch::Scratch;
use crate::export::Paths;
use crate::record::{Raw, Reason, Record};

/// Maximum bytes that may be repeated for each vector of a line.
pub(super) const MOST_IN_COMMON: usize = 1 << 20;

/// How many forms are cached; nearly always there is one.
const KEPT: usize = 8;

/// The fields of the forms so far, combined with those that the user names.
#[derive(Debug, Default)]
pub(super) struct Forms(Vec<(Paths, Arc<Fields>)>);

impl Forms {
    pub(super) fn fields(&mut self, paths: &Paths, named: &Fields) -> Arc<Fields> {
        let is_it = |(known, fields): &&(Paths, Arc<Fields>)| {
            (&known.key, &known.vector) == (&paths.key, &paths.vector) && fields.is_joined == named.is_joined
        };
        if let Some((_, fields)) = self.0.iter().find(is_it) {
            return Arc::clone(fields);
        }
        let key = [paths.key.as_ref()];
        let key = if paths.key.is_empty() { &[] } else { &key[..] };
        let presets = Presets { key, vector: &[paths.vector.as_ref()], metadata: paths.metadata };
        let fields = Arc::new(named.or(presets).around(paths.envelope));
        if self.0.len() >= KEPT {
            self.0.clear();
        }
        self.0.push((paths.clone(), Arc::clone(&fields)));
        fields
    }
}

/// Whether a record that is refused for this reason may have a known form: its text is valid, but a part of it was not
/// found.
pub(super) fn may_be(reason: &Reason, scratch: &Scratch) -> bool {
    let is_in_order = !matches!(
        reason,
        Reason::Syntax { .. }
            | Reason::NotUtf8 { .. }
            | Reason::Undecodable { .. }
            | Reason::HalfSurrogate { .. }
    );
    let has_key = scratch.key.as_ref().is_some_and(|key| key.judged.is_ok());
    is_in_order && !(has_key && scratch.has_vector && !scratch.numbers.is_empty())
}

/// The JSON text of a record, and whether it is in a line of a rejects file.
pub(super) fn text(record: &Record) -> Option<(Cow<'_, [u8]>, bool)> {
    let Raw::Json(text) = &record.raw else { return None };
    match line_of_rejects::rejected_record(text).ok()? {
        Some(inner) => (!inner.is_wire && !inner.is_superseded).then_some((inner.text, true)),
        None => Some((Cow::Borrowed(text), false)),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::admit::{Admit, Rules};
    use crate::record::{Block, Position};

    /// The verdicts on a line from a place in it on: the place of each record, and its key or the reason for its
    /// rejection.
    fn judged(line: &str, from: Position) -> Vec<(Position, Result<String, &'static str>)> {
        let mut admit =
            Admit::new(Fields::new(&[], &[], &[]), Rules { dimension: Some(2), ..Rules::of_no_index() });
        let text = line.get(usize::try_from(from.offset).unwrap()..).unwrap();
        let raw = Raw::Json(Bytes::copy_from_slice(text.as_bytes()));
        let records = vec![Record { position: from, raw }];
        let admitted =
            admit.block(Block { records, end: Position::default(), bytes: 0..0, around: Vec::new() });
        let verdicts = admitted.verdicts.into_iter().map(|verdict| match verdict {
            Ok(vector) => (vector.position(), Ok(vector.key())),
            Err(defect) => (defect.position, Err(defect.reason.code())),
        });
        verdicts.collect()
    }

    /// The answer to a request with these vectors, good or bad, in this order.
    fn answer(items: &[(usize, bool)]) -> String {
        let item = |(index, is_good): &(usize, bool)| {
            let embedding = if *is_good { "[1,2]" } else { "[1]" };
            format!(r#"{{"index":{index},"embedding":{embedding}}}"#)
        };
        let items: Vec<_> = items.iter().map(item).collect();
        format!(r#"{{"custom_id":"c","response":{{"body":{{"data":[{}]}}}}}}"#, items.join(","))
    }

    /// An object, and the verdicts on its records.
    fn object() -> impl Strategy<Value = (String, Vec<Result<String, &'static str>>)> {
        let items = prop::collection::vec(any::<bool>(), 1..6);
        let items = items.prop_map(|good| good.into_iter().enumerate().collect::<Vec<_>>()).prop_shuffle();
        let of_items = |items: Vec<(usize, bool)>| {
            let key = |index: usize| if items.len() == 1 { "c".to_owned() } else { format!("c-{index}") };
            let wanted = items
                .iter()
                .map(|(index, is_good)| if *is_good { Ok(key(*index)) } else { Err("dimension") });
            (answer(&items), wanted.collect())
        };
        prop_oneof![
            items.prop_map(of_items),
            Just((r#"{"key":"k","vector":[1,2]}"#.to_owned(), vec![Ok("k".to_owned())])),
            Just((
                r#"{"custom_id":"c","response":null,"error":{"message":"x"}}"#.to_owned(),
                vec![Err("provider_error")]
            )),
            Just((answer(&[]), vec![Err("no_vector")])),
        ]
    }

    proptest! {
        /// The records of a line are numbered consecutively, and reading from the place of any of them gives exactly
        /// the rest.
        #[test]
        fn a_line_can_be_continued_at_each_of_its_records(objects in prop::collection::vec(object(), 1..6)) {
            let line: String = objects.iter().map(|(text, _)| text.as_str()).collect();
            let wanted: Vec<_> = objects.into_iter().flat_map(|(_, wanted)| wanted).collect();
            let all = judged(&line, Position { record: 7, ..Position::default() });
            prop_assert_eq!(all.iter().map(|(_, judged)| judged.clone()).collect::<Vec<_>>(), wanted);
            for (place, (position, _)) in all.iter().enumerate() {
                prop_assert_eq!(position.record, 7 + place as u64);
                prop_assert_eq!(&judged(&line, *position)[..], &all[place..]);
            }
        }
    }

    #[test]
    fn lines_that_would_be_made_into_too_much_are_rejected_whole() {
        let many: Vec<_> = (0..4_097).map(|index| (index, true)).collect();
        let wide = answer(&[(0, true), (1, true)]);
        let wide =
            wide.replace(r#""custom_id""#, &format!(r#""x":"{}","custom_id""#, "y".repeat(MOST_IN_COMMON)));
        for line in [answer(&many), wide] {
            assert_eq!(judged(&line, Position::default()), [(Position::default(), Err("syntax"))]);
        }
    }
}
