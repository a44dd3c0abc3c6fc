//! `config init`: asks for the settings on a terminal and writes them to ossutil's configuration file.

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::cli::Global;
use crate::exit::{ErrorCode, Failure};
use crate::oss::endpoint::region_of;
use crate::oss::limits;
use crate::oss::regions::DOCUMENTED;
use crate::oss::secret::Secret;
use crate::private;
use crate::profile::edit::{has_profile, with_profile};
use crate::profile::{Profile, ProfileError};
use crate::setting::{ACCESS_KEY_ID, ACCESS_KEY_SECRET, ACCOUNT_ID, ENDPOINT, MODE, REGION, STS_TOKEN};
use crate::settings::{self, Environment};
use typed::{tell, typed};

mod typed;

/// The default endpoint as the prompt names it.
const USUAL_HOST: &str = "the region's public host";

/// What was written, and where.
pub(crate) struct Written {
    /// The file.
    pub path: PathBuf,
    /// The profile in it.
    pub profile: String,
}

/// Asks for the settings and writes one profile; the rest of the file stays as it is.
pub(crate) fn init(
    global: &Global,
    environment: &Environment,
    note: impl Fn(&str),
) -> Result<Written, Failure> {
    let (path, profile) = settings::place(global, environment)?;
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Failure::new(ErrorCode::Usage, "config init requires a terminal").advise(format!(
            "edit {} instead, or set variables such as {}",
            path.display(),
            REGION.variable().unwrap_or_default()
        )));
    }
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(unusable(&path, &error.to_string())),
    };
    let misread = |error: ProfileError| unusable(&path, &error.to_string()).advise(error.advice());
    let known = if has_profile(&text, &profile).map_err(misread)? {
        let known = Profile::read(&text, Some(&profile)).map_err(misread)?;
        let question = format!("{} already has the profile {profile}. Change it? [y/N] ", path.display());
        if !matches!(answer(&question)?.to_lowercase().as_str(), "y" | "yes") {
            return Err(nothing_written());
        }
        known
    } else {
        Profile::default()
    };
    let answers = ask(&known, note)?;
    let text = with_answers(&text, &profile, &answers).ok_or_else(|| {
        unusable(&path, "an answer cannot be stored in this format; remove any quotation marks from it")
    })?;
    write(&path, &text).map_err(|error| unusable(&path, &error.to_string()))?;
    Ok(Written { path, profile })
}

struct Answers {
    region: String,
    account: String,
    endpoint: Option<String>,
    access_key_id: String,
    secret: Secret,
}

fn ask(known: &Profile, note: impl Fn(&str)) -> Result<Answers, Failure> {
    let region = known.get(REGION.name).unwrap_or("cn-hangzhou");
    let region = question("Region", Some(region), settings::check_region)?;
    if !DOCUMENTED.contains(&region.as_str()) {
        note(&undocumented(&region));
    }
    let account = question(
        "Account ID (UID) of the bucket owner",
        known.get(ACCOUNT_ID.name),
        settings::check_account,
    )?;
    let endpoint = endpoint(known, &region)?;
    let access_key_id = question("Access key ID", known.get(ACCESS_KEY_ID.name), settings::check_key)?;
    let secret = secret(known.get(ACCESS_KEY_SECRET.name))?;
    Ok(Answers { region, account, endpoint, access_key_id, secret })
}

/// The message about a region that the documentation does not list.
fn undocumented(region: &str) -> String {
    format!(
        "the documentation lists no vector buckets in {region}, only in {}; a new region may be missing there",
        DOCUMENTED.join(", ")
    )
}

/// Asks for a bucket to try the settings with; the answer may be empty.
pub(crate) fn bucket_to_try() -> Result<Option<String>, Failure> {
    loop {
        let bucket = typed("Bucket to try this with [none]: ", true)?.unwrap_or_default();
        match limits::bucket_name(&bucket) {
            _ if bucket.is_empty() => return Ok(None),
            Ok(()) => return Ok(Some(bucket)),
            Err(rule) => tell(&format!("{bucket}: {rule}\n"))?,
        }
    }
}

/// Asks for the endpoint; `None` is the region's public host.
fn endpoint(known: &Profile, region: &str) -> Result<Option<String>, Failure> {
    // If the region has changed, a known host of the old region would be wrong.
    let fits = |host: &&str| {
        settings::check_endpoint(host).is_ok() && region_of(host).is_none_or(|of_host| of_host == region)
    };
    let host = known.get(ENDPOINT.name).filter(fits);
    let what = if host.is_some() { format!("Endpoint (- for {USUAL_HOST})") } else { "Endpoint".to_owned() };
    let is_usual = |answer: &str| answer == "-" || answer == USUAL_HOST;
    let check = |answer: &str| if is_usual(answer) { Ok(()) } else { settings::check_endpoint(answer) };
    let endpoint = question(&what, Some(host.unwrap_or(USUAL_HOST)), check)?;
    Ok(Some(endpoint).filter(|answer| !is_usual(answer)))
}

