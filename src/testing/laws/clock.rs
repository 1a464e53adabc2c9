//! The laws of clocks. Each takes a story that was told to a desk, the rulebook that it was told under, and a clock.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::call::{Actor, Call};
use crate::desk::{self, Known, Plan, Request, plan};
use crate::rulebook::{Rulebook, Rulebooks};
use crate::sla::ledger::ledgers;
use crate::sla::{Measure, Reading, State, Target, periods, read};
use crate::store::Snapshot;
use crate::testing::story::Told;
use crate::ticket::{ClockId, Event, Metric, Pending, Recorded, Status, Step, Ticket};
use crate::time::Span;

/// The running, the paused and the ended stretches of a clock make up its span: between two events it does one thing, and only
/// running time adds up, to exactly what its calendar has open in it.
#[track_caller]
pub fn spans_add_up(told: &Told, rulebook: &Rulebook, clock: ClockId) {
    let mut before: Option<Reading> = None;
    let mut was_done = false;
    for (ticket, from, to) in stretches(told) {
        let is_done = !ticket.status().stage().is_backlog();
        let may_reopen = std::mem::replace(&mut was_done, is_done); // maybe to be resolved at the same instant
        let begins = read(&ticket, rulebook.policies(), clock, from);
        let ends = read(&ticket, rulebook.policies(), clock, to);
        if let Some(before) = before.filter(|before| before.state() != State::NotApplicable) {
            let anew = begins.elapsed() == TimeDelta::zero() && begins.started_at() == Some(from);
            // What came while the ticket was resolved or closed waits since then, once it is reopened.
            let waited = may_reopen
                && begins.started_at() < Some(from)
                && before.elapsed() == TimeDelta::zero();
            assert!(
                anew || waited || begins.elapsed() == before.elapsed(),
                "{clock}: no time passed at {from}"
            );
        }
        assert_eq!(
            begins.state(),
            ends.state(),
            "{clock}: it does one thing from {from} to {to}"
        );
        let ran = ends.elapsed() - begins.elapsed();
        let all_time = clock.metric == Metric::PromisedUpdate
            || begins
                .target()
                .is_some_and(|target| target.measure() == Measure::Calendar);
        let expected = match (
            begins.state(),
            rulebook.policies().calendar_of(&ticket, clock.agreement),
        ) {
            (State::Running, _) if all_time => to - from,
            (State::Running, Some(calendar)) => calendar.elapsed(from, to).unwrap_or(ran),
            (State::Running, None) => ran.clamp(TimeDelta::zero(), to - from),
            _ => TimeDelta::zero(),
        };
        assert_eq!(
            ran,
            expected,
            "{clock}: {:?} from {from} to {to}",
            begins.state()
        );
        before = Some(ends);
    }
}

/// The ledger of each period explains its reading: the entries follow each other from the start to `now` or to the end, what they
/// count adds up to what has elapsed, and so do the shares of those who were in charge.
#[track_caller]
pub fn ledgers_explain_readings(
    told: &Told,
    rulebook: &Rulebook,
    clock: ClockId,
    now: DateTime<Utc>,
) {
    let (ticket, policies) = (&told.ticket, rulebook.policies());
    let readings = periods(ticket, policies, clock, now);
    let ledgers = ledgers(ticket, policies, clock, now);
    assert_eq!(readings.len(), ledgers.len(), "{clock}: a ledger each");
    for (reading, ledger) in readings.iter().zip(&ledgers) {
        assert_eq!(ledger.elapsed(), reading.elapsed(), "{clock}: {ledger:#}");
        let shares = ledger.shares().iter().map(|share| share.running).sum();
        assert_eq!(ledger.elapsed(), shares, "{clock}: {ledger:#}");
        let Some(started) = reading.started_at() else {
            assert!(ledger.entries.is_empty(), "{clock}: {ledger:#}");
            continue;
        };
        let mut at = started;
        for entry in &ledger.entries {
            assert_eq!(entry.from, at, "{clock}: without a gap: {ledger:#}");
            assert!(entry.from < entry.to, "{clock}: {ledger:#}");
            let all_or_nothing = [TimeDelta::zero(), entry.to - entry.from];
            assert!(
                all_or_nothing.contains(&entry.counted),
                "{clock}: {ledger:#}"
            );
            at = entry.to;
        }
        let end = reading
            .stopped_at()
            .unwrap_or(now.max(ticket.last_event_at()));
        assert_eq!(at, end.max(started), "{clock}: to its end: {ledger:#}");
    }
}

