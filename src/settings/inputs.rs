//! The inputs on the command line: a file, as a path or as `file://`, standard input, or the text of `--vectors`. For a
//! remote URL, the error has the command that fetches it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

use super::check::usage;
use super::inline;
use crate::exit::Failure;
use crate::put::report::notice::InputNotice;
use crate::read::Format;
use crate::record::Input;
use crate::shown::quoted;

/// The input that `--vectors` names or contains.
pub(super) fn of_option(vectors: &str, format: Option<Format>) -> Result<Input, Failure> {
    if vectors.trim().is_empty() {
        return Err(usage("--vectors is empty").advise("pass JSON, file://PATH, or - for standard input"));
    }
    if vectors == "-" {
        return Ok(Input::Stdin);
    }
    if let Some(path) = local(vectors) {
        return path.and_then(one_file);
    }
    if let Some(url) = Url::parse(vectors) {
        return Err(url.refused());
    }
    inline::check(vectors, |path| Path::new(path).is_file())?;
    match format {
        Some(Format::Csv | Format::Tsv) => {
            Err(usage("--format csv and tsv cannot be used with JSON in --vectors")
                .advise("remove --format, or use --vectors file://PATH to read a table"))
        }
        Some(format) if !matches!(format, Format::Json | Format::Jsonl) => {
            Err(usage(format!("--format {format} cannot be used with JSON in --vectors"))
                .advise("remove --format, or pass the file as an input"))
        }
        _ => Ok(Input::Inline(vectors.to_owned().into())),
    }
}

fn one_file(path: PathBuf) -> Result<Input, Failure> {
    if path.is_dir() {
        let path = quoted(&path.to_string_lossy());
        return Err(usage(format!("--vectors file://{path} is a directory, not a file"))
            .advise(format!("pass it as an input: ossvec put-vectors {path} …")));
    }
    Ok(Input::File(path))
}

/// The inputs on the command line, with patterns expanded that no shell has expanded: in quotes, or on Windows. An
/// existing file with such a name takes precedence.
pub(super) fn matched(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut paths = Vec::new();
    for path in named {
        match path.to_str().filter(|text| is_pattern(text) && !path.exists()) {
            Some(pattern) => paths.extend(of_pattern(pattern)?),
            None => paths.push(path.clone()),
        }
    }
    Ok(paths)
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[']) && !text.contains("://") && !inline::is_json(text)
}

/// The files that a pattern matches, sorted by name; as in a shell, hidden ones only if the pattern names them.
fn of_pattern(pattern: &str) -> Result<Vec<PathBuf>, Failure> {
    let invalid = |why: &dyn std::fmt::Display| {
        usage(format!("cannot expand the pattern {}: {why}", quoted(pattern)))
            .advise("check it, or pass the names of the files")
    };
    // If told to skip hidden files, the library finds none, even if the pattern has the dot.
    let is_hidden = |part: &str| part.starts_with('.') && !part.bytes().all(|byte| byte == b'.');
    let names_hidden = pattern.split(std::path::is_separator).any(is_hidden);
    let options = glob::MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: !names_hidden,
    };
    let found = glob::glob_with(pattern, options).map_err(|error| invalid(&error.msg))?;
    let found = found.collect::<Result<Vec<_>, _>>().map_err(|error| invalid(&error))?;
    if found.is_empty() {
        return Err(usage(format!("no file matches the pattern {}", quoted(pattern)))
            .advise("check the pattern and the current directory"));
    }
    Ok(found)
}

/// The paths of the inputs on the command line.
pub(super) fn paths(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    if named.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(usage("- is given twice, but standard input can be read only once").advise("pass - once"));
    }
    named.iter().map(|path| named_path(path)).collect()
}

fn named_path(path: &Path) -> Result<PathBuf, Failure> {
    let Some(text) = path.to_str().filter(|_| !path.exists()) else { return Ok(path.to_owned()) };
    match (local(text), Url::parse(text)) {
        (Some(path), _) => path,
        (None, Some(url)) => Err(url.refused()),
        (None, None) if inline::is_json(text) => {
            Err(usage("an input is JSON text, but inputs must be files")
                .advise("pass the text with --vectors, or put it in a file"))
        }
        (None, None) => Ok(path.to_owned()),
    }
}

/// The path in `file://PATH`. It is used literally, as in ossutil; only if there is no such file, but one with the
/// percent-encoding decoded, that one is used.
fn local(text: &str) -> Option<Result<PathBuf, Failure>> {
    let (scheme, path) = text.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("file") {
        return None;
    }
    if path.is_empty() {
        return Some(Err(usage(format!("{text} has no path")).advise("write file://PATH")));
    }
    let decoded = percent_decode_str(path).decode_utf8().ok().map(|path| PathBuf::from(&*path));
    let literal = PathBuf::from(path);
    let is_encoded = |decoded: &PathBuf| !literal.exists() && decoded.exists();
    Some(Ok(decoded.filter(is_encoded).unwrap_or(literal)))
}

/// A remote URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Url<'a> {
    text: &'a str,
    scheme: &'a str,
}

