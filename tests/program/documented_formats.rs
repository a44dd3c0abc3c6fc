//! Each command of docs/formats.md is run as it stands there, with the input that stands above it: keys, numbers and
//! metadata must be stored as the page shows them. A block of commands needs an [`Example`] with its input in its real
//! form.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, StructArray};
use parquet::file::properties::WriterProperties;
use serde_json::{Value, json};

use crate::array_files::npy;
use crate::column_files::{arrow, fixed, float32, parquet, table, texts};
use crate::documented_exports;
use crate::support::{ACCOUNT, BUCKET, Home, State, TestService, gzip, run, state_of, unlimited};

const PAGE: &str = "docs/formats.md";

/// Commands of the page, and what stands above them.
pub(crate) struct Block {
    pub(crate) heading: String,
    line: usize,
    /// The text of the block before, with its language, if it is an input as it stands.
    pub(crate) sample: Option<String>,
    pub(crate) commands: Vec<String>,
}

/// What the commands below a heading load, and what is stored by each of them.
pub(crate) struct Example {
    pub(crate) heading: &'static str,
    pub(crate) files: Vec<(&'static str, Content)>,
    pub(crate) wanted: Vec<State>,
    /// What the commands exit with: 4 where one of the records is to be rejected.
    pub(crate) code: i32,
}

pub(crate) enum Content {
    /// What the page shows, as it stands or packed.
    Shown(fn(&[u8]) -> Vec<u8>),
    /// What the page shows in words.
    Made(Vec<u8>),
}

/// The blocks with commands of this program.
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let (mut heading, mut sample, mut found) = (String::new(), None, Vec::new());
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if let Some(name) = line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")) {
            (heading, sample) = (name.to_owned(), None);
        }
        let Some(language) = line.strip_prefix("```") else { continue };
        let body: Vec<_> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
        let text = body.join("\n") + "\n";
        match language {
            "sh" => {
                let joined = text.replace("\\\n", "");
                let commands = joined.lines().filter(|line| line.contains("ossvec ")).map(str::to_owned);
                let (heading, sample) = (heading.clone(), sample.clone());
                found.push(Block { heading, line: number + 1, sample, commands: commands.collect() });
            }
            "text" => {}
            _ => sample = Some(text),
        }
    }
    found.retain(|block| !block.commands.is_empty());
    found
}

pub(crate) fn state(records: &[(&str, &[f32], Value)]) -> State {
    let bits = |numbers: &[f32]| numbers.iter().map(|number| number.to_bits()).collect();
    let record = |(key, numbers, metadata): &(&str, &[f32], Value)| {
        ((*key).to_owned(), (bits(numbers), metadata.clone()))
    };
    records.iter().map(record).collect()
}

/// The two records that most sections show, with their metadata.
pub(crate) fn pair(metadata: [Value; 2]) -> State {
    let [first, second] = metadata;
    state(&[("doc-1", &[0.12, -0.03], first), ("doc-2", &[0.31, 0.07], second)])
}

fn titled() -> State {
    pair([json!({ "title": "First" }), json!({ "title": "Second" })])
}

fn vectors() -> [Vec<f32>; 2] {
    [vec![0.12, -0.03], vec![0.31, 0.07]]
}

