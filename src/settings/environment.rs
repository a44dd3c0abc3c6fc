//! Variables, as values.

use std::collections::HashMap;

/// The process environment, as a map, so that a test can hand in its own.
pub(crate) type Environment = HashMap<String, String>;

/// A variable; an empty one is none.
pub(super) fn variable_of(name: &str, environment: &Environment) -> Option<String> {
    environment.get(name).filter(|value| !value.is_empty()).cloned()
}
