//! Flags, environment, ossutil's file and defaults become plain values here, once; nobody after it reads a flag or a variable.

mod sources;

use std::collections::{BTreeMap, HashMap};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cli::{
    FormatName, Global, MetadataValuesName, Metric, OutputFormat, ProgressStyle, PutVectors, Reading,
    Reporting, Serve, To, VerifyName,
};
use crate::command_line::CommandLine;
use crate::emulator;
use crate::exit::{Exit, Failure};
use crate::oss::client::{self, Client};
use crate::oss::credential::{Credential, Credentials, Secret};
use crate::oss::endpoint::{Endpoint, Target, from_bucket_url};
use crate::oss::limits;
use crate::oss::wire::DistanceMetric;
use crate::profile::Profile;
use crate::put::admit::{Fields, MetadataValues};
use crate::put::batch::Limits;
use crate::put::pace::Quota;
use crate::put::read::{self, Format};
use crate::put::record::Input;
use crate::put::report::{Style, Telling};
use crate::put::{Budget, Job, Keep, Verify, Wanted, unreadable};
use crate::values::Period;
use sources::{Sources, missing, profile};

/// The process environment, as a map, so that a test can hand in its own.
pub type Environment = HashMap<String, String>;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// The bucket of a local load, wherever nobody says otherwise.
pub const LOCAL_BUCKET: &str = "local";

/// A load, ready to run but for the client, which needs the local service's port.
pub struct Load {
    /// The job; its client is still missing.
    pub job: Job,
    /// How to reach the service; `None` is a dry run.
    pub service: Option<ServiceSettings>,
    /// The service inside this command, if there is to be one.
    pub local: Option<emulator::Options>,
    /// What stands on standard output.
    pub output: Output,
}

/// What stands on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The summary for people.
    Text,
    /// The summary as one JSON document.
    Json,
    /// The events; people read the summary on standard error.
    Events,
}

/// How to reach the service and with which credential.
pub struct ServiceSettings {
    endpoint: Endpoint,
    target: Target,
    credential: Credential,
    global: Global,
    system_proxy: bool,
}

impl ServiceSettings {
    /// The same at a local service's own address.
    pub fn at(mut self, address: std::net::SocketAddr) -> Result<Self, Failure> {
        self.endpoint = Endpoint::parse(Some(&format!("http://{address}")), &self.target.region)
            .map_err(|error| usage(error.to_string()))?;
        self.system_proxy = false;
        Ok(self)
    }

    /// Makes the client.
    pub fn client(self) -> Result<Client, Failure> {
        let period = |given: Option<Period>, usual| given.map_or(usual, |period| period.0);
        let options = client::Options {
            endpoint: self.endpoint,
            target: self.target,
            connect_timeout: period(self.global.connect_timeout, CONNECT_TIMEOUT),
            read_timeout: period(self.global.read_timeout, READ_TIMEOUT),
            skip_verify_cert: self.global.skip_verify_cert,
            system_proxy: self.system_proxy,
        };
        Client::new(options, Credentials::new(Box::new(self.credential)))
            .map_err(|error| Failure::new(Exit::Client, format!("cannot prepare the HTTP client: {error}")))
    }
}

