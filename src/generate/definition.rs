//! The definition of the command line as it is documented and offered: a copy without what is hidden.

use clap::{Arg, ArgAction, Command, ValueHint};

use crate::cli::definition;

/// The program as it is documented: without hidden commands and options, and without clap's command `help`. A command
/// has only its own options.
fn documented() -> Command {
    visible(&definition(), None)
}

/// The program as completions offer it: each command also has the options that it takes from those above it, unless
/// it hides them.
pub(super) fn offered() -> Command {
    visible(&definition(), Some(&[]))
}

/// A copy without what is hidden, since clap cannot take a command or an option out. With options `from_above`, those
/// that count for all commands below are given to each by itself.
fn visible(command: &Command, from_above: Option<&[Arg]>) -> Command {
    let kept = command.get_subcommands().filter(|each| !each.is_hide_set());
    let is_own = |option: &Arg| command.get_arguments().any(|own| own.get_id() == option.get_id());
    let inherited = from_above.unwrap_or_default().iter().filter(|option| !is_own(option));
    let all: Vec<Arg> = command.get_arguments().chain(inherited).cloned().collect();
    let for_all: Option<Vec<Arg>> =
        from_above.map(|_| all.iter().filter(|each| each.is_global_set()).cloned().collect());
    let own = all.iter().filter(|each| !each.is_hide_set()).map(|each| {
        let is_global = each.is_global_set() && from_above.is_none();
        // The man page has no texts of options that the short help lacks.
        hinted(each).global(is_global).hide_short_help(false)
    });
    let mut copy = Command::new(command.get_name().to_owned())
        .disable_help_subcommand(true)
        .subcommand_required(command.is_subcommand_required_set())
        .visible_aliases(command.get_visible_aliases().map(str::to_owned).collect::<Vec<_>>())
        .args(own)
        .subcommands(kept.map(|each| visible(each, for_all.as_deref())));
    if command.get_version().is_some() {
        // What is generated is the same for every commit and target.
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

/// The argument, with the hint that a text of no known kind is not a file. A switch is one, though `=false` may follow it.
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

/// One command for a reader: `ossvec put-vectors`, with its own options only.
pub(super) struct Section {
    pub(super) command: Command,
    /// The words before it, its own included.
    pub(super) name: String,
    /// How it is called, as its help has it.
    pub(super) usage: String,
    /// An earlier command with the very same options.
    pub(super) same_as: Option<String>,
}

/// Every command that does something itself, in the order of the help.
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

/// The usage of a command by its words, with the options that it takes from those above it.
pub(super) fn usage(name: &str) -> String {
    let mut program = definition();
    program.build();
    let below = |command: &mut Command, word: &str| command.find_subcommand(word).cloned();
    let mut command =
        name.split(' ').skip(1).try_fold(program, |mut command, word| below(&mut command, word));
    let usage = command.as_mut().map(|command| command.render_usage().to_string()).unwrap_or_default();
    usage.trim_start_matches("Usage: ").trim().to_owned()
}

/// The program with the options that every command takes, and nothing else.
pub(super) fn program() -> Command {
    let mut command = documented().bin_name("ossvec");
    command.build();
    command
}
