//! Identifies the process of a run, so that others can see later whether it still exists.

use serde::{Deserialize, Serialize};

/// A process, so that it can be recognised later: the id alone is reused sooner or later, and means another process in
/// a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    /// The process id.
    pub(crate) id: u32,
    /// Where the id is valid: the boot of the system, and the container. `None` if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) space: Option<String>,
    /// When the process started, in the system's own units. `None` if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) began: Option<u64>,
}

/// What is known about a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// It exists.
    Alive,
    /// It no longer exists.
    Gone,
    /// It is not visible from here, or may be another process.
    Unknown,
}

impl Process {
    /// The current process.
    pub(crate) fn own() -> Self {
        let id = std::process::id();
        Self { id, space: space(), began: look(id).and_then(|look| look.began) }
    }

    /// Whether the process still exists. Does not affect it.
    pub(crate) fn life(&self) -> Life {
        if self.space != space() {
            return Life::Unknown;
        }
        let Some(Look { is_there, began }) = look(self.id) else { return Life::Unknown };
        match (is_there, began.zip(self.began)) {
            (true, None) => Life::Unknown,
            (true, Some((now, then))) if now == then => Life::Alive,
            _ => Life::Gone,
        }
    }
}

/// What the system reports for a process id.
struct Look {
    is_there: bool,
    began: Option<u64>,
}

#[cfg(target_os = "linux")]
fn space() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let container = std::fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", boot.trim(), container.display()))
}

#[cfg(not(target_os = "linux"))]
fn space() -> Option<String> {
    None
}

#[cfg(target_os = "linux")]
fn look(id: u32) -> Option<Look> {
    const GONE: Look = Look { is_there: false, began: None };
    match std::fs::read_to_string(format!("/proc/{id}/stat")) {
        Ok(line) => Some(stat(&line).map_or(GONE, |began| Look { is_there: true, began: Some(began) })),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => None,
        // If no process is visible, this one's absence means nothing.
        Err(_) => std::path::Path::new("/proc/self/stat").exists().then_some(GONE),
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
fn look(id: u32) -> Option<Look> {
    use rustix::io::Errno;
    use rustix::process::{Pid, test_kill_process};

    let pid = Pid::from_raw(id.cast_signed())?;
    // Another user's process is not this run.
    let is_there = !matches!(test_kill_process(pid), Err(Errno::SRCH | Errno::PERM));
    Some(Look { is_there, began: None })
}

#[cfg(not(unix))]
fn look(_: u32) -> Option<Look> {
    None
}

/// When a process started, from its line in `/proc`; `None` for a zombie.
#[cfg(any(target_os = "linux", test))]
fn stat(line: &str) -> Option<u64> {
    // The name, in parentheses, may contain anything.
    let (_, rest) = line.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?;
    let began = fields.nth(18)?.parse().ok()?;
    (!matches!(state, "Z" | "X" | "x")).then_some(began)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_process_says_when_it_began_whatever_its_name_is() {
        let line = |name: &str, state: &str| {
            format!(
                "7 ({name}) {state} 1 7 7 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 4711 1000 1 18446744073709551615"
            )
        };
        assert_eq!(stat(&line("ossvec", "S")), Some(4711));
        assert_eq!(stat(&line("a) R 1 (b", "R")), Some(4711));
        assert_eq!(stat(&line("ossvec", "Z")), None);
        assert_eq!(stat("7 (oss"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_is_known_again_by_when_it_began_and_where_its_number_counts() {
        let own = Process::own();
        assert_eq!(own.life(), Life::Alive);
        let another = Process { began: own.began.map(|began| began + 1), ..own.clone() };
        assert_eq!(another.life(), Life::Gone);
        let elsewhere = Process { space: Some("another boot".into()), ..own.clone() };
        assert_eq!(elsewhere.life(), Life::Unknown);
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let ended = Process { id: child.id(), ..own };
        child.wait().unwrap();
        assert_eq!(ended.life(), Life::Gone);
    }
}
