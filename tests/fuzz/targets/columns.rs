//! What the targets of files of columns share: rows of any file are the same from wherever they are read on, and no more
//! than the file says.

use std::path::PathBuf;
use std::sync::LazyLock;

use ossvec::test_support::is_guarded;
use ossvec::test_support::put::fuzzing::table;
use ossvec::test_support::read::{Form, Format};

/// As many rows of a file as are read.
const ROWS: usize = 300;

/// A file of this process, which has a name that says nothing.
static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    // Who waits for panics must not take those for defects that are findings about the file.
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !is_guarded() {
            told(info);
        }
    }));
    let folder = PathBuf::from("/dev/shm");
    let folder = if folder.is_dir() { folder } else { std::env::temp_dir() };
    folder.join(format!("ossvec-fuzz-{}", std::process::id()))
});

/// Holds the file with these bytes to its promises, beginning again at one of its rows.
pub(crate) fn check(content: &[u8], format: Option<Format>, from: u8) {
    std::fs::write(&*FILE, content).unwrap();
    let vector = if from & 1 == 1 { vec!["vector".to_owned()] } else { Vec::new() };
    let mut form = Form::default();
    (form.format, form.vector, form.dimension) = (format, vector, Some(usize::from(from % 8)));
    let Some(whole) = table(&FILE, &form, 0, ROWS) else { return };
    let read = whole.read.len() as u64;
    assert!(read <= whole.rows, "{read} rows were read of {}", whole.rows);
    assert!(whole.has_failed || read == whole.rows.min(ROWS as u64), "{read} rows of {}", whole.rows);
    for (_, vectors) in &whole.read {
        let numbers = vectors.iter().flatten().flatten().map(|bits| f32::from_bits(*bits));
        numbers.for_each(|number| assert!(number.is_finite(), "{number}"));
    }
    let from = u64::from(from) % (read + 1);
    match table(&FILE, &form, from, ROWS) {
        Some(rest) => {
            let start = usize::try_from(from).unwrap();
            let common = rest.read.len().min(whole.read.len() - start);
            assert!(rest.read[..common] == whole.read[start..start + common], "continued at row {from}");
        }
        // What could not be read on cannot be read from there.
        None => assert!(whole.has_failed, "cannot continue at row {from}"),
    }
}
