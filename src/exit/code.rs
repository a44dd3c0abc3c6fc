//! How a run ended, as the exit code for the shell, and why it failed, as the error code for scripts. Both lists are
//! closed. Pure.

use std::process::ExitCode;

use serde::Serialize;

/// The exit codes of ossutil 2 (page "Use ossutil through Alibaba Cloud CLI"), and one of our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything is stored.
    Complete = 0,
    /// The command line is wrong; nothing was done.
    Usage = 1,
    /// The service refused; that will not change by itself.
    Service = 2,
    /// The client failed: input, configuration, credentials, disk.
    Client = 3,
    /// Finished, or stopped, with records rejected or unknown.
    Partial = 4,
    /// Stopped by a signal.
    Interrupted = 5,
    /// The service stayed unreachable, accepted no writes, or the credential expired: later the same may succeed.
    Temporary = 6,
}

impl Exit {
    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Defines the list once: each error code with its name and its exit code.
macro_rules! error_codes {
    ($($(#[$meaning:meta])* $code:ident = $word:literal, $exit:ident;)*) => {
        /// Why a run failed, as an error code; `docs/events.md` lists them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        pub enum ErrorCode {
            $($(#[$meaning])* #[serde(rename = $word)] $code,)*
        }

        impl ErrorCode {
            /// All codes, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$code),*];

            /// The name that scripts read.
            pub fn word(self) -> &'static str {
                match self { $(Self::$code => $word,)* }
            }

            /// The exit code that the shell sees.
            pub fn exit(self) -> Exit {
                match self { $(Self::$code => Exit::$exit,)* }
            }
        }
    };
}

error_codes! {
    /// The command line is invalid.
    Usage = "usage", Usage;
    /// The index differs from what the command line or the input says.
    IndexMismatch = "index_mismatch", Usage;
    /// The first records lack a field or column that the command line names.
    FieldMissing = "field_missing", Usage;

    /// The credential lacks a permission.
    AccessDenied = "access_denied", Service;
    /// The service does not accept the credential.
    CredentialRefused = "credential_refused", Service;
    /// There is no such bucket.
    NoSuchBucket = "no_such_bucket", Service;
    /// There is no such index.
    NoSuchIndex = "no_such_index", Service;
    /// The index is being deleted.
    IndexDeleting = "index_deleting", Service;
    /// The index accepts no more records: one after another is refused in the same way.
    IndexFull = "index_full", Service;
    /// Every record was refused, and none was ever stored.
    RecordsRefused = "records_refused", Service;
    /// The server's certificate is not trusted, or it does not support TLS.
    TlsRefused = "tls_refused", Service;
    /// The response is not that of the service.
    NotTheService = "not_the_service", Service;
    /// The service refused a request for another reason.
    Refused = "refused", Service;

    /// The service's host is not known.
    HostNotFound = "host_not_found", Temporary;
    /// The service did not respond.
    Unreachable = "unreachable", Temporary;
    /// The service responded with errors of its own until the retry budget ran out.
    ServiceUnavailable = "service_unavailable", Temporary;
    /// The service asked for a slower pace until the retry budget ran out.
    Throttled = "throttled", Temporary;
    /// The service accepts no writes.
    NoWrites = "no_writes", Temporary;
    /// The temporary credential expired.
    TokenExpired = "token_expired", Temporary;

    /// A setting is missing.
    MissingSetting = "missing_setting", Client;
    /// A setting in a variable or a file is invalid.
    InvalidSetting = "invalid_setting", Client;
    /// The credential's source returned none.
    CredentialUnavailable = "credential_unavailable", Client;
    /// No request is possible with these settings.
    Misconfigured = "misconfigured", Client;
    /// An input cannot be opened or read.
    InputUnreadable = "input_unreadable", Client;
    /// An input is malformed, truncated, damaged or of an unknown format.
    InputInvalid = "input_invalid", Client;
    /// The first records have different dimensions.
    MixedDimensions = "mixed_dimensions", Client;
    /// `--strict` found something.
    Strict = "strict", Client;
    /// `--lint deny` found something that rejects no single record.
    Lint = "lint", Client;
    /// Fewer records than `--min-records`.
    TooFewRecords = "too_few_records", Client;
    /// An input changed, or is gone, since the load began.
    InputChanged = "input_changed", Client;
    /// An option that changes what is read differs from that of the earlier runs.
    OptionsChanged = "options_changed", Client;
    /// The load goes to another place than its earlier runs.
    TargetChanged = "target_changed", Client;
    /// The index is not the one that earlier runs loaded into.
    IndexChanged = "index_changed", Client;
    /// The journal cannot be continued.
    CannotResume = "cannot_resume", Client;
    /// Another run uses the same state or the same file.
    InUse = "in_use", Client;
    /// The directory of the journals cannot be read.
    StateUnreadable = "state_unreadable", Client;
    /// A disk is full.
    DiskFull = "disk_full", Client;
    /// A file cannot be written.
    CannotWrite = "cannot_write", Client;
    /// The system allows too few threads or open files.
    NoResources = "no_resources", Client;
    /// The local service failed.
    LocalService = "local_service", Client;
    /// A bug in ossvec.
    Bug = "bug", Client;

    /// More records were rejected than `--max-rejects` allows.
    TooManyRejects = "too_many_rejects", Partial;

    /// A signal stopped the run.
    Interrupted = "interrupted", Interrupted;
}

impl ErrorCode {
    /// Whether the same command may succeed later without any change.
    pub fn is_retryable(self) -> bool {
        self.exit() == Exit::Temporary
    }

    /// The error code for a file that cannot be written.
    pub(crate) fn of_writing(error: &std::io::Error) -> Self {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match error.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => Self::DiskFull,
            _ => Self::CannotWrite,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../../docs/events.md");

    /// The rows of the table of error codes: name, exit code, whether it is retryable.
    fn rows() -> Vec<(String, String, String)> {
        let section = PAGE.split("\n## Error codes\n").nth(1).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let cells =
            |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
        let rows = section.lines().filter(|line| line.starts_with("| `"));
        rows.map(cells)
            .map(|cells: Vec<String>| {
                (cells[0].trim_matches('`').to_owned(), cells[1].clone(), cells[2].clone())
            })
            .collect()
    }

    #[test]
    fn the_page_lists_every_code_with_its_exit_code_and_whether_it_is_retryable() {
        let listed = |code: &ErrorCode| {
            let is_retryable = if code.is_retryable() { "yes" } else { "no" };
            (code.word().to_owned(), code.exit().code().to_string(), is_retryable.to_owned())
        };
        assert_eq!(rows(), ErrorCode::ALL.iter().map(listed).collect::<Vec<_>>());
    }

    #[test]
    fn the_pages_list_every_exit_code_once_and_in_order() {
        let readme = include_str!("../../README.md");
        let section = PAGE.split("\n## Exit codes\n").nth(1).unwrap().split("\n## ").next().unwrap();
        for page in [section, readme] {
            let table = page
                .lines()
                .skip_while(|line| !line.starts_with("| code |") && !line.starts_with("| exit code |"));
            let rows = table.skip(2).take_while(|line| line.starts_with('|'));
            let codes: Vec<u8> =
                rows.map(|row| row.split('|').nth(1).unwrap().trim().parse().unwrap()).collect();
            assert_eq!(codes, (0..=Exit::Temporary.code()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn scripts_read_the_word_of_the_list() {
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.word());
        }
    }

    #[test]
    fn the_exit_code_of_temporary_failures_stands_for_those_alone() {
        let temporary = ErrorCode::ALL.iter().filter(|code| code.exit() == Exit::Temporary);
        let words: Vec<_> = temporary.map(|code| code.word()).collect();
        let wanted = [
            "host_not_found",
            "unreachable",
            "service_unavailable",
            "throttled",
            "no_writes",
            "token_expired",
        ];
        assert_eq!(words, wanted);
        assert_eq!(Exit::Temporary.code(), 6);
    }
}
