//! All limits and naming rules of the service, each with the page it comes from.
//!
//! Pages are relative to `https://www.alibabacloud.com/help/en/oss/`. Nothing here enforces a limit: the loader keeps
//! within them, the local service enforces them.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Maximum vectors in one `PutVectors` request (developer-reference/putvectors).
pub(crate) const VECTORS_PER_PUT: usize = 500;

/// Maximum vectors in one index (developer-reference/putvectors, editions since Mar 25, 2026).
pub(crate) const VECTORS_PER_INDEX: u64 = 2_000_000_000;

/// The same according to the error table of that page and all its older editions.
pub(crate) const VECTORS_PER_INDEX_BEFORE: u64 = 50_000_000;

/// Length of a vector's key, in characters (developer-reference/putvectors).
///
/// The page says characters; it is unknown whether the service counts bytes.
pub(crate) const KEY_CHARACTERS: RangeInclusive<usize> = 1..=1024;

/// Dimension of an index (developer-reference/putvectorindex).
pub(crate) const DIMENSION: RangeInclusive<u32> = 1..=4096;

/// The only element type of an index (developer-reference/putvectorindex).
pub(crate) const DATA_TYPE: &str = "float32";

/// Maximum metadata of one vector, in bytes as [`metadata_bytes`] counts them (developer-reference/putvectors: 40 KB).
pub(crate) const METADATA_BYTES: usize = 40 * 1024;

/// Maximum filterable metadata of one vector, in bytes as [`metadata_bytes`] counts them
/// (developer-reference/putvectors: 2 KB; user-guide/vector-vectors allows that for each field).
pub(crate) const FILTERABLE_METADATA_BYTES: usize = 2 * 1024;

/// Maximum filterable metadata fields of one vector (developer-reference/putvectors).
pub(crate) const FILTERABLE_FIELDS: usize = 10;

/// `PutVectors` requests per second, by the stricter of the published quotas (developer-reference/putvectors, edition
/// of Mar 25, 2026; later editions say 1,000).
pub(crate) const PUT_REQUESTS_PER_SECOND: f64 = 5.0;

/// Vectors per second over all `PutVectors` requests (developer-reference/putvectors).
pub(crate) const PUT_VECTORS_PER_SECOND: f64 = 2500.0;

/// Maximum keys in one `GetVectors` request (developer-reference/getvectors).
pub(crate) const KEYS_PER_GET: usize = 100;

/// Maximum keys in one `DeleteVectors` request (developer-reference/deletevectors).
pub(crate) const KEYS_PER_DELETE: usize = 500;

/// The default page size of `ListVectors` (developer-reference/listvectors).
pub(crate) const LIST_PAGE_DEFAULT: usize = 500;

/// Number of vectors that a page of `ListVectors` may have (developer-reference/listvectors).
pub(crate) const LIST_PAGE: RangeInclusive<usize> = 1..=1000;

/// Maximum data on a page of `ListVectors`, in bytes, so that a short page need not be the last
/// (developer-reference/list-vectors of ossutil, until Sep 24, 2026).
pub(crate) const LIST_PAGE_BYTES: usize = 1024 * 1024;

/// Number of segments of a parallel `ListVectors` scan (developer-reference/listvectors).
pub(crate) const LIST_SEGMENTS: RangeInclusive<u32> = 1..=16;

/// Length of a vector bucket's name, in bytes (developer-reference/putvectorbucket).
pub(crate) const BUCKET_NAME_BYTES: RangeInclusive<usize> = 3..=32;

/// Length of an index's name, in bytes (developer-reference/putvectorindex).
pub(crate) const INDEX_NAME_BYTES: RangeInclusive<usize> = 1..=63;

/// How many names `nonFilterableMetadataKeys` may contain (developer-reference/putvectorindex).
pub(crate) const NON_FILTERABLE_KEYS: RangeInclusive<usize> = 1..=10;

/// Length of a name in `nonFilterableMetadataKeys`, in bytes (developer-reference/putvectorindex).
pub(crate) const NON_FILTERABLE_KEY_BYTES: RangeInclusive<usize> = 1..=63;

/// Maximum indexes in one bucket (developer-reference/putvectorindex).
pub(crate) const INDEXES_PER_BUCKET: usize = 100;

/// How far a request's date may be from the service's clock in either direction (the vendor's SDKs and
/// user-guide/0002-00000504, which names the error but not the number).
pub(crate) const CLOCK_WINDOW: Duration = Duration::from_mins(15);

