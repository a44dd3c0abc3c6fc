//! The program as a program: the real binary against the local service, judged by the service's own state.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod action;
mod completions;
mod config;
mod crash;
mod credentials;
mod disk;
mod documents;
mod events;
mod faults;
mod generated;
mod load;
mod order;
mod outage;
mod pace;
mod poison;
mod recorder;
mod sdk;
mod secrets;
mod signals;
mod support;
mod trouble;
mod unknown;
mod usage;
