//! The rows of one ticket, worked out when somebody first asks for them.
//!
//! A command changes a ticket's rows far more often than a report reads them. So a commit carries the way to the rows: a store
//! that keeps them as bytes asks at once, one that lives in memory asks when a report does.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use serde::{Serialize, Serializer};

use super::Fact;

/// The rows of one ticket, one per resolution cycle. Reads as a slice; cheap to clone, and the clones work them out once
/// between them.
///
/// ```
/// use helpdesk::kpi::Rows;
/// let rows = Rows::lazily(Vec::new);
/// assert!(rows.is_empty());
/// ```
#[derive(Clone)]
pub struct Rows(Arc<Inner<dyn Fn() -> Vec<Fact> + Send + Sync>>);

struct Inner<F: ?Sized> {
    rows: OnceLock<Vec<Fact>>,
    make: F,
}

impl Rows {
    /// The rows that `make` gives: called once, when they are first read. It gives the same rows whenever it is called.
    pub fn lazily(make: impl Fn() -> Vec<Fact> + Send + Sync + 'static) -> Rows {
        Rows(Arc::new(Inner {
            rows: OnceLock::new(),
            make,
        }))
    }

    /// Whether somebody read them.
    pub(crate) fn is_known(&self) -> bool {
        self.0.rows.get().is_some()
    }
}

impl From<Vec<Fact>> for Rows {
    fn from(rows: Vec<Fact>) -> Rows {
        Rows(Arc::new(Inner {
            rows: OnceLock::from(rows),
            make: Vec::new,
        }))
    }
}

impl Deref for Rows {
    type Target = [Fact];
    fn deref(&self) -> &[Fact] {
        self.0.rows.get_or_init(|| (self.0.make)())
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for Rows {
    /// A list of rows.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self[..].serialize(serializer)
    }
}

impl PartialEq for Rows {
    fn eq(&self, other: &Rows) -> bool {
        self[..] == other[..]
    }
}
