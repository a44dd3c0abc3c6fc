//! The program as a program: the real binary against the local service, judged by the service's own state.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod events;
mod load;
mod pace;
mod recorder;
mod sdk;
mod support;
mod usage;
