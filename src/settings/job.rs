//! What a load reads, keeps and tells: its inputs, its folder, its outputs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::sources::{Found, Origin};
use super::{tables, usage};
use crate::cli::{FormatName, Metric, PutVectors};
use crate::command_line::CommandLine;
use crate::exit::{Exit, Failure};
use crate::oss::endpoint::Target;
use crate::oss::limits;
use crate::oss::wire::DistanceMetric;
use crate::put::pace::Quota;
use crate::put::read::{self, Expanded, Format};
use crate::put::record::Input;
use crate::put::{Keep, unreadable};

pub(super) fn names(
    bucket: Option<Found>,
    index: Option<String>,
    dry_run: bool,
) -> Result<(String, String), Failure> {
    if dry_run && (bucket.is_none() || index.is_none()) {
        return Ok((bucket.map(|bucket| bucket.value).unwrap_or_default(), index.unwrap_or_default()));
    }
    let bucket = checked_bucket(bucket)?;
    let index = index.ok_or_else(|| nameless("index", "--index-name"))?;
    limits::index_name(&index).map_err(|rule| {
        usage(format!("--index-name {index}: {rule}")).advise("choose another name with --index-name")
    })?;
    Ok((bucket, index))
}

/// The bucket, whose name must be one.
pub(super) fn checked_bucket(bucket: Option<Found>) -> Result<String, Failure> {
    let Found { value, origin } = bucket.ok_or_else(|| nameless("bucket", "--bucket"))?;
    let place = if origin == Origin::Endpoint { "the bucket in the endpoint," } else { "--bucket" };
    limits::bucket_name(&value).map_err(|rule| {
        usage(format!("{place} {value}: {rule}")).advise("name a vector bucket with --bucket")
    })?;
    Ok(value)
}

fn nameless(what: &str, flag: &str) -> Failure {
    usage(format!("no {what} is named"))
        .advise(format!("name it with {flag}; or try everything without an account with --local"))
}

/// An index name made of the first file's name, so that different sets tried locally do not meet in one index.
pub(super) fn index_name_for(inputs: &[Input]) -> String {
    let stem = match inputs.first() {
        Some(Input::File(path)) => {
            path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
        }
        _ => String::new(),
    };
    let stem = stem.split('.').next().unwrap_or_default();
    let name: String =
        stem.chars().filter(char::is_ascii_alphanumeric).take(*limits::INDEX_NAME_BYTES.end()).collect();
    if limits::index_name(&name).is_ok() { name } else { "vectors".to_owned() }
}

/// The vectors of a full batch, at most as many as asked for. A second holds whole batches only, so they are made as
/// large as divides its vectors among the fewest; where the quota has no requests for one more, larger ones carry more.
pub(super) fn batch_size(asked: u16, quota: Quota) -> usize {
    // A batch larger than a second's vectors could never be sent.
    let asked = f64::from(asked).min(quota.vectors.floor().max(1.0));
    if !quota.vectors.is_finite() {
        return whole(asked);
    }
    let even = (quota.vectors / (quota.vectors / asked).ceil()).floor().max(1.0);
    let a_second = |size: f64| size * quota.requests.min((quota.vectors / size).floor());
    whole(if a_second(even) > a_second(asked) { even } else { asked })
}

fn whole(size: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to 500")]
    let size = size as usize;
    size
}

/// The inputs, and what is worth saying about them.
pub(super) fn inputs(arguments: &PutVectors) -> Result<(Vec<Input>, Vec<String>), Failure> {
    if let Some(vectors) = &arguments.reading.vectors {
        if vectors.trim().is_empty() {
            return Err(usage("--vectors is empty").advise("give it JSON, file:// and a path, or -"));
        }
        return Ok((vec![ossutil_input(vectors)], Vec::new()));
    }
    if arguments.inputs.is_empty() {
        return Err(usage("no input: name files, or - for standard input"));
    }
    let Expanded { inputs, passed_over } =
        read::expand(&arguments.inputs).map_err(|error| unreadable(&error))?;
    Ok((inputs, passed_over_note(passed_over).into_iter().collect()))
}

fn passed_over_note(directories: usize) -> Option<String> {
    match directories {
        0 => None,
        1 => Some(
            "note: a directory inside an input directory is passed over; name it to load it too".to_owned(),
        ),
        _ => Some(format!(
            "note: {directories} directories inside input directories are passed over; name them to load them too"
        )),
    }
}

