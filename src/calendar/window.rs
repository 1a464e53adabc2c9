//! A stretch of wall-clock time in which a desk is open, such as `09:00-17:30`.

use std::fmt;
use std::str::FromStr;

use super::error::{InvalidCalendar, Problem};

const DAY: u32 = 86_400;

/// A stretch of wall-clock time that belongs to the date it starts on: `[opens, closes)`, to the second.
///
/// One that closes no later than it opens runs into the next date: `22:00-06:00` is a night shift of eight hours and
/// `04:00-04:00` a whole day. `24:00` is the end of the date.
///
/// ```
/// use helpdesk::calendar::Window;
///
/// let night: Window = "22:00-06:00".parse()?;
/// assert!(night.is_overnight());
/// assert_eq!(night.to_string(), "22:00-06:00");
/// # Ok::<(), helpdesk::calendar::InvalidCalendar>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    // INVARIANT: opens < 86,400 and opens < closes <= opens + 86,400. Past 86,400 lies the next date.
    opens: u32,
    closes: u32,
}

impl Window {
    /// The window between two times of day, each in seconds since midnight (`86_400` closes the date).
    ///
    /// # Errors
    /// A window that would open at or after `24:00`, or close after it.
    pub fn new(opens: u32, closes: u32) -> Result<Window, InvalidCalendar> {
        if opens >= DAY || closes > DAY {
            return Err(Problem::Window(format!("{}-{}", Clock(opens), Clock(closes))).into());
        }
        let closes = if closes > opens { closes } else { closes + DAY };
        Ok(Window { opens, closes })
    }

    /// When it opens, in seconds since the midnight that begins its date.
    pub fn opens(self) -> u32 {
        self.opens
    }

    /// When it closes, in seconds since the midnight that begins its date; more than 86,400 on the next date.
    pub fn closes(self) -> u32 {
        self.closes
    }

    /// Whether a part of it lies on the next date.
    pub fn is_overnight(self) -> bool {
        self.closes > DAY
    }

    /// Whether a second, counted from the midnight that begins its date, lies in it.
    pub(super) fn covers(self, second: u32) -> bool {
        self.opens <= second && second < self.closes
    }

    pub(super) fn span(self) -> (u32, u32) {
        (self.opens, self.closes)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let closes = if self.is_overnight() {
            self.closes - DAY
        } else {
            self.closes
        };
        write!(f, "{}-{}", Clock(self.opens), Clock(closes))
    }
}

impl FromStr for Window {
    type Err = InvalidCalendar;

    fn from_str(text: &str) -> Result<Window, InvalidCalendar> {
        let text = text.trim();
        let (opens, closes) = text
            .split_once(['-', '\u{2013}'])
            .ok_or_else(|| Problem::Window(text.to_owned()))?;
        let (opens, closes) = (time_of_day(opens)?, time_of_day(closes)?);
        Window::new(opens, closes).map_err(|_| Problem::Window(text.to_owned()).into())
    }
}

impl serde::Serialize for Window {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Window {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Window, D::Error> {
        crate::id::read_text(deserializer, "a window such as `09:00-17:00`, as a text,")
    }
}

/// A time of day as people write it: seconds only where there are some.
pub(super) struct Clock(pub(super) u32);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 3600, self.0 / 60 % 60)?;
        match self.0 % 60 {
            0 => Ok(()),
            second => write!(f, ":{second:02}"),
        }
    }
}

/// Windows separated by commas, at least one, in the order of the day.
pub(super) fn windows(text: &str) -> Result<Vec<Window>, InvalidCalendar> {
    let mut windows = text
        .split(',')
        .map(str::parse)
        .collect::<Result<Vec<Window>, _>>()?;
    windows.sort_unstable();
    windows.dedup();
    Ok(windows)
}

/// Windows as text, as [`windows`] reads them.
pub(super) fn list(windows: &[Window]) -> String {
    let texts: Vec<String> = windows.iter().map(Window::to_string).collect();
    texts.join(",")
}

fn time_of_day(text: &str) -> Result<u32, Problem> {
    let text = text.trim();
    let wrong = || Problem::Time(text.to_owned());
    let mut parts = text.split(':');
    let hour = parts
        .next()
        .and_then(|part| number(part, 1))
        .ok_or_else(wrong)?;
    let minute = parts
        .next()
        .and_then(|part| number(part, 2))
        .ok_or_else(wrong)?;
    let second = parts
        .next()
        .map_or(Some(0), |part| number(part, 2))
        .ok_or_else(wrong)?;
    let of_day = hour * 3600 + minute * 60 + second;
    if parts.next().is_some() || minute > 59 || second > 59 || of_day > DAY {
        return Err(wrong());
    }
    Ok(of_day)
}

fn number(digits: &str, at_least: usize) -> Option<u32> {
    let fits =
        (at_least..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if fits { digits.parse().ok() } else { None }
}
