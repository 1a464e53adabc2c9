//! How events make a ticket. Total: a recorded event is a fact, and facts are not refused.

use std::sync::Arc;

use crate::call::{Actor, Cause};
use crate::id::{AgentId, FiringKey, Name, SessionId, TenantId};
use crate::time::micros;

use super::clock::{ClockId, Metric};
use super::conversation::MessageClass;
use super::event::{Event, MessageAdded, Recorded, Version};
use super::lifecycle::{Stage, Status};
use super::link::Link;
use super::mark::{Mark, MarkKind, Phase};
use super::rating::Rating;
use super::session::{Session, SessionEnd, SessionEvent};
use super::{Assignment, Cycle, Estimate, Holder, Message, Standing, Ticket, TimeEntry};

/// The version of the fold, and of what falls due by itself. A ticket that was kept under another version is folded anew from
/// its events, and its wake-up worked out anew.
pub const FOLD: u32 = 11;

impl Ticket {
    /// The ticket that these events made, oldest first. `None` where the first event is not
    /// [`Opened`](Event::Opened): then this is no ticket's history.
    pub fn replay(tenant: TenantId, events: &[Recorded]) -> Option<Ticket> {
        let (first, rest) = events.split_first()?;
        let mut ticket = Ticket::begin(tenant, first)?;
        for event in rest {
            ticket.apply(event);
        }
        Some(ticket)
    }

    /// The ticket after its first event; `None` where that is not [`Opened`](Event::Opened).
    pub fn begin(tenant: TenantId, first: &Recorded) -> Option<Ticket> {
        let Event::Opened(opened) = &first.event else {
            return None;
        };
        let inbound = opened.direction == super::Direction::Inbound;
        Some(Ticket {
            tenant,
            opened: opened.clone(),
            version: first.version,
            created_at: first.at,
            created_by: first.actor,
            last_at: first.at,
            status: Status::Open,
            label: None,
            priority: opened.priority,
            kind: None,
            tags: Default::default(),
            fields: Default::default(),
            participants: Default::default(),
            messages: Arc::default(),
            effort: Vec::new(),
            links: Vec::new(),
            estimates: Vec::new(),
            assignments: Vec::new(),
            standing: Vec::new(),
            chain: 0,
            withdrawn: 0,
            ratings: Vec::new(),
            sessions: Vec::new(),
            goes_over: None,
            cycles: Arc::new(vec![Cycle::beginning(first.at)]),
            policies: Default::default(),
            marks: Arc::new(vec![Mark {
                at: micros(first.at),
                version: first.version.0,
                kind: MarkKind::Opened { inbound },
            }]),
            active: (micros(first.at), first.version.0),
            waiting: None,
            announced: Arc::default(),
            announced_about: 0,
            pinned: (opened.rulebook, None),
            imported_until: None,
        })
    }

