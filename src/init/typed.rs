//! A line typed on the terminal, with or without echo.

use std::io::{self, Read, Write};

use crate::exit::{ErrorCode, Failure};

/// The byte that the terminal sends for Ctrl-C.
const CTRL_C: u8 = 3;

/// Shows the prompt and reads a line, without surrounding whitespace. `None` at the end of the input.
#[cfg(unix)]
pub(super) fn typed(prompt: &str, shows: bool) -> Result<Option<String>, Failure> {
    let _modes = Modes::set(shows).map_err(|error| no_terminal(&error))?;
    tell(prompt)?;
    let line = line();
    if !matches!(line, Ok(Some(_))) {
        // The next message begins on a new line.
        tell("\n")?;
    }
    line
}

/// The same on systems whose terminal modes are not set here.
#[cfg(not(unix))]
pub(super) fn typed(prompt: &str, shows: bool) -> Result<Option<String>, Failure> {
    tell(prompt)?;
    if shows {
        return line();
    }
    let secret = console::Term::stderr().read_secure_line().map_err(|error| no_terminal(&error))?;
    Ok(Some(secret.trim().to_owned()))
}

pub(super) fn tell(text: &str) -> Result<(), Failure> {
    let mut terminal = io::stderr().lock();
    terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush()).map_err(|error| no_terminal(&error))
}

/// The terminal's modes while a line is typed. Ctrl-C only ends the line: if it ended the program, the terminal's echo
/// would not be restored.
#[cfg(unix)]
struct Modes {
    before: rustix::termios::Termios,
}

#[cfg(unix)]
impl Modes {
    fn set(shows: bool) -> io::Result<Self> {
        use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};
        let before = tcgetattr(io::stdin())?;
        let mut modes = before.clone();
        modes.local_modes.remove(LocalModes::ISIG);
        modes.local_modes.set(LocalModes::ECHO, shows);
        modes.local_modes.set(LocalModes::ECHONL, !shows);
        modes.special_codes[SpecialCodeIndex::VEOL] = CTRL_C;
        tcsetattr(io::stdin(), OptionalActions::Now, &modes)?;
        Ok(Self { before })
    }
}

#[cfg(unix)]
impl Drop for Modes {
    fn drop(&mut self) {
        let now = rustix::termios::OptionalActions::Now;
        rustix::termios::tcsetattr(io::stdin(), now, &self.before).unwrap_or_default();
    }
}

fn line() -> Result<Option<String>, Failure> {
    let mut line = Vec::new();
    for byte in io::stdin().lock().bytes() {
        match byte.map_err(|error| no_terminal(&error))? {
            CTRL_C => return Err(interrupted()),
            b'\n' => return Ok(Some(text(&line))),
            byte => line.push(byte),
        }
    }
    Ok((!line.is_empty()).then(|| text(&line)))
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).trim().to_owned()
}

fn interrupted() -> Failure {
    Failure::new(ErrorCode::Interrupted, "interrupted; nothing was written")
}

fn no_terminal(error: &io::Error) -> Failure {
    Failure::new(ErrorCode::NoResources, format!("cannot use this terminal: {error}"))
}
