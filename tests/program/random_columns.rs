//! Random records, in columns and as lines: what becomes of each must not depend on how it was written.

use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::types::Float32Type;
use arrow_array::{ArrayRef, Float64Array, Int64Array, StringArray, StructArray};
use arrow_schema::Field;
use serde_json::json;

use crate::column_files::{lists, parquet_of_groups, table};
use crate::support::{BUCKET, Home, INDEX, TestService, difference, run, unlimited};

/// A record of a random file.
struct Random {
    key: Option<String>,
    vector: Option<Vec<Option<f32>>>,
    title: Option<String>,
    count: Option<i64>,
    price: Option<f64>,
    words: Option<Vec<String>>,
}

const DIMENSION: usize = 3;

impl Random {
    fn new(random: &mut fastrand::Rng, number: usize) -> Self {
        let rarely = |random: &mut fastrand::Rng| random.u8(0..12) == 0;
        let length = if rarely(random) { random.usize(0..5) } else { DIMENSION };
        let awkward = [f32::NAN, f32::INFINITY, f32::MIN_POSITIVE, -0.0, f32::MAX, 1e-45];
        let number_of = |random: &mut fastrand::Rng| match random.u8(0..60) {
            0 => None,
            1..4 => Some(awkward[random.usize(0..awkward.len())]),
            _ => Some(f32::from_bits(random.u32(0..0x7f80_0000) | (random.u32(0..2) << 31))),
        };
        let text = |random: &mut fastrand::Rng| {
            ["", "a", "\u{4f60}\u{597d} \"x\"", "line\nbreak", "{\"a\":1}"][random.usize(0..5)].to_owned()
        };
        Self {
            // Some keys come twice, so that the later one counts.
            key: (!rarely(random)).then(|| format!("k{}", number - number % 7 % 2)),
            vector: (!rarely(random)).then(|| (0..length).map(|_| number_of(random)).collect()),
            title: (!rarely(random)).then(|| text(random)),
            count: random.bool().then(|| random.i64(..)),
            price: random.bool().then(|| f64::from_bits(random.u64(..))),
            words: random.bool().then(|| (0..random.usize(0..3)).map(|_| text(random)).collect()),
        }
    }

    /// The record as Python's JSON has it.
    fn line(&self) -> String {
        let number = |number: f64| match number {
            _ if number.is_nan() => "NaN".to_owned(),
            f64::INFINITY => "Infinity".to_owned(),
            f64::NEG_INFINITY => "-Infinity".to_owned(),
            _ => json!(number).to_string(),
        };
        let vector = self.vector.as_ref().map_or("null".to_owned(), |vector| {
            let numbers =
                vector.iter().map(|each| each.map_or("null".to_owned(), |each| number(each.into())));
            format!("[{}]", numbers.collect::<Vec<_>>().join(","))
        });
        format!(
            "{{\"id\":{},\"vector\":{vector},\"title\":{},\"metadata\":{{\"count\":{},\"price\":{},\"words\":{}}}}}\n",
            json!(self.key),
            json!(self.title),
            json!(self.count),
            self.price.map_or("null".to_owned(), number),
            json!(self.words),
        )
    }
}

/// The same records in columns.
fn columns_of(records: &[Random]) -> arrow_array::RecordBatch {
    let column = |text: fn(&Random) -> &Option<String>| -> ArrayRef {
        Arc::new(records.iter().map(text).collect::<StringArray>())
    };
    let mut words = ListBuilder::new(StringBuilder::new());
    for record in records {
        words.append_option(record.words.as_ref().map(|words| words.iter().map(Some)));
    }
    let members: [(&str, ArrayRef); 3] = [
        ("count", Arc::new(records.iter().map(|record| record.count).collect::<Int64Array>())),
        ("price", Arc::new(records.iter().map(|record| record.price).collect::<Float64Array>())),
        ("words", Arc::new(words.finish())),
    ];
    let member = |(name, array): (&str, ArrayRef)| {
        (Arc::new(Field::new(name, array.data_type().clone(), true)), array)
    };
    table(&[
        ("id", column(|record| &record.key)),
        ("vector", lists::<Float32Type>(records.iter().map(|record| record.vector.clone()))),
        ("title", column(|record| &record.title)),
        ("metadata", Arc::new(StructArray::from(members.map(member).to_vec()))),
    ])
}

#[test]
fn random_records_become_of_columns_what_they_become_of_lines() {
    let options: [&[&str]; 4] = [
        &[],
        &["--metadata-values", "text"],
        &["--metadata-values", "text", "--metadata", "*"],
        &["--metadata", "title,metadata,-count,-price"],
    ];
    let mut random = fastrand::Rng::with_seed(41);
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let mut stored_in_all = 0;
    for round in 0..24 {
        let count = random.usize(1..400);
        let records: Vec<_> = (0..count).map(|number| Random::new(&mut random, number)).collect();
        home.write("r.jsonl", records.iter().map(Random::line).collect::<String>());
        home.write("r.parquet", parquet_of_groups(&columns_of(&records), random.usize(1..=count)));
        let outcome = |name: &str| {
            let mut load = home.put_sized(&service, DIMENSION);
            load.args([name, "--max-rejects", "none", "--rejects", "rejects.jsonl"]);
            let ended = run(load.args(options[round % options.len()]));
            let summary = ended.summary();
            let reasons = summary["reasons"].as_object().unwrap();
            let reasons: Vec<_> =
                reasons.iter().map(|(code, told)| (code.clone(), told["count"].clone())).collect();
            let state = service.state();
            service.service.store().delete_index(BUCKET, INDEX).unwrap();
            (state, reasons, ended.counts(["read", "stored", "rejected", "superseded"]))
        };
        let (lines, columns) = (outcome("r.jsonl"), outcome("r.parquet"));
        stored_in_all += lines.0.len();
        assert!(
            lines == columns,
            "round {round}: {:?}\n{:?}\n{:?}",
            difference(&columns.0, &lines.0),
            (&lines.1, lines.2),
            (&columns.1, columns.2)
        );
    }
    assert!(stored_in_all > 500, "{stored_in_all}");
}
