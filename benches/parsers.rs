//! Ways to read the numbers of a batch, and to write them, on the same text: `cargo bench --bench parsers`, and the same with
//! `--features serde_json/float_roundtrip` for that parser's exact way.
//!
//! Each is also held against the standard library, which rounds a decimal to float32 in one step.

#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

#[expect(dead_code, reason = "its tests come with it")]
#[path = "../src/admit/float32.rs"]
mod float32;
#[expect(dead_code, reason = "its tests come with it")]
#[path = "../src/admit/shortest.rs"]
mod shortest;

/// The plain code is measured, so nothing is served here.
mod simd {
    pub(super) const ROOM: usize = 32;

    #[derive(Clone, Copy)]
    pub(super) struct Instructions;

    impl Instructions {
        pub(super) fn chosen() -> Self {
            Self
        }
    }

    pub(super) fn write<T>(
        _instructions: Instructions,
        _numbers: &[f32],
        _one: T,
        _out: &mut Vec<u8>,
    ) -> bool {
        false
    }
}

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::value::RawValue;

const RECORDS: usize = 500;
const DIMENSION: usize = 1024;

/// A way to read one vector; it may change the text, as some parsers do.
type Parser = fn(&mut [u8]) -> Vec<f32>;

const PARSERS: [(&str, Parser); 5] = [
    ("serde_json, Vec<f32>", |text| serde_json::from_slice(text).expect("JSON")),
    ("sonic-rs, Vec<f32>", |text| sonic_rs::from_slice(text).expect("JSON")),
    ("simd-json, Vec<f32>", |text| simd_json::serde::from_slice(text).expect("JSON")),
    ("fast-float2 on RawValue", |text| {
        let raw: Vec<&RawValue> = serde_json::from_slice(text).expect("JSON");
        raw.iter().map(|raw| fast_float2::parse(raw.get()).expect("a number")).collect()
    }),
    ("own", own),
];

/// As `admit` does it, less the errors it tells.
fn own(text: &mut [u8]) -> Vec<f32> {
    let mut numbers = Vec::with_capacity(DIMENSION);
    let mut at = 1;
    let read = |text: &[u8]| float32::read_usual(text).or_else(|| float32::read_any(text));
    while let Some((number, used)) = read(text.get(at..).unwrap_or_default()) {
        numbers.push(number);
        at += used;
        while text.get(at).is_some_and(|byte| matches!(byte, b',' | b' ')) {
            at += 1;
        }
    }
    numbers
}

/// The vectors of a batch as Python prints float32, which it holds as float64.
fn batch() -> Vec<Vec<u8>> {
    let mut chance = fastrand::Rng::with_seed(1);
    let mut number = || f64::from(((0..12).map(|_| chance.f32()).sum::<f32>() - 6.0) * 0.03);
    let vector = |_| format!("{:?}", std::array::from_fn::<f64, DIMENSION, _>(|_| number())).into_bytes();
    (0..RECORDS).map(vector).collect()
}

/// Decimals just above the middle of two float32: by way of float64 they land in the middle, and then on either.
fn near_halfway() -> Vec<Vec<u8>> {
    let mut chance = fastrand::Rng::with_seed(2);
    let mut number = || {
        let low = chance.u32(0x3c00_0000..0x3f80_0000);
        let middle = f64::midpoint(f64::from(f32::from_bits(low)), f64::from(f32::from_bits(low + 1)));
        format!("{middle:.60}1")
    };
    let vector =
        |_| format!("[{}]", std::array::from_fn::<_, DIMENSION, _>(|_| number()).join(", ")).into_bytes();
    (0..RECORDS).map(vector).collect()
}

/// How many numbers differ from what the standard library makes of them.
fn wrong(batch: &[Vec<u8>], parser: Parser) -> usize {
    let mut wrong = 0;
    for text in batch {
        let inner = std::str::from_utf8(text).expect("digits").trim_matches(['[', ']']).to_owned();
        let numbers = parser(&mut text.clone());
        let exact = inner.split(", ").map(|text| text.parse::<f32>().expect("a number"));
        assert_eq!(numbers.len(), DIMENSION);
        wrong += exact.zip(numbers).filter(|(exact, number)| exact.to_bits() != number.to_bits()).count();
    }
    wrong
}

fn parsers(criterion: &mut Criterion) {
    let batch = batch();
    let others = near_halfway();
    let mut group = criterion.benchmark_group("parsers");
    group.throughput(Throughput::Elements((RECORDS * DIMENSION) as u64));
    for (name, parser) in PARSERS {
        let (float32, other) = (wrong(&batch, parser), wrong(&others, parser));
        println!(
            "{name}: of {} numbers each, wrong: {float32} float32, {other} near halfway",
            RECORDS * DIMENSION
        );
        group.bench_function(name, |bencher| {
            bencher.iter_batched_ref(
                || batch.clone(),
                |batch| batch.iter_mut().map(|text| parser(text).len()).sum::<usize>(),
                BatchSize::LargeInput,
            );
        });
    }
}

/// Both give the same text, commas included, but that zmij leaves `.0` behind whole numbers.
fn writers(criterion: &mut Criterion) {
    let batch: Vec<Vec<f32>> = batch().iter_mut().map(|text| own(text)).collect();
    let mut out = Vec::new();
    let mut group = criterion.benchmark_group("writers");
    group.throughput(Throughput::Elements((RECORDS * DIMENSION) as u64));
    group.bench_function("zmij", |bencher| {
        bencher.iter(|| {
            for vector in &batch {
                out.clear();
                for number in vector {
                    out.extend_from_slice(zmij::Buffer::new().format_finite(*number).as_bytes());
                    out.push(b',');
                }
            }
        });
    });
    group.bench_function("own", |bencher| {
        bencher.iter(|| {
            for vector in &batch {
                out.clear();
                shortest::write(vector, &mut out);
            }
        });
    });
}

criterion_group! {
    name = all;
    config = Criterion::default().sample_size(20);
    targets = parsers, writers
}
criterion_main!(all);
