//! Expands paths from the command line to candidate inputs: `-` is standard input, a directory stands for its files.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::error::ReadError;
use super::recognise::{input_ending, is_input_name};
use crate::record::Input;

/// What may be an input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The input.
    pub input: Input,
    /// Whether it is known to be an input: from the command line, or by its name in a directory.
    pub is_promised: bool,
}

/// The result of expanding paths.
#[derive(Debug, Default)]
pub(crate) struct Expanded {
    /// The paths.
    pub named: Vec<PathBuf>,
    /// The candidates, in order.
    pub candidates: Vec<Candidate>,
    /// Directories and pipes inside the named directories, which are skipped.
    pub passed_over: Vec<PathBuf>,
    /// The named directories, and which of the candidates are in each.
    pub directories: Vec<(PathBuf, Range<usize>)>,
    /// The named directories that cannot be listed.
    pub bad: Vec<(Input, ReadError)>,
}

impl From<Input> for Expanded {
    fn from(input: Input) -> Self {
        Self { candidates: vec![Candidate { input, is_promised: true }], ..Self::default() }
    }
}

/// Expands paths to candidates, in order.
///
/// A directory expands to its files, sorted by name, without hidden files and those that Spark and Hadoop write next to
/// their parts. Subdirectories are skipped.
pub(crate) fn expand(paths: &[PathBuf]) -> Expanded {
    let mut expanded = Expanded { named: paths.to_vec(), ..Expanded::default() };
    for path in paths {
        if path.as_os_str() == "-" {
            expanded.candidates.push(Candidate { input: Input::Stdin, is_promised: true });
        } else if path.is_dir() {
            if let Err(cause) = expanded.add_directory(path) {
                let input = Input::File(path.clone());
                expanded.bad.push((input.clone(), ReadError::Open { input, cause }));
            }
        } else {
            expanded.candidates.push(Candidate { input: Input::File(path.clone()), is_promised: true });
        }
    }
    expanded
}

impl Expanded {
    fn add_directory(&mut self, directory: &Path) -> io::Result<()> {
        let first = self.candidates.len();
        let mut entries = fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            if is_bookkeeping(&name) {
                continue;
            }
            // Report what cannot be accessed, such as a dangling link, with everything else that cannot be loaded.
            let is_unreadable = path.metadata().is_err();
            if is_unreadable || path.is_file() {
                let is_promised = is_unreadable || is_input_name(&name);
                self.candidates.push(Candidate { input: Input::File(path), is_promised });
            } else {
                self.passed_over.push(path);
            }
        }
        self.directories.push((directory.to_owned(), first..self.candidates.len()));
        Ok(())
    }
}

/// So many entries of directories are looked at for a message.
const LOOKED_AT: usize = 1000;

/// Patterns that lead to all inputs in the directories `inside` a directory, as partitions are laid out; none where its name
/// would be a pattern itself.
pub(super) fn patterns_of(directory: &Path, mut inside: Vec<PathBuf>) -> Vec<String> {
    let Some(path) = directory.to_str().filter(|path| !path.contains(['*', '?', '['])) else {
        return Vec::new();
    };
    let mut endings = BTreeSet::new();
    let mut looked_at = 0;
    while let Some(next) = inside.pop() {
        for entry in fs::read_dir(next).into_iter().flatten().flatten() {
            looked_at += 1;
            if looked_at > LOOKED_AT {
                break;
            }
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if is_bookkeeping(&name) {
                continue;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => inside.push(entry.path()),
                Ok(_) => endings.extend(input_ending(&name).map(str::to_owned)),
                Err(_) => {}
            }
        }
    }
    let path = path.trim_end_matches('/');
    endings.into_iter().map(|ending| format!("{path}/**/*{ending}")).collect()
}

/// Whether a file has no records, by its name: hidden files, the bookkeeping of Spark, Hadoop and Parquet datasets, and the totals that
/// Bedrock writes.
fn is_bookkeeping(name: &str) -> bool {
    ["_SUCCESS", "_metadata", "_common_metadata", "manifest.json.out"].contains(&name)
        || Path::new(name).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("crc"))
        || [".", "_committed_", "_started_"].iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Directory;

    #[test]
    fn patterns_lead_to_the_inputs_of_partitions() {
        let directory = Directory::new();
        for inside in ["dt=1/hour=2", "dt=2", "dt=3/_temporary"] {
            fs::create_dir_all(directory.path(inside)).unwrap();
        }
        for name in
            ["dt=1/hour=2/part-0.c000.snappy.parquet", "dt=2/x.jsonl.gz", "dt=2/notes.txt", "dt=2/.a.csv"]
        {
            directory.write(name, b"");
        }
        let patterns = |path: &str| {
            let path = directory.path(path);
            let expanded = expand(std::slice::from_ref(&path));
            let root = format!("{}/", path.display());
            let patterns = patterns_of(&path, expanded.passed_over);
            patterns.into_iter().map(|pattern| pattern.replace(&root, "")).collect::<Vec<_>>()
        };
        assert_eq!(patterns(""), ["**/*.jsonl.gz", "**/*.parquet"]);
        assert_eq!(patterns("dt=3"), Vec::<String>::new());
    }

    #[test]
    fn a_directory_stands_for_its_files_sorted_by_name_without_what_spark_writes_beside_them() {
        let directory = Directory::new();
        let marks = [
            ".hidden.json",
            "_SUCCESS",
            "_metadata",
            "_common_metadata",
            "manifest.json.out",
            "_committed_1",
            "_started_1",
            ".part-0.crc",
            "part-0.crc",
        ];
        for name in ["b.csv", "a.jsonl.gz", "notes.txt", "a.json", "part-0"].iter().chain(&marks) {
            directory.write(name, b"");
        }
        for name in ["deeper.json", "more", ".git"] {
            fs::create_dir(directory.path(name)).unwrap();
        }
        let expanded = expand(&[PathBuf::from("-"), directory.path(""), directory.path("notes.txt")]);
        let path = |name: &str| directory.path("").join(name);
        let file = |name, is_promised| Candidate { input: Input::File(path(name)), is_promised };
        let wanted = [
            Candidate { input: Input::Stdin, is_promised: true },
            file("a.json", true),
            file("a.jsonl.gz", true),
            file("b.csv", true),
            file("notes.txt", false),
            file("part-0", false),
            file("notes.txt", true),
        ];
        assert_eq!(expanded.candidates, wanted);
        assert_eq!(expanded.passed_over, [path("deeper.json"), path("more")]);
    }
}
