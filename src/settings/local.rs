//! The local service inside a load.

use std::path::Path;

use super::check::usage;
use super::connection::Connection;
use super::service::ServiceSettings;
use super::sources::Sources;
use crate::call::Quota;
use crate::exit::{ErrorCode, Failure};
use crate::local_service;
use crate::oss::endpoint::{Endpoint, Target};
use crate::oss::secret::Credential;

/// Its options for a load.
pub(super) fn options(data: Option<&Path>, quota: Quota) -> Result<local_service::Options, Failure> {
    let data = match data {
        Some(data) => data.to_owned(),
        None => dirs::data_dir().map(|data| data.join("ossvec")).ok_or_else(|| {
            Failure::new(ErrorCode::MissingSetting, "cannot find a data directory for this user")
                .advise("choose one with --data-dir")
        })?,
    };
    let limited = |rate: f64| if rate.is_finite() { rate } else { 0.0 };
    Ok(local_service::Options {
        data: Some(data),
        requests_per_second: limited(quota.requests),
        vectors_per_second: limited(quota.vectors),
        ..local_service::Options::default()
    })
}

/// The service inside this command; its address is known once it is listening.
pub(super) fn service(bucket: &str, sources: &Sources<'_>) -> Result<ServiceSettings, Failure> {
    let local = local_service::Options::default();
    let endpoint = Endpoint::parse(None, &local.region).map_err(|error| usage(error.to_string()))?;
    let credential = Credential {
        access_key_id: local.access_key_id,
        secret: local.access_key_secret,
        security_token: None,
        expires_at: None,
    };
    let target = Target { bucket: bucket.to_owned(), account: local.account, region: local.region };
    let options = Connection::find(sources)?.options(endpoint, target)?;
    Ok(ServiceSettings { options, credential: Box::new(credential), remarks: Vec::new() })
}
