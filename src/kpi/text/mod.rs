//! Reports as text: for a terminal, in Markdown, and as CSV.
//!
//! A report becomes a [`Sheet`] of tables first, so that every form shows the same. What people chose (names of agents, teams,
//! tags, types, fields) is made harmless by each form in its own way ([`escape`]); a text of a customer is in no row and no figure,
//! so it can be in no report.

pub(crate) mod escape;
mod exact;
mod groups;
mod lines;
mod names;
mod report;
mod sheet;
mod words;

pub use names::Names;

#[cfg(feature = "report")]
pub(crate) use groups::sheet as grouped_figures;
#[cfg(feature = "report")]
pub(crate) use report::figures;
#[cfg(feature = "report")]
pub(crate) use sheet::Section;
pub(crate) use sheet::{Row, table};
pub(crate) use words::{clock, grouped, length, moment};
