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
    reading.key_template.as_deref().map_or(Ok(()), |template| check_template(template, inputs))
}

/// Checks that a template gives each vector of the inputs another key.
fn check_template(template: &str, inputs: &[Input]) -> Result<(), Failure> {
    if let Some(name) = unknown_placeholder(template) {
        return Err(usage(format!("--key-template has {name}, which has no meaning"))
            .advise("use {file}, the name of the file up to its first dot, and {row}"));
    }
    if !template.contains("{row}") {
        return Err(usage("--key-template has no {row}, so that all vectors would have the same key")
            .advise("use for example --key-template '{file}-{row}'"));
    }
    if template.contains("{file}") && inputs.iter().any(|input| !matches!(input, Input::File(_))) {
        return Err(usage("--key-template uses {file}, but standard input has no name")
            .advise("write the name into it, for example --key-template 'docs-{row}'"));
    }
    let mut stems = BTreeSet::new();
    let mut is_repeated = |input: &Input| !template.contains("{file}") || !stems.insert(read::stem(input));
    let repeated = inputs.iter().filter(|input| is_repeated(input)).count();
    if inputs.len() > 1 && repeated > 0 {
        return Err(usage("--key-template gives vectors of different files the same key")
            .advise("use {file} in it, and files whose names differ before the first dot"));
    }
    if !ends_row(template)
        && let Some((one, other)) = differing_by_digits(&stems)
    {
        return Err(usage(format!("--key-template can give vectors of {one} and {other} the same key"))
            .advise("separate {file} and {row}, for example --key-template '{file}-{row}'"));
    }
    Ok(())
}

/// A name in braces that stands for nothing, such as `{filename}`.
fn unknown_placeholder(template: &str) -> Option<&str> {
    let is_name = |character: char| character.is_ascii_alphanumeric() || "_- ".contains(character);
    template.match_indices('{').find_map(|(start, _)| {
        let end = start + template.get(start..)?.find('}')? + 1;
        let (inner, placeholder) = (template.get(start + 1..end - 1)?, template.get(start..end)?);
        (!["{file}", "{row}"].contains(&placeholder) && inner.chars().all(is_name)).then_some(placeholder)
    })
}

/// Whether the row can be told from a key that a template gives: on the side where nothing differs from file to file, a
/// character that is no digit ends it.
fn ends_row(template: &str) -> bool {
    let ends = |between: &str| between.contains(|character: char| !character.is_ascii_digit());
    let first = template.split_once("{row}").is_some_and(|(before, behind)| {
        !before.contains("{file}") && behind.split("{file}").next().is_some_and(ends)
    });
    let last = template.rsplit_once("{row}").is_some_and(|(before, behind)| {
        !behind.contains("{file}") && before.rsplit("{file}").next().is_some_and(ends)
    });
    first || last
}

/// Two stems of which one has no more than digits before or behind the other.
fn differing_by_digits(stems: &BTreeSet<String>) -> Option<(&String, &String)> {
    stems.iter().find_map(|long| {
        let is_digit = |character: char| character.is_ascii_digit();
        let (starts, ends) = (long.trim_start_matches(is_digit), long.trim_end_matches(is_digit));
        let without_first = (1..=long.len() - starts.len()).filter_map(|digits| long.get(digits..));
        let without_last = (ends.len()..long.len()).filter_map(|end| long.get(..end));
        let short = without_first.chain(without_last).find_map(|short| stems.get(short))?;
        Some((short, long))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(template: &str, stems: &[&str]) -> Option<String> {
        let inputs: Vec<_> = stems.iter().map(|stem| Input::File(format!("{stem}.npy").into())).collect();
        check_template(template, &inputs).err().map(|failure| format!("{failure:?}"))
    }

    #[test]
    fn templates_that_could_give_two_vectors_one_key_are_refused() {
        for (template, stems) in [
            ("{file}-{row}", &["part1", "part11"][..]),
            ("{row}-{file}", &["1x", "11x"]),
            ("{file}{row}", &["a", "b", "part-1x"]),
            ("{file}{row}", &["part1"]),
            ("docs/{file}#{row}!", &["a", "a1"]),
            ("x{row}/{file}", &["1a", "a"]),
        ] {
            assert_eq!(refused(template, stems), None, "{template} {stems:?}");
        }
        for (template, stems, why) in [
            (
                "{file}{row}",
                &["part11", "b", "part1"][..],
                "can give vectors of part1 and part11 the same key",
            ),
            ("{file}0{row}", &["a01", "a"], "can give vectors of a and a01 the same key"),
            ("{row}{file}", &["1_x", "11_x"], "can give vectors of 1_x and 11_x the same key"),
            ("{file}-{row}{file}", &["x2", "x"], "can give vectors of x and x2 the same key"),
            ("{file}-{row}", &["x", "x"], "gives vectors of different files the same key"),
            ("{row}", &["x", "y"], "gives vectors of different files the same key"),
            ("{filename}-{row}", &["x"], "has {filename}, which has no meaning"),
            ("{file}-{row}-{}", &["x"], "has {}, which has no meaning"),
            ("{file}", &["x"], "has no {row}"),
        ] {
            let refused = refused(template, stems).unwrap_or_default();
            assert!(refused.contains(why), "{template} {stems:?}: {refused}");
        }
    }

    /// Members of the kind: what is allowed gives no two vectors one key, whatever rows they are in.
    #[test]
    fn templates_that_are_allowed_give_no_key_twice() {
        for _ in 0..20_000 {
            let part = |choices: &[&'static str]| *fastrand::choice(choices).unwrap();
            let (first, second) = if fastrand::bool() { ("{file}", "{row}") } else { ("{row}", "{file}") };
            let between = part(&["", "1", "0", "-", "-1", "1-", "a"]);
            let template =
                format!("{}{first}{between}{second}{}", part(&["", "1", "x"]), part(&["", "1", "x"]));
            let stem = || (0..fastrand::usize(1..4)).map(|_| part(&["1", "0", "a", "-"])).collect::<String>();
            let (one, other) = (stem(), stem());
            if refused(&template, &[&one, &other]).is_some() {
                continue;
            }
            let keys = |stem: &str| -> BTreeSet<String> {
                let key = |row: usize| template.replace("{file}", stem).replace("{row}", &row.to_string());
                (0..120).map(key).collect()
            };
            assert!(keys(&one).is_disjoint(&keys(&other)), "{template}: {one}, {other}");
        }
    }
}
