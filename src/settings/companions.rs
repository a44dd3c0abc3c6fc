//! The companion files of vectors: their keys and metadata, as named on the command line.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::check::usage;
use crate::cli::InputOptions;
use crate::exit::Failure;
use crate::read;
use crate::read::fingerprint::Fingerprint;
use crate::record::Input;

/// The companion files of the inputs, by the options that name them.
pub(super) fn files(reading: &InputOptions) -> impl Iterator<Item = (String, PathBuf)> {
    let given = [
        ("--keys-from", &reading.keys_from),
        ("--metadata-from", &reading.metadata_from),
        ("--join", &reading.join),
    ];
    given.into_iter().filter_map(|(option, file)| Some((option.to_owned(), file.clone()?)))
}

/// The companion files with a fingerprint of their content: a load continues only with the same content.
pub(super) fn told(reading: &InputOptions) -> impl Iterator<Item = (&'static str, String)> {
    let content = |path: &PathBuf| {
        let file = Fingerprint::of_all(&[Input::File(path.clone())]).unwrap_or_default().pop();
        file.map_or_else(String::new, |file| format!("{} bytes {:?}", file.size, file.samples))
    };
    let given = [
        ("--keys-from", reading.keys_from.as_ref().map(content)),
        ("--metadata-from", reading.metadata_from.as_ref().map(content)),
        ("--key-template", reading.key_template.clone()),
        ("--join", reading.join.as_ref().map(content)),
    ];
    given.into_iter().filter_map(|(option, value)| Some((option, value?)))
}

/// Checks that companions are files, since they are read more than once, or concurrently with the inputs.
pub(super) fn check_files(reading: &InputOptions) -> Result<(), Failure> {
    let mut files = files(reading);
    files.find(|(_, path)| path == Path::new("-")).map_or(Ok(()), |(option, _)| {
        Err(usage(format!("{option} cannot read standard input"))
            .advise(format!("save the data to a file: {option} FILE; a file with the name - is ./-")))
    })
}

/// Checks that keys from a template differ, and that a companion belongs to a single input.
pub(super) fn check(inputs: &[Input], reading: &InputOptions) -> Result<(), Failure> {
    let one_for = |option: &str| {
        usage(format!("{option} requires exactly one input, but there are {}", inputs.len()))
            .advise("load each array with its own file")
    };
    if inputs.len() > 1 {
        for (option, is_given) in [
            ("--keys-from", reading.keys_from.is_some()),
            ("--metadata-from", reading.metadata_from.is_some()),
        ] {
            if is_given {
                return Err(one_for(option));
            }
        }
    }
    let Some(template) = &reading.key_template else { return Ok(()) };
    if !template.contains("{row}") {
        return Err(usage("--key-template has no {row}, so that all vectors would have the same key")
            .advise("use for example --key-template '{file}-{row}'"));
    }
    if template.contains("{file}") && inputs.iter().any(|input| !matches!(input, Input::File(_))) {
        return Err(usage("--key-template uses {file}, but standard input has no name")
            .advise("write the name into it, for example --key-template 'docs-{row}'"));
    }
    let mut stems = BTreeSet::new();
    let is_repeated = |input: &Input| !template.contains("{file}") || !stems.insert(read::stem(input));
    if inputs.len() > 1 && inputs.iter().skip(usize::from(!template.contains("{file}"))).any(is_repeated) {
        return Err(usage("--key-template gives vectors of different files the same key")
            .advise("use {file} in it, and files whose names differ before the first dot"));
    }
    Ok(())
}
