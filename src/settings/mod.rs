//! Turns flags, environment, ossutil's file and defaults into plain values, once; no later code reads a flag or a
//! variable.

mod asked;
mod check;
mod companions;
mod connection;
mod continuing;
mod credential;
mod environment;
mod exposed;
mod files_from;
mod inline;
mod inputs;
mod job;
mod lint;
mod local;
mod logging;
mod missing;
mod outputs;
mod places;
mod service;
mod show;
mod sources;
mod status;
mod tables;
mod telling;
mod touched;
mod vendor;
mod verify;

use std::path::PathBuf;

use crate::call::Quota;
use crate::cli::{ContentMd5, Global, OutputFormat, PutVectors, Serve, To, Verify};
use crate::command_line::CommandLine;
use crate::exit::{ErrorCode, Failure};
use crate::local_service;
use crate::log::Log;
use crate::oss::endpoint::from_bucket_url;
use crate::oss::secret::Secret;
use crate::put::Job;
use crate::put::batch::Limits;
use crate::put::report::Telling;
use crate::setting::{self, ACCESS_KEY_SECRET, BUCKET, PROXY, STS_TOKEN, Setting};
use asked::asked;
use check::{listed, usage};
use job::{
    Selection, batch_size, bounds, budget, check_index, check_resume, checked_bucket, fields, index_name_for,
    input_form, inputs, keep, metadata_values, named_inputs, names, place_of, read_back, wanted,
};
use service::ServiceAsFound;
use sources::{Found, Origin, Sources, config_file, profile_name};
use telling::{output, telling};

pub(crate) use check::{check_account, check_key, check_region};
pub(crate) use environment::Environment;
pub(crate) use service::{ServiceSettings, check_endpoint};
pub(crate) use show::{lines, show};
pub(crate) use sources::another_file;
pub(crate) use status::{StatusSettings, status};
pub(crate) use telling::{CommandForm, Output, is_step};

/// The default bucket of a local load.
pub(crate) const LOCAL_BUCKET: &str = "local";

/// A load that is ready to run except for the client, which needs the local service's port.
pub(crate) struct Load {
    /// The job, still without its client.
    pub job: Job,
    /// How to reach the service; `None` for a run that sends nothing.
    pub service: Option<ServiceSettings>,
    /// How to reach the service that such a run asks.
    pub asked: Option<ServiceSettings>,
    /// The service inside this command, if wanted.
    pub local: Option<local_service::Options>,
    /// What is printed to standard output.
    pub output: Output,
    /// What is logged.
    pub log: Log,
}

/// Warnings about the global options. Invalid values of options that only ossutil has are errors.
///
/// The warnings go to standard error; `--quiet` suppresses them.
pub(crate) fn warnings(global: &Global, form: CommandForm) -> Result<Vec<String>, Failure> {
    let ossutil = &global.ossutil;
    if let Some(version) =
        ossutil.sign_version.as_deref().filter(|version| !version.eq_ignore_ascii_case("v4"))
    {
        return Err(usage(format!(
            "--sign-version {version} is not supported: vector requests are always signed with v4"
        ))
        .advise("remove --sign-version"));
    }
    if ossutil.cloudbox_id.as_ref().is_some_and(|id| !id.is_empty()) {
        return Err(usage("--cloudbox-id is not supported: a CloudBox has no vector buckets")
            .advise("remove --cloudbox-id"));
    }
    for (flag, value) in
        [("--output-query", &ossutil.output_query), ("--output-properties", &ossutil.output_properties)]
    {
        if value.is_some() && form == CommandForm::Own {
            return Err(usage(format!("{flag} works only with ossvec vectors-api"))
                .advise("use --output-format json, and jq to extract values"));
        }
    }
    Ok(exposed_options(global).into_iter().collect())
}

