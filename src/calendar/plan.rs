//! What each local date has to offer: the windows that start on it, once layers and exceptions have had their say.
//!
//! Everything here lives on the wall clock: a date is a day number, a window a span of seconds since its midnight.

use super::day_spans::{DaySpans, Place, joined};
use super::definition::{Definition, Overnight};
use super::error::{InvalidCalendar, Problem};
use super::exception::{DayHours, Exception};
use super::range::{FIRST_DAY, LAST_DAY, day_number, weekday};

pub(super) const DAY: u32 = 86_400;

/// Seconds since a date's midnight; at most two days.
pub(super) type Span = (u32, u32);

/// The spans of every date, in order and disjoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    week: [Box<[Span]>; 7],
    days: Box<[Special]>,
    spans: Box<[Span]>,
    /// The dates that the zone leaves out, ascending: what is planned for them has no day to begin on.
    missing: Box<[i32]>,
}

/// A date that does not follow the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Special {
    pub(super) day: i32,
    list: Place,
    /// How many more dates before this one have hours than the week alone would give them.
    more_before: i32,
}

impl Special {
    fn new(day: i32, list: Place) -> Special {
        Special {
            day,
            list,
            more_before: 0,
        }
    }

    /// 1 for a date that has hours though its weekday has none, -1 the other way round, else 0.
    fn more_than(&self, ordinary: &[Span]) -> i32 {
        i32::from(self.list.1 > 0) - i32::from(!ordinary.is_empty())
    }
}

/// How many dates all exceptions of a calendar may add up to, each counted as often as it is named.
const MOST_DATES: usize = 1_000_000;

impl Plan {
    pub(super) fn of(definition: &Definition) -> Result<Plan, InvalidCalendar> {
        let week: [Box<[Span]>; 7] = std::array::from_fn(|day| {
            let windows = definition.week.day(day).iter().map(|window| window.span());
            joined(windows).into_boxed_slice()
        });
        let mut plan = Plan {
            week,
            missing: definition.zone.missing_days().into_boxed_slice(),
            ..Plan::default()
        };
        if definition.layers.is_empty() {
            return Ok(plan);
        }
        let named = named_dates(definition)?;
        let mut days: Vec<Special> = Vec::with_capacity(named.len());
        let mut spans = DaySpans::new(definition, &plan.week);
        let mut rest = named.as_slice();
        while let Some(&(day, ..)) = rest.first() {
            let count = rest.iter().take_while(|named| named.0 == day).count();
            let (here, later) = rest.split_at(count);
            rest = later;
            if definition.overnight == Overnight::CutAtMidnight {
                let before = days.pop_if(|special| special.day == day - 1);
                let so_far = before.map(|special| special.list);
                let list = spans.cut(day, so_far, here)?.or(so_far);
                days.extend(list.map(|list| Special::new(day - 1, list)));
            }
            days.push(Special::new(day, spans.on(day, here)?));
        }
        let spans = spans.finish();
        let mut more = 0;
        for special in &mut days {
            special.more_before = more;
            more += special.more_than(plan.ordinary(special.day));
        }
        days.shrink_to_fit();
        plan.days = days.into_boxed_slice();
        plan.spans = spans;
        Ok(plan)
    }

    /// The spans that start on a date.
    pub(super) fn on(&self, day: i32) -> &[Span] {
        match self.days.binary_search_by_key(&day, |special| special.day) {
            Ok(place) => self
                .days
                .get(place)
                .map_or(&[], |special| self.special(special)),
            Err(_) => self.ordinary(day),
        }
    }

    /// The spans that the week alone gives a date.
    pub(super) fn ordinary(&self, day: i32) -> &[Span] {
        self.week.get(weekday(day)).map_or(&[], |spans| spans)
    }

    /// Whether windows start on a date. On one that the zone leaves out none does.
    pub(super) fn has_hours(&self, day: i32) -> bool {
        !self.on(day).is_empty() && self.missing.binary_search(&day).is_err()
    }