/// A pause never makes a due earlier: the ticket as it stands, against the same with a wait for the customer put in.
#[track_caller]
pub fn a_pause_never_makes_a_due_earlier(
    told: &Told,
    rulebook: &Rulebook,
    clock: ClockId,
    wait: TimeDelta,
) {
    let status = told.ticket.status();
    if !status.stage().is_work() {
        return;
    }
    let (mut waits, resumed) = (told.ticket.clone(), told.now + wait);
    for (at, to, step) in [
        (told.now, Status::Pending(Pending::Customer), Step::Pend),
        (resumed, status, Step::Resume),
    ] {
        waits.apply(&Recorded {
            version: waits.version().next(),
            at,
            stamped_at: None,
            timing: None,
            actor: Actor::System,
            cause: None,
            event: Event::StatusChanged {
                to,
                step,
                label: None,
            },
        });
    }
    let due = |ticket: &Ticket| read(ticket, rulebook.policies(), clock, resumed).due();
    not_earlier(due(&waits), due(&told.ticket), clock);
}

/// A larger target never makes a due earlier.
#[track_caller]
pub fn a_larger_target_never_makes_a_due_earlier(
    told: &Told,
    rulebook: &Rulebook,
    clock: ClockId,
    more: Span,
) {
    let mut draft = rulebook.as_draft().clone();
    for policy in draft
        .policies
        .iter_mut()
        .filter(|policy| policy.agreement == clock.agreement)
    {
        if let Some(target) = policy.targets.get_mut(&clock.metric) {
            *target = larger(*target, more);
        }
    }
    let Ok(generous) = draft.build() else { return };
    let due = |book: &Rulebook| read(&told.ticket, book.policies(), clock, told.now).due();
    not_earlier(due(&generous), due(rulebook), clock);
}

/// Holidays that are published never make a due earlier and change no time before their publication; where the policy does not
/// follow, and where the same is published, nothing changes.
#[track_caller]
pub fn holidays_apply_from_their_publication(
    told: &Told,
    rulebook: &Rulebook,
    clock: ClockId,
    holidays: &[NaiveDate],
    from: DateTime<Utc>,
) {
    let mut draft = rulebook.as_draft().clone();
    for calendar in draft.calendars.values_mut() {
        let named = holidays.iter().map(|day| (*day, "Holiday".to_owned()));
        match calendar.with_closed_days(named) {
            Ok(closed) => *calendar = closed,
            Err(_) => return, // nothing would stay open
        }
    }
    let Ok(next) = draft.build() else { return };
    let books = Rulebooks::new(rulebook.clone()).publish(next, from);
    let again = books
        .clone()
        .publish(books.current(told.ticket.tenant()).clone(), from);
    let (Ok(book), Ok(again)) = (books.of(&told.ticket), again.of(&told.ticket)) else {
        return;
    };
    let later = from + TimeDelta::days(3);
    let at = |book: &Rulebook, at| read(&told.ticket, book.policies(), clock, at);
    assert_eq!(
        at(rulebook, from).elapsed(),
        at(book, from).elapsed(),
        "{clock} until {from}"
    );
    assert_eq!(at(again, later), at(book, later), "{clock}: the same again");
    let (before, after) = (at(rulebook, later), at(book, later));
    not_earlier(after.due(), before.due(), clock);
    assert!(after.elapsed() <= before.elapsed(), "{clock} until {later}");
    let follows = rulebook.policies().iter().any(|policy| policy.follow);
    if !follows {
        assert_eq!(before, after, "{clock}: nothing follows");
    }
}

