//! Files that pandas, pyarrow and numpy write: an independent witness of what such files are.

use std::path::Path;
use std::process::Command;

use crate::column_files::python;
use crate::documented_formats::{blocks, stored};
use crate::support::{BUCKET, Home, INDEX, TestService, difference, run, unlimited};

#[test]
fn files_of_pandas_and_pyarrow_hold_what_they_say_they_hold() {
    const SCRIPT: &str = r#"
import json, sys
import numpy, pandas, pyarrow, pyarrow.ipc, pyarrow.parquet
folder, n, d = sys.argv[1], 300, 12
numbers = numpy.random.default_rng(7).normal(size=(n, d)).astype("float32")
numbers[0, :4] = [0.0, -0.0, 1e-45, 3.4028235e38]
ids = [f"k{row}" for row in range(n)]
with open(f"{folder}/lines.jsonl", "w") as lines:
    for key, vector in zip(ids, numbers):
        lines.write(json.dumps({"id": key, "vector": [float(x) for x in vector], "metadata": {"t": key}}) + "\n")
frame = pandas.DataFrame({"id": ids, "vector": list(numbers), "metadata": [{"t": key} for key in ids]})
frame.to_parquet(f"{folder}/pandas.parquet")
flat = pyarrow.array(numbers.reshape(-1))
fixed = pyarrow.FixedSizeListArray.from_arrays(flat, d)
metadata = pyarrow.array([json.dumps({"t": key}) for key in ids])
table = pyarrow.table({"id": pyarrow.array(ids).dictionary_encode(), "values": fixed, "metadata": metadata})
for codec in ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]:
    pyarrow.parquet.write_table(table, f"{folder}/{codec}.parquet", compression=codec, row_group_size=70,
                                data_page_version="2.0" if codec == "zstd" else "1.0")
double = pyarrow.array([[float(x) for x in vector] for vector in numbers], pyarrow.large_list(pyarrow.float64()))
table = table.set_column(1, "values", double)
pyarrow.parquet.write_table(table, f"{folder}/double.parquet", use_byte_stream_split=["values.list.element"],
                            use_dictionary=False)
frame.to_feather(f"{folder}/pandas.feather")
with pyarrow.ipc.new_stream(f"{folder}/stream.arrow", table.schema) as stream:
    stream.write_table(table, max_chunksize=70)
options = pyarrow.ipc.IpcWriteOptions(compression="zstd")
with pyarrow.ipc.new_file(f"{folder}/file.arrow", table.schema, options=options) as file:
    file.write_table(table, max_chunksize=70)
"#;
    let Some(python) = python() else { return };
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let mut script = std::process::Command::new(python);
    run(script.args(["-c", SCRIPT]).arg(home.path(""))).assert_code(0);
    let loaded = |name: &str| {
        run(home.put(&service).arg(name)).assert_code(0);
        let state = service.state();
        assert!(service.service.store().delete_index(BUCKET, INDEX).unwrap());
        state
    };
    let wanted = loaded("lines.jsonl");
    assert_eq!(wanted.len(), 300);
    let parquet = ["pandas", "none", "snappy", "gzip", "zstd", "lz4", "brotli", "double"];
    let arrow = ["pandas.feather", "stream.arrow", "file.arrow"].map(str::to_owned);
    for name in parquet.map(|name| format!("{name}.parquet")).into_iter().chain(arrow) {
        let state = loaded(&name);
        assert!(state == wanted, "{name}: {:?}", difference(&state, &wanted));
    }
}

/// What the snippets of docs/from-python.md have at hand. The model and the client are stand-ins that give what the real ones
/// give, an array of float32 and lists of Python's numbers: the first would fetch gigabytes, the second needs an account.
const AT_HAND: &str = r#"
import json, types
import numpy, pandas
from datasets import Dataset

n, d = 200, 24
doubles = numpy.random.default_rng(11).normal(size=(n, d))
vectors = doubles.astype("float32")
ids = [f"doc-{row:04}" for row in range(n)]
titles = [f"title {row}" for row in range(n)]
texts = [f"text {row}" for row in range(n)]
with open("wanted.jsonl", "w") as lines:
    for key, vector, title, text in zip(ids, vectors, titles, texts):
        numbers = [float(number) for number in vector]
        lines.write(json.dumps({"id": key, "vector": numbers, "title": title, "text": text}) + "\n")

class SentenceTransformer:
    def __init__(self, name):
        self.vectors = vectors

    def encode(self, texts, normalize_embeddings=False):
        return self.vectors

def create(model, input):
    items = [types.SimpleNamespace(embedding=list(map(float, row)), index=at) for at, row in enumerate(doubles)]
    return types.SimpleNamespace(data=items)

client = types.SimpleNamespace(embeddings=types.SimpleNamespace(create=create))
"#;

#[test]
fn what_the_page_for_python_writes_loads_as_it_says() {
    let Some(python) = python() else { return };
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/from-python.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once("## Load what Python has").unwrap();
    let (section, _) = rest.split_once("\n## ").unwrap();
    let (blocks, service) = (blocks(section), TestService::start(unlimited()));
    let headings: Vec<_> = blocks.iter().map(|block| block.heading.as_str()).collect();
    let all = ["pandas", "numpy", "sentence-transformers", "OpenAI", "Hugging Face datasets"];
    assert_eq!(headings, all);
    for block in blocks {
        let (home, snippet) = (Home::new(), block.sample.unwrap());
        let mut script = Command::new(python);
        script.args(["-c", &format!("{AT_HAND}\n{snippet}")]).current_dir(home.path(""));
        run(script.env("HOME", home.path("")).env("HF_HUB_OFFLINE", "1")).assert_code(0);
        let [command] = block.commands.as_slice() else { panic!("{:?}", block.commands) };
        let file = command.split(' ').nth(2).unwrap();
        let state = stored(&home, &service, command, (&block.heading, 0));
        let wanted = stored(&home, &service, &command.replace(file, "wanted.jsonl"), (&block.heading, 0));
        assert_eq!(wanted.len(), 200);
        assert!(state == wanted, "{}: {:?}", block.heading, difference(&state, &wanted));
    }
}
