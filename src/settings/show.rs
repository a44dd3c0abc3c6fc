//! `config show`: every value that a load would use, and its origin, determined by the same code as in a load.

use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;

use super::credential;
use super::environment::Environment;
use super::logging::LogAsFound;
use super::service::ServiceAsFound;
use super::sources::{Found, Origin, Sources, config_file, profile_name, usual};
use crate::cli::{ConfigShow, Global};
use crate::exit::Failure;
use crate::oss::endpoint::Addressing;
use crate::oss::network::Proxy;
use crate::oss::secret::Secret;
use crate::setting::{
    ACCESS_KEY_ID, ACCESS_KEY_SECRET, ACCOUNT_ID, ADDRESSING_STYLE, BUCKET, CA_BUNDLE, CONFIG_FILE,
    CONNECT_TIMEOUT, ENDPOINT, LOG_FILE, LOGLEVEL, MODE, PROFILE, PROXY, READ_TIMEOUT, REGION, RETRY_TIMES,
    ROLE_ARN, ROLE_SESSION_NAME, SKIP_VERIFY_CERT, STS_TOKEN, Setting,
};
use crate::shown::visible;

/// A setting as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Shown {
    /// Its key in the file, which is also its flag.
    pub name: &'static str,
    /// Its value; `None` if it is not set and has no default.
    pub value: Option<String>,
    /// Its origin: flag, variable, file, vendor, endpoint or default.
    pub origin: Option<&'static str>,
    /// Which flag, variable, or file and section; for a credential that is not available, why.
    pub from: Option<String>,
}

/// Determines every setting.
pub(crate) fn show(
    arguments: &ConfigShow,
    global: &Global,
    environment: &Environment,
) -> Result<Vec<Shown>, Failure> {
    let sources = Sources::read(global, environment, arguments.bucket.as_deref())?;
    let service = ServiceAsFound::find(&sources, arguments.bucket.as_ref())?;
    let connection = service.connection;
    let log = LogAsFound::find(&sources)?;
    let mode = global.mode.and_then(|mode| Some(mode.to_possible_value()?.get_name().to_owned()));
    let text = |flag: &Option<String>, setting| (setting, sources.find(flag.as_deref(), setting));
    let secret =
        |flag: &Option<Secret>, setting| (setting, sources.find(flag.as_ref().map(Secret::expose), setting));
    let token = credential::token(&sources);
    let retries = sources.retry_times()?;
    let file = config_file(global, environment);
    let found = [
        (&CONFIG_FILE, file.map(|found| found.map(|path| path.display().to_string()))),
        (&PROFILE, Some(profile_name(global, environment).unwrap_or_else(|| usual(&PROFILE)))),
        (&MODE, sources.find(mode.as_deref(), &MODE)),
        text(&global.access_key_id, &ACCESS_KEY_ID),
        secret(&global.access_key_secret, &ACCESS_KEY_SECRET),
        (&STS_TOKEN, token),
        text(&global.role_arn, &ROLE_ARN),
        text(&global.role_session_name, &ROLE_SESSION_NAME),
        (&BUCKET, service.bucket),
        (&REGION, service.region),
        (&ACCOUNT_ID, service.account),
        (&ENDPOINT, service.endpoint.map(|found| found.map(|endpoint| endpoint.to_string()))),
        (&ADDRESSING_STYLE, service.addressing.map(|found| found.map(style))),
        (&CONNECT_TIMEOUT, Some(connection.connect_timeout.map(|timeout| seconds(timeout.0)))),
        (&READ_TIMEOUT, Some(connection.read_timeout.map(|timeout| seconds(timeout.0)))),
        (&RETRY_TIMES, Some(retries.map(|times| times.to_string()))),
        (&PROXY, Some(connection.proxy.map(proxy))),
        (&CA_BUNDLE, connection.ca_bundle.map(|found| found.map(|path| path.display().to_string()))),
        (&SKIP_VERIFY_CERT, Some(connection.skip_verify_cert.map(|skip| skip.to_string()))),
        (&LOGLEVEL, Some(log.level.map(|level| level.to_string()))),
        (&LOG_FILE, log.file),
    ];
    let mut rows: Vec<_> = found.into_iter().map(|(setting, found)| of_setting(setting, found)).collect();
    let credential = match credential::find(&sources) {
        Ok(found) => row("credential", Some(found.map(|recipe| recipe.to_string()))),
        Err(failure) => Shown { from: Some(failure.message), ..row("credential", None) },
    };
    let before = rows.iter().position(|row| row.name == MODE.name);
    rows.insert(before.unwrap_or(rows.len()), credential);
    Ok(rows)
}