/// Resolves a load.
pub fn load(
    arguments: &PutVectors,
    global: &Global,
    environment: &Environment,
    command_line: &CommandLine,
) -> Result<Load, Failure> {
    let PutVectors { to, reading, sending, reporting, .. } = arguments;
    if to.local && (global.endpoint.is_some() || global.region.is_some() || global.account_id.is_some()) {
        return Err(usage(
            "--local has a service of its own: leave out --endpoint, --region and --account-id",
        ));
    }
    let inputs = inputs(arguments)?;
    let asked = Quota { requests: sending.requests_per_second.0, vectors: sending.vectors_per_second.0 };
    let limits = Limits { vectors: batch_size(sending.batch_size, asked), bytes: sending.batch_bytes.0 };
    let needs_service = !to.local && !sending.dry_run;
    let profile = if needs_service { profile(global, environment)? } else { Profile::default() };
    let sources = Sources { global, environment, profile };
    let endpoint = sources.endpoint().filter(|_| !to.local);
    let parts = endpoint.as_deref().and_then(from_bucket_url);
    let bucket = to.bucket.clone().or_else(|| parts.as_ref().map(|(_, target)| target.bucket.clone()));
    let bucket = bucket.or_else(|| to.local.then(|| LOCAL_BUCKET.to_owned()));
    let index_name = to.index_name.clone().or_else(|| to.local.then(|| index_name_for(&inputs)));
    let (bucket, index_name) = names(bucket, index_name, sending.dry_run)?;
    for key in &to.non_filterable_metadata_keys {
        limits::non_filterable_key(key)
            .map_err(|rule| usage(format!("--non-filterable-metadata-keys {key}: {rule}")))?;
    }
    if to.create_index && to.distance_metric.is_none() && !to.local && !sending.dry_run {
        return Err(usage("--create-index needs --distance-metric cosine or euclidean"));
    }
    let service = match (sending.dry_run, to.local) {
        (true, _) => None,
        (false, true) => Some(local_service(bucket.clone(), global)?),
        (false, false) => Some(cloud_service(&bucket, &sources, parts)?),
    };
    let local = match (sending.dry_run, to.local) {
        (false, true) => Some(local_options(to.data_dir.as_deref(), asked)?),
        _ => None,
    };
    let target = service.as_ref().map(|service| service.target.clone());
    let keep = keep(arguments, &inputs, (target.as_ref(), &index_name), command_line)?;
    let telling = telling(arguments, global, &inputs, (&bucket, &index_name))?;
    let job = Job {
        format: format(reading.format),
        fields: Fields::new(reading.key.as_slice(), reading.vector.as_slice(), &reading.metadata),
        metadata_values: match reading.metadata_values {
            MetadataValuesName::Reject => MetadataValues::Reject,
            MetadataValuesName::Text => MetadataValues::Text,
        },
        wanted: Wanted {
            name: index_name,
            dimension: to.dimension.map(usize::from),
            metric: to.distance_metric.map(metric).or_else(|| to.local.then_some(DistanceMetric::Cosine)),
            non_filterable: Some(to.non_filterable_metadata_keys.clone()).filter(|keys| !keys.is_empty()),
            create_index: to.create_index || to.local,
            create_bucket: to.local,
        },
        client: None,
        limits,
        quota: asked,
        jobs: usize::from(sending.job),
        memory: sending.memory.0,
        budget: Budget { retries: sending.retry_times, time: sending.retry_max_time.0 },
        verify: match sending.verify {
            VerifyName::Unknown => Verify::Unknown,
            VerifyName::All => Verify::All,
            VerifyName::None => Verify::None,
        },
        max_rejects: sending.max_rejects.0,
        keep,
        telling,
        inputs,
    };
    Ok(Load { job, service, local, output: output(reporting)? })
}

/// Resolves where the indexes of a bucket are to be listed. It must be a bucket of the cloud service.
pub fn listing(to: &To, global: &Global, environment: &Environment) -> Result<ServiceSettings, Failure> {
    if to.local {
        return Err(usage("the indexes of --local cannot be listed"));
    }
    let sources = Sources { global, environment, profile: profile(global, environment)? };
    let parts = sources.endpoint().as_deref().and_then(from_bucket_url);
    let bucket = to.bucket.clone().or_else(|| parts.as_ref().map(|(_, target)| target.bucket.clone()));
    let bucket = bucket.ok_or_else(|| usage("no bucket: name it with --bucket"))?;
    limits::bucket_name(&bucket).map_err(|rule| usage(format!("--bucket {bucket}: {rule}")))?;
    cloud_service(&bucket, &sources, parts)
}

