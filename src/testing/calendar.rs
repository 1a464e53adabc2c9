//! Calendars and instants for property tests, and an oracle that answers without any cleverness.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc, Weekday};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::calendar::{
    Calendar, Combination, DayHours, EARLIEST, Exception, LATEST, Layer, Overnight, Week, When,
    Window, Zone,
};

/// Zones with something odd about them: half hours, changes at midnight, days that never were, two changes in a month.
pub const ODD_ZONES: &[&str] = &[
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Europe/Dublin",
    "Europe/Istanbul",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Asia/Gaza",
    "Asia/Pyongyang",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Kwajalein",
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Havana",
    "America/Asuncion",
    "America/Caracas",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/Monrovia",
    "Antarctica/Troll",
];

/// Zones: odd ones of the database, and some of the host's own that no government would think of.
pub fn zones() -> impl Strategy<Value = Zone> {
    prop_oneof![3 => named_zones(), 1 => host_zones()]
}

fn named_zones() -> impl Strategy<Value = Zone> {
    select(ODD_ZONES).prop_map(|name| Zone::parse(name).unwrap_or_else(|_| Zone::utc()))
}

/// Zones of the host's own, with whole-second offsets and changes at any second, some of them days apart.
pub fn host_zones() -> impl Strategy<Value = Zone> {
    let offset =
        prop_oneof![-15i32..15, -50_000i32..50_000].prop_map(|offset| match offset.abs() {
            0..15 => offset * 3_600,
            _ => offset,
        });
    let change = (prop_oneof![1i64..200_000, 1i64..40_000_000], offset.clone());
    (offset, 1_000_000_000i64..2_000_000_000, vec(change, 0..12)).prop_map(
        |(first, begin, steps)| {
            let mut second = begin;
            let changes = steps.into_iter().filter_map(|(step, offset)| {
                second += step;
                Some((DateTime::from_timestamp(second, 0)?, offset))
            });
            Zone::from_transitions("Host/Own", first, changes).unwrap_or_else(|_| Zone::utc())
        },
    )
}

/// Windows of a day: at quarters of an hour, at odd minutes and at odd seconds; overnight ones too.
pub fn windows() -> impl Strategy<Value = Window> {
    let quarters = (0u32..96, 0u32..=96).prop_map(|(opens, closes)| (opens * 900, closes * 900));
    let minutes = (0u32..1_440, 0u32..=1_440).prop_map(|(opens, closes)| (opens * 60, closes * 60));
    let seconds = (0u32..86_400, 0u32..=86_400);
    prop_oneof![6 => quarters, 2 => minutes, 1 => seconds]
        .prop_filter_map("opens before the end of its day", |(opens, closes)| {
            Window::new(opens, closes).ok()
        })
}

/// Weeks with at least one window; now and then with many on one day.
pub fn weeks() -> impl Strategy<Value = Week> {
    let day = (0u8..7).prop_map(|day| Weekday::try_from(day).unwrap_or(Weekday::Mon));
    let office = windows().prop_map(|window| {
        let days = [
            Weekday::Mon,
            Weekday::Tue,
            Weekday::Wed,
            Weekday::Thu,
            Weekday::Fri,
        ];
        days.into_iter()
            .fold(Week::new(), |week, day| week.and(day, window))
    });
    let any = vec((day, windows()), 1..24).prop_map(|days| {
        days.into_iter()
            .fold(Week::new(), |week, (day, window)| week.and(day, window))
    });
    prop_oneof![office, any]
}

/// Exceptions: single dates, ranges, yearly ones; closed, closed in part, special hours.
pub fn exceptions() -> impl Strategy<Value = Exception> {
    let hours = prop_oneof![
        3 => Just(DayHours::Closed),
        1 => vec(windows(), 1..3).prop_map(DayHours::ClosedDuring),
        1 => vec(windows(), 1..4).prop_map(DayHours::Special),
    ];
    let range = (dates(), 0u64..40).prop_map(|(first, days)| {
        When::between(first, first + chrono::Days::new(days)).unwrap_or_else(|_| When::on(first))
    });
    let month_day = || (1u32..=12, 1u32..=31);
    let yearly = (month_day(), month_day()).prop_map(|(first, last)| {
        let single = When::yearly(first.0, first.1).or_else(|_| When::yearly(2, 29));
        let span = if last.1 % 3 == 0 {
            When::yearly_between(first, last)
        } else {
            single.clone()
        };
        span.or(single)
            .unwrap_or_else(|_| When::on(NaiveDate::default()))
    });
    let when = prop_oneof![4 => dates().prop_map(When::on), 1 => range, 1 => yearly];
    (when, hours, "[a-zA-Zéü ,;]{0,12}")
        .prop_map(|(when, hours, name)| Exception::new(when, hours, name))
}

