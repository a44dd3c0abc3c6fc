//! The options of every command, and their effect on commands that use only some of them.

use std::path::PathBuf;
use std::sync::LazyLock;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Arg, ArgAction, Args, ValueEnum};

use super::parse::{secret, switch};
use crate::oss::secret::Secret;
use crate::setting::{self, Effect, Flag, Setting};
use crate::values::Timeout;

/// Options of every command, named as ossutil names them.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Service options", mut_args = defined)]
pub struct Global {
    #[arg(long, global = true)]
    pub access_key_id: Option<String>,
    #[arg(long, global = true, value_parser = secret)]
    pub access_key_secret: Option<Secret>,
    #[arg(long, global = true, value_parser = secret)]
    pub sts_token: Option<Secret>,
    #[arg(long, global = true, value_enum, ignore_case = true)]
    pub mode: Option<Mode>,
    #[arg(long, global = true)]
    pub role_arn: Option<String>,
    #[arg(long, global = true)]
    pub role_session_name: Option<String>,
    #[arg(long, global = true)]
    pub region: Option<String>,
    #[arg(long, global = true)]
    pub endpoint: Option<String>,
    #[arg(long, global = true)]
    pub account_id: Option<String>,
    #[arg(long, global = true, value_parser = OsStringValueParser::new().map(PathBuf::from))]
    pub config_file: Option<PathBuf>,
    #[arg(long, global = true)]
    pub profile: Option<String>,
    #[arg(long, global = true, value_enum, ignore_case = true)]
    pub addressing_style: Option<AddressingStyle>,
    #[arg(long, global = true, allow_negative_numbers = true)]
    pub connect_timeout: Option<Timeout>,
    #[arg(long, global = true, allow_negative_numbers = true)]
    pub read_timeout: Option<Timeout>,
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
        value_parser = switch)]
    pub skip_verify_cert: Option<bool>,
    #[arg(long, global = true, allow_negative_numbers = true)]
    pub retry_times: Option<u32>,
    #[arg(long, global = true)]
    pub ca_bundle: Option<PathBuf>,
    #[arg(long, global = true, value_parser = secret)]
    pub proxy: Option<Secret>,
    #[arg(long, global = true, value_enum, ignore_case = true)]
    pub loglevel: Option<LogLevel>,
    #[arg(long, global = true)]
    pub log_file: Option<PathBuf>,
    #[arg(long, global = true, action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", default_value = "false", hide_default_value = true, value_parser = switch)]
    pub quiet: bool,
    #[command(flatten)]
    pub ossutil: Ossutil,
}

/// What is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Nothing
    #[default]
    Off,
    /// The steps of a load
    Info,
    /// Every request
    Debug,
}

impl std::fmt::Display for LogLevel {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Off => "off",
            Self::Info => "info",
            Self::Debug => "debug",
        })
    }
}

impl std::str::FromStr for LogLevel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        <Self as ValueEnum>::from_str(text, true).map_err(|_| "expected off, info or debug".to_owned())
    }
}

/// Options of ossutil that change nothing for vectors, or cannot be had.
#[derive(Clone, Debug, Default, Args)]
pub struct Ossutil {
    #[arg(long, global = true)]
    pub sign_version: Option<String>,
    #[arg(long, global = true)]
    pub language: Option<String>,
    #[arg(long, global = true)]
    pub cloudbox_id: Option<String>,
    #[arg(long, global = true)]
    pub output_query: Option<String>,
    #[arg(long, global = true)]
    pub output_properties: Option<String>,
}

/// Where the credential comes from, in ossutil's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// A permanent access key
    #[value(name = "AK")]
    Ak,
    /// A temporary access key with a security token
    #[value(name = "StsToken")]
    StsToken,
    /// A RAM role, assumed with the access key
    #[value(name = "RamRoleArn")]
    RamRoleArn,
    /// The RAM role of this ECS instance
    #[value(name = "EcsRamRole")]
    EcsRamRole,
    /// Nothing; ossutil has it for public buckets
    #[value(name = "Anonymous", hide = true)]
    Anonymous,
}

