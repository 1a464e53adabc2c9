//! One history under one rulebook: what people did is taken over, what the rules make of it is decided anew.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::call::{Actor, Cause};
use crate::desk::Working;
use crate::error::Error;
use crate::id::{RulebookId, TenantId};
use crate::kpi::Fact;
use crate::rulebook::{Rulebook, Rulebooks};
use crate::ticket::{
    Change, Command, Direction, Draft, Event, MessageAdded, Recorded, Rules, SessionEvent, Stage,
    Status, Step, Ticket, Version, event_of,
};

use super::super::anomaly::{Anomalies, AnomalyKind};
use super::super::import::all_may_do_all;
use super::super::said::{ask, kind_of, step_to};

/// Rulebooks to be tried, each with its rules for tickets but for the permission table: who did something, might.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    books: Rulebooks,
    tenant: TenantId,
    rules: BTreeMap<RulebookId, Rules>,
}

impl Trial {
    pub(super) fn new(books: Rulebooks) -> Trial {
        Trial {
            books,
            tenant: TenantId::SINGLE,
            rules: BTreeMap::new(),
        }
    }

    /// The version in force for new tickets of the tenant whose histories were tried.
    pub(super) fn in_force(&self) -> RulebookId {
        self.books.current(self.tenant).id()
    }

    /// The version for a ticket with this history: the one that it was opened under, where it is here.
    fn choose(&mut self, tenant: TenantId, history: &[Recorded]) -> (Rulebook, &Rules) {
        self.tenant = tenant;
        let opened = history.first().and_then(|first| match &first.event {
            Event::Opened(opened) => self.books.get_for(tenant, opened.rulebook).ok(),
            _ => None,
        });
        let book = opened.unwrap_or_else(|| self.books.current(tenant)).clone();
        let rules = self.rules.entry(book.id());
        let rules = rules.or_insert_with(|| all_may_do_all(book.tickets()));
        (book, rules)
    }
}

/// What became of a history.
pub(super) struct Rederived {
    /// The version that it was tried under.
    pub(super) book: Rulebook,
    pub(super) ticket: Arc<Ticket>,
    pub(super) events: Vec<Recorded>,
    /// For each event, the recorded place of the last thing that somebody had done by then: the same on both sides.
    origins: Vec<Version>,
    pub(super) facts: Vec<Fact>,
    pub(super) anomalies: Anomalies,
}

impl Rederived {
    /// The origin of the event in this place.
    pub(super) fn origin(&self, version: u64) -> Version {
        let index = usize::try_from(version.saturating_sub(1)).unwrap_or(usize::MAX);
        self.origins.get(index).copied().unwrap_or_default()
    }
}

/// How many events may fall due between two things that somebody did.
const LIMIT: usize = 65_536;

/// The ticket as it would stand at `as_of`; `None` where it did not exist yet.
///
/// # Errors
/// A history that does not begin with the opening; rules that go on and on firing.
pub(super) fn rederive(
    tenant: TenantId,
    history: &[Recorded],
    trial: &mut Trial,
    as_of: DateTime<Utc>,
) -> Result<Option<Rederived>, Error> {
    let (book, rules) = trial.choose(tenant, history);
    let known = history.partition_point(|recorded| recorded.at <= as_of);
    if known == 0 && !history.is_empty() {
        return Ok(None);
    }
    let mut chunks = history[..known].chunk_by(is_same_command);
    let (opening, rest) = history[..known].split_at(chunks.next().map_or(0, <[_]>::len));
    let told = told(rest);
    let commands = told
        .chunk_by(|a, b| is_same_command(a, b))
        .filter(|events| events.first().is_some_and(|first| !is_of_rules(first)));
    let pinned = opening.iter().map(|event| pin(event, &book));
    let begun = Working::begin(tenant, pinned, &book);
    let origin = opening
        .last()
        .map_or(Version::default(), |last| last.version);
    let mut again = Again {
        rules,
        working: begun.ok_or(Error::misused(
            "the events of a history begin with the ticket's opening",
        ))?,
        origins: Vec::new(),
        origin,
        anomalies: Anomalies::default(),
    };
    for command in commands {
        if let Some(first) = command.first() {
            again.pass_time(first.at)?;
            again.command(command);
        }
    }
    again.pass_time(as_of)?;
    Ok(Some(again.finish(book.clone())))
}

/// Whether it is about the rules alone: what fell due by itself with all that it did, chosen policies, moves to another version of
/// the rulebook, and the note that a history was imported.
pub(super) fn is_of_rules(recorded: &Recorded) -> bool {
    recorded.event.is_derived()
        || recorded.timing.is_some()
        || matches!(
            recorded.event,
            Event::RulebookApplied { .. } | Event::Imported
        )
}

