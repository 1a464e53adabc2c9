//! What can be asked of a desk: one word, with what belongs to it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::customer::{Identity, Profile};
use crate::desk::{self, TenantDesk};
use crate::error::Error;
use crate::feedback::Feedback;
use crate::id::{ContentId, CustomerId, FindingId, TicketId, TicketNumber};
use crate::improvement::Finding;
use crate::kpi::{Grouping, Report, Suggest, Window};
use crate::quality::{Plan, Review};
use crate::routing;
use crate::self_service::{Article, Visit};
use crate::sla::{self, Reading};
use crate::store::{Filter, Page, Store, StreamId};
use crate::ticket::ClockId;

use super::buffer::helpdesk_buffer;
use super::error::Fault;
use super::figures::{Moved, Spared, Surveyed};
use super::json;
use super::routing::routing_fault;

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
    /// The clocks of all tickets that will have passed their target by an instant if nobody does anything, soonest first.
    AtRisk {
        /// By when.
        until: DateTime<Utc>,
        /// How many at most.
        limit: usize,
    },
    /// The events that would be recorded on a ticket if nobody did anything.
    Foresee {
        /// The ticket.
        ticket: TicketId,
        /// Until when.
        until: DateTime<Utc>,
        /// How many at most.
        limit: usize,
    },
    /// The promised updates of a ticket, and what became of each.
    Promises {
        /// The ticket.
        ticket: TicketId,
    },
    /// The estimated times of resolution that the customer was told, and how near each was.
    Estimates {
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
    /// Every survey that a customer was ever asked to answer under this id, about whichever ticket, and what she answered.
    Feedback(Uuid),
    /// An article of the self-service.
    Article(Uuid),
    /// A visit to the self-service.
    Visit(Uuid),
    /// A quality review.
    Review(Uuid),
    /// A finding of the improvement cycle, with its actions.
    Finding(Uuid),
    /// The ids of what stands beside tickets, of one kind, rising: a page of those that have a history.
    Ids {
        /// Of what.
        kind: Beside,
        /// Behind which id; from the first on where there is none.
        #[serde(default)]
        after: Option<Uuid>,
        /// How many at most.
        limit: usize,
    },
    /// Everything that happened to one that stands beside tickets, oldest first.
    Told {
        /// Of what.
        kind: Beside,
        /// Which one.
        id: Uuid,
    },
    /// The customer that an id leads to: the survivor, where it was joined into another.
    Survivor {
        /// The id.
        customer: CustomerId,
    },
    /// Every id that leads to the customer behind this one.
    CustomerIds {
        /// One of them.
        customer: CustomerId,
    },
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
    /// The customer behind an identity, or `null`.
    FindCustomer {
        /// An address, a phone number, a handle or an id of the host.
        identity: Identity,
    },
    /// What an agent should see before answering a customer.
    Briefing {
        /// The customer.
        customer: CustomerId,
        /// How many of each list of what is past.
        limit: usize,
    },
    /// How many of the invitations of a window were answered, by survey.
    Surveys {
        /// When they were sent.
        window: Window,
    },
    /// What the quality reviews of a window came to, by agent and scorecard.
    Quality {
        /// When they were made or last revised.
        window: Window,
    },
    /// The resolved tickets that a sampling plan draws for review, each with its agent.
    Sample {
        /// Which ones, and how many.
        plan: Plan,
        /// When they were resolved.
        window: Window,
    },
    /// What self-service spared the desk.
    SelfService {
        /// When the visits began.
        window: Window,
    },
    /// The ticket types that no published article helps with, the commonest first.
    Gaps {
        /// When the tickets were created.
        window: Window,
        /// How many make a gap.
        at_least: u64,
    },
    /// What became of the KPI that an action was to move; `null` while that cannot be told.
    Effect {
        /// The finding.
        finding: FindingId,
        /// Its action, from 0.
        action: u32,
        /// Over which tickets.
        report: Report,
    },
    /// What a ticket needs of whoever takes it: an item for `helpdesk_route`.
    WorkItem {
        /// The ticket.
        ticket: TicketId,
        /// The rules of routing.
        #[serde(default)]
        rules: routing::Rules,
    },
}

/// The kinds of what stands beside tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Beside {
    /// Customers.
    Customer,
    /// Customers' surveys.
    Feedback,
    /// Articles of the self-service.
    Article,
    /// Visits to the self-service.
    Visit,
    /// Quality reviews.
    Review,
    /// Findings of the improvement cycle.
    Finding,
}

/// Says the same of each kind, with its type under a name.
macro_rules! of_kind {
    ($kind:expr, $state:ident => $said:expr) => {
        of_kind!($kind, $state => $said, Customer Profile, Feedback Feedback, Article Article, Visit Visit, Review Review, Finding Finding)
    };
    ($kind:expr, $state:ident => $said:expr, $($variant:ident $of:ty),*) => {
        match $kind {$(
            Beside::$variant => {
                type $state = $of;
                $said
            }
        )*}
    };
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
            Query::Readings { ticket } => json::write(&desk.readings(ticket, now)?),
            Query::AtRisk { until, limit } => {
                let late = desk.at_risk(now, until, limit)?.into_iter();
                let late = late.map(|(ticket, reading)| LateSoon { ticket, reading });
                json::write(&late.collect::<Vec<_>>())
            }
            Query::Foresee {
                ticket,
                until,
                limit,
            } => {
                let ticket = desk.ticket(ticket)?;
                let book = desk.desk().rulebooks().of(&ticket).map_err(Error::from)?;
                json::write(&desk::foresee(&ticket, book, until, limit))
            }
            Query::Promises { ticket } => json::write(&sla::promises(&desk.ticket(ticket)?, now)),
            Query::Estimates { ticket } => json::write(&sla::estimates(&desk.ticket(ticket)?)),
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
            Query::Ids { kind, after, limit } => of_kind!(kind, Kind => {
                json::write(&desk.ids::<Kind>(after.map(Into::into), limit)?)
            }),
            Query::Told { kind, id } => of_kind!(kind, Kind => {
                json::write(&desk.told::<Kind>(id.into())?)
            }),
            Query::Survivor { customer } => json::write(&desk.survivor(customer)?),
            Query::CustomerIds { customer } => json::write(&desk.customer_ids(customer)?),
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
            Query::GroupReport(grouping) => json::write(&desk.report_by(&grouping, now)?),
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
            Query::FindCustomer { identity } => json::write(&desk.find_customer(&identity)?),
            Query::Briefing { customer, limit } => {
                json::write(&desk.briefing(customer, limit, now)?)
            }
            Query::Surveys { window } => {
                let tally = desk.surveys(window, now)?;
                json::write(&tally.rows().map(Surveyed::of).collect::<Vec<_>>())
            }
            Query::Quality { window } => {
                json::write(&desk.quality(window)?.rows().collect::<Vec<_>>())
            }
            Query::Sample { plan, window } => json::write(&desk.sample(&plan, window)?),
            Query::SelfService { window } => {
                json::write(&Spared::of(&desk.self_service(window, now)?))
            }
            Query::Gaps { window, at_least } => json::write(&desk.gaps(window, at_least)?),
            Query::Effect {
                finding,
                action,
                report,
            } => {
                let effect = desk.effect(finding, action, &report, now)?;
                json::write(&effect.as_ref().map(Moved::of))
            }
            Query::WorkItem { ticket, rules } => {
                json::write(&rules.item(&desk.ticket(ticket)?).map_err(routing_fault)?)
            }
        }
    }
}

/// A clock that will be late, as JSON.
#[derive(Serialize)]
struct LateSoon {
    ticket: TicketId,
    reading: Reading,
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
