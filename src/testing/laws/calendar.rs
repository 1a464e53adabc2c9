//! The laws of calendars. Each takes any calendar and any instants of the supported range, in any order.

mod days;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::calendar::{Calendar, CalendarError, EARLIEST, LATEST, Reason, Stretch};
use crate::testing::calendar::oracle;

pub use days::{business_days_count, last_close_is_of_its_day};

const TICK: TimeDelta = TimeDelta::microseconds(1);

/// Open time adds up, in any order of the three.
#[track_caller]
pub fn additive(calendar: &Calendar, a: DateTime<Utc>, b: DateTime<Utc>, c: DateTime<Utc>) {
    let elapsed = |from, to| within(calendar.elapsed(from, to));
    assert_eq!(
        elapsed(a, c),
        elapsed(a, b) + elapsed(b, c),
        "{calendar:?}: {a}, {b}, {c}"
    );
    assert_eq!(elapsed(a, b), -elapsed(b, a), "{calendar:?}: {a}, {b}");
}

/// Open time is never negative, nor more than the time that passes.
#[track_caller]
pub fn bounded(calendar: &Calendar, a: DateTime<Utc>, b: DateTime<Utc>) {
    let (a, b) = (a.min(b), a.max(b));
    let open = within(calendar.elapsed(a, b));
    assert!(
        TimeDelta::zero() <= open && open <= b - a,
        "{calendar:?}: {open} from {a} to {b}"
    );
}

/// What was added has elapsed, and not a moment sooner; adding nothing changes nothing.
#[track_caller]
pub fn add_is_the_earliest(calendar: &Calendar, from: DateTime<Utc>, time: TimeDelta) {
    assert_eq!(
        calendar.add(from, TimeDelta::zero()),
        Ok(from),
        "{calendar:?}"
    );
    if let Some(close) = reached(calendar.next_close(from)) {
        let fits = within(calendar.elapsed(from, close));
        assert_eq!(
            calendar.add(from, fits),
            Ok(close),
            "{calendar:?}: {fits} from {from} fits exactly"
        );
    }
    let Some(at) = reached(calendar.add(from, time)) else {
        return;
    };
    assert!(from <= at, "{calendar:?}: {time} from {from} is {at}");
    assert_eq!(
        calendar.elapsed(from, at),
        Ok(time),
        "{calendar:?}: {time} from {from} is {at}"
    );
    if time > TimeDelta::zero() {
        let sooner = within(calendar.elapsed(from, at - TICK));
        assert!(
            sooner < time,
            "{calendar:?}: {time} from {from} is over before {at}"
        );
    }
}

/// The latest instant of the same open time is open, no sooner than the earliest, and a moment later it is more.
#[track_caller]
pub fn add_latest_is_the_latest(calendar: &Calendar, from: DateTime<Utc>, time: TimeDelta) {
    let Some(at) = reached(calendar.add_latest(from, time)) else {
        return;
    };
    assert_eq!(
        calendar.elapsed(from, at),
        Ok(time),
        "{calendar:?}: {time} from {from} is at latest {at}"
    );
    assert_eq!(calendar.is_open(at), Ok(true), "{calendar:?}: {at}");
    if let Ok(later) = calendar.elapsed(from, at + TICK) {
        assert!(
            time < later,
            "{calendar:?}: {time} from {from} is not over after {at}"
        );
    }
    assert!(
        calendar
            .add(from, time)
            .is_ok_and(|earliest| earliest <= at),
        "{calendar:?}: {time} from {from}"
    );
}

/// What was subtracted has elapsed, the instant is the latest such, and the earliest one lies before it.
#[track_caller]
pub fn subtract_is_the_mirror(calendar: &Calendar, from: DateTime<Utc>, time: TimeDelta) {
    assert_eq!(
        calendar.subtract(from, TimeDelta::zero()),
        Ok(from),
        "{calendar:?}"
    );
    if let Some(opening) = reached(calendar.previous_opening(from)) {
        let fits = within(calendar.elapsed(opening, from));
        assert_eq!(
            calendar.subtract(from, fits),
            Ok(opening),
            "{calendar:?}: {fits} before {from} fits exactly"
        );
    }
    let Some(at) = reached(calendar.subtract(from, time)) else {
        return;
    };
    assert!(at <= from, "{calendar:?}: {time} before {from} is {at}");
    assert_eq!(
        calendar.elapsed(at, from),
        Ok(time),
        "{calendar:?}: {time} before {from} is {at}"
    );
    assert_eq!(
        calendar.add(from, -time),
        Ok(at),
        "{calendar:?}: {time} before {from}"
    );
    if time > TimeDelta::zero() {
        let later = within(calendar.elapsed(at + TICK, from));
        assert!(
            later < time,
            "{calendar:?}: {time} before {from} begins after {at}"
        );
    }
    if let Some(earliest) = reached(calendar.subtract_earliest(from, time)) {
        assert!(earliest <= at, "{calendar:?}: {earliest} and {at}");
        assert_eq!(
            calendar.elapsed(earliest, from),
            Ok(time),
            "{calendar:?}: {time} before {from} is {earliest}"
        );
    }
}

