//! Why open time is what it is: the stretches between two instants, each with its reason.
//!
//! The stretches follow each other without gap or overlap, and the open ones add up to exactly what
//! [`Calendar::elapsed`] says. They are read off the written rules; that the compiled form agrees is checked for each.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};

use super::algebra::Combination;
use super::definition::Definition;
use super::error::CalendarError;
use super::exception::{DayHours, Exception, Layer};
use super::plan::Plan;
use super::range::{DAY_S, SECOND_US, date_of, day_number, instant, micros};
use super::reason::{Explanation, Reason, Stretch};
use super::window::Window;
use super::{Calendar, Source};

impl Calendar {
    /// Why [`elapsed`](Self::elapsed) from `from` to `to` is what it is. Instants in the wrong order are exchanged: then
    /// the open time is the negative of what `elapsed` says.
    ///
    /// ```
    /// use chrono::NaiveDate;
    /// use helpdesk::calendar::{Calendar, Reason};
    ///
    /// let christmas = NaiveDate::from_ymd_opt(2026, 12, 25).unwrap();
    /// let office = Calendar::builder("UTC")?.hours("Mon-Fri 9:00-17:00")?.closed(christmas, "Christmas").build()?;
    /// let why = office.explain("2026-12-24T15:00:00Z".parse()?, "2026-12-26T00:00:00Z".parse()?)?;
    /// let reasons: Vec<String> = why.stretches().iter().map(|stretch| stretch.reason.to_string()).collect();
    /// assert_eq!(reasons, ["Thu 09:00-17:00", "outside hours", "closed: Christmas"]);
    /// assert_eq!(why.open(), chrono::TimeDelta::hours(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// An instant outside the supported range.
    pub fn explain(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Explanation, CalendarError> {
        let (from, to) = (micros(from)?, micros(to)?);
        Ok(Explanation {
            zone: self.zone(),
            stretches: self.stretches(from.min(to), from.max(to)),
        })
    }

    /// Why [`add`](Self::add) of `time` to `from` leads where it does: the stretches from `from` to the answer.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn explain_add(
        &self,
        from: DateTime<Utc>,
        time: TimeDelta,
    ) -> Result<Explanation, CalendarError> {
        self.explain(from, self.add(from, time)?)
    }

    fn stretches(&self, from: i64, to: i64) -> Vec<Stretch> {
        match &self.0.source {
            Source::Always => {
                let whole = Stretch {
                    from: instant(from),
                    to: instant(to),
                    is_open: true,
                    reason: Reason::AlwaysOpen,
                };
                if from < to { vec![whole] } else { Vec::new() }
            }
            Source::Hours(hours) => {
                let (definition, plan) = (&hours.definition, &hours.plan);
                let mut edges = edges(definition, from, to);
                edges.extend([from, to]);
                edges.sort_unstable();
                edges.dedup();
                let reader = Reader { definition, plan };
                let mut stretches = Vec::new();
                for pair in edges.windows(2) {
                    let is_open = self.is_open_us(pair[0]);
                    let reason = reader.reason(instant(pair[0]), is_open);
                    join(
                        &mut stretches,
                        Stretch {
                            from: instant(pair[0]),
                            to: instant(pair[1]),
                            is_open,
                            reason,
                        },
                    );
                }
                stretches
            }
            Source::Combined {
                how,
                parts: [first, second],
                ..
            } => {
                let (first, second) = (first.stretches(from, to), second.stretches(from, to));
                combined(*how, &first, &second)
            }
            Source::Succession(editions) => editions.stretches(from, to),
        }
    }
}

/// All instants strictly between two at which a window or an exception may begin or end, and all midnights.
fn edges(definition: &Definition, from: i64, to: i64) -> Vec<i64> {
    let offsets = definition.zone.offsets();
    let (first, last) = (from.div_euclid(SECOND_US), to.div_euclid(SECOND_US) + 1);
    let changes = offsets
        .changes
        .iter()
        .map(|&(at, _)| at)
        .filter(|&at| first < at && at < last);
    let mut starts: Vec<i64> = [first].into_iter().chain(changes).collect();
    starts.push(last);
    let mut edges: Vec<i64> = starts.iter().map(|start| start * SECOND_US).collect();
    for pair in starts.windows(2) {
        let offset = i64::from(offsets.at(pair[0]));
        let days = (pair[0] + offset).div_euclid(DAY_S) - 1..=(pair[1] + offset).div_euclid(DAY_S);
        for day in days {
            for second in edges_of(definition, date_of(day as i32)) {
                let at = day * DAY_S + second - offset;
                if pair[0] <= at && at <= pair[1] {
                    edges.push(at * SECOND_US);
                }
            }
        }
    }
    edges.retain(|&edge| from < edge && edge < to);
    edges
}