/// A setting with its secrets masked.
fn of_setting(setting: &Setting, found: Option<Found>) -> Shown {
    row(setting.name, found.map(|found| found.map(|value| setting.masked(&value))))
}

fn row(name: &'static str, found: Option<Found>) -> Shown {
    let (value, origin) = found.map(|found| (found.value, found.origin)).unzip();
    let from = origin.as_ref().filter(|origin| !matches!(origin, Origin::Default | Origin::Endpoint));
    Shown { name, value, from: from.map(ToString::to_string), origin: origin.as_ref().map(Origin::kind) }
}

fn style(addressing: Addressing) -> String {
    match addressing {
        Addressing::Virtual => "virtual",
        Addressing::Path => "path",
    }
    .to_owned()
}

fn proxy(proxy: Proxy) -> String {
    match proxy {
        Proxy::None => "none".to_owned(),
        Proxy::Environment => "env".to_owned(),
        Proxy::Url(url) => url.expose().to_owned(),
    }
}

fn seconds(time: Duration) -> String {
    format!("{}s", time.as_secs_f64())
}

/// The settings as lines for people, one per setting, optionally with their origins.
pub(crate) fn lines(shown: &[Shown], with_origin: bool) -> String {
    fn value(row: &Shown) -> &str {
        row.value.as_deref().unwrap_or("-")
    }
    let names = shown.iter().map(|row| row.name.len()).max().unwrap_or(0);
    let values = shown.iter().map(|row| value(row).chars().count()).max().unwrap_or(0);
    shown
        .iter()
        .map(|row| {
            let from = row.from.as_deref().or(row.origin).unwrap_or("not set");
            let line = if with_origin {
                format!("{:names$}  {:values$}  {from}", row.name, value(row))
            } else {
                format!("{:names$}  {}", row.name, value(row))
            };
            visible(line.trim_end()) + "\n"
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command, ConfigCommand};
    use crate::setting::{self, Flag};
    use clap::Parser;

    #[test]
    fn every_setting_is_one_line_with_its_origin() {
        let words =
            ["ossvec", "config", "show", "-c", "/dev/null", "--proxy", "http://me:hush@h", "-k", "hush"];
        let cli = Cli::try_parse_from(words).unwrap();
        let Command::Config(crate::cli::Config { command: ConfigCommand::Show(arguments) }) = &cli.command
        else {
            panic!("{:?}", cli.command);
        };
        let variables = [("OSS_ACCESS_KEY_ID", "id"), ("OSS_REGION", "cn-hangzhou")];
        let environment = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let shown = show(arguments, &cli.global, &environment).unwrap();
        insta::assert_snapshot!(lines(&shown, true), @"
        config-file        /dev/null                                     --config-file
        profile            default                                       default
        credential         an access key                                 OSS_ACCESS_KEY_ID
        mode               -                                             not set
        access-key-id      id                                            OSS_ACCESS_KEY_ID
        access-key-secret  ***                                           --access-key-secret
        sts-token          -                                             not set
        role-arn           -                                             not set
        role-session-name  -                                             not set
        bucket             -                                             not set
        region             cn-hangzhou                                   OSS_REGION
        account-id         -                                             not set
        endpoint           https://cn-hangzhou.oss-vectors.aliyuncs.com  default
        addressing-style   virtual                                       default
        connect-timeout    10s                                           default
        read-timeout       20s                                           default
        retry-times        100                                           default
        proxy              http://***@h                                  --proxy
        ca-bundle          -                                             not set
        skip-verify-cert   false                                         default
        loglevel           off                                           default
        log-file           -                                             not set
        ");
    }

    #[test]
    fn every_setting_of_the_table_that_can_be_configured_is_shown_in_its_order() {
        let cli = Cli::try_parse_from(["ossvec", "config", "show", "-c", "/dev/null"]).unwrap();
        let Command::Config(crate::cli::Config { command: ConfigCommand::Show(arguments) }) = &cli.command
        else {
            panic!("{:?}", cli.command);
        };
        let shown = show(arguments, &cli.global, &Environment::new()).unwrap();
        let shown: Vec<_> = shown.iter().map(|row| row.name).filter(|name| *name != "credential").collect();
        let is_shown = |setting: &&Setting| {
            setting.flag == Flag::Global && setting.is_configurable() || **setting == BUCKET
        };
        let table: Vec<_> = setting::ALL.into_iter().filter(is_shown).map(|setting| setting.name).collect();
        assert_eq!(shown, table);
    }
}
