//! The command line reference in Markdown, `docs/cli.md`.

use clap::{Arg, Command};

use super::definition::{program, sections};

const HEAD: &str = "\
# Command line

<!-- Generated from the command line's definition by `cargo run -- generate .`; do not edit. -->

This page lists every command and option. The [guide](guide.md) shows how to use them;
[configuration.md](configuration.md) explains where settings come from.
";

/// The note about the options that every command takes.
pub(super) const SOME_HIDDEN: &str = "\
They can be given before or after the command. A command accepts those that have no effect on it, but its help does not
list them.
";

/// Renders the page.
pub(super) fn reference() -> String {
    let mut page = HEAD.to_owned();
    for section in sections() {
        let command = section.command;
        page += &format!("\n## {}\n\n", section.name);
        page += &about(&command);
        page += &format!("\n```text\n{}\n```\n", section.usage);
        let aliases: Vec<_> = command.get_visible_aliases().map(|alias| format!("`{alias}`")).collect();
        if !aliases.is_empty() {
            page += &format!("\nAlias: {}.\n", aliases.join(", "));
        }
        page += &match section.same_as {
            Some(earlier) => {
                format!("\nIt has the options of [{earlier}](#{}).\n", earlier.replace(' ', "-"))
            }
            None => tables(&command, "Options"),
        };
    }
    page += "\n## Options of every command\n\n";
    page += SOME_HIDDEN;
    page + &tables(&program(), "General options")
}

fn about(command: &Command) -> String {
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string);
    let about = about.unwrap_or_default();
    about.lines().map(|line| plain(line) + "\n").collect()
}

/// A table for each heading of the help, in order.
fn tables(command: &Command, unnamed: &str) -> String {
    let visible: Vec<&Arg> = command.get_arguments().filter(|argument| !argument.is_hide_set()).collect();
    let mut headings: Vec<Option<&str>> = Vec::new();
    for argument in &visible {
        if !headings.contains(&argument.get_help_heading()) {
            headings.push(argument.get_help_heading());
        }
    }
    let mut text = String::new();
    for heading in headings {
        text += &format!("\n### {}\n\n| option | meaning |\n|---|---|\n", heading.unwrap_or(unnamed));
        for argument in visible.iter().filter(|argument| argument.get_help_heading() == heading) {
            text += &row(argument);
        }
    }
    text
}

fn row(argument: &Arg) -> String {
    let value = match argument.get_value_names() {
        Some(names) if argument.get_num_args().is_some_and(|number| number.takes_values()) => {
            names.iter().map(|name| format!("<{name}>")).collect::<Vec<_>>().join(" ")
        }
        _ => String::new(),
    };
    let short = argument.get_short().map(|short| format!("`-{short}`, ")).unwrap_or_default();
    let name = match argument.get_long() {
        Some(long) => format!("{short}`--{long} {value}").trim_end().to_owned() + "`",
        None => format!("{short}`{value}`"),
    };
    format!("| {} | {} |\n", name.replace('|', "\\|"), meaning(argument))
}

/// The help, the possible values and the default.
fn meaning(argument: &Arg) -> String {
    let help = argument.get_long_help().or(argument.get_help()).map(ToString::to_string).unwrap_or_default();
    let mut text = plain(&help.replace("\n\n", " "));
    if !argument.get_num_args().is_some_and(|number| number.takes_values()) {
        return text;
    }
    let values = argument.get_possible_values();
    let values: Vec<_> = values.iter().filter(|value| !value.is_hide_set()).collect();
    if !values.is_empty() && !text.ends_with('.') {
        text.push('.');
    }
    for (at, value) in values.iter().enumerate() {
        let meaning = value.get_help().map(|help| format!(" ({})", plain(&help.to_string())));
        text += if at == 0 { " Values: " } else { ", " };
        text += &format!("`{}`{}", value.get_name(), meaning.unwrap_or_default());
    }
    let defaults: Vec<_> =
        argument.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    if !defaults.is_empty() {
        text += &format!(" [default: `{}`]", defaults.join(","));
    }
    text
}

/// Help text, with characters escaped that Markdown would treat as markup.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        if matches!(letter, '<' | '>' | '|' | '*' | '~' | '\\') {
            out.push('\\');
        }
        out.push(if letter == '\n' { ' ' } else { letter });
    }
    out
}
