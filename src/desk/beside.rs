//! Questions about what stands beside tickets: briefings, figures, gaps, samples, effects. Each is written once for both kinds of
//! desk; what each of them answers, [`TenantDesk`](super::TenantDesk) says.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::customer::Profile;
use crate::error::Error;
use crate::feedback::Feedback;
use crate::id::{AgentId, CustomerId, FindingId, Name, TicketId};
use crate::improvement::{self, Finding};
use crate::kpi::{
    Comparing, Comparison, Fact, Kpi, QualityTally, Report, SelfServiceTally, SurveyTally, Trend,
    Window,
};
use crate::quality::{Candidate, Plan, Review};
use crate::self_service::{Article, Gap, Visit, gaps};
use crate::sla::State;
use crate::store::{Filter, Page, TicketRow};
use crate::ticket::{Channel, Direction, Metric, Rating, Ticket};

use super::office::Count;
use super::question::{PAGE, Questions};
use super::read;
use super::source::Source;

/// What an agent should see before answering a customer. It is for the desk alone; what a customer may see is in
/// [`TenantDesk::customer_view`](super::TenantDesk::customer_view).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Briefing {
    /// The customer: the survivor, where the one asked for was joined into another.
    pub customer: CustomerId,
    /// The profile; none where there is none.
    pub profile: Option<Profile>,
    /// The tickets that are neither resolved nor closed, newest first.
    pub open: Vec<TicketRow>,
    /// The tickets that were last changed, newest first, of the 256 with the highest numbers under each of her ids; at most as many as
    /// asked for.
    pub recent: Vec<TicketRow>,
    /// The last messages of those, newest first; at most as many as asked for.
    pub contacts: Vec<LastContact>,
    /// The last ratings of those, newest first; at most as many as asked for.
    pub ratings: Vec<(TicketId, Rating)>,
    /// Updates that are promised on open tickets, soonest first.
    pub promises: Vec<(TicketId, DateTime<Utc>)>,
}

/// A message to or from a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LastContact {
    /// In which ticket.
    pub ticket: TicketId,
    /// When.
    pub at: DateTime<Utc>,
    /// Over which channel.
    pub channel: Channel,
    /// From whom to whom.
    pub direction: Direction,
}

/// What became of the KPI that an action was to move.
#[derive(Debug)]
#[non_exhaustive]
pub struct Effect {
    /// The KPI.
    pub kpi: Kpi,
    /// How it moved, from the time before the action was done to the time after.
    pub trend: Trend,
    /// Both times, with every figure; [`Goal::check`](crate::kpi::Goal::check) tells whether a goal is reached.
    pub compared: Comparison,
}

