//! The search for what falls due first on a ticket.

use std::cell::Cell;

use crate::calendar::Calendar;
use crate::id::{FiringKey, Name};
use crate::sla::{Clock, Measure, Policies, State, Target, due_of};
use crate::ticket::{About, Ticket};
use crate::time::{Micros, micros};

use super::due::{Due, Outlook, What};
use super::key::Anchor;
use super::rule::{Level, Rule, Trigger};
use super::threshold::{Kind, Threshold, share};

/// The earliest thing found so far.
///
/// The keys of what is announced are digests of a few hundred bytes. So they are worked out as late as can be: never for what
/// would not come first anyway, and never where nothing like it was announced yet.
pub(super) struct Search<'c, 'a> {
    ticket: &'c Ticket,
    outlook: &'c Outlook<'a>,
    last: Micros,
    /// Since when the rule that is looked at is there, where it was not from the beginning.
    pub(super) brought: Option<Micros>,
    pub(super) first: Option<First<'c, 'a>>,
}

pub(super) struct First<'c, 'a> {
    pub(super) at: Micros,
    scheduled: Micros,
    /// Whether it comes just after that instant: what else is due at it comes first.
    just_after: bool,
    pub(super) what: Found<'c, 'a>,
}

/// [`What`] without its key.
pub(super) enum Found<'c, 'a> {
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
    pub(super) fn on(ticket: &'c Ticket, outlook: &'c Outlook<'a>) -> Search<'c, 'a> {
        Search {
            ticket,
            outlook,
            last: micros(ticket.last_event_at()),
            brought: None,
            first: None,
        }
    }

    /// What was found, with its name.
    pub(super) fn due(&self) -> Option<Due<'a>> {
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

    /// Whether something scheduled for this instant, or just after it, would come before all that is known.
    fn is_earlier(&self, scheduled: Micros, just_after: bool) -> bool {
        let place = (scheduled.max(self.last), just_after);
        let known = self.first.as_ref();
        known.is_none_or(|known| place < (known.at, known.just_after))
    }

    /// Whether a breach comes just after the instant it is scheduled for, the last at which the target is met. One of before the last event
    /// came long ago: a log was imported, or nobody looked.
    fn is_just_after(&self, clock: &Clock<'_>, scheduled: Micros) -> bool {
        !clock.is_late() && scheduled >= self.last
    }

    /// Whether a firing waits for a breach that comes just after the instant that both are scheduled for. Found after it, it comes after it.
    fn is_after_a_breach(
        &self,
        (level, repeat): (&Level, u16),
        anchor: &Anchor<'_>,
        scheduled: Micros,
    ) -> bool {
        let waits = level.at == Threshold::on_breach() && repeat == 0;
        let just_after = |clock: &Clock<'_>| waits && self.is_just_after(clock, scheduled);
        anchor.clock().is_some_and(just_after)
    }

