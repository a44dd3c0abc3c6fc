//! The program as a program: the real binary against the local service, judged by the service's own state.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod annotations;
mod answers;
mod array_files;
mod arrow_files;
mod bad_inputs;
mod brought_back;
mod build_script;
mod bulk_pairs;
mod check;
mod column_files;
mod columnar;
mod companion_bytes;
mod companions;
mod completions;
mod config;
mod conversions;
mod counted;
mod crash;
mod credentials;
#[cfg(unix)]
mod cures;
mod damaged_columns;
mod disk;
#[cfg(unix)]
mod documented_exports;
mod documented_formats;
mod documents;
mod door;
mod echoes;
mod encodings;
mod events;
mod every_form;
mod every_format;
mod exports;
mod faults;
mod fed_again;
mod fields;
mod files;
mod files_from;
mod first_look;
mod forgotten;
mod full;
mod generated;
mod github_action;
mod given_up;
mod identity;
#[cfg(unix)]
mod init;
mod join;
mod join_told;
mod joined_files;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod kept;
mod key_template;
mod late;
mod limits;
mod line_ends;
mod lint;
mod load;
mod log;
#[path = "../tables/made.rs"]
mod made;
mod mapping;
mod memory;
mod metrics;
mod names;
mod namespaces;
mod network;
mod nightly;
mod odd;
mod order;
mod ossutil;
mod outage;
mod outputs;
mod pace;
mod parquet_files;
mod parts;
mod pipes;
mod plan;
mod poison;
mod private;
mod progress;
#[cfg(unix)]
mod pty;
#[cfg(unix)]
mod python_files;
mod quiet;
mod random_columns;
mod random_files;
mod random_records;
mod recorder;
mod refusals;
mod rejected;
mod repair;
mod schema;
#[path = "../../src/oss/credential/testing.rs"]
mod scripted;
mod sdk;
mod secrets;
mod shapes;
mod shared_inputs;
#[cfg(unix)]
mod shell;
mod signals;
mod sources;
mod spellings;
mod status;
mod style;
mod support;
mod tables;
mod terminal;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod tracer;
mod trouble;
mod unknown;
#[cfg(target_os = "linux")]
mod unknown_clients;
mod unreachable;
mod usage;
mod verify;
mod verify_found;
mod verify_resumed;
mod verifying;
