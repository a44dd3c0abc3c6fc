//! What a load reads, keeps and reports: its inputs, its directory, its outputs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::check::{new_names, usage};
use super::companions;
use super::files_from;
use super::inputs::{matched, of_option, paths, repeated};
use super::sources::{Found, Origin};
use super::tables;
use crate::admit::{Fields, MetadataValues};
use crate::call::{Budget, Quota};
use crate::cli::{
    InputOptions, MetadataValuesName, Metric, PutVectors, Reporting, Sending, To, VerifyName, WhenChanged,
};
use crate::command_line::CommandLine;
use crate::exit::{ErrorCode, Failure};
use crate::oss::client;
use crate::oss::endpoint::Target;
use crate::oss::limits;
use crate::oss::wire::DistanceMetric;
use crate::put::keep::journal::{OnChange, Place, local_service};
use crate::put::report::Skipped;
use crate::put::report::notice::{InputNotice, Notice};
use crate::put::{Bounds, FromList, Keep, Verify, Wanted, unreadable};
use crate::read::{self, Chosen, Expanded, ReadError, Taken};
use crate::record::Input;
use crate::words::count;

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
        usage(format!("invalid value {index:?} for --index-name: {rule}"))
            .advise("choose another name with --index-name")
    })?;
    Ok((bucket, index))
}

/// The bucket, with a valid name.
pub(super) fn checked_bucket(bucket: Option<Found>) -> Result<String, Failure> {
    let Found { value, origin } = bucket.ok_or_else(|| nameless("bucket", "--bucket"))?;
    let place = if origin == Origin::Endpoint { "the bucket in the endpoint" } else { "--bucket" };
    limits::bucket_name(&value).map_err(|rule| {
        usage(format!("invalid value {value:?} for {place}: {rule}"))
            .advise("choose a vector bucket with --bucket")
    })?;
    Ok(value)
}

fn nameless(what: &str, flag: &str) -> Failure {
    usage(format!("no {what} is set"))
        .advise(format!("set {flag}; or use --local to try a load without an account"))
}

/// Checks the wanted properties of the index.
pub(super) fn check_index(to: &To, dry_run: bool) -> Result<(), Failure> {
    for key in &to.non_filterable_metadata_keys {
        limits::non_filterable_key(key).map_err(|rule| {
            usage(format!("invalid value {key:?} for --non-filterable-metadata-keys: {rule}"))
        })?;
    }
    if to.create_index && to.distance_metric.is_none() && !to.local && !dry_run {
        return Err(usage("--create-index requires --distance-metric cosine or euclidean"));
    }
    Ok(())
}

/// Refuses options about an earlier run without --resume.
pub(super) fn check_resume(reporting: &Reporting) -> Result<(), Failure> {
    if reporting.on_change == WhenChanged::Restart && !reporting.resume {
        return Err(usage("--on-change restart works only with --resume").advise("add --resume"));
    }
    Ok(())
}

/// An index name made from the name of the first file, or of the `named` directory, so that different data sets tried
/// locally go to different indexes.
pub(super) fn index_name_for(named: Option<&PathBuf>, first: Option<&Input>) -> String {
    let directory = named.filter(|path| path.is_dir()).and_then(|path| path.file_name());
    let file = match first {
        Some(Input::File(path)) => path.file_name(),
        _ => None,
    };
    let stem = directory.or(file).map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = stem.split('.').next().unwrap_or_default();
    let name: String =
        stem.chars().filter(char::is_ascii_alphanumeric).take(*limits::INDEX_NAME_BYTES.end()).collect();
    if limits::index_name(&name).is_ok() { name } else { "vectors".to_owned() }
}

/// The vectors of a full batch, at most as many as asked for. A second contains only whole batches, so the size divides
/// a second's vectors among the fewest batches; without a request for one more, batches are larger.
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

/// The fields for key, vector and metadata; names must not be empty.
pub(super) fn fields(reading: &InputOptions) -> Result<Fields, Failure> {
    let (key, vector) = (reading.key.as_slice(), reading.vector.as_slice());
    for (option, names) in [("--key", key), ("--vector", vector), ("--metadata", &reading.metadata)] {
        if names.iter().any(|name| matches!(name.trim(), "" | "-")) {
            return Err(usage(format!("{option} contains an empty name"))
                .advise("remove the extra comma, or name a field"));
        }
    }
    // A name to exclude has one hyphen; an option in place of a name would be lost.
    if let Some(name) = reading.metadata.iter().find(|name| name.trim().starts_with("--")) {
        return Err(usage(format!("--metadata {name} looks like an option, not a field name"))
            .advise("list field names after --metadata, or remove it"));
    }
    if let [name] = reading.metadata.as_slice()
        && name.trim().chars().count() == 2
        && name.trim().starts_with('-')
    {
        return Err(usage(format!("--metadata {name} looks like an option, not a field name")).advise(
            format!(
                "list field names after --metadata; to exclude only that field, use --metadata {name},{name}"
            ),
        ));
    }
    new_names(&reading.metadata)?;
    let fields = Fields::new(key, vector, &reading.metadata);
    Ok(if reading.join.is_some() { fields.joined() } else { fields })
}

