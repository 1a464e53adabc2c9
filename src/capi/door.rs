//! The words of the two doors: what can be done and what can be asked, as JSON.
//!
//! Both are plain serde. Whatever a [`Command`] or a [`Change`](crate::ticket::Change) learns to say can be
//! said here at once; a new kind of request, or a new query, is a variant here with an arm below.

use serde::{Deserialize, Serialize};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::call::Call;
use crate::customer::Profile;
use crate::desk::{self, Desk, Outcome, TenantDesk};
use crate::error::Error;
use crate::feedback::Feedback;
use crate::id::{ContentId, CustomerId, MessageId, RulebookId, TicketId, TicketNumber};
use crate::improvement::Finding;
use crate::kpi::{Grouping, Report, Suggest};
use crate::quality::Review;
use crate::replay::History;
use crate::self_service::{Article, Visit};
use crate::sla::{Reading, Swapped};
use crate::store::{Filter, OutboxMessage, Page, Store, StreamId, TicketRow};
use crate::ticket::{ClockId, Command, Link, Merge, Open, Recorded, Split, Version};

use super::buffer::helpdesk_buffer;
use super::error::Fault;
use super::json;
use super::reading::clocks;

/// What can be done: one word, with what belongs to it. Who does it and when is no part of it.
///
/// ```
/// use helpdesk::capi::door::Request;
/// let text = r#"{"submit": {"ticket": "018f3c1e-7a00-7000-8000-000000000001", "command": {"step": "resolve"}}}"#;
/// assert!(matches!(serde_json::from_str::<Request>(text)?, Request::Submit { .. }));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Request {
    /// Opens a ticket.
    Open(Open),
    /// Says something about a ticket.
    Submit {
        /// The ticket.
        ticket: TicketId,
        /// What is said.
        command: Command,
    },
    /// Moves a ticket to another version of the rulebook.
    ApplyRulebook {
        /// The ticket.
        ticket: TicketId,
        /// The version.
        rulebook: RulebookId,
    },
    /// Lets a ticket go on in another.
    Merge(Merge),
    /// Begins a ticket with messages of another.
    Split {
        /// The ticket that has the messages.
        ticket: TicketId,
        /// Which of them, and what the new ticket is.
        split: Split,
    },
    /// Ties a ticket to another, on both sides.
    Link {
        /// The ticket.
        ticket: TicketId,
        /// How it is tied.
        link: Link,
        /// To which.
        other: TicketId,
    },
    /// Ties them no longer.
    Unlink {
        /// The ticket.
        ticket: TicketId,
        /// How it was tied.
        link: Link,
        /// To which.
        other: TicketId,
    },
    /// Says something to what stands beside tickets: a customer, and whatever else the crate knows.
    Tell {
        /// To which one.
        id: Uuid,
        /// What is said, under the name of its kind: `{"customer": ..}`.
        command: desk::Anything,
    },
    /// Records what fell due on a ticket: the empty command, for hosts with storage of their own.
    Sweep {
        /// The ticket.
        ticket: TicketId,
    },
}

/// A request is about a ticket, or about what stands beside tickets.
pub(super) enum About {
    Ticket(desk::Request),
    Beside(Uuid, desk::Anything),
}

impl From<Request> for About {
    fn from(request: Request) -> About {
        About::Ticket(match request {
            Request::Open(open) => desk::Request::Open(open),
            Request::Submit { ticket, command } => desk::Request::Submit(ticket, command),
            Request::ApplyRulebook { ticket, rulebook } => {
                desk::Request::ApplyRulebook(ticket, rulebook)
            }
            Request::Merge(merge) => desk::Request::Merge(merge),
            Request::Split { ticket, split } => desk::Request::Split(ticket, split),
            Request::Link {
                ticket,
                link,
                other,
            } => desk::Request::Link(ticket, link, other),
            Request::Unlink {
                ticket,
                link,
                other,
            } => desk::Request::Unlink(ticket, link, other),
            Request::Sweep { ticket } => desk::Request::Sweep(ticket),
            Request::Tell { id, command } => return About::Beside(id, command),
        })
    }
}

impl Request {
    /// Does it, and gives what came of it as JSON.
    pub(super) fn run<S: Store>(
        self,
        desk: &Desk<S>,
        call: Call,
    ) -> Result<*mut helpdesk_buffer, Fault> {
        match About::from(self) {
            About::Ticket(request) => json::write(&Done::of(&desk.run(call, request)?)),
            About::Beside(id, command) => json::write(&desk.tell_anything(id, &call, command)?),
        }
    }
}