/// A warning about secrets on the command line.
fn exposed_options(global: &Global) -> Option<String> {
    let is_given =
        |setting: &&Setting| secret_of(global, setting).is_some_and(|value| setting.is_secret(value));
    let given: Vec<_> = setting::secret_options().filter(is_given).collect();
    let options: Vec<_> = given.iter().map(|setting| setting.option()).collect();
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    let variables: Vec<_> = given.iter().filter_map(|setting| setting.variables().first().copied()).collect();
    (!given.is_empty()).then(|| {
        let (options, variables) = (listed(&options, "and"), listed(&variables, "and"));
        format!("other users of this machine can see {options} in ps; set {variables} instead")
    })
}

/// The value of a secret setting on the command line.
fn secret_of<'a>(global: &'a Global, setting: &Setting) -> Option<&'a str> {
    let secret = match *setting {
        ACCESS_KEY_SECRET => &global.access_key_secret,
        STS_TOKEN => &global.sts_token,
        PROXY => &global.proxy,
        _ => return None,
    };
    secret.as_ref().map(Secret::expose)
}

/// Resolves a load.
pub(crate) fn load(
    (arguments, form): (&PutVectors, CommandForm),
    global: &Global,
    environment: &Environment,
    command_line: &CommandLine,
) -> Result<Load, Failure> {
    let PutVectors { to, reading, sending, reporting, .. } = arguments;
    check_local(to, global)?;
    check_resume(reporting)?;
    let (expanded, fields) = (named_inputs(arguments)?, fields(reading)?);
    touched::check_named(arguments, &expanded, (global, environment))?;
    let quota = Quota { requests: sending.requests_per_second.0, vectors: sending.vectors_per_second.0 };
    let limits = Limits { vectors: batch_size(sending.batch_size, quota), bytes: sending.batch_bytes.0 };
    let sources = sources_of(arguments, global, environment)?;
    let as_found = logging::LogAsFound::find(&sources)?;
    let log = as_found.clone().settings();
    let has_service = to.local && !sending.dry_run;
    let local = has_service.then(|| local::options(to.data_dir.as_deref(), quota)).transpose()?;
    let outputs = touched::check(arguments, &expanded, &sources, &log, local.as_ref())?;
    let is_cloud = !sending.dry_run && !to.local;
    let cloud = is_cloud.then(|| cloud(to, &sources)).transpose()?;
    let bucket = match &cloud {
        Some(service) => service.bucket.clone(),
        None => bucket_without_service(to, &sources),
    };
    let is_named = to.index_name.is_some() || !to.local;
    let index_name = to.index_name.clone().or_else(|| to.local.then(|| index_name_for(None, None)));
    let (bucket, index_name) = names(bucket, index_name, sending.dry_run)?;
    check_index(to, sending.dry_run)?;
    let content_md5 = sending.content_md5 != ContentMd5::Never;
    let service = written_to((cloud, has_service), &bucket, &sources, content_md5)?;
    let (asked, not_asked) = asked(to, sending, (global, environment));
    let (service, asked) = if sending.check { (None, service) } else { (service, asked) };
    outputs.check_apart_from(&touched::read_by_credential(service.as_ref().or(asked.as_ref())))?;
    let output = output(reporting, form, &log.destination)?;
    let (quiet, log) = telling::quiet(global.quiet, output, as_found)?;
    let input_form = input_form(arguments)?;
    let named = expanded.named.clone();
    let Selection { list: inputs, notes, skipped, passed_over } = inputs(expanded, &input_form, arguments)?;
    let index_name = if is_named { index_name } else { index_name_for(named.first(), inputs.first()) };
    let data = local.as_ref().and_then(|local| local.data.as_deref());
    let place = service.as_ref().map(|service| place_of(&service.options, data, &index_name));
    let index_of_first = (!is_named).then_some(index_name.as_str());
    let from_list = continuing::from_list(arguments, &named, command_line, index_of_first);
    let keep = keep(arguments, place.unwrap_or_default(), command_line, from_list)?;
    let telling = Telling {
        quiet,
        bucket,
        index_name: index_name.clone(),
        notes: notes.into_iter().chain(not_asked).collect(),
        skipped_inputs: skipped,
        passed_over,
        ..telling(arguments, global, environment, (&inputs, &log))?
    };
    let job = Job {
        form: input_form,
        fields: fields.of_inputs(inputs.len()),
        strict: reading.strict,
        metadata_values: metadata_values(reading.metadata_values),
        lint: lint::mode(reading, &sources)?,
        wanted: wanted(to, index_name),
        client: None,
        rehearse: asked::rehearse(arguments, command_line, &telling),
        limits,
        quota,
        jobs: usize::from(sending.job),
        memory: sending.memory.0,
        budget: budget(sending, sources.retry_times()?.value),
        verify: read_back(sending.verify),
        content_md5,
        sample: None,
        bounds: bounds(reading, sending),
        keep,
        telling,
        inputs,
    };
    Ok(Load { job, service, asked, local, output, log })
}

