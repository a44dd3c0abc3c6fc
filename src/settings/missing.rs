//! All missing settings of a load in one error.

use super::check::{listed, usage};
use super::credential;
use super::service::ServiceAsFound;
use super::sources::Sources;
use crate::cli::To;
use crate::exit::{ErrorCode, Failure};
use crate::setting::{ACCESS_KEY_ID, ACCESS_KEY_SECRET, ACCOUNT_ID, BUCKET, INDEX_NAME, REGION};

/// Refuses a load that lacks two or more settings. A single missing one is reported where it is needed, in more detail.
pub(super) fn none_missing(
    service: ServiceAsFound,
    to: &To,
    sources: &Sources<'_>,
) -> Result<ServiceAsFound, Failure> {
    let has_metric = to.distance_metric.is_some() || !to.create_index;
    let has_target = service.bucket.is_some() && to.index_name.is_some() && has_metric;
    let settings = [
        (service.bucket.is_none(), &BUCKET),
        (to.index_name.is_none(), &INDEX_NAME),
        (service.region.is_none(), &REGION),
        (service.account.is_none(), &ACCOUNT_ID),
    ];
    let settings = settings.into_iter().filter_map(|(is_missing, setting)| is_missing.then_some(setting));
    let settings = settings.chain(credential::missing(sources));
    let mut missing: Vec<_> = settings.map(|setting| (setting.noun, setting.places())).collect();
    if !has_metric {
        missing.push(("distance metric", "--distance-metric".to_owned()));
    }
    if !missing.is_empty() && credential::is_absent(sources) {
        missing.push(("access key", format!("{}, {}", ACCESS_KEY_ID.places(), ACCESS_KEY_SECRET.places())));
    }
    if missing.len() < 2 {
        return Ok(service);
    }
    let (nouns, places): (Vec<_>, Vec<_>) = missing.into_iter().unzip();
    let set = format!("set {}", places.join(", "));
    let advice = if sources.unused.is_some() {
        set
    } else {
        let file = sources.file_name();
        format!(
            "{set}; or run ossvec config init to save what all loads share in {file}; or use --local to try a load \
             without an account"
        )
    };
    let failure = usage(format!("no {} is set", listed(&nouns, "or"))).advise(advice);
    let code = if has_target { ErrorCode::MissingSetting } else { ErrorCode::Usage };
    Err(sources.with_unused(Failure { code, ..failure }))
}

#[cfg(test)]
mod tests {
    use crate::settings::tests::{all_refused, all_refused_by_file};

