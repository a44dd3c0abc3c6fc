//! The cloud service: which host, bucket, account and region.

use super::check::{check_account, check_region, unquoting, usage};
use super::connection::Connection;
use super::sources::{Found, Origin, Sources};
use super::{credential, exposed, vendor};
use crate::exit::{ErrorCode, Failure};
use crate::oss::client::{self, Client};
use crate::oss::credential::{Credentials, Source};
use crate::oss::endpoint::{
    Addressing, Endpoint, EndpointError, Target, from_bucket_url, of_objects, region_of,
};
use crate::oss::network::Proxy;
use crate::put::report::notice::Severity;
use crate::setting::{ACCOUNT_ID, BUCKET, ENDPOINT, REGION};

/// The service settings from flags, variables and the file; missing ones are `None`.
pub(super) struct ServiceAsFound {
    pub(super) region: Option<Found>,
    pub(super) account: Option<Found>,
    pub(super) bucket: Option<Found>,
    /// Known if the region is known, or a host is given.
    pub(super) endpoint: Option<Found<Endpoint>>,
    pub(super) addressing: Option<Found<Addressing>>,
    pub(super) connection: Connection,
    /// Notes for everyone who reads the output.
    notes: Vec<String>,
}

/// How to reach the service, and with which credential.
pub(crate) struct ServiceSettings {
    pub(super) options: client::ClientOptions,
    pub(super) credential: Box<dyn Source>,
    /// Remarks for everyone who reads the output.
    pub remarks: Vec<(Severity, String)>,
}

impl ServiceSettings {
    /// The same at a local service's own address.
    pub(crate) fn at(mut self, address: std::net::SocketAddr) -> Result<Self, Failure> {
        let endpoint = Endpoint::parse(Some(&format!("http://{address}")), &self.options.target.region);
        self.options.endpoint = endpoint.map_err(|error| usage(error.to_string()))?;
        self.options.network.proxy = Proxy::None;
        Ok(self)
    }

    /// The same with or without `Content-MD5` in its requests.
    pub(super) fn with_content_md5(mut self, content_md5: bool) -> Self {
        self.options.content_md5 = content_md5;
        self
    }

    /// Creates the client.
    pub(crate) fn client(self) -> Result<Client, Failure> {
        Client::new(self.options, Credentials::new(self.credential)).map_err(|error| {
            Failure::from_lines(ErrorCode::InvalidSetting, &format!("cannot create the HTTP client: {error}"))
        })
    }
}

/// The given host, and what it says about the service.
#[derive(Default)]
struct Host {
    /// The host to use: for a host for objects, the matching one for vectors.
    found: Option<Found>,
    endpoint: Option<Found<Endpoint>>,
    region: Option<Found>,
    /// From a bucket's whole URL.
    account: Option<Found>,
    note: Option<String>,
}

impl Host {
    fn find(sources: &Sources<'_>) -> Result<Self, Failure> {
        let Some(named) = sources.endpoint() else { return Ok(Self::default()) };
        let (found, note) = of_vectors(named)?;
        let says = |value: Option<String>| value.map(|value| Found { value, origin: Origin::Endpoint });
        let (endpoint, target) = from_bucket_url(&found.value).unzip();
        let endpoint = match endpoint {
            Some(endpoint) => endpoint,
            None => parsed(&found)?,
        };
        let region = target.as_ref().map(|target| target.region.clone());
        Ok(Self {
            endpoint: Some(Found { value: endpoint, origin: found.origin.clone() }),
            region: says(region.or_else(|| region_of(&found.value))),
            account: says(target.map(|target| target.account)),
            found: Some(found),
            note,
        })
    }

    /// A setting, unless the host gives a stronger one: a host on the command line overrides the region that the file
    /// has for other hosts.
    fn or_stronger(&self, given: Option<Found>, said: Option<&Found>) -> Option<Found> {
        let rank = self.found.as_ref().map_or(0, |host| host.origin.rank());
        match (&given, said) {
            (Some(given), Some(said)) if given.origin.rank() < rank => Some(said.clone()),
            _ => given.or_else(|| said.cloned()),
        }
    }

    /// The warning about a region that is not the host's.
    fn contradiction(&self, region: Option<&Found>) -> Option<String> {
        let (host, said, region) = (self.found.as_ref()?, self.region.as_ref()?, region?);
        (region.value != said.value).then(|| {
            format!(
                "the region is {} ({}), but the endpoint ({}) is in {} and refuses requests signed for another region",
                region.value, region.origin, host.origin, said.value
            )
        })
    }
}

