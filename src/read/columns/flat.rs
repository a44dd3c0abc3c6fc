//! Files of vectors one after another, all of one length and type, and nothing else: no keys, no metadata.

use std::sync::Arc;

use super::bytes::Bytes;
use super::element::{Element, Order};
use super::slice::{SLICE_BYTES, SLICE_ROWS};
use super::source::{Decoded, Source, Trouble};
use super::spelling;
use crate::record::Reason;
use crate::record::rows::{Placed, Rows};

/// The layout of such vectors.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// Where the first one begins.
    pub(super) start: u64,
    /// Whether each comes after its length in four bytes.
    pub(super) is_led: bool,
    pub(super) element: Element,
    pub(super) order: Order,
    pub(super) dimension: usize,
    pub(super) rows: u64,
}

/// Maximum length of a vector; the service accepts far less.
const MOST_NUMBERS: usize = 1 << 20;

impl Layout {
    /// Refuses impossible lengths before memory for a vector is allocated.
    pub(super) fn checked(self) -> Result<Self, Trouble> {
        if self.dimension == 0 && self.rows > 0 {
            return Err(Trouble::Damaged("its vectors have no elements".to_owned()));
        }
        if self.dimension > MOST_NUMBERS {
            let what =
                format!("its vectors have {} elements each", crate::words::count(self.dimension as u64));
            return Err(Trouble::Damaged(what));
        }
        Ok(self)
    }

    fn lead(&self) -> usize {
        if self.is_led { size_of::<u32>() } else { 0 }
    }

    /// The number of bytes from one vector to the next.
    pub(super) fn stride(&self) -> usize {
        self.lead() + self.dimension * self.element.bytes()
    }
}

/// Maximum number of unread arrays that are named.
const NAMES_TOLD: usize = 20;

/// A file of such vectors.
pub(super) struct FlatFile {
    bytes: Bytes,
    layout: Arc<Layout>,
    /// The name of the vector as a field, as JSON.
    name: Arc<str>,
    told: String,
    row: u64,
}

impl FlatFile {
    pub(super) fn new(bytes: Bytes, layout: Layout, name: &str) -> Self {
        let Layout { rows, dimension, element, .. } = &layout;
        let told = format!("{} × {dimension} {}", crate::words::count(*rows), element.name());
        let name = format!("{}:", serde_json::Value::from(name)).into();
        Self { bytes, layout: Arc::new(layout), name, told, row: 0 }
    }

    /// Also names the other arrays of the file, which are not read.
    pub(super) fn beside(mut self, others: &[&str]) -> Self {
        let (names, more) = others.split_at(others.len().min(NAMES_TOLD));
        if !names.is_empty() {
            self.told += "; arrays not read: ";
            self.told += &names.join(", ");
        }
        if !more.is_empty() {
            self.told += " and ";
            self.told += &more.len().to_string();
            self.told += " more";
        }
        self
    }
}

impl Source for FlatFile {
    fn rows(&self) -> u64 {
        self.layout.rows
    }

    fn told(&self) -> &str {
        &self.told
    }

    fn go_to(&mut self, row: u64) -> Result<(), Trouble> {
        self.row = row;
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Decoded>, Trouble> {
        let stride = self.layout.stride();
        let most = (SLICE_BYTES / (stride as u64).max(1)).clamp(1, SLICE_ROWS);
        let rows = usize::try_from(most.min(self.layout.rows - self.row)).unwrap_or(0);
        if rows == 0 {
            return Ok(None);
        }
        let mut bytes = vec![0; rows * stride];
        let offset = self.layout.start + self.row * stride as u64;
        self.bytes.read_at(offset, &mut bytes)?;
        if self.layout.is_led {
            for (row, vector) in (self.row..).zip(bytes.chunks(stride)) {
                check_lead(vector, row, self.layout.dimension)?;
            }
        }
        self.row += rows as u64;
        let slice = FlatRows { bytes, layout: Arc::clone(&self.layout), name: Arc::clone(&self.name) };
        Ok(Some((Arc::new(slice), rows)))
    }
}

fn check_lead(vector: &[u8], row: u64, dimension: usize) -> Result<(), Trouble> {
    let length = vector.first_chunk().map_or(0, |length| u32::from_le_bytes(*length));
    if length as usize == dimension {
        return Ok(());
    }
    let what = format!("row {} has {length} elements, the first one {dimension}", row + 1);
    Err(Trouble::Damaged(what))
}

/// Some vectors of such a file.
#[derive(Debug)]
struct FlatRows {
    bytes: Vec<u8>,
    layout: Arc<Layout>,
    name: Arc<str>,
}

impl FlatRows {
    /// The elements of a vector.
    fn elements(&self, row: usize) -> &[u8] {
        let start = row * self.layout.stride();
        self.bytes.get(start + self.layout.lead()..start + self.layout.stride()).unwrap_or_default()
    }
}

impl Rows for FlatRows {
    fn labels(&self) -> Vec<String> {
        Vec::new()
    }

    fn write(&self, _: usize, text: &mut Vec<u8>, vectors: &mut Vec<Placed>) {
        text.push(b'{');
        text.extend_from_slice(self.name.as_bytes());
        vectors.push(Placed { at: text.len(), vector: 0 });
        text.extend_from_slice(b"null}");
    }

    fn numbers(&self, _: usize, row: usize, out: &mut Vec<f32>) -> Result<(), Reason> {
        self.layout.element.read(self.layout.order, self.elements(row), out)
    }

    fn whole(&self, row: usize) -> Vec<u8> {
        let Layout { element, order, .. } = *self.layout;
        let mut numbers = Vec::new();
        let is_good = element.read(order, self.elements(row), &mut numbers).is_ok();
        let texts: Vec<_> = if is_good {
            numbers.into_iter().map(spelling::float32).collect()
        } else {
            self.elements(row).chunks(element.bytes()).map(|bytes| element.spelt(order, bytes)).collect()
        };
        format!("{{{}[{}]}}", self.name, texts.join(",")).into_bytes()
    }

    fn text_bytes(&self) -> usize {
        /// The shortest text of a float32 with a comma.
        const TEXT: usize = 12;
        self.layout.dimension * TEXT
    }
}
