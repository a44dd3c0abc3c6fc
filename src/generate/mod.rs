//! Files generated from the command line definition: completions, the man page, the reference in Markdown.
//!
//! They are generated in memory; a test compares the files in the tree with them, and `ossvec generate` updates them.
#![expect(clippy::format_push_string, reason = "texts of a few pages; the page grows from top to bottom")]

mod completions;
mod definition;
mod man;
mod markdown;
mod settings;

use crate::cli::ShellName;
pub(crate) use completions::completions;

/// A file in the source tree.
#[derive(Debug)]
pub struct Generated {
    /// The path relative to the root of the source tree.
    pub path: &'static str,
    /// The whole content.
    pub text: String,
}

/// All generated files.
pub fn files() -> Vec<Generated> {
    let file = |path, text| Generated { path, text };
    vec![
        file("completions/ossvec.bash", completions(ShellName::Bash)),
        file("completions/_ossvec", completions(ShellName::Zsh)),
        file("completions/ossvec.fish", completions(ShellName::Fish)),
        file("completions/_ossvec.ps1", completions(ShellName::Powershell)),
        file("docs/man/ossvec.1", man::page()),
        file("docs/cli.md", markdown::reference()),
    ]
}

/// A generated part of a page that is otherwise written by hand.
#[derive(Debug)]
pub struct Part {
    /// The page, relative to the root of the source tree.
    pub path: &'static str,
    /// The line before the part.
    pub begin: &'static str,
    /// The line after it.
    pub end: &'static str,
    /// The lines between them.
    pub text: String,
}

impl Part {
    /// The page with the part updated; `None` if the page has no place for it.
    pub fn renewed(&self, page: &str) -> Option<String> {
        let (before, rest) = page.split_once(&format!("{}\n", self.begin))?;
        let (_, after) = rest.split_once(self.end)?;
        Some(format!("{before}{}\n{}{}{after}", self.begin, self.text, self.end))
    }
}

/// All generated parts.
pub fn parts() -> Vec<Part> {
    vec![Part {
        path: "docs/configuration.md",
        begin: "<!-- The settings, generated from their definition by `cargo run -- generate .`; do not edit. -->",
        end: "<!-- The end of the settings. -->",
        text: format!("\n{}\n", settings::table()),
    }]
}
