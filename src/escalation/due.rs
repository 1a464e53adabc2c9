//! What falls due next on a ticket, and when.

use std::cell::{Cell, RefCell};

use crate::calendar::Calendar;
use crate::id::{FiringKey, Name, derive};
use crate::sla::{Clock, Measure, Policies, Started, State, Target, due_of};
use crate::ticket::{About, ClockId, Pending, Stage, Status, Ticket};
use crate::time::{Micros, micros};

use super::rule::{Level, Rule, Trigger};
use super::threshold::{Kind, share};

/// Something that happens by itself.
#[derive(Clone, Debug)]
pub(crate) struct Due<'a> {
    /// When it takes effect: never before the ticket's last event. It is recorded by the first commit after this instant.
    pub(crate) at: Micros,
    /// When it was due by the rules alone; earlier than the last event where a guard came true late or a log was imported.
    pub(crate) scheduled: Micros,
    pub(crate) what: What<'a>,
}

#[derive(Clone, Debug)]
pub(crate) enum What<'a> {
    /// A scheduled wait ends.
    Wake,
    /// A clock passes its target.
    Breach {
        clock: ClockId,
        key: FiringKey,
        target: String,
        on_attach: bool,
    },
    /// A level fires.
    Fire {
        rule: &'a Rule,
        level: &'a Level,
        key: FiringKey,
        past: bool,
    },
}

/// What makes things fall due: the policies and rules of a rulebook, with the calendars that the rules name.
#[derive(Clone, Copy)]
pub(crate) struct Causes<'a> {
    pub(crate) policies: &'a Policies,
    /// Each rule with the calendar of its business time and that calendar's name.
    pub(crate) rules: &'a [(Rule, Calendar, Name)],
}

/// What the search for the next due thing may keep from one time to the next: the ticket's live clocks with a target, and the
/// keys that were worked out.
///
/// It holds as long as nothing but breaches and firings is added to the ticket: announcing moves no clock.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outlook<'a> {
    clocks: Vec<Clock<'a>>,
    /// Whatever was due before this by the rules alone, and may fire, is announced.
    settled: Cell<Option<Micros>>,
    keys: RefCell<Vec<(Place, FiringKey)>>,
}

/// Which key it is, among those of one outlook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    clock: Option<ClockId>,
    /// The place of the event that it counts from.
    version: u64,
    /// The level in memory; none of a breach.
    level: Option<usize>,
    repeat: u16,
}

impl<'a> Outlook<'a> {
    pub(crate) fn of(ticket: &Ticket, causes: Causes<'a>) -> Outlook<'a> {
        // A log may hold messages after the close: they begin nothing that falls due.
        let clocks = if ticket.status().stage() == Stage::Closed {
            Vec::new()
        } else {
            let ids = causes.policies.clocks_with_target(ticket);
            ids.map(|id| Clock::of(ticket, causes.policies, id))
                .filter(|clock| clock.is_live() && clock.amount.is_some())
                .collect()
        };
        Outlook {
            clocks,
            settled: Cell::default(),
            keys: RefCell::default(),
        }
    }

    fn key(&self, place: Place, work_out: impl FnOnce() -> FiringKey) -> FiringKey {
        let mut keys = self.keys.borrow_mut();
        if let Some((_, key)) = keys.iter().find(|(known, _)| *known == place) {
            return *key;
        }
        let key = work_out();
        keys.push((place, key));
        key
    }
}

/// The first thing that falls due after the ticket's last event if nothing else happens. Things due at the same instant come
/// in a fixed order: the waking, then breaches by clock, then levels by their place in the rulebook.
///
/// `at` is when, as [`next_at`] told for the same ticket and causes: what comes earlier is announced, and needs no look.
pub(crate) fn next<'a>(
    ticket: &Ticket,
    causes: Causes<'a>,
    outlook: &Outlook<'a>,
    at: Micros,
) -> Option<Due<'a>> {
    if micros(ticket.last_event_at()) < at {
        outlook.settled.set(Some(at));
    }
    search(ticket, causes, outlook).due()
}

/// When that is. Much cheaper: what is announced needs no name here.
pub(crate) fn next_at<'a>(
    ticket: &Ticket,
    causes: Causes<'a>,
    outlook: &Outlook<'a>,
) -> Option<Micros> {
    let found = search(ticket, causes, outlook).first;
    found.map(|found| found.at)
}

