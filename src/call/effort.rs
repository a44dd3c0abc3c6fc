//! The cost of requests over all their attempts.

use tokio::time::Instant;

/// What a batch, or another purpose of requests, has cost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Effort {
    pub(crate) attempts: u32,
    pub(crate) throttled: u32,
    pub(crate) bytes_sent: u64,
    /// When the last attempt was sent, and when the first one of this request and of those that it caused.
    pub(crate) sent: Option<Instant>,
    pub(crate) begun: Option<Instant>,
    /// Whether a failed attempt may have stored a part, perhaps even later.
    pub(crate) may_come_late: bool,
}

impl Effort {
    /// Notes that an attempt with a body of `bytes` is sent now, and returns that moment.
    pub(super) fn begin_attempt(&mut self, bytes: u64) -> Instant {
        let sent = Instant::now();
        self.attempts += 1;
        self.bytes_sent += bytes;
        self.sent = Some(sent);
        self.begun.get_or_insert(sent);
        sent
    }
}
