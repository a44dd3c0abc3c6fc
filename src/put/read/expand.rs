//! Paths of the command line to inputs: `-` is standard input, a directory stands for the files in it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::ReadError;
use super::recognise::is_input_name;
use crate::put::record::Input;

/// Turns paths into inputs, in their order.
///
/// A directory gives its files with a known name (`.json`, `.jsonl`, `.ndjson`, `.csv`, `.tsv`, also with `.gz` or
/// `.zst`), sorted by name. Directories in it and hidden files are passed over.
pub fn expand(paths: &[PathBuf]) -> Result<Vec<Input>, ReadError> {
    let mut inputs = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            inputs.push(Input::Stdin);
        } else if path.is_dir() {
            let cannot_open = |cause| ReadError::Open { input: Input::File(path.clone()), cause };
            let files = files_of(path).map_err(cannot_open)?;
            if files.is_empty() {
                return Err(ReadError::EmptyDirectory { directory: path.clone() });
            }
            inputs.extend(files.into_iter().map(Input::File));
        } else {
            inputs.push(Input::File(path.clone()));
        }
    }
    Ok(inputs)
}

fn files_of(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        if is_input_name(&entry.file_name().to_string_lossy()) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::put::read::testing::Directory;

    #[test]
    fn a_directory_stands_for_its_input_files_sorted_by_name() {
        let directory = Directory::new();
        for name in ["b.csv", "a.jsonl.gz", ".hidden.json", "notes.txt", "a.json"] {
            directory.write(name, b"");
        }
        fs::create_dir(directory.path("deeper.json")).unwrap();
        let inputs = expand(&[PathBuf::from("-"), directory.path(""), directory.path("notes.txt")]).unwrap();
        let file = |name| Input::File(directory.path("").join(name));
        let expected = [Input::Stdin, file("a.json"), file("a.jsonl.gz"), file("b.csv"), file("notes.txt")];
        assert_eq!(inputs, expected);
    }

    #[test]
    fn a_directory_without_input_is_an_error_that_names_it() {
        let directory = Directory::new();
        let error = expand(&[directory.path("")]).unwrap_err();
        assert!(matches!(error, ReadError::EmptyDirectory { .. }), "{error}");
    }
}
