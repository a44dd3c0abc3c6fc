//! Random records in random shapes: all of them are read with exact places, or reading ends with an error.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::admit::{Admit, Fields, Kind, Rules};
use crate::read::sizes::Sizes;
use crate::read::testing::{check_everywhere, inline, read, text_of, texts};
use crate::read::{Blocks, Form};
use crate::record::names::{HOLDERS, LOOSE_WRAPPERS, WRAPPERS};

/// An unambiguous record, with text that could mislead.
fn record() -> impl Strategy<Value = String> {
    ("[a-z]{1,4}", r#"([a-z{}\[\],: ]|\\"|\\\\|é){0,8}"#, vec(-9_i32..9, 3)).prop_map(
        |(id, text, numbers)| {
            format!(r#"{{"id":"{id}","embedding":{numbers:?},"metadata":{{"t":"{text}"}}}}"#)
        },
    )
}

/// The value of a member next to the records, which contains none.
fn beside() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?[1-9][0-9]{0,3}",
        Just("null".to_owned()),
        Just("NaN".to_owned()),
        r#""([a-z{}\[\],]|\\"){0,6}""#,
        Just(r#"{"n":[1,{"x":"]}"}],"e":[]}"#.to_owned()),
        Just("[\"a\",\"}\"]".to_owned()),
        Just("[]".to_owned()),
    ]
}

/// A path to an array of records, from the outside in.
fn path() -> impl Strategy<Value = Vec<String>> {
    let holder = proptest::sample::select(HOLDERS.to_vec());
    let last = proptest::sample::select([&WRAPPERS[..], &LOOSE_WRAPPERS].concat());
    (vec(holder, 0..3), last)
        .prop_map(|(holders, last)| holders.into_iter().chain([last]).map(str::to_owned).collect())
}

/// An object around `inner`, with members before and after it.
fn around(name: &str, inner: &str, members: &[String], blanks: &[String]) -> String {
    let mut blanks = blanks.iter().cycle();
    let mut blank = || blanks.next().cloned().unwrap_or_default();
    let half = members.len() / 2;
    let mut parts = Vec::new();
    for (number, value) in members.iter().enumerate() {
        if number == half {
            parts.push(format!("{}\"{name}\"{}:{}{inner}", blank(), blank(), blank()));
        }
        parts.push(format!("{}\"m{number}\":{value}{}", blank(), blank()));
    }
    if members.is_empty() {
        parts.push(format!("\"{name}\":{inner}"));
    }
    format!("{{{}{}}}", parts.join(","), blank())
}

fn wrapped(path: &[String], inner: &str, members: &[String], blanks: &[String]) -> String {
    path.iter().rev().fold(inner.to_owned(), |inner, name| around(name, &inner, members, blanks))
}

/// The metadata under each stored key of `text`, and whether anything was rejected.
fn admitted(text: Vec<u8>) -> (BTreeMap<String, String>, bool) {
    let mut admit = Admit::new(Fields::new(&[], &[], &[]), Rules::of_no_index());
    let mut stored = BTreeMap::new();
    let Ok(blocks) = Blocks::new(&[inline(text)], &Form::default(), None, Sizes::USUAL) else {
        return (stored, true);
    };
    let mut is_refused = false;
    for block in blocks {
        let Ok(block) = block else { return (stored, true) };
        for verdict in admit.block(block).verdicts {
            match verdict {
                Ok(vector) => {
                    stored.insert(vector.key(), String::from_utf8(vector.wire().to_vec()).unwrap());
                }
                Err(_) => is_refused = true,
            }
        }
    }
    (stored, is_refused)
}

/// A piece of a document; damage works on whole pieces, so that no text is torn.
#[derive(Clone, Debug)]
enum Piece {
    Structure(String),
    Record(String),
}

impl Piece {
    fn text(&self) -> &str {
        match self {
            Self::Structure(text) | Self::Record(text) => text,
        }
    }
}

/// Nested objects and arrays, with records anywhere.
fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let structure = |text: &'static str| Just(vec![Piece::Structure(text.to_owned())]);
    let leaf = prop_oneof![
        4 => numbered_record().prop_map(|record| vec![Piece::Record(record)]),
        1 => prop_oneof![structure("null"), structure("1"), structure("\"x]}\""), structure("[]"), structure("{}")],
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let name = proptest::sample::select(
            [&WRAPPERS[..], &LOOSE_WRAPPERS, &HOLDERS, &["others", "next", "namespace", "metadata"]].concat(),
        );
        let member = (name, inner.clone());
        prop_oneof![
            2 => vec(inner, 0..4).prop_map(|elements| enclosed("[", elements, "]")),
            3 => vec(member, 1..4).prop_map(|members| {
                let member = |(name, value): (&str, Vec<Piece>)| {
                    let name = ["\"", name, "\""].concat();
                    let name = [name.as_str(), ":"].map(|text| Piece::Structure(text.to_owned()));
                    name.into_iter().chain(value).collect()
                };
                enclosed("{", members.into_iter().map(member).collect(), "}")
            }),
        ]
    })
}

