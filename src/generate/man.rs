//! The man page: one page for the whole program.

use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::definition::{Section, program, sections, usage};
use super::markdown::SOME_HIDDEN;
use crate::cli::{EXAMPLES, EXIT_CODES};
use crate::setting::{self, ALSO_READ};

/// The start of every text from the roff library, which a page needs only once: it defines a literal apostrophe.
const PREAMBLE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";

/// The files that the program reads or keeps.
const FILES: [(&str, &str); 5] = [
    (
        "~/.local/state/ossvec/",
        "One directory per load, with its journal and, unless --rejects names another file, rejects.jsonl. --resume \
         reads the journal, and a complete load deletes it. $XDG_STATE_HOME/ossvec if that is set; on macOS \
         ~/Library/Application Support/ossvec, on Windows %LOCALAPPDATA%\\ossvec. --checkpoint-dir names another \
         directory.",
    ),
    (
        "~/.local/share/ossvec/vectors.redb",
        "Data of the local service. $XDG_DATA_HOME/ossvec if that is set; on macOS \
         ~/Library/Application Support/ossvec, on Windows %APPDATA%\\ossvec. --data-dir names another directory.",
    ),
    (
        "~/.ossutilconfig",
        "Configuration file, shared with ossutil; -c names another. ossvec config init writes it.",
    ),
    ("~/.aliyun/config.json", "Profiles of the Alibaba Cloud CLI, read if no credential is set otherwise."),
    ("~/.alibabacloud/credentials", "Credentials of the Alibaba Cloud SDKs, read if none is set otherwise."),
];

/// The effect of signals on a load.
const SIGNALS: [(&str, &str); 3] = [
    (
        "SIGINT, SIGTERM",
        "Stop gracefully: read no more input, wait up to 25 seconds for requests in flight, and print the summary with \
         the command that continues; the exit code is 5. A second signal stops immediately; --resume still works.",
    ),
    (
        "SIGUSR1",
        "Print a line of progress immediately, with every --progress style. SIGINFO, where it exists, does the same.",
    ),
    (
        "SIGHUP",
        "Not caught, so that nohup works. Without nohup, closing the terminal kills the load; --resume continues it.",
    ),
];

/// Renders the page.
pub(super) fn page() -> String {
    let program = program();
    let version = program.get_version().unwrap_or_default();
    let man = Man::new(program.clone());
    let mut page = PREAMBLE.to_owned();
    // The library writes an empty date without quotes, and the next word would take its place.
    page += &format!(".TH OSSVEC 1 \"\" \"ossvec {version}\" \"User Commands\"\n");
    // Options and commands must be neither hyphenated nor stretched.
    page += ".nh\n.ad l\n";
    page += &rendered(|out| man.render_name_section(out));
    page += &heading("SYNOPSIS");
    page += &synopses();
    page += &rendered(|out| man.render_description_section(out));
    page += &paragraph("The commands, each described below:");
    for section in sections() {
        page += &described(&section.name, section.command.get_about());
    }
    for section in sections() {
        page += &command(&section);
    }
    page += &heading("OPTIONS OF EVERY COMMAND");
    page += &paragraph(SOME_HIDDEN.trim());
    page += &rendered(|out| man.render_options_section(out)).replace(".SH ", ".SS ");
    page += &heading("EXIT STATUS");
    page += &list(EXIT_CODES.map(|(code, meaning)| (code.to_string(), meaning.to_owned())));
    page += &environment();
    page += &heading("FILES");
    page += &list(FILES);
    page += &heading("SIGNALS");
    page += &list(SIGNALS);
    page + &examples()
}

fn rendered(write: impl Fn(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    // Writing to memory does not fail.
    write(&mut out).unwrap_or_default();
    part(&String::from_utf8_lossy(&out))
}

/// A part as it appears in the page.
fn part(text: &str) -> String {
    let text = text.replacen(PREAMBLE, "", 1).replace("\n.br\n\n.br\n", "\n.sp\n");
    text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// A command's section, with its options under subheadings.
fn command(section: &Section) -> String {
    let man = Man::new(section.command.clone());
    let mut text = heading(&section.name.to_uppercase());
    text += &rendered(|out| man.render_description_section(out)).replacen(".SH DESCRIPTION\n", "", 1);
    match &section.same_as {
        Some(earlier) => text += &paragraph(&format!("It has the options of {earlier}.")),
        None => text += &rendered(|out| man.render_options_section(out)).replace(".SH ", ".SS "),
    }
    text
}

/// One line for each command, as in the help.
fn synopses() -> String {
    let mut text = String::new();
    for usage in sections().into_iter().map(|section| section.usage).chain([usage("ossvec")]) {
        let mut roff = Roff::default();
        if !text.is_empty() {
            roff.control("br", []);
        }
        roff.text([roman(usage)]);
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

fn list<T: Into<String>>(terms: impl IntoIterator<Item = (T, T)>) -> String {
    terms.into_iter().map(|(term, meaning)| described(&term.into(), Some(meaning.into()))).collect()
}

fn environment() -> String {
    let of_options = setting::ALL.iter().filter_map(|setting| {
        let meaning = format!("Used if {} is not given.", setting.option());
        Some((setting.variable()?.to_owned(), meaning))
    });
    let also_read = ALSO_READ.iter().map(|variables| (variables.names.join(", "), variables.help.to_owned()));
    heading("ENVIRONMENT") + &list(of_options) + &list(also_read)
}

/// Common tasks, each with the command to type.
fn examples() -> String {
    let mut text = heading("EXAMPLES");
    for (what, command) in EXAMPLES {
        text += &paragraph(&format!("{what}:"));
        let mut roff = Roff::default();
        roff.control("RS", []).control("nf", []);
        for line in command.lines() {
            roff.text([roman(line)]);
        }
        roff.control("fi", []).control("RE", []);
        text += &part(&roff.render());
    }
    text
}
