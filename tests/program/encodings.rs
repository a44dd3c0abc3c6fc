//! Text in other encodings, and compressed by others than this program's crates: it loads as its UTF-8 would, or it is
//! refused with the encoding and the option that reads it.

use std::process::Command;

use encoding_rs::Encoding;

use crate::support::{Home, State, TestService, gzip, run, unlimited};
use crate::trouble::json_lines;

/// Letters of each encoding, some of whose bytes are those of delimiters, quotes and backslashes in other places.
const ENCODINGS: [(&str, &str); 8] = [
    ("gb18030", "标题文本苹果手机€镕㐀𠀀é乗俓"),
    ("gbk", "标题文本苹果手机乗俓僜"),
    ("big5", "標題文本許功蓋餐"),
    ("shift_jis", "タイトルソ表能予ｱ"),
    ("euc-jp", "タイトル表能予"),
    ("euc-kr", "제목시험똠방각하"),
    ("latin-1", "éàüñßþ€"),
    ("koi8-r", "заголовок"),
];

const DELIMITERS: &str = ",\"\\; ";

fn encoded(text: &str, name: &str) -> Vec<u8> {
    let wide = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect();
    match name {
        "utf-16le" => wide(u16::to_le_bytes),
        "utf-16be" => wide(u16::to_be_bytes),
        _ => {
            let label = if name == "latin-1" { "latin1" } else { name };
            let (bytes, _, has_other) = Encoding::for_label(label.as_bytes()).unwrap().encode(text);
            assert!(!has_other, "{name} cannot have {text}");
            bytes.into_owned()
        }
    }
}

fn random_text(random: &mut fastrand::Rng, letters: &str, others: &str) -> String {
    let all: Vec<char> = letters.chars().chain(others.chars()).collect();
    (0..random.usize(1..12)).map(|_| *random.choice(&all).unwrap()).collect()
}

/// Some records as a table and as JSON Lines; names and values are text of these letters.
fn records(random: &mut fastrand::Rng, letters: &str) -> [(&'static str, String); 2] {
    let name = random_text(random, letters, "");
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let (mut table, mut lines) = (format!("id,embedding,{name}\n"), String::new());
    for record in 0..random.usize(1..30) {
        let key = format!("{record}-{}", random_text(random, letters, "").trim());
        let value = random_text(random, letters, DELIMITERS);
        let numbers = format!("[{},{}]", record, random.f32());
        table.extend([&quoted(&key), ",\"", &numbers, "\",", &quoted(&format!("x{value}")), "\n"]);
        let line = serde_json::json!({ "id": key, "metadata": { name.as_str(): format!("x{value}") } });
        let line = line.to_string();
        lines.extend([line.strip_suffix('}').unwrap(), ",\"embedding\":", &numbers, "}\n"]);
    }
    [("in.csv", table), ("in.jsonl", lines)]
}

/// What is stored of this content.
#[track_caller]
fn loaded(name: &str, content: &[u8], options: &[&str]) -> State {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write(name, content);
    let ended = run(home.put(&service).arg(name).args(options));
    ended.assert_code(0);
    service.state()
}

#[track_caller]
fn refused(name: &str, content: &[u8], options: &[&str]) -> String {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write(name, content);
    let ended = run(home.put(&service).arg(name).args(options));
    ended.assert_code(3);
    assert!(service.is_untouched());
    ended.stderr
}

#[test]
fn text_in_any_encoding_is_stored_as_its_utf_8_would_be() {
    let mut random = fastrand::Rng::with_seed(14);
    let wide = [("utf-16le", "标题é한😀"), ("utf-16be", "标题é한😀")];
    for (encoding, letters) in ENCODINGS.into_iter().chain(wide) {
        for (name, text) in records(&mut random, letters) {
            let metadata: &[&str] = if name == "in.csv" { &["--metadata", "*"] } else { &[] };
            let wanted = loaded(name, text.as_bytes(), metadata);
            let options = [metadata, &["--encoding", encoding]].concat();
            let bytes = encoded(&text, encoding);
            assert_eq!(loaded(name, &bytes, &options), wanted, "{encoding} {name}: {text}");
            let packed = format!("{name}.gz");
            assert_eq!(loaded(&packed, &gzip(&bytes), &options), wanted, "{encoding} {packed}: {text}");
        }
    }
}

#[test]
fn utf_16_is_read_by_its_mark_without_an_option() {
    let mut random = fastrand::Rng::with_seed(15);
    for (name, text) in records(&mut random, "标题é한😀") {
        let metadata: &[&str] = if name == "in.csv" { &["--metadata", "*"] } else { &[] };
        let wanted = loaded(name, text.as_bytes(), metadata);
        for encoding in ["utf-16le", "utf-16be"] {
            let bytes = encoded(&format!("\u{feff}{text}"), encoding);
            assert_eq!(loaded(name, &bytes, metadata), wanted, "{encoding} {name}: {text}");
            // A mark counts before what the command line says.
            let options = [metadata, &["--encoding", "gbk"]].concat();
            assert_eq!(loaded(name, &gzip(&bytes), &options), wanted, "{encoding} {name}: {text}");
        }
    }
    let array = "\u{feff}[{\"id\":\"标\",\"embedding\":[0.1,0.2]},\n{\"id\":\"题\",\"embedding\":[0.3,0.4]}]";
    assert_eq!(loaded("in.json", &encoded(array, "utf-16le"), &[]).len(), 2);
}

/// What a script of Python prints; nothing where there is no Python.
fn printed_by_python(script: &str, arguments: &[&str]) -> Option<Vec<u8>> {
    if !Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return None;
    }
    let written = Command::new("python3").args(["-c", script]).args(arguments).output().unwrap();
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    Some(written.stdout)
}