/// The text with the answers written into it; `None` if they do not read back as written.
fn with_answers(text: &str, profile: &str, answers: &Answers) -> Option<String> {
    let values = [
        (REGION.name, Some(answers.region.as_str())),
        (ACCOUNT_ID.name, Some(answers.account.as_str())),
        (ENDPOINT.name, answers.endpoint.as_deref()),
        (MODE.name, Some("AK")),
        (ACCESS_KEY_ID.name, Some(answers.access_key_id.as_str())),
        (ACCESS_KEY_SECRET.name, Some(answers.secret.expose())),
        // It belongs to an access key that has been replaced.
        (STS_TOKEN.name, None),
    ];
    let text = with_profile(text, profile, &values);
    let read = Profile::read(&text, Some(profile)).ok()?;
    let is_read_back = |(key, value): &(&str, Option<&str>)| value.is_none() || read.get(key) == *value;
    values.iter().all(is_read_back).then_some(text)
}

/// Asks until the answer is valid; an empty answer keeps the known value.
fn question(
    what: &str,
    known: Option<&str>,
    check: impl Fn(&str) -> Result<(), Failure>,
) -> Result<String, Failure> {
    let prompt = known.map_or_else(|| format!("{what}: "), |known| format!("{what} [{known}]: "));
    loop {
        let answer = answer(&prompt)?;
        let answer = if answer.is_empty() { known.unwrap_or_default().to_owned() } else { answer };
        if answer.is_empty() {
            continue;
        }
        match check(&answer) {
            Ok(()) => return Ok(answer),
            Err(failure) => complain(failure)?,
        }
    }
}

/// Asks for the secret without showing it.
fn secret(known: Option<&str>) -> Result<Secret, Failure> {
    let prompt = if known.is_some() { "Access key secret [unchanged]: " } else { "Access key secret: " };
    loop {
        let secret = typed(prompt, false)?.ok_or_else(nothing_written)?;
        match (secret.as_str(), known) {
            ("", Some(known)) => return Ok(Secret::new(known)),
            ("", None) => return Err(nothing_written()),
            (secret, _) => match settings::check_key(secret) {
                Ok(()) => return Ok(Secret::new(secret)),
                Err(failure) => complain(failure)?,
            },
        }
    }
}

fn answer(prompt: &str) -> Result<String, Failure> {
    typed(prompt, true)?.ok_or_else(nothing_written)
}

/// Reports what is wrong with an answer before the question is asked again.
fn complain(failure: Failure) -> Result<(), Failure> {
    let advice = failure.advice.map(|advice| format!("; {advice}")).unwrap_or_default();
    tell(&format!("{}{advice}\n", failure.message))
}

/// Writes the file completely or not at all; only its owner can read it, from the first byte on.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    // A symbolic link stays a link.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let beside = path.with_file_name(format!("{name}.{}", std::process::id()));
    let mut file = private::writing().create_new(true).open(&beside)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    let written = written.and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        fs::remove_file(&beside).unwrap_or_default();
    }
    written
}

fn unusable(path: &Path, why: &str) -> Failure {
    Failure::new(ErrorCode::InvalidSetting, format!("cannot use {}: {why}", path.display()))
        .advise(settings::another_file())
}

fn nothing_written() -> Failure {
    Failure::new(ErrorCode::MissingSetting, "nothing was written")
        .advise("use --profile NAME to add another profile")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::printed;

    #[test]
    fn a_file_that_cannot_be_written_is_told_with_how_to_name_another() {
        let failures = [unusable(Path::new("conf"), "is a directory"), nothing_written()];
        insta::assert_snapshot!(printed(failures), @"
        cannot use conf: is a directory
            choose another configuration file with -c (OSSUTIL_CONFIG_FILE)
        nothing was written
            use --profile NAME to add another profile
        ");
    }

    #[test]
    fn a_region_that_is_not_documented_is_a_note() {
        insta::assert_snapshot!(undocumented("r2"), @"the documentation lists no vector buckets in r2, only in cn-hangzhou, cn-shanghai, cn-qingdao, cn-beijing, cn-wulanchabu, cn-shenzhen, cn-hongkong, ap-southeast-1, ap-southeast-5, eu-central-1, us-west-1, us-east-1; a new region may be missing there");
        assert!(DOCUMENTED.iter().all(|region| settings::check_region(region).is_ok()));
    }
}
