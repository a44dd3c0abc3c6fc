//! What the program prints as a command, run as it stands by somebody who copies it.

use std::path::Path;
use std::process::Command;

use crate::support::{Ended, Home, run};

/// Runs commands in a shell, where `ossvec` is the program and the credential is that of a local service.
pub(crate) fn obey(home: &Home, shell: &str, commands: &str) -> Ended {
    let program = Path::new(env!("CARGO_BIN_EXE_ossvec")).parent().unwrap();
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", program.display());
    let mut command = Command::new(shell);
    command.args(["-c", commands]).current_dir(home.path("")).env_clear();
    command.env("HOME", home.path("")).env("PATH", path);
    command.env("OSS_ACCESS_KEY_ID", "local").env("OSS_ACCESS_KEY_SECRET", "local");
    run(&mut command)
}