/// Resolves the local service.
pub fn serve(arguments: &Serve, global: &Global) -> Result<emulator::Options, Failure> {
    let quota = Quota { requests: arguments.requests_per_second.0, vectors: arguments.vectors_per_second.0 };
    let usual = local_options(arguments.data_dir.as_deref(), quota)?;
    let faults = arguments.fault.iter().map(|spec| {
        emulator::fault::Fault::parse(spec).map_err(|error| usage(format!("--fault {spec}: {error}")))
    });
    let given = |flag: Option<&String>, usual: String| flag.cloned().unwrap_or(usual);
    Ok(emulator::Options {
        access_key_id: given(global.access_key_id.as_ref(), usual.access_key_id),
        access_key_secret: global.access_key_secret.clone().unwrap_or(usual.access_key_secret),
        region: given(global.region.as_ref(), usual.region),
        account: given(global.account_id.as_ref(), usual.account),
        latency: arguments.latency.0,
        faults: faults.collect::<Result<_, _>>()?,
        ..usual
    })
}

fn local_options(data: Option<&Path>, quota: Quota) -> Result<emulator::Options, Failure> {
    let data = match data {
        Some(data) => data.to_owned(),
        None => dirs::data_dir().map(|data| data.join("ossvec")).ok_or_else(|| {
            Failure::new(Exit::Client, "this user has no data directory").advise("name one with --data-dir")
        })?,
    };
    let limited = |rate: f64| if rate.is_finite() { rate } else { 0.0 };
    Ok(emulator::Options {
        data: Some(data),
        requests_per_second: limited(quota.requests),
        vectors_per_second: limited(quota.vectors),
        ..emulator::Options::default()
    })
}

/// The service inside this command; its address is known once it listens.
fn local_service(bucket: String, global: &Global) -> Result<ServiceSettings, Failure> {
    let local = emulator::Options::default();
    let endpoint = Endpoint::parse(None, &local.region).map_err(|error| usage(error.to_string()))?;
    let credential = Credential {
        access_key_id: local.access_key_id,
        secret: local.access_key_secret,
        security_token: None,
        expires_at: None,
    };
    let target = Target { bucket, account: local.account, region: local.region };
    Ok(ServiceSettings { endpoint, target, credential, global: global.clone(), system_proxy: false })
}

fn cloud_service(
    bucket: &str,
    sources: &Sources<'_>,
    parts: Option<(Endpoint, Target)>,
) -> Result<ServiceSettings, Failure> {
    let (endpoint, target) = parts.unzip();
    let region = sources
        .given(sources.global.region.as_ref(), "OSS_REGION", "region")
        .or_else(|| target.as_ref().map(|target| target.region.clone()))
        .ok_or_else(|| missing("region", "--region", "OSS_REGION", "region"))?;
    let account = sources
        .given(sources.global.account_id.as_ref(), "OSS_ACCOUNT_ID", "account-id")
        .or_else(|| target.map(|target| target.account))
        .ok_or_else(|| missing("account id", "--account-id", "OSS_ACCOUNT_ID", "account-id"))?;
    if !region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        return Err(usage(format!("the region is {region:?}; a region id looks like cn-hangzhou")));
    }
    if !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(usage(format!("the account id is {account:?}; it consists of digits only")));
    }
    let endpoint = match endpoint {
        Some(endpoint) => endpoint,
        None => Endpoint::parse(sources.endpoint().as_deref(), &region)
            .map_err(|error| usage(error.to_string()))?,
    };
    let endpoint = match sources.addressing_style()? {
        Some(style) => endpoint.with_addressing(style),
        None => endpoint,
    };
    let credential = credential(sources)?;
    let target = Target { bucket: bucket.to_owned(), account, region };
    Ok(ServiceSettings { endpoint, target, credential, global: sources.network()?, system_proxy: true })
}

