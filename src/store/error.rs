//! What a store answers instead of doing the work.

use std::fmt;

/// What a store answered instead of doing the work. Its parts are private, so adapters can grow.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    what: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What the caller can do about a [`StoreError`].
///
/// | kind | what of a commit is written | what to do |
/// |---|---|---|
/// | `Conflict` | nothing | load again and decide again; a desk does that by itself, some times |
/// | `Unavailable` | all or nothing, nobody knows which | ask again later, under the same idempotency key |
/// | `Corrupt` | nothing | stop writing, tell a person; restore from a backup |
/// | `Newer` | nothing | upgrade this process; newer ones go on |
/// | `Full` | nothing | tell a person to make room; reading goes on, and so does writing afterwards |
/// | `Other` | nothing | a mistake in the call or the setting up: read the text and its source |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Somebody wrote first: load again and decide again.
    Conflict,
    /// Not reached, or too busy: the same call may work later.
    Unavailable,
    /// What was stored cannot be read back.
    Corrupt,
    /// What was stored was written by a newer version of the crate: upgrade this process.
    Newer,
    /// No room left: nothing is written, and what was written before stays readable.
    Full,
    /// Anything else; see the source.
    Other,
}

impl StoreError {
    /// An error of this kind; `what` tells a person which record and what would be needed.
    pub fn new(kind: StoreErrorKind, what: impl Into<String>) -> StoreError {
        StoreError {
            kind,
            what: what.into(),
            source: None,
        }
    }

    /// The same error with what led to it.
    #[must_use]
    pub fn because(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> StoreError {
        self.source = Some(source.into());
        self
    }

    /// The same answer for another caller; what led to it is told in the text.
    #[cfg_attr(
        not(any(feature = "async", feature = "postgres", feature = "sqlite")),
        allow(dead_code)
    )]
    pub(crate) fn again(&self) -> StoreError {
        let what = match &self.source {
            Some(source) => format!("{} ({source})", self.what),
            None => self.what.clone(),
        };
        StoreError::new(self.kind, what)
    }

    /// What the caller can do.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// Whether the same request may succeed later without anybody's help.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.kind,
            StoreErrorKind::Conflict | StoreErrorKind::Unavailable
        )
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}