/// Calendars with hours of their own, and some that are always open.
pub fn plain_calendars() -> impl Strategy<Value = Calendar> {
    let layers = vec(vec(exceptions(), 0..12), 0..3);
    let overnight = select(&[Overnight::WithStartDate, Overnight::CutAtMidnight][..]);
    let written = (zones(), weeks(), layers, overnight).prop_filter_map(
        "opens at all",
        |(zone, week, layers, night)| {
            let mut builder = Calendar::builder_in(zone).week(week).overnight(night);
            for days in layers {
                builder = builder.with_layer(days.into_iter().fold(Layer::default(), Layer::and));
            }
            builder.build().ok()
        },
    );
    prop_oneof![20 => written, 1 => Just(Calendar::always())]
}

/// Calendars of all kinds, combined ones and successions too. One in some may never open.
pub fn calendars() -> impl Strategy<Value = Calendar> {
    let how = select(
        &[
            Combination::Union,
            Combination::Intersection,
            Combination::Difference,
        ][..],
    );
    let combined = (plain_calendars(), how, plain_calendars())
        .prop_filter_map("combines", |(first, how, second)| {
            first.combine(how, &second).ok()
        });
    let successions = (plain_calendars(), instants(), plain_calendars())
        .prop_filter_map("follow each other", |(first, from, next)| {
            first.succeeded_by(&next, from).ok()
        });
    prop_oneof![6 => plain_calendars(), 2 => combined, 1 => successions]
}

/// Dates of the years in which most changes of clocks lie.
pub fn dates() -> impl Strategy<Value = NaiveDate> {
    (0i32..47_000).prop_filter_map("a date", |day| {
        // Half of all dates within some years, so that exceptions and questions meet.
        let day = if day % 2 == 0 {
            15_000 + day % 1_500
        } else {
            day
        };
        NaiveDate::from_num_days_from_ce_opt(719_163 + day)
    })
}

/// Instants in the supported range, to the microsecond; many of them close to a change of clocks or to midnight, and some
/// to the ends of the range.
pub fn instants() -> impl Strategy<Value = DateTime<Utc>> {
    let end = LATEST.timestamp_micros();
    let all = 0..=end;
    let of_years = 1_290_000_000_000_000i64..1_450_000_000_000_000;
    let round = (0..=end / 900_000_000).prop_map(|quarter| quarter * 900_000_000);
    let changes = (
        named_zones(),
        any::<prop::sample::Index>(),
        -7_200_000_000i64..7_200_000_000,
    )
        .prop_map(|(zone, index, offset)| {
            let changes: Vec<i64> = zone
                .transitions()
                .map(|(at, _)| at.timestamp_micros())
                .collect();
            let at = if changes.is_empty() {
                0
            } else {
                changes[index.index(changes.len())]
            };
            (at + offset / 60_000_000 * 60_000_000).clamp(0, LATEST.timestamp_micros())
        });
    let days = 40 * 86_400_000_000;
    let ends = prop_oneof![0..days, end - days..=end, Just(0), Just(end)];
    prop_oneof![2 => all, 6 => of_years, 2 => round, 6 => changes, 1 => ends]
        .prop_filter_map("an instant", DateTime::from_timestamp_micros)
}

/// Amounts of time from nothing to years.
pub fn amounts() -> impl Strategy<Value = TimeDelta> {
    prop_oneof![
        1 => Just(0i64),
        2 => (0i64..1_000).prop_map(|minutes| minutes * 60_000_000),
        2 => 0i64..200_000_000_000,
        1 => 0i64..100_000_000_000_000,
    ]
    .prop_map(TimeDelta::microseconds)
}

