//! Buckets, indexes and vectors, in one file or in memory.
//!
//! Enforces none of the service's rules, which were checked before.

use std::ops::Bound;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::Context;
use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};

use crate::oss::time::Timestamp;
use crate::oss::wire::Index;

/// Bucket → creation time, RFC 3339.
const BUCKETS: TableDefinition<'_, &str, &str> = TableDefinition::new("buckets");

/// Bucket, index → [`Index`] as JSON.
const INDEXES: TableDefinition<'_, (&str, &str), &str> = TableDefinition::new("indexes");

/// Bucket, index, key → little-endian float32 numbers, and the metadata's JSON text, empty for none.
const VECTORS: TableDefinition<'_, (&str, &str, &str), (&[u8], &str)> = TableDefinition::new("vectors");

/// Memory for pages of the file. The store serves one user who mostly writes, in the process that also loads.
const CACHE_BYTES: usize = 64 * 1024 * 1024;

/// The name of the file in the data directory.
pub(crate) const FILE_NAME: &str = "vectors.redb";

/// A stored vector.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredVector {
    /// Its key.
    pub key: String,
    /// Its numbers.
    pub data: Vec<f32>,
    /// Its metadata, a JSON object in its original text; `None` without metadata.
    pub metadata: Option<String>,
}

/// The request for a page of a listing.
pub(crate) struct PageRequest<'a> {
    /// The key after which the page starts; `None` for the first page.
    pub(crate) after: Option<&'a str>,
    /// Maximum number of vectors on the page.
    pub(crate) most: usize,
    /// Maximum bytes on the page, as `size` counts them; one vector always fits.
    pub(crate) most_bytes: usize,
    /// Whether a key belongs to the listing.
    pub(crate) is_wanted: &'a dyn Fn(&str) -> bool,
    /// The size that a vector counts as.
    pub(crate) size: &'a dyn Fn(&StoredVector) -> usize,
}

/// A page of a listing.
pub(crate) struct Page {
    /// Its vectors, in the order of their keys.
    pub(crate) vectors: Vec<StoredVector>,
    /// Whether it is the last one.
    pub(crate) is_last: bool,
}

/// The result of creating an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IndexCreation {
    /// It was created.
    Created,
    /// There is one with its name.
    Exists,
    /// The bucket has the maximum number of indexes.
    NoRoom,
}

/// The stored state of the service.
#[derive(Debug)]
pub struct Store {
    database: Database,
    /// When the latest index was created, in milliseconds since 1970.
    latest_creation: AtomicI64,
}