/// The inputs that the command line names, not yet checked.
pub(super) fn named_inputs(arguments: &PutVectors) -> Result<Expanded, Failure> {
    if let Some(vectors) = &arguments.reading.vectors {
        return Ok(of_option(vectors, arguments.reading.format.0)?.into());
    }
    let PutVectors { inputs, reading, .. } = arguments;
    let listed = match &reading.files_from {
        Some(list) => files_from::names(list, inputs)?,
        None if inputs.is_empty() => {
            return Err(usage("no input given: pass files, directories, or - for standard input"));
        }
        None => Vec::new(),
    };
    Ok(read::expand(&paths(&[matched(inputs)?, listed].concat())?))
}

/// What makes a load a failure even if all is sent. A check of the first records says nothing about their number.
pub(super) fn bounds(reading: &InputOptions, sending: &Sending) -> Bounds {
    let min_records = if sending.check { 0 } else { reading.min_records };
    Bounds { max_rejects: sending.max_rejects.0, min_records }
}

/// How to handle numbers in metadata.
pub(super) fn metadata_values(name: MetadataValuesName) -> MetadataValues {
    match name {
        MetadataValuesName::Reject => MetadataValues::Reject,
        MetadataValuesName::Text => MetadataValues::Text,
    }
}

/// The form of the inputs according to the flags.
pub(super) fn input_form(arguments: &PutVectors) -> Result<read::Form, Failure> {
    let reading = &arguments.reading;
    let tables = tables::tables(arguments)?;
    companions::check_files(reading)?;
    let join = |path| read::Join::open(path, reading.key.as_slice(), &tables).map(Arc::new);
    let join = reading.join.as_deref().map(join).transpose().map_err(|error| unreadable(&error))?;
    Ok(read::Form {
        format: reading.format.0,
        encoding: reading.encoding.0,
        tables,
        key: reading.key.as_slice().to_vec(),
        vector: reading.vector.as_slice().to_vec(),
        metadata: reading.metadata.as_slice().to_vec(),
        dimension: arguments.to.dimension.map(usize::from),
        keys_from: reading.keys_from.clone(),
        metadata_from: reading.metadata_from.clone(),
        key_template: reading.key_template.clone(),
        join,
    })
}

/// The inputs of a load, and notes about others.
pub(super) struct Selection {
    pub(super) list: Vec<Input>,
    pub(super) notes: Vec<Notice>,
    pub(super) skipped: Vec<Skipped>,
    /// Files in named directories that are not inputs.
    pub(super) passed_over: Vec<String>,
}

/// Checks every input; one that cannot be loaded ends the load here, unless it may be left out.
pub(super) fn inputs(
    expanded: Expanded,
    form: &read::Form,
    arguments: &PutVectors,
) -> Result<Selection, Failure> {
    let PutVectors { reading, reporting, .. } = arguments;
    let Chosen { inputs, bad, taken, other, deeper } = read::choose(expanded, form);
    if !bad.is_empty() && (!reading.skip_bad_files || inputs.is_empty()) {
        let failure = cannot_be_loaded(&bad, inputs.len() + bad.len());
        return Err(if reporting.resume {
            failure.also_advise("the progress of earlier runs is kept for --resume")
        } else {
            failure
        });
    }
    companions::check(&inputs, reading)?;
    let passed = shown(&other);
    let is_passed_over = !passed.is_empty() || !deeper.is_empty();
    let (deeper, special): (Vec<_>, Vec<_>) = deeper.into_iter().partition(|path| path.is_dir());
    let passed_over = InputNotice::PassedOver {
        files: passed.clone(),
        directories: shown(&deeper),
        special: shown(&special),
    };
    let left_out = bad.iter().map(|(_, error)| InputNotice::LeftOut(first_line(error)));
    let taken = taken.into_iter().map(|Taken { what, inputs }| InputNotice::Taken(what, shown(&inputs)));
    let notes = is_passed_over.then_some(passed_over).into_iter();
    let notes = notes.chain(taken).chain(repeated(&inputs)).chain(left_out);
    let notes = notes.map(Notice::from).collect();
    let skip =
        |(input, error): &(Input, ReadError)| Skipped { name: input.to_string(), message: first_line(error) };
    Ok(Selection { list: inputs, notes, skipped: bad.iter().map(skip).collect(), passed_over: passed })
}

