//! Questions about what stands beside tickets: briefings, figures, gaps, samples, effects.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::customer::{Identity, Profile};
use crate::error::Error;
use crate::feedback::Feedback;
use crate::id::{AgentId, CustomerId, FindingId, Name, TicketId};
use crate::improvement::{self, Finding};
use crate::kpi::{
    Comparison, Fact, Kpi, QualityTally, Report, SelfServiceTally, SurveyTally, Trend, Window,
};
use crate::quality::{Candidate, Plan, Review};
use crate::self_service::{Article, Gap, Visit, gaps};
use crate::sla::State;
use crate::store::{Filter, Load, Page, Store, TicketRow, UniqueKey};
use crate::ticket::{Channel, Direction, Metric, Rating, Ticket};

use super::office::PAGE;
use super::{TenantDesk, read};

/// What an agent should see before answering a customer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Briefing {
    /// The customer: the survivor, where the one asked for was joined into another.
    pub customer: CustomerId,
    /// The profile; none where there is none.
    pub profile: Option<Profile>,
    /// The tickets that are neither resolved nor closed, newest first.
    pub open: Vec<TicketRow>,
    /// The tickets that were last changed, newest first; at most as many as asked for.
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

impl<S: Store> TenantDesk<'_, S> {
    /// The customer behind an identity, whether there is a profile or not.
    ///
    /// # Errors
    /// What the store answers.
    pub fn find_customer(&self, identity: &Identity) -> Result<Option<CustomerId>, Error> {
        let key = UniqueKey::address(self.id(), &identity.text());
        let loaded = self
            .desk()
            .store()
            .load(&Load::owners(self.id(), vec![key]))?;
        let owner = loaded.owners.into_iter().next().flatten();
        Ok(owner.map(CustomerId::from_uuid))
    }

    /// The customer that an id leads to: the survivor, where it was joined into another; else itself.
    ///
    /// # Errors
    /// What the store answers.
    pub fn survivor(&self, customer: CustomerId) -> Result<CustomerId, Error> {
        let profile = self.profile(customer)?;
        let into = profile.as_ref().and_then(Profile::joined_into);
        Ok(into.unwrap_or(customer))
    }

    /// A customer as a ticket knows her: by the id of one who was joined into her, where that one reaches it.
    pub(super) fn as_known(
        &self,
        ticket: &Ticket,
        customer: CustomerId,
    ) -> Result<CustomerId, Error> {
        let profile = self.profile(customer)?;
        let reaching = profile.and_then(|profile| reaching(&profile, ticket));
        Ok(reaching.unwrap_or(customer))
    }

    fn profile(&self, customer: CustomerId) -> Result<Option<Profile>, Error> {
        match self.state::<Profile>(customer) {
            Ok(profile) => Ok(Some(profile)),
            Err(error) if error.kind() == crate::error::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What an agent should see before answering a customer: at most `limit` of each list of what is past, and everything that is
    /// open. Tickets of customers who were joined into this one count as hers.
    ///
    /// # Errors
    /// What the store answers.
    pub fn briefing(
        &self,
        customer: CustomerId,
        limit: usize,
        now: DateTime<Utc>,
    ) -> Result<Briefing, Error> {
        let customer = self.survivor(customer)?;
        let profile = self.profile(customer)?;
        let joined = profile.iter().flat_map(|profile| profile.joined().iter());
        let ids: BTreeSet<CustomerId> = joined.copied().chain([customer]).collect();
        let (mut open, mut recent) = (Vec::new(), Vec::new());
        for id in ids {
            let mut page = Some(Page::newest(PAGE));
            while let Some(now) = page {
                let rows = self.list(&Filter::open().requester(id), &now)?;
                page = now.next(&rows);
                open.extend(rows);
            }
            recent.extend(self.list(&Filter::all().requester(id), &Page::newest(PAGE))?);
        }
        open.sort_by_key(|row| std::cmp::Reverse(row.number));
        recent.sort_by_key(|row| std::cmp::Reverse((row.changed_at, row.number)));
        recent.truncate(limit);

        let mut promises = Vec::new();
        for row in &open {
            let ticket = self.ticket(row.ticket)?;
            let book = self.desk().rulebooks().of(&ticket)?;
            let promised = read(&ticket, book, Metric::PromisedUpdate, now);
            if matches!(promised.state(), State::Running | State::Paused) {
                promises.extend(promised.due().map(|due| (row.ticket, due)));
            }
        }
        promises.sort_by_key(|(_, due)| *due);

        let (mut contacts, mut ratings) = (Vec::new(), Vec::new());
        for row in &recent {
            let ticket = self.ticket(row.ticket)?;
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

    /// What the quality reviews of the window came to, by agent and scorecard.
    ///
    /// # Errors
    /// What the store answers.
    pub fn quality(&self, window: Window) -> Result<QualityTally, Error> {
        let mut tally = QualityTally::new(window);
        self.each::<Review>(&mut |_, review| tally.add(review))?;
        Ok(tally)
    }

    /// What self-service spared the desk in the window, as known at `now`. How long a ticket may come after a visit, the tenant's
    /// current rulebook tells.
    ///
    /// # Errors
    /// What the store answers.
    pub fn self_service(
        &self,
        window: Window,
        now: DateTime<Utc>,
    ) -> Result<SelfServiceTally, Error> {
        let book = self.desk().rulebooks().current(self.id());
        let within = book.as_draft().self_service.window;
        let mut tally = SelfServiceTally::new(window, within, now);
        self.each::<Visit>(&mut |_, visit| tally.add(visit))?;
        self.each::<Article>(&mut |id, article| tally.add_article(id, article))?;
        Ok(tally)
    }

    /// How many invitations of the window were answered, as known at `now`.
    ///
    /// # Errors
    /// What the store answers.
    pub fn surveys(&self, window: Window, now: DateTime<Utc>) -> Result<SurveyTally, Error> {
        let mut tally = SurveyTally::new(window, now);
        self.each::<Feedback>(&mut |_, feedback| tally.add(feedback))?;
        Ok(tally)
    }

    /// The ticket types with at least `at_least` tickets created in the window that no published article helps with: an article's
    /// causes name types here. A host that counts causes of its own asks [`gaps`] itself.
    ///
    /// # Errors
    /// What the store answers.
    pub fn gaps(&self, window: Window, at_least: u64) -> Result<Vec<Gap>, Error> {
        let mut tickets: BTreeMap<Name, u64> = BTreeMap::new();
        self.facts(&mut |rows| {
            let first = rows.first().filter(|row| window.contains(row.created_at));
            if let Some(kind) = first.and_then(|row| row.kind.as_ref()) {
                *tickets.entry(kind.clone()).or_default() += 1;
            }
        })?;
        let mut articles = Vec::new();
        self.each::<Article>(&mut |_, article| articles.push(article.clone()))?;
        Ok(gaps(&tickets, &articles, at_least))
    }

    /// The tickets resolved in the window that a sampling plan draws for review, by agent.
    ///
    /// # Errors
    /// What the store answers.
    pub fn sample(&self, plan: &Plan, window: Window) -> Result<Vec<(AgentId, TicketId)>, Error> {
        let mut work = Vec::new();
        let mut page = Some(Page::oldest(PAGE));
        while let Some(now) = page {
            let rows = self.list(&Filter::all(), &now)?;
            page = now.next(&rows);
            for row in rows {
                let candidate = Candidate::of(&self.ticket(row.ticket)?);
                work.extend(candidate.filter(|one| window.contains(one.resolved_at)));
            }
        }
        let drawn = plan.sample(&work);
        Ok(drawn
            .into_iter()
            .map(|one| (one.agent, one.ticket))
            .collect())
    }

    /// What became of the KPI that an action was to move: the time before it was done against the time after, of the report's
    /// tickets. None while the action is not done, aims at nothing, or the time after it is not over.
    ///
    /// # Errors
    /// No such finding or action; what the store answers.
    pub fn effect(
        &self,
        finding: FindingId,
        action: u32,
        report: &Report,
        now: DateTime<Utc>,
    ) -> Result<Option<Effect>, Error> {
        let known = self.state::<Finding>(finding)?;
        let action = known.action(action).ok_or_else(|| {
            let known = known.actions().len();
            Error::declined(improvement::Refusal::NoAction { action, known })
        })?;
        let kpi = action.aim.as_ref().and_then(improvement::Aim::kpi);
        let (Some(kpi), Some([_, (from, to)])) = (kpi, action.windows()) else {
            return Ok(None);
        };
        if now < to {
            return Ok(None);
        }
        let mut tickets: Vec<Vec<Fact>> = Vec::new();
        self.facts(&mut |rows| tickets.push(rows.to_vec()))?;
        let compared = report.clone().between(from, to).compare(&tickets, now)?;
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

/// The one of those who were joined into a customer whom the ticket reaches.
pub(super) fn reaching(profile: &Profile, ticket: &Ticket) -> Option<CustomerId> {
    let mut joined = profile.joined().iter();
    joined.find(|one| ticket.reaches(**one)).copied()
}