/// There and back again leads to where one began, or to the other end of a closed stretch.
#[track_caller]
pub fn there_and_back_again(calendar: &Calendar, from: DateTime<Utc>, time: TimeDelta) {
    let message = || format!("{calendar:?}: {time} from {from}");
    let nothing = Ok(TimeDelta::zero());
    if let Some(at) = reached(calendar.add(from, time)) {
        let back = calendar.subtract(at, time);
        let back = back.unwrap_or_else(|error| panic!("{}: {error}", message()));
        assert!(from <= back && back <= at, "{}", message());
        assert_eq!(calendar.elapsed(from, back), nothing, "{}", message());
    }
    if let Some(at) = reached(calendar.subtract(from, time)) {
        let back = calendar.add(at, time);
        let back = back.unwrap_or_else(|error| panic!("{}: {error}", message()));
        assert!(at <= back && back <= from, "{}", message());
        assert_eq!(calendar.elapsed(back, from), nothing, "{}", message());
    }
    if let Some(at) = reached(calendar.add_latest(from, time))
        && let Some(back) = reached(calendar.subtract_earliest(at, time))
    {
        assert!(back <= from, "{}", message());
        assert_eq!(calendar.elapsed(back, from), nothing, "{}", message());
    }
}

/// More time never ends sooner, and a later start never ends sooner.
#[track_caller]
pub fn monotone(
    calendar: &Calendar,
    a: DateTime<Utc>,
    b: DateTime<Utc>,
    less: TimeDelta,
    more: TimeDelta,
) {
    let (a, b, less, more) = (a.min(b), a.max(b), less.min(more), less.max(more));
    if let (Some(sooner), Some(later)) = (
        reached(calendar.add(a, less)),
        reached(calendar.add(a, more)),
    ) {
        assert!(sooner <= later, "{calendar:?}: {less} and {more} from {a}");
    }
    if let (Some(sooner), Some(later)) = (
        reached(calendar.add(a, more)),
        reached(calendar.add(b, more)),
    ) {
        assert!(
            sooner <= later,
            "{calendar:?}: {more} from {a} and from {b}"
        );
    }
}

/// A calendar that is always open counts as plain subtraction does.
#[track_caller]
pub fn always_is_subtraction(a: DateTime<Utc>, b: DateTime<Utc>) {
    let always = Calendar::always();
    assert_eq!(always.elapsed(a, b), Ok(b - a));
    assert_eq!(always.add(a, b - a), Ok(b));
    assert_eq!(always.next_close(a), Err(CalendarError::Never));
}

/// What both have, counted twice, is what the two have: union, intersection and difference fit together.
#[track_caller]
pub fn combinations_add_up(
    first: &Calendar,
    second: &Calendar,
    a: DateTime<Utc>,
    b: DateTime<Utc>,
) {
    let elapsed = |calendar: &Calendar| within(calendar.elapsed(a, b));
    let combined =
        |result: Result<Calendar, _>| elapsed(&result.unwrap_or_else(|error| panic!("{error}")));
    let (union, both) = (
        combined(first.union(second)),
        combined(first.intersection(second)),
    );
    assert_eq!(
        union + both,
        elapsed(first) + elapsed(second),
        "{first:?}, {second:?}: {a} to {b}"
    );
    let only = combined(first.difference(second));
    assert_eq!(
        only + both,
        elapsed(first),
        "{first:?} without {second:?}: {a} to {b}"
    );
}