    /// Folds one event in. Reads no clock, refuses nothing.
    pub fn apply(&mut self, recorded: &Recorded) {
        self.version = recorded.version;
        if matches!(recorded.event, Event::Withdrawn { .. }) {
            self.withdrawn = self.withdrawn.saturating_add(1);
        }
        let place = self.place();
        self.last_at = self.last_at.max(recorded.at);
        if is_activity(recorded) {
            self.active = (micros(self.last_at), place);
            self.chain = 0;
        } else if matches!(recorded.cause, Some(Cause::Rule(_))) && !recorded.event.is_derived() {
            self.chain = self.chain.saturating_add(1);
        }
        match &recorded.event {
            Event::Opened(_) => {} // only ever the first
            Event::MessageAdded(message) => self.add_message(recorded, message),
            Event::StatusChanged { to, label, .. } => {
                self.label.clone_from(label);
                self.move_to(*to, recorded);
            }
            Event::Assigned { agent, team } => {
                let entered = team.is_some() && self.team() != *team;
                self.assignments.push(Assignment {
                    at: self.last_at,
                    version: Version(place),
                    holder: Holder {
                        agent: *agent,
                        team: *team,
                    },
                });
                let agent = agent.is_some();
                self.mark(MarkKind::Assigned { agent, entered });
            }
            Event::UpdatePromised { due } => {
                let due = micros(*due);
                self.mark(MarkKind::Promised { due });
            }
            Event::ResolutionEstimated { at } => self.estimates.push(Estimate {
                made_at: recorded.at,
                at: *at,
            }),
            Event::Rated(rated) => self.ratings.push(Rating {
                at: recorded.at,
                cycle: rated
                    .cycle
                    .map_or_else(|| self.rated_cycle(), |cycle| cycle as usize),
                version: place,
                rated: *rated,
            }),
            Event::PriorityChanged { to } => self.priority = *to,
            Event::TypeChanged { to } => self.kind.clone_from(to),
            Event::TagAdded { tag } => {
                self.tags.insert(tag.clone());
            }
            Event::TagRemoved { tag } => {
                self.tags.remove(tag);
            }
            Event::FieldSet {
                name,
                value: Some(value),
            } => {
                self.fields.insert(name.clone(), value.clone());
            }
            Event::FieldSet { name, value: None } => {
                self.fields.remove(name);
            }
            Event::TimeLogged { spent, activity } => self.effort.push(TimeEntry {
                at: recorded.at,
                actor: recorded.actor,
                spent: *spent,
                activity: activity.clone(),
                team: self.holder().team,
            }),
            Event::ParticipantAdded { customer } => {
                self.participants.insert(*customer);
            }
            Event::ParticipantRemoved { customer } => {
                self.participants.remove(customer);
            }
            Event::MessageRedacted { message } => {
                let known = Arc::make_mut(&mut self.messages).iter_mut();
                for known in known.filter(|known| known.id == *message) {
                    known.redacted = true;
                }
            }
            Event::Linked { link, ticket } => {
                self.links.push((*link, *ticket));
                if *link == Link::MergedInto {
                    self.hand_over();
                }
            }
            Event::Unlinked { link, ticket } => {
                self.links.retain(|known| *known != (*link, *ticket));
            }
            Event::Merged(merged) => self.take_over(merged),
            Event::ChannelChanged { to } => self.goes_over = Some(to.clone()),
            Event::Session { id, what } => self.session(recorded, *id, what),
            Event::PolicyChosen { agreement, policy } => {
                self.policies[agreement.index()].clone_from(policy);
                self.mark(MarkKind::Policy(*agreement, policy.clone()));
            }
            Event::RulebookApplied { rulebook } => {
                self.pinned = (*rulebook, Some(micros(self.last_at)));
                self.mark(MarkKind::Rulebook(*rulebook));
            }
            Event::Breached { key, clock, .. } => self.announce(*key, About::breach(*clock)),
            Event::Escalated(escalated) => {
                let about = About::firing(&escalated.rule, &escalated.level);
                self.announce(escalated.key, about);
                self.standing
                    .extend(Standing::of(escalated, Version(place)));
            }
            Event::Withdrawn { key } => self.standing.retain(|standing| standing.key != *key),
            Event::Imported => self.imported_until = Some(micros(recorded.at)),
        }
    }

    fn add_message(&mut self, recorded: &Recorded, added: &MessageAdded) {
        let message = Message {
            id: added.id,
            at: recorded.at,
            author: added.author,
            channel: added.channel.clone(),
            direction: added.direction,
            visibility: added.visibility,
            class: added.class,
            body: added.body,
            attachments: added.attachments.clone(),
            recipients: added.recipients.clone(),
            redacted: false,
        };
        if message.asks() {
            self.ask(MarkKind::Asked);
        } else if let (true, Some(agent)) = (message.answers(), message.author.human_agent()) {
            self.answer(agent, recorded);
        }
        Arc::make_mut(&mut self.messages).push(message);
    }

    fn session(&mut self, recorded: &Recorded, id: SessionId, what: &SessionEvent) {
        let find = |sessions: &[Session]| sessions.iter().find(|session| session.id == id).cloned();
        let before = find(&self.sessions);
        Session::meet(&mut self.sessions, id, recorded.at, what);
        let after = find(&self.sessions);
        if before == after {
            return; // a log may tell a thing twice
        }
        match what {
            SessionEvent::Began { bot: Some(_), .. } => self.mark(MarkKind::BotBegan),
            SessionEvent::Began { bot: None, .. } => self.ask(MarkKind::Asked),
            SessionEvent::HandedOver { .. } => self.ask(MarkKind::HandedOver),
            // What waits comes over with the merge itself.
            SessionEvent::Understood { .. }
            | SessionEvent::MovedTo { .. }
            | SessionEvent::MovedFrom { .. } => {}
            SessionEvent::Answered { agent } => self.answer(*agent, recorded),
            SessionEvent::Ended { end, .. } => {
                if matches!(
                    before,
                    Some(Session {
                        bot: Some(_),
                        handed_over: None,
                        ..
                    })
                ) {
                    self.mark(MarkKind::BotEnded);
                }
                let by = before.and_then(|session| session.answered);
                let spent = after.and_then(|session| session.handled());
                if let (SessionEnd::Completed, Some((_, agent)), Some(spent)) = (end, by, spent) {
                    self.effort.push(TimeEntry {
                        at: recorded.at,
                        actor: Actor::Agent(agent),
                        spent,
                        activity: None,
                        team: self.holder().team,
                    });
                }
            }
        }
    }

