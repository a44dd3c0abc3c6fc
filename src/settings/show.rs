//! `config show`: every value that a load would use, and where it comes from, by the code that a load uses.

use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;

use super::connection::without_password;
use super::credential;
use super::environment::Environment;
use super::logging::Log;
use super::service::Service;
use super::sources::{Found, Origin, Sources, config_file, profile_name};
use crate::cli::{ConfigShow, Global};
use crate::exit::Failure;
use crate::oss::endpoint::Addressing;
use crate::oss::network::Proxy;
use crate::oss::secret::Secret;
use crate::shown::visible;

/// A setting as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// Its key in the file, which is its flag too.
    pub name: &'static str,
    /// Its value; `None` if nobody has said it and there is nothing usual.
    pub value: Option<String>,
    /// Where it comes from: flag, variable, file, vendor, endpoint or default.
    pub origin: Option<&'static str>,
    /// Which flag, which variable, which file and section; of a credential that cannot be had, why not.
    pub from: Option<String>,
}

/// What is shown in the place of a secret.
const MASK: &str = "***";

/// Finds out every setting.
pub fn show(
    arguments: &ConfigShow,
    global: &Global,
    environment: &Environment,
) -> Result<Vec<Shown>, Failure> {
    let sources = Sources::read(global, environment, arguments.bucket.as_deref())?;
    let service = Service::find(&sources, arguments.bucket.as_ref())?;
    let connection = service.connection;
    let log = Log::find(&sources)?;
    let mode = global.mode.and_then(|mode| Some(mode.to_possible_value()?.get_name().to_owned()));
    let profile = profile_name(global, environment).unwrap_or_else(|| Found::usual("default".to_owned()));
    let secret = |flag: Option<&Secret>, variable, key| {
        let found = sources.find(flag.map(Secret::expose), Some(variable), key);
        found.map(|found| found.map(|_| MASK.to_owned()))
    };
    Ok(vec![
        row(
            "config-file",
            config_file(global, environment).map(|found| found.map(|path| path.display().to_string())),
        ),
        row("profile", Some(profile)),
        match credential::find(&sources) {
            Ok(found) => row("credential", Some(found.map(|recipe| recipe.to_string()))),
            Err(failure) => Shown { from: Some(failure.message), ..row("credential", None) },
        },
        row("mode", sources.find(mode.as_deref(), None, "mode")),
        row(
            "access-key-id",
            sources.find(global.access_key_id.as_deref(), Some("OSS_ACCESS_KEY_ID"), "access-key-id"),
        ),
        row(
            "access-key-secret",
            secret(global.access_key_secret.as_ref(), "OSS_ACCESS_KEY_SECRET", "access-key-secret"),
        ),
        row("sts-token", credential::token(&sources).map(|found| found.map(|_| MASK.to_owned()))),
        row("role-arn", sources.find(global.role_arn.as_deref(), Some("OSS_ROLE_ARN"), "role-arn")),
        row(
            "role-session-name",
            sources.find(
                global.role_session_name.as_deref(),
                Some("OSS_ROLE_SESSION_NAME"),
                "role-session-name",
            ),
        ),
        row("bucket", service.bucket),
        row("region", service.region),
        row("account-id", service.account),
        row("endpoint", service.endpoint.map(|found| found.map(|endpoint| endpoint.to_string()))),
        row("addressing-style", service.addressing.map(|found| found.map(style))),
        row("connect-timeout", Some(connection.connect_timeout.map(|timeout| seconds(timeout.0)))),
        row("read-timeout", Some(connection.read_timeout.map(|timeout| seconds(timeout.0)))),
        row("retry-times", Some(sources.retry_times()?.map(|times| times.to_string()))),
        row("proxy", Some(connection.proxy.map(proxy))),
        row("ca-bundle", connection.ca_bundle.map(|found| found.map(|path| path.display().to_string()))),
        row("skip-verify-cert", Some(connection.skip_verify_cert.map(|skip| skip.to_string()))),
        row("loglevel", Some(log.level.map(|level| level.to_string()))),
        row("log-file", log.file),
    ])
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
        Proxy::Url(url) => without_password(url.expose()),
    }
}

fn seconds(time: Duration) -> String {
    format!("{}s", time.as_secs_f64())
}

/// The settings as lines for people, one a setting, perhaps with where each comes from.
pub fn lines(shown: &[Shown], with_origin: bool) -> String {
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