fn enclosed(open: &str, parts: Vec<Vec<Piece>>, close: &str) -> Vec<Piece> {
    let structure = |text: &str| Piece::Structure(text.to_owned());
    let mut all = vec![structure(open)];
    for (number, part) in parts.into_iter().enumerate() {
        all.extend((number > 0).then(|| structure(",")));
        all.extend(part);
    }
    all.push(structure(close));
    all
}

/// A record with a unique key, and members that could be mistaken.
fn numbered_record() -> impl Strategy<Value = String> {
    (any::<u64>(), record())
        .prop_map(|(number, record)| record.replacen("{\"id\":\"", &format!("{{\"id\":\"{number}-"), 1))
}

/// What damage does to the pieces.
#[derive(Clone, Debug)]
enum Damage {
    Remove(prop::sample::Index),
    Repeat(prop::sample::Index, prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    Insert(prop::sample::Index, &'static str),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<prop::sample::Index>;
    let inserted = proptest::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"vectors\":",
        "\"data\":",
        "],\"others\":[",
        " oops ",
        "null",
        "]}",
        "\n",
        "}\n{",
        "\u{feff}",
        "'",
        "/*",
        "*/",
    ]);
    prop_oneof![
        at().prop_map(Damage::Remove),
        (at(), at()).prop_map(|(from, to)| Damage::Repeat(from, to)),
        (at(), at()).prop_map(|(one, other)| Damage::Swap(one, other)),
        (at(), inserted).prop_map(|(at, text)| Damage::Insert(at, text)),
    ]
}

fn damaged(mut pieces: Vec<Piece>, damages: &[Damage]) -> Vec<Piece> {
    for damage in damages {
        if pieces.is_empty() {
            break;
        }
        let count = pieces.len();
        match damage {
            Damage::Remove(at) => drop(pieces.remove(at.index(count))),
            Damage::Repeat(from, to) => {
                let repeated = match &pieces[from.index(count)] {
                    Piece::Record(record) => {
                        Piece::Record(record.replacen("{\"id\":\"", "{\"id\":\"again-", 1))
                    }
                    piece @ Piece::Structure(_) => piece.clone(),
                };
                pieces.insert(to.index(count), repeated);
            }
            Damage::Swap(one, other) => pieces.swap(one.index(count), other.index(count)),
            Damage::Insert(at, text) => pieces.insert(at.index(count), Piece::Structure((*text).to_owned())),
        }
    }
    pieces
}

/// The result for a document.
#[derive(Debug, Default)]
struct Told {
    keys: Vec<String>,
    rejected: Vec<String>,
    /// Records with members that are not stored, as the notes say.
    noted: Vec<String>,
    is_failed: bool,
}

impl Told {
    /// Whether the record is loaded, rejected, noted as a member of another one, or missing after an error.
    fn of(&self, record: &str) -> bool {
        let key = record.split('"').nth(3).unwrap();
        self.is_failed
            || self.keys.iter().any(|stored| stored == key)
            || self.rejected.iter().chain(&self.noted).any(|text| text.contains(record))
    }
}

