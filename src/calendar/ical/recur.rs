//! Recurrence rules of whole days, as they are written (`RRULE`, RFC 5545, section 3.3.10).
//!
//! All of the format that can be said of days is read: daily, weekly, monthly and yearly rules with every `BY...` part that
//! the format allows beside that frequency. What it forbids is refused by name, and so are hours, minutes and seconds as a
//! frequency: there is no sense in a day that is closed every three hours. Which dates a rule means, [`dates`](super::dates)
//! works out.

use chrono::{NaiveDate, Weekday};

use super::read::{self, Problem, shortened};

/// A rule, such as `FREQ=YEARLY;BYMONTH=11;BYDAY=4TH`. A list is empty where the rule has no such part.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) frequency: Frequency,
    pub(super) interval: u32,
    pub(super) count: Option<usize>,
    pub(super) until: Option<NaiveDate>,
    pub(super) week_starts_on: Weekday,
    /// 1 to 12.
    pub(super) months: Vec<i32>,
    /// 1 to 53, or -53 to -1 counted from the last week of the year.
    pub(super) weeks: Vec<i32>,
    /// 1 to 366, or counted from the last day of the year.
    pub(super) year_days: Vec<i32>,
    /// 1 to 31, or counted from the last day of the month.
    pub(super) month_days: Vec<i32>,
    /// A weekday, and which one of its month or year, 0 for any.
    pub(super) weekdays: Vec<(i32, Weekday)>,
    /// Which of the dates of a period, 1 to 366, or counted from the last one.
    pub(super) positions: Vec<i32>,
}

/// The period in which the other parts of a rule choose dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

impl Rule {
    pub(super) fn parse(text: &str) -> Result<Rule, Problem> {
        let parts = || text.split(';').filter(|part| !part.trim().is_empty());
        let mut rule = Rule::of(frequency(text, parts())?);
        for part in parts() {
            let wrong = || Problem::Recurrence(shortened(part));
            let (key, value) = part.split_once('=').ok_or_else(wrong)?;
            let value = value.trim();
            rule.read(&key.trim().to_ascii_uppercase(), value)
                .ok_or_else(wrong)?;
        }
        rule.check()
    }

    fn of(frequency: Frequency) -> Rule {
        Rule {
            frequency,
            interval: 1,
            count: None,
            until: None,
            week_starts_on: Weekday::Mon,
            months: Vec::new(),
            weeks: Vec::new(),
            year_days: Vec::new(),
            month_days: Vec::new(),
            weekdays: Vec::new(),
            positions: Vec::new(),
        }
    }

    /// Reads one part. None when it is not known or its value not in range.
    fn read(&mut self, key: &str, value: &str) -> Option<()> {
        match key {
            "FREQ" => {}
            "INTERVAL" => self.interval = value.parse().ok().filter(|&periods| periods > 0)?,
            "COUNT" => self.count = Some(value.parse().ok().filter(|&count| count > 0)?),
            "UNTIL" => self.until = Some(read::date(value.split('T').next()?).ok()?),
            "WKST" => self.week_starts_on = weekday(value)?,
            "BYMONTH" => self.months = list(value, |one| number(one, 12).filter(|&one| one > 0))?,
            "BYWEEKNO" => self.weeks = list(value, |one| number(one, 53))?,
            "BYYEARDAY" => self.year_days = list(value, |one| number(one, 366))?,
            "BYMONTHDAY" => self.month_days = list(value, |one| number(one, 31))?,
            "BYSETPOS" => self.positions = list(value, |one| number(one, 366))?,
            "BYDAY" => self.weekdays = list(value, nth_weekday)?,
            // Beside a date that has no time of day they are to be ignored, says the format.
            "BYHOUR" | "BYMINUTE" | "BYSECOND" => {}
            _ => return None,
        }
        Some(())
    }