/// Reading at one instant and then at a later one is reading at the later one, also where the desk was swept in between.
#[track_caller]
pub fn reading_again_is_reading_later(
    told: &Told,
    rulebook: &Rulebook,
    clock: ClockId,
    first: DateTime<Utc>,
    then: DateTime<Utc>,
) {
    let at_once = desk::read(&told.ticket, rulebook, clock, then);
    let _ = desk::read(&told.ticket, rulebook, clock, first);
    let known = Known {
        ticket: Some(Snapshot::of(told.ticket.clone())),
        ..Known::default()
    };
    let books = Rulebooks::new(rulebook.clone());
    let swept = plan(
        &Request::Sweep(told.ticket.id()),
        &known,
        &books,
        &Call::new(Actor::System, first),
    );
    if let Ok(Plan::Commit(planned)) = swept {
        assert_eq!(
            desk::read(&planned.ticket, rulebook, clock, then),
            at_once,
            "{clock}: {first}, then {then}"
        );
    }
    assert_eq!(
        desk::read(&told.ticket, rulebook, clock, then),
        at_once,
        "{clock}: {first}, then {then}"
    );
}

/// A period is fulfilled once: what stopped it stays, unless the ticket is reopened; and a period that another one followed
/// never changes.
#[track_caller]
pub fn fulfilled_once(told: &Told, rulebook: &Rulebook, clock: ClockId) {
    let mut before: Vec<Reading> = Vec::new();
    let mut cycles = 0;
    for (ticket, from, _) in stretches(told) {
        let now = periods(&ticket, rulebook.policies(), clock, from);
        let reopened = ticket.cycles().len() > cycles;
        for (i, (was, is)) in before.iter().zip(&now).enumerate() {
            let followed = i + 1 < before.len();
            let stopped = was.state() == State::Stopped && !reopened;
            if followed || stopped {
                assert_eq!(was, is, "{clock}: period {i} changed at {from}");
            }
        }
        (before, cycles) = (now, ticket.cycles().len());
    }
}

/// The ticket after all that happened at an instant, that instant, and the next at which something happens.
fn stretches(told: &Told) -> impl Iterator<Item = (Ticket, DateTime<Utc>, DateTime<Utc>)> {
    let events = &told.events;
    let ends =
        (1..=events.len()).filter(|&i| events.get(i).is_none_or(|next| next.at > events[i - 1].at));
    ends.filter_map(|i| {
        let ticket = Ticket::replay(told.ticket.tenant(), &events[..i])?;
        let to = events.get(i).map_or(told.now, |next| next.at);
        Some((ticket, events[i - 1].at, to.max(events[i - 1].at)))
    })
}

#[track_caller]
fn not_earlier(due: Option<DateTime<Utc>>, than: Option<DateTime<Utc>>, clock: ClockId) {
    let fine = match (due, than) {
        (None, _) => true, // never, as things stand
        (Some(_), None) => false,
        (Some(due), Some(than)) => due >= than,
    };
    assert!(fine, "{clock}: {due:?} is earlier than {than:?}");
}

fn larger(target: Target, more: Span) -> Target {
    let Some(amount) = target.amount() else {
        let text = target.to_string();
        let (days, rest) = text.split_once(' ').unwrap_or((&text, ""));
        let days = days.parse::<u16>().map_or(1, |days| days + 1);
        return format!("{days} {rest}").parse().unwrap_or(target);
    };
    let sum = Span::from_micros(amount.micros().saturating_add(more.micros()));
    sum.ok()
        .and_then(|sum| Target::new(sum, target.measure()).ok())
        .unwrap_or(target)
}
