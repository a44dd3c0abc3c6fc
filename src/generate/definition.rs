//! The command line definition for documentation and completion: a copy without hidden items.

use clap::{Arg, ArgAction, Command, ValueHint};

use crate::cli::definition;

/// The program as documented: without hidden commands and options, and without clap's command `help`. Each command has
/// only its own options.
fn documented() -> Command {
    visible(&definition(), None)
}

/// The program as completions offer it: each command also has the options that it inherits from its parents, unless it
/// hides them.
pub(super) fn offered() -> Command {
    visible(&definition(), Some(&[]))
}

/// A copy without hidden items, since clap cannot remove a command or an option. With `from_above`, the global options
/// of the parents are given to each command itself.
fn visible(command: &Command, from_above: Option<&[Arg]>) -> Command {
    let kept = command.get_subcommands().filter(|each| !each.is_hide_set());
    let is_own = |option: &Arg| command.get_arguments().any(|own| own.get_id() == option.get_id());
    let inherited = from_above.unwrap_or_default().iter().filter(|option| !is_own(option));
    let all: Vec<Arg> = command.get_arguments().chain(inherited).cloned().collect();
    let for_all: Option<Vec<Arg>> =
        from_above.map(|_| all.iter().filter(|each| each.is_global_set()).cloned().collect());
    let own = all.iter().filter(|each| !each.is_hide_set()).map(|each| {
        let is_global = each.is_global_set() && from_above.is_none();
        // The man page generator omits options that the short help hides.
        hinted(each).global(is_global).hide_short_help(false)
    });
    let mut copy = Command::new(command.get_name().to_owned())
        .disable_help_subcommand(true)
        .subcommand_required(command.is_subcommand_required_set())
        .visible_aliases(command.get_visible_aliases().map(str::to_owned).collect::<Vec<_>>())
        .args(own)
        .subcommands(kept.map(|each| visible(each, for_all.as_deref())));
    if command.get_version().is_some() {
        // Generated files are the same for every commit and target.
        copy = copy.version(env!("CARGO_PKG_VERSION")).propagate_version(true);
    }
    if let Some(about) = command.get_about() {
        copy = copy.about(about.clone());
    }
    if let Some(about) = command.get_long_about() {
        copy = copy.long_about(about.clone());
    }
    copy
}

/// The argument, with the hint that text of no known kind is not a file name. An option that may take a value after an
/// equals sign only (`=false`) becomes a switch.
fn hinted(argument: &Arg) -> Arg {
    if argument.is_require_equals_set() {
        let argument = argument.clone().require_equals(false).default_missing_value(None::<&str>);
        let argument = argument.default_value(None::<&str>).hide_default_value(false);
        return argument.num_args(0).action(ArgAction::SetTrue);
    }
    let is_text = argument.get_action().takes_values() && argument.get_possible_values().is_empty();
    match argument.get_value_hint() {
        ValueHint::Unknown if is_text => argument.clone().value_hint(ValueHint::Other),
        _ => argument.clone(),
    }
}

/// A command in the documentation, such as `ossvec put-vectors`, with only its own options.
pub(super) struct Section {
    pub(super) command: Command,
    /// The full name, including the parent commands.
    pub(super) name: String,
    /// The usage line of its help.
    pub(super) usage: String,
    /// An earlier command with exactly the same options.
    pub(super) same_as: Option<String>,
}

/// Every command that can be run, in the order of the help.
pub(super) fn sections() -> Vec<Section> {
    let mut sections = Vec::new();
    for command in documented().get_subcommands() {
        add_sections("ossvec", command, &mut sections);
    }
    sections
}

fn add_sections(above: &str, command: &Command, sections: &mut Vec<Section>) {
    let name = format!("{above} {}", command.get_name());
    for below in command.get_subcommands() {
        add_sections(&name, below, sections);
    }
    if command.has_subcommands() {
        return;
    }
    let names = |command: &Command| {
        command.get_arguments().map(|argument| argument.get_id().clone()).collect::<Vec<_>>()
    };
    let is_same = |earlier: &&Section| {
        earlier.command.get_name() == command.get_name()
            && names(&earlier.command).starts_with(&names(command))
    };
    let same_as = sections.iter().find(is_same).map(|earlier| earlier.name.clone());
    let usage = usage(&name);
    let mut command = command.clone().bin_name(name.clone()).display_name(name.clone());
    command.build();
    sections.push(Section { command, name, usage, same_as });
}

/// The usage of the command of this name, with the options that it inherits.
pub(super) fn usage(name: &str) -> String {
    let mut program = definition();
    program.build();
    let below = |command: &mut Command, word: &str| command.find_subcommand(word).cloned();
    let mut command =
        name.split(' ').skip(1).try_fold(program, |mut command, word| below(&mut command, word));
    let usage = command.as_mut().map(|command| command.render_usage().to_string()).unwrap_or_default();
    usage.trim_start_matches("Usage: ").trim().to_owned()
}

/// The program with only the options that every command takes.
pub(super) fn program() -> Command {
    let mut command = documented().bin_name("ossvec");
    command.build();
    command
}
