//! Time passes first: what fell due before an instant is recorded before anything else happens at it.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::call::{Actor, Cause};
use crate::escalation::{self, Due, MAX_CHAIN, Outlook, What};
use crate::id::{Name, TenantId};
use crate::kpi::Rows;
use crate::rulebook::Rulebook;
use crate::sla::Clock;
use crate::store::{OutboxMessage, Snapshot, Stamp, TicketRow, Wake};
use crate::ticket::{
    Agreement, ClockId, Delivery, Escalated, Event, Recorded, Status, Step, Ticket, Timing, Version,
};
use crate::time::{Micros, instant, micros};

use super::act::inner;
use super::settle::{Firing, outward};

/// A ticket on its way to a commit: what was loaded, with the events that the commit will add folded in.
#[derive(Clone, Debug)]
pub(crate) struct Working<'a> {
    /// Shared with whoever knows it, until the first event is added.
    pub(crate) ticket: Arc<Ticket>,
    /// The ticket as it was loaded.
    before: Option<Arc<Ticket>>,
    pub(crate) events: Vec<Recorded>,
    pub(super) book: &'a Rulebook,
    pub(super) firings: Vec<Firing<'a>>,
    /// Messages that cannot wait until the commit is settled.
    pub(super) early: Vec<OutboxMessage>,
    /// When something falls due next on the ticket as it stands, where that was worked out.
    next: Option<Option<Micros>>,
    /// Whether that is what was stored with the ticket.
    is_stored: bool,
    /// What that rests on, while it holds.
    outlook: Option<Outlook<'a>>,
    /// Whether the policies were chosen by the facts as they stand.
    chosen: bool,
    /// Whether a reopening may have brought targets into force since they were last looked at.
    resumed: bool,
}

impl<'a> Working<'a> {
    pub(crate) fn new(ticket: impl Into<Arc<Ticket>>, book: &'a Rulebook) -> Working<'a> {
        Working {
            ticket: ticket.into(),
            before: None,
            events: Vec::new(),
            book,
            firings: Vec::new(),
            early: Vec::new(),
            next: None,
            is_stored: false,
            outlook: None,
            chosen: false,
            resumed: false,
        }
    }

    /// On a ticket whose wake-up may be known: the same rules and zone data would find the same again.
    pub(crate) fn on(known: &Snapshot, book: &'a Rulebook, data: &str) -> Working<'a> {
        let mut working = Working::new(known.ticket.clone(), book);
        working.before = Some(known.ticket.clone());
        let is_fresh = |wake: &&Wake| {
            wake.stamp.rulebook == known.ticket.rulebook() && wake.stamp.zone_data == data
        };
        if let Some(wake) = known.wake.as_ref().filter(is_fresh) {
            working.next = Some(wake.at.map(|at| micros(at).saturating_sub(1)));
            working.is_stored = true;
        }
        working
    }

    /// A ticket that begins with these events; `None` where they do not begin one.
    pub(crate) fn begin(
        tenant: TenantId,
        events: impl IntoIterator<Item = Recorded>,
        book: &'a Rulebook,
    ) -> Option<Working<'a>> {
        let mut events = events.into_iter();
        let first = events.next()?;
        let mut working = Working::new(Ticket::begin(tenant, &first)?, book);
        working.events.push(first);
        events.for_each(|event| working.push(event));
        working.choose_policies();
        Some(working)
    }

    /// Adds events that a command decided, and chooses the policies anew.
    pub(crate) fn add(&mut self, events: impl IntoIterator<Item = Recorded>) {
        let before = self.events.len();
        events.into_iter().for_each(|event| self.push(event));
        if self.events.len() > before {
            self.choose_policies();
        }
    }

    /// Whether lists find it where they found it before. Without an event nobody knows what stands there: it may be older.
    pub(crate) fn keeps_place(&self, row: &TicketRow) -> bool {
        let was = self.before.as_deref().filter(|_| !self.events.is_empty());
        was.is_some_and(|was| row.is_filed_like(was))
    }

    /// The ticket's rows after all this.
    pub(crate) fn facts(&self) -> Rows {
        let (ticket, book) = (self.ticket.clone(), self.book.clone());
        Rows::lazily(move || book.facts(&ticket))
    }

    /// Records in time order what is due strictly before `before`; at most `limit` events. Whether that was all.
    pub(crate) fn catch_up(&mut self, before: DateTime<Utc>, limit: usize) -> bool {
        while self.events.len() < limit {
            let Some(at) = self.next_at().filter(|at| *at < micros(before)) else {
                return true;
            };
            let (ticket, book) = (&self.ticket, self.book);
            let outlook = self.outlook.get_or_insert_with(|| book.outlook(ticket));
            match book.next_due(ticket, outlook, at) {
                Some(due) if due.at == at => self.record(due, before),
                // What was stored told another instant: it is worked out from the beginning.
                _ if self.is_stored => {
                    (self.next, self.outlook) = (None, None);
                }
                _ => return true,
            }
            self.is_stored = false;
        }
        false
    }

    /// When a sweep would next record something.
    pub(crate) fn wake_at(&mut self) -> Option<DateTime<Utc>> {
        // Due at an instant means recorded by the first commit after it.
        self.next_at().map(|at| instant(at.saturating_add(1)))
    }

    /// When something falls due next.
    fn next_at(&mut self) -> Option<Micros> {
        let (ticket, book) = (&self.ticket, self.book);
        *self.next.get_or_insert_with(|| {
            let outlook = self.outlook.get_or_insert_with(|| book.outlook(ticket));
            book.next_due_at(ticket, outlook)
        })
    }

    /// A clock of the ticket as it stands, where it was worked out.
    pub(super) fn clock_as_it_stands(&self, id: ClockId) -> Option<&Clock<'a>> {
        self.outlook.as_ref()?.clock(id)
    }

