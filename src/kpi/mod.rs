//! The figures of a desk: defined once, exact, and each with its counts and what it leaves out.
//!
//! Three steps lead to a figure. [`facts`] turns a ticket into rows, one per resolution cycle, holding instants, lengths and no
//! text. A [`Tally`] counts rows: in parts, in any order, with tickets taken back when they change. A [`Report`] says which
//! tickets are meant and gives a [`KpiReport`], which prints itself. What each figure means stands as data in [`MEASURES`].
//!
//! ```
//! use helpdesk::{Actor, Call, Command, Open, Rulebook, id::{AgentId, TicketNumber}, kpi::Report, ticket::{self, Ticket}};
//!
//! let rulebook = Rulebook::starter();
//! let kim = Actor::agent(AgentId::named("kim"));
//! let morning = Call::new(kim, "2026-03-05T09:00:00Z".parse()?);
//! let opened = ticket::open(rulebook.tickets(), &morning, &Open::new("Printer on fire").from("ann@example.com"), TicketNumber(1), None)?;
//! let mut ticket = Ticket::replay(morning.tenant_id(), &opened.recorded(&morning)).ok_or("empty")?;
//! let noon = Call::new(kim, "2026-03-05T12:20:00Z".parse()?);
//! let done = ticket::decide(&ticket, rulebook.tickets(), &noon, noon.at(), &Command::reply("Put out").then_resolve())?;
//! done.recorded_after(&ticket, &noon).iter().for_each(|event| ticket.apply(event));
//!
//! let report = Report::standard().last_days(30).over([rulebook.facts(&ticket)], "2026-03-20T09:00:00Z".parse()?)?;
//! assert_eq!(report.resolution_rate().to_string(), "100.0 % (1 of 1)");
//! assert!(report.to_string().contains("3 h 20 min"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Rules that hold for every figure
//! - The instant of a report is required, and no clock is read. What is later has not happened.
//! - A ratio is a part of a set: both are counted over the same members, and who was left out is counted by reason. Over
//!   nothing it is undefined, neither 0 nor 100 %. So is a length that was never measured.
//! - A window is half-open, and each definition says what places a ticket in it: creation for volume, first response, resolution
//!   rate and targets; the resolution for reopenings and resolution times; the event for answers and marks. A backlog is a
//!   number at an instant.
//! - Whether a resolution held is told only once the time for reopening (7 days, or as set) has passed. Until then it is
//!   *immature* and shown apart, so the figures of a closed period become final and stay so.
//! - Percentiles are nearest ranks, exact. A mean is a sum and a count. Nothing is rounded before it is shown.
//!
//! # Where to look
//! - What a figure means: [`MEASURES`], with all of them as text below; what others call the same: [`Dialect`],
//!   [`ServiceLevel`]; causes that come back in a [`RecurrenceTally`], customers won back in a [`RecoveryTally`].
//! - By agent, team, channel, tag, week, ...: [`Report::by`]; narrowed to some of them: [`Report::only`]. Whom a figure is credited
//!   to is part of its definition ([`Attribution`]).
//! - Do agents differ, or does it only look so? [`GroupTally::unevenness`]. There is no ranking of people, on purpose.
//! - Better than last month? [`Report::compare`]; as good as we wanted? [`Goal`]; at whose cost? [`COUNTERWEIGHTS`].
//! - Satisfaction in its three readings, NPS, CES: [`Marks`]; how many answered: [`SurveyTally`]. Calls and chats: [`ContactTally`];
//!   conversations with bots: [`BotTally`].
//! - The quality of work: [`QualityTally`]. What self-service spares the desk: [`SelfServiceTally`].
//! - When will a ticket be resolved, judged by similar ones? [`Suggest`].
//! - Many rows, asked again and again: [`FactTable`]. Percentiles of more lengths than one wants to keep: [`Sketch`].
//! - In text, Markdown and CSV: `Display`, [`KpiReport::to_markdown`], [`KpiReport::to_csv`], and the same of [`GroupReport`].
//!   As a page with charts: the feature `report`.
//!
//! # What is not here
//! No storage: rows are kept by the store. No text of a customer: no row holds any.
//!
#![doc = include_str!("measure/definitions.md")]

mod backlog;
mod bot;
mod compare;
mod contact;
mod days;
mod dialect;
mod error;
mod facts;
mod figures;
mod group;
mod known;
mod measure;
mod multiset;
mod period;
mod place;
mod quality;
mod quantile;
mod ratio;
mod recovery;
mod recurrence;
mod report;
mod rows;
mod self_service;
mod sketch;
mod suggest;
mod survey;
pub mod table;
mod tally;
mod text;
mod uneven;
mod window;

pub use backlog::{Backlog, BacklogDay, Flow, Snapshot, backlog_at, backlog_by_day};
pub use bot::{BotTally, sessions};
pub(crate) use compare::Comparing;
pub use compare::{
    Attained, COUNTERWEIGHTS, Comparison, Counterweight, Flag, Goal, Statistic, Trend, Value,
    wilson,
};
pub use contact::{
    Contact, ContactEnd, ContactRules, ContactTally, SERVICE_LEVELS, ServiceLevel,
    ServiceLevelDefinition,
};
pub use dialect::{
    DIALECTS, Dialect, DialectDefinition, Difference, FirstContact, Judgement, differ,
    first_contact,
};
pub use error::KpiError;
pub use facts::{
    ClockFact, Effort, FORMULA, Fact, FirstResponse, Holder, Holding, Lengths, Own, RatingFact,
    Response, Spent, facts,
};
pub use figures::{
    Amounts, Attainment, Bands, Durations, Figure, KpiReport, Marks, MarksOfScale, Net, PerUnit,
};
pub use group::{Group, GroupReport, GroupTally, Grouping};
pub use measure::{
    Attribution, Definition, Direction, Kpi, MEASURES, Unit, WindowOf, definitions_markdown,
};
pub use period::{Every, Period};
pub use place::{Dimension, Filter, Label};
pub use quality::{QualityRow, QualityTally};
pub use quantile::{Summary, nearest_rank};
pub use ratio::{Excluded, Exclusion, Ratio};
pub use recovery::{Recovery, RecoveryTally};
pub use recurrence::{CauseFigures, RecurrenceTally};
pub use report::{Report, by_ticket};
pub use rows::Rows;
pub use self_service::{ArticleUse, SelfServiceTally};
pub use sketch::Sketch;
pub use suggest::{Alike, Similar, Suggest, Suggestion};
pub use survey::SurveyTally;
pub use table::FactTable;
pub use tally::Tally;
pub use text::Names;
#[cfg(feature = "report")]
pub(crate) use text::escape::plain;
pub use text::escape::{Formulas, csv_cell};
pub(crate) use text::{Row, clock as clock_name, grouped, length, moment, table};
#[cfg(feature = "report")]
pub(crate) use text::{Section, figures, grouped_figures};
pub use uneven::{Compared, Lies, Limits, Signal, Unevenness};
pub use window::{Cohort, Credit, Scope, Window};