fn told(text: &str, block: usize) -> Told {
    let mut told = Told::default();
    let sizes = Sizes { block, record: 100_000 };
    let Ok(blocks) = Blocks::new(&[inline(text)], &Form::default(), None, sizes) else { unreachable!() };
    let mut admit = Admit::new(Fields::new(&[], &[], &[]), Rules::of_no_index());
    admit.set_dimension(Some(3));
    for block in blocks {
        let Ok(block) = block else {
            told.is_failed = true;
            break;
        };
        let texts: Vec<String> = block.records.iter().map(|record| text_of(&record.raw)).collect();
        let admitted = admit.block(block);
        if admitted.findings.of(Kind::Member).next().is_some() {
            told.noted.extend(texts);
        }
        for verdict in admitted.verdicts {
            match verdict {
                Ok(vector) => told.keys.push(vector.key()),
                Err(defect) => told.rejected.push(text_of(&defect.raw)),
            }
        }
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn records_at_any_depth_are_read_back_at_any_size_from_any_place(
        records in vec(record(), 1..8),
        path in path(),
        members in vec(beside(), 0..4),
        blanks in vec("[ \t\r\n]{0,2}", 1..4),
        pages in 1_usize..3,
        block in 1_usize..200,
    ) {
        let array = format!("[{}]", records.join(&format!("{}, ", blanks[0])));
        let page = wrapped(&path, &array, &members, &blanks);
        let expected: Vec<String> = std::iter::repeat_n(records, pages).flatten().collect();
        check_everywhere(&vec![page; pages].join("\n"), block, &expected)?;
    }

    #[test]
    fn no_object_around_records_ends_well_while_some_are_left_out(
        records in vec(record(), 2..6),
        path in path(),
        members in vec(beside(), 0..3),
        extra in prop_oneof![
            Just(",REC".to_owned()),
            Just(" oops REC".to_owned()),
            Just("],\"NAME\":[REC".to_owned()),
            Just("],\"others\":[REC".to_owned()),
            Just("],\"more\":{\"x\":{\"points\":[REC]}},\"y\":[1".to_owned()),
            Just("],REC,[1".to_owned()),
            Just("] REC [".to_owned()),
            Just("],\"x\":{\"y\":1 REC},\"z\":[1".to_owned()),
            Just("],\"x\":[1 REC],\"z\":[1".to_owned()),
            Just("]}],REC,[{\"a\":[1".to_owned()),
        ],
        block in 1_usize..400,
    ) {
        let (last, first) = records.split_last().unwrap();
        // After the first records: more of them in the same array, or something that must not be ignored.
        let extra = extra.replace("REC", last).replace("NAME", path.last().unwrap());
        let text = wrapped(&path, &format!("[{}{extra}]", first.join(",")), &members, &[String::new()]);
        let sizes = Sizes { block, record: 100_000 };
        let (found, _, error) = read(&inline(text.clone()), sizes, None);
        let has_all = records.iter().all(|record| texts(&found).contains(&record.as_str()));
        // One whole value that is not a record is rejected with everything in it.
        let is_one = found.len() == 1 && found[0].0 == text;
        prop_assert!(error.is_some() || has_all || is_one, "{text}\n{found:?}");
    }

    #[test]
    fn damaged_bytes_never_store_a_changed_text(
        records in vec(record(), 1..8),
        layout in 0..3,
        damaged in any::<prop::sample::Index>(),
        byte in 0x80_u8..,
    ) {
        let numbered: Vec<String> = records
            .iter()
            .enumerate()
            .map(|(number, record)| record.replacen("{\"id\":\"", &format!("{{\"id\":\"{number}-"), 1))
            .collect();
        let text = match layout {
            0 => numbered.join("\n"),
            1 => format!("[{}]", numbered.join(",")),
            _ => format!("{{\"result\":{{\"points\":[{}]}}}}", numbered.join(",\n")),
        };
        let (whole, _) = admitted(text.clone().into_bytes());
        let mut bytes = text.into_bytes();
        let at = damaged.index(bytes.len());
        bytes[at] = byte;
        prop_assume!(std::str::from_utf8(&bytes).is_err());
        let (stored, is_refused) = admitted(bytes);
        for (key, wire) in &stored {
            prop_assert_eq!(whole.get(key), Some(wire));
        }
        prop_assert!(stored.len() == whole.len() || is_refused);
    }

    #[test]
    fn objects_on_one_line_are_the_records_of_separate_lines(
        records in vec(record(), 1..20),
        separators in vec(prop_oneof![Just("\n"), Just(""), Just(" "), Just("\t "), Just("\n\n")], 1..6),
    ) {
        let mut glued = String::from("{\"id\":\"first\",\"embedding\":[1,2,3]}\n");
        for (record, separator) in records.iter().zip(separators.iter().cycle()) {
            glued.push_str(record);
            glued.push_str(separator);
        }
        let mut admit = Admit::new(Fields::new(&[], &[], &[]), Rules::of_no_index());
        let input = inline(glued.clone());
        let mut end = None;
        let mut places = Vec::new();
        for block in Blocks::new(std::slice::from_ref(&input), &Form::default(), None, Sizes { block: 50, record: 100_000 }).unwrap() {
            let judged = admit.block(block.unwrap()).numbered_after(end);
            end = Some(judged.end);
            places.extend(judged.verdicts.iter().map(|verdict| match verdict {
                Ok(vector) => vector.position(),
                Err(defect) => defect.position,
            }));
        }
        prop_assert_eq!(places.len(), records.len() + 1);
        for (number, (place, record)) in places.iter().skip(1).zip(&records).enumerate() {
            let start = usize::try_from(place.offset).unwrap();
            let (before, behind) = glued.split_at(start);
            prop_assert!(behind.starts_with(record.as_str()));
            prop_assert_eq!(place.record, number as u64 + 1);
            prop_assert_eq!(place.line, before.matches('\n').count() as u64 + 1);
            let (rest, _, error) = read(&input, Sizes::USUAL, Some(*place));
            prop_assert!(error.is_none());
            prop_assert!(rest[0].0.starts_with(record.as_str()) && rest[0].1 == *place);
        }
    }

    #[test]
    fn every_record_of_a_damaged_document_is_loaded_or_told_of(
        documents in vec(pieces(), 1..3),
        damages in vec(damage(), 0..4),
        padding in prop_oneof![4 => Just(0_usize), 1 => 0..400_usize],
        block in prop_oneof![Just(Sizes::USUAL.block), 1..400_usize],
    ) {
        let pieces = damaged(documents.concat(), &damages);
        let text: String = pieces.iter().map(Piece::text).collect::<String>() + &" ".repeat(padding);
        let records: Vec<&str> = pieces
            .iter()
            .filter_map(|piece| if let Piece::Record(record) = piece { Some(record.as_str()) } else { None })
            .collect();
        let told = told(&text, block);
        for record in records {
            prop_assert!(told.of(record), "{record} of {text}\n{told:?}");
        }
    }
}
