//! How much text is held in memory.

/// How much text is read and cut per block, and the maximum size of a record, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(super) block: usize,
    pub(super) record: usize,
}

impl Sizes {
    /// A block is large compared to the cost of handing it to another thread, and a few dozen blocks take little
    /// memory. A record of 64 MiB is far beyond what one call may contain.
    pub(super) const USUAL: Self = Self { block: 512 << 10, record: 64 << 20 };

    /// Minimum amount of text: enough to recognise a format by its first bytes.
    pub(super) const LEAST: usize = 16;

    /// How much text to hold if `held` bytes were not enough; at most a block more than a record.
    pub(super) fn to_fill(self, held: usize) -> usize {
        let most = self.record.saturating_add(self.block);
        self.block.max(held.saturating_mul(2)).min(most).max(Self::LEAST)
    }
}