/// Answers about calendars second by second, straight from what is written in them.
///
/// Knows nothing of compiled forms: to say whether a second is open, it reads the clock on the wall and looks at the
/// windows of that date and of the date before.
pub mod oracle {
    use super::*;

    /// Whether it is open at `at`.
    pub fn is_open(calendar: &Calendar, at: DateTime<Utc>) -> bool {
        let in_force = calendar.edition_at(at);
        if in_force != calendar {
            return is_open(in_force, at);
        }
        if let Some((how, first, second)) = calendar.parts() {
            return how.of(is_open(first, at), is_open(second, at));
        }
        let Some(week) = calendar.week() else {
            return true;
        };
        let local = calendar.zone().local(at);
        let second = local.num_seconds_from_midnight();
        let yesterday = local.date().pred_opt();
        is_in_window_of(calendar, week, local.date(), second)
            || yesterday.is_some_and(|date| is_in_window_of(calendar, week, date, second + 86_400))
    }

    /// Open time in `[from, to)`, counted second by second: give it days, not years.
    pub fn elapsed(calendar: &Calendar, from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
        if to < from {
            return -elapsed(calendar, to, from);
        }
        let (mut at, end) = (from.timestamp_micros(), to.timestamp_micros());
        let mut open = 0;
        while at < end {
            let next = ((at / 1_000_000 + 1) * 1_000_000).min(end);
            if DateTime::from_timestamp_micros(at).is_some_and(|at| is_open(calendar, at)) {
                open += next - at;
            }
            at = next;
        }
        TimeDelta::microseconds(open)
    }

    /// Whether the wall-clock second, counted from the midnight of `date` and perhaps on the date after it, lies in a
    /// window of `date`.
    fn is_in_window_of(calendar: &Calendar, week: &Week, date: NaiveDate, second: u32) -> bool {
        let covers = |windows: &[Window], second| {
            windows
                .iter()
                .any(|w| w.opens() <= second && second < w.closes())
        };
        let mut open = covers(week.on(date.weekday()), second);
        for layer in calendar.layers() {
            let here = || {
                layer
                    .exceptions()
                    .iter()
                    .filter(|exception| exception.when().includes(date))
            };
            let whole = here().filter(|exception| strength(exception) < 4);
            if let Some(strongest) = whole.max_by_key(|exception| strength(exception)) {
                open = match strongest.hours() {
                    DayHours::Special(windows) => covers(windows, second),
                    _ => false,
                };
            }
            let closed_now = |exception: &Exception| match exception.hours() {
                DayHours::ClosedDuring(windows) => covers(windows, second),
                _ => false,
            };
            open &= !here().any(closed_now);
        }
        open && !(calendar.overnight() == Overnight::CutAtMidnight
            && is_cut(calendar, date, second))
    }

    /// Whether an exception of the date after `date` takes away this second of a window that began on `date`.
    fn is_cut(calendar: &Calendar, date: NaiveDate, second: u32) -> bool {
        let (Some(next), Some(second)) = (date.succ_opt(), second.checked_sub(86_400)) else {
            return false;
        };
        let exceptions = calendar.layers().iter().flat_map(Layer::exceptions);
        exceptions
            .filter(|exception| exception.when().includes(next))
            .any(|exception| match exception.hours() {
                DayHours::ClosedDuring(windows) => windows
                    .iter()
                    .any(|w| w.opens() <= second && second < w.closes()),
                _ => true,
            })
    }

    /// Of the exceptions for one date in one layer the strongest holds; part closings (4) all hold beside it.
    fn strength(exception: &Exception) -> u8 {
        match (exception.hours(), exception.when().is_yearly()) {
            (DayHours::Closed, true) => 0,
            (DayHours::Special(_), true) => 1,
            (DayHours::Closed, false) => 2,
            (DayHours::Special(_), false) => 3,
            _ => 4,
        }
    }

    /// The first instant at which the clock of `zone` shows `local`, tried offset by offset.
    pub fn instant_of(zone: &Zone, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        let offsets = zone
            .transitions()
            .map(|(_, offset)| offset)
            .chain([zone.offset(EARLIEST)]);
        let shown = offsets.filter_map(|offset| {
            let at = local
                .checked_sub_signed(TimeDelta::seconds(i64::from(offset)))?
                .and_utc();
            (zone.local(at) == local).then_some(at)
        });
        shown.min()
    }
}
