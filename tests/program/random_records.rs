//! Records with random members, values and names against a model that knows what the generator meant: what the service
//! holds is what the model says, and nothing goes nowhere without a word.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Home, State, TestService, difference, run, unlimited};

/// A value, and what it means.
#[derive(Clone, Debug)]
enum Meant {
    Text(String),
    /// A number or a boolean in its own spelling.
    Plain(&'static str),
    /// Null, None, NaN.
    Nothing(&'static str),
    List(Vec<String>),
    /// Members of an object.
    Members(Vec<(&'static str, Self)>),
    /// What no metadata can hold; only where it stands is certain.
    Junk(&'static str),
    /// What leaves in doubt where the record ends, so that it is rejected.
    Doubtful(&'static str),
}

impl Meant {
    fn spelt(&self) -> String {
        match self {
            Self::Text(text) => json!(text).to_string(),
            Self::Plain(text) | Self::Nothing(text) | Self::Junk(text) | Self::Doubtful(text) => {
                (*text).to_owned()
            }
            Self::List(items) => json!(items).to_string(),
            Self::Members(members) => spelt(members),
        }
    }

    /// What is stored of it: nothing, a value, or an error.
    fn stored(&self) -> Result<Option<Value>, ()> {
        match self {
            Self::Text(text) => Ok(Some(json!(text))),
            Self::Plain(text) => Ok(Some(json!(text))),
            Self::Nothing(_) => Ok(None),
            Self::List(items) => Ok(Some(json!(items))),
            Self::Members(_) | Self::Junk(_) | Self::Doubtful(_) => Err(()),
        }
    }

    fn is_doubtful(&self) -> bool {
        match self {
            Self::Doubtful(_) => true,
            Self::Members(members) => members.iter().any(|(_, value)| value.is_doubtful()),
            _ => false,
        }
    }

    fn is_worth_a_word(&self) -> bool {
        match self {
            Self::Nothing(text) => *text == "NaN",
            Self::Members(members) => !members.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Text(text) => !text.is_empty(),
            _ => true,
        }
    }
}

fn spelt(members: &[(&'static str, Meant)]) -> String {
    let members: Vec<_> =
        members.iter().map(|(name, value)| format!("{} : {}", json!(name), value.spelt())).collect();
    format!("{{{}}}", members.join(" ,"))
}

const LONG: &str = concat!(
    "a name of more than sixty-four characters of which only a part is ",
    "shown in a note and all of which can be named"
);

const NAMES: [&str; 9] = ["title", "Title", " title", "tilte", "text", "meta.title", "note", "score", LONG];

fn value() -> impl Strategy<Value = Meant> {
    let text = || prop_oneof!["[a-c {}\\[\\],:'\"\\\\é\u{1F600}]{0,6}", Just(String::new())];
    prop_oneof![
        4 => text().prop_map(Meant::Text),
        1 => prop::sample::select(vec!["1", "-2.50", "1e999", "true", "Infinity", "False"]).prop_map(Meant::Plain),
        1 => prop::sample::select(vec!["null", "None", "NaN"]).prop_map(Meant::Nothing),
        1 => prop::collection::vec(text(), 0..3).prop_map(Meant::List),
        1 => prop::sample::select(vec!["'a, b'", "{'a': [None, '(']}", "date(2026, 1)", "[nan, ['x']]", "0x1", "N/A"])
            .prop_map(Meant::Junk),
    ]
}

fn members(least: usize) -> impl Strategy<Value = Vec<(&'static str, Meant)>> {
    prop::collection::vec((prop::sample::select(NAMES.to_vec()), value()), least..5)
}

/// Texts and comments that JSON has not, each with something in it that a reader could take for its own.
const DOUBTFUL: [&str; 8] = [
    r#"'5" disk'"#,
    "'}'",
    "']'",
    r#"'}{"id":"z","embedding":[9,9]}{'"#,
    r#"'},{"id":"z","embedding":[9,9]},{'"#,
    r#"1 /*,"embedding":[9,9],"id":"z"*/"#,
    r#"1 /*},{"id":"z","embedding":[9,9]},{*/"#,
    r#"[1 /*],"embedding":[9,9],"z":[*/]"#,
];

type Record = Vec<(&'static str, Meant)>;

/// The members of a record in any order: a key, or two that could be it, a vector, perhaps metadata, and loose ones.
fn record() -> impl Strategy<Value = Record> {
    let metadata = prop_oneof![
        3 => members(0).prop_map(|members| vec![("metadata", Meant::Members(members))]),
        1 => members(0).prop_map(|members| vec![("meta", Meant::Members(members))]),
        2 => Just(Vec::new()),
    ];
    let other_key = prop::sample::select(vec![None, None, Some("_id"), Some("key")]);
    let doubtful = prop_oneof![
        5 => Just(None),
        1 => prop::sample::select(DOUBTFUL.to_vec()).prop_map(Some),
    ];
    // It could be the vector and is none.
    let spare = prop::sample::select(vec![None, None, Some(Meant::Plain("7")), Some(Meant::Nothing("NaN"))]);
    (metadata, members(0), other_key, value(), any::<prop::sample::Index>(), (doubtful, spare)).prop_map(
        |(mut record, loose, other_key, other, turn, (doubtful, spare))| {
            record.extend(spare.map(|value| ("emb", value)));
            record.extend(loose);
            record.extend(doubtful.map(|text| ("doubtful", Meant::Doubtful(text))));
            record.extend(other_key.map(|name| (name, other)));
            record.push(("id", Meant::Text(String::new())));
            record.push(("embedding", Meant::Junk("[1,2]")));
            let turn = turn.index(record.len());
            record.rotate_left(turn);
            record
        },
    )
}

/// What becomes of a record: its key and metadata, and names that go nowhere.
#[derive(Default)]
struct Judged {
    key: String,
    metadata: serde_json::Map<String, Value>,
    loose: BTreeSet<String>,
}

impl Judged {
    fn store(&mut self, name: &str, value: &Meant, left_out: &[&str]) -> Result<(), ()> {
        if left_out.contains(&name) {
            return Ok(());
        }
        let Some(value) = value.stored()? else { return Ok(()) };
        if self.metadata.insert(name.to_owned(), value).is_some() { Err(()) } else { Ok(()) }
    }

    fn store_object(&mut self, value: &Meant, left_out: &[&str]) -> Result<(), ()> {
        match value {
            Meant::Members(members) => {
                members.iter().try_for_each(|(name, value)| self.store(name, value, left_out))
            }
            _ => Err(()),
        }
    }
}

/// The fields of one load.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    option: &'static str,
    named: &'static [&'static str],
    all: bool,
    left_out: &'static [&'static str],
}

const WANTED: [Wanted; 8] = [
    Wanted { option: "", named: &[], all: false, left_out: &[] },
    Wanted { option: "metadata , title", named: &["metadata", "title"], all: false, left_out: &[] },
    Wanted { option: "meta.title,note", named: &["meta.title", "note"], all: false, left_out: &[] },
    Wanted { option: "*", named: &[], all: true, left_out: &[] },
    Wanted { option: LONG, named: &[LONG], all: false, left_out: &[] },
    Wanted { option: "note,emb", named: &["note", "emb"], all: false, left_out: &[] },
    Wanted { option: "*,-emb", named: &[], all: true, left_out: &["emb"] },
    Wanted { option: "*, -text,-score", named: &[], all: true, left_out: &["text", "score"] },
];

/// The model: what a person would say of a record, read from what the generator meant.
fn judge(record: &Record, number: usize, wanted: &Wanted) -> Result<Judged, ()> {
    let of = |name: &str| {
        record.iter().filter(|(known, _)| *known == name).map(|(_, value)| value).collect::<Vec<_>>()
    };
    if record.iter().any(|(_, value)| value.is_doubtful()) {
        return Err(());
    }
    let mut judged = Judged::default();
    let key = ["key", "id", "_id"].into_iter().find(|name| !of(name).is_empty()).unwrap();
    judged.key = match of(key)[0] {
        _ if key == "id" => format!("k{number}"),
        Meant::Text(text) if !text.is_empty() => text.clone(),
        Meant::Plain("1") => "1".to_owned(),
        _ => return Err(()),
    };
    let is_dotted = !of("meta.title").is_empty();
    for (name, value) in record {
        let is_named = wanted.named.contains(name);
        if *name == key || *name == "embedding" {
            continue;
        }
        if is_named && of(name).len() > 1 {
            return Err(());
        }
        match (*name, value) {
            ("metadata", value) if wanted.all || is_named || wanted.named.is_empty() => {
                judged.store_object(value, wanted.left_out)?;
            }
            ("meta", Meant::Members(members)) if wanted.named.contains(&"meta.title") => {
                let titles: Vec<_> = members.iter().filter(|(name, _)| *name == "title").collect();
                if titles.len() > 1 && !is_dotted {
                    return Err(());
                }
                for (name, value) in members {
                    if *name == "title" && !is_dotted {
                        judged.store(name, value, &[])?;
                    } else if value.is_worth_a_word() {
                        judged.loose.insert(format!("meta.{name}"));
                    }
                }
            }
            (name, value) if is_named || wanted.all => {
                judged.store(name, &meant(name, value, number), wanted.left_out)?;
            }
            (name, value) if meant(name, value, number).is_worth_a_word() => {
                judged.loose.insert(name.to_owned());
            }
            _ => {}
        }
    }
    Ok(judged)
}

/// The value of `id` is the record's number.
fn meant(name: &str, value: &Meant, number: usize) -> Meant {
    if name == "id" { Meant::Text(format!("k{number}")) } else { value.clone() }
}

/// Whether the field is seen, which in a record of doubtful end is so before the doubt alone.
fn has(record: &Record, field: &str) -> bool {
    record.iter().take_while(|(_, value)| !value.is_doubtful()).any(|(name, value)| match value {
        _ if *name == field => true,
        Meant::Members(members) if *name == "meta" => {
            members.iter().any(|(name, _)| format!("meta.{name}") == field)
        }
        _ => false,
    })
}

/// How the records follow one another.
#[derive(Clone, Copy, Debug)]
enum Layout {
    Lines,
    /// All on one line, which only --format json cuts.
    Values,
    Array,
    Page,
}

impl Layout {
    fn of(self, records: &[String]) -> String {
        match self {
            Self::Lines => records.join("\n"),
            Self::Values => records.join(" "),
            Self::Array => format!("[{}]", records.join(", ")),
            Self::Page => format!(r#"{{"time": 1, "points": [{}], "status": "ok"}}"#, records.join(",\n")),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn what_is_stored_is_what_a_simple_model_says_and_the_rest_has_a_word(
        records in prop::collection::vec(record(), 1..40),
        wanted in prop::sample::select(WANTED.to_vec()),
        layout in prop::sample::select(vec![Layout::Lines, Layout::Values, Layout::Array, Layout::Page]),
    ) {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let number = |(number, record): (usize, &Record)| {
            let members: Vec<_> = record.iter().map(|(name, value)| (*name, meant(name, value, number))).collect();
            spelt(&members)
        };
        let spelt: Vec<String> = records.iter().enumerate().map(number).collect();
        let text = layout.of(&spelt);
        home.write("a.jsonl", &text);
        let mut load = home.put(&service);
        load.args(["a.jsonl", "--metadata-values", "text", "--max-rejects", "none"]);
        if matches!(layout, Layout::Values) {
            load.args(["--format", "json"]);
        }
        if !wanted.option.is_empty() {
            load.args(["--metadata", wanted.option]);
        }
        let ended = run(&mut load);
        let missing = wanted.named.iter().any(|field| !records.iter().any(|record| has(record, field)));
        // Where not one record could be read, nobody knows which fields they have.
        let is_any_read = records.iter().any(|record| !record.iter().any(|(_, value)| value.is_doubtful()));
        if missing && is_any_read {
            prop_assert_eq!(ended.code, Some(1), "{}", ended.stderr);
            prop_assert_eq!(difference(&service.state(), &State::new()), None);
            return Ok(());
        }
        let (mut state, mut loose, mut rejected) = (BTreeMap::new(), BTreeSet::new(), 0);
        for (number, record) in records.iter().enumerate() {
            match judge(record, number, &wanted) {
                Ok(judged) => {
                    let metadata = if judged.metadata.is_empty() { Value::Null } else { judged.metadata.into() };
                    state.insert(judged.key, (vec![1_f32.to_bits(), 2_f32.to_bits()], metadata));
                    loose.extend(judged.loose);
                }
                Err(()) => rejected += 1,
            }
        }
        let summary = ended.summary();
        prop_assert_eq!(difference(&service.state(), &state), None, "{}\n{}", text, ended.stderr);
        prop_assert_eq!(&summary["rejected"], &json!(rejected), "{}", text);
        let told: BTreeSet<_> = summary["notes"].as_array().unwrap().iter()
            .filter(|note| ["fields_not_stored", "metadata_not_stored"].contains(&note["code"].as_str().unwrap()))
            .flat_map(|note| note["message"].as_str().unwrap().split_once(": ").unwrap().1.split(", "))
            .map(|name| name.trim_matches('"').to_owned())
            .collect();
        let loose: BTreeSet<_> = loose.iter().map(|name| name.chars().take(64).collect::<String>()).collect();
        prop_assert_eq!(told, loose, "{}", text);
    }
}