/// The service that a load writes to, if it writes: the cloud service, or the one inside this command.
fn written_to(
    (cloud, has_local): (Option<ServiceAsFound>, bool),
    bucket: &str,
    sources: &Sources<'_>,
    content_md5: bool,
) -> Result<Option<ServiceSettings>, Failure> {
    let service = match cloud {
        Some(cloud) => Some(cloud.settings(bucket, sources)?),
        None if has_local => Some(local::service(bucket, sources)?),
        None => None,
    };
    Ok(service.map(|service| service.with_content_md5(content_md5)))
}

/// The sources of a load's settings. A load without the cloud service takes nothing from the file.
fn sources_of<'a>(
    PutVectors { to, sending, .. }: &PutVectors,
    global: &'a Global,
    environment: &'a Environment,
) -> Result<Sources<'a>, Failure> {
    if to.local || sending.dry_run {
        return Ok(Sources::without_file(global, environment));
    }
    Sources::read(global, environment, to.bucket.as_deref())
}

/// Resolves a verification.
pub(crate) fn verify(
    arguments: &Verify,
    global: &Global,
    environment: &Environment,
    command_line: &CommandLine,
) -> Result<Load, Failure> {
    let of_load = verify::of_load(arguments)?;
    let mut load = load((&of_load, CommandForm::Own), global, environment, command_line)?;
    verify::only_read(&mut load.job, arguments.sample);
    Ok(load)
}

/// Refuses a local load that names another service.
fn check_local(to: &To, global: &Global) -> Result<(), Failure> {
    if to.local && (global.endpoint.is_some() || global.region.is_some() || global.account_id.is_some()) {
        return Err(usage("--local cannot be used with --endpoint, --region or --account-id")
            .advise("remove them: the local service has its own"));
    }
    Ok(())
}

/// The cloud service, as far as its location is given.
fn cloud(to: &To, sources: &Sources<'_>) -> Result<ServiceAsFound, Failure> {
    let service = ServiceAsFound::find(sources, to.bucket.as_ref())?;
    missing::none_missing(service, to, sources)
}

/// The bucket of a load that does not need the cloud service.
fn bucket_without_service(to: &To, sources: &Sources<'_>) -> Option<Found> {
    let by_flag = |value: String| Found { value, origin: Origin::Flag(BUCKET.option()) };
    let of_url = || {
        let (_, target) = from_bucket_url(&sources.endpoint()?.value)?;
        Some(Found { value: target.bucket, origin: Origin::Endpoint })
    };
    let local = || to.local.then(|| Found::usual(LOCAL_BUCKET.to_owned()));
    to.bucket.clone().map(by_flag).or_else(local).or_else(of_url)
}

/// The configuration file and the profile that `config init` writes.
pub(crate) fn place(global: &Global, environment: &Environment) -> Result<(PathBuf, String), Failure> {
    let path = config_file(global, environment).ok_or_else(|| {
        Failure::new(ErrorCode::MissingSetting, "cannot find a home directory for this user")
            .advise("choose a file with -c")
    })?;
    let profile = profile_name(global, environment).map_or_else(|| "default".to_owned(), |name| name.value);
    if profile.contains(['[', ']', '\n', '\r']) || profile != profile.trim() {
        return Err(usage(format!("invalid value {profile:?} for --profile: not a valid section name"))
            .advise("choose a name without brackets or surrounding whitespace"));
    }
    Ok((path.value, profile))
}