/// Without what a desk records in the middle of a command: before it moves the ticket, the policies that apply from then on and the
/// targets that were passed before they did.
fn told(history: &[Recorded]) -> Vec<&Recorded> {
    let comes_along = |recorded: &Recorded| {
        let event = &recorded.event;
        recorded.timing.is_none()
            && matches!(event, Event::PolicyChosen { .. } | Event::Breached { .. })
    };
    let mut told: Vec<&Recorded> = Vec::with_capacity(history.len());
    for run in history.chunk_by(|a, b| comes_along(a) == comes_along(b)) {
        let moves = |first: &Recorded| matches!(first.event, Event::StatusChanged { .. });
        let moves = run.first().is_some_and(moves);
        while moves && told.pop_if(|last| comes_along(last)).is_some() {}
        told.extend(run);
    }
    told
}

/// Whether two events in a row came of one command, as far as the history tells.
fn is_same_command(a: &Recorded, b: &Recorded) -> bool {
    let who = |recorded: &Recorded| (recorded.at, recorded.stamped_at, recorded.actor);
    !is_of_rules(a) && !is_of_rules(b) && who(a) == who(b) && a.cause == b.cause
}

/// The same event, where it is the opening: pinned to `book`.
fn pin(recorded: &Recorded, book: &Rulebook) -> Recorded {
    let mut recorded = recorded.clone();
    if let Event::Opened(opened) = &mut recorded.event {
        opened.rulebook = book.id();
    }
    recorded
}

/// A history on its way.
struct Again<'a> {
    rules: &'a Rules,
    working: Working<'a>,
    origins: Vec<Version>,
    origin: Version,
    anomalies: Anomalies,
}

impl Again<'_> {
    /// Time passes first, as on a desk that is swept at each wake-up.
    fn pass_time(&mut self, before: DateTime<Utc>) -> Result<(), Error> {
        self.note_origins();
        let limit = self.working.events.len().saturating_add(LIMIT);
        if !self.working.catch_up(before, limit) {
            let (ticket, events) = (self.working.ticket.id(), self.working.events.len());
            return Err(Error::runaway(ticket, events));
        }
        self.note_origins();
        Ok(())
    }

    fn note_origins(&mut self) {
        self.origins.resize(self.working.events.len(), self.origin);
    }

    fn command(&mut self, events: &[&Recorded]) {
        let before = self.working.events.len();
        let woken = |recorded: &&Recorded| {
            let step = Step::CustomerMessage;
            matches!(recorded.event, Event::StatusChanged { step: by, .. } if by == step)
        };
        let says_where = events.iter().any(woken);
        for recorded in events {
            self.origin = recorded.version;
            match &recorded.event {
                Event::StatusChanged { .. } => self.moved(recorded),
                Event::MessageAdded(message) => self.message(recorded, message, says_where),
                _ => {
                    self.other(recorded);
                    if !says_where && somebody_waits(&recorded.event) {
                        self.wake(recorded);
                    }
                }
            }
            self.note_origins();
        }
        if self.working.events.len() > before {
            self.working.choose_policies();
        }
    }

    fn push(&mut self, recorded: &Recorded, event: Event) {
        self.working.push(Recorded {
            event,
            ..recorded.clone()
        });
    }

    /// What a live desk with these rules would say. It is asked about, never obeyed.
    fn refusal_of(&self, recorded: &Recorded, command: Command) -> Option<crate::ticket::Refusal> {
        ask(
            &self.working.ticket,
            self.rules,
            Actor::System,
            recorded.at,
            command,
        )
        .err()
    }

    /// A recorded move. Whether work is `Open` or `Reopened` follows from the history, as in an import.
    fn moved(&mut self, recorded: &Recorded) {
        let Event::StatusChanged { to, step, label } = &recorded.event else {
            return;
        };
        let (from, reopened) = (
            self.working.ticket.status(),
            self.working.ticket.is_reopened(),
        );
        let done = !from.stage().is_backlog();
        let to = if to.stage().is_work() {
            Status::work(reopened || done)
        } else {
            *to
        };
        let (usual, movement) = step_to(from, to);
        // Where customers may reopen what is closed, their message does, by its own step.
        let by_customer = (from.stage(), *step) == (Stage::Closed, Step::CustomerMessage);
        let leads_there = from.stage().after(*step, reopened) == Some(to.stage());
        let step = match leads_there || by_customer && to.stage().is_work() {
            true => *step,
            false => usual,
        };
        if to == from {
            if label.is_some() && label.as_ref() != self.working.ticket.label() {
                let label = label.clone();
                self.push(recorded, Event::StatusChanged { to, step, label });
            } else {
                self.anomalies.add(AnomalyKind::NoEffect);
            }
            return;
        }
        if let Some(refusal) = self.refusal_of(recorded, Command::default().then(movement)) {
            self.anomalies
                .add(kind_of(&refusal, AnomalyKind::ReopenOfClosed));
        }
        if done && to.stage() == Stage::Pending {
            let (to, step) = (Status::Reopened, Step::Reopen); // a reopen and a pend, as live
            self.push(
                recorded,
                Event::StatusChanged {
                    to,
                    step,
                    label: None,
                },
            );
        }
        let label = label.clone();
        self.push(recorded, Event::StatusChanged { to, step, label });
    }

    /// A recorded message. Where it meets another status than it met then, it moves the ticket as it would on a live desk;
    /// a log that was imported tells the moves itself.
    fn message(&mut self, recorded: &Recorded, message: &MessageAdded, says_where: bool) {
        let mut draft = Draft::new("said").class(message.class);
        draft.visibility = message.visibility;
        // She was let in as a live desk knows her, perhaps by another id of hers; a log lets in whom it names.
        let author = match message.author {
            Actor::Customer(by) if !is_logged(recorded) && !self.working.ticket.reaches(by) => {
                Actor::Customer(self.working.ticket.requester())
            }
            author => author,
        };
        let moves = self.moved_by(recorded, author, draft);
        self.push(recorded, recorded.event.clone());
        let by_customer = message.direction == Direction::Inbound;
        if by_customer && !says_where && !is_logged(recorded) {
            self.move_on(recorded, moves);
        }
    }

    /// A customer waits who did not write: a call, somebody whom a bot hands over, or somebody of a merged ticket. That acts like a message.
    fn wake(&mut self, recorded: &Recorded) {
        if self.working.ticket.status().stage() == Stage::Closed {
            self.anomalies.add(AnomalyKind::ChangeAfterClose); // a live desk takes neither
        } else if !is_logged(recorded) {
            let requester = Actor::Customer(self.working.ticket.requester());
            let moves = self.moved_by(recorded, requester, Draft::new("waits"));
            self.move_on(recorded, moves);
        }
    }

    /// The move that a message brings about where it meets a ticket that is not at work.
    fn moved_by(&mut self, recorded: &Recorded, author: Actor, draft: Draft) -> Option<Event> {
        let ticket = &self.working.ticket;
        if ticket.status().stage().is_work() {
            return None;
        }
        match ask(ticket, self.rules, author, recorded.at, Command::say(draft)) {
            Err(refusal) => {
                let kind = kind_of(&refusal, AnomalyKind::MessageAfterClose);
                self.anomalies.add(kind);
                None
            }
            Ok(decision) if decision.follow_up.is_some() => {
                if !is_hand_over(&recorded.event) {
                    self.anomalies.add(AnomalyKind::LateMessage); // a live desk hands over where nothing moves
                }
                None
            }
            Ok(decision) => {
                let is_move = |event: &Event| matches!(event, Event::StatusChanged { .. });
                decision.events.into_iter().find(is_move)
            }
        }
    }

    fn move_on(&mut self, recorded: &Recorded, moves: Option<Event>) {
        if let Some(event) = moves {
            self.anomalies.add(AnomalyKind::MovedByMessage);
            self.push(recorded, event);
        }
    }

    /// A fact that somebody changed, and everything that moves nothing.
    fn other(&mut self, recorded: &Recorded) {
        let ticket = &self.working.ticket;
        if change_of(&recorded.event).is_some_and(|change| event_of(ticket, &change).is_none()) {
            self.anomalies.add(AnomalyKind::NoEffect);
            return;
        }
        let possible = matches!(
            recorded.event,
            Event::TimeLogged { .. }
                | Event::MessageRedacted { .. }
                | Event::Rated(_)
                | Event::Linked { .. }
                | Event::Unlinked { .. }
                | Event::Merged(_)
                | Event::Session { .. }
        );
        if ticket.status().stage() == Stage::Closed && !possible {
            self.anomalies.add(AnomalyKind::ChangeAfterClose);
        }
        self.push(recorded, recorded.event.clone());
    }

    fn finish(self, book: Rulebook) -> Rederived {
        Rederived {
            book,
            facts: self.working.facts().to_vec(),
            ticket: self.working.ticket,
            events: self.working.events,
            origins: self.origins,
            anomalies: self.anomalies,
        }
    }
}