fn shown(paths: &[PathBuf]) -> Vec<String> {
    paths.iter().map(|path| path.display().to_string()).collect()
}

fn first_line(error: &ReadError) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

/// Maximum number of inputs that cannot be loaded in an error.
const BAD_LISTED: usize = 20;

fn cannot_be_loaded(bad: &[(Input, ReadError)], all: usize) -> Failure {
    const SKIP: &str = "use --skip-bad-files to load the others";
    if let [(_, error)] = bad {
        let failure = unreadable(error);
        return if all > 1 { failure.also_advise(SKIP) } else { failure };
    }
    let cure = if bad.len() < all { format!("fix or remove them, or {SKIP}") } else { "fix them".to_owned() };
    let listed = bad.iter().take(BAD_LISTED).map(|(_, error)| error.to_string().replace('\n', "; "));
    let more = bad.len().saturating_sub(BAD_LISTED);
    let more = (more > 0).then(|| format!("and {} more", count(more as u64)));
    Failure::new(
        ErrorCode::InputInvalid,
        format!(
            "{} of {} inputs cannot be loaded; nothing was sent",
            count(bad.len() as u64),
            count(all as u64)
        ),
    )
    .list(listed.chain(more))
    .advise(cure)
}

/// Where a load goes. The local service inside this command has a new port in each run; its data identify it.
pub(super) fn place_of(options: &client::ClientOptions, data: Option<&Path>, index_name: &str) -> Place {
    let Target { bucket, account, region } = options.target.clone();
    let local = data.map(|data| local_service(&real_path(data).display().to_string()));
    let service = local.unwrap_or_else(|| options.endpoint.service());
    Place { service: Some(service), account, bucket, region, index: index_name.to_owned() }
}

/// The canonical name of a directory, even if it does not exist yet.
fn real_path(directory: &Path) -> PathBuf {
    let directory = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    let there = directory.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    let Some((above, real)) = there else { return directory };
    match directory.strip_prefix(above) {
        Ok(rest) if rest != Path::new("") => real.join(rest),
        _ => real,
    }
}

/// The directory of all loads' directories.
pub(super) fn checkpoints(named: Option<&Path>) -> Result<PathBuf, Failure> {
    match named {
        Some(folder) if folder.as_os_str() == "-" => {
            Err(usage("--checkpoint-dir must be a directory, not -")
                .advise("choose a directory, or remove --checkpoint-dir"))
        }
        Some(folder) => Ok(folder.to_owned()),
        None => dirs::state_dir().or_else(dirs::data_local_dir).map(|state| state.join("ossvec")).ok_or_else(
            || {
                Failure::new(ErrorCode::MissingSetting, "cannot find a state directory for this user")
                    .advise("choose one with --checkpoint-dir")
            },
        ),
    }
}

/// What the run keeps on disk; `from_list` continues it if its inputs are too many to name.
pub(super) fn keep(
    arguments: &PutVectors,
    place: Place,
    command_line: &CommandLine,
    from_list: Option<FromList>,
) -> Result<Keep, Failure> {
    let reporting = &arguments.reporting;
    Ok(Keep {
        folder: checkpoints(reporting.checkpoint_dir.as_deref())?,
        rejects: reporting.rejects.clone(),
        resume: reporting.resume,
        on_change: match reporting.on_change {
            WhenChanged::Refuse => OnChange::Refuse,
            WhenChanged::Restart => OnChange::Restart,
        },
        place,
        reading: options_of(arguments),
        beside: companions::files(&arguments.reading).collect(),
        resume_command: command_line.resuming(),
        from_list,
    })
}

/// The options that change what the input is read as, with their values.
fn options_of(PutVectors { reading, tables, .. }: &PutVectors) -> BTreeMap<String, String> {
    let named = |fields: &[String]| {
        let trimmed = fields.iter().map(|field| field.trim()).collect::<Vec<_>>();
        if fields.is_empty() { "not given".to_owned() } else { trimmed.join(",") }
    };
    let word = |value: &dyn std::fmt::Debug| format!("{value:?}").to_lowercase();
    [
        ("--format", word(&reading.format)),
        ("--key", named(reading.key.as_slice())),
        ("--vector", named(reading.vector.as_slice())),
        ("--metadata", named(&reading.metadata)),
        ("--metadata-values", word(&reading.metadata_values)),
    ]
    .into_iter()
    .chain(reading.encoding.0.map(|encoding| ("--encoding", encoding.to_string())))
    .chain(tables::given(tables))
    .chain(companions::told(reading))
    .map(|(option, value)| (option.to_owned(), value))
    .collect()
}

