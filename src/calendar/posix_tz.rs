//! The rule at the end of a TZif file, such as `CET-1CEST,M3.5.0,M10.5.0/3`: one offset, or two and the days of the year
//! on which they take turns.

use chrono::{Datelike, Days, NaiveDate};

use super::offsets::Offsets;
use super::range::{DAY_S, day_number};

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// Offsets are in seconds east of UTC.
    standard: i32,
    summer: Option<Summer>,
}

#[derive(Debug, PartialEq, Eq)]
struct Summer {
    offset: i32,
    begins: Turn,
    ends: Turn,
}

/// A wall-clock moment of every year, by the clock that is about to change.
#[derive(Debug, PartialEq, Eq)]
struct Turn {
    day: DayOfYear,
    /// Seconds since the midnight that begins the day; may be negative or more than a day.
    time: i32,
}

#[derive(Debug, PartialEq, Eq)]
enum DayOfYear {
    /// `Jn`: 1 to 365, 29 February not counted.
    Julian(i32),
    /// `n`: 0 to 365, 29 February counted.
    Ordinal(i32),
    /// `Mm.w.d`: the w-th weekday d (0 is Sunday) of a month, the last one for 5.
    Weekday { month: u32, week: i32, day: i32 },
}

impl Rule {
    pub(super) fn parse(text: &str) -> Option<Rule> {
        let mut rest = text;
        name(&mut rest)?;
        let standard = -clock(&mut rest, 24)?;
        if rest.is_empty() {
            return Some(Rule {
                standard,
                summer: None,
            });
        }
        name(&mut rest)?;
        let offset = if rest.starts_with(',') {
            standard + 3600
        } else {
            -clock(&mut rest, 24)?
        };
        let begins = turn(&mut rest)?;
        let ends = turn(&mut rest)?;
        let summer = Some(Summer {
            offset,
            begins,
            ends,
        });
        rest.is_empty().then_some(Rule { standard, summer })
    }

    /// Adds the changes after `from` and before `to`.
    pub(super) fn changes(&self, from: i64, to: i64, offsets: &mut Offsets) {
        let Some(summer) = &self.summer else {
            if offsets.changes.is_empty() {
                offsets.first = self.standard;
            }
            return;
        };
        let mut turns: Vec<(i64, i32)> = (1969..=2101)
            .flat_map(|year| {
                let begins = summer
                    .begins
                    .in_year(year)
                    .map(|wall| (wall - i64::from(self.standard), summer.offset));
                let ends = summer
                    .ends
                    .in_year(year)
                    .map(|wall| (wall - i64::from(summer.offset), self.standard));
                [begins, ends]
            })
            .flatten()
            .collect();
        // Where both fall together, as in zones with summer time all year, summer time goes on.
        turns.sort_unstable_by_key(|&(second, offset)| (second, offset == summer.offset));
        turns.retain(|&(second, _)| second > from && second < to);
        for (second, offset) in turns {
            match offsets.changes.last_mut().filter(|last| last.0 == second) {
                Some(last) => last.1 = offset,
                None => offsets.changes.push((second, offset)),
            }
        }
    }
}

impl Turn {
    /// The moment in a year, as wall-clock seconds since 1970.
    fn in_year(&self, year: i32) -> Option<i64> {
        let new_year = NaiveDate::from_ymd_opt(year, 1, 1)?;
        let day = match self.day {
            DayOfYear::Julian(day) => {
                day_number(new_year) + day - 1 + i32::from(new_year.leap_year() && day > 59)
            }
            DayOfYear::Ordinal(day) => day_number(new_year) + day,
            DayOfYear::Weekday { month, week, day } => {
                let first = NaiveDate::from_ymd_opt(year, month, 1)?;
                let to_first = (day - first.weekday().num_days_from_sunday() as i32).rem_euclid(7);
                let nth = first.checked_add_days(Days::new((to_first + 7 * (week - 1)) as u64))?;
                day_number(nth) - if nth.month() == month { 0 } else { 7 }
            }
        };
        Some(i64::from(day) * DAY_S + i64::from(self.time))
    }
}

/// A zone's short name, letters or anything in angle brackets: three characters at least.
fn name(rest: &mut &str) -> Option<()> {
    let length = match rest.strip_prefix('<') {
        Some(quoted) => quoted.find('>')? + 2,
        None => rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len()),
    };
    *rest = rest.get(length..)?;
    (length >= 3).then_some(())
}

/// `[+-]h[h[h]][:mm[:ss]]` in seconds.
fn clock(rest: &mut &str, most_hours: i32) -> Option<i32> {
    let sign = if rest.starts_with('-') { -1 } else { 1 };
    *rest = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    let mut seconds = number(rest, most_hours)? * 3600;
    for unit in [60, 1] {
        if let Some(part) = rest.strip_prefix(':') {
            *rest = part;
            seconds += number(rest, 59)? * unit;
        }
    }
    Some(sign * seconds)
}

/// `,date[/time]`
fn turn(rest: &mut &str) -> Option<Turn> {
    *rest = rest.strip_prefix(',')?;
    let day = if let Some(julian) = rest.strip_prefix('J') {
        *rest = julian;
        DayOfYear::Julian(number(rest, 365).filter(|&day| day > 0)?)
    } else if let Some(weekday) = rest.strip_prefix('M') {
        *rest = weekday;
        let month = number(rest, 12).filter(|&month| month > 0)? as u32;
        *rest = rest.strip_prefix('.')?;
        let week = number(rest, 5).filter(|&week| week > 0)?;
        *rest = rest.strip_prefix('.')?;
        DayOfYear::Weekday {
            month,
            week,
            day: number(rest, 6)?,
        }
    } else {
        DayOfYear::Ordinal(number(rest, 365)?)
    };
    let time = match rest.strip_prefix('/') {
        Some(time) => {
            *rest = time;
            clock(rest, 167)?
        }
        None => 7200,
    };
    Some(Turn { day, time })
}

fn number(rest: &mut &str, most: i32) -> Option<i32> {
    let length = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    let number = rest
        .get(..length)?
        .parse()
        .ok()
        .filter(|&number| number <= most)?;
    *rest = rest.get(length..)?;
    Some(number)
}