    /// How many dates before `day` have hours, counted from a date before all that calendars answer for.
    pub(super) fn days_before(&self, day: i32) -> i64 {
        let weeks = day.saturating_sub(FIRST_DAY).div_euclid(7);
        let in_last = FIRST_DAY + weeks * 7..day;
        let a_week = self.week.iter().filter(|spans| !spans.is_empty()).count() as i64;
        let in_last = in_last
            .filter(|&day| !self.ordinary(day).is_empty())
            .count() as i64;
        let special = self.days.partition_point(|special| special.day < day);
        let more = match (self.days.get(special), self.days.last()) {
            (Some(next), _) => next.more_before,
            (None, Some(last)) => last.more_before + last.more_than(self.ordinary(last.day)),
            (None, None) => 0,
        };
        let missing = self.missing.iter().filter(|missing| **missing < day);
        let missing = missing.filter(|missing| !self.on(**missing).is_empty());
        i64::from(weeks) * a_week + in_last + i64::from(more) - missing.count() as i64
    }

    /// A number that dates with the same spans share.
    pub(super) fn list_on(&self, day: i32) -> u32 {
        match self.days.binary_search_by_key(&day, |special| special.day) {
            Ok(place) => self
                .days
                .get(place)
                .map_or(0, |special| match special.list {
                    (_, 0) => 7,
                    (first, _) => first.saturating_add(8),
                }),
            Err(_) => weekday(day) as u32,
        }
    }

    /// The bytes of what it holds.
    pub(super) fn bytes(&self) -> usize {
        let week = self.week.iter().map(|spans| size_of_val(spans.as_ref()));
        let missing = size_of_val(self.missing.as_ref());
        week.sum::<usize>()
            + missing
            + size_of_val(self.days.as_ref())
            + size_of_val(self.spans.as_ref())
    }

    /// The dates that do not follow the week, ascending.
    pub(super) fn special_days(&self) -> &[Special] {
        &self.days
    }

    fn special(&self, special: &Special) -> &[Span] {
        let (first, count) = (special.list.0 as usize, special.list.1 as usize);
        self.spans.get(first..first + count).unwrap_or_default()
    }
}

/// An exception's mention of a date: day, layer, rank within the layer, index in the layer. In this order they apply.
pub(super) type Named = (i32, u32, u8, u32);

/// All dates that exceptions name, with those that matter on each: of the ones that set a whole date only the strongest
/// of each layer, then the part closings.
pub(super) fn named_dates(definition: &Definition) -> Result<Vec<Named>, InvalidCalendar> {
    let mut named: Vec<Named> = Vec::new();
    for (layer, days) in (0u32..).zip(&definition.layers) {
        for (index, exception) in (0u32..).zip(&days.days) {
            let rank = rank(exception);
            for_each_day(exception, |day| named.push((day, layer, rank, index)));
            if named.len() > MOST_DATES {
                let found = named.len();
                return Err(Problem::TooMany {
                    what: "dates with exceptions",
                    found,
                    limit: MOST_DATES,
                }
                .into());
            }
        }
    }
    named.sort_unstable();
    named.dedup();
    Ok(named)
}

/// The order in which the exceptions of one layer apply to a date: a later rank is applied later, and so wins.
pub(super) fn rank(exception: &Exception) -> u8 {
    match (exception.hours(), exception.when().is_yearly()) {
        (DayHours::Closed, true) => 0,
        (DayHours::Special(_), true) => 1,
        (DayHours::Closed, false) => 2,
        (DayHours::Special(_), false) => 3,
        (DayHours::ClosedDuring(_), _) => 4,
    }
}

fn for_each_day(exception: &Exception, mut visit: impl FnMut(i32)) {
    let when = exception.when();
    let years = if when.is_yearly() { 1969..=2101 } else { 0..=0 };
    for (first, last) in years.filter_map(|year| when.stretch_from(year)) {
        let (first, last) = (
            day_number(first).max(FIRST_DAY),
            day_number(last).min(LAST_DAY),
        );
        (first..=last).for_each(&mut visit);
    }
}
