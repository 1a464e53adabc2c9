//! Complaints as chances: what is done about one, step by step, and how long each step may take.
//!
//! A complaint is a ticket of a [type](Workflow::kind) of its own. Six [steps](ComplaintStep) follow each other: accept, acknowledge, analyse
//! the cause, propose a remedy, follow up, learn. That a step is done is said by a field of the ticket
//! ([`Workflow::done`]), so it stands in the ticket's events as every other fact; [`Workflow::read`] folds them into a
//! [`Progress`]: which step runs, when it is due, and which were done in time.
//!
//! ```
//! use helpdesk::complaint::{ComplaintStep, StepState, Workflow};
//! use helpdesk::{Actor, Call, Command, Desk, Open, Rulebook, TenantId};
//! use helpdesk::{id::AgentId, store::MemoryStore, ticket::Change};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let workflow: Workflow = serde_json::from_str(r#"{"targets": {"accept": "1h", "acknowledge": "4h", "learn": "5 business days"}}"#)?;
//! let desk = Desk::new(MemoryStore::new(), Rulebook::starter());
//! let call = |at: &str| Ok::<_, chrono::ParseError>(Call::new(Actor::agent(AgentId::named("kim")), at.parse()?));
//! let open = Open::new("Third time late").from("ann@example.com").and(Change::Type(Some(workflow.kind.clone())));
//! let t = desk.open(&call("2026-03-05T09:00:00Z")?, open)?;
//! desk.submit(t.id(), &call("2026-03-05T09:30:00Z")?, Command::change(workflow.done(ComplaintStep::Accept)))?;
//!
//! let history = desk.tenant(TenantId::SINGLE).history(t.id())?;
//! let now = "2026-03-05T13:45:00Z".parse()?;
//! let progress = workflow.read(&history, desk.rulebooks().current(TenantId::SINGLE).calendar(), now)?.ok_or("no complaint")?;
//! assert!(progress.of(ComplaintStep::Accept).is_met());
//! let running = progress.running().ok_or("a step runs")?;
//! assert_eq!((running.step, running.state), (ComplaintStep::Acknowledge, StepState::Running));
//! assert!(running.is_breached()); // due at 13:30
//! # Ok(()) }
//! ```
//!
//! # How it is read
//! - The first step begins when the ticket becomes a complaint; each other one when the step before is done.
//! - A step that is said to be done while others before it are not leaves those out: they are skipped, and their targets count neither
//!   way.
//! - Saying that an earlier step is done goes back to it: what came after it is to be done again.
//! - A close, whatever its reason, ends the step that runs: it is cancelled, because on a closed ticket nothing is done any more. A
//!   resolution does not, because following up and learning come after it: set the time after which tickets close by themselves so
//!   that they fit in. A ticket that is no complaint any more has no steps.
//! - Where a history opens a closed ticket again, the step that was cancelled goes on from its begin, as if there had been no close.
//! - A target is met where the time of the step is at most the target, in the target's own measure.
//!
//! # What falls due by itself
//! [`Workflow::policies`] makes policies of the targets up to the remedy, counted from the begin of the complaint, so that a
//! clock runs, announces its breach once and can be escalated as any other. The cause codes are [`Causes`](crate::ticket::Causes);
//! whether a cause comes back tells [`RecurrenceTally`](crate::kpi::RecurrenceTally), whether the customer is content again
//! [`RecoveryTally`](crate::kpi::RecoveryTally).
//!
//! # Properties
//! Reading is a function of the events, the workflow, the calendar and the instant. The stretches of the steps follow each other without
//! gap. What is done stays as it was read, however much later it is read, until somebody goes back. A larger target never makes a
//! step breached that was not.

mod progress;
mod tally;
mod workflow;

pub use progress::{Progress, StepReading, StepState};
pub use tally::{StepCounts, StepTally};
pub use workflow::{ComplaintStep, InvalidWorkflow, Workflow};