    /// The wake-up, with what it was worked out by.
    pub(crate) fn wake(&mut self, data: Cow<'static, str>) -> Wake {
        Wake {
            at: self.wake_at(),
            stamp: Stamp {
                rulebook: self.ticket.rulebook(),
                zone_data: data,
            },
        }
    }

    fn record(&mut self, due: Due<'a>, observed_at: DateTime<Utc>) {
        let at = instant(due.at);
        let due_at = instant(due.scheduled);
        let timing = Some(Timing {
            scheduled_at: due_at,
            observed_at,
        });
        let envelope = |cause: Option<Cause>, event: Event| Recorded {
            version: Version::default(), // its place is given when it is added
            at,
            stamped_at: None,
            timing,
            actor: Actor::System,
            cause,
            event,
        };
        match due.what {
            What::Wake => {
                let to = Status::work(self.ticket.is_reopened());
                let event = Event::StatusChanged {
                    to,
                    step: Step::Wake,
                    label: None,
                };
                self.push(envelope(None, event));
            }
            What::Breach {
                clock,
                key,
                target,
                on_attach,
            } => {
                let event = Event::Breached {
                    key,
                    clock,
                    target,
                    on_attach,
                };
                self.push(envelope(None, event));
            }
            What::Fire {
                rule,
                level,
                key,
                past,
            } => {
                let imported = self
                    .ticket
                    .imported_until()
                    .is_some_and(|until| at <= until);
                let held_back = imported || (past && !rule.deliver_past);
                let delivery = if held_back {
                    Delivery::HeldBack
                } else {
                    Delivery::Delivered
                };
                let acts = |action| inner(action, &self.ticket).is_some();
                let chain_ended =
                    self.ticket.chain() >= MAX_CHAIN && level.actions.iter().any(acts);
                self.firings.push(Firing {
                    rule,
                    version: Version(self.ticket.place()).next(),
                    event: self.events.len(),
                    then: self.events.len(),
                    ended_it: false,
                    at: due_at,
                    holder: self.ticket.holder(),
                    outward: outward(&level.actions, self.ticket.holder(), !chain_ended),
                });
                let event = Event::Escalated(Escalated {
                    key,
                    rule: rule.name.clone(),
                    level: level.name.clone(),
                    clock: rule.trigger.watched(),
                    delivery,
                    chain_ended,
                    told: None, // known when the commit is settled
                });
                self.push(envelope(None, event));
                let actions = level.actions.iter().filter(|_| !chain_ended);
                for action in actions {
                    if let Some(event) = inner(action, &self.ticket) {
                        self.push(envelope(Some(Cause::Rule(key)), event));
                    }
                }
                self.note_what_it_ended();
            }
        }
        self.choose_policies();
    }

