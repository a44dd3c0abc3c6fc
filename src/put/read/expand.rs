//! Paths of the command line to inputs: `-` is standard input, a directory stands for the files in it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::ReadError;
use super::recognise::is_input_name;
use crate::put::record::Input;

/// The inputs that paths stand for.
#[derive(Debug, Default)]
pub struct Expanded {
    /// The inputs, in their order.
    pub inputs: Vec<Input>,
    /// How many directories inside the named ones were passed over; hidden ones do not count.
    pub passed_over: usize,
}

/// Turns paths into inputs, in their order.
///
/// A directory gives its files with a known name (`.json`, `.jsonl`, `.ndjson`, `.csv`, `.tsv`, also with `.gz` or
/// `.zst`), sorted by name. Directories in it and hidden files are passed over.
pub fn expand(paths: &[PathBuf]) -> Result<Expanded, ReadError> {
    let mut expanded = Expanded::default();
    let inputs = &mut expanded.inputs;
    for path in paths {
        if path.as_os_str() == "-" {
            inputs.push(Input::Stdin);
        } else if path.is_dir() {
            let cannot_open = |cause| ReadError::Open { input: Input::File(path.clone()), cause };
            let (files, passed_over) = files_of(path).map_err(cannot_open)?;
            expanded.passed_over += passed_over;
            if files.is_empty() {
                return Err(ReadError::EmptyDirectory { directory: path.clone() });
            }
            inputs.extend(files.into_iter().map(Input::File));
        } else {
            inputs.push(Input::File(path.clone()));
        }
    }
    Ok(expanded)
}

/// The files of a directory that can be inputs, sorted, and how many directories are in it.
fn files_of(directory: &Path) -> io::Result<(Vec<PathBuf>, usize)> {
    let mut files = Vec::new();
    let mut directories = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if is_input_name(&name) && path.is_file() {
            files.push(path);
        } else if !name.starts_with('.') && path.is_dir() {
            directories += 1;
        }
    }
    files.sort();
    Ok((files, directories))
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
        for name in ["deeper.json", "more", ".git"] {
            fs::create_dir(directory.path(name)).unwrap();
        }
        let Expanded { inputs, passed_over } =
            expand(&[PathBuf::from("-"), directory.path(""), directory.path("notes.txt")]).unwrap();
        let file = |name| Input::File(directory.path("").join(name));
        let expected = [Input::Stdin, file("a.json"), file("a.jsonl.gz"), file("b.csv"), file("notes.txt")];
        assert_eq!((inputs, passed_over), (expected.to_vec(), 2));
    }

    #[test]
    fn a_directory_without_input_is_an_error_that_names_it() {
        let directory = Directory::new();
        let error = expand(&[directory.path("")]).unwrap_err();
        assert!(matches!(error, ReadError::EmptyDirectory { .. }), "{error}");
    }
}
