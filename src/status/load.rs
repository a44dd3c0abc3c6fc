//! A load as it is shown, to people and to scripts. Pure.

use std::time::Duration;

use serde::Serialize;

use crate::oss::time::Timestamp;
use crate::put::books::tracker::Settled;

/// What a load is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// A run of it goes on.
    Running,
    /// No run goes on, and something is left to do.
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

/// What is known of a load. Members that nothing is known of are null.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Load {
    /// The name of its directory.
    pub(crate) name: String,
    /// The whole name of that.
    pub(crate) directory: String,
    pub(crate) state: Standing,
    pub(crate) bucket: Option<String>,
    pub(crate) index_name: Option<String>,
    /// Whether the index is compared with the inputs: what is equal counts as stored, what is not as rejected.
    pub(crate) verify: bool,
    /// The service; null where it is the local one.
    pub(crate) endpoint: Option<String>,
    /// Where the local service keeps its data.
    pub(crate) local_data: Option<String>,
    /// Its latest run.
    pub(crate) run_id: Option<String>,
    /// The process of that, while it goes on.
    pub(crate) process_id: Option<u32>,
    pub(crate) started_at: Option<String>,
    /// When anything was last known of it.
    pub(crate) updated_at: Option<String>,
    /// When the latest run ended, if it said so.
    pub(crate) finished_at: Option<String>,
    pub(crate) complete_since: Option<String>,
    /// Whether the latest run ended without saying so.
    pub(crate) killed: bool,
    pub(crate) percent: Option<u64>,
    pub(crate) bytes_read: Option<u64>,
    pub(crate) bytes_total: Option<u64>,
    /// What is settled, by all runs.
    pub(crate) counts: Option<Settled>,
    pub(crate) vectors_per_second: Option<f64>,
    pub(crate) seconds_left: Option<u64>,
    pub(crate) exit_code: Option<u8>,
    pub(crate) error_code: Option<String>,
    /// Why it is stopped, or cannot be read.
    pub(crate) message: Option<String>,
    pub(crate) advice: Option<String>,
    pub(crate) resume_command: Option<String>,
    /// Where the latest run was started, and so that command is to be.
    pub(crate) working_directory: Option<String>,
    /// The first inputs.
    pub(crate) inputs: Vec<String>,
    pub(crate) inputs_count: Option<u64>,
}

impl Load {
    /// The bucket, and where that is.
    pub(crate) fn place(&self) -> Option<String> {
        let bucket = self.bucket.clone()?;
        Some(match (&self.endpoint, &self.local_data) {
            (_, Some(data)) => format!("{bucket} of the local service with data in {data}"),
            (Some(endpoint), None) => format!("{bucket} at {endpoint}"),
            (None, None) => bucket,
        })
    }
}

/// How long ago something was.
pub(crate) fn since(at: Option<&str>, now: Timestamp) -> Option<Duration> {
    let millis = now.unix_millis().saturating_sub(Timestamp::parse_rfc3339(at?)?.unix_millis());
    Some(Duration::from_millis(millis.try_into().unwrap_or_default()))
}
