//! How often others may write first.

use crate::error::Error;

/// Counts the conflicts of one conversation: each is met by looking and deciding again, a bounded number of times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tries {
    made: u32,
    limit: u32,
}

impl Tries {
    /// For what reads and writes one ticket or so, where waiting for others costs little.
    pub(crate) const fn many() -> Tries {
        Tries {
            made: 0,
            limit: 1_000,
        }
    }

    /// For what looks at much before it writes.
    pub(crate) const fn some() -> Tries {
        Tries { made: 0, limit: 64 }
    }

    /// One try failed because others wrote first.
    ///
    /// # Errors
    /// It was the last one.
    pub(crate) fn again(&mut self) -> Result<(), Error> {
        self.made += 1;
        if self.made >= self.limit {
            return Err(Error::contended(self.made));
        }
        Ok(())
    }
}