/// Python's modules know nothing of this program's crates.
#[test]
fn what_python_compresses_is_read() {
    for (name, packed) in [
        ("a.csv.bz2", "bz2.compress(head) + bz2.compress(rest, 1)"),
        (
            "a.csv.xz",
            "lzma.compress(head, preset=9) + bytes(8) + lzma.compress(rest, check=lzma.CHECK_SHA256)",
        ),
        (
            "a.csv.xz",
            "lzma.compress(head + rest, filters=[{'id': lzma.FILTER_DELTA, 'dist': 4}, {'id': lzma.FILTER_LZMA2}])",
        ),
        ("a.csv.gz", "gzip.compress(head) + gzip.compress(rest)"),
    ] {
        let rows =
            r#"head = b'id,embedding\n'; rest = b''.join(b'k%d,"[%d,0.1]"\n' % (i, i) for i in range(9000))"#;
        let script = format!("import bz2, gzip, lzma, sys; {rows}; sys.stdout.buffer.write({packed})");
        let Some(content) = printed_by_python(&script, &[]) else { return };
        let state = loaded(name, &content, &[]);
        assert_eq!(state.len(), 9_000, "{packed}");
        assert_eq!(state["k8999"].0, [8999_f32.to_bits(), 0.1_f32.to_bits()], "{packed}");
    }
}

#[test]
fn what_python_writes_in_an_encoding_is_read_in_it() {
    for (codec, encoding, text) in [
        ("gb18030", "gb18030", "标题€㐀😀"),
        ("gbk", "gbk", "苹果手机"),
        ("big5", "big5", "許功蓋"),
        ("cp932", "cp932", "タイトル表①"),
        ("euc_jp", "euc_jp", "タイトル表"),
        ("cp949", "cp949", "제목똠"),
        ("latin_1", "latin_1", "éñß"),
        ("utf_16", "auto", "标题😀"),
        ("utf_8_sig", "auto", "标题😀"),
        ("utf_16_be", "utf_16_be", "标题😀"),
        ("iso2022_jp", "iso-2022-jp", "タイトル表"),
    ] {
        let line =
            format!("{{\"id\":\"{text}\",\"embedding\":[0.1,0.2],\"metadata\":{{\"{text}\":\"{text}\"}}}}\n");
        let script = "import sys; sys.stdout.buffer.write(sys.argv[1].encode(sys.argv[2]))";
        let Some(written) = printed_by_python(script, &[&line, codec]) else { return };
        let wanted = loaded("in.jsonl", line.as_bytes(), &[]);
        assert_eq!(loaded("in.jsonl", &written, &["--encoding", encoding]), wanted, "{codec}");
    }
}

