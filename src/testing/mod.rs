//! What this crate tests itself with, for other people's test suites (feature `testing`).
//!
//! Strategies make values for property tests, [`laws`] say what must hold for them, and oracles answer the same
//! questions in a slow and obvious way. [`conformance`] holds the rules that every [`Store`](crate::store::Store) keeps, and
//! [`FaultyStore`] is a store that fails on cue.

pub mod beside;
pub mod calendar;
pub mod clock;
pub mod complaint;
pub mod conformance;
pub mod desk_story;
mod faulty;
pub mod laws;
pub mod routing;
pub mod story;

pub use faulty::{Asked, Fault, FaultyStore};
pub use proptest;
