//! How fast each step of the path is: `cargo bench --bench steps`, or one of them by its name behind that: cut, admit,
//! batch, hash, sign.
//!
//! Vectors have 1,024 numbers as Python writes float32, which it holds as float64.

use std::convert::Infallible;
use std::fs;
use std::hint::black_box;
use std::path::PathBuf;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ossvec::test_support::admit::{Admit, Admitted, Fields, Rules};
use ossvec::test_support::oss::client::Body;
use ossvec::test_support::oss::secret::{Credential, Secret};
use ossvec::test_support::oss::sign::{self, Signable};
use ossvec::test_support::oss::time::Timestamp;
use ossvec::test_support::put::batch::{Batcher, Limits};
use ossvec::test_support::read;
use ossvec::test_support::record::{Block, Input, Position, Raw, Record};

const DIMENSION: usize = 1024;
/// Records of a whole batch.
const RECORDS: usize = 500;
/// About so many bytes are cut.
const FILE: usize = 64 << 20;

fn numbers(chance: &mut fastrand::Rng) -> String {
    // The sum of twelve is near enough to what embeddings look like.
    let number = || f64::from(((0..12).map(|_| chance.f32()).sum::<f32>() - 6.0) * 0.03).to_string();
    std::iter::repeat_with(number).take(DIMENSION).collect::<Vec<_>>().join(", ")
}

fn lines() -> Vec<String> {
    let mut chance = fastrand::Rng::with_seed(1);
    let line = |record| {
        let numbers = numbers(&mut chance);
        format!(
            r#"{{"key": "key-{record:08}", "data": {{"float32": [{numbers}]}}, "metadata": {{"t": "a b"}}}}"#
        )
    };
    (0..RECORDS).map(line).collect()
}

fn records() -> Vec<Record> {
    let record = |(record, text)| Record {
        position: Position { record, ..Position::default() },
        raw: Raw::Json(Bytes::from(text)),
    };
    (0..).zip(lines()).map(record).collect()
}

fn block(records: &[Record]) -> Block {
    Block { records: records.to_vec(), end: Position::default(), bytes: 0..0, around: Vec::new() }
}

fn judge() -> Admit {
    let rules = Rules { dimension: Some(DIMENSION), largest: 8 << 20, ..Rules::of_no_index() };
    Admit::new(Fields::new(&[], &[], &[]), rules)
}

/// Files of each layout, once with long records and once with short ones.
fn files() -> Vec<(&'static str, String)> {
    let vector = numbers(&mut fastrand::Rng::with_seed(1));
    let long =
        format!(r#"{{"key": "doc-1", "data": {{"float32": [{vector}]}}, "metadata": {{"t": "a b"}}}}"#);
    let short =
        r#"{"key":"doc-1","data":{"float32":[0.1,0.2,0.3]},"metadata":{"title":"a \"b\"","tags":["c","d"]}}"#;
    let columns = (0..DIMENSION).fold("key".to_owned(), |header, column| format!("{header},e_{column}"));
    let file =
        |head: &str, record: String, tail: &str| [head, &record.repeat(FILE / record.len()), tail].concat();
    vec![
        ("lines", file("", format!("{long}\n"), "")),
        ("lines of 100 bytes", file("", format!("{short}\n"), "")),
        ("array", file("[", format!("{long}, "), "{}]")),
        ("array of 100 bytes", file("[", format!("{short}, "), "{}]")),
        ("csv, quoted cells", file("key,vector\n", format!("doc-1,\"[{vector}]\"\n"), "")),
        (
            "csv, a column a number",
            file(&format!("{columns}\n"), format!("key{}\n", ",0.012345678".repeat(DIMENSION)), ""),
        ),
    ]
}

fn cut(criterion: &mut Criterion) {
    let path: PathBuf = std::env::temp_dir().join(format!("ossvec-bench-{}", std::process::id()));
    let inputs = [Input::File(path.clone())];
    let mut group = criterion.benchmark_group("cut");
    for (name, text) in files() {
        fs::write(&path, &text).expect("a temporary file can be written");
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let blocks = read::open(&inputs, &read::Form::default(), None).expect("the file is there");
                blocks.map(|block| block.expect("the file is whole").records.len()).sum::<usize>()
            });
        });
    }
    fs::remove_file(&path).expect("the file is there");
}

fn admit(criterion: &mut Criterion) {
    // About as many as the reading thread hands over at once.
    let records = records().split_off(RECORDS - 12);
    let mut group = criterion.benchmark_group("admit");
    group.throughput(Throughput::Elements((records.len() * DIMENSION) as u64));
    let mut judge = judge();
    group.bench_function("numbers", |bencher| {
        bencher.iter_batched(|| block(&records), |block| judge.block(block), BatchSize::SmallInput);
    });
}

fn batch(criterion: &mut Criterion) {
    let Admitted { verdicts, end, .. } = judge().block(block(&records()));
    let verdicts =
        || verdicts.iter().map(|verdict| Ok(verdict.as_ref().expect("all are good").clone())).collect();
    let admitted = || {
        let mut admitted = judge().block(block(&[]));
        (admitted.verdicts, admitted.end) = (verdicts(), end);
        admitted
    };
    let mut group = criterion.benchmark_group("batch");
    group.throughput(Throughput::Elements(RECORDS as u64));
    group.bench_function("vectors", |bencher| {
        bencher.iter_batched(
            admitted,
            |admitted| {
                let mut batcher = Batcher::new(Limits { vectors: RECORDS, bytes: 32 << 20 });
                let full: Result<(), Infallible> = batcher.block(admitted, |batch| {
                    black_box(batch);
                    Ok(())
                });
                (full, batcher.seal())
            },
            BatchSize::LargeInput,
        );
    });
}

fn hash(criterion: &mut Criterion) {
    const LENGTH: usize = 6 << 20;
    let body = || Body::new(vec![Bytes::from_static(b"{\"vectors\":["), Bytes::from(vec![b'1'; LENGTH])]);
    let mut group = criterion.benchmark_group("hash");
    for count in 1..=Body::HASHED_TOGETHER {
        group.throughput(Throughput::Bytes((count * LENGTH) as u64));
        let bodies = || vec![body(); count];
        let hash = |bodies: Vec<Body>| Body::hash(&bodies);
        group.bench_function(format!("{count} together"), |bencher| {
            bencher.iter_batched(bodies, hash, BatchSize::LargeInput);
        });
    }
}

fn sign(criterion: &mut Criterion) {
    let credential = Credential {
        access_key_id: "ak".to_owned(),
        secret: Secret::new("sk"),
        security_token: None,
        expires_at: None,
    };
    let headers = [
        ("Content-Type".to_owned(), "application/json".to_owned()),
        ("Content-MD5".to_owned(), "x/AZAqTvy9j/iwdC9qZ1eg==".to_owned()),
    ];
    let request = Signable {
        method: "POST",
        resource: "/acs:ossvector:cn-hangzhou:123:bucket/",
        query: "putVectors",
        headers: &headers,
        additional: &[],
    };
    let now = Timestamp::from_unix_seconds(1_800_000_000);
    criterion.bench_function("sign/request", |bencher| {
        bencher.iter(|| sign::sign(black_box(&request), &credential, "cn-hangzhou", sign::PRODUCT, now));
    });
}

criterion_group! {
    name = steps;
    config = Criterion::default().sample_size(20);
    targets = cut, admit, batch, hash, sign
}
criterion_main!(steps);