    /// Adds an event, in the next place. Facts that changed before a move choose the policies before it, so that a clock which
    /// the move ends or resumes meets the right target.
    pub(crate) fn push(&mut self, mut event: Recorded) {
        let moves = matches!(event.event, Event::StatusChanged { .. });
        if moves && (!self.chosen || self.resumed) {
            self.choose_policies_like(&event);
        }
        let was_backlog = self.ticket.status().stage().is_backlog();
        event.version = self.ticket.version().next();
        Arc::make_mut(&mut self.ticket).apply(&event);
        self.resumed |= moves && !was_backlog && self.ticket.status().stage().is_backlog();
        self.resumed |= event.event.takes_over();
        self.chosen &= !event.event.changes_facts();
        if !matches!(event.event, Event::Breached { .. } | Event::Escalated(_)) {
            self.outlook = None;
        }
        self.events.push(event);
        self.next = None;
    }

    /// Records which policies apply now, where that changed, and the targets that were passed before they came into force (with a
    /// policy, or as a reopening let their clocks go on); the events stand under the same instant as the last one.
    pub(crate) fn choose_policies(&mut self) {
        if self.chosen && !self.resumed {
            return;
        }
        let stale = |agreement| self.choice(agreement) != self.ticket.policy(agreement);
        if !self.resumed && !Agreement::ALL.into_iter().any(stale) {
            self.chosen = true;
        } else if let Some(last) = self.events.last().cloned() {
            self.choose_policies_like(&last);
        }
    }

    /// The policy that applies to the ticket as it stands.
    fn choice(&self, agreement: Agreement) -> Option<&'a Name> {
        let policies = self.book.policies();
        policies
            .choose(&self.ticket, agreement)
            .map(|policy| &policy.name)
    }

    /// Moves the ticket to another version of the rulebook by this event; its policies are chosen anew, each with the calendar and
    /// the target that it has there.
    pub(crate) fn apply_rulebook(&mut self, event: Recorded, book: &'a Rulebook) {
        self.push(event.clone());
        self.withdraw_before(book);
        self.book = book;
        self.choose(&event, |before, now| before.is_some() || now.is_some());
    }

    fn choose_policies_like(&mut self, like: &Recorded) {
        self.choose(like, |before, now| before != now);
    }

    /// Records the policies that apply now, where `is_new` of the policy before and now.
    fn choose(&mut self, like: &Recorded, is_new: impl Fn(Option<&Name>, Option<&Name>) -> bool) {
        self.chosen = true;
        let mut changed = std::mem::take(&mut self.resumed);
        for agreement in Agreement::ALL {
            let policy = self.choice(agreement);
            if is_new(self.ticket.policy(agreement), policy) {
                changed = true;
                let policy = policy.cloned();
                self.push_like(like, Event::PolicyChosen { agreement, policy });
            }
        }
        if changed {
            for what in escalation::passed_on_attach(&self.ticket, self.book.policies()) {
                if let What::Breach {
                    clock,
                    key,
                    target,
                    on_attach,
                } = what
                {
                    self.push_like(
                        like,
                        Event::Breached {
                            key,
                            clock,
                            target,
                            on_attach,
                        },
                    );
                }
            }
        }
    }

    fn push_like(&mut self, like: &Recorded, event: Event) {
        self.push(Recorded {
            actor: Actor::System,
            event,
            ..like.clone()
        });
    }
}
