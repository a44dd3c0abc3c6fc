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
    /// Where data is kept [default: ~/.local/share/ossvec; on macOS and Windows the folder ossvec in the user's
    /// application data]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub data_dir: Option<PathBuf>,
    /// How many PutVectors requests are taken in a second; 0 is no limit
    #[arg(long, default_value_t = Rate(limits::PUT_REQUESTS_PER_SECOND), value_name = "N", allow_negative_numbers = true)]
    pub requests_per_second: Rate,
    /// How many vectors are taken in a second; 0 is no limit
    #[arg(long, default_value_t = Rate(limits::PUT_VECTORS_PER_SECOND), value_name = "N", allow_negative_numbers = true)]
    pub vectors_per_second: Rate,
    /// Time added to every answer
    #[arg(long, default_value = "0s", value_name = "TIME")]
    pub latency: Period,
    /// Scripted trouble, such as op=PutVectors,nth=3,status=503,code=InternalError,apply=half; repeatable
    #[arg(long, value_name = "SPEC")]
    pub fault: Vec<String>,
}
