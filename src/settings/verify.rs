//! A verification: the settings of a load that writes nothing.

use std::path::PathBuf;

use super::check::usage;
use crate::cli::{PutVectors, Verify};
use crate::exit::Failure;
use crate::oss::limits;
use crate::put::batch::Sample;
use crate::put::report::Verified;
use crate::put::{Job, Wanted};
use crate::values::PartOfKeys;

/// The arguments of the load to verify, without what only applies to loads, so that only one word of its command line
/// must change. A batch is what one request can read.
pub(super) fn of_load(Verify { load, .. }: &Verify) -> Result<PutVectors, Failure> {
    check(load)?;
    let mut arguments = load.clone();
    let most = u16::try_from(limits::KEYS_PER_GET).unwrap_or(u16::MAX);
    arguments.sending.batch_size = arguments.sending.batch_size.min(most);
    arguments.to.create_index = false;
    arguments.to.non_filterable_metadata_keys.clear();
    Ok(arguments)
}

/// Turns a load into a verification.
pub(super) fn only_read(job: &mut Job, sample: Option<PartOfKeys>) {
    let Wanted { name, dimension, metric, .. } = job.wanted.clone();
    job.wanted = Wanted {
        name,
        dimension,
        metric,
        usual_metric: None,
        non_filterable: None,
        create_index: false,
        create_bucket: false,
        only_reads: true,
    };
    job.sample = sample.map(|PartOfKeys(sample)| sample);
    let sample_percent = job.sample.map(Sample::percent);
    job.telling.verified = Some(Verified { sample_percent, ..Verified::default() });
    job.keep.place = job.keep.place.clone().of_verification();
    job.keep.reading.extend(sample.map(|sample| ("--sample".to_owned(), sample.to_string())));
}

/// Refuses options that contradict a verification.
fn check(PutVectors { sending, reporting, .. }: &PutVectors) -> Result<(), Failure> {
    for (is_given, option) in [(sending.dry_run, "--dry-run"), (sending.check, "--check")] {
        if is_given {
            return Err(usage(format!("{option} cannot be used with verify, which writes nothing"))
                .advise(format!("remove {option}")));
        }
    }
    // A later record with its key may take a finding back, which requires a file that can be modified.
    let is_other = |path: &PathBuf| path.metadata().is_ok_and(|file| !file.is_file());
    match &reporting.rejects {
        Some(path) if is_other(path) => {
            Err(usage(format!("--rejects {} is not a regular file", path.display()))
                .advise("choose a file, or remove --rejects"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::tests::all_refused;

    #[test]
    fn what_contradicts_a_verification_is_refused() {
        let directory = crate::testing::Directory::new();
        let rest = "--bucket bkt --index-name i --region r --account-id 1 -i i -k s";
        let refused = all_refused([
            &format!("verify a {rest} --dry-run"),
            &format!("verify a {rest} --check"),
            &format!("verify a {rest} --rejects {}", directory.path("").display()),
            "verify",
        ]);
        let refused = refused.replace(&directory.path("").display().to_string(), "DIR");
        insta::assert_snapshot!(refused, @"
        --dry-run cannot be used with verify, which writes nothing
            remove --dry-run
        --check cannot be used with verify, which writes nothing
            remove --check
        --rejects DIR is not a regular file
            choose a file, or remove --rejects
        no input given: pass files, directories, or - for standard input
        ");
    }
}