/// The format that `config show` prints in.
pub(crate) fn show_format(format: OutputFormat) -> Result<OutputFormat, Failure> {
    telling::own_format(format)
}

/// The log of a local service with these options.
pub(crate) fn serve_log(
    options: &local_service::Options,
    global: &Global,
    environment: &Environment,
) -> Result<Log, Failure> {
    let log = logging::LogAsFound::find(&Sources::without_file(global, environment))?.settings();
    touched::written_by_service(global, &log, options).check()?;
    Ok(log)
}

/// Resolves where to list the indexes of a bucket, which must be in the cloud service.
pub(crate) fn listing(
    to: &To,
    global: &Global,
    environment: &Environment,
) -> Result<ServiceSettings, Failure> {
    if to.local {
        return Err(usage("cannot list the indexes of --local"));
    }
    let sources = Sources::read(global, environment, to.bucket.as_deref())?;
    let service = ServiceAsFound::find(&sources, to.bucket.as_ref())?;
    let bucket = checked_bucket(service.bucket.clone())?;
    service.settings(&bucket, &sources)
}

/// Resolves where to look at a bucket, with the settings of a load into it.
pub(crate) fn trial(
    bucket: &str,
    global: &Global,
    environment: &Environment,
) -> Result<ServiceSettings, Failure> {
    let sources = Sources::read(global, environment, Some(bucket))?;
    let service = ServiceAsFound::find(&sources, Some(&bucket.to_owned()))?;
    let bucket = checked_bucket(service.bucket.clone())?;
    service.settings(&bucket, &sources)
}

