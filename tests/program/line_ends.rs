//! Line ends of any kind and byte-order marks at any place: each record is loaded or told of.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::{Home, TestService, gzip, line, lines, run, unlimited, wanted};

/// Keys of the records that are stored, after a load that ends with one of `codes`, and its counts and rejects.
fn load(files: &[(&str, Vec<u8>)], options: &[&str]) -> (Option<i32>, Vec<String>, [u64; 2], String) {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    for (name, content) in files {
        home.write(name, content);
    }
    let mut load = home.put(&service);
    load.args(files.iter().map(|(name, _)| *name)).args(options).args(["--rejects", "rejects.jsonl"]);
    let ended = run(&mut load);
    let rejects = std::fs::read_to_string(home.path("rejects.jsonl")).unwrap_or_default();
    let counts = ended.counts(["stored", "rejected"]);
    (ended.code, service.state().into_keys().collect(), counts, rejects + &ended.stderr)
}

#[test]
fn any_mix_of_line_ends_gives_the_same_json_records() {
    let mut runner = TestRunner::new(Config::with_cases(12));
    let end = || proptest::sample::select(vec!["\n", "\r\n", "\r", "\r\r\n", "\n\r"]);
    runner
        .run(&(proptest::collection::vec(end(), 9), 0..3_usize), |(ends, layout)| {
            let (home, service) = (Home::new(), TestService::start(unlimited()));
            let parts = (0..9).zip(&ends);
            let (name, text): (_, String) = match layout {
                0 => (
                    "a.jsonl",
                    parts.map(|(number, end)| [line(number, 3).trim_end(), end].concat()).collect(),
                ),
                1 => (
                    "a.json",
                    parts.map(|(number, end)| [line(number, 3).trim_end(), end].concat()).collect(),
                ),
                _ => {
                    let records = parts.map(|(number, end)| [end, line(number, 3).trim_end(), end].concat());
                    ("b.json", format!("[{}]", records.collect::<Vec<_>>().join(",")))
                }
            };
            home.write(name, &text);
            let ended = run(home.put(&service).arg(name));
            prop_assert_eq!(ended.code, Some(0), "{:?}: {}", text, ended.stderr);
            service.assert_holds(&wanted(0..9, 3));
            Ok(())
        })
        .unwrap();
}

#[test]
fn rows_with_any_mix_of_line_ends_are_loaded_or_told_of() {
    let mut runner = TestRunner::new(Config::with_cases(16));
    let end = || proptest::sample::select(vec!["\n", "\r\n", "\r", "\r\r\n"]);
    let ends = (end(), proptest::collection::vec(end(), 8), proptest::bool::ANY);
    runner
        .run(&ends, |(first, ends, is_quoted)| {
            let text_cell = if is_quoted { "\"x\ry\"" } else { "x" };
            let row = |(number, end): (usize, &&str)| format!("k{number},{text_cell},[1 {number}]{end}");
            let rows: String = ends.iter().enumerate().map(row).collect();
            let text = format!("id,text,vector{first}{rows}");
            let (code, keys, [stored, rejected], told) = load(&[("a.csv", text.clone().into_bytes())], &[]);
            if first == "\r" {
                prop_assert_eq!((code, stored), (Some(3), 0), "{:?}", text);
                prop_assert!(told.contains("end in a carriage return without a line feed"), "{}", told);
                return Ok(());
            }
            // Rows that a lone carriage return ends are one reject with the row behind.
            for number in 0..ends.len() {
                let key = format!("k{number}");
                let alone = ends[number] != "\r" || number + 1 == ends.len();
                let follows = number > 0 && ends[number - 1] == "\r";
                prop_assert_eq!(keys.contains(&key), alone && !follows, "{} of {:?}", key, text);
                prop_assert!(keys.contains(&key) || told.contains(&key), "{} of {:?}: {}", key, text, told);
            }
            prop_assert_eq!(rejected > 0, stored < ends.len() as u64);
            prop_assert!(rejected == 0 || told.contains("the row contains a carriage return"), "{}", told);
            Ok(())
        })
        .unwrap();
}

const MARK: &str = "\u{feff}";

#[test]
fn a_mark_counts_at_the_start_of_each_file_only() {
    let marked = |text: &str| [MARK, text].concat();
    let table = |number: usize| format!("id,vector\nt{number},[1 2 3]\n");
    for packed in [false, true] {
        let pack = |text: String| if packed { gzip(text.as_bytes()) } else { text.into_bytes() };
        let files = [
            ("a.jsonl", pack(marked(&line(0, 3)))),
            ("b.json", pack(marked(&format!("[{}]", line(1, 3))))),
            ("c.csv", pack(marked(&table(2)))),
        ];
        let (code, keys, counts, told) = load(&files, &[]);
        assert_eq!((code, counts), (Some(0), [3, 0]), "{told}");
        assert_eq!(keys, ["key-0", "key-1", "t2"]);
    }
}

#[test]
fn a_mark_inside_a_file_is_named_with_the_cure() {
    let two = lines(2, 3);
    for (name, text, stored, code) in [
        ("a.jsonl", format!("{MARK}{two}{MARK}{}{}", line(2, 3), line(3, 3)), 3, 4),
        ("b.jsonl", format!("{MARK}{}{MARK}{}", two.trim_end(), line(2, 3)), 2, 4),
        ("c.json", format!("{MARK}[{}]{MARK}[{}]", line(0, 3), line(1, 3)), 1, 3),
        ("d.json", format!("[{},{MARK}{}]", line(0, 3), line(1, 3)), 1, 3),
        ("e.csv", format!("id,vector\na,[1 2]\n{MARK}b,[3 4]\nc,[5 6]\n"), 2, 4),
    ] {
        let (ended, _, counts, told) = load(
            &[(name, text.into_bytes())],
            &["--dimension", if name.ends_with("csv") { "2" } else { "3" }],
        );
        assert_eq!((ended, counts[0]), (Some(code), stored), "{name}: {told}");
        assert!(told.contains("U+FEFF"), "{name}: {told}");
        assert!(code == 3 || told.contains("sed 's/"), "{name}: {told}");
    }
    // Behind a header with other columns, nothing is read under the names of the first.
    let other = format!("{MARK}id,vector\na,[1 2]\n{MARK}vector,id\n[3 4],b\n");
    let (ended, keys, _, told) = load(&[("f.csv", other.into_bytes())], &["--dimension", "2"]);
    assert_eq!((ended, keys), (Some(3), vec!["a".to_owned()]), "{told}");
    assert!(told.contains("another header is there, vector,id"), "{told}");
    let key = format!("{{\"id\":\"{MARK}a\",\"vector\":[1]}}\n");
    let table = format!("text,id,vector\nx,{MARK}b,[1]\n");
    let (code, keys, ..) = load(&[("a.jsonl", key.into_bytes()), ("b.csv", table.into_bytes())], &[]);
    assert_eq!((code, keys), (Some(0), vec![format!("{MARK}a"), format!("{MARK}b")]));
}
