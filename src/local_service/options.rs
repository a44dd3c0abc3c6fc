//! The options of a local service.

use std::path::PathBuf;
use std::time::Duration;

use super::door::ClientLimits;
use super::fault::Fault;
use crate::oss::limits;
use crate::oss::secret::Secret;

/// The options of a local service.
#[derive(Clone, Debug)]
pub struct Options {
    /// Directory of the data file; `None` to keep the data in memory.
    pub data: Option<PathBuf>,
    /// The only access key that is accepted.
    pub access_key_id: String,
    /// Its secret.
    pub access_key_secret: Secret,
    /// The region that requests must be signed for.
    pub region: String,
    /// The account that all buckets belong to, all digits.
    pub account: String,
    /// Maximum `PutVectors` requests in any second; 0 for no limit.
    pub requests_per_second: f64,
    /// Maximum vectors in the `PutVectors` requests of any second; 0 for no limit. A larger batch never succeeds.
    pub vectors_per_second: f64,
    /// How long every answer is delayed.
    pub latency: Duration,
    /// Scripted faults.
    pub faults: Vec<Fault>,
    /// Whether [`Seen`](super::statistics::Seen) has the keys of each batch, which takes memory.
    pub log_keys: bool,
    /// The limits for its clients.
    pub limits: ClientLimits,
}

impl Default for Options {
    /// A service in memory with the access key `local`/`local` and the documented quota.
    fn default() -> Self {
        Self {
            data: None,
            access_key_id: "local".to_owned(),
            access_key_secret: Secret::new("local"),
            region: "cn-hangzhou".to_owned(),
            account: "1234567890".to_owned(),
            requests_per_second: limits::PUT_REQUESTS_PER_SECOND,
            vectors_per_second: limits::PUT_VECTORS_PER_SECOND,
            latency: Duration::ZERO,
            faults: Vec::new(),
            log_keys: false,
            limits: ClientLimits::default(),
        }
    }
}