fn search<'c, 'a>(
    ticket: &'c Ticket,
    causes: Causes<'a>,
    outlook: &'c Outlook<'a>,
) -> Search<'c, 'a> {
    let stage = ticket.status().stage();
    let mut search = Search::on(ticket, outlook);
    if let Status::Pending(Pending::Scheduled { until }) = ticket.status() {
        search.offer(micros(until), Found::Wake);
    }
    for clock in &outlook.clocks {
        search.breach(clock);
    }
    for (rule, calendar, name) in causes.rules {
        match &rule.trigger {
            Trigger::Clock { .. } => {
                let watched = rule.trigger.watched();
                let clock = outlook
                    .clocks
                    .iter()
                    .find(|clock| Some(clock.id) == watched);
                if let Some(clock) = clock {
                    search.clock_rule(rule, clock, causes.policies);
                }
            }
            Trigger::Idle { stages } => {
                if stages.contains(&stage) {
                    search.waiting_rule(rule, (calendar, name), ticket.idle_since());
                }
            }
            Trigger::CustomerWaits => {
                if let Some(since) = ticket.waiting().filter(|_| stage.is_backlog()) {
                    search.waiting_rule(rule, (calendar, name), since);
                }
            }
            Trigger::Reopened => search.reopening_rule(rule),
            Trigger::LowRating { kind, at_most } => {
                if let Some(since) = ticket.low_rating(*kind, *at_most) {
                    search.waiting_rule(rule, (calendar, name), since);
                }
            }
        }
    }
    search
}

/// The breaches of targets that were passed already when they came into force, not announced yet.
pub(crate) fn passed_on_attach<'a>(ticket: &Ticket, policies: &Policies) -> Vec<What<'a>> {
    let mut found = Vec::new();
    for id in policies.clocks_with_target(ticket) {
        let clock = Clock::of(ticket, policies, id);
        let outlook = Outlook::default();
        let mut search = Search::on(ticket, &outlook);
        search.breach(&clock);
        if let Some(First {
            what: Found::Breach {
                on_attach: true, ..
            },
            ..
        }) = search.first
        {
            found.extend(search.due().map(|due| due.what));
        }
    }
    found
}

/// The earliest thing found so far.
///
/// The keys of what is announced are digests of a few hundred bytes. So they are worked out as late as can be: never for what
/// would not come first anyway, and never where nothing like it was announced yet.
struct Search<'c, 'a> {
    ticket: &'c Ticket,
    outlook: &'c Outlook<'a>,
    last: Micros,
    first: Option<First<'c, 'a>>,
}

struct First<'c, 'a> {
    at: Micros,
    scheduled: Micros,
    what: Found<'c, 'a>,
}

/// [`What`] without its key.
enum Found<'c, 'a> {
    Wake,
    Breach {
        clock: &'c Clock<'c>,
        anchor: Anchor<'c>,
        on_attach: bool,
    },
    Fire {
        rule: &'a Rule,
        level: &'a Level,
        anchor: Anchor<'c>,
        repeat: u16,
        past: bool,
    },
}

impl<'c, 'a> Search<'c, 'a> {
    fn on(ticket: &'c Ticket, outlook: &'c Outlook<'a>) -> Search<'c, 'a> {
        Search {
            ticket,
            outlook,
            last: micros(ticket.last_event_at()),
            first: None,
        }
    }

