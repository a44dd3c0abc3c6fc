//! Inputs that cannot be read, or not to their end: what is stored of them, and what is said.

use ossvec::test_support::oss::operation::Operation;

use crate::support::{
    Home, TestService, array, bzip2, gzip, lines, lz4, run, unlimited, wanted, words, xz, zstd,
};

#[test]
fn an_input_that_cannot_be_read_at_all_stores_nothing() {
    let rows: [(&str, &[u8], &str); 11] = [
        (
            "a.parquet",
            b"PAR1\0\0\0\0\0\0\0\0",
            "a.parquet is a Parquet file without its end: it is truncated, or still being written",
        ),
        (
            "a.txt",
            b"hello there\nworld\n",
            "cannot detect the format of a.txt: it is neither JSON nor a table",
        ),
        (
            "a.js",
            b"window.data = [{\"id\":\"a\",\"vector\":[1,2]}];\n",
            "cannot detect the format of a.js: it is neither JSON nor a table",
        ),
        (
            "b.js",
            b"cb([{\"id\":\"a\",\"vector\":[0.1,0.2,0.3]}]);",
            "cannot detect the format of b.js: it is neither JSON nor a table",
        ),
        (
            "a.fvecs.gz",
            &gzip(b"\x02\0\0\0\0\0\0\0\0\0\0\0"),
            "a.fvecs.gz is an fvecs file, which cannot be read while it is compressed as a whole",
        ),
        (
            "a.jsonl.zst",
            b"\x28\xb5\x2f\xfd\x21\x07\x03\x18\0\0[1]\x01\0\0",
            "a.jsonl.zst is zstd data that was compressed with a dictionary, which is not supported yet",
        ),
        ("a.gz", b"\x1f\x8bno such thing", "a.gz is damaged: cannot decompress its gzip data after line 1"),
        (
            "a.csv",
            b"a,\"[1,2]\"\nb,\"[3,4]\"\n",
            "a.csv has no header: its first row contains the value '[1,2]'",
        ),
        ("b.csv", b"key,key,vector\na,b,\"[1,2]\"\n", "the header of b.csv has two columns named 'key'"),
        ("a.json", b"[{\"key\":\"a\"} {\"key\":\"b\"}]", "a.json is malformed at line 1, byte 13: expected"),
        (
            "b.jsonl.zst",
            b"\x28\xb5\x2f\xfdtrash that is long",
            "b.jsonl.zst is damaged: cannot decompress its zstd data",
        ),
    ];
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    run(home.put(&service).arg(home.write("first.jsonl", lines(1, 2)))).assert_code(0);
    for (name, content, said) in rows {
        home.write(name, content);
        let ended = run(home.aimed(&["put-vectors", name], &service).args(["--output-format", "json"]));
        let message = ended.assert_code(3).summary()["error"].as_str().unwrap().to_owned();
        assert!(message.starts_with(said) && !message.contains('\n'), "{name}: {message}");
        assert!(ended.stderr.contains(&format!("ossvec: {message}\n        ")), "{name}: {}", ended.stderr);
    }
    service.assert_holds(&wanted(0..1, 2));
}

#[test]
fn what_is_no_data_inside_is_only_to_be_decompressed() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.fvecs.gz", gzip(b"\x02\0\0\0\0\0\0\0\0\0\0\0"));
    let ended = run(&mut home.aimed(&["put-vectors", "a.fvecs.gz"], &service));
    assert!(ended.stderr.ends_with("\n        decompress it first\n"), "{}", ended.stderr);
}

#[test]
fn an_input_that_is_missing_is_found_out_before_anything_is_asked_or_sent() {
    let rows = [
        ("a.jsonl missing.jsonl", "cannot open missing.jsonl: No such file or directory"),
        ("--vectors file://missing.json", "cannot open missing.json: No such file or directory"),
        ("a.jsonl empty", "no input in the directory empty"),
        (
            "a.jsonl --events missing/events",
            "cannot write --events missing/events: No such file or directory",
        ),
        ("a.jsonl --checkpoint-dir a.jsonl", "cannot create the directory a.jsonl/"),
    ];
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(3, 4));
    std::fs::create_dir(home.path("empty")).unwrap();
    for (arguments, said) in rows {
        let ended = run(home.aimed(&["put-vectors"], &service).args(words(arguments)));
        assert!(ended.assert_code(3).complaint().starts_with(said), "{arguments}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments}");
    }
    assert!(service.is_untouched());
}

#[test]
fn a_torn_input_stores_what_comes_before_the_tear_and_says_where_it_is() {
    let array = array(&lines(1_200, 4));
    let text = lines(6_000, 4);
    let (gzip, zstd) = (gzip(text.as_bytes()), zstd(text.as_bytes()));
    let (bzip2, xz, lz4) = (bzip2(text.as_bytes()), xz(text.as_bytes()), lz4(text.as_bytes()));
    let cut = |whole: &[u8], length| whole[..length].to_vec();
    let rows = [
        ("a.json", cut(array.as_bytes(), array.len() - 1), 1_200..=1_200, "ends inside its array"),
        ("b.json", cut(array.as_bytes(), array.len() - 20), 1_199..=1_199, "ends inside a record"),
        ("d.jsonl.gz", cut(&gzip, gzip.len() / 2), 1_000..=5_000, "ends inside its gzip data"),
        ("e.jsonl.zst", cut(&zstd, zstd.len() / 2), 1_000..=5_000, "ends inside its zstd data"),
        ("f.jsonl.bz2", cut(&bzip2, bzip2.len() / 2), 1_000..=5_000, "ends inside its bzip2 data"),
        ("g.jsonl.xz", cut(&xz, xz.len() / 2), 1_000..=5_000, "ends inside its xz data"),
        ("h.jsonl.lz4", cut(&lz4, lz4.len() / 2), 1_000..=5_000, "ends inside its LZ4 data"),
    ];
    for (name, content, whole, said) in rows {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let ended = run(home.put(&service).arg(home.write(name, content)));
        let summary = ended.assert_code(3).summary();
        let message = summary["error"].as_str().unwrap();
        assert!(message.contains(said) && message.contains("incomplete from line "), "{name}: {message}");
        assert!(ended.stderr.contains(message), "{name}: {}", ended.stderr);
        let stored = summary["stored"].as_u64().unwrap();
        assert!(whole.contains(&stored), "{name}: {summary:#}");
        assert_eq!(service.statistics().of(Operation::PutVectors).vectors_stored, stored, "{name}");
        service.assert_holds(&wanted(0..usize::try_from(stored).unwrap(), 4));
    }
}
