//! The `ossvec` program: parse, run, report the error, exit with ossutil's code.

use std::process::ExitCode;

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // A variable that is not Unicode is not one that ossvec reads.
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    ossvec::command::run(std::env::args_os(), &environment).into()
}