/// The seconds since its midnight at which something may change because of a date.
fn edges_of(definition: &Definition, date: NaiveDate) -> Vec<i64> {
    let ordinary = definition.week.on(date.weekday()).iter();
    let special = exceptions(definition, date).flat_map(|exception| match exception.hours() {
        DayHours::Closed => &[],
        DayHours::ClosedDuring(windows) | DayHours::Special(windows) => windows.as_slice(),
    });
    let windows = ordinary
        .chain(special)
        .flat_map(|window| [window.opens(), window.closes()]);
    windows.map(i64::from).chain([0, DAY_S]).collect()
}

fn exceptions(definition: &Definition, date: NaiveDate) -> impl Iterator<Item = &Exception> {
    let all = definition.layers.iter().flat_map(Layer::exceptions);
    all.filter(move |exception| exception.when().includes(date))
}

/// Reads reasons off the written rules, one instant at a time.
struct Reader<'a> {
    definition: &'a Definition,
    plan: &'a Plan,
}

impl Reader<'_> {
    fn reason(&self, at: DateTime<Utc>, is_open: bool) -> Reason {
        let local = self.definition.zone.local(at);
        let today = local.date();
        let second = chrono::Timelike::num_seconds_from_midnight(&local);
        let yesterday = (date_of(day_number(today) - 1), second + DAY_S as u32);
        if is_open {
            let open = self
                .window((today, second))
                .or_else(|| self.window(yesterday));
            return open.unwrap_or(Reason::OutsideHours);
        }
        let closed = self
            .closed_by((today, second), true)
            .or_else(|| self.closed_by(yesterday, false));
        closed.unwrap_or_else(|| match self.plan.on(day_number(today)) {
            [] => Reason::DayOff { date: today },
            _ => Reason::OutsideHours,
        })
    }

    /// The window of a date that this second, counted from its midnight, lies in.
    fn window(&self, (date, second): (NaiveDate, u32)) -> Option<Reason> {
        let planned = self.plan.on(day_number(date));
        planned
            .iter()
            .find(|span| span.0 <= second && second < span.1)?;
        let covers = |window: &&Window| window.opens() <= second && second < window.closes();
        let special =
            exceptions(self.definition, date).filter_map(|exception| match exception.hours() {
                DayHours::Special(windows) => Some((exception, *windows.iter().find(covers)?)),
                _ => None,
            });
        if let Some((exception, window)) = special.last() {
            return Some(Reason::SpecialHours {
                date,
                window,
                name: exception.name().to_owned(),
            });
        }
        let window = *self
            .definition
            .week
            .on(date.weekday())
            .iter()
            .find(covers)?;
        Some(Reason::Hours { date, window })
    }

    /// The exception of a date because of which this second is closed: any second of a date that is closed, and those
    /// of windows that an exception took away.
    fn closed_by(&self, (date, second): (NaiveDate, u32), whole_day: bool) -> Option<Reason> {
        let covers = |window: &Window| window.opens() <= second && second < window.closes();
        let ordinary = self.definition.week.on(date.weekday());
        let took_away = |exception: &&Exception| match exception.hours() {
            DayHours::Closed => whole_day || ordinary.iter().any(covers),
            DayHours::ClosedDuring(windows) => windows.iter().any(covers),
            DayHours::Special(_) => ordinary.iter().any(covers),
        };
        let exception = exceptions(self.definition, date).filter(took_away).last()?;
        Some(Reason::Exception {
            date,
            name: exception.name().to_owned(),
        })
    }
}

/// Stretches of two calendars laid over each other.
fn combined(how: Combination, first: &[Stretch], second: &[Stretch]) -> Vec<Stretch> {
    let (mut first, mut second) = (first.iter().peekable(), second.iter().peekable());
    let mut stretches = Vec::new();
    while let (Some(a), Some(b)) = (first.peek(), second.peek()) {
        let (from, to) = (a.from.max(b.from), a.to.min(b.to));
        let reason = Reason::Combined {
            how,
            first: Box::new(a.reason.clone()),
            second: Box::new(b.reason.clone()),
        };
        let stretch = Stretch {
            from,
            to,
            is_open: how.of(a.is_open, b.is_open),
            reason,
        };
        let (a_ends, b_ends) = (a.to == to, b.to == to);
        join(&mut stretches, stretch);
        if a_ends {
            first.next();
        }
        if b_ends {
            second.next();
        }
    }
    stretches
}

/// Adds a stretch, or makes the last one longer when it goes on for the same reason.
pub(super) fn join(stretches: &mut Vec<Stretch>, next: Stretch) {
    match stretches.last_mut() {
        Some(last)
            if last.is_open == next.is_open
                && last.reason == next.reason
                && last.to == next.from =>
        {
            last.to = next.to;
        }
        _ => stretches.push(next),
    }
}