/// The index that a load wants.
pub(super) fn wanted(to: &To, index_name: String) -> Wanted {
    Wanted {
        name: index_name,
        dimension: to.dimension.map(usize::from),
        metric: to.distance_metric.map(metric),
        usual_metric: to.local.then_some(DistanceMetric::Cosine),
        non_filterable: Some(to.non_filterable_metadata_keys.clone()).filter(|keys| !keys.is_empty()),
        create_index: to.create_index || to.local,
        create_bucket: to.local,
        only_reads: false,
    }
}

/// Which batches to read back.
pub(super) fn read_back(name: VerifyName) -> Verify {
    match name {
        VerifyName::Unknown => Verify::Unknown,
        VerifyName::All => Verify::All,
        VerifyName::None => Verify::None,
    }
}

/// How much trouble one request may have.
pub(super) fn budget(sending: &Sending, retries: u32) -> Budget {
    Budget { retries, time: sending.retry_max_time.0, first_contact: sending.retry_first_contact.0 }
}

fn metric(name: Metric) -> DistanceMetric {
    match name {
        Metric::Cosine => DistanceMetric::Cosine,
        Metric::Euclidean => DistanceMetric::Euclidean,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::settings::tests::{all_refused, all_refused_with};
    use crate::testing::printed;

    #[test]
    fn what_a_load_cannot_do_is_told_with_what_to_do() {
        let told = all_refused_with(["--key ''", "--metadata a,,b", "--metadata --strict", "--metadata -n"]);
        insta::assert_snapshot!(told, @"
        --key contains an empty name
            remove the extra comma, or name a field
        --metadata contains an empty name
            remove the extra comma, or name a field
        --metadata --strict looks like an option, not a field name
            list field names after --metadata, or remove it
        --metadata -n looks like an option, not a field name
            list field names after --metadata; to exclude only that field, use --metadata -n,-n
        ");
        let told = all_refused([
            "put-vectors",
            "put-vectors --vectors [] --checkpoint-dir - --bucket bkt --index-name i --region r --account-id 1 -i i -k s",
            "put-vectors a --bucket B --index-name i --region r --account-id 1 -i i -k s",
            "put-vectors a --bucket bkt --index-name a-b --region r --account-id 1 -i i -k s",
            "put-vectors a --index-name i -e b-1.r.oss-vectors.aliyuncs.com -i i -k s",
            "put-vectors a --index-name i --region r --account-id 1 -i i -k s",
            "put-vectors a --bucket bkt --region r --account-id 1 -i i -k s",
        ]);
        insta::assert_snapshot!(told, @r#"
        no input given: pass files, directories, or - for standard input
        --checkpoint-dir must be a directory, not -
            choose a directory, or remove --checkpoint-dir
        invalid value "B" for --bucket: a bucket name must have 3 to 32 characters
            choose a vector bucket with --bucket
        invalid value "a-b" for --index-name: an index name can contain only letters and digits, no hyphens or underscores
            choose another name with --index-name
        invalid value "b" for the bucket in the endpoint: a bucket name must have 3 to 32 characters
            choose a vector bucket with --bucket
        no bucket is set
            set --bucket; or use --local to try a load without an account
        no index is set
            set --index-name; or use --local to try a load without an account
        "#);
    }

    #[test]
    fn inputs_that_cannot_be_loaded_are_listed_with_what_to_do_about_all_of_them() {
        let bad: Vec<_> = (1..=25)
            .map(|number| {
                let input = Input::File(PathBuf::from(format!("{number}.jsonl")));
                (input.clone(), ReadError::Open { input, cause: std::io::ErrorKind::NotFound.into() })
            })
            .collect();
        let few = cannot_be_loaded(&bad[..2], 3);
        let all = cannot_be_loaded(&bad[..2], 2);
        let many = cannot_be_loaded(&bad, 30);
        assert_eq!(many.details.last().unwrap(), "and 5 more");
        let whole = [few, all, many].map(|failure| Failure { details: Vec::new(), ..failure });
        insta::assert_snapshot!(printed(whole), @"
        2 of 3 inputs cannot be loaded; nothing was sent
            fix or remove them, or use --skip-bad-files to load the others
        2 of 2 inputs cannot be loaded; nothing was sent
            fix them
        25 of 30 inputs cannot be loaded; nothing was sent
            fix or remove them, or use --skip-bad-files to load the others
        ");
    }

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