impl<'a> Url<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let mut letters = scheme.bytes();
        // A single letter is a drive.
        let is_scheme = scheme.len() > 1
            && letters.next().is_some_and(|first| first.is_ascii_alphabetic())
            && letters.all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte));
        (is_scheme && !rest.is_empty() && !rest.contains(char::is_whitespace))
            .then_some(Self { text, scheme })
    }

    /// The failure for it, with the commands that fetch it.
    fn refused(self) -> Failure {
        let failure = usage(format!("{} is a URL, but inputs must be files", self.shown()));
        let Some((fetch, stream)) = self.commands() else {
            return failure.advise("download it first, or pipe it into ossvec put-vectors -");
        };
        let is_folder = self.text.ends_with('/');
        failure.advise(if is_folder {
            format!("download it first: {fetch}")
        } else {
            format!("download it first: {fetch}; or pipe it: {stream} | ossvec put-vectors - …")
        })
    }

    /// The URL as it can be shown: a query may be a signature, and the part before an `@` a password.
    fn shown(self) -> String {
        let rest = self.text.get(self.scheme.len() + 3..).unwrap_or_default();
        let (path, is_cut) = rest.split_once(['?', '#']).map_or((rest, false), |(path, _)| (path, true));
        let path = path.rsplit_once('@').map_or_else(|| path.to_owned(), |(_, host)| format!("***@{host}"));
        format!("{}://{path}{}", self.scheme, if is_cut { "?…" } else { "" })
    }

    /// The command that downloads it to a file, and the one that writes it to standard output.
    fn commands(self) -> Option<(String, String)> {
        let is_public = self.shown() == self.text;
        let url = if is_public { quoted(self.text) } else { "'URL'".to_owned() };
        let recursive = |option: &'static str| if self.text.ends_with('/') { option } else { "" };
        Some(match self.scheme.to_ascii_lowercase().as_str() {
            "http" | "https" | "ftp" | "ftps" | "sftp" => {
                (format!("curl -fLO {url}"), format!("curl -fsSL {url}"))
            }
            "oss" => (format!("ossutil cp{} {url} .", recursive(" -r")), format!("ossutil cat {url}")),
            "s3" | "s3a" | "s3n" => {
                let url = url.replacen(self.scheme, "s3", 1);
                (format!("aws s3 cp{} {url} .", recursive(" --recursive")), format!("aws s3 cp {url} -"))
            }
            "gs" => (
                format!("gcloud storage cp{} {url} .", recursive(" -r")),
                format!("gcloud storage cat {url}"),
            ),
            "hdfs" | "viewfs" | "webhdfs" | "abfs" | "abfss" | "wasb" | "wasbs" => {
                (format!("hadoop fs -get {url} ."), format!("hadoop fs -cat {url}"))
            }
            _ => return None,
        })
    }
}

