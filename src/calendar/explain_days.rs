//! The reasons of a calendar with hours of its own, read off what is written, local date by local date.
//!
//! Between a midnight, or a change of the clocks, and the next, being open changes only where a window or an exception of
//! the local date or of the one before begins or ends. So a piece of the explanation reaches from one of these to the next,
//! and its reason is that of its first instant.

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};

use super::definition::{Definition, Overnight};
use super::exception::{DayHours, Exception};
use super::plan::{self, Plan};
use super::range::{DAY_S, SECOND_US, date_of, instant};
use super::reason::{Reason, Stretch};
use super::window::Window;
use super::{Calendar, Hours};

/// A calendar with hours of its own, read local date by local date.
#[derive(Clone, Debug)]
pub(super) struct Days<'a> {
    calendar: &'a Calendar,
    definition: &'a Definition,
    plan: &'a Plan,
    /// Where the next piece begins.
    from: i64,
    to: i64,
    /// Where the pieces of the local date of `from` end, the last one first.
    ends: Vec<i64>,
    today: Day<'a>,
    yesterday: Day<'a>,
}

impl<'a> Days<'a> {
    pub(super) fn new(calendar: &'a Calendar, hours: &'a Hours, from: i64, to: i64) -> Days<'a> {
        let day = Day {
            number: i32::MIN,
            exceptions: Vec::new(),
        };
        Days {
            calendar,
            definition: &hours.definition,
            plan: &hours.plan,
            from,
            to,
            ends: Vec::new(),
            today: day.clone(),
            yesterday: day,
        }
    }

    pub(super) fn next(&mut self) -> Option<Stretch> {
        if self.from >= self.to {
            return None;
        }
        if self.ends.is_empty() {
            self.enter();
        }
        let from = self.from;
        self.from = self.ends.pop().unwrap_or(self.to);
        let is_open = self.calendar.is_open_us(from);
        Some(Stretch {
            from: instant(from),
            to: instant(self.from),
            is_open,
            reason: self.reason(instant(from), is_open),
        })
    }

    /// Finds where something may change between `from` and the midnight or the change of clocks after it.
    fn enter(&mut self) {
        let offsets = self.definition.zone.offsets();
        let second = self.from.div_euclid(SECOND_US);
        let offset = i64::from(offsets.at(second));
        let local = second + offset;
        let number = local.div_euclid(DAY_S);
        let midnight = number * DAY_S - offset;
        self.turn_to(number as i32);

        let change = offsets.after(second).map(|&(at, _)| at);
        let end = change.map_or(midnight + DAY_S, |at| at.min(midnight + DAY_S));
        let end = (end * SECOND_US).min(self.to);
        let (today, yesterday) = (
            self.edges(&self.today, 0),
            self.edges(&self.yesterday, DAY_S),
        );
        let edges = today
            .chain(yesterday)
            .map(|edge| (midnight + edge) * SECOND_US);
        let mut ends: Vec<i64> = edges
            .filter(|&edge| self.from < edge && edge < end)
            .collect();
        ends.push(end);
        ends.sort_unstable_by(|a, b| b.cmp(a));
        ends.dedup();
        self.ends = ends;
    }

    /// Looks up the exceptions of a local date and of the one before.
    fn turn_to(&mut self, number: i32) {
        if self.today.number == number {
            return;
        }
        let day = |number| Day::new(self.definition, number);
        let (today, yesterday) = (day(number), number - 1);
        self.yesterday = if self.today.number == yesterday {
            std::mem::replace(&mut self.today, today)
        } else {
            self.today = today;
            day(yesterday)
        };
    }

    /// The seconds, less `before`, since its midnight at which something may change because of a date.
    fn edges<'b>(&'b self, day: &'b Day<'a>, before: i64) -> impl Iterator<Item = i64> + 'b {
        let ordinary = self.definition.week.on(day.date().weekday()).iter();
        let special = day
            .exceptions
            .iter()
            .flat_map(|exception| match exception.hours() {
                DayHours::Closed => &[],
                DayHours::ClosedDuring(windows) | DayHours::Special(windows) => windows.as_slice(),
            });
        let windows = ordinary
            .chain(special)
            .flat_map(|window| [window.opens(), window.closes()]);
        windows.map(move |second| i64::from(second) - before)
    }

    /// Reads the reason for one instant of the local date that was entered off the written rules.
    fn reason(&self, at: DateTime<Utc>, is_open: bool) -> Reason {
        let second = self.definition.zone.local(at).num_seconds_from_midnight();
        let (today, yesterday) = (
            (&self.today, second),
            (&self.yesterday, second + DAY_S as u32),
        );
        if is_open {
            let open = self.window(today).or_else(|| self.window(yesterday));
            return open.unwrap_or(Reason::OutsideHours);
        }
        let closed = self
            .closed_by(today, true)
            .or_else(|| self.closed_by(yesterday, false));
        closed.unwrap_or_else(|| match self.plan.on(self.today.number) {
            [] => Reason::DayOff {
                date: self.today.date(),
            },
            _ => Reason::OutsideHours,
        })
    }

    /// The window of a date that this second, counted from its midnight, lies in.
    fn window(&self, (day, second): (&Day<'_>, u32)) -> Option<Reason> {
        let planned = self.plan.on(day.number);
        planned
            .iter()
            .find(|span| span.0 <= second && second < span.1)?;
        let covers = |window: &&Window| window.covers(second);
        let date = day.date();
        if let Some((exception, windows)) = day.special() {
            return Some(Reason::SpecialHours {
                date,
                window: *windows.iter().find(covers)?,
                name: exception.name().to_owned(),
            });
        }
        let ordinary = self.definition.week.on(date.weekday());
        let window = *ordinary.iter().find(covers)?;
        Some(Reason::Hours { date, window })
    }

    /// The exception of a date because of which this second is closed: any second of a date that is closed, and those
    /// of windows that an exception took away.
    fn closed_by(&self, (day, second): (&Day<'_>, u32), whole_day: bool) -> Option<Reason> {
        let covers = |window: &Window| window.covers(second);
        let date = day.date();
        let ordinary = self.definition.week.on(date.weekday()).iter().any(covers);
        let is_cut = whole_day && self.runs_into(second);
        let took_away = |exception: &&&Exception| match exception.hours() {
            DayHours::Closed => whole_day || ordinary,
            DayHours::ClosedDuring(windows) => windows.iter().any(covers),
            DayHours::Special(_) => ordinary || is_cut,
        };
        let exception = day.exceptions.iter().rfind(took_away)?;
        Some(Reason::Exception {
            date,
            name: exception.name().to_owned(),
        })
    }

    /// Whether a window of yesterday would run on to this second of today, were it not cut at midnight.
    fn runs_into(&self, second: u32) -> bool {
        let second = second + DAY_S as u32;
        let ordinary = self.definition.week.on(self.yesterday.date().weekday());
        let windows = self
            .yesterday
            .special()
            .map_or(ordinary, |special| special.1);
        self.definition.overnight == Overnight::CutAtMidnight
            && windows.iter().any(|window| window.covers(second))
    }
}

/// A local date with the exceptions that have a say on it, the last of which has the last word: of those that set the
/// whole date only the strongest, and the part closings that apply after it.
#[derive(Clone, Debug)]
struct Day<'a> {
    number: i32,
    exceptions: Vec<&'a Exception>,
}

impl<'a> Day<'a> {
    fn new(definition: &'a Definition, number: i32) -> Day<'a> {
        let date = date_of(number);
        let mut exceptions = Vec::new();
        for layer in &definition.layers {
            let here = layer.exceptions().iter();
            let mut here: Vec<_> = here.filter(|day| day.when().includes(date)).collect();
            here.sort_by_key(|exception| plan::rank(exception));
            exceptions.extend(here);
        }
        let sets_all =
            |exception: &&Exception| !matches!(exception.hours(), DayHours::ClosedDuring(_));
        if let Some(strongest) = exceptions.iter().rposition(sets_all) {
            exceptions.drain(..strongest);
        }
        Day { number, exceptions }
    }

    fn date(&self) -> NaiveDate {
        date_of(self.number)
    }

    /// Its special hours, where they hold.
    fn special(&self) -> Option<(&'a Exception, &'a [Window])> {
        let first = *self.exceptions.first()?;
        match first.hours() {
            DayHours::Special(windows) => Some((first, windows)),
            _ => None,
        }
    }
}
