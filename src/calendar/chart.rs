//! Calendars as text that people can check at a glance.

use std::fmt::Write;

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};

use super::error::CalendarError;
use super::exception::Exception;
use super::range::{EARLIEST, LATEST};
use super::{Calendar, Layer};

/// The half hours of a day.
const CELLS: i64 = 48;

impl Calendar {
    /// The week of `date` from Monday to Sunday, a line for each day in local time: a mark for every half hour (`#` open,
    /// `+` open in part, `.` closed, a space for time that the clocks skip), its open hours and what is special about it.
    ///
    /// ```
    /// use chrono::NaiveDate;
    /// use helpdesk::calendar::Calendar;
    ///
    /// let office = Calendar::parse("Mon-Fri 9:00-12:00,13:00-17:15; Sat 22:00-6:00", "Europe/Berlin")?;
    /// let week = office.week_chart(NaiveDate::from_ymd_opt(2026, 3, 25).unwrap())?;
    /// let lines: Vec<&str> = week.lines().collect();
    /// assert_eq!(lines[1], "Mon 2026-03-23 ..................######..########+.............  7:15");
    /// assert_eq!(lines[6], "Sat 2026-03-28 ............................................####  2:00");
    /// assert_eq!(lines[7], "Sun 2026-03-29 ####  ######....................................  5:00");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A week that is not wholly within 1970 to 2100.
    pub fn week_chart(&self, date: NaiveDate) -> Result<String, CalendarError> {
        let out_of_range = || CalendarError::DateOutOfRange { date };
        let monday = date
            .week(chrono::Weekday::Mon)
            .checked_first_day()
            .ok_or_else(out_of_range)?;
        self.is_business_day(monday)?;
        self.is_business_day(
            monday
                .checked_add_days(Days::new(6))
                .ok_or_else(out_of_range)?,
        )?;
        let mut text = format!(
            "{} 0     3     6     9     12    15    18    21\n",
            pad(self.zone().name(), 14)
        );
        for date in monday.iter_days().take(7) {
            let (mut line, mut open) = (String::new(), TimeDelta::zero());
            for half_hour in 0..CELLS {
                let (from, to) = self.half_hour(date, half_hour).ok_or_else(out_of_range)?;
                let here = self.elapsed(from, to).map_err(|_| out_of_range())?;
                open += here;
                line.push(match here {
                    _ if from == to => ' ',
                    here if here == to - from => '#',
                    here if here.is_zero() => '.',
                    _ => '+',
                });
            }
            let _ = write!(
                text,
                "{} {date} {line} {:>2}:{:02}",
                date.weekday(),
                open.num_hours(),
                open.num_minutes() % 60
            );
            for (_, exception) in self.exceptions_on(date) {
                let _ = write!(text, "  {}", described(exception));
            }
            text.push('\n');
        }
        Ok(text)
    }

    /// A year in local time, a line for each month and a mark for each day: `#` a business day as its week has it, `.` a
    /// day without hours, `x` one that an exception closes, `%` one with other hours. Below stand the exceptions of the
    /// year by date.
    ///
    /// # Errors
    /// A year outside 1970 to 2100.
    pub fn year_chart(&self, year: i32) -> Result<String, CalendarError> {
        let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(NaiveDate::MAX);
        self.is_business_day(first)?;
        let mut text = format!("{year} {}\n", self.zone());
        if let Some(week) = self.week() {
            let _ = writeln!(text, "{week}");
        }
        let mut listed = String::new();
        let mut month = 0;
        for date in first.iter_days().take_while(|date| date.year() == year) {
            if date.month() != month {
                month = date.month();
                let _ = write!(
                    text,
                    "{}{} ",
                    if month == 1 { "" } else { "\n" },
                    date.format("%b")
                );
            }
            text.push(self.mark(date)?);
            for (layer, exception) in self.exceptions_on(date) {
                let source = if layer.name().is_empty() {
                    String::new()
                } else {
                    format!("  [{}]", layer.name())
                };
                let _ = writeln!(
                    listed,
                    "{date} {}  {}{source}",
                    date.weekday(),
                    described(exception)
                );
            }
        }
        text.push('\n');
        text.push_str(&listed);
        Ok(text)
    }

    fn mark(&self, date: NaiveDate) -> Result<char, CalendarError> {
        let is_business_day = self.is_business_day(date)?;
        let ordinary = self
            .week()
            .is_none_or(|week| !week.on(date.weekday()).is_empty());
        let is_special = self.exceptions_on(date).next().is_some();
        Ok(match (is_business_day, is_special) {
            (true, false) => '#',
            (true, true) => '%',
            (false, true) if ordinary => 'x',
            (false, _) => '.',
        })
    }

    fn exceptions_on(&self, date: NaiveDate) -> impl Iterator<Item = (&Layer, &Exception)> {
        let all = self
            .layers()
            .iter()
            .flat_map(|layer| layer.exceptions().iter().map(move |day| (layer, day)));
        all.filter(move |(_, exception)| exception.when().includes(date))
    }

    /// The instants at which a half hour of a local date begins and ends; the same when the clocks skip it.
    fn half_hour(&self, date: NaiveDate, half_hour: i64) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let zone = self.zone();
        let midnight = date.and_time(chrono::NaiveTime::MIN);
        let at = |half_hour: i64| {
            let (date, rest) = if half_hour == CELLS {
                (date.checked_add_days(Days::new(1))?, 0)
            } else {
                (date, half_hour)
            };
            let midnight = if rest == 0 {
                date.and_time(chrono::NaiveTime::MIN)
            } else {
                midnight
            };
            Some(
                zone.instant_of(midnight.checked_add_signed(TimeDelta::minutes(30 * rest))?)
                    .clamp(EARLIEST, LATEST),
            )
        };
        Some((at(half_hour)?, at(half_hour + 1)?))
    }
}

fn described(exception: &Exception) -> String {
    match exception.name() {
        "" => exception.hours().to_string(),
        name => format!("{} ({name})", exception.hours()),
    }
}

fn pad(text: &str, width: usize) -> String {
    let cut: String = text.chars().take(width).collect();
    format!("{cut:<width$}")
}
