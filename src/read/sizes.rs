//! How much text is at hand.

/// How much text is read and cut at once, and how long a record may be, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(super) block: usize,
    pub(super) record: usize,
}

impl Sizes {
    /// A block is large against the cost of handing it to another thread, and a few dozen of them are little memory.
    /// A record of 64 MiB is far beyond what one call may hold.
    pub(super) const USUAL: Self = Self { block: 512 << 10, record: 64 << 20 };

    /// Least text to look at; what recognises a format by its first bytes needs so many of them.
    pub(super) const LEAST: usize = 16;

    /// How much text to hold when `held` bytes were not enough; a little more than a record is the most.
    pub(super) fn to_fill(self, held: usize) -> usize {
        let most = self.record.saturating_add(self.block);
        self.block.max(held.saturating_mul(2)).min(most).max(Self::LEAST)
    }
}
