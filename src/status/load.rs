//! A load as `status` shows it, to people and to scripts. Pure.

use std::time::Duration;

use serde::Serialize;

use crate::oss::time::Timestamp;
use crate::put::books::tracker::Settled;

/// The state of a load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// A run is in progress.
    Running,
    /// No run is in progress, and something is left to do.
    Stopped,
    /// Nothing is left to do.
    Complete,
    /// Its files cannot be read.
    #[default]
    Unreadable,
}

impl Standing {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Complete => "complete",
            Self::Unreadable => "unreadable",
        }
    }
}

/// What is known about a load. Unknown members are null.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Load {
    /// The name of its directory.
    pub(crate) name: String,
    /// The full path of its directory.
    pub(crate) directory: String,
    pub(crate) state: Standing,
    pub(crate) bucket: Option<String>,
    pub(crate) index_name: Option<String>,
    /// Whether the index is compared with the inputs: equal records count as stored, others as rejected.
    pub(crate) verify: bool,
    /// The service's endpoint; null for the local service.
    pub(crate) endpoint: Option<String>,
    /// The local service's data directory.
    pub(crate) local_data: Option<String>,
    /// The latest run.
    pub(crate) run_id: Option<String>,
    /// Its process, while it is running.
    pub(crate) process_id: Option<u32>,
    pub(crate) started_at: Option<String>,
    /// The time of the latest information.
    pub(crate) updated_at: Option<String>,
    /// When the latest run ended, if it reported that.
    pub(crate) finished_at: Option<String>,
    pub(crate) complete_since: Option<String>,
    /// Whether the latest run ended without reporting it.
    pub(crate) killed: bool,
    pub(crate) percent: Option<u64>,
    pub(crate) bytes_read: Option<u64>,
    pub(crate) bytes_total: Option<u64>,
    /// The records settled by all runs.
    pub(crate) counts: Option<Settled>,
    pub(crate) vectors_per_second: Option<f64>,
    pub(crate) seconds_left: Option<u64>,
    pub(crate) exit_code: Option<u8>,
    pub(crate) error_code: Option<String>,
    /// Why it is stopped or cannot be read.
    pub(crate) message: Option<String>,
    pub(crate) advice: Option<String>,
    pub(crate) resume_command: Option<String>,
    /// Where the latest run was started, and where to run the command.
    pub(crate) working_directory: Option<String>,
    /// The first inputs.
    pub(crate) inputs: Vec<String>,
    pub(crate) inputs_count: Option<u64>,
}

impl Load {
    /// The bucket and its service.
    pub(crate) fn place(&self) -> Option<String> {
        let bucket = self.bucket.clone()?;
        Some(match (&self.endpoint, &self.local_data) {
            (_, Some(data)) => format!("{bucket} of the local service with data in {data}"),
            (Some(endpoint), None) => format!("{bucket} at {endpoint}"),
            (None, None) => bucket,
        })
    }
}

/// The time elapsed since a moment.
pub(crate) fn since(at: Option<&str>, now: Timestamp) -> Option<Duration> {
    let millis = now.unix_millis().saturating_sub(Timestamp::parse_rfc3339(at?)?.unix_millis());
    Some(Duration::from_millis(millis.try_into().unwrap_or_default()))
}