impl<R: Source> Questions<'_, R> {
    pub(super) async fn briefing(
        &self,
        customer: CustomerId,
        limit: usize,
        now: DateTime<Utc>,
    ) -> Result<Briefing, Error> {
        let (customer, profile, ids) = self.person(customer).await?;
        let (mut open, mut recent) = (Vec::new(), Vec::new());
        for id in ids {
            let mut page = Some(Page::newest(PAGE));
            while let Some(now) = page {
                let filter = Filter::open().requester(id);
                let rows = self.source.list(self.tenant, &filter, &now).await?;
                page = now.next(&rows);
                open.extend(rows);
            }
            let filter = Filter::all().requester(id);
            let newest = Page::newest(PAGE);
            recent.extend(self.source.list(self.tenant, &filter, &newest).await?);
        }
        open.sort_by_key(|row| std::cmp::Reverse(row.number));
        recent.sort_by_key(|row| std::cmp::Reverse((row.changed_at, row.number)));
        recent.truncate(limit);

        let of_recent: BTreeSet<TicketId> = recent.iter().map(|row| row.ticket).collect();
        let (mut promises, mut seen) = (Vec::new(), BTreeMap::new());
        for row in &open {
            let ticket = self.ticket(row.ticket).await?;
            let book = self.office.rulebooks().of(&ticket)?;
            let promised = read(&ticket, book, Metric::PromisedUpdate, now);
            if matches!(promised.state(), State::Running | State::Paused) {
                promises.extend(promised.due().map(|due| (row.ticket, due)));
            }
            if of_recent.contains(&row.ticket) {
                seen.insert(row.ticket, ticket);
            }
        }
        promises.sort_by_key(|(_, due)| *due);

        let (mut contacts, mut ratings) = (Vec::new(), Vec::new());
        for row in &recent {
            let ticket = match seen.remove(&row.ticket) {
                Some(ticket) => ticket,
                None => self.ticket(row.ticket).await?,
            };
            contacts.extend(last_contacts(&ticket));
            ratings.extend(ticket.ratings().iter().map(|rating| (row.ticket, *rating)));
        }
        contacts.sort_by_key(|contact| std::cmp::Reverse(contact.at));
        contacts.truncate(limit);
        ratings.sort_by_key(|(_, rating)| std::cmp::Reverse(rating.at));
        ratings.truncate(limit);
        Ok(Briefing {
            customer,
            profile,
            open,
            recent,
            contacts,
            ratings,
            promises,
        })
    }

    pub(super) async fn quality(&self, window: Window) -> Result<QualityTally, Error> {
        let mut tally = QualityTally::new(window);
        self.each::<Review>(&mut |_, review: &Review| tally.add(review))
            .await?;
        Ok(tally)
    }

    pub(super) async fn self_service(
        &self,
        window: Window,
        now: DateTime<Utc>,
    ) -> Result<SelfServiceTally, Error> {
        let book = self.office.rulebooks().current(self.tenant);
        let within = book.as_draft().self_service.window;
        let mut tally = SelfServiceTally::new(window, within, now);
        self.each::<Visit>(&mut |_, visit: &Visit| tally.add(visit))
            .await?;
        self.each::<Article>(&mut |id, article: &Article| tally.add_article(id, article))
            .await?;
        Ok(tally)
    }

    pub(super) async fn surveys(
        &self,
        window: Window,
        now: DateTime<Utc>,
    ) -> Result<SurveyTally, Error> {
        let mut tally = SurveyTally::new(window, now);
        self.each::<Feedback>(&mut |_, feedback: &Feedback| tally.add(feedback))
            .await?;
        Ok(tally)
    }

    pub(super) async fn gaps(&self, window: Window, at_least: u64) -> Result<Vec<Gap>, Error> {
        let mut tickets: BTreeMap<Name, u64> = BTreeMap::new();
        let mut count = |rows: &[Fact]| {
            let first = rows.first().filter(|row| window.contains(row.created_at));
            if let Some(kind) = first.and_then(|row| row.kind.as_ref()) {
                *tickets.entry(kind.clone()).or_default() += 1;
            }
        };
        self.facts(&mut count).await?;
        let mut articles = Vec::new();
        self.each::<Article>(&mut |_, article: &Article| articles.push(article.clone()))
            .await?;
        Ok(gaps(&tickets, &articles, at_least))
    }

    pub(super) async fn sample(
        &self,
        plan: &Plan,
        window: Window,
    ) -> Result<Vec<(AgentId, TicketId)>, Error> {
        let mut work = Vec::new();
        let mut page = Some(Page::oldest(PAGE));
        while let Some(now) = page {
            let rows = self.source.list(self.tenant, &Filter::all(), &now).await?;
            page = now.next(&rows);
            for row in rows {
                let candidate = Candidate::of(&*self.ticket(row.ticket).await?);
                work.extend(candidate.filter(|one| window.contains(one.resolved_at)));
            }
        }
        let drawn = plan.sample(&work);
        Ok(drawn
            .into_iter()
            .map(|one| (one.agent, one.ticket))
            .collect())
    }

    pub(super) async fn effect(
        &self,
        finding: FindingId,
        action: u32,
        report: &Report,
        now: DateTime<Utc>,
    ) -> Result<Option<Effect>, Error> {
        let known = self.state::<Finding>(finding).await?;
        let action = known.action(action).ok_or_else(|| {
            let known = known.actions().len();
            Error::declined(improvement::Refusal::NoAction { action, known })
        })?;
        let kpi = action.aim.as_ref().and_then(improvement::Aim::kpi);
        let (Some(kpi), Some([before, (from, to)])) = (kpi, action.windows()) else {
            return Ok(None);
        };
        if now < to {
            return Ok(None);
        }
        let report = report.clone().between(from, to);
        let before = Window::new(before.0, before.1); // as long as this one, whatever the calendar says
        let comparing = report.comparing(Some(before), now)?;
        let mut count = Count::of(comparing, Comparing::add);
        self.facts(&mut |rows| count.add(rows)).await?;
        let compared = count.finish()?.finish()?;
        Ok(Some(Effect {
            kpi,
            trend: compared.since_before(kpi)?,
            compared,
        }))
    }
}

fn last_contacts(ticket: &Ticket) -> impl Iterator<Item = LastContact> + '_ {
    let messages = ticket.messages().iter().rev();
    let with_customer = messages.filter(|message| message.direction != Direction::Internal);
    with_customer.map(|message| LastContact {
        ticket: ticket.id(),
        at: message.at,
        channel: message.channel.clone(),
        direction: message.direction,
    })
}
