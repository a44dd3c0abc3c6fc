//! The regions with vector buckets, as documented by the vendor. Pure.

/// The regions of the page `user-guide/vector-bucket`, edition of July 1, 2026, which names cities; the ids come from
/// the general table of OSS regions. A new region may be missing, so this list is never used to refuse one.
pub(crate) const DOCUMENTED: [&str; 12] = [
    "cn-hangzhou",
    "cn-shanghai",
    "cn-qingdao",
    "cn-beijing",
    "cn-wulanchabu",
    "cn-shenzhen",
    "cn-hongkong",
    "ap-southeast-1",
    "ap-southeast-5",
    "eu-central-1",
    "us-west-1",
    "us-east-1",
];