/// The input as ossutil names it.
fn ossutil_input(vectors: &str) -> Input {
    match vectors.strip_prefix("file://") {
        Some(path) => Input::File(PathBuf::from(path)),
        None if vectors == "-" => Input::Stdin,
        None => Input::Inline(vectors.to_owned().into()),
    }
}

/// What the run keeps on disk.
pub(super) fn keep(
    arguments: &PutVectors,
    (target, index_name): (Option<&Target>, &str),
    command_line: &CommandLine,
) -> Result<Keep, Failure> {
    let PutVectors { to, reporting, .. } = arguments;
    let folder = match &reporting.checkpoint_dir {
        Some(folder) => folder.clone(),
        None => dirs::state_dir()
            .or_else(dirs::data_local_dir)
            .map(|state| state.join("ossvec"))
            .ok_or_else(|| {
                Failure::new(Exit::Client, "this user has no state directory")
                    .advise("name one with --checkpoint-dir")
            })?,
    };
    // The same name in another folder is another service.
    let whole =
        |data: &Path| std::path::absolute(data).unwrap_or_else(|_| data.to_owned()).display().to_string();
    let place = to.local.then(|| to.data_dir.as_deref().map(whole).unwrap_or_default());
    let target = target.map(|target| target.resource(index_name)).unwrap_or_default();
    Ok(Keep {
        folder,
        rejects: reporting.rejects.clone(),
        resume: reporting.resume,
        target: place.map_or(target.clone(), |place| format!("local {place} {target}")),
        reading: options_of(arguments),
        resume_command: command_line.resuming(),
    })
}

/// The options that change what is made of the input, with their values.
fn options_of(PutVectors { reading, tables, .. }: &PutVectors) -> BTreeMap<String, String> {
    let named = |fields: &[String]| if fields.is_empty() { "not given".to_owned() } else { fields.join(",") };
    let word = |value: &dyn std::fmt::Debug| format!("{value:?}").to_lowercase();
    [
        ("--format", word(&reading.format)),
        ("--key", named(reading.key.as_slice())),
        ("--vector", named(reading.vector.as_slice())),
        ("--metadata", named(&reading.metadata)),
        ("--metadata-values", word(&reading.metadata_values)),
    ]
    .into_iter()
    .chain(tables::given(tables))
    .map(|(option, value)| (option.to_owned(), value))
    .collect()
}

pub(super) fn format(name: FormatName) -> Option<Format> {
    match name {
        FormatName::Auto => None,
        FormatName::Json => Some(Format::Json),
        FormatName::Jsonl => Some(Format::Jsonl),
        FormatName::Csv => Some(Format::Csv),
        FormatName::Tsv => Some(Format::Tsv),
    }
}

pub(super) fn metric(name: Metric) -> DistanceMetric {
    match name {
        Metric::Cosine => DistanceMetric::Cosine,
        Metric::Euclidean => DistanceMetric::Euclidean,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_quota_that_is_no_multiple_of_a_batch_is_used_up_by_smaller_ones() {
        for (asked, vectors, requests, want) in [
            (500, 2_500.0, 5.0, 500),
            (500, 2_400.0, 5.0, 480),
            (500, 1_300.0, 5.0, 433),
            (500, 750.0, 5.0, 375),
            (500, 300.0, 5.0, 300),
            (500, 0.5, 5.0, 1),
            (100, 2_400.0, 5.0, 100),
            // No request is left for a fifth batch.
            (500, 2_400.0, 4.0, 500),
            (500, f64::INFINITY, 5.0, 500),
            (500, 750.0, f64::INFINITY, 375),
        ] {
            assert_eq!(batch_size(asked, Quota { requests, vectors }), want, "{asked} {vectors} {requests}");
        }
    }

    proptest! {
        #[test]
        fn full_batches_use_up_the_quota_of_vectors(
            asked in 100_u16..=500,
            vectors in 1_u32..20_000,
            requests in 0.1_f64..300.0,
        ) {
            let size = batch_size(asked, Quota { requests, vectors: f64::from(vectors) });
            prop_assert!((1..=usize::from(asked)).contains(&size));
            let (size, vectors) = (u32::try_from(size).unwrap(), vectors);
            if f64::from(vectors.div_ceil(u32::from(asked))) <= requests {
                prop_assert!(f64::from(vectors / size * size) >= 0.99 * f64::from(vectors), "{size}");
            }
        }
    }
}