    #[test]
    fn everything_that_is_missing_is_named_in_one_error() {
        let told = all_refused([
            "put-vectors a",
            "put-vectors a --create-index",
            "put-vectors a --bucket bkt --index-name i --create-index --account-id 1 -i i",
            "OSS_ACCESS_KEY_ID=i put-vectors a --bucket bkt --index-name i",
            "put-vectors a --bucket bkt --index-name i --region r --account-id 1 --mode StsToken",
            "put-vectors a --bucket bkt --index-name i --region r --mode RamRoleArn -i i -k s",
            "put-vectors a --bucket bkt --index-name i --region r --mode EcsRamRole",
        ]);
        insta::assert_snapshot!(told, @"
        no bucket, index, region, account ID or access key is set
            set --bucket, --index-name, --region (OSS_REGION, region), --account-id (OSS_ACCOUNT_ID, account-id), --access-key-id (OSS_ACCESS_KEY_ID, access-key-id), --access-key-secret (OSS_ACCESS_KEY_SECRET, access-key-secret); or run ossvec config init to save what all loads share in ~/.ossutilconfig; or use --local to try a load without an account
        no bucket, index, region, account ID, distance metric or access key is set
            set --bucket, --index-name, --region (OSS_REGION, region), --account-id (OSS_ACCOUNT_ID, account-id), --distance-metric, --access-key-id (OSS_ACCESS_KEY_ID, access-key-id), --access-key-secret (OSS_ACCESS_KEY_SECRET, access-key-secret); or run ossvec config init to save what all loads share in ~/.ossutilconfig; or use --local to try a load without an account
        no region, access key secret or distance metric is set
            set --region (OSS_REGION, region), --access-key-secret (OSS_ACCESS_KEY_SECRET, access-key-secret), --distance-metric; or run ossvec config init to save what all loads share in ~/.ossutilconfig; or use --local to try a load without an account
        no region, account ID or access key secret is set
            set --region (OSS_REGION, region), --account-id (OSS_ACCOUNT_ID, account-id), --access-key-secret (OSS_ACCESS_KEY_SECRET, access-key-secret); or run ossvec config init to save what all loads share in ~/.ossutilconfig; or use --local to try a load without an account
        no access key ID, access key secret or security token is set
            set --access-key-id (OSS_ACCESS_KEY_ID, access-key-id), --access-key-secret (OSS_ACCESS_KEY_SECRET, access-key-secret), --sts-token (OSS_SESSION_TOKEN, sts-token); or run ossvec config init to save what all loads share in ~/.ossutilconfig; or use --local to try a load without an account
        no account ID or role is set
            set --account-id (OSS_ACCOUNT_ID, account-id), --role-arn (OSS_ROLE_ARN, role-arn); or run ossvec config init to save what all loads share in ~/.ossutilconfig; or use --local to try a load without an account
        no account ID is set
            set --account-id, OSS_ACCOUNT_ID or account-id in ~/.ossutilconfig; or use --local to try a load without an account
        ");
        let told =
            all_refused_by_file(["mode = RamRoleArn", "access-key-id = i", "mode = EcsRamRole", "x = y"]);
        insta::assert_snapshot!(told, @"
        no region, account ID, access key ID, access key secret or role is set
            set --region (OSS_REGION, region), --account-id (OSS_ACCOUNT_ID, account-id), --access-key-id (OSS_ACCESS_KEY_ID, access-key-id), --access-key-secret (OSS_ACCESS_KEY_SECRET, access-key-secret), --role-arn (OSS_ROLE_ARN, role-arn); or run ossvec config init to save what all loads share in conf; or use --local to try a load without an account
        no region, account ID or access key secret is set
            set --region (OSS_REGION, region), --account-id (OSS_ACCOUNT_ID, account-id), --access-key-secret (OSS_ACCESS_KEY_SECRET, access-key-secret); or run ossvec config init to save what all loads share in conf; or use --local to try a load without an account
        no region or account ID is set
            set --region (OSS_REGION, region), --account-id (OSS_ACCOUNT_ID, account-id); or run ossvec config init to save what all loads share in conf; or use --local to try a load without an account
        no region, account ID or access key is set
            set --region (OSS_REGION, region), --account-id (OSS_ACCOUNT_ID, account-id), --access-key-id (OSS_ACCESS_KEY_ID, access-key-id), --access-key-secret (OSS_ACCESS_KEY_SECRET, access-key-secret); or run ossvec config init to save what all loads share in conf; or use --local to try a load without an account
        ");
    }

    #[test]
    fn what_is_missing_alone_is_told_with_every_place_for_it() {
        let told = all_refused([
            "put-vectors a --bucket bkt --index-name i --account-id 1 -i i -k s",
            "put-vectors a --bucket bkt --index-name i --region r -i i -k s",
            "put-vectors a --bucket bkt --index-name i --region r --account-id 1 -i i",
            "put-vectors a --bucket bkt --index-name i --region r --account-id 1 -t t",
        ]);
        insta::assert_snapshot!(told, @"
        no region is set
            set --region, OSS_REGION or region in ~/.ossutilconfig; or use --local to try a load without an account
        no account ID is set
            set --account-id, OSS_ACCOUNT_ID or account-id in ~/.ossutilconfig; or use --local to try a load without an account
        no access key secret is set
            set --access-key-secret, OSS_ACCESS_KEY_SECRET or access-key-secret in ~/.ossutilconfig; or use --local to try a load without an account
        --sts-token requires --access-key-id
            pass both, or set OSS_SESSION_TOKEN together with OSS_ACCESS_KEY_ID
        ");
    }
}
