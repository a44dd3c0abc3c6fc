//! `status`: shows the loads of this machine, once or repeatedly.

use std::time::Duration;

use crate::cli::{OutputFormat, Status};
use crate::exit::{ErrorCode, Exit, Failure};
use crate::oss::time::Timestamp;
use crate::print::{out, unprinted};
use crate::settings::{self, Environment, StatusSettings};
use crate::signals;
use crate::status::{look, screen};

/// The interval at which `--watch` refreshes.
const EVERY: Duration = Duration::from_secs(1);

/// Shows loads.
pub(super) async fn status(arguments: &Status, environment: &Environment) -> Result<Exit, Failure> {
    let StatusSettings { folder, format, is_watched } = settings::status(arguments, environment)?;
    let look = || look(&folder, arguments.load.as_deref(), Timestamp::now());
    if is_watched {
        return watch(|| look().map(|status| status.text())).await;
    }
    let status = look()?;
    let printed = match format {
        OutputFormat::Json => status.json().and_then(|text| out(&text)),
        _ => out(&status.text()),
    };
    Ok(printed.map_or_else(|error| unprinted(&error, Exit::Complete), |()| Exit::Complete))
}

/// Shows a text every second until a signal comes.
async fn watch(text: impl Fn() -> Result<String, Failure>) -> Result<Exit, Failure> {
    let mut interrupt = signals::interrupt(|| ());
    let mut tick = tokio::time::interval(EVERY);
    let screen = screen();
    loop {
        tokio::select! {
            Ok(_) = interrupt.wait_for(|interrupted| *interrupted) => return Ok(Exit::Complete),
            _ = tick.tick() => {}
        }
        screen.show(&text()?).map_err(|error| {
            Failure::new(ErrorCode::of_writing(&error), format!("cannot write to the terminal: {error}"))
        })?;
    }
}
