//! The reasons behind the crate, as pages to read: documentation only.
//!
//! | page | read it when |
//! |---|---|
//! | [`concepts`] | you begin: what a ticket, a cycle, a clock and a figure are, and the lifecycle as a picture |
//! | [`stores`] | you choose where tickets live |
//! | [`operating`] | you upgrade, back up, restore, or look after a database |
//! | [`transactions`] | your own database transaction is to hold the ticket too |
//! | [`clocks`] | somebody asks why a ticket was late: one worked day |
//! | [`escalation`] | something has to happen by itself, and only once |
//! | [`figures`] | somebody asks what a number means: the KPI dictionary |
//! | [`vocabulary`] | you come from Zendesk, Jira Service Management or Zammad |
//! | [`other_languages`] | your application is in C, Python, Node, Go or anything that can call C |
//! | [`testing`] | your own rules or store need tests |
//! | [`meanings`] | you upgrade, or compare with another system |
//! | [`limits`] | you want to know what it will not do, and where it ends |
//!
//! The code on these pages runs as part of the crate's tests.

#[doc = include_str!("concepts.md")]
///
#[doc = include_str!("lifecycle.svg")]
///
/// The same as Mermaid, from [`lifecycle_mermaid`](crate::ticket::lifecycle_mermaid):
///
#[doc = include_str!("lifecycle.md")]
pub mod concepts {}

#[doc = include_str!("stores.md")]
pub mod stores {}

#[doc = include_str!("operating.md")]
pub mod operating {}

#[doc = include_str!("transactions.md")]
pub mod transactions {}

#[doc = include_str!("clocks.md")]
pub mod clocks {}

#[doc = include_str!("escalation.md")]
pub mod escalation {}

/// The KPI dictionary: what each figure counts, over whom, and who is left out.
///
/// Generated from [`MEASURES`](crate::kpi::MEASURES), the data that the reports themselves carry; a test compares the two. The
/// rules that hold for every figure stand in [`kpi`](crate::kpi), what other systems call the same in
/// [`Dialect`](crate::kpi::Dialect), and who differs from whom on which tickets is answered by
/// [`differ`](crate::kpi::differ).
///
#[doc = include_str!("../kpi/measure/definitions.md")]
pub mod figures {}

#[doc = include_str!("vocabulary.md")]
pub mod vocabulary {}

/// The same pages as `capi::guide` (feature `capi`).
///
#[doc = include_str!("../capi/guide.md")]
pub mod other_languages {}

#[doc = include_str!("testing.md")]
pub mod testing {}

#[doc = include_str!("meanings.md")]
pub mod meanings {}

#[doc = include_str!("limits.md")]
pub mod limits {}
