//! Which part of a rulebook is for which kind of aggregate.

use crate::aggregate::Aggregate;
use crate::customer::{self, Profile};

use super::Rulebook;

/// An aggregate that the rulebook has rules for.
pub trait Governed: Aggregate {
    /// Its part of the rulebook.
    fn rules(book: &Rulebook) -> &Self::Rules;
}

impl Governed for Profile {
    fn rules(book: &Rulebook) -> &customer::Rules {
        &book.as_draft().customers
    }
}