/// Position of the bucket name in URLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AddressingStyle {
    /// In the host name
    Virtual,
    /// In the path
    Path,
    /// ossutil's: the host is the bucket's own; here the same as virtual
    #[value(hide = true)]
    Cname,
}

impl std::str::FromStr for AddressingStyle {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        <Self as ValueEnum>::from_str(text, true).map_err(|_| "expected virtual, path or cname".to_owned())
    }
}

/// The setting of an option.
fn setting(option: &Arg) -> Option<&'static Setting> {
    setting::ALL
        .into_iter()
        .find(|setting| setting.flag != Flag::None && setting.is_of_id(option.get_id().as_str()))
}

/// The option as the table of settings has it, if it is in it.
pub(super) fn defined(option: Arg) -> Arg {
    let Some(setting) = setting(&option) else { return option };
    let option = option.value_name(setting.value_name).help(setting.short_help());
    let option = option.long_help(setting.long_help()).hide_short_help(!setting.is_common);
    let option = option.hide(setting.flag == Flag::Ossutil);
    match setting.letter {
        Some(letter) => option.short(letter),
        None => option,
    }
}

/// The service options, defined once for all commands that do not take them as they are.
static SERVICE_OPTIONS: LazyLock<Vec<Arg>> =
    LazyLock::new(|| Global::augment_args(clap::Command::new("ossvec")).get_arguments().cloned().collect());

/// The service options that a command does not take as they are: those that change nothing are taken all the same, and
/// hidden from its help.
fn service_options(effect: fn(&Setting) -> Effect) -> Vec<Arg> {
    let options = SERVICE_OPTIONS.iter().cloned();
    let changed = options.filter_map(|option| match setting(&option).map_or(Effect::Nothing, effect) {
        Effect::Nothing => Some(option.hide(true)),
        Effect::Same => None,
        Effect::Own(help, default) => {
            let help = format!("{help} [default: {default}]");
            Some(option.help(help.clone()).long_help(help).hide_short_help(false))
        }
    });
    changed.collect()
}

/// The service options of a command that uses none of them.
pub(super) fn of_no_use() -> Vec<Arg> {
    service_options(|_| Effect::Nothing)
}

/// The service options of `config init`.
pub(super) fn of_init() -> Vec<Arg> {
    service_options(|setting| setting.init)
}

/// The service options of `serve`, for which some of them mean something else than for a load.
pub(super) fn of_serve() -> Vec<Arg> {
    service_options(|setting| setting.serve)
}

#[cfg(test)]
mod tests {
    use std::any::TypeId;
    use std::collections::BTreeSet;

    use super::*;
    use crate::cli::definition;
    use crate::setting::Secrecy;

    #[test]
    fn every_option_of_all_commands_is_in_the_table_and_the_reverse() {
        let command = definition();
        let options: BTreeSet<_> = command.get_arguments().filter_map(Arg::get_long).collect();
        let is_global = |setting: &&Setting| matches!(setting.flag, Flag::Global | Flag::Ossutil);
        let table: BTreeSet<_> =
            setting::ALL.into_iter().filter(is_global).map(|setting| setting.name).collect();
        assert_eq!(options, table);
        assert!(command.get_arguments().all(Arg::is_global_set));
    }

    #[test]
    fn every_option_of_a_load_in_the_table_is_one_of_its_options() {
        let command = definition();
        let load = command.find_subcommand("put-vectors").unwrap();
        for setting in setting::ALL.into_iter().filter(|setting| setting.flag == Flag::Load) {
            let option = load.get_arguments().find(|option| option.get_long() == Some(setting.name)).unwrap();
            assert_eq!(option.get_help().unwrap().to_string(), setting.short_help());
            assert_eq!(option.get_long_help().unwrap().to_string(), setting.long_help());
        }
    }

    #[test]
    fn a_secret_of_the_table_is_held_as_one() {
        let command = definition();
        for option in command.get_arguments() {
            let is_held = option.get_value_parser().type_id() == TypeId::of::<Secret>();
            let is_secret = setting(option).is_some_and(|setting| setting.secrecy != Secrecy::Open);
            assert_eq!(is_held, is_secret, "{option:?}");
        }
    }
}
