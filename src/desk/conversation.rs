//! What every conversation without I/O has in common, so that a driver drives all of them.

use crate::error::Error;
use crate::store::{Commit, Load, Loaded, StoreError};

/// What a conversation needs next.
#[derive(Debug)]
pub enum Need<'a> {
    /// Load this and tell [`Conversation::loaded`].
    Load(&'a Load),
    /// Commit this and tell [`Conversation::committed`].
    Commit(&'a Commit),
    /// Nothing any more: [`Conversation::finish`] has the outcome.
    Nothing,
}

/// One request on its way, without I/O: it says what it needs, and is given the answer. [`Operation`](super::Operation) is about a
/// ticket, [`Tell`](super::Tell) about what stands beside tickets.
pub trait Conversation {
    /// What comes of it.
    type Outcome;

    /// What is needed next.
    fn need(&self) -> Need<'_>;

    /// Tells what was loaded. An error ends the conversation; nothing was written.
    ///
    /// # Errors
    /// What the rules do not allow; a history that cannot be read.
    fn loaded(&mut self, loaded: Loaded) -> Result<(), Error>;

    /// Tells how the commit went. After a conflict the conversation loads and decides again; any other error ends it, and
    /// whether the commit was written is then unknown unless the store says: ask again under the same idempotency key.
    ///
    /// # Errors
    /// What the store answered; too many conflicts in a row.
    fn committed(&mut self, result: Result<(), StoreError>) -> Result<(), Error>;

    /// The outcome, once nothing is needed any more.
    ///
    /// # Errors
    /// It is not at its end.
    fn finish(self) -> Result<Self::Outcome, Error>;
}