/// Closing a day takes open time away or leaves it as it is.
#[track_caller]
pub fn closing_never_adds(calendar: &Calendar, day: NaiveDate, a: DateTime<Utc>, b: DateTime<Utc>) {
    let (a, b) = (a.min(b), a.max(b));
    if let Ok(closed) = calendar.with_closed_days([(day, String::from("closed"))]) {
        let (less, more) = (within(closed.elapsed(a, b)), within(calendar.elapsed(a, b)));
        assert!(
            less <= more,
            "{calendar:?} closed on {day}: {less} and {more} from {a} to {b}"
        );
    }
}

/// Openings and closings are where being open changes, and the stretches between them hold all open time, read forward
/// or backward.
#[track_caller]
pub fn openings_and_closings(calendar: &Calendar, at: DateTime<Utc>, to: DateTime<Utc>) {
    let is_open = |at| calendar.is_open(at).unwrap_or_default();
    let message = || format!("{calendar:?}: {at}");
    if let Some(open) = reached(calendar.next_open(at)) {
        assert!(is_open(open) && at <= open, "{}", message());
        assert_eq!(
            calendar.elapsed(at, open),
            Ok(TimeDelta::zero()),
            "{}",
            message()
        );
    }
    if let Some(close) = reached(calendar.next_close(at)) {
        assert!(
            at < close && !is_open(close) && is_open(close - TICK),
            "{}",
            message()
        );
        let last = calendar.previous_close(close - TICK);
        assert!(last.map_or(true, |last| last <= at), "{}", message());
    }
    if let Some(opening) = reached(calendar.next_opening(at)) {
        assert!(
            at < opening && is_open(opening) && !is_open(opening - TICK),
            "{}",
            message()
        );
        let last = calendar.previous_opening(opening);
        assert!(last.map_or(true, |last| last <= at), "{}", message());
    }
    if let Some(open) = reached(calendar.previous_open(at)) {
        assert!(
            open <= at && (open == EARLIEST || is_open(open - TICK)),
            "{}",
            message()
        );
        assert_eq!(
            calendar.elapsed(open, at),
            Ok(TimeDelta::zero()),
            "{}",
            message()
        );
    }
    if let Some(opening) = reached(calendar.previous_opening(at)) {
        assert!(
            opening < at && is_open(opening) && !is_open(opening - TICK),
            "{}",
            message()
        );
        assert!(
            calendar
                .next_opening(opening)
                .map_or(true, |next| at <= next),
            "{}",
            message()
        );
    }
    if let Some(close) = reached(calendar.previous_close(at)) {
        assert!(
            close <= at && !is_open(close) && is_open(close - TICK),
            "{}",
            message()
        );
        let next = calendar.next_close(close);
        assert!(next.map_or(true, |next| at < next), "{}", message());
    }
    let to = at.max(to.min(at + TimeDelta::days(400)));
    let windows = || {
        calendar
            .windows(at..to)
            .unwrap_or_else(|error| panic!("{error}"))
    };
    let forward: Vec<_> = windows().collect();
    let mut backward: Vec<_> = windows().rev().collect();
    backward.reverse();
    assert_eq!(forward, backward, "{}", message());
    assert!(
        forward.windows(2).all(|pair| pair[0].to < pair[1].from),
        "{}",
        message()
    );
    let sum = forward
        .iter()
        .fold(TimeDelta::zero(), |sum, open| sum + open.length());
    assert_eq!(calendar.elapsed(at, to), Ok(sum), "{}", message());
}

/// The explanation covers the whole time without gap, and its open stretches add up to the open time.
#[track_caller]
pub fn explanation_adds_up(calendar: &Calendar, a: DateTime<Utc>, b: DateTime<Utc>) {
    let (a, b) = (a.min(b), a.max(b));
    let explanation = calendar
        .explain(a, b)
        .unwrap_or_else(|error| panic!("{error}"));
    let stretches: Vec<_> = explanation.stretches().collect();
    let message = || format!("{calendar:?}: {a} to {b}\n{explanation}");
    assert!(
        stretches.windows(2).all(|pair| pair[0].to == pair[1].from),
        "{}",
        message()
    );
    let ends = stretches.first().zip(stretches.last());
    assert_eq!(
        ends.map(|(first, last)| (first.from, last.to)),
        (a < b).then_some((a, b)),
        "{}",
        message()
    );
    assert_eq!(
        Ok(explanation.open()),
        calendar.elapsed(a, b),
        "{}",
        message()
    );
    let open = stretches.iter().filter(|stretch| stretch.is_open);
    let sum = open.fold(TimeDelta::zero(), |sum, stretch| sum + stretch.length());
    assert_eq!(explanation.open(), sum, "{}", message());
    let goes_on =
        |pair: &[Stretch]| pair[0].is_open == pair[1].is_open && pair[0].reason == pair[1].reason;
    assert!(!stretches.windows(2).any(goes_on), "{}", message());
    for stretch in &stretches {
        let open = if stretch.is_open {
            stretch.length()
        } else {
            TimeDelta::zero()
        };
        assert_eq!(
            calendar.elapsed(stretch.from, stretch.to),
            Ok(open),
            "{}",
            message()
        );
        let explains_open = match &stretch.reason {
            Reason::AlwaysOpen | Reason::Hours { .. } | Reason::SpecialHours { .. } => Some(true),
            Reason::Exception { .. } | Reason::OutsideHours | Reason::DayOff { .. } => Some(false),
            _ => None,
        };
        assert!(
            explains_open.is_none_or(|open| open == stretch.is_open),
            "{}",
            message()
        );
    }
}

