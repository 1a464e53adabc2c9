//! What this crate tests itself with, for other people's test suites (feature `testing`).
//!
//! Strategies make values for property tests, [`laws`] say what must hold for them, and oracles answer the same
//! questions in a slow and obvious way.

pub mod calendar;
pub mod clock;
pub mod laws;
pub mod story;

pub use proptest;