fn credential(sources: &Sources<'_>) -> Result<Credential, Failure> {
    let global = sources.global;
    let secret = |flag: Option<&Secret>, variable, key| {
        let flag = flag.filter(|secret| !secret.expose().is_empty()).cloned();
        flag.or_else(|| sources.given(None, variable, key).map(Secret::new))
    };
    sources.known_mode()?;
    let access_key_id = sources
        .given(global.access_key_id.as_ref(), "OSS_ACCESS_KEY_ID", "access-key-id")
        .ok_or_else(|| missing("access key id", "--access-key-id", "OSS_ACCESS_KEY_ID", "access-key-id"))?;
    let access_key_secret = secret(
        global.access_key_secret.as_ref(),
        "OSS_ACCESS_KEY_SECRET",
        "access-key-secret",
    )
    .ok_or_else(|| {
        missing("access key secret", "--access-key-secret", "OSS_ACCESS_KEY_SECRET", "access-key-secret")
    })?;
    let security_token = secret(global.sts_token.as_ref(), "OSS_SESSION_TOKEN", "sts-token");
    unbroken("access key id", &access_key_id)?;
    unbroken("access key secret", access_key_secret.expose())?;
    unbroken("security token", security_token.as_ref().map_or("", Secret::expose))?;
    Ok(Credential { access_key_id, secret: access_key_secret, security_token, expires_at: None })
}

/// A line break at the end is what a file or a secret store often adds.
fn unbroken(what: &str, value: &str) -> Result<(), Failure> {
    if value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Client,
        format!("the {what} holds a blank, a line break or a letter beyond ASCII"),
    )
    .advise("hand it over without what was added when it was copied"))
}

fn usage(message: impl Into<String>) -> Failure {
    Failure::new(Exit::Usage, message)
}

fn names(bucket: Option<String>, index: Option<String>, dry_run: bool) -> Result<(String, String), Failure> {
    let (bucket, index) = match (bucket, index, dry_run) {
        (Some(bucket), Some(index), _) => (bucket, index),
        (bucket, index, true) => return Ok((bucket.unwrap_or_default(), index.unwrap_or_default())),
        (None, _, _) => return Err(usage("no bucket: name it with --bucket, or try with --local")),
        (_, None, _) => return Err(usage("no index: name it with --index-name, or try with --local")),
    };
    limits::bucket_name(&bucket).map_err(|rule| usage(format!("--bucket {bucket}: {rule}")))?;
    limits::index_name(&index).map_err(|rule| usage(format!("--index-name {index}: {rule}")))?;
    Ok((bucket, index))
}