/// The oracle, second by second, says the same. Give it instants no more than some days apart.
#[track_caller]
pub fn agrees_with_the_oracle(calendar: &Calendar, a: DateTime<Utc>, b: DateTime<Utc>) {
    assert_eq!(
        calendar.is_open(a),
        Ok(oracle::is_open(calendar, a)),
        "{calendar:?}: {a}"
    );
    assert_eq!(
        calendar.elapsed(a, b),
        Ok(oracle::elapsed(calendar, a, b)),
        "{calendar:?}: {a} to {b}"
    );
}

/// Written and read again it is the same calendar and gives the same answers.
#[track_caller]
pub fn survives_serde(calendar: &Calendar, a: DateTime<Utc>, b: DateTime<Utc>) {
    let text =
        serde_json::to_string(calendar).unwrap_or_else(|error| panic!("{calendar:?}: {error}"));
    let read: Calendar =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(&read, calendar, "{text}");
    assert_eq!(read.elapsed(a, b), calendar.elapsed(a, b), "{text}");
}

/// The answer for instants in range, which always have one.
#[track_caller]
fn within<T, E: std::fmt::Display>(answer: Result<T, E>) -> T {
    answer.unwrap_or_else(|error| panic!("{error}"))
}

/// An answer that lies in the range; an instant in range may lead out of it, or nowhere, but is never refused itself.
#[track_caller]
fn reached(answer: Result<DateTime<Utc>, CalendarError>) -> Option<DateTime<Utc>> {
    match answer {
        Ok(at) => Some(at),
        Err(CalendarError::Never | CalendarError::BeyondRange) => None,
        Err(error) => panic!("{error}"),
    }
}

/// A succession is what its editions in force are: before and after each instant of change the open time is theirs, and
/// succeeding again by the same from the same instant changes nothing. The second succeeds the first at one instant, the third
/// what came of that at the other, whichever is earlier.
#[track_caller]
pub fn the_edition_in_force_decides(
    [first, second, third]: [&Calendar; 3],
    (from, then): (DateTime<Utc>, DateTime<Utc>),
    (a, b): (DateTime<Utc>, DateTime<Utc>),
) {
    let succeeded = |one: &Calendar, by: &Calendar, from| within(one.succeeded_by(by, from));
    let two = succeeded(first, second, from);
    let three = succeeded(&two, third, then);
    assert_eq!(succeeded(&three, third, then), three);
    assert_eq!(
        succeeded(first, first, from).elapsed(a, b),
        first.elapsed(a, b)
    );
    // Changes are at whole seconds: a part of one belongs to what was before.
    let change = |at: DateTime<Utc>| {
        let whole = DateTime::from_timestamp(at.timestamp(), 0).unwrap_or(at);
        let next = if whole < at {
            TimeDelta::seconds(1)
        } else {
            TimeDelta::zero()
        };
        (whole + next).min(LATEST)
    };
    let (from, then, (a, b)) = (change(from), change(then), (a.min(b), a.max(b)));
    let parts = |calendars: [&Calendar; 2], at: DateTime<Utc>| {
        let at = at.clamp(a, b);
        within(calendars[0].elapsed(a, at)) + within(calendars[1].elapsed(at, b))
    };
    assert_eq!(
        two.elapsed(a, b),
        Ok(parts([first, second], from)),
        "{two:?}: {a} to {b}"
    );
    assert_eq!(
        three.elapsed(a, b),
        Ok(parts([&two, third], then)),
        "{three:?}: {a} to {b}"
    );
}