/// What can be asked of a desk, in one tenant and at one instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Query {
    /// The ticket as its last event left it, with everything.
    Ticket {
        /// The ticket.
        ticket: TicketId,
    },
    /// The versions of the rulebook that tickets which are not closed need, and that the desk was not given.
    MissingRulebooks,
    /// Its events, oldest first.
    History {
        /// The ticket.
        ticket: TicketId,
    },
    /// What one of its clocks shows.
    Reading {
        /// The ticket.
        ticket: TicketId,
        /// The clock.
        clock: ClockId,
    },
    /// What each of its clocks with a target shows.
    Readings {
        /// The ticket.
        ticket: TicketId,
    },
    /// The stretches of time behind what a clock shows, each with its reason.
    Ledger {
        /// The ticket.
        ticket: TicketId,
        /// The clock.
        clock: ClockId,
    },
    /// The ticket as a customer sees it.
    CustomerView {
        /// The ticket.
        ticket: TicketId,
        /// The customer.
        viewer: CustomerId,
    },
    /// What is known of a customer.
    Customer {
        /// The customer.
        customer: CustomerId,
    },
    /// What a customer was asked about a ticket, and what she answered.
    Feedback(Uuid),
    /// An article of the self-service.
    Article(Uuid),
    /// A visit to the self-service.
    Visit(Uuid),
    /// A quality review.
    Review(Uuid),
    /// A finding of the improvement cycle, with its actions.
    Finding(Uuid),
    /// The ticket with this number, or `null`.
    Find {
        /// The number.
        number: TicketNumber,
    },
    /// The ticket that has the message with this id outside, or `null`.
    FindByMessage {
        /// Such as a mail's `Message-ID`.
        external_id: String,
    },
    /// The tickets that fit a filter, page by page.
    List {
        /// Which ones.
        #[serde(default)]
        filter: Filter,
        /// Which page.
        page: Page,
    },
    /// The texts behind these ids, in their order; `null` for what is erased.
    Content {
        /// The ids.
        ids: Vec<ContentId>,
    },
    /// When a ticket will be resolved, judged by similar ones; `null` where they are too few.
    Suggest {
        /// The ticket.
        ticket: TicketId,
        /// What is similar.
        similar: Suggest,
    },
    /// The figures of a report.
    Report(Report),
    /// The figures of a report in groups: by agent, team, channel, week, ...
    GroupReport(Grouping),
    /// The rows behind every figure, a list for each ticket.
    Facts,
    /// The tickets whose sweeps fail.
    Ailing,
    /// The rulebook in force for new tickets.
    Rulebook,
}

impl Query {
    /// The answer, as JSON.
    pub(super) fn answer<S: Store>(
        self,
        desk: &TenantDesk<'_, S>,
        now: DateTime<Utc>,
    ) -> Result<*mut helpdesk_buffer, Fault> {
        match self {
            Query::Ticket { ticket } => json::write(&desk.ticket(ticket)?),
            Query::MissingRulebooks => json::write(&desk.missing_rulebooks()?),
            Query::History { ticket } => json::write(&desk.history(ticket)?),
            Query::Reading { ticket, clock } => json::write(&desk.reading(ticket, clock, now)?),
            Query::Readings { ticket } => {
                let ticket = desk.ticket(ticket)?;
                let book = desk.desk().rulebooks().of(&ticket).map_err(Error::from)?;
                let all = clocks().map(|clock| desk::read(&ticket, book, clock, now));
                json::write(&with_target(all))
            }
            Query::Ledger { ticket, clock } => json::write(&desk.ledger(ticket, clock, now)?),
            Query::CustomerView { ticket, viewer } => {
                json::write(&desk.customer_view(ticket, viewer)?)
            }
            Query::Customer { customer } => json::write(&desk.state::<Profile>(customer)?),
            Query::Feedback(id) => json::write(&desk.state::<Feedback>(id.into())?),
            Query::Article(id) => json::write(&desk.state::<Article>(id.into())?),
            Query::Visit(id) => json::write(&desk.state::<Visit>(id.into())?),
            Query::Review(id) => json::write(&desk.state::<Review>(id.into())?),
            Query::Finding(id) => json::write(&desk.state::<Finding>(id.into())?),
            Query::Find { number } => json::write(&desk.find(number)?),
            Query::FindByMessage { external_id } => {
                json::write(&desk.find_by_message(&external_id)?)
            }
            Query::List { filter, page } => json::write(&desk.list(&filter, &page)?),
            Query::Content { ids } => json::write(&desk.content(&ids)?),
            Query::Suggest { ticket, similar } => {
                json::write(&desk.suggest(ticket, &similar, now)?)
            }
            Query::Report(report) => json::write(&desk.report(&report, now)?),
            Query::GroupReport(grouping) => {
                let (mut tally, mut failed) = (grouping.tally(now), None);
                desk.facts(&mut |rows| {
                    if failed.is_none() {
                        failed = tally.add(rows).err();
                    }
                })?;
                failed.map_or(Ok(()), Err)?;
                json::write(&tally.report()?)
            }
            Query::Facts => {
                let mut rows = Vec::new();
                desk.facts(&mut |of_ticket| rows.push(of_ticket.to_vec()))?;
                json::write(&rows)
            }
            Query::Ailing => {
                let ailing = desk.desk().ailing();
                let mine = ailing.iter().filter(|one| one.stream.tenant == desk.id());
                json::write(&mine.map(Sick::of).collect::<Vec<_>>())
            }
            Query::Rulebook => json::write(desk.desk().rulebooks().current(desk.id())),
        }
    }
}

