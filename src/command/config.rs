//! `config`: shows the settings, or asks for them and writes them.

use crate::cli::{Config, ConfigCommand, ConfigShow, Global, OutputFormat};
use crate::exit::{Exit, Failure};
use crate::init;
use crate::print::{always_remark, err, out, unprinted};
use crate::put::report::notice::Severity;
use crate::settings::{self, Environment};
use crate::shown::{pretty_json, visible};
use crate::trial;

/// Runs the chosen `config` subcommand.
pub(super) async fn config(
    config: &Config,
    global: &Global,
    environment: &Environment,
) -> Result<Exit, Failure> {
    match &config.command {
        ConfigCommand::Show(arguments) => show(arguments, global, environment),
        ConfigCommand::Init => init(global, environment).await,
    }
}

/// Prints every setting that a load would use.
fn show(arguments: &ConfigShow, global: &Global, environment: &Environment) -> Result<Exit, Failure> {
    let format = settings::show_format(arguments.output_format)?;
    let shown = settings::show(arguments, global, environment)?;
    let text = match format {
        OutputFormat::Json => pretty_json(&shown).map(|text| text + "\n"),
        _ => Ok(settings::lines(&shown, arguments.origin)),
    };
    let printed = text.map_err(std::io::Error::from).and_then(|text| out(&text));
    Ok(printed.map_or_else(|error| unprinted(&error, Exit::Complete), |()| Exit::Complete))
}

/// Asks for the settings, writes them, and tries them if the user wants that.
async fn init(global: &Global, environment: &Environment) -> Result<Exit, Failure> {
    let init::Written { path, profile } =
        init::init(global, environment, |note| always_remark(Severity::Note, note))?;
    let printed = out(&(visible(&format!("wrote profile {profile} to {}", path.display())) + "\n"));
    if let Some(bucket) = init::bucket_to_try()? {
        trial::bucket(&bucket, global, environment).await?;
        err(&visible(&format!("found bucket {bucket}: the settings work")));
    }
    Ok(printed.map_or_else(|error| unprinted(&error, Exit::Complete), |()| Exit::Complete))
}
