//! Which part of a rulebook is for which kind of aggregate.

use crate::aggregate::Aggregate;
use crate::customer::{self, Profile};
use crate::feedback::{self, Feedback};
use crate::improvement::{self, Finding};
use crate::quality::{self, Review};
use crate::self_service::{self, Article, Visit};

use super::Rulebook;

/// An aggregate that the rulebook has rules for.
pub trait Governed: Aggregate {
    /// Its part of the rulebook.
    fn rules(book: &Rulebook) -> &Self::Rules;
}

macro_rules! governed {
    ($($aggregate:ty: $part:ident -> $rules:ty;)*) => {$(
        impl Governed for $aggregate {
            fn rules(book: &Rulebook) -> &$rules {
                &book.as_draft().$part
            }
        }
    )*};
}

governed! {
    Profile: customers -> customer::Rules;
    Feedback: feedback -> feedback::Rules;
    Article: self_service -> self_service::Rules;
    Visit: self_service -> self_service::Rules;
    Review: quality -> quality::Rules;
    Finding: improvement -> improvement::Rules;
}