/// Checks a vector bucket's name: lower-case letters, digits and inner hyphens (developer-reference/putvectorbucket).
pub(crate) fn bucket_name(name: &str) -> Result<(), &'static str> {
    if !BUCKET_NAME_BYTES.contains(&name.len()) {
        return Err("a bucket name must have 3 to 32 characters");
    }
    if !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        return Err("a bucket name can contain only lower-case letters, digits and hyphens");
    }
    if name.starts_with('-') || name.ends_with('-') {
        return Err("a bucket name cannot start or end with a hyphen");
    }
    Ok(())
}

/// Checks an index's name: letters and digits, a letter first (developer-reference/putvectorindex).
pub(crate) fn index_name(name: &str) -> Result<(), &'static str> {
    if !INDEX_NAME_BYTES.contains(&name.len()) {
        return Err("an index name must have 1 to 63 characters");
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err("an index name can contain only letters and digits, no hyphens or underscores");
    }
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return Err("an index name must start with a letter");
    }
    Ok(())
}

/// Checks a name in `nonFilterableMetadataKeys` (developer-reference/putvectorindex).
pub(crate) fn non_filterable_key(name: &str) -> Result<(), &'static str> {
    if !NON_FILTERABLE_KEY_BYTES.contains(&name.len()) {
        return Err("a non-filterable metadata key must have 1 to 63 bytes");
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Err("a non-filterable metadata key can contain only letters, digits and underscores");
    }
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        return Err("a non-filterable metadata key must start with a letter or an underscore");
    }
    Ok(())
}

/// Checks a vector's key (developer-reference/putvectors).
pub(crate) fn vector_key(key: &str) -> Result<(), &'static str> {
    // Counting characters scans the text; this many bytes are always an allowed number of characters.
    if KEY_CHARACTERS.contains(&key.len()) || KEY_CHARACTERS.contains(&key.chars().count()) {
        return Ok(());
    }
    Err("a key must have 1 to 1,024 characters")
}

/// Counts one metadata field as billing does: the UTF-8 bytes of its name and its values (vector-billing-item; how the
/// limits count is not published).
pub(crate) fn metadata_bytes<'a>(name: &str, values: impl IntoIterator<Item = &'a str>) -> usize {
    name.len() + values.into_iter().map(str::len).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_names_follow_the_documented_rule() {
        for good in ["abc", "a-b", "123", "my-vector-bucket", &"a".repeat(32)] {
            assert_eq!(bucket_name(good), Ok(()), "{good}");
        }
        for bad in ["", "ab", "-ab", "ab-", "Abc", "a_b", "a.b", "bücket", &"a".repeat(33)] {
            assert!(bucket_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn index_names_follow_the_documented_rule() {
        for good in ["a", "Index1", &"x".repeat(63)] {
            assert_eq!(index_name(good), Ok(()), "{good}");
        }
        for bad in ["", "1a", "a-b", "a_b", "é", &"x".repeat(64)] {
            assert!(index_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn non_filterable_keys_follow_the_documented_rule() {
        for good in ["a", "_", "_1", "chunk_text", &"k".repeat(63)] {
            assert_eq!(non_filterable_key(good), Ok(()), "{good}");
        }
        for bad in ["", "1a", "a-b", "a b", "ü", &"k".repeat(64)] {
            assert!(non_filterable_key(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn each_rule_is_one_phrase() {
        let told = ["a", "Bucket", "-ab"].map(bucket_name);
        let told = told.into_iter().chain(["", "a-b", "1a"].map(index_name));
        let told = told.chain(["", "a-b", "1a"].map(non_filterable_key)).chain([vector_key("")]);
        insta::assert_snapshot!(told.map(|rule| rule.unwrap_err()).collect::<Vec<_>>().join("\n"), @"
        a bucket name must have 3 to 32 characters
        a bucket name can contain only lower-case letters, digits and hyphens
        a bucket name cannot start or end with a hyphen
        an index name must have 1 to 63 characters
        an index name can contain only letters and digits, no hyphens or underscores
        an index name must start with a letter
        a non-filterable metadata key must have 1 to 63 bytes
        a non-filterable metadata key can contain only letters, digits and underscores
        a non-filterable metadata key must start with a letter or an underscore
        a key must have 1 to 1,024 characters
        ");
    }

    #[test]
    fn keys_are_counted_in_characters() {
        for good in ["k", &"k".repeat(1024), &"ü".repeat(1024), &"向".repeat(1024)] {
            assert_eq!(vector_key(good), Ok(()), "{good}");
        }
        for bad in ["", &"k".repeat(1025), &"向".repeat(1025)] {
            assert!(vector_key(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn metadata_counts_names_and_values_in_utf8_bytes() {
        assert_eq!(metadata_bytes("tag", ["a", "bc"]), 6);
        assert_eq!(metadata_bytes("größe", ["è"]), 7 + 2);
        assert_eq!(metadata_bytes("empty", []), 5);
    }
}