    /// What was found, with its name.
    fn due(&self) -> Option<Due<'a>> {
        let first = self.first.as_ref()?;
        let what = match &first.what {
            Found::Wake => What::Wake,
            Found::Breach {
                clock,
                anchor,
                on_attach,
            } => What::Breach {
                clock: clock.id,
                key: self.breach_key(anchor),
                target: clock.target_text().unwrap_or_default().into_owned(),
                on_attach: *on_attach,
            },
            Found::Fire {
                rule,
                level,
                anchor,
                repeat,
                past,
            } => What::Fire {
                rule,
                level,
                key: self.firing_key(anchor, rule, level, *repeat),
                past: *past,
            },
        };
        Some(Due {
            at: first.at,
            scheduled: first.scheduled,
            what,
        })
    }

    /// Whether something scheduled for this instant would come before all that is known.
    fn is_earlier(&self, scheduled: Micros) -> bool {
        let at = scheduled.max(self.last);
        self.first.as_ref().is_none_or(|known| at < known.at)
    }

    /// What was due before the last event is due at it: only now do its conditions hold.
    fn offer(&mut self, scheduled: Micros, what: Found<'c, 'a>) {
        if self.is_earlier(scheduled) {
            self.first = Some(First {
                at: scheduled.max(self.last),
                scheduled,
                what,
            });
        }
    }

    /// Whether what was due then by the rules alone is known to be announced, if it may fire at all: it would have come before
    /// what came first.
    fn is_settled(&self, scheduled: Micros) -> bool {
        let settled = self.outlook.settled.get();
        settled.is_some_and(|settled| scheduled < settled)
    }

    /// Whether the ticket announced what has this key.
    fn is_announced(&self, about: About, key: impl FnOnce() -> FiringKey) -> bool {
        self.ticket.may_have_announced(about) && self.ticket.has_announced(key())
    }

    fn breach_key(&self, anchor: &Anchor<'_>) -> FiringKey {
        let work_out = || anchor.breach(self.ticket);
        self.outlook.key(anchor.place(None, 0), work_out)
    }

    fn firing_key(
        &self,
        anchor: &Anchor<'_>,
        rule: &Rule,
        level: &'a Level,
        repeat: u16,
    ) -> FiringKey {
        let work_out = || anchor.firing(self.ticket, rule, level, repeat);
        self.outlook
            .key(anchor.place(Some(level), repeat), work_out)
    }

    fn breach(&mut self, clock: &'c Clock<'c>) {
        let (true, Some(amount), Some(started)) = (clock.is_live(), clock.amount, clock.started)
        else {
            return;
        };
        let breached = clock.elapsed > amount;
        let at = match clock.state {
            _ if breached => Some(self.last),
            State::Running => clock.until(amount.saturating_sub(clock.elapsed)),
            _ => None,
        };
        let is_new = |at: &Micros| self.is_earlier(*at) && !self.is_settled(*at);
        let Some(at) = at.filter(is_new) else {
            return;
        };
        let anchor = Anchor::Clock { clock, started };
        if !self.is_announced(About::breach(clock.id), || self.breach_key(&anchor)) {
            let on_attach = breached && clock.elapsed_at_attach > amount;
            self.offer(
                at,
                Found::Breach {
                    clock,
                    anchor,
                    on_attach,
                },
            );
        }
    }

    fn clock_rule(&mut self, rule: &'a Rule, clock: &'c Clock<'c>, policies: &'c Policies) {
        let (Some(amount), Some(started)) = (clock.amount, clock.started) else {
            return;
        };
        let anchor = Anchor::Clock { clock, started };
        let (swapped, last) = (clock.attached_at > started.at, self.last);
        let by_instant = rule
            .levels
            .iter()
            .any(|level| level.at.is_from_an_instant());
        let due = if by_instant {
            due_of(clock, self.ticket, policies)
        } else {
            None
        };
        self.levels(rule, anchor, |level, more| {
            let (running, instant) = match level.at.0 {
                Kind::Percent(percent) => (Some(share(percent, amount)), None),
                Kind::Before(offset) => from_due(amount, due, offset, -1),
                Kind::After(offset) => from_due(amount, due, offset, 1),
                Kind::For(_) | Kind::AtOnce | Kind::Times(_) => return None,
            };
            match (running, instant) {
                (Some(threshold), _) => {
                    let threshold = threshold.saturating_add(more);
                    let reached = clock.elapsed >= threshold;
                    let at = match clock.state {
                        _ if reached => last,
                        State::Running => clock.after(threshold.saturating_sub(clock.elapsed))?,
                        _ => return None,
                    };
                    Some((
                        at,
                        reached && swapped && clock.elapsed_at_attach >= threshold,
                    ))
                }
                (None, Some(at)) => {
                    let at = at.saturating_add(more);
                    Some((at, swapped && at <= clock.attached_at))
                }
                (None, None) => None,
            }
        });
    }

    /// A rule that counts from an event: the last activity, an unanswered message, a low rating.
    fn waiting_rule(
        &mut self,
        rule: &'a Rule,
        (calendar, name): (&Calendar, &'a Name),
        (since, version): (Micros, u64),
    ) where
        'a: 'c,
    {
        let what = match rule.trigger {
            Trigger::CustomerWaits => "customer waits",
            Trigger::LowRating { .. } => "low rating",
            _ => "idle",
        };
        let anchor = Anchor::Event {
            what,
            version,
            target: name.as_str(),
        };
        self.levels(rule, anchor, |level, more| {
            let at = match level.at.0 {
                Kind::AtOnce => since,
                Kind::For(target) => {
                    let amount = target.amount_from(since, calendar);
                    match target.measure() {
                        Measure::Calendar => since.checked_add(amount)?,
                        Measure::Business => calendar.add_us(since, amount)?,
                    }
                }
                _ => return None,
            };
            let every = level
                .repeat
                .map_or(Measure::Business, |repeat| repeat.every.measure());
            let at = match (more, every) {
                (0, _) => at,
                (more, Measure::Calendar) => at.checked_add(more)?,
                (more, Measure::Business) => calendar.add_us(at, more)?,
            };
            Some((at, false))
        });
    }

    fn reopening_rule(&mut self, rule: &'a Rule) {
        let reopened: Vec<(Micros, u64)> = self.ticket.reopenings().collect();
        for level in &rule.levels {
            let Kind::Times(times) = level.at.0 else {
                continue;
            };
            let Some((at, version)) = reopened.get(usize::from(times) - 1).copied() else {
                continue;
            };
            let anchor = Anchor::Event {
                what: "reopened",
                version,
                target: "",
            };
            self.fire(rule, level, anchor, 0, at, false);
        }
    }

    /// Offers each level's next firing. `when` tells the instant of a level, `more` after its first time, and whether that
    /// was past before it applied.
    fn levels(
        &mut self,
        rule: &'a Rule,
        anchor: Anchor<'c>,
        when: impl Fn(&Level, Micros) -> Option<(Micros, bool)>,
    ) {
        for level in &rule.levels {
            let (every, times) = match level.repeat {
                Some(repeat) => (
                    repeat.every.amount().map_or(0, |span| span.micros()),
                    repeat.times,
                ),
                None => (0, 0),
            };
            for n in 0..=times {
                let Some((at, past)) = when(level, every.saturating_mul(n.into())) else {
                    break;
                };
                if self.fire(rule, level, anchor, n, at, past) {
                    break; // the next repeat comes after this one
                }
            }
        }
    }

    /// Offers a firing, unless it was announced before. Whether no later repeat can come before it: it was not announced, or
    /// something else comes first anyway (a repeat is never earlier than the one before it).
    fn fire(
        &mut self,
        rule: &'a Rule,
        level: &'a Level,
        anchor: Anchor<'c>,
        repeat: u16,
        at: Micros,
        past: bool,
    ) -> bool {
        if !self.is_earlier(at) {
            return true;
        }
        let holds = level.guard.holds(self.ticket);
        let about = About::firing(&rule.name, &level.name);
        if (holds && self.is_settled(at))
            || self.is_announced(about, || self.firing_key(&anchor, rule, level, repeat))
        {
            return false;
        }
        if holds {
            let attached = self.ticket.moved_to_rulebook();
            let past = past || attached.is_some_and(|since| at < since);
            self.offer(
                at,
                Found::Fire {
                    rule,
                    level,
                    anchor,
                    repeat,
                    past,
                },
            );
        }
        true
    }
}