/// Whether a customer waits from then on who did not write.
fn somebody_waits(event: &Event) -> bool {
    match event {
        Event::Session { what, .. } => what.wakes(),
        Event::Merged(merged) => merged.asked_at.is_some(),
        _ => false,
    }
}

fn is_hand_over(event: &Event) -> bool {
    let hands_over = |what: &_| matches!(what, SessionEvent::HandedOver { .. });
    matches!(event, Event::Session { what, .. } if hands_over(what))
}

/// Whether a log that was imported told it.
fn is_logged(recorded: &Recorded) -> bool {
    recorded.cause == Some(Cause::Import)
}

/// The change behind an event that sets a fact; none for what only adds to the history.
fn change_of(event: &Event) -> Option<Change> {
    Some(match event {
        Event::Assigned { agent, team } => Change::Assign {
            agent: *agent,
            team: *team,
        },
        Event::PriorityChanged { to } => Change::Priority(*to),
        Event::TypeChanged { to } => Change::Type(to.clone()),
        Event::TagAdded { tag } => Change::AddTag(tag.clone()),
        Event::TagRemoved { tag } => Change::RemoveTag(tag.clone()),
        Event::FieldSet { name, value } => Change::Field {
            name: name.clone(),
            value: value.clone(),
        },
        Event::ParticipantAdded { customer } => Change::AddParticipant(*customer),
        Event::ChannelChanged { to } => Change::Continue(to.clone()),
        Event::ParticipantRemoved { customer } => Change::RemoveParticipant(*customer),
        _ => return None,
    })
}