impl ServiceAsFound {
    /// Reads all sources; invalid settings are errors, missing ones are not.
    pub(super) fn find(sources: &Sources<'_>, bucket: Option<&String>) -> Result<Self, Failure> {
        let global = sources.global;
        let host = Host::find(sources)?;
        let region = sources.find(global.region.as_deref(), &REGION);
        let region = host.or_stronger(region, host.region.as_ref());
        let account = sources.find(global.account_id.as_deref(), &ACCOUNT_ID);
        let account = host.or_stronger(account, host.account.as_ref());
        for (setting, found, check) in [
            (&REGION, &region, check_region as fn(&str) -> Result<(), Failure>),
            (&ACCOUNT_ID, &account, check_account),
        ] {
            if let Some(found) = found {
                check(&found.value)
                    .map_err(|failure| found.blamed(setting, unquoting(&found.value, failure)))?;
            }
        }
        let said = || Some(Found { value: sources.bucket.clone()?, origin: Origin::Endpoint });
        let named = bucket.filter(|bucket| !bucket.is_empty()).cloned();
        let bucket = named.map(|value| Found { value, origin: Origin::Flag(BUCKET.option()) });
        let notes = [host.note.clone(), host.contradiction(region.as_ref())].into_iter().flatten().collect();
        let endpoint = match (host.endpoint, &region) {
            (Some(endpoint), _) => Some(endpoint),
            (None, Some(region)) => Some(Found::usual(usual(region)?)),
            (None, None) => None,
        };
        let (endpoint, addressing) = addressed(endpoint, sources.addressing_style()?);
        let mut connection = Connection::find(sources)?;
        if endpoint.as_ref().is_some_and(|endpoint| endpoint.value.is_loopback()) {
            connection.proxy = Found::usual(Proxy::None);
        }
        Ok(Self { region, account, bucket: bucket.or_else(said), endpoint, addressing, connection, notes })
    }

    /// The complete settings for a load into `bucket`; missing ones are errors now.
    pub(super) fn settings(self, bucket: &str, sources: &Sources<'_>) -> Result<ServiceSettings, Failure> {
        // The region determines a host.
        let (Some(region), Some(endpoint)) = (self.region, self.endpoint) else {
            return Err(sources.missing(&REGION));
        };
        let account = self.account.ok_or_else(|| sources.missing(&ACCOUNT_ID))?;
        let Found { value: credential, origin } = credential::source(sources)?;
        let target = Target { bucket: bucket.to_owned(), account: account.value, region: region.value };
        let notes = self.notes.into_iter().chain(sources.unused_note(&origin));
        let verification = self.connection.warning(&endpoint.value);
        let vendor =
            if matches!(origin, Origin::Vendor(_)) { vendor::files(sources.environment) } else { Vec::new() };
        let exposed = sources.file.iter().chain(&vendor).filter_map(|path| exposed::warning(path));
        let warnings = verification.into_iter().chain(exposed).map(|text| (Severity::Warning, text));
        let remarks = notes.map(|text| (Severity::Note, text)).chain(warnings).collect();
        let options = self.connection.options(endpoint.value, target)?;
        Ok(ServiceSettings { options, credential, remarks })
    }
}

/// The host to use. Users with a configuration for ossutil have the host for objects there, which stands for the
/// region.
fn of_vectors(named: Found) -> Result<(Found, Option<String>), Failure> {
    parsed(&named)?;
    let Some((objects, vectors)) = of_objects(&named.value) else { return Ok((named, None)) };
    let is_flag = matches!(named.origin, Origin::Flag(_));
    match vectors.filter(|_| !is_flag) {
        Some(vectors) => {
            let note = format!("{objects} is an endpoint for objects; using {vectors} for vectors");
            Ok((named.map(|_| vectors), Some(note)))
        }
        None => Err(named.blamed(&ENDPOINT, is_of_objects(&named.value))),
    }
}

/// The failure for an endpoint for objects.
fn is_of_objects(endpoint: &str) -> Failure {
    let (objects, vectors) = of_objects(endpoint).unwrap_or_default();
    let failure =
        Failure::new(ErrorCode::Usage, format!("{objects} is an endpoint for objects, not for vectors"));
    failure.advise(match vectors {
        Some(vectors) => format!("use {vectors}"),
        None => "use REGION.oss-vectors.aliyuncs.com; vectors have no transfer acceleration".to_owned(),
    })
}

/// Checks that a text can be an endpoint.
pub(crate) fn check_endpoint(endpoint: &str) -> Result<(), Failure> {
    Endpoint::parse(Some(endpoint), "").map_err(|error| no_endpoint(&error))?;
    if of_objects(endpoint).is_some() { Err(is_of_objects(endpoint)) } else { Ok(()) }
}