impl Store {
    /// Opens the store in a directory, which is created if missing; without one the store is in memory.
    ///
    /// Commits are synced to disk (redb's `Durability::Immediate`). Any other commit of redb is lost with the process,
    /// but an answer of 200 must mean "stored", even if the service is killed right after it. The cost is small: a put
    /// of 500 vectors of 384 numbers takes about 30 ms, of which waiting for the disk takes one or two. After a kill,
    /// redb scans the whole file when it is opened, which takes a second per 200,000 such vectors.
    pub fn open(directory: Option<&Path>) -> anyhow::Result<Self> {
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE_BYTES);
        let database = match directory {
            None => builder.create_with_backend(redb::backends::InMemoryBackend::new())?,
            Some(directory) => {
                std::fs::create_dir_all(directory)
                    .with_context(|| format!("cannot create the data directory {}", directory.display()))?;
                let file = directory.join(FILE_NAME);
                builder.create(&file).map_err(|error| cannot_open(&file, error))?
            }
        };
        let store = Self { database, latest_creation: AtomicI64::new(i64::MIN) };
        store.make_tables()?;
        Ok(store)
    }

    fn make_tables(&self) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        transaction.open_table(BUCKETS)?;
        transaction.open_table(INDEXES)?;
        transaction.open_table(VECTORS)?;
        transaction.commit()?;
        Ok(())
    }

    /// Creates a bucket; false if it exists.
    pub fn put_bucket(&self, bucket: &str, created: &str) -> Result<bool, redb::Error> {
        let transaction = self.database.begin_write()?;
        let is_new = {
            let mut buckets = transaction.open_table(BUCKETS)?;
            let is_new = buckets.get(bucket)?.is_none();
            if is_new {
                buckets.insert(bucket, created)?;
            }
            is_new
        };
        transaction.commit()?;
        Ok(is_new)
    }

    /// When a bucket was created; `None` if there is no such bucket.
    pub(crate) fn bucket_created(&self, bucket: &str) -> Result<Option<String>, redb::Error> {
        let buckets = self.database.begin_read()?.open_table(BUCKETS)?;
        Ok(buckets.get(bucket)?.map(|created| created.value().to_owned()))
    }

    /// The creation time of an index: `now`, or just late enough to differ from the latest one, so that an index that
    /// is deleted and recreated can be told from the former one.
    pub(crate) fn moment_of_creation(&self, now: Timestamp) -> Timestamp {
        let now = now.unix_millis();
        let moment = |latest: i64| now.max(latest.saturating_add(1));
        let latest = self.latest_creation.update(Ordering::Relaxed, Ordering::Relaxed, moment);
        Timestamp::from_unix_millis(moment(latest))
            .unwrap_or_else(|| Timestamp::from_unix_seconds(now / 1_000))
    }

    /// Creates an index, unless one with its name exists or the bucket has the maximum number.
    pub(crate) fn put_index(
        &self,
        bucket: &str,
        index: &Index,
        most: usize,
    ) -> Result<IndexCreation, redb::Error> {
        let name = (bucket, index.index_name.as_str());
        let text = serde_json::to_string(index).map_err(corrupted)?;
        let transaction = self.database.begin_write()?;
        let creation = {
            let mut indexes = transaction.open_table(INDEXES)?;
            if indexes.get(name)?.is_some() {
                IndexCreation::Exists
            } else if indexes_in(bucket, &indexes)? >= most {
                IndexCreation::NoRoom
            } else {
                indexes.insert(name, text.as_str())?;
                IndexCreation::Created
            }
        };
        transaction.commit()?;
        Ok(creation)
    }

    /// An index; `None` if there is no such index.
    pub(crate) fn index(&self, bucket: &str, name: &str) -> Result<Option<Index>, redb::Error> {
        let indexes = self.database.begin_read()?.open_table(INDEXES)?;
        indexes.get((bucket, name))?.map(|text| index_from_text(text.value())).transpose()
    }

    /// Deletes an index with its vectors; false if there is no such index.
    pub fn delete_index(&self, bucket: &str, name: &str) -> Result<bool, redb::Error> {
        let transaction = self.database.begin_write()?;
        let was_there = {
            let mut vectors = transaction.open_table(VECTORS)?;
            vectors.retain_in::<(&str, &str, &str), _>((bucket, name, "").., |place, _| {
                (place.0, place.1) != (bucket, name)
            })?;
            transaction.open_table(INDEXES)?.remove((bucket, name))?.is_some()
        };
        transaction.commit()?;
        Ok(was_there)
    }

    /// The indexes of a bucket, in the order of their names.
    pub(crate) fn indexes(&self, bucket: &str) -> Result<Vec<Index>, redb::Error> {
        let table = self.database.begin_read()?.open_table(INDEXES)?;
        let mut indexes = Vec::new();
        for entry in table.range::<(&str, &str)>((bucket, "")..)? {
            let (name, text) = entry?;
            if name.value().0 != bucket {
                break;
            }
            indexes.push(index_from_text(text.value())?);
        }
        Ok(indexes)
    }

    /// Stores vectors, all or none of them, replacing those with the same keys.
    pub(crate) fn put_vectors<'a>(
        &self,
        bucket: &str,
        index: &str,
        vectors: impl IntoIterator<Item = &'a StoredVector>,
    ) -> Result<(), redb::Error> {
        let mut vectors: Vec<&StoredVector> = vectors.into_iter().collect();
        // Then adjacent entries in the file change together, and a page is written once.
        vectors.sort_by(|one, other| one.key.cmp(&other.key));
        let transaction = self.database.begin_write()?;
        {
            let mut table = transaction.open_table(VECTORS)?;
            for vector in vectors {
                let data = vector.data.iter().map(|number| number.to_le_bytes()).collect::<Vec<_>>();
                let metadata = vector.metadata.as_deref().unwrap_or_default();
                table.insert((bucket, index, vector.key.as_str()), (data.as_flattened(), metadata))?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// The vectors of these keys; keys that are not stored are left out, duplicates are returned once.
    pub(crate) fn get_vectors(
        &self,
        bucket: &str,
        index: &str,
        keys: &[String],
    ) -> Result<Vec<StoredVector>, redb::Error> {
        let table = self.database.begin_read()?.open_table(VECTORS)?;
        let mut keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut found = Vec::new();
        for key in keys {
            if let Some(value) = table.get((bucket, index, key))? {
                found.push(stored_vector(key, value.value()));
            }
        }
        Ok(found)
    }

    /// Deletes the vectors of these keys, as far as they are stored.
    pub(crate) fn delete_vectors(
        &self,
        bucket: &str,
        index: &str,
        keys: &[String],
    ) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        {
            let mut table = transaction.open_table(VECTORS)?;
            for key in keys {
                table.remove((bucket, index, key.as_str()))?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// A page of the vectors of an index.
    pub(crate) fn page(
        &self,
        bucket: &str,
        index: &str,
        request: &PageRequest<'_>,
    ) -> Result<Page, redb::Error> {
        let table = self.database.begin_read()?.open_table(VECTORS)?;
        let start = match request.after {
            Some(key) => Bound::Excluded((bucket, index, key)),
            None => Bound::Included((bucket, index, "")),
        };
        let (mut vectors, mut bytes) = (Vec::new(), 0);
        for entry in table.range::<(&str, &str, &str)>((start, Bound::Unbounded))? {
            let (place, value) = entry?;
            let (in_bucket, in_index, key) = place.value();
            if (in_bucket, in_index) != (bucket, index) {
                break;
            }
            if !(request.is_wanted)(key) {
                continue;
            }
            let vector = stored_vector(key, value.value());
            bytes += (request.size)(&vector);
            let is_full = vectors.len() == request.most || bytes > request.most_bytes;
            if is_full && !vectors.is_empty() {
                return Ok(Page { vectors, is_last: false });
            }
            vectors.push(vector);
        }
        Ok(Page { vectors, is_last: true })
    }
}

/// The number of indexes in a bucket.
fn indexes_in(
    bucket: &str,
    indexes: &impl ReadableTable<(&'static str, &'static str), &'static str>,
) -> Result<usize, redb::Error> {
    let mut number = 0;
    for entry in indexes.range::<(&str, &str)>((bucket, "")..)? {
        let (name, _) = entry?;
        if name.value().0 != bucket {
            break;
        }
        number += 1;
    }
    Ok(number)
}

fn stored_vector(key: &str, (data, metadata): (&[u8], &str)) -> StoredVector {
    let (numbers, _) = data.as_chunks::<4>();
    StoredVector {
        key: key.to_owned(),
        data: numbers.iter().copied().map(f32::from_le_bytes).collect(),
        metadata: (!metadata.is_empty()).then(|| metadata.to_owned()),
    }
}

fn index_from_text(text: &str) -> Result<Index, redb::Error> {
    serde_json::from_str(text).map_err(corrupted)
}

#[expect(clippy::needless_pass_by_value, reason = "it is called by map_err")]
fn corrupted(error: serde_json::Error) -> redb::Error {
    redb::Error::Corrupted(format!("invalid index description: {error}"))
}

fn cannot_open(file: &Path, error: DatabaseError) -> anyhow::Error {
    let file = file.display();
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => anyhow::anyhow!(
            "the data file {file} is in use by another local service: stop that one, or choose another data directory"
        ),
        error => anyhow::Error::new(error).context(format!("cannot open the data file {file}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Directory;

    fn vector(key: &str, number: f32) -> StoredVector {
        StoredVector { key: key.to_owned(), data: vec![number, f32::MIN_POSITIVE], metadata: None }
    }

    fn keys(vectors: &[StoredVector]) -> Vec<&str> {
        vectors.iter().map(|vector| vector.key.as_str()).collect()
    }

    #[test]
    fn data_that_cannot_be_opened_are_named_with_the_reason() {
        let directory = Directory::new();
        let told = |at: &str| {
            let error = Store::open(Some(&directory.path(at))).err().unwrap();
            format!("{error:#}").replace(&directory.path("").display().to_string(), "DIR")
        };
        directory.write("file", "");
        std::fs::create_dir(directory.path("data")).unwrap();
        directory.write(&format!("data/{FILE_NAME}"), "not a database");
        let open = Store::open(Some(&directory.path("used"))).unwrap();
        let all = ["file/below", "data", "used"].map(told).join("\n");
        insta::assert_snapshot!(all, @"
        cannot create the data directory DIR/file/below: Not a directory (os error 20)
        cannot open the data file DIR/data/vectors.redb: I/O error: Not a redb database: magic number mismatch
        the data file DIR/used/vectors.redb is in use by another local service: stop that one, or choose another data directory
        ");
        drop(open);
        insta::assert_snapshot!(index_from_text("{").unwrap_err(), @"
        DB corrupted: invalid index description: EOF while parsing an object at line 1 column 1
        ");
    }

    #[test]
    fn what_was_stored_is_read_back_bit_for_bit() {
        let store = Store::open(None).unwrap();
        let metadata = Some(r#"{ "a":"\u00e9" }"#.to_owned());
        let rich = StoredVector { metadata, ..vector("ключ", -0.0) };
        store.put_vectors("b", "i", [&vector("z", 0.1), &rich]).unwrap();
        let back =
            store.get_vectors("b", "i", &["z".to_owned(), "ключ".to_owned(), "no".to_owned()]).unwrap();
        assert_eq!(back, [vector("z", 0.1), rich]);
        assert!(back.iter().any(|vector| vector.data.iter().any(|number| number.is_sign_negative())));
    }

    #[test]
    fn a_later_write_replaces_the_whole_vector() {
        let store = Store::open(None).unwrap();
        let first = StoredVector { metadata: Some("{}".to_owned()), ..vector("k", 1.0) };
        store.put_vectors("b", "i", [&first]).unwrap();
        store.put_vectors("b", "i", [&vector("k", 2.0)]).unwrap();
        assert_eq!(store.vectors("b", "i").unwrap(), [vector("k", 2.0)]);
    }

    #[test]
    fn pages_hold_every_vector_of_their_index_once() {
        let store = Store::open(None).unwrap();
        for (bucket, index) in [("a", "i"), ("b", "h"), ("b", "i"), ("b", "j")] {
            store
                .put_vectors(bucket, index, ["1", "2", "3", "4", "5"].map(|key| vector(key, 0.5)).iter())
                .unwrap();
        }
        let page = |after, most, most_bytes| {
            let request =
                PageRequest { after, most, most_bytes, is_wanted: &|key| key != "2", size: &|_| 10 };
            let page = store.page("b", "i", &request).unwrap();
            (keys(&page.vectors).join(""), page.is_last)
        };
        assert_eq!(page(None, 3, 100), ("134".to_owned(), false));
        assert_eq!(page(Some("4"), 3, 100), ("5".to_owned(), true));
        assert_eq!(page(None, 4, 100), ("1345".to_owned(), true));
        assert_eq!(page(None, 4, 25), ("13".to_owned(), false));
        assert_eq!(page(None, 4, 1), ("1".to_owned(), false));
    }

    #[test]
    fn deleted_vectors_are_gone_and_missing_ones_are_no_error() {
        let store = Store::open(None).unwrap();
        store.put_vectors("b", "i", [&vector("k", 1.0), &vector("l", 1.0)]).unwrap();
        store.delete_vectors("b", "i", &["k".to_owned(), "no".to_owned()]).unwrap();
        assert_eq!(keys(&store.vectors("b", "i").unwrap()), ["l"]);
    }

    #[test]
    fn a_deleted_index_takes_its_vectors_with_it_and_nobody_elses() {
        let store = Store::open(None).unwrap();
        let index = |name: &str| Index {
            index_name: name.to_owned(),
            ..index_from_text("{\"dimension\":2}").unwrap()
        };
        for name in ["h", "i", "j"] {
            store.put_index("b", &index(name), 10).unwrap();
            store.put_vectors("b", name, [&vector("k", 1.0), &vector("l", 1.0)]).unwrap();
        }
        assert!(store.delete_index("b", "i").unwrap());
        assert!(!store.delete_index("b", "i").unwrap() && !store.delete_index("c", "h").unwrap());
        assert_eq!(store.index("b", "i").unwrap(), None);
        let left = ["h", "i", "j"].map(|name| store.vectors("b", name).unwrap().len());
        assert_eq!(left, [2, 0, 2]);
    }

    #[test]
    fn no_two_indexes_are_created_at_the_same_moment() {
        let store = Store::open(None).unwrap();
        let now = Timestamp::from_unix_millis(1_000_000).unwrap();
        let moments =
            [now, now, now.plus_seconds(-60), now.plus_seconds(1)].map(|now| store.moment_of_creation(now));
        assert!(moments.is_sorted_by(|one, next| one < next), "{moments:?}");
        assert_eq!((moments[0], moments[3]), (now, now.plus_seconds(1)));
    }

    #[test]
    fn a_data_file_in_use_is_an_error_that_says_so() {
        let parent = Directory::new();
        let directory = parent.path("data");
        let first = Store::open(Some(&directory)).unwrap();
        first.put_vectors("b", "i", [&vector("k", 1.0)]).unwrap();
        let error = Store::open(Some(&directory)).unwrap_err().to_string();
        assert!(error.contains("is in use by another local service"), "{error}");
        drop(first);
        assert_eq!(Store::open(Some(&directory)).unwrap().vectors("b", "i").unwrap(), [vector("k", 1.0)]);
    }
}