fn bytes(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn examples() -> Vec<Example> {
    let of_files =
        [tables(), json_shapes(), parquet_files(), arrow_files(), arrays(), encodings(), compressed()];
    of_files.into_iter().chain(documented_exports::examples()).collect()
}

fn tables() -> Example {
    Example {
        heading: "Tables",
        files: vec![("vectors.csv", Content::Shown(<[u8]>::to_vec))],
        wanted: vec![titled()],
        code: 0,
    }
}

fn json_shapes() -> Example {
    let wrapper = json!({ "vectors": [
        { "id": "doc-1", "embedding": [0.12, -0.03], "metadata": { "title": "First" } },
        { "id": "doc-2", "embedding": [0.31, 0.07], "metadata": { "title": "Second" } },
    ] });
    Example {
        heading: "JSON shapes",
        files: vec![
            ("vectors.jsonl", Content::Shown(<[u8]>::to_vec)),
            ("page-1.json", Content::Made(wrapper.to_string().into())),
        ],
        wanted: vec![titled(), titled()],
        code: 0,
    }
}

fn parquet_files() -> Example {
    let titles = texts(["First", "Second"]);
    let mut tags = ListBuilder::new(StringBuilder::new());
    tags.append_value([Some("a"), Some("b")]);
    tags.append_value([None::<&str>; 0]);
    let members: [(&str, ArrayRef); 2] = [("title", Arc::clone(&titles)), ("tags", Arc::new(tags.finish()))];
    let member = |(name, array): (&str, ArrayRef)| {
        (Arc::new(arrow_schema::Field::new(name, array.data_type().clone(), true)), array)
    };
    let metadata = StructArray::from(members.map(member).to_vec());
    let keys = || texts(["doc-1", "doc-2"]);
    let first = table(&[("id", keys()), ("vector", float32(vectors())), ("metadata", Arc::new(metadata))]);
    let lang = texts(["en", "zh"]);
    let second =
        table(&[("doc_id", keys()), ("title_vector", float32(vectors())), ("title", titles), ("lang", lang)]);
    let made = |table| Content::Made(parquet(&table, WriterProperties::default()));
    let tagged = [json!({ "title": "First", "tags": ["a", "b"] }), json!({ "title": "Second", "tags": [] })];
    let named = [json!({ "title": "First", "lang": "en" }), json!({ "title": "Second", "lang": "zh" })];
    Example {
        heading: "Parquet",
        files: vec![("vectors.parquet", made(first)), ("embeddings/part-0.parquet", made(second))],
        wanted: vec![pair(tagged), pair(named)],
        code: 0,
    }
}

fn arrow_files() -> Example {
    let keys: DictionaryArray<Int32Type> = ["doc-1", "doc-2"].into_iter().collect();
    let both = table(&[("id", Arc::new(keys)), ("values", fixed(vectors(), 2))]);
    Example {
        heading: "Arrow and Feather",
        files: vec![
            ("vectors.feather", Content::Made(arrow(&both, 2, false, None))),
            ("data-00000-of-00004.arrow", Content::Made(arrow(&both.slice(0, 1), 1, true, None))),
            ("data-00001-of-00004.arrow", Content::Made(arrow(&both.slice(1, 1), 1, true, None))),
        ],
        wanted: vec![pair([Value::Null, Value::Null]), pair([Value::Null, Value::Null])],
        code: 0,
    }
}

fn arrays() -> Example {
    let rows: [&[f32]; 2] = [&[0.12, -0.03, 0.5], &[0.31, 0.07, -0.2]];
    let led: Vec<u8> = rows.iter().flat_map(|row| [&3_u32.to_le_bytes(), &bytes(row)[..]].concat()).collect();
    let [first, second] = [json!({ "title": "First" }), json!({ "title": "Second" })];
    Example {
        heading: "Arrays of vectors",
        files: vec![
            ("vectors.npy", Content::Made(npy("<f4", "(2, 3)", &bytes(&rows.concat())))),
            ("ids.txt", Content::Made(b"doc-1\ndoc-2\n".to_vec())),
            ("meta.jsonl", Content::Made(b"{\"title\": \"First\"}\n{\"title\": \"Second\"}\n".to_vec())),
            ("sift.fvecs", Content::Made(led)),
        ],
        wanted: vec![
            state(&[("doc-1", rows[0], first), ("doc-2", rows[1], second)]),
            state(&[("sift-0", rows[0], Value::Null), ("sift-1", rows[1], Value::Null)]),
        ],
        code: 0,
    }
}

fn encodings() -> Example {
    let encoded = |text: &[u8]| encoding_rs::GB18030.encode(str::from_utf8(text).unwrap()).0.into_owned();
    Example {
        heading: "Text encoding",
        files: vec![("products.csv", Content::Shown(encoded))],
        wanted: vec![pair([json!({ "标题": "苹果手机" }), json!({ "标题": "香蕉" })])],
        code: 0,
    }
}

fn compressed() -> Example {
    Example {
        heading: "Compressed files",
        files: vec![("vectors.jsonl.gz", Content::Shown(gzip))],
        wanted: vec![titled()],
        code: 0,
    }
}

/// The word behind an option.
fn behind<'a>(command: &'a str, option: &str) -> Option<&'a str> {
    command.split_whitespace().skip_while(|word| *word != option).nth(1)
}

/// Runs a command with what says where to load into, and returns what is stored then.
pub(crate) fn stored(home: &Home, service: &TestService, command: &str, (place, code): (&str, i32)) -> State {
    let real = command.replace(" --dry-run", "");
    let index = behind(&real, "--index-name").unwrap_or("docs");
    let named = if real.contains("--index-name") { String::new() } else { format!(" --index-name {index}") };
    let aimed = format!("{real}{named} --bucket {BUCKET} --create-index --distance-metric cosine");
    for command in [command, &aimed].into_iter().filter(|text| *text == aimed || text.contains("--dry-run")) {
        let mut shell = Command::new("bash");
        let folder = Path::new(env!("CARGO_BIN_EXE_ossvec")).parent().unwrap();
        shell.args(["-euo", "pipefail", "-c", command]).current_dir(home.path(""));
        shell
            .env_clear()
            .env("HOME", home.path(""))
            .env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
        shell.env("OSS_ACCESS_KEY_ID", "local").env("OSS_ACCESS_KEY_SECRET", "local");
        shell.env("OSS_REGION", "cn-hangzhou").env("OSS_ACCOUNT_ID", ACCOUNT);
        shell.env("OSS_ENDPOINT", format!("http://{}", service.address));
        let ended = run(&mut shell);
        assert_eq!(ended.code, Some(code), "{place}: {command}\n{}{}", ended.stdout, ended.stderr);
    }
    let state = state_of(&service.service, BUCKET, index);
    service.service.store().delete_index(BUCKET, index).unwrap();
    state
}

#[test]
fn each_command_of_the_page_of_formats_stores_what_stands_above_it() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)).unwrap();
    let (mut examples, service) = (examples(), TestService::start(unlimited()));
    let blocks = blocks(&page);
    assert!(blocks.len() >= 7, "{PAGE} has {} blocks of commands", blocks.len());
    for Block { heading, line, sample, commands } in blocks {
        let place = format!("{PAGE}:{line}");
        let Some(at) = examples.iter().position(|example| example.heading == heading) else {
            panic!(
                "{place}: no example for the commands below {heading:?}; add one to documented_formats.rs"
            );
        };
        let Example { files, wanted, code, .. } = examples.remove(at);
        let home = Home::new();
        for (name, content) in files {
            let content = match content {
                Content::Made(content) => content,
                Content::Shown(form) => {
                    let sample = sample.as_ref().unwrap_or_else(|| panic!("{place}: no input above {name}"));
                    form(sample.as_bytes())
                }
            };
            home.write(name, content);
        }
        assert_eq!(commands.len(), wanted.len(), "{place}: {commands:?}");
        for (command, wanted) in commands.iter().zip(&wanted) {
            let state = stored(&home, &service, command, (&place, code));
            assert!(state == *wanted, "{place}: {command}\nstores {state:?}\nwanted {wanted:?}");
        }
    }
    let left: Vec<_> = examples.iter().map(|example| example.heading).collect();
    assert!(left.is_empty(), "{PAGE} has no commands below {left:?}");
}
