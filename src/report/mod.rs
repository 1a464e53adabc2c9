//! A report as one page for a browser: tables and charts in a single HTML file.
//!
//! An [`Overview`] is fed with rows as a tally is, and gives a [`Page`] with the usual tables and charts: the backlog, how long
//! answers and resolutions take and where their targets lie, targets kept week by week, when tickets come, whether teams or agents
//! differ, what customers say. A host that wants another page puts [`Section`]s together itself; every chart of [`chart`] is made
//! of a [`kpi`](crate::kpi) report, so it shows what the tables say.
//!
//! ```
//! use helpdesk::{kpi::{Names, Report}, report::Overview};
//! # let tickets: Vec<Vec<helpdesk::kpi::Fact>> = vec![];
//! let mut overview = Overview::new(&Report::standard().last_days(90), "2026-04-01T00:00:00Z".parse()?);
//! for ticket in &tickets {
//!     overview.add(ticket)?;
//! }
//! let html = overview.page("Our desk", &Names::default())?.to_html();
//! assert!(html.starts_with("<!DOCTYPE html>") && !html.contains("<script"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Properties
//! - The page needs nothing else: no script, no network, no font. Its own policy (`default-src 'none'`) forbids a browser to load
//!   anything, whatever a name in it says.
//! - Every text is escaped: it reads as text and never acts. Control characters and marks that turn the direction of writing are
//!   shown as one visible mark each.
//! - It is well-formed XML too: every tag is closed.
//! - The same report gives the same bytes on one machine (places in a chart are worked out in floats).
//! - It holds names, numbers and instants, and no text of a customer: rows hold none.
//!
//! # What is not here
//! No file is written; the host does that. Nothing on the page moves, sorts or asks a server.

pub mod chart;
mod escape;
mod overview;
mod page;

pub use chart::Chart;
pub use overview::Overview;
pub use page::{Page, Section, Table};
