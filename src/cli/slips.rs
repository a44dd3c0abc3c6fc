//! Commands and options of other programs, above all ossutil, and what to use instead. Pure.

use clap::error::{ContextKind, ContextValue, ErrorKind};

const FORCE: &str = "omit it: ossvec asks no questions and replaces vectors that have the same key";
const FILE: &str = "name files without an option: ossvec put-vectors FILE";
const DIRECTORY: &str =
    "omit it: a directory stands for the files in it; name those in its subdirectories with --files-from";

/// Options without their hyphens, and what to use in their place; the nearest one by its letters is another.
const OPTIONS: [(&[&str], &str); 9] = [
    (&["r", "R", "recursive"], DIRECTORY),
    (&["force", "y", "yes"], FORCE),
    (&["f", "file", "input", "input-file"], FILE),
    (&["u", "update"], "use --resume to skip inputs that are loaded already"),
    (&["b"], "use --bucket"),
    (&["o", "output", "json"], "use --output-format json"),
    (&["v", "verbose", "debug"], "use --loglevel info, or debug for every request"),
    (&["threads", "parallel", "workers", "concurrency"], "use --job"),
    (&["rps", "qps"], "use --requests-per-second"),
];

/// Commands that load or copy elsewhere.
const LOADS: [&str; 8] = ["cp", "sync", "upload", "load", "import", "insert", "upsert", "api"];
/// Commands of ossutil for buckets and objects.
const OF_OBJECTS: [&str; 12] =
    ["ls", "rm", "mb", "rb", "mv", "cat", "du", "stat", "mkdir", "hash", "presign", "restore"];
/// The prefixes of ossutil's other commands for vectors.
const OF_VECTORS: [&str; 5] = ["get-", "list-", "delete-", "query-", "put-vector-"];

/// What to use instead of an unknown command or option, if another program has it.
pub(crate) fn cure(error: &clap::Error) -> Option<String> {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => of_command(context(ContextKind::InvalidSubcommand)?),
        ErrorKind::UnknownArgument => {
            let word = context(ContextKind::InvalidArg)?;
            let name = word.trim_start_matches('-');
            let (_, cure) = OPTIONS.iter().find(|(names, _)| names.contains(&name))?;
            Some((*cure).to_owned())
        }
        _ => None,
    }
}

fn of_command(word: &str) -> Option<String> {
    if word == "version" {
        return Some("use ossvec --version".to_owned());
    }
    if LOADS.contains(&word) {
        return Some("to load vectors, use ossvec put-vectors FILE".to_owned());
    }
    if OF_OBJECTS.contains(&word) {
        return Some(format!("ossvec only loads vectors; for objects and buckets, use ossutil {word}"));
    }
    OF_VECTORS
        .iter()
        .any(|beginning| word.starts_with(beginning))
        .then(|| format!("ossvec only loads vectors; use ossutil vectors-api {word}"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, definition};

    #[test]
    fn what_is_known_elsewhere_is_answered_with_what_is_known_here() {
        let said = |line: &str| {
            // The placeholder keeps options that ossvec does not have out of the source text.
            let line = line.replace('~', "--");
            let error = Cli::try_parse_from(line.split(' ')).unwrap_err();
            cure(&error).unwrap_or_else(|| "none".to_owned())
        };
        let lines = [
            "ossvec version",
            "ossvec cp a.jsonl oss://bucket/index",
            "ossvec ls oss://bucket",
            "ossvec vectors-api list-vectors",
            "ossvec vectors-api put-vector-index",
            "ossvec vectors-api put-vector",
            "ossvec put_vectors a",
            "ossvec put-vectors -r a",
            "ossvec put-vectors a ~force",
            "ossvec put-vectors -f a",
            "ossvec put-vectors a -u",
            "ossvec ~verbose put-vectors a",
            "ossvec put-vectors a ~output=json",
            "ossvec put-vectors a ~index idx",
        ];
        let said = lines.map(|line| format!("{line}: {}\n", said(line))).concat();
        insta::assert_snapshot!(said, @"
        ossvec version: use ossvec --version
        ossvec cp a.jsonl oss://bucket/index: to load vectors, use ossvec put-vectors FILE
        ossvec ls oss://bucket: ossvec only loads vectors; for objects and buckets, use ossutil ls
        ossvec vectors-api list-vectors: ossvec only loads vectors; use ossutil vectors-api list-vectors
        ossvec vectors-api put-vector-index: ossvec only loads vectors; use ossutil vectors-api put-vector-index
        ossvec vectors-api put-vector: none
        ossvec put_vectors a: none
        ossvec put-vectors -r a: omit it: a directory stands for the files in it; name those in its subdirectories with --files-from
        ossvec put-vectors a ~force: omit it: ossvec asks no questions and replaces vectors that have the same key
        ossvec put-vectors -f a: name files without an option: ossvec put-vectors FILE
        ossvec put-vectors a -u: use --resume to skip inputs that are loaded already
        ossvec ~verbose put-vectors a: use --loglevel info, or debug for every request
        ossvec put-vectors a ~output=json: use --output-format json
        ossvec put-vectors a ~index idx: none
        ");
    }

    #[test]
    fn no_command_or_option_of_this_program_counts_as_a_slip() {
        fn words(command: &clap::Command, found: &mut Vec<String>) {
            for option in command.get_arguments() {
                found.extend(option.get_long().map(|long| format!("--{long}")));
                found.extend(option.get_short().map(|short| format!("-{short}")));
            }
            for inner in command.get_subcommands() {
                found.extend(inner.get_name_and_visible_aliases().into_iter().map(str::to_owned));
                words(inner, found);
            }
        }
        let mut known = Vec::new();
        words(&definition(), &mut known);
        let slips = OPTIONS.iter().flat_map(|(names, _)| *names).chain(&LOADS).chain(&OF_OBJECTS);
        for slip in slips {
            let spelled = [slip.to_string(), format!("-{slip}"), format!("--{slip}")];
            assert!(!known.iter().any(|word| spelled.contains(word)), "{slip}");
        }
        // Every option that a cure names must exist.
        for (_, cure) in OPTIONS {
            for word in cure.split([' ', ',', ';', ':']).filter(|word| word.starts_with("--")) {
                assert!(known.iter().any(|known| known == word), "{cure}");
            }
        }
    }
}
