//! Variables, as values.

use std::collections::HashMap;

/// The process environment as a map, so that tests can pass their own.
pub(crate) type Environment = HashMap<String, String>;

/// The value of a variable; `None` if it is empty.
pub(super) fn variable_of(name: &str, environment: &Environment) -> Option<String> {
    environment.get(name).filter(|value| !value.is_empty()).cloned()
}
