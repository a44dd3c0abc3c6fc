//! Operations on vector buckets.

use super::Context;
use crate::local_service::answer::{Answer, Refusal};
use crate::oss::limits;
use crate::oss::wire::{BucketInfo, GetVectorBucketAnswer};

impl Context<'_> {
    pub(super) fn put_bucket(&self, bucket: &str) -> Result<Answer, Refusal> {
        limits::bucket_name(bucket).map_err(|rule| {
            Refusal::new(400, "InvalidBucketName", format!("The specified bucket is not valid: {rule}."))
        })?;
        if !self.store.put_bucket(bucket, &self.clock.rfc3339_millis())? {
            let message = "The requested bucket name is not available. \
                           Please select a different name and try again.";
            return Err(Refusal::new(409, "BucketAlreadyExists", message).with_ec("0015-00000104"));
        }
        Ok(Answer { location: Some(format!("/{bucket}")), ..Answer::empty(200) })
    }

    pub(super) fn get_bucket(&self, bucket: &str) -> Result<Answer, Refusal> {
        let Self { region, account, .. } = self;
        let creation_date = self.store.bucket_created(bucket)?.ok_or_else(Refusal::no_such_bucket)?;
        let bucket_info = BucketInfo {
            creation_date,
            extranet_endpoint: format!("{region}.oss-vectors.aliyuncs.com"),
            intranet_endpoint: format!("{region}-internal.oss-vectors.aliyuncs.com"),
            location: format!("oss-{region}"),
            region: (*region).to_owned(),
            name: format!("acs:ossvector:{region}:{account}:{bucket}"),
            resource_group_id: String::new(),
        };
        Answer::json(&GetVectorBucketAnswer { bucket_info })
    }
}