    /// What was due before the last event is due at it: only now do its conditions hold.
    pub(super) fn offer(&mut self, scheduled: Micros, what: Found<'c, 'a>) {
        let just_after = match &what {
            Found::Breach { clock, .. } => self.is_just_after(clock, scheduled),
            Found::Fire {
                level,
                anchor,
                repeat,
                ..
            } => self.is_after_a_breach((level, *repeat), anchor, scheduled),
            Found::Wake => false,
        };
        if self.is_earlier(scheduled, just_after) {
            self.first = Some(First {
                at: scheduled.max(self.last),
                scheduled,
                just_after,
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

    pub(super) fn breach(&mut self, clock: &'c Clock<'c>) {
        let (true, Some(amount), Some(started)) = (clock.is_live(), clock.amount, clock.started)
        else {
            return;
        };
        let is_new = |at: &Micros| {
            self.is_earlier(*at, self.is_just_after(clock, *at)) && !self.is_settled(*at)
        };
        let Some(at) = breach_at(clock, self.last).filter(is_new) else {
            return;
        };
        let anchor = Anchor::Clock { clock, started };
        if !self.is_announced(About::breach(clock.id), || self.breach_key(&anchor)) {
            let on_attach = clock.is_late() && clock.elapsed_at_attach > amount;
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

    pub(super) fn clock_rule(
        &mut self,
        rule: &'a Rule,
        clock: &'c Clock<'c>,
        policies: &'c Policies,
    ) {
        let (Some(amount), Some(started)) = (clock.amount, clock.started) else {
            return;
        };
        let anchor = Anchor::Clock { clock, started };
        let (swapped, last) = (clock.attached_at > started.at, self.last);
        let (brought, ticket) = (self.brought, self.ticket);
        let by_instant = rule
            .levels
            .iter()
            .any(|level| level.at.is_from_an_instant());
        let due = if by_instant {
            due_of(clock, self.ticket, policies)
        } else {
            None
        };
        let reached = |threshold| clock.reached(threshold, ticket, policies);
        // A breach comes with the first of the running time that is too much, and is scheduled just before it.
        let too_much = amount.saturating_add(1);
        let breach = || breach_at(clock, last);
        // Repeats on the wall count from one instant, which takes a walk to find.
        let first = Cell::new(None);
        let first_reached = |threshold| match first.get() {
            Some((of, at)) if of == threshold => at,
            _ => {
                let at = reached(threshold);
                first.set(Some((threshold, at)));
                at
            }
        };
        self.levels(rule, anchor, |level, more| {
            let on_the_wall = level
                .repeat
                .is_some_and(|repeat| repeat.every.measure() == Measure::Calendar);
            let (running, instant) = match level.at.0 {
                Kind::Percent(percent) => (Some(share(percent, amount)), None),
                Kind::Before(offset) => from_due(amount, due, offset, -1),
                Kind::After(offset) => from_due(amount, due, offset, 1),
                Kind::OnBreach if more == 0 => {
                    let before_target = swapped && clock.elapsed_at_attach > amount;
                    let before_rule = || {
                        let begun = brought.filter(|since| *since > started.at);
                        begun.is_some_and(|since| reached(too_much).is_some_and(|at| at <= since))
                    };
                    let past = clock.is_late() && (before_target || before_rule());
                    return Some((breach()?, past));
                }
                Kind::OnBreach => (Some(amount), None),
                Kind::For(_) | Kind::AtOnce | Kind::Times(_) => return None,
            };
            match (running, instant) {
                (Some(threshold), _) if more > 0 && on_the_wall => {
                    let first = match clock.state {
                        _ if level.at.0 == Kind::OnBreach && clock.is_late() => {
                            first_reached(too_much)?.saturating_sub(1)
                        }
                        _ if level.at.0 == Kind::OnBreach => breach()?,
                        _ if clock.elapsed >= threshold => first_reached(threshold)?,
                        State::Running => clock.after(threshold.saturating_sub(clock.elapsed))?,
                        _ => return None,
                    };
                    let at = first.checked_add(more)?;
                    Some((at, swapped && at < clock.attached_at))
                }
                (Some(threshold), _) => {
                    let threshold = threshold.saturating_add(more);
                    let is_reached = clock.elapsed >= threshold;
                    let at = match clock.state {
                        _ if is_reached => last,
                        State::Running => clock.after(threshold.saturating_sub(clock.elapsed))?,
                        _ => return None,
                    };
                    let before = |since| reached(threshold).is_some_and(|first| first < since);
                    let before_target = || {
                        let at_attach = clock.elapsed_at_attach;
                        swapped
                            && (at_attach > threshold
                                || at_attach == threshold && before(clock.attached_at))
                    };
                    let before_rule = || {
                        let begun = brought.filter(|since| *since > started.at);
                        begun.is_some_and(before)
                    };
                    Some((at, is_reached && (before_target() || before_rule())))
                }
                (None, Some(at)) => {
                    let at = match clock.calendar() {
                        Some(ready) if more > 0 && !on_the_wall => {
                            ready.calendar.add_us(at, more)?
                        }
                        _ => at.checked_add(more)?,
                    };
                    Some((at, swapped && at < clock.attached_at))
                }
                (None, None) => None,
            }
        });
    }

    /// A rule that counts from an event: the last activity, an unanswered message, a low rating.
    pub(super) fn waiting_rule(
        &mut self,
        rule: &'a Rule,
        (calendar, name): (&Calendar, &'a Name),
        (since, version): (Micros, u64),
    ) where
        'a: 'c,
    {
        let what = match rule.trigger {
            Trigger::CustomerWaits => "customer waits",
            Trigger::TimeInStatus { .. } => "time in status",
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

    pub(super) fn reopening_rule(&mut self, rule: &'a Rule) {
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
        if !self.is_earlier(at, self.is_after_a_breach((level, repeat), &anchor, at)) {
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
            let past = past || self.brought.is_some_and(|since| at < since);
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

/// When the clock is breached, unless it stops before: by the last event, or just after the last instant at which its target is kept.
fn breach_at(clock: &Clock<'_>, last: Micros) -> Option<Micros> {
    match clock.is_late() {
        true => Some(last),
        false => clock.kept_until(),
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
