//! What this crate tests itself with, for other people's test suites (feature `testing`).
//!
//! | you have | take |
//! |---|---|
//! | a rulebook of your own | [`scenario`]: given, when, then, with a clock that you set; and the [`laws`] under it |
//! | a store of your own | [`store_conformance!`](crate::store_conformance): a `#[test]` of each rule that every [`Store`](crate::store::Store) keeps |
//! | code around a desk | [`FaultyStore`], a store that fails on cue |
//! | a desk, a calendar, a report, a roster | [`laws`]: functions that panic where a rule does not hold for what they are given |
//! | an implementation of your own | the oracles, which answer the same questions in a slow and obvious way, and the golden cases in `tests/vectors/` |
//!
//! Strategies for [`proptest`] make what the laws take:
//!
//! | module | makes | oracle |
//! |---|---|---|
//! | [`calendar`] | zones, weeks, holidays, calendars over odd zones, instants around their changes | [`calendar::oracle`], second by second |
//! | [`story`], [`likely`] | rulebooks; what people say to a ticket, anything or mostly what is taken | [`clock`], tick by tick; [`lifecycle`], a few booleans |
//! | [`beside`], [`complaint`] | commands about customers, surveys, articles, visits, reviews, findings; causes and workflows | |
//! | [`history`] | what other systems may have recorded | |
//! | [`facts`] | rows of tickets, reports over them | [`facts::oracle`], from the definitions |
//! | [`routing`] | rosters, tickets to route, rules | [`routing::oracle`] |
//!
//! # What is promised
//! Names in here are stable within a major version, like any other, and so is what a law says: one that holds stays a law. What a
//! strategy generates may grow in a minor version (another zone, another command), and so may a conformance suite (another rule
//! that the contract has always had). So fix the version where a new failure must not come as a surprise, and never count on a
//! certain value being generated, nor on the same seed giving the same value in another version. What a panic says is for people.
//!
//! # Panics
//! Strategies and oracles never panic. Laws, scenarios and conformance rules do: that is how a test fails.

pub mod beside;
pub mod calendar;
pub mod clock;
pub mod complaint;
pub mod conformance;
pub mod desk_story;
pub mod facts;
mod faulty;
pub mod history;
pub mod laws;
pub mod lifecycle;
pub mod likely;
pub mod routing;
pub mod scenario;
pub mod story;
mod tell;

pub use faulty::{Asked, Fault, FaultyStore};
pub use proptest;
