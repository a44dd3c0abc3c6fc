//! How fast input is cut into records: `cargo bench --bench read`.
//!
//! The files hold 1,024 numbers a record as Python writes them, once in long records, and lines of little JSON.

#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::fs;
use std::path::Path;
use std::time::Instant;

use ossvec::put::read;
use ossvec::put::record::Input;

/// About so many bytes are written to each file.
const BYTES: usize = 256 << 20;
const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = std::env::temp_dir().join(format!("ossvec-bench-{}", std::process::id()));
    fs::create_dir_all(&directory)?;
    let numbers: Vec<String> =
        (0..1024_u32).map(|index| format!("{}", f64::from(index).sin() / 32.0)).collect();
    let vector = numbers.join(", ");
    let long =
        format!(r#"{{"key": "doc-1", "data": {{"float32": [{vector}]}}, "metadata": {{"t": "a b"}}}}"#);
    let short =
        r#"{"key":"doc-1","data":{"float32":[0.1,0.2,0.3]},"metadata":{"title":"a \"b\"","tags":["c","d"]}}"#;
    let files = [
        ("lines", "", format!("{long}\n"), ""),
        ("lines of 100 bytes", "", format!("{short}\n"), ""),
        ("array", "[", format!("{long}, "), "{}]"),
        ("array of 100 bytes", "[", format!("{short}, "), "{}]"),
        ("csv, quoted cells", "key,vector\n", format!("doc-1,\"[{vector}]\"\n"), ""),
        ("csv, a column a number", "", format!("key{}\n", ",0.012345678".repeat(1024)), ""),
    ];
    for (name, head, record, tail) in files {
        let path = directory.join("input");
        let header: String = if head.is_empty() && name.starts_with("csv") {
            (0..1024).fold("key".to_owned(), |header, column| format!("{header},e_{column}")) + "\n"
        } else {
            head.to_owned()
        };
        fs::write(&path, [&header, &record.repeat(BYTES / record.len()), tail].concat())?;
        println!("{name:24} {:6.0} MB/s", measure(&path)?);
    }
    fs::remove_dir_all(&directory)?;
    Ok(())
}

/// Reads the file some times and gives the best speed.
fn measure(path: &Path) -> Result<f64, Box<dyn std::error::Error>> {
    let inputs = [Input::File(path.to_owned())];
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for block in read::open(&inputs, None, None)? {
            std::hint::black_box(block?);
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    #[expect(clippy::cast_precision_loss, reason = "a speed needs no exact count")]
    let bytes = fs::metadata(path)?.len() as f64;
    Ok(bytes / best / 1e6)
}