    /// How much work one date is, as a multiple of that of a short rule.
    pub(super) fn work(&self) -> usize {
        let lists = [
            &self.months,
            &self.weeks,
            &self.year_days,
            &self.month_days,
            &self.positions,
        ];
        let items: usize = lists.iter().map(|list| list.len()).sum();
        1 + (items + self.weekdays.len()) / 16
    }

    /// Refuses parts that the format does not allow beside each other.
    fn check(self) -> Result<Rule, Problem> {
        use Frequency::{Daily, Monthly, Weekly, Yearly};
        let has_nth = self.weekdays.iter().any(|&(nth, _)| nth != 0);
        let has_days = !self.weekdays.is_empty()
            || !self.month_days.is_empty()
            || !self.year_days.is_empty()
            || !self.weeks.is_empty()
            || !self.months.is_empty();
        let only = |part, beside| Err(Problem::NotBeside { part, beside });
        match self.frequency {
            Daily | Weekly | Monthly if !self.weeks.is_empty() => {
                only("`BYWEEKNO`", "`FREQ=YEARLY`")
            }
            Daily | Weekly | Monthly if !self.year_days.is_empty() => {
                only("`BYYEARDAY`", "`FREQ=YEARLY`")
            }
            Weekly if !self.month_days.is_empty() => only(
                "`BYMONTHDAY`",
                "`FREQ=DAILY`, `FREQ=MONTHLY` or `FREQ=YEARLY`",
            ),
            Daily | Weekly if has_nth => {
                only("`BYDAY` with a number", "`FREQ=MONTHLY` or `FREQ=YEARLY`")
            }
            Yearly if has_nth && !self.weeks.is_empty() => {
                only("`BYDAY` with a number", "a rule without `BYWEEKNO`")
            }
            _ if !self.positions.is_empty() && !has_days => only(
                "`BYSETPOS`",
                "another part that chooses days, such as `BYDAY`",
            ),
            _ => Ok(self),
        }
    }
}

fn frequency<'a>(
    text: &str,
    mut parts: impl Iterator<Item = &'a str>,
) -> Result<Frequency, Problem> {
    let value = parts.find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case("FREQ").then_some(value)
    });
    let value = value.ok_or_else(|| Problem::Frequency(shortened(text)))?;
    match value.trim().to_ascii_uppercase().as_str() {
        "DAILY" => Ok(Frequency::Daily),
        "WEEKLY" => Ok(Frequency::Weekly),
        "MONTHLY" => Ok(Frequency::Monthly),
        "YEARLY" => Ok(Frequency::Yearly),
        _ => Err(Problem::Frequency(shortened(&format!("FREQ={value}")))),
    }
}

/// How many items a list of a rule may have: as many as the longest list that says each thing once.
const MOST_ITEMS: usize = 2 * 366;

fn list<T>(text: &str, item: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    let items = text.split(',').take(MOST_ITEMS + 1);
    let items: Vec<T> = items.map(|one| item(one.trim())).collect::<Option<_>>()?;
    (items.len() <= MOST_ITEMS).then_some(items)
}

/// A number from 1 to `most`, or from `-most` to -1.
fn number(text: &str, most: i32) -> Option<i32> {
    let number: i32 = text.parse().ok()?;
    (number != 0 && (-most..=most).contains(&number)).then_some(number)
}

/// `MO` (any), `4TH` or `-1MO`.
fn nth_weekday(text: &str) -> Option<(i32, Weekday)> {
    let (nth, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let nth = if nth.is_empty() { 0 } else { number(nth, 53)? };
    Some((nth, weekday(name)?))
}

fn weekday(name: &str) -> Option<Weekday> {
    match name.to_ascii_uppercase().as_str() {
        "MO" => Some(Weekday::Mon),
        "TU" => Some(Weekday::Tue),
        "WE" => Some(Weekday::Wed),
        "TH" => Some(Weekday::Thu),
        "FR" => Some(Weekday::Fri),
        "SA" => Some(Weekday::Sat),
        "SU" => Some(Weekday::Sun),
        _ => None,
    }
}
