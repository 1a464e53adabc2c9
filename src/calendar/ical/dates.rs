//! The dates that a recurrence rule means, spelled out to the end of the supported range.
//!
//! A rule chooses dates within periods: days, weeks, months or years, every `INTERVAL`-th of them from the one that holds
//! the start. Of each period the dates are looked at one by one, every part of the rule is a test that a date passes or
//! not, and `BYSETPOS` picks among those that passed. What a rule leaves open comes from the start: a yearly rule without
//! any day is on its month and day, a monthly one on its day of the month, a weekly one on its weekday.
//!
//! The start is the first occurrence, and counts as one, whether or not the rule means it (RFC 5545, 3.8.5.3).

use chrono::{Datelike, Days, Months, NaiveDate};

use super::super::LATEST;
use super::recur::{Frequency, Rule};

/// How much looking at dates a feed may still cost.
pub(super) struct Work(usize);

impl Default for Work {
    fn default() -> Work {
        Work(2_000_000)
    }
}

impl Work {
    fn spend(&mut self, amount: usize) -> Option<()> {
        self.0 = self.0.checked_sub(amount)?;
        Some(())
    }
}

/// The dates of a rule from `start` on, which is the first of them. None when that is too much work.
pub(super) fn dates(rule: &Rule, start: NaiveDate, work: &mut Work) -> Option<Vec<NaiveDate>> {
    let rule = Spelled { rule, start };
    let last = rule.rule.until.unwrap_or(NaiveDate::MAX);
    let last = last.min(LATEST.date_naive());
    let most = rule.rule.count.unwrap_or(usize::MAX);
    let mut dates = vec![start];
    let mut number = 0u32;
    while let Some((first, end)) = rule.period(number).filter(|period| period.0 <= last) {
        let days = rule.days(first, end);
        work.spend(1 + days.len() * rule.rule.work())?;
        let here = rule.positioned(days);
        let new = here
            .into_iter()
            .filter(|&date| start < date && date <= last);
        dates.extend(new);
        if dates.len() >= most {
            break;
        }
        let Some(next) = number.checked_add(rule.rule.interval) else {
            break;
        };
        number = next;
    }
    dates.truncate(most);
    Some(dates)
}

/// A rule with the start that completes it.
struct Spelled<'a> {
    rule: &'a Rule,
    start: NaiveDate,
}