/// Those of the readings that have a target.
pub(super) fn with_target(readings: impl Iterator<Item = Reading>) -> Vec<Reading> {
    readings
        .filter(|reading| reading.target().is_some())
        .collect()
}

/// What came of a request, as JSON.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Done<'a> {
    ticket: TicketId,
    number: TicketNumber,
    version: Version,
    /// Whether nothing was written, because the same had been done before.
    replayed: bool,
    message: Option<MessageId>,
    follow_up: Option<TicketId>,
    wake_at: Option<DateTime<Utc>>,
    /// What lists show of the ticket now.
    row: TicketRow,
    /// What its clocks with a target show at the instant of the call.
    readings: Vec<Reading>,
    events: &'a [Recorded],
    actions: &'a [OutboxMessage],
    swapped: &'a [Swapped],
}

impl<'a> Done<'a> {
    pub(super) fn of(outcome: &'a Outcome) -> Done<'a> {
        Done {
            ticket: outcome.id(),
            number: outcome.number(),
            version: outcome.ticket().version(),
            replayed: outcome.is_replayed(),
            message: outcome.message(),
            follow_up: outcome.follow_up(),
            wake_at: outcome.wake_at(),
            row: TicketRow::of(outcome.ticket()),
            readings: with_target(clocks().map(|clock| outcome.reading(clock))),
            events: outcome.events(),
            actions: outcome.actions(),
            swapped: outcome.swapped(),
        }
    }
}

/// A ticket whose sweeps fail, as JSON.
#[derive(Serialize)]
pub(super) struct Sick<'a> {
    stream: StreamId,
    since: DateTime<Utc>,
    tries: u32,
    not_before: DateTime<Utc>,
    error: &'a str,
}

impl<'a> Sick<'a> {
    fn of(ailing: &'a desk::Ailing) -> Sick<'a> {
        Sick {
            stream: ailing.stream,
            since: ailing.since,
            tries: ailing.tries,
            not_before: ailing.not_before,
            error: &ailing.error,
        }
    }
}

/// Everything that is read as JSON somewhere: the roots of the schema.
///
/// Public so that the schema can be made from the types that are read, by whoever knows how.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anything {
    /// What `helpdesk_desk_do` and `helpdesk_op_new` take.
    Request(Box<Request>),
    /// What `helpdesk_desk_ask` takes.
    Query(Box<Query>),
    /// What a rulebook is made of.
    Rulebook(Box<crate::rulebook::RulebookDraft>),
    /// What a calendar is made of.
    Calendar(crate::Calendar),
    /// An event of a ticket: what histories are lists of.
    Event(Box<Recorded>),
    /// What is imported.
    History(Box<History>),
    /// Which report is wanted.
    Report(Report),
    /// A row behind the figures.
    Fact(Box<crate::kpi::Fact>),
    /// What an operation is told that was loaded.
    Loaded(Box<super::operation::Loaded>),
    /// What is to be delivered.
    OutboxMessage(Box<OutboxMessage>),
}
