//! The man page: one page for the whole program.

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::{Section, program, sections, variables};

/// What the exit codes stand behind in the program's description.
const EXIT_CODES: &str = "Exit codes: ";

/// What every text of the roff library opens with, and a page needs once: an apostrophe that is no quote.
const PREAMBLE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";

/// Renders the page.
pub(super) fn page() -> String {
    let program = program();
    let version = program.get_version().unwrap_or_default();
    let about = program.get_long_about().map(ToString::to_string).unwrap_or_default();
    let (description, codes) = about.split_once(EXIT_CODES).unwrap_or((&about, ""));
    let man = Man::new(program.clone().long_about(description.trim().to_owned()));
    let mut page = PREAMBLE.to_owned();
    // The library writes an empty date without its quotes, so that the next word takes its place.
    page += &format!(".TH OSSVEC 1 \"\" \"ossvec {version}\" \"User Commands\"\n");
    page += &rendered(|out| man.render_name_section(out));
    page += &heading("SYNOPSIS");
    page += &synopses(&program);
    page += &rendered(|out| man.render_description_section(out));
    page += &paragraph("The commands, each described below:");
    for section in sections() {
        page += &described(&section.name, section.command.get_about());
    }
    for section in sections() {
        page += &command(&section);
    }
    page += &heading("OPTIONS OF EVERY COMMAND");
    page += &rendered(|out| man.render_options_section(out)).replace(".SH ", ".SS ");
    page += &exit_status(codes);
    page += &environment();
    page
}

fn rendered(write: impl Fn(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    // Memory takes everything.
    write(&mut out).unwrap_or_default();
    part(&String::from_utf8_lossy(&out))
}

/// A part as it stands in a page.
fn part(text: &str) -> String {
    let text = text.replacen(PREAMBLE, "", 1).replace("\n.br\n\n.br\n", "\n.sp\n");
    text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// A command's part: its options under headings of the second order.
fn command(section: &Section) -> String {
    let man = Man::new(section.command.clone());
    let mut text = heading(&section.name.to_uppercase());
    text += &rendered(|out| man.render_description_section(out)).replacen(".SH DESCRIPTION\n", "", 1);
    match &section.same_as {
        Some(earlier) => text += &paragraph(&format!("Its options are those of {earlier}.")),
        None => text += &rendered(|out| man.render_options_section(out)).replace(".SH ", ".SS "),
    }
    text
}

/// One line for each command, as the help has it.
fn synopses(program: &Command) -> String {
    let commands = sections().into_iter().map(|section| section.command);
    let mut text = String::new();
    for command in commands.chain(std::iter::once(program.clone())) {
        let usage = command.clone().render_usage().to_string();
        let mut roff = Roff::default();
        if !text.is_empty() {
            roff.control("br", []);
        }
        roff.text([roman(usage.trim_start_matches("Usage: "))]);
        text += &part(&roff.render());
    }
    text
}

fn heading(text: &str) -> String {
    let mut roff = Roff::default();
    roff.control("SH", [text]);
    part(&roff.render())
}

fn paragraph(text: &str) -> String {
    let mut roff = Roff::default();
    roff.control("PP", []).text([roman(text)]);
    part(&roff.render())
}

fn described(term: &str, meaning: Option<impl ToString>) -> String {
    let mut roff = Roff::default();
    roff.control("TP", []).text([bold(term)]);
    roff.text([roman(meaning.map(|text| text.to_string()).unwrap_or_default())]);
    part(&roff.render())
}

/// The exit codes, written as `0 everything stored · 1 usage · …` in the description.
fn exit_status(codes: &str) -> String {
    let codes = codes.trim().trim_end_matches('.').split(" · ").filter_map(|code| code.split_once(' '));
    codes.fold(heading("EXIT STATUS"), |page, (code, meaning)| page + &described(code, Some(meaning)))
}

fn environment() -> String {
    let variables = variables().into_iter();
    variables.fold(heading("ENVIRONMENT"), |page, (name, option)| {
        page + &described(&name, Some(format!("Stands for {option} where that is not given.")))
    })
}