    /// A customer waits for an agent.
    fn ask(&mut self, kind: MarkKind) {
        self.waiting
            .get_or_insert((micros(self.last_at), self.place()));
        self.mark(kind);
    }

    /// A human agent answered the customer.
    fn answer(&mut self, by: AgentId, recorded: &Recorded) {
        self.waiting = None;
        Session::answered_beside(&mut self.sessions, recorded.at, by);
        self.mark(MarkKind::Answered { by });
    }

    fn move_to(&mut self, to: Status, recorded: &Recorded) {
        let from = self.status.stage();
        self.status = to;
        self.mark(MarkKind::Moved(Phase::from(to)));
        let done = |stage: Stage| !stage.is_backlog();
        if done(from) && !done(to.stage()) {
            self.begin_cycle(recorded);
        }
        if done(to.stage()) && to.stage() != from {
            self.waiting = None;
        }
        let Some(cycle) = Arc::make_mut(&mut self.cycles).last_mut() else {
            return;
        };
        if !done(from) && done(to.stage()) {
            cycle.left_at = Some(recorded.at);
        }
        match to {
            Status::Resolved if from != Stage::Resolved => {
                cycle.first_resolved_at.get_or_insert(recorded.at);
                cycle.resolved_at = Some(recorded.at);
                cycle.resolver = Some(recorded.actor).filter(|actor| *actor != Actor::System);
                cycle.closed = None;
            }
            Status::Closed(reason) => {
                let before = cycle.closed.filter(|_| from == Stage::Closed);
                let at = before.map_or(recorded.at, |(at, _)| at); // closed again, it was closed then
                cycle.closed = Some((at, reason));
            }
            _ => {}
        }
    }

    fn begin_cycle(&mut self, recorded: &Recorded) {
        let cycles = Arc::make_mut(&mut self.cycles);
        if let Some(last) = cycles.last_mut() {
            last.reopened_at = Some(recorded.at);
        }
        cycles.push(Cycle::beginning(recorded.at));
    }

    pub(super) fn mark(&mut self, kind: MarkKind) {
        let at = micros(self.last_at);
        let version = self.place();
        Arc::make_mut(&mut self.marks).push(Mark { at, version, kind });
    }

    fn announce(&mut self, key: FiringKey, about: About) {
        self.announced_about |= about.0;
        if let Err(place) = self.announced.binary_search(&key) {
            let (before, after) = self.announced.split_at(place);
            self.announced = [before, &[key], after].concat().into();
        }
    }
}

/// What an announcement is about, in one bit of 64: the clock of a breach, or a digest of a level's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct About(pub(super) u64);

impl About {
    const CLOCKS: u32 = 32;

    pub(crate) fn breach(clock: ClockId) -> About {
        let place = clock.agreement.index() * Metric::ALL.len() + clock.metric as usize;
        About(1 << (place as u32 % About::CLOCKS))
    }

    pub(crate) fn firing(rule: &Name, level: &Name) -> About {
        // FNV-1a; a name ends with a byte that is in none.
        let names = [rule.as_str().as_bytes(), level.as_str().as_bytes()];
        let bytes = names
            .into_iter()
            .flat_map(|name| name.iter().chain(&[0xff]));
        let digest = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |digest, byte| {
            (digest ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        About(1 << (u64::from(About::CLOCKS) + (digest >> 32) % (64 - u64::from(About::CLOCKS))))
    }
}

/// Whether somebody did something: no rule, nothing that came about by itself, no automatic message, no other rulebook.
fn is_activity(recorded: &Recorded) -> bool {
    let by_rule = recorded.timing.is_some() || matches!(recorded.cause, Some(Cause::Rule(_)));
    let automatic = match &recorded.event {
        Event::MessageAdded(message) => message.class == MessageClass::Automatic,
        Event::Linked { .. }
        | Event::Unlinked { .. }
        | Event::RulebookApplied { .. }
        | Event::Imported => true,
        event => event.is_derived(),
    };
    !by_rule && !automatic
}