/// What a key counts from: the place of the event that the trigger counts from, and the target in force as text.
#[derive(Clone, Copy)]
enum Anchor<'c> {
    Clock {
        clock: &'c Clock<'c>,
        started: Started,
    },
    Event {
        what: &'static str,
        version: u64,
        target: &'c str,
    },
}

impl Anchor<'_> {
    /// Clocks stand still in an outlook, and levels lie where they lie: so this tells one key from all others of it.
    fn place(&self, level: Option<&Level>, repeat: u16) -> Place {
        let (clock, version) = match self {
            Anchor::Clock { clock, started } => (Some(clock.id), started.version),
            Anchor::Event { version, .. } => (None, *version),
        };
        Place {
            clock,
            version,
            level: level.map(|level| std::ptr::from_ref(level).addr()),
            repeat,
        }
    }

    /// The key of a breach.
    fn breach(&self, ticket: &Ticket) -> FiringKey {
        self.key(ticket, "", "breach", 0)
    }

    /// The key of a level's firing.
    fn firing(&self, ticket: &Ticket, rule: &Rule, level: &Level, repeat: u16) -> FiringKey {
        self.key(ticket, rule.name.as_str(), level.name.as_str(), repeat)
    }

    /// The key of what is announced once for ever.
    fn key(&self, ticket: &Ticket, rule: &str, level: &str, repeat: u16) -> FiringKey {
        let (id_text, target_text);
        let (what, version, target) = match self {
            Anchor::Clock { clock, started } => {
                id_text = clock.id.text();
                target_text = clock.target_text().unwrap_or_default();
                (id_text.as_str(), started.version, &*target_text)
            }
            Anchor::Event {
                what,
                version,
                target,
            } => (*what, *version, *target),
        };
        let (tenant, id) = (ticket.tenant().uuid(), ticket.id().uuid());
        FiringKey::from_uuid(derive(&[
            b"firing",
            tenant.as_bytes(),
            id.as_bytes(),
            what.as_bytes(),
            rule.as_bytes(),
            level.as_bytes(),
            &version.to_be_bytes(),
            target.as_bytes(),
            &repeat.to_be_bytes(),
        ]))
    }
}

/// The threshold at an offset from the due: running time for a business offset, an instant for a calendar offset.
fn from_due(
    amount: Micros,
    due: Option<Micros>,
    offset: Target,
    sign: i64,
) -> (Option<Micros>, Option<Micros>) {
    let span = offset.amount().map_or(0, |span| span.micros());
    let by = span.saturating_mul(sign);
    match offset.measure() {
        Measure::Business => (Some(amount.saturating_add(by).max(0)), None),
        Measure::Calendar => (None, due.map(|due| due.saturating_add(by))),
    }
}
