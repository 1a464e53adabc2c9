//! Yearly recurrence, spelled out to the end of the supported range.

use chrono::{Datelike, NaiveDate, Weekday};

use super::super::LATEST;
use super::read;

/// A yearly rule, such as `FREQ=YEARLY;BYMONTH=11;BYDAY=4TH`.
#[derive(Debug, Default)]
pub(super) struct Rule {
    interval: u32,
    count: Option<usize>,
    until: Option<NaiveDate>,
    months: Vec<u32>,
    month_days: Vec<i64>,
    weekdays: Vec<(i64, Weekday)>,
}

/// How much looking at dates a feed may still cost.
pub(super) struct Work(usize);

impl Default for Work {
    fn default() -> Work {
        Work(20_000_000)
    }
}

impl Work {
    fn spend(&mut self, amount: usize) -> Option<()> {
        self.0 = self.0.checked_sub(amount)?;
        Some(())
    }
}

impl Rule {
    pub(super) fn parse(text: &str) -> Option<Rule> {
        let mut rule = Rule {
            interval: 1,
            ..Rule::default()
        };
        let mut is_yearly = false;
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=')?;
            match key.trim().to_ascii_uppercase().as_str() {
                "FREQ" => is_yearly = value.eq_ignore_ascii_case("YEARLY"),
                "INTERVAL" => rule.interval = value.parse().ok().filter(|&years| years > 0)?,
                "COUNT" => rule.count = Some(value.parse().ok()?),
                "UNTIL" => rule.until = Some(read::date(value.split('T').next()?).ok()?),
                "BYMONTH" => {
                    rule.months = list(value, |month| {
                        month.parse().ok().filter(|m| (1..=12).contains(m))
                    })?
                }
                "BYMONTHDAY" => {
                    rule.month_days = list(value, |day| {
                        day.parse()
                            .ok()
                            .filter(|day: &i64| *day != 0 && (-31..=31).contains(day))
                    })?;
                }
                "BYDAY" => rule.weekdays = list(value, weekday)?,
                "WKST" => {}
                _ => return None,
            }
        }
        // The nth weekday of a whole year is a holiday nowhere.
        let is_understood = is_yearly && (rule.weekdays.is_empty() || !rule.months.is_empty());
        is_understood.then_some(rule)
    }

    /// The dates from `start` on; none when that is too much work.
    pub(super) fn dates(&self, start: NaiveDate, work: &mut Work) -> Option<Vec<NaiveDate>> {
        let mut dates = Vec::new();
        let last = self
            .until
            .unwrap_or(NaiveDate::MAX)
            .min(LATEST.date_naive());
        let most = self.count.unwrap_or(usize::MAX);
        let years = (start.year()..=last.year()).step_by(self.interval as usize);
        for year in years {
            let months = if self.months.is_empty() {
                vec![start.month()]
            } else {
                self.months.clone()
            };
            work.spend(months.len() * 31)?;
            let days = months
                .into_iter()
                .flat_map(|month| self.days_of(year, month, start.day()));
            let mut days: Vec<NaiveDate> =
                days.filter(|day| start <= *day && *day <= last).collect();
            days.sort_unstable();
            days.dedup();
            dates.extend(days);
            if dates.len() >= most {
                dates.truncate(most);
                break;
            }
        }
        Some(dates)
    }

    fn days_of(
        &self,
        year: i32,
        month: u32,
        day_of_start: u32,
    ) -> impl Iterator<Item = NaiveDate> + '_ {
        let first = NaiveDate::from_ymd_opt(year, month, 1);
        let days = first
            .into_iter()
            .flat_map(|first| first.iter_days().take(31));
        let days = days.filter(move |day| day.month() == month);
        let length = (28..=31)
            .rev()
            .find(|&day| NaiveDate::from_ymd_opt(year, month, day).is_some())
            .unwrap_or(28);
        days.filter(move |date| {
            let day = i64::from(date.day());
            let from_end = day - i64::from(length) - 1;
            let nth = (day - 1) / 7 + 1;
            let nth_from_end = (from_end + 1) / 7 - 1;
            let is_weekday = |&(ordinal, weekday): &(i64, Weekday)| {
                weekday == date.weekday()
                    && (ordinal == 0 || ordinal == nth || ordinal == nth_from_end)
            };
            match (self.month_days.is_empty(), self.weekdays.is_empty()) {
                (true, true) => date.day() == day_of_start,
                (by_any_day, by_any_weekday) => {
                    (by_any_day
                        || self.month_days.contains(&day)
                        || self.month_days.contains(&from_end))
                        && (by_any_weekday || self.weekdays.iter().any(is_weekday))
                }
            }
        })
    }
}

fn list<T>(text: &str, item: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    let items: Vec<T> = text
        .split(',')
        .take(400)
        .map(|one| item(one.trim()))
        .collect::<Option<_>>()?;
    (items.len() < 400).then_some(items)
}

/// `MO` (any), `4TH` or `-1MO`.
fn weekday(text: &str) -> Option<(i64, Weekday)> {
    let (ordinal, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let weekday = match name.to_ascii_uppercase().as_str() {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return None,
    };
    let ordinal = match ordinal.trim_start_matches('+') {
        "" => 0,
        number => number
            .parse()
            .ok()
            .filter(|nth: &i64| *nth != 0 && (-5..=5).contains(nth))?,
    };
    Some((ordinal, weekday))
}