/// Resolves the local service.
pub(crate) fn serve(arguments: &Serve, global: &Global) -> Result<local_service::Options, Failure> {
    let quota = Quota { requests: arguments.requests_per_second.0, vectors: arguments.vectors_per_second.0 };
    let usual = local::options(arguments.data_dir.as_deref(), quota)?;
    let faults = arguments.fault.iter().map(|spec| {
        local_service::fault::Fault::parse(spec)
            .map_err(|error| usage(format!("invalid value {spec:?} for --fault: {error}")))
    });
    let given = |flag: Option<&String>, usual: String| flag.cloned().unwrap_or(usual);
    Ok(local_service::Options {
        access_key_id: given(global.access_key_id.as_ref(), usual.access_key_id),
        access_key_secret: global.access_key_secret.clone().unwrap_or(usual.access_key_secret),
        region: given(global.region.as_ref(), usual.region),
        account: given(global.account_id.as_ref(), usual.account),
        latency: arguments.latency.0,
        faults: faults.collect::<Result<_, _>>()?,
        ..usual
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};
    use crate::oss::credential::Role;
    use crate::setting::{ACCESS_KEY_ID, Effect, Fallback, ROLE_SESSION_NAME};
    use crate::testing::{Directory, printed};

    /// A load with all settings that the service needs.
    const WHOLE: &str = "put-vectors a --bucket bkt --index-name i --region r --account-id 1 -i i -k s";

    /// The error for a command line, which may begin with variables: `OSS_REGION=r put-vectors a`.
    fn refused(line: &str) -> String {
        let words = shlex::split(line).unwrap();
        let is_variable = |word: &&String| word.starts_with(char::is_uppercase) && word.contains('=');
        let variables = words.iter().take_while(is_variable).filter_map(|word| word.split_once('='));
        let home = [("HOME", "/no/such/home")];
        let variables: Environment = home
            .into_iter()
            .chain(variables)
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let arguments = words.iter().skip_while(is_variable).map(String::as_str);
        let Cli { global, command } = Cli::try_parse_from(["ossvec"].into_iter().chain(arguments)).unwrap();
        let line = CommandLine::new(Vec::new());
        let refused = warnings(&global, CommandForm::Own).err().or_else(|| match &command {
            Command::PutVectors(load) => {
                self::load((load, CommandForm::Own), &global, &variables, &line).err()
            }
            Command::Verify(verify) => self::verify(verify, &global, &variables, &line).err(),
            Command::Serve(serve) => self::serve(serve, &global).err(),
            _ => place(&global, &variables).err(),
        });
        printed(refused)
    }

    /// The errors for several command lines.
    pub(super) fn all_refused<const N: usize>(lines: [&str; N]) -> String {
        lines.map(refused).join("\n")
    }

    /// The errors for complete loads with these additional options.
    pub(super) fn all_refused_with<const N: usize>(options: [&str; N]) -> String {
        options.map(|options| refused(&format!("{WHOLE} {options}"))).join("\n")
    }

    /// The errors for loads whose configuration file has one of these lines.
    pub(super) fn all_refused_by_file<const N: usize>(lines: [&str; N]) -> String {
        let directory = Directory::new();
        let refused = lines.map(|line| {
            let path = directory.write("conf", format!("[default]\n{line}\n")).display().to_string();
            refused(&format!("put-vectors a --bucket bkt --index-name i -c {path}")).replace(&path, "conf")
        });
        refused.join("\n")
    }

    #[test]
    fn what_an_option_cannot_be_is_told_with_what_to_do() {
        let of_load = all_refused_with([
            "--sign-version v1",
            "--cloudbox-id cb-1",
            "--output-query a",
            "--output-properties a",
            "--local",
            "--create-index",
            "--non-filterable-metadata-keys a-b",
        ]);
        insta::assert_snapshot!(of_load, @r#"
        --sign-version v1 is not supported: vector requests are always signed with v4
            remove --sign-version
        --cloudbox-id is not supported: a CloudBox has no vector buckets
            remove --cloudbox-id
        --output-query works only with ossvec vectors-api
            use --output-format json, and jq to extract values
        --output-properties works only with ossvec vectors-api
            use --output-format json, and jq to extract values
        --local cannot be used with --endpoint, --region or --account-id
            remove them: the local service has its own
        --create-index requires --distance-metric cosine or euclidean
        invalid value "a-b" for --non-filterable-metadata-keys: a non-filterable metadata key can contain only letters, digits and underscores
        "#);
        let others =
            all_refused(["serve --fault status", "serve --fault hang,op=Put", "config init --profile 'a]'"]);
        insta::assert_snapshot!(others, @r#"
        invalid value "status" for --fault: status requires a value
        invalid value "hang,op=Put" for --fault: invalid value "Put" for op: expected an operation such as PutVectors
        invalid value "a]" for --profile: not a valid section name
            choose a name without brackets or surrounding whitespace
        "#);
    }

    #[test]
    fn secrets_on_the_command_line_are_warned_of_with_the_variables_to_use() {
        let warned = |words: &[&str]| {
            let line = ["ossvec", "config", "show"].into_iter().chain(words.iter().copied());
            warnings(&Cli::try_parse_from(line).unwrap().global, CommandForm::Own).unwrap().join("\n")
        };
        let all = ["-i", "i", "-k", "s", "-t", "t", "--proxy", "http://me:hush@h"];
        insta::assert_snapshot!(warned(&all), @"
        other users of this machine can see --access-key-secret, --sts-token and --proxy in ps; set OSS_ACCESS_KEY_SECRET, OSS_SESSION_TOKEN and HTTPS_PROXY instead
        ");
        assert_eq!(warned(&["-i", "i", "--proxy", "http://h"]), "");
    }

    #[test]
    fn what_the_help_calls_a_default_is_the_default() {
        let local = local_service::Options::default();
        for (setting, default) in [
            (ACCESS_KEY_ID, local.access_key_id.as_str()),
            (ACCESS_KEY_SECRET, local.access_key_secret.expose()),
            (setting::REGION, &local.region),
            (setting::ACCOUNT_ID, &local.account),
        ] {
            assert!(matches!(setting.serve, Effect::Own(_, told) if told == default), "{setting:?}");
        }
        let session = Role::new("arn", None).session_name;
        assert!(matches!(ROLE_SESSION_NAME.fallback, Fallback::Value(told) if told == session));
    }
}
