//! How is personal text kept out of logs? By a wrapper that does not show what it holds.

use serde::{Deserialize, Serialize};

/// Personal text: stored and sent on purpose, never printed by accident.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sensitive<T>(T);

impl<T> Sensitive<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself; the name makes every place that takes it out easy to find.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Gives the value up.
    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl<T> std::fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::Sensitive;

    #[test]
    fn personal_text_is_never_shown_by_debug() {
        assert_eq!(format!("{:?}", Sensitive::new("anna@example.com")), "***");
    }
}