/// The notice about files that are given more than once, under any names.
pub(super) fn repeated(inputs: &[Input]) -> Option<InputNotice> {
    // For thousands of files the lookup is quick; a single file needs none.
    if inputs.len() < 2 {
        return None;
    }
    let mut seen: HashMap<PathBuf, (&Input, usize)> = HashMap::new();
    let mut first = None;
    for input in inputs {
        let Input::File(path) = input else { continue };
        let Some(file) = path.canonicalize().ok().filter(|file| file.is_file()) else { continue };
        let (_, times) = seen.entry(file.clone()).or_insert((input, 0));
        *times += 1;
        if *times > 1 && first.is_none() {
            first = Some((input, file));
        }
    }
    let (first, file) = first?;
    let (earlier, times) = *seen.get(&file)?;
    let more = seen.values().filter(|(_, times)| *times > 1).count() - 1;
    let same_as = (earlier != first).then(|| earlier.to_string());
    Some(InputNotice::Repeated { first: first.to_string(), same_as, times, more })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::read;
    use crate::record::Raw;
    use crate::testing::{Directory, printed};

    proptest! {
        #[test]
        fn a_text_of_the_command_line_is_never_a_table(
            members in prop::collection::vec(("[a,;\t\n\"{1]{0,4}", "[a,;\t\n\"{1]{0,4}"), 1..4),
            between in prop::sample::select(vec!["\n", "", "\t", " \r\n", ","]),
            is_pretty: bool,
        ) {
            let objects = members.iter().map(|(name, value)| serde_json::json!({ name: value, "v": [1, 2] }));
            let objects = objects.map(|value| if is_pretty { format!("{value:#}") } else { value.to_string() });
            let text = objects.collect::<Vec<_>>().join(between);
            let text = if between == "," { format!("[{text}]") } else { text };
            let input = of_option(&text, None).unwrap();
            for block in read::open(&[input], &read::Form::default(), None).into_iter().flatten().flatten() {
                prop_assert!(block.records.iter().all(|record| matches!(record.raw, Raw::Json(_))), "{text}");
            }
        }
    }

    #[test]
    fn a_pattern_stands_for_the_files_that_a_shell_would_name() {
        let directory = Directory::new();
        for name in ["b.csv", "a.csv", ".c.csv", "d.json", "part-1", "part-2", "part-10", "[x].csv"] {
            directory.write(name, b"");
        }
        let names = |pattern: &str| {
            let found = matched(&[directory.path(pattern)]).map_err(|failure| failure.message)?;
            let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
            Ok::<_, String>(found.iter().map(name).collect::<Vec<_>>().join(" "))
        };
        for (pattern, wanted) in [
            ("*.csv", "[x].csv a.csv b.csv"),
            (".*.csv", ".c.csv"),
            ("part-?", "part-1 part-2"),
            ("part-[12]*", "part-1 part-10 part-2"),
            // This file exists.
            ("[x].csv", "[x].csv"),
            ("gone.csv", "gone.csv"),
        ] {
            assert_eq!(names(pattern).as_deref(), Ok(wanted), "{pattern}");
        }
        for (pattern, wanted) in
            [("*.tsv", "no file matches the pattern"), ("[", "cannot expand the pattern")]
        {
            assert!(names(pattern).unwrap_err().starts_with(wanted), "{pattern}");
        }
        for other in ["https://h/a?b=*", "[{\"a\":1}]"] {
            assert_eq!(matched(&[PathBuf::from(other)]).unwrap(), [PathBuf::from(other)]);
        }
    }

    #[test]
    fn what_is_no_input_is_told_with_what_to_name_instead() {
        let directory = Directory::new();
        let below = format!("file://{}", directory.path("").display());
        let options = ["", "file://", "oss://b/a.csv", below.as_str()];
        let options = options.map(|text| of_option(text, None));
        let table = of_option("[{}]", Some(Format::Csv));
        let named = [&["-", "-"][..], &["file://"], &["[{}]"], &["hf://d"], &["oss://b/dir/"]];
        let named = named.map(|named| paths(&named.iter().map(PathBuf::from).collect::<Vec<_>>()));
        let failures = options.into_iter().chain([table]).filter_map(Result::err);
        let failures = failures.chain(named.into_iter().filter_map(Result::err));
        let told = printed(failures);
        insta::assert_snapshot!(told.replace(&directory.path("").display().to_string(), "DIR"), @"
        --vectors is empty
            pass JSON, file://PATH, or - for standard input
        file:// has no path
            write file://PATH
        oss://b/a.csv is a URL, but inputs must be files
            download it first: ossutil cp oss://b/a.csv .; or pipe it: ossutil cat oss://b/a.csv | ossvec put-vectors - …
        --vectors file://DIR is a directory, not a file
            pass it as an input: ossvec put-vectors DIR …
        --format csv and tsv cannot be used with JSON in --vectors
            remove --format, or use --vectors file://PATH to read a table
        - is given twice, but standard input can be read only once
            pass - once
        file:// has no path
            write file://PATH
        an input is JSON text, but inputs must be files
            pass the text with --vectors, or put it in a file
        hf://d is a URL, but inputs must be files
            download it first, or pipe it into ossvec put-vectors -
        oss://b/dir/ is a URL, but inputs must be files
            download it first: ossutil cp -r oss://b/dir/ .
        ");
    }

    #[test]
    fn a_url_is_answered_with_the_commands_that_fetch_it() {
        for (url, fetch, stream) in [
            ("https://h/a.jsonl", "curl -fLO https://h/a.jsonl", "curl -fsSL https://h/a.jsonl"),
            ("HTTP://h/a b'.csv", "", ""),
            ("http://h/it's", r"curl -fLO 'http://h/it'\''s'", r"curl -fsSL 'http://h/it'\''s'"),
            ("oss://b/a.csv", "ossutil cp oss://b/a.csv .", "ossutil cat oss://b/a.csv"),
            ("oss://b/dir/", "ossutil cp -r oss://b/dir/ .", ""),
            ("s3a://b/a.csv", "aws s3 cp s3://b/a.csv .", "aws s3 cp s3://b/a.csv -"),
            ("gs://b/a.csv", "gcloud storage cp gs://b/a.csv .", "gcloud storage cat gs://b/a.csv"),
            ("hdfs://n/a", "hadoop fs -get hdfs://n/a .", "hadoop fs -cat hdfs://n/a"),
            ("abfss://c@a.dfs.core.windows.net/a", "hadoop fs -get 'URL' .", "hadoop fs -cat 'URL'"),
            ("https://h/a?Signature=hush", "curl -fLO 'URL'", "curl -fsSL 'URL'"),
            ("hf://datasets/a", "download it first", ""),
        ] {
            let Some(url) = Url::parse(url) else {
                assert!(fetch.is_empty(), "{url}");
                continue;
            };
            let Failure { message, advice, .. } = url.refused();
            let advice = advice.unwrap();
            assert!(advice.contains(fetch) && advice.contains(stream), "{advice}");
            assert_eq!(advice.contains(" | ossvec put-vectors - …"), !stream.is_empty(), "{advice}");
            assert!(message.ends_with(" is a URL, but inputs must be files"), "{message}");
            assert!(!message.contains("hush") && !advice.contains("hush"), "{message} {advice}");
        }
        for path in ["C://a", "a.jsonl", "://a", "a/b://c", "key://", "9p://a"] {
            assert_eq!(Url::parse(path), None, "{path}");
        }
    }
}
