//! The list of inputs that `--files-from` names.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::check::usage;
use super::inline;
use crate::exit::{ErrorCode, Failure};
use crate::read::name_list;

/// Maximum size of a list of names.
const LARGEST: u64 = 64 << 20;

/// The names in the list, a file or standard input (`-`); `inputs` are those on the command line.
pub(super) fn names(list: &Path, inputs: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let shown = format!("--files-from {}", list.display());
    let unreadable = |error: io::Error| {
        Failure::new(ErrorCode::InputUnreadable, format!("cannot read {shown}: {error}"))
            .advise("name a file with a name per line, or - for standard input")
    };
    let is_input = list.as_os_str() == "-";
    let text = if is_input { read(io::stdin().lock()) } else { File::open(list).and_then(read) };
    let text = text.map_err(unreadable)?;
    let names = name_list::parse(&text).map_err(|error| {
        Failure::new(ErrorCode::InputInvalid, format!("{shown} {error}")).advise(error.advice())
    })?;
    if let Some(line) = first_json(&text) {
        let shown = if is_input { "-".to_owned() } else { list.display().to_string() };
        return Err(usage(format!("--files-from {shown}: line {line} is JSON, not the name of a file"))
            .advise(format!("to load {shown} itself, pass it as an input, without --files-from")));
    }
    if is_input && inputs.iter().chain(&names).any(|name| name.as_os_str() == "-") {
        return Err(usage("--files-from - reads the names from standard input, so - cannot be an input too")
            .advise("write the names to a file, or remove - from the inputs"));
    }
    Ok(names)
}

/// The first line with a record instead of a name.
fn first_json(text: &[u8]) -> Option<usize> {
    let is_json = |line: &[u8]| {
        let line = std::str::from_utf8(line).unwrap_or_default().trim();
        line.starts_with('{') && inline::is_json(line) && !Path::new(line).exists()
    };
    text.split(|byte| *byte == b'\n').position(is_json).map(|before| before + 1)
}

fn read(list: impl Read) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    list.take(LARGEST + 1).read_to_end(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(io::Error::other("it is larger than 64 MiB, so it is no list of names"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Directory, printed};

    #[test]
    fn what_is_no_list_is_refused_with_what_to_write() {
        let directory = Directory::new();
        let write = |name: &str, text: &[u8]| directory.write(name, text);
        let lists = [
            directory.path("missing"),
            directory.path(""),
            write("empty", b"\n\r\n"),
            write("utf16", b"\xff\xfea\0\n\0"),
            write("data.jsonl", b"\n{\"id\": \"a\", \"vector\": [1]}\n"),
        ];
        let failures = lists.iter().filter_map(|list| names(list, &[]).err());
        let told = printed(failures).replace(&directory.path("").display().to_string(), "DIR");
        insta::assert_snapshot!(told, @"
        cannot read --files-from DIR/missing: No such file or directory (os error 2)
            name a file with a name per line, or - for standard input
        cannot read --files-from DIR: Is a directory (os error 21)
            name a file with a name per line, or - for standard input
        --files-from DIR/empty contains no names
            list one name per line, or end each name with a NUL byte, as find -print0 does
        --files-from DIR/utf16 is UTF-16
            save it as UTF-8
        --files-from DIR/data.jsonl: line 2 is JSON, not the name of a file
            to load DIR/data.jsonl itself, pass it as an input, without --files-from
        ");
        let large = std::io::repeat(b'a').take(LARGEST + 1);
        assert!(read(large).is_err());
    }
}