/// An index name made of the first file's name, so that different sets tried locally do not meet in one index.
fn index_name_for(inputs: &[Input]) -> String {
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

/// A batch larger than a second's vectors could never be sent.
fn batch_size(asked: u16, quota: Quota) -> usize {
    let asked = usize::from(asked);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 500")]
    if quota.vectors < 500.0 { asked.min((quota.vectors as usize).max(1)) } else { asked }
}

fn inputs(arguments: &PutVectors) -> Result<Vec<Input>, Failure> {
    if let Some(vectors) = &arguments.reading.vectors {
        return Ok(vec![ossutil_input(vectors)]);
    }
    if arguments.inputs.is_empty() {
        return Err(usage("no input: name files, or - for standard input"));
    }
    read::expand(&arguments.inputs).map_err(|error| unreadable(&error))
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
fn keep(
    arguments: &PutVectors,
    inputs: &[Input],
    (target, index_name): (Option<&Target>, &str),
    command_line: &CommandLine,
) -> Result<Keep, Failure> {
    let PutVectors { to, reading, reporting, .. } = arguments;
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
    let place =
        to.local.then(|| to.data_dir.as_deref().map(|data| data.display().to_string()).unwrap_or_default());
    let target = target.map(|target| target.resource(index_name)).unwrap_or_default();
    Ok(Keep {
        folder,
        rejects: rejects(reporting.rejects.as_deref(), inputs)?,
        resume: reporting.resume,
        target: place.map_or(target.clone(), |place| format!("local {place} {target}")),
        reading: options_of(reading),
        resume_command: command_line.resuming(),
    })
}

/// The options that change what is made of the input, with their values.
fn options_of(reading: &Reading) -> BTreeMap<String, String> {
    let named = |fields: &[String]| if fields.is_empty() { "not given".to_owned() } else { fields.join(",") };
    let word = |value: &dyn std::fmt::Debug| format!("{value:?}").to_lowercase();
    [
        ("--format", word(&reading.format)),
        ("--key", named(reading.key.as_slice())),
        ("--vector", named(reading.vector.as_slice())),
        ("--metadata", named(&reading.metadata)),
        ("--metadata-values", word(&reading.metadata_values)),
    ]
    .map(|(option, value)| (option.to_owned(), value))
    .into()
}

/// The rejects file, which must not be one of the inputs: it would be emptied before it is read.
fn rejects(named: Option<&Path>, inputs: &[Input]) -> Result<Option<PathBuf>, Failure> {
    let Some(named) = named else { return Ok(None) };
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let clash = inputs.iter().any(|input| matches!(input, Input::File(path) if real(path) == real(named)));
    if clash {
        return Err(usage(format!("--rejects {} is also an input", named.display())));
    }
    Ok(Some(named.to_owned()))
}

fn telling(
    arguments: &PutVectors,
    global: &Global,
    inputs: &[Input],
    (bucket, index_name): (&str, &str),
) -> Result<Telling, Failure> {
    let PutVectors { sending, reporting, .. } = arguments;
    let events: Option<Box<dyn Write + Send>> = match reporting.events.as_deref() {
        None => None,
        Some(path) if path == Path::new("-") => Some(Box::new(std::io::stdout())),
        Some(path) => Some(Box::new(events_file(path, reporting.resume)?)),
    };
    let terminal = std::io::stderr().is_terminal();
    let style = match (global.quiet, reporting.progress) {
        (true, _) | (_, ProgressStyle::None) => Style::Hidden,
        (_, ProgressStyle::Bar) => Style::Bar,
        (_, ProgressStyle::Auto) if terminal => Style::Bar,
        (_, ProgressStyle::Auto | ProgressStyle::Plain) => Style::Plain,
    };
    Ok(Telling {
        style,
        quiet: global.quiet,
        events,
        inputs: inputs.to_vec(),
        bytes_total: read::total_bytes(inputs),
        bucket: bucket.to_owned(),
        index_name: index_name.to_owned(),
        requests_per_second: sending.requests_per_second.0,
        resumed: false,
        dry_run: sending.dry_run,
    })
}

fn output(reporting: &Reporting) -> Result<Output, Failure> {
    match (reporting.events.as_deref() == Some(Path::new("-")), reporting.output_format) {
        (true, OutputFormat::Json) => {
            Err(usage("--events - and --output-format json cannot share standard output")
                .advise("the last event, run_end, holds the same summary"))
        }
        (true, OutputFormat::Text) => Ok(Output::Events),
        (false, OutputFormat::Text) => Ok(Output::Text),
        (false, OutputFormat::Json) => Ok(Output::Json),
    }
}

/// A load that goes on keeps telling in the same file.
fn events_file(path: &Path, resume: bool) -> Result<std::fs::File, Failure> {
    let mut options = std::fs::OpenOptions::new();
    let options = options.create(true);
    let options = if resume { options.append(true) } else { options.write(true).truncate(true) };
    options.open(path).map_err(|error| {
        Failure::new(Exit::Client, format!("cannot write --events {}: {error}", path.display()))
    })
}

fn format(name: FormatName) -> Option<Format> {
    match name {
        FormatName::Auto => None,
        FormatName::Json => Some(Format::Json),
        FormatName::Jsonl => Some(Format::Jsonl),
        FormatName::Csv => Some(Format::Csv),
        FormatName::Tsv => Some(Format::Tsv),
    }
}

fn metric(name: Metric) -> DistanceMetric {
    match name {
        Metric::Cosine => DistanceMetric::Cosine,
        Metric::Euclidean => DistanceMetric::Euclidean,
    }
}
