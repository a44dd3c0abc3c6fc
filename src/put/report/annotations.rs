//! Workflow commands of GitHub Actions, which annotate files.

use super::happening::{Happening, Rejected};
use super::listener::Listener;
use super::screen::Screen;
use crate::record::Input;
use crate::shown::{visible, visible_lines};

/// Annotates rejected records, and the end of a run that stopped.
#[derive(Debug)]
pub(crate) struct Annotations {
    /// Whether to leave rejected records out.
    quiet: bool,
}

impl Annotations {
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet }
    }
}

impl Listener for Annotations {
    fn hear(&mut self, happening: &Happening<'_>, screen: &mut Screen) {
        match happening {
            Happening::Rejected(rejected) if rejected.is_annotated() && !self.quiet => {
                screen.print(&reject(rejected));
            }
            Happening::Ended(summary) => {
                if let Some(error) = &summary.error {
                    screen.print(&failure(error));
                }
            }
            Happening::Began(_)
            | Happening::Noted(_)
            | Happening::Rejected(_)
            | Happening::Settled { .. }
            | Happening::Troubled(_)
            | Happening::PaceRose(_)
            | Happening::InputFailed { .. }
            | Happening::Progressed(_)
            | Happening::Asked(_) => {}
        }
    }
}

/// The annotation of a rejected record.
fn reject(rejected: &Rejected<'_>) -> String {
    let defect = rejected.defect;
    let key = defect.shown_key();
    let title = format!("rejected: {}", defect.reason.code());
    match rejected.input() {
        Some(Input::File(path)) => {
            let (file, line) = (path.display().to_string(), defect.position.line.to_string());
            error(
                &[("file", &file), ("line", &line), ("title", &title)],
                &format!("{key}{}", defect.reason.told()),
            )
        }
        _ => error(&[("title", &title)], &format!("{}: {key}{}", rejected.place(), defect.reason.told())),
    }
}

/// The annotation of a run that stopped.
pub(crate) fn failure(message: &str) -> String {
    error(&[("title", "ossvec")], message)
}

/// The workflow command `error`.
fn error(properties: &[(&str, &str)], message: &str) -> String {
    let properties: Vec<_> =
        properties.iter().map(|(name, value)| format!("{name}={}", property(&visible(value)))).collect();
    format!("::error {}::{}", properties.join(","), data(&visible_lines(message)))
}

/// The message of a command, with the three characters escaped that would end it or begin an escape.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a command's property, with separators escaped, too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::record::{Defect, Position, Raw, Reason};

    fn defect(key: &str) -> Defect {
        let position = Position { line: 7, record: 6, ..Position::default() };
        let raw = Raw::Json(Bytes::from_static(b"{}"));
        Defect { position, key: Some(key.to_owned()), raw, reason: Reason::Dimension { want: 4, got: 3 } }
    }

    fn annotated(key: &str, input: Input) -> String {
        reject(&Rejected { defect: &defect(key), inputs: &[input], before: 0, alike: 0 })
    }

    #[test]
    fn a_reject_annotates_its_file_and_line() {
        let file = Input::File("data/a,b:100%.jsonl".into());
        let all =
            [annotated("a%\n::stop", file), annotated("a", Input::Stdin), failure("a\u{1b}\u{202e}\nb")];
        insta::assert_snapshot!(all.join("\n"), @r#"
        ::error file=data/a%2Cb%3A100%25.jsonl,line=7,title=rejected%3A dimension::key "a%25\n::stop": the vector has 3 elements; the dimension is 4
        ::error title=rejected%3A dimension::(stdin):7: key "a": the vector has 3 elements; the dimension is 4
        ::error title=ossvec::a\u{1b}\u{202e}%0Ab
        "#);
    }
}