#[test]
fn text_that_is_not_utf_8_is_refused_with_the_option_that_reads_it_and_then_is_read() {
    for (encoding, looks_like, text) in [
        ("gb18030", "GB18030", "这是一个句子，没有什么特别的"),
        ("big5", "Big5", "這是一個句子，沒有什麼特別的"),
        ("shift_jis", "Shift_JIS", "これは文です。特別なことはありません"),
        ("euc-kr", "EUC-KR", "이것은 문장입니다 특별한 것은 없습니다"),
        ("windows-1251", "windows-1251", "это предложение, ничего особенного"),
    ] {
        let header = format!("id,embedding,{}\na,\"[0.1,0.2]\",x\n", text.replace(['，', ','], ""));
        let cell = format!("id,embedding,title\na,\"[0.1,0.2]\",\"{text}\"\n");
        let json = format!("{{\"id\":\"a\",\"embedding\":[0.1,0.2],\"metadata\":{{\"t\":\"{text}\"}}}}\n");
        for (name, content) in [("header.csv", header), ("cell.csv", cell), ("in.jsonl", json)] {
            let bytes = encoded(&content, encoding);
            let complaint = refused(name, &bytes, &[]);
            let cure = format!("read it with --encoding {encoding}, and check the text");
            assert!(complaint.contains(&format!("looks like {looks_like}")), "{name}: {complaint}");
            assert!(complaint.contains(&cure), "{name}: {complaint}");
            assert_eq!(
                loaded(name, &bytes, &["--encoding", encoding]),
                loaded(name, content.as_bytes(), &[])
            );
        }
    }
}

#[test]
fn a_record_that_cannot_be_decoded_is_rejected_alone_and_loads_once_it_is_fixed() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let line = |key: &str, title: &[u8]| {
        [
            b"{\"id\":\"",
            key.as_bytes(),
            b"\",\"embedding\":[0.1,0.2],\"metadata\":{\"t\":\"",
            title,
            b"\"}}\n",
        ]
        .concat()
    };
    let good = encoded("这是一个句子", "gb18030");
    let cut = &good[..good.len() - 1];
    home.write("in.jsonl", [line("a", &good), line("b", cut), line("c", &good)].concat());
    let load = |input: &str, rejects: &str| {
        run(home.put(&service).args([input, "--encoding", "gb18030", "--rejects", rejects]))
    };
    let ended = load("in.jsonl", "r.jsonl");
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [2, 1]);
    let rejects = json_lines(&home.path("r.jsonl"));
    insta::assert_snapshot!(rejects[0]["rejected"]["message"].as_str().unwrap(), @"cannot decode the text: invalid byte 0xd7 at column 65; fix it, or check the encoding of the input");
    assert_eq!(rejects[0]["rejected"]["reason"], "encoding");
    // What was rejected is UTF-8 now, whatever the command still says.
    let fixed = std::fs::read_to_string(home.path("r.jsonl")).unwrap();
    let record =
        "{\"id\":\"b\",\"embedding\":[0.3,0.4],\"metadata\":{\"t\":\"这是一个句子，很长很长的句子\"}}";
    let fixed = fixed.replace(&rejects[0]["record"].to_string(), record);
    home.write("r.jsonl", fixed);
    assert_eq!(load("r.jsonl", "r2.jsonl").assert_code(0).counts(["stored", "rejected"]), [1, 0]);
    assert_eq!(service.state()["b"].1["t"], "这是一个句子，很长很长的句子");
}

