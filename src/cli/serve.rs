//! The options of a local service.
#![expect(clippy::doc_markdown, reason = "doc comments are the help texts, as a terminal shows them")]

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::global::of_serve;
use crate::oss::limits;
use crate::values::{Period, Rate};

/// Runs a local service.
#[derive(Clone, Debug, Args)]
#[command(args = of_serve())]
pub struct Serve {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:9410", value_name = "ADDRESS")]
    pub listen: String,
    /// Directory for the data.
    ///
    /// [default: ~/.local/share/ossvec; on macOS and Windows, ossvec in the user's application data directory]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub data_dir: Option<PathBuf>,
    /// Maximum PutVectors requests per second.
    ///
    /// 0 removes the limit.
    #[arg(long, default_value_t = Rate(limits::PUT_REQUESTS_PER_SECOND), value_name = "N", allow_negative_numbers = true)]
    pub requests_per_second: Rate,
    /// Maximum vectors per second.
    ///
    /// 0 removes the limit.
    #[arg(long, default_value_t = Rate(limits::PUT_VECTORS_PER_SECOND), value_name = "N", allow_negative_numbers = true)]
    pub vectors_per_second: Rate,
    /// Delay every response by this time
    #[arg(long, default_value = "0s", value_name = "TIME", allow_negative_numbers = true)]
    pub latency: Period,
    /// Inject a fault.
    ///
    /// Repeatable. For example: op=PutVectors,nth=3,status=503,code=InternalError,apply=half
    #[arg(long, value_name = "SPEC")]
    pub fault: Vec<String>,
}
