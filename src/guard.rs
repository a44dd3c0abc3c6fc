//! Library calls on data that may be damaged: a panic there is a finding about the data, not a bug to report.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Calls `work`; `None` if it panics, which is not reported.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    let was_guarded = IS_GUARDED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    IS_GUARDED.set(was_guarded);
    done.ok()
}

/// Whether a panic on this thread is not to be reported.
pub(crate) fn is_guarded() -> bool {
    IS_GUARDED.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_nothing_and_what_comes_after_it_is_not_guarded() {
        assert_eq!(guarded(|| [1, 2].get(1).copied()), Some(Some(2)));
        assert_eq!(guarded(|| [1, 2].iter().position(|number| *number == 3).unwrap()), None);
        assert!(guarded(is_guarded).unwrap() && !is_guarded());
    }
}
