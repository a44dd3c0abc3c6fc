//! Runs the program under ptrace and strikes at one of the calls that change a file below its home: kills it there, or
//! lets the call fail. Linux on x86-64 only; what is found there holds elsewhere, since the program's own order of
//! calls is the same.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::errno::Errno;
use nix::libc::{self, c_long};
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::support::{Ended, sharing_the_machine};

/// What is done to the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strike {
    /// It is killed before the call.
    Kill,
    /// A write gets half of its bytes to the file, and then the program is killed; any other call as above.
    Tear,
    /// From the call on nothing more fits the disk; a write gets half of its bytes there.
    Full,
    /// This call alone fails.
    Fail,
}

/// A run that was watched.
pub(crate) struct Traced {
    pub(crate) ended: Ended,
    /// The call that was struck, in words.
    pub(crate) struck: Option<String>,
}

/// Whether this machine lets a process trace its children; where it must, anything else is a failure.
pub(crate) fn is_allowed() -> bool {
    let traced = Command::new("/bin/sh").args(["-c", STOPPED, "sh", "/bin/true"]).spawn();
    let child = Tracer::seize(traced.unwrap(), Path::new("/"), usize::MAX, Strike::Kill);
    let allowed = child.map(Tracer::watch).is_ok();
    assert!(allowed || variable("CI").is_none(), "this machine does not let processes be traced");
    if !allowed {
        crate::support::say("SKIPPED: this machine does not let processes be traced");
    }
    allowed
}

/// A variable of the test's own environment.
#[expect(clippy::disallowed_methods, reason = "the program's environment is another one")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Runs the program, whose home is `home`, and strikes at the call number `at`, from 0.
pub(crate) fn run_traced(command: &Command, home: &Path, at: usize, strike: Strike) -> Traced {
    let _shared = sharing_the_machine();
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", STOPPED, "sh"]).arg(command.get_program()).args(command.get_args()).env_clear();
    for (name, value) in command.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    shell.current_dir(home).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Tracer::seize(shell.spawn().unwrap(), home, at, strike).unwrap().watch()
}

/// Stops itself, to be seized, and then becomes the program.
const STOPPED: &str = "kill -STOP $$; exec \"$@\"";

/// What is to be done when the call that a thread is in returns.
#[derive(Clone, Copy)]
enum AtReturn {
    Fail(Errno),
    Kill,
}

struct Tracer {
    child: Child,
    leader: Pid,
    home: PathBuf,
    at: usize,
    strike: Strike,
    calls: usize,
    struck: Option<String>,
    returning: BTreeMap<Pid, AtReturn>,
}

impl Tracer {
    /// Only the thread that seizes a process may trace it, and only that thread waits for it.
    fn seize(child: Child, home: &Path, at: usize, strike: Strike) -> nix::Result<Self> {
        let leader = Pid::from_raw(child.id().try_into().unwrap());
        waitpid(leader, Some(WaitPidFlag::WUNTRACED))?;
        let options =
            Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_TRACECLONE | Options::PTRACE_O_EXITKILL;
        let seized = ptrace::seize(leader, options);
        kill(leader, Signal::SIGCONT)?;
        let (home, returning) = (home.to_owned(), BTreeMap::new());
        let tracer = Self { child, leader, home, at, strike, calls: 0, struck: None, returning };
        seized.map(|()| tracer)
    }

    fn watch(mut self) -> Traced {
        let code = loop {
            let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
            let (thread, signal) = match waitpid(None, Some(flags)).unwrap() {
                WaitStatus::Exited(pid, code) if pid == self.leader => break Some(code),
                WaitStatus::Signaled(pid, ..) if pid == self.leader => break None,
                WaitStatus::PtraceSyscall(thread) => {
                    self.call(thread);
                    (thread, None)
                }
                WaitStatus::Stopped(thread, signal) => (thread, Some(signal)),
                WaitStatus::PtraceEvent(thread, ..) => (thread, None),
                _ => continue,
            };
            match ptrace::syscall(thread, signal) {
                // It was killed meanwhile.
                Ok(()) | Err(Errno::ESRCH) => {}
                Err(error) => panic!("{error}"),
            }
        };
        let mut text = [String::new(), String::new()];
        // What is printed in a run fits a pipe.
        self.child.stdout.take().map(|mut pipe| pipe.read_to_string(&mut text[0]).unwrap());
        self.child.stderr.take().map(|mut pipe| pipe.read_to_string(&mut text[1]).unwrap());
        let [stdout, stderr] = text;
        Traced { ended: Ended { code, stdout, stderr }, struck: self.struck }
    }

