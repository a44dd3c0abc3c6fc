//! The options of `status`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::global::of_no_use;
use super::load::OutputFormat;

/// Shows loads.
#[derive(Clone, Debug, Args)]
#[command(args = of_no_use())]
pub struct Status {
    /// Load to show in detail: its name, the beginning of its name, or its index
    #[arg(value_name = "LOAD", value_hint = ValueHint::Other)]
    pub load: Option<String>,
    /// Show the present state every second, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
    /// Directory for the journals of loads.
    ///
    /// [default: ~/.local/state/ossvec; on macOS and Windows, ossvec in the user's application data directory]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub checkpoint_dir: Option<PathBuf>,
    /// Format of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub output_format: OutputFormat,
}