#[test]
fn an_encoding_that_does_not_fit_is_refused() {
    let text = "id,embedding,标题标题标题\na,\"[0.1,0.2]\",文本文本文本\n";
    insta::assert_snapshot!(refused("in.csv", text.as_bytes(), &["--encoding", "gbk"]), @"
    ossvec: in.csv is UTF-8, not GB18030
            remove --encoding gb18030, or load the files of each encoding apart
    ");
    let bytes = b"id,embedding,\xb1\xea\xff\na,\"[0.1,0.2]\",x\n";
    insta::assert_snapshot!(refused("in.csv", bytes, &["--encoding", "gbk"]), @"
    ossvec: in.csv is not GB18030: invalid byte 0xff at line 1, byte 16 of the decoded text
            check its encoding and set it with --encoding, or repair the file
    ");
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let ended = run(home.put(&service).args(["in.csv", "--encoding", "utf-32"]));
    insta::assert_snapshot!(ended.assert_code(1).stderr, @"
    ossvec: invalid value 'utf-32' for '--encoding <NAME>': expected auto, utf-8, utf-16, gb18030, gbk, big5, shift_jis, euc-jp, euc-kr, latin-1, windows-1252 or another name of the Encoding Standard
            see ossvec put-vectors --help
    ");
}

#[test]
fn a_load_is_continued_only_in_the_encoding_in_which_it_began() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let line =
        |key: &str| format!("{{\"id\":\"{key}\",\"embedding\":[0.1,0.2],\"metadata\":{{\"t\":\"句子\"}}}}\n");
    let text: String = (0..2_000).map(|record| line(&format!("k{record}"))).collect();
    let packed = gzip(&encoded(&text, "gb18030"));
    home.write("in.jsonl.gz", &packed[..packed.len() - 100]);
    let load = |encoding: &str| {
        let mut load = home.put(&service);
        load.args(["in.jsonl.gz", "--resume", "--checkpoint-dir", "state", "--encoding", encoding]);
        run(&mut load)
    };
    load("gb18030").assert_code(3);
    let before = service.state().len();
    assert!(before > 0 && before < 2_000, "{before}");
    let other = load("big5");
    assert!(other.stderr.contains("--encoding"), "{}", other.stderr);
    // What was read before the damage is known again, and is not sent again.
    home.write("in.jsonl.gz", &packed);
    let ended = load("gbk");
    let [stored, skipped] = ended.assert_code(0).counts(["stored", "skipped"]);
    assert_eq!((stored + skipped, skipped), (2_000, before as u64));
    assert_eq!(service.state().len(), 2_000);
    assert_eq!(service.state()["k1999"].1["t"], "句子");
}

#[test]
fn the_bytes_of_a_cell_that_is_not_utf8_are_in_its_reject_and_load_nowhere() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    for (name, text, options) in [
        ("title.csv", &b"id,title,vector\na,\xe9,\"[1,2]\"\n"[..], &["--metadata", "title"][..]),
        ("object.csv", b"id,metadata,vector\na,\xe9,\"[1,2]\"\n", &[]),
        ("key.csv", b"id,vector\n\xe9,\"[1,2]\"\n", &[]),
        ("vector.csv", b"id,vector\na,\xe9\n", &[]),
        ("all.csv", b"id,title,vector\na,\xe9,\"[1,2]\"\n", &["--metadata", "*"]),
    ] {
        home.write(name, text);
        let load = |input: &str, rejects: &str| {
            let values = ["--metadata-values", "text", "--rejects", rejects];
            run(home.put_sized(&service, 2).arg(input).args(values).args(options))
        };
        assert_eq!(load(name, "r.jsonl").assert_code(4).counts(["stored", "rejected"]), [0, 1]);
        let line = json_lines(&home.path("r.jsonl")).remove(0);
        assert!(line["record"].to_string().contains(r#"[{"base64":"6Q=="}]"#), "{name}: {line}");
        assert_eq!(load("r.jsonl", "s.jsonl").counts(["stored"]), [0], "{name}");
        assert!(service.state().is_empty(), "{name}");
    }
}