    /// A thread goes into a call, or comes out of it.
    fn call(&mut self, thread: Pid) {
        let Ok(info) = ptrace::syscall_info(thread) else { return };
        if info.op == libc::PTRACE_SYSCALL_INFO_ENTRY {
            self.enters(thread);
        } else if let Some(then) = self.returning.remove(&thread) {
            match then {
                AtReturn::Kill => kill(self.leader, Signal::SIGKILL).unwrap(),
                AtReturn::Fail(error) => {
                    let mut registers = ptrace::getregs(thread).unwrap();
                    registers.rax = (-i64::from(error as i32)).cast_unsigned();
                    ptrace::setregs(thread, registers).unwrap();
                }
            }
        }
    }

    fn enters(&mut self, thread: Pid) {
        let Ok(mut registers) = ptrace::getregs(thread) else { return };
        let Some(call) = self.change(thread, &registers) else { return };
        let number = self.calls;
        self.calls += 1;
        let is_write = registers.orig_rax.cast_signed() == libc::SYS_write;
        let grows = is_write || ["open", "mkdir"].iter().any(|name| call.starts_with(name));
        let is_struck = match self.strike {
            Strike::Full => number >= self.at && grows,
            _ => number == self.at,
        };
        if !is_struck {
            return;
        }
        let is_first = self.struck.is_none();
        self.struck.get_or_insert(call);
        let half = registers.rdx / 2;
        let then = match self.strike {
            Strike::Tear if is_write && half > 0 => Some(AtReturn::Kill),
            Strike::Kill | Strike::Tear => return kill(self.leader, Signal::SIGKILL).unwrap(),
            Strike::Full if is_write && half > 0 && is_first => None,
            Strike::Full => Some(AtReturn::Fail(Errno::ENOSPC)),
            Strike::Fail => Some(AtReturn::Fail(Errno::EIO)),
        };
        match then {
            Some(AtReturn::Fail(_)) => registers.orig_rax = u64::MAX,
            _ => registers.rdx = half,
        }
        ptrace::setregs(thread, registers).unwrap();
        then.map(|then| self.returning.insert(thread, then));
    }

    /// The call in words, if it changes a file below the home.
    fn change(&self, thread: Pid, registers: &libc::user_regs_struct) -> Option<String> {
        let descriptor = |number: u64| {
            #[expect(clippy::cast_possible_truncation, reason = "the call takes the lower half")]
            let number = number as i32;
            let name = if number == libc::AT_FDCWD { "cwd".to_owned() } else { format!("fd/{number}") };
            std::fs::read_link(format!("/proc/{thread}/{name}")).ok()
        };
        let text = |address: u64| {
            let mut bytes = vec![0; 4096];
            let memory = File::open(format!("/proc/{thread}/mem")).ok()?;
            let read = memory.read_at(&mut bytes, address).ok()?;
            let end = bytes[..read].iter().position(|byte| *byte == 0)?;
            String::from_utf8(bytes[..end].to_vec()).ok()
        };
        let here = libc::AT_FDCWD.cast_unsigned().into();
        let path = |folder: u64, name: u64| Some(descriptor(folder)?.join(text(name)?));
        let makes = |flags: u64| flags & u64::from((libc::O_CREAT | libc::O_TRUNC).cast_unsigned()) != 0;
        let (first, second, third) = (registers.rdi, registers.rsi, registers.rdx);
        let number: c_long = registers.orig_rax.cast_signed();
        let (name, place) = match number {
            libc::SYS_write | libc::SYS_pwrite64 | libc::SYS_writev => ("write", descriptor(first)),
            libc::SYS_ftruncate => ("ftruncate", descriptor(first)),
            libc::SYS_fsync | libc::SYS_fdatasync => ("sync", descriptor(first)),
            libc::SYS_copy_file_range => ("copy", descriptor(third)),
            libc::SYS_openat if makes(third) => ("open", path(first, second)),
            libc::SYS_open if makes(second) => ("open", path(here, first)),
            libc::SYS_rename => ("rename", path(here, first)),
            libc::SYS_renameat | libc::SYS_renameat2 => ("rename", path(first, second)),
            libc::SYS_link => ("link", path(here, second)),
            libc::SYS_unlink => ("unlink", path(here, first)),
            libc::SYS_rmdir => ("rmdir", path(here, first)),
            libc::SYS_unlinkat => ("unlink", path(first, second)),
            libc::SYS_mkdir => ("mkdir", path(here, first)),
            libc::SYS_mkdirat => ("mkdir", path(first, second)),
            libc::SYS_chmod => ("chmod", path(here, first)),
            libc::SYS_fchmod => ("chmod", descriptor(first)),
            _ => return None,
        };
        let place = place?;
        let below = place.strip_prefix(&self.home).ok()?;
        Some(format!("{name} {}", below.display()))
    }
}