impl Spelled<'_> {
    /// The period `number` after that of the start: its first date, and the first one behind it.
    fn period(&self, number: u32) -> Option<(NaiveDate, NaiveDate)> {
        let days = |first: NaiveDate, each: u64| {
            let first = first.checked_add_days(Days::new(each.checked_mul(number.into())?))?;
            Some((first, first.checked_add_days(Days::new(each))?))
        };
        let months = |first: NaiveDate, each: u32| {
            let first = first.checked_add_months(Months::new(each.checked_mul(number)?))?;
            Some((first, first.checked_add_months(Months::new(each))?))
        };
        match self.rule.frequency {
            Frequency::Daily => days(self.start, 1),
            Frequency::Weekly => {
                let week = self.start.week(self.rule.week_starts_on);
                days(week.checked_first_day()?, 7)
            }
            Frequency::Monthly => months(self.start.with_day(1)?, 1),
            Frequency::Yearly => months(self.start.with_day(1)?.with_month(1)?, 12),
        }
    }

    /// The dates of a period that are worth a look: those of its months that the rule does not leave out.
    fn days(&self, first: NaiveDate, end: NaiveDate) -> Vec<NaiveDate> {
        let rule = self.rule;
        if rule.frequency == Frequency::Yearly
            && rule.months.is_empty()
            && self.month_day().is_some()
        {
            return self.start.with_year(first.year()).into_iter().collect();
        }
        let has_month = |date: &NaiveDate| {
            rule.months.is_empty() || rule.months.contains(&(date.month() as i32))
        };
        let mut days = Vec::new();
        let mut begin = first;
        while begin < end {
            let next = begin
                .with_day(1)
                .and_then(|first| first.checked_add_months(Months::new(1)))
                .map_or(end, |next| next.min(end));
            if has_month(&begin) {
                days.extend(begin.iter_days().take_while(|date| *date < next));
            }
            begin = next;
        }
        days
    }

    /// Those of a period's dates that the rule means.
    fn positioned(&self, days: Vec<NaiveDate>) -> Vec<NaiveDate> {
        let mut dates: Vec<NaiveDate> = days.into_iter().filter(|date| self.means(date)).collect();
        let positions = &self.rule.positions;
        if !positions.is_empty() {
            let count = dates.len() as i32;
            let mut place = 0;
            dates.retain(|_| {
                place += 1;
                has_place(positions, place, count)
            });
        }
        dates
    }

    /// Whether a date passes every test of the rule but that of its position.
    fn means(&self, date: &NaiveDate) -> bool {
        let rule = self.rule;
        let (day, of_month) = (date.day() as i32, days_in_month(*date));
        let (ordinal, of_year) = (date.ordinal() as i32, days_in_year(date.year()));
        let is_month_day = match self.month_day() {
            Some(day_of_start) => day == day_of_start,
            None => rule.month_days.is_empty() || has_place(&rule.month_days, day, of_month),
        };
        is_month_day
            && (rule.year_days.is_empty() || has_place(&rule.year_days, ordinal, of_year))
            && (rule.weeks.is_empty() || self.is_in_week(date))
            && self.is_weekday(date)
    }

    /// The day of the month that the start gives a rule which names none and no other kind of day.
    fn month_day(&self) -> Option<i32> {
        let rule = self.rule;
        let has_no_day = rule.month_days.is_empty()
            && rule.weekdays.is_empty()
            && rule.year_days.is_empty()
            && rule.weeks.is_empty();
        let is_long = matches!(rule.frequency, Frequency::Monthly | Frequency::Yearly);
        (has_no_day && is_long).then_some(self.start.day() as i32)
    }

    fn is_weekday(&self, date: &NaiveDate) -> bool {
        let rule = self.rule;
        if rule.weekdays.is_empty() {
            // A rule of weeks alone is on the weekday of the start.
            let is_of_weeks = match rule.frequency {
                Frequency::Weekly => true,
                _ => {
                    !rule.weeks.is_empty()
                        && rule.year_days.is_empty()
                        && rule.month_days.is_empty()
                }
            };
            return !is_of_weeks || date.weekday() == self.start.weekday();
        }
        let of_year = rule.frequency == Frequency::Yearly && rule.months.is_empty();
        let (day, of_all) = if of_year {
            (date.ordinal() as i32, days_in_year(date.year()))
        } else {
            (date.day() as i32, days_in_month(*date))
        };
        let (nth, nth_from_end) = ((day - 1) / 7 + 1, (day - of_all) / 7 - 1);
        rule.weekdays.iter().any(|&(wanted, weekday)| {
            weekday == date.weekday() && (wanted == 0 || wanted == nth || wanted == nth_from_end)
        })
    }

    /// Whether a date lies in one of the weeks of the rule. The first week of a year is the first with at least four days
    /// in it, so the days around New Year may lie in a week of the year before or after.
    fn is_in_week(&self, date: &NaiveDate) -> bool {
        let starts_on = self.rule.week_starts_on;
        let first_of = |year: i32| {
            let fourth = NaiveDate::from_ymd_opt(year, 1, 4)?;
            fourth.week(starts_on).checked_first_day()
        };
        let years = [date.year() + 1, date.year(), date.year() - 1];
        let begun = years
            .into_iter()
            .filter_map(|year| Some((first_of(year)?, first_of(year + 1)?)))
            .find(|(first, _)| first <= date);
        begun.is_some_and(|(first, next)| {
            let (week, weeks) = (
                (*date - first).num_days() / 7,
                (next - first).num_days() / 7,
            );
            has_place(&self.rule.weeks, week as i32 + 1, weeks as i32)
        })
    }
}

/// Whether a list of places names `place`, counted from 1, forwards or backwards from the `count`-th.
fn has_place(places: &[i32], place: i32, count: i32) -> bool {
    places.contains(&place) || places.contains(&(place - count - 1))
}

fn days_in_month(date: NaiveDate) -> i32 {
    let first = date.with_day(1);
    let next = first.and_then(|first| first.checked_add_months(Months::new(1)));
    let length = first.zip(next).map(|(first, next)| next - first);
    length.map_or(31, |length| length.num_days() as i32)
}

fn days_in_year(year: i32) -> i32 {
    NaiveDate::from_ymd_opt(year, 12, 31).map_or(365, |last| last.ordinal() as i32)
}
