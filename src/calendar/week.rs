//! The ordinary week: which windows each weekday has, and the text people write it in.

use std::fmt;
use std::str::FromStr;

use chrono::Weekday;

use super::error::{InvalidCalendar, Problem, few};
use super::window::{self, Window};

const NAMES: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// No day of a calendar may list more windows than this.
const MOST_WINDOWS: usize = 1_440;

/// The windows of the seven weekdays.
///
/// Written as lists of days, each with its windows, separated by semicolons:
/// `Mon-Fri 09:00-12:00,13:00-18:00; Sat 10:00-14:00`. A range of days may wrap (`Sun-Thu`, `Sat-Mon`), days may be
/// listed (`Mon,Wed 09:00-17:00`), `daily` is all of them, and a day named twice has the windows of both.
///
/// ```
/// use helpdesk::calendar::Week;
///
/// let week: Week = "sun-thu 8:00-16:00".parse()?;
/// assert_eq!(week.to_string(), "Mon-Thu,Sun 08:00-16:00");
/// assert!(week.on(chrono::Weekday::Fri).is_empty());
/// # Ok::<(), helpdesk::calendar::InvalidCalendar>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Week {
    days: [Vec<Window>; 7],
}

impl Week {
    /// A week without any hours, to add to.
    pub fn new() -> Week {
        Week::default()
    }

    /// The same week with another window on `day`.
    #[must_use]
    pub fn and(mut self, day: Weekday, window: Window) -> Week {
        self.add(day.num_days_from_monday() as usize, window);
        self
    }

    /// The windows that start on a weekday, in the order of the day. They may touch and overlap.
    pub fn on(&self, day: Weekday) -> &[Window] {
        self.day(day.num_days_from_monday() as usize)
    }

    /// Whether no day has a window.
    pub fn is_empty(&self) -> bool {
        self.days.iter().all(Vec::is_empty)
    }

    /// The windows of a day, counted from Monday = 0.
    pub(super) fn day(&self, day: usize) -> &[Window] {
        self.days.get(day).map_or(&[], Vec::as_slice)
    }

    pub(super) fn check(&self) -> Result<(), Problem> {
        if self.is_empty() {
            return Err(Problem::EmptyWeek);
        }
        self.days
            .iter()
            .try_for_each(|windows| few_windows(windows.len()))
    }

    fn add(&mut self, day: usize, window: Window) {
        let Some(windows) = self.days.get_mut(day) else {
            return;
        };
        if let Err(place) = windows.binary_search(&window) {
            windows.insert(place, window);
        }
    }
}

/// Refuses more windows than a day may have.
fn few_windows(found: usize) -> Result<(), Problem> {
    few("windows on one day", found, MOST_WINDOWS)
}

impl FromStr for Week {
    type Err = InvalidCalendar;

    fn from_str(text: &str) -> Result<Week, InvalidCalendar> {
        let mut week = Week::new();
        for part in text
            .split(';')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let digit = part
                .find(|c: char| c.is_ascii_digit())
                .ok_or_else(|| Problem::DayList(part.to_owned()))?;
            let (days, hours) = part.split_at(digit);
            let days = days.trim().trim_end_matches(':');
            if days.is_empty() {
                return Err(Problem::DayList(part.to_owned()).into());
            }
            let windows = window::windows(hours)?;
            few_windows(windows.len())?;
            let mut named = [false; 7];
            for days in days.split(',') {
                for day in day_range(days)? {
                    named[day] = true;
                }
            }
            for day in (0..7).filter(|&day| named[day]) {
                windows.iter().for_each(|&window| week.add(day, window));
                few_windows(week.day(day).len())?;
            }
        }
        week.check()?;
        Ok(week)
    }
}

/// The days of `Mon`, `Mon-Fri`, `Sat-Mon` or `daily`, counted from Monday = 0.
fn day_range(text: &str) -> Result<impl Iterator<Item = usize>, Problem> {
    let (first, last) = match text.split_once(['-', '\u{2013}']) {
        Some((first, last)) => (day_name(first)?, day_name(last)?),
        None if text.trim().eq_ignore_ascii_case("daily") => (0, 6),
        None => (day_name(text)?, day_name(text)?),
    };
    let count = (last + 7 - first) % 7 + 1;
    Ok((first..first + count).map(|day| day % 7))
}

fn day_name(text: &str) -> Result<usize, Problem> {
    let text = text.trim();
    let known = NAMES.iter().position(|name| {
        let enough = (2..=name.len()).contains(&text.len());
        enough
            && name
                .get(..text.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(text))
    });
    known.ok_or_else(|| Problem::DayName(text.to_owned()))
}

/// The same text that is parsed; days with equal windows stand together.
impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut written: Vec<&[Window]> = vec![&[]];
        let mut first = true;
        for windows in &self.days {
            if written.contains(&windows.as_slice()) {
                continue;
            }
            written.push(windows);
            if !std::mem::take(&mut first) {
                f.write_str("; ")?;
            }
            write!(
                f,
                "{} {}",
                DayList(&self.days, windows),
                window::list(windows)
            )?;
        }
        Ok(())
    }
}

/// The days that have exactly these windows, runs of them as ranges.
struct DayList<'a>(&'a [Vec<Window>; 7], &'a [Window]);

impl fmt::Display for DayList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has = |day: usize| self.0.get(day).is_some_and(|windows| windows == self.1);
        let short = |day: usize| {
            NAMES
                .get(day)
                .and_then(|name| name.get(..3))
                .unwrap_or_default()
        };
        let mut comma = "";
        let mut day = 0;
        while day < 7 {
            let run = (day..7).take_while(|&day| has(day)).count();
            match run {
                0 => {}
                1 => write!(f, "{comma}{}", short(day))?,
                _ => write!(f, "{comma}{}-{}", short(day), short(day + run - 1))?,
            }
            if run > 0 {
                comma = ",";
            }
            day += run.max(1);
        }
        Ok(())
    }
}

impl serde::Serialize for Week {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Week {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Week, D::Error> {
        let what = "opening hours such as `Mon-Fri 09:00-17:00`, as a text,";
        crate::id::read_text(deserializer, what)
    }
}
