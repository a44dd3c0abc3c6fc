//! The parts of the program that only the tests in `tests`, the benchmarks and the fuzz targets use.

mod presigned;
mod service;

pub mod admit {
    #[cfg(any(test, fuzzing))]
    pub use crate::admit::fuzzing;
    pub use crate::admit::{Admit, Admitted, Fields, Findings, MetadataValues, Rules};
    pub use crate::lint::Mode;
}

/// Whether a panic on this thread is a finding about damaged data.
#[cfg(any(test, fuzzing))]
pub fn is_guarded() -> bool {
    crate::guard::is_guarded()
}

pub mod call {
    pub use crate::call::{Budget, Quota};
}

pub mod cli {
    pub use crate::cli::{Cli, definition};
}

pub mod local_service {
    pub use crate::local_service::{ClientLimits, Options, Service, fault, serve, statistics};
}

pub mod generate {
    pub use crate::generate::{files, parts};
}

pub mod oss {
    pub use super::presigned::{presign, presigned_query};
    pub use crate::oss::{client, credential, endpoint, network, operation, secret, sign, time, wire};
}

pub mod put {
    #[cfg(any(test, fuzzing))]
    pub use crate::put::fuzzing;
    pub use crate::put::{
        Bounds, Calls, Finished, Job, Keep, MaxRejects, Rehearse, Verify, Wanted, batch, keep, report, run,
    };
}

pub mod read {
    pub use crate::read::{Form, Format, open};
}

pub mod record {
    pub use crate::record::{Block, Columns, Input, Position, Raw, Record, Span, Vector};
}

pub mod setting {
    pub use crate::setting::{ALL, ALSO_READ, FOR_TESTS, Key};
}
