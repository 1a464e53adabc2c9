//! The customer-support domain as a library: tickets with a state machine, SLA clocks over business-hour calendars,
//! escalation that fires exactly once, and KPIs with definitions, to be embedded by any application.
//!
//! ```
//! use chrono::{DateTime, TimeDelta, Utc};
//! use helpdesk::{Actor, Call, Command, Desk, Open, Report, Rulebook};
//! use helpdesk::{id::AgentId, store::MemoryStore, ticket::{Metric, Pending}};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
//! let me = AgentId::named("kim"); // or the id that your application has for her
//! let now: DateTime<Utc> = "2026-03-05T09:00:00Z".parse()?; // your clock: the crate reads none
//!
//! let call = Call::new(Actor::agent(me), now);
//! let t = desk.open(&call, Open::new("Printer on fire").from("ann@example.com"))?;
//! println!("#{} first answer due {}", t.number(), t.reading(Metric::FirstResponse).due().unwrap());
//! desk.submit(t.id(), &call, Command::reply("Which floor?").then_pend(Pending::Customer))?;
//!
//! let later = now + TimeDelta::days(2);
//! desk.sweep(later, 500)?;
//! print!("{}", desk.report(&Report::standard().last_days(30), later)?);
//! # Ok(()) }
//! ```
//!
//! # How to embed it
//! 1. **Rules.** Begin with [`Rulebook::starter`] and write your own with [`RulebookDraft`](rulebook::RulebookDraft) or as
//!    JSON: calendars, SLA policies, escalation rules, permissions, status labels. A built rulebook is immutable; every ticket
//!    is pinned to the version it began under.
//!    Keep the rules with the tickets ([`Desk::keeping`]): a start with other rules then strands none of them.
//! 2. **A store.** [`MemoryStore`](store::MemoryStore) forgets at exit; `SqliteStore` (feature `sqlite`) keeps everything in one
//!    file. Any other implements [`Store`](store::Store), whose
//!    essay is the contract. Both go into a [`Desk`].
//! 3. **Requests.** [`Desk::open`] begins a ticket, [`Desk::submit`] says something about one. A [`Command`] is what a
//!    client may say, and is serde; a [`Call`] says who says it and when, and only your code can build one. The
//!    [`Outcome`] has the ticket, the events, and every clock's [reading](sla::Reading). What is not allowed is a
//!    [`Refusal`] with the facts to explain it, inside an [`Error`] that knows its [`kind`](Error::kind).
//! 4. **Time.** In one loop of your own: sleep until [`Desk::nap`], call [`Desk::sweep`], deliver what [`Desk::claim`]
//!    gives, [`acknowledge`](Desk::acknowledge) it. How often you look changes how soon things are known,
//!    never what is recorded.
//! 5. **Figures.** [`Desk::report`] gives KPIs with their counts and with what they left out.
//!
//! # What is where
//! | module | what |
//! |---|---|
//! | [`ticket`] | tickets: the lifecycle table, commands, events, decisions, permissions, the customer's view |
//! | [`customer`] | profiles over all channels, joined and erased |
//! | [`feedback`] | surveys: invitations, answers, ratings that come of them |
//! | [`self_service`] | articles, visits, what they spare, what is missing |
//! | [`quality`] | reviews against scorecards, samples to review |
//! | [`improvement`] | findings, actions, whether they helped |
//! | [`aggregate`] | what stands beside tickets: a state, commands, events; told something through [`Desk::tell`] |
//! | [`calendar`] | business time, exact over clock changes, fast at any span |
//! | [`sla`] | policies, targets, clocks and what they show |
//! | [`escalation`] | what happens by itself, each once for ever |
//! | [`rulebook`] | all rules of a desk as one validated value, in versions |
//! | [`desk`] | load, plan, commit; [`desk::plan`] is the pure door, [`desk::Operation`] the conversation without I/O |
//! | [`store`] | the storage contract and the memory store |
//! | [`kpi`] | facts, definitions, reports |
//! | [`replay`] | histories from recorded logs |
//! | [`incident`] | one cause behind many tickets: one update reaches all of them |
//! | [`complaint`] | complaints as chances: the steps of a complaint, each with its own target |
//! | [`routing`] | which agent or team should take a ticket, and why |
//! | [`guide`] | the reasons behind all this, as pages to read |
//! | [`call`], [`id`], [`time`], [`error`] | who and when; names of things; lengths of time; the one error |
//!
//! # Features
//! | feature | what it adds |
//! |---|---|
//! | (none) | the core and the memory store: opens no socket, no file and no thread |
//! | `async` | `AsyncDesk` and `store::AsyncStore`, on any runtime; bridges from and to blocking stores |
//! | `capi` | the C ABI, for C, Python, Node and others: `capi` |
//! | `flat` | fact tables as CSV and as JSON lines |
//! | `ical` | reads and writes holiday feeds (RFC 5545) |
//! | `parallel` | reports over fact tables on several threads |
//! | `postgres` | `store::PostgresStore`: a PostgreSQL server, for many processes |
//! | `report` | a report as one self-contained HTML page with tables and charts: `report` |
//! | `sqlite` | `store::SqliteStore`: every ticket in one file, with no server (SQLite is built in) |
//! | `testing` | strategies, laws and oracles for your own test suite; the rules of the storage contract for your own store |
//!
//! # What it will not do
//! It has no user interface, runs no server, starts no thread (the store of the feature `postgres` has one for its connections),
//! reads no clock and sends nothing: your application does. It
//! never panics on input. It counts in whole microseconds, and makes a float only where a number is shown.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(feature = "capi"), forbid(unsafe_code))]
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod aggregate;
pub mod calendar;
pub mod call;
#[cfg(feature = "capi")]
#[cfg_attr(docsrs, doc(cfg(feature = "capi")))]
pub mod capi;
pub mod complaint;
pub mod customer;
pub mod desk;
pub mod error;
pub mod escalation;
pub mod feedback;
pub mod guide;
pub mod id;
pub mod improvement;
pub mod incident;
pub mod kpi;
pub mod quality;
pub mod replay;
#[cfg(feature = "report")]
#[cfg_attr(docsrs, doc(cfg(feature = "report")))]
pub mod report;
pub mod routing;
pub mod rulebook;
pub mod self_service;
pub mod sla;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
pub mod ticket;
pub mod time;

pub use calendar::Calendar;
pub use call::{Actor, Call};
#[cfg(feature = "async")]
#[cfg_attr(docsrs, doc(cfg(feature = "async")))]
pub use desk::AsyncDesk;
pub use desk::{Desk, Outcome};
pub use error::Error;
pub use id::{TenantId, TicketId};
pub use kpi::Report;
pub use rulebook::Rulebook;
pub use ticket::{Command, Open, Refusal, Ticket};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