fn parsed(found: &Found) -> Result<Endpoint, Failure> {
    let told = |error: EndpointError| unquoting(&found.value, no_endpoint(&error));
    Endpoint::parse(Some(&found.value), "").map_err(|error| found.blamed(&ENDPOINT, told(error)))
}

/// The region's public host.
fn usual(region: &Found) -> Result<Endpoint, Failure> {
    Endpoint::parse(None, &region.value).map_err(|error| region.blamed(&REGION, no_endpoint(&error)))
}

fn no_endpoint(error: &EndpointError) -> Failure {
    let failure = Failure::new(ErrorCode::Usage, error.to_string());
    match error {
        EndpointError::Rest { without, .. } => failure
            .advise(format!("use {without}; set the bucket and the index with --bucket and --index-name")),
        _ => {
            failure.advise("use a host such as cn-hangzhou.oss-vectors.aliyuncs.com, or remove the endpoint")
        }
    }
}

/// The endpoint with the requested addressing, and its actual addressing.
fn addressed(
    endpoint: Option<Found<Endpoint>>,
    style: Option<Found<Addressing>>,
) -> (Option<Found<Endpoint>>, Option<Found<Addressing>>) {
    let Some(endpoint) = endpoint else { return (None, None) };
    let endpoint = match &style {
        Some(style) => endpoint.map(|endpoint| endpoint.with_addressing(style.value)),
        None => endpoint,
    };
    let effective = endpoint.value.addressing();
    let asked = style.filter(|style| style.value == effective);
    (Some(endpoint), Some(asked.unwrap_or_else(|| Found::usual(effective))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::{all_refused, all_refused_by_file};

    #[test]
    fn an_endpoint_that_is_none_is_told_with_what_to_write() {
        let told = all_refused([
            "put-vectors a --bucket bkt --index-name i -e ftp://h",
            "put-vectors a --bucket bkt --index-name i -e https://h/path",
            "put-vectors a --bucket bkt --index-name i -e https://me:hush@h",
            "put-vectors a --bucket bkt --index-name i -e oss-cn-hangzhou.aliyuncs.com",
            "OSS_ENDPOINT=oss-accelerate.aliyuncs.com put-vectors a --bucket bkt --index-name i",
            "OSS_ENDPOINT='\"h\"' put-vectors a --bucket bkt --index-name i",
        ]);
        insta::assert_snapshot!(told, @r#"
        --endpoint: invalid scheme "ftp": expected http or https
            use a host such as cn-hangzhou.oss-vectors.aliyuncs.com, or remove the endpoint
        --endpoint: unexpected path after the host
            use https://h; set the bucket and the index with --bucket and --index-name
        --endpoint: it contains a user name or a password before an @
            use a host such as cn-hangzhou.oss-vectors.aliyuncs.com, or remove the endpoint
        --endpoint: oss-cn-hangzhou.aliyuncs.com is an endpoint for objects, not for vectors
            use cn-hangzhou.oss-vectors.aliyuncs.com
        OSS_ENDPOINT: oss-accelerate.aliyuncs.com is an endpoint for objects, not for vectors
            use REGION.oss-vectors.aliyuncs.com; vectors have no transfer acceleration
        OSS_ENDPOINT: invalid host "\"h\"": expected a host name or an IP address
            remove the quotation marks: set in cmd.exe and docker --env-file keep them
        "#);
        insta::assert_snapshot!(all_refused_by_file(["endpoint = h:port"]), @r#"
        endpoint in conf [default]: invalid port "port": expected 1 to 65535
            use a host such as cn-hangzhou.oss-vectors.aliyuncs.com, or remove the endpoint
        "#);
    }

    #[test]
    fn what_is_odd_about_an_endpoint_is_a_note() {
        let named = |value: &str, origin| Found { value: value.to_owned(), origin };
        let file = Origin::File { path: "conf".into(), section: "default".to_owned() };
        let (found, note) = of_vectors(named("https://oss-r.aliyuncs.com", file.clone())).unwrap();
        let host = Host { found: Some(found), region: Some(named("r", Origin::Endpoint)), ..Host::default() };
        let other = host.contradiction(Some(&named("s", Origin::Flag("--region".to_owned()))));
        insta::assert_snapshot!([note, other].map(Option::unwrap).join("\n"), @"
        oss-r.aliyuncs.com is an endpoint for objects; using r.oss-vectors.aliyuncs.com for vectors
        the region is s (--region), but the endpoint (conf [default]) is in r and refuses requests signed for another region
        ");
        assert_eq!(host.contradiction(Some(&named("r", file))), None);
    }
}
