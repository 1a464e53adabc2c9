//! From bytes to holidays.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};

use super::dates::{Work, dates};
use super::recur::Rule;
use super::{Feed, Holiday};

const MOST_BYTES: usize = 16 << 20;
const MOST_LINE: usize = 64 << 10;
const MOST_DEPTH: usize = 16;
const MOST_EVENTS: usize = 50_000;
const MOST_HOLIDAYS: usize = 200_000;
pub(super) const MOST_DAYS: u64 = 400;

/// How much text the names come to, written out for every day.
pub(super) const MOST_NAMES: usize = 64 << 20;

/// What a name takes on one day: itself, and the place where it is noted.
pub(super) fn name_on_a_day(name: &str) -> usize {
    name.len() + size_of::<&str>()
}

/// Why a feed cannot be used, and in which line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the feed: {problem}")]
pub struct InvalidFeed {
    line: usize,
    problem: Problem,
}

impl InvalidFeed {
    /// The number of the line, from 1; of a folded one that of its first part, for an event as a whole that of its end.
    pub fn line(&self) -> usize {
        self.line
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    #[error("it is not UTF-8 text")]
    NotText,
    #[error("`{0}` is not a line of an iCalendar file: a name, a colon, a value")]
    NotALine(String),
    #[error("the file does not begin with `BEGIN:VCALENDAR`")]
    NotACalendar,
    #[error("`END:{0}` ends what has not begun")]
    WrongEnd(String),
    #[error("the file ends within `{0}`")]
    Unfinished(String),
    #[error("`{0}` is not a date, such as `20261225`")]
    Date(String),
    #[error("`{0}` is not a whole number of days, such as `P1D`")]
    Duration(String),
    #[error("the event has no `DTSTART`")]
    NoStart,
    #[error("the event ends before it begins")]
    EndsFirst,
    #[error(
        "`{0}` is not a recurrence of days: write `FREQ=DAILY`, `FREQ=WEEKLY`, `FREQ=MONTHLY` or `FREQ=YEARLY`"
    )]
    Frequency(String),
    #[error(
        "`{0}` is not a part of a recurrence that is understood: `INTERVAL`, `COUNT`, `UNTIL`, `WKST`, `BYMONTH`, `BYWEEKNO`, `BYYEARDAY`, `BYMONTHDAY`, `BYDAY` and `BYSETPOS` are, each with values in its range"
    )]
    Recurrence(String),
    #[error("{part} is allowed only beside {beside}")]
    NotBeside {
        part: &'static str,
        beside: &'static str,
    },
    #[error(
        "`RANGE` changes all later dates of a recurrence, which is not understood: list the dates one by one"
    )]
    Range,
    #[error("`EXRULE` is no part of the format any more: list the dates under `EXDATE`")]
    ExceptionRule,
    #[error("there are too many or too long {0}")]
    TooMuch(&'static str),
}

pub(super) fn feed(bytes: &[u8]) -> Result<Feed, InvalidFeed> {
    let at = |line: usize| move |problem: Problem| InvalidFeed { line, problem };
    if bytes.len() > MOST_BYTES {
        return Err(at(1)(Problem::TooMuch("bytes")));
    }
    let mut reader = Reader::default();
    let mut last = 1;
    for (number, line) in unfolded(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)) {
        last = number;
        if line.len() > MOST_LINE {
            return Err(at(number)(Problem::TooMuch("characters in a line")));
        }
        let line = str::from_utf8(&line).map_err(|_| at(number)(Problem::NotText))?;
        if !line.is_empty() {
            reader.line(line).map_err(at(number))?;
        }
    }
    reader.finish().map_err(at(last))
}

/// The logical lines with the number of the first physical one: a line that begins with a space goes on with the last. In bytes, as
/// a fold may cut a character in two (RFC 5545, 3.1).
fn unfolded(bytes: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    let mut physical = bytes
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .enumerate()
        .peekable();
    std::iter::from_fn(move || {
        let (number, first) = physical.next()?;
        let mut line = first.to_owned();
        let goes_on = |line: &[u8]| matches!(line, [b' ' | b'\t', ..]);
        while let Some((_, more)) = physical.next_if(|(_, line)| goes_on(line)) {
            if line.len() <= MOST_LINE {
                line.extend_from_slice(more.get(1..).unwrap_or_default());
            }
        }
        Some((number + 1, line))
    })
}

#[derive(Default)]
struct Reader {
    open: Vec<String>,
    event: Event,
    events: usize,
    work: Work,
    names: usize,
    /// How many dates the events begin on.
    starts: usize,
    /// The events so far, each with its `UID`.
    read: Vec<(String, SpelledOut)>,
    /// The dates of recurrences that other events take the place of, by `UID`.
    replaced: HashMap<String, Vec<NaiveDate>>,
    feed: Feed,
}

/// The event being read.
#[derive(Default)]
struct Event {
    start: Option<NaiveDate>,
    end: Option<NaiveDate>,
    /// What is written, where it is no number of whole days: so it is of an event with a time of day, which shows only at its end.
    days: Option<Result<u64, String>>,
    name: String,
    rules: Vec<String>,
    has_exception_rule: bool,
    also: Vec<NaiveDate>,
    not: Vec<NaiveDate>,
    uid: String,
    /// The date of the event with the same `UID` that it takes the place of.
    replaces: Option<NaiveDate>,
    /// It has a time of day, or is cancelled.
    is_other: bool,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), Problem> {
        let (name, parameters, value) =
            property(line).ok_or_else(|| Problem::NotALine(shortened(line)))?;
        let name = name.to_ascii_uppercase();
        if self.open.is_empty() && !(name == "BEGIN" && value.eq_ignore_ascii_case("VCALENDAR")) {
            return Err(Problem::NotACalendar);
        }
        match name.as_str() {
            "BEGIN" => self.begin(value),
            "END" => self.end(value),
            _ if self.open.len() == 2 && self.open.last().is_some_and(|open| open == "VEVENT") => {
                self.event.property(&name, parameters, value)
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, component: &str) -> Result<(), Problem> {
        if self.open.len() >= MOST_DEPTH {
            return Err(Problem::TooMuch("components inside each other"));
        }
        self.open.push(component.to_ascii_uppercase());
        if self.open.len() == 2 {
            self.event = Event::default();
        }
        Ok(())
    }

    fn end(&mut self, component: &str) -> Result<(), Problem> {
        let component = component.to_ascii_uppercase();
        if self.open.pop().as_ref() != Some(&component) {
            return Err(Problem::WrongEnd(shortened(&component)));
        }
        if self.open.len() != 1 || component != "VEVENT" {
            return Ok(());
        }
        self.events += 1;
        if self.events > MOST_EVENTS {
            return Err(Problem::TooMuch("events"));
        }
        let mut event = std::mem::take(&mut self.event);
        let mut uid = std::mem::take(&mut event.uid);
        if let Some(date) = event.replaces {
            event.is_other |= uid.is_empty(); // it takes the place of nothing in particular
            // What takes a place has none of its own that others could take.
            let replaced = self.replaced.entry(std::mem::take(&mut uid));
            replaced.or_default().push(date);
        }
        if event.is_other {
            self.feed.skipped += 1;
            return Ok(());
        }
        let spelled_out = event.spelled_out(&mut self.work)?;
        self.starts += spelled_out.starts.len();
        if self.starts > MOST_HOLIDAYS {
            return Err(Problem::TooMuch("holidays"));
        }
        self.names = self.names.saturating_add(spelled_out.names());
        if self.names > MOST_NAMES {
            return Err(Problem::TooMuch("names"));
        }
        self.read.push((uid, spelled_out));
        Ok(())
    }

    fn finish(mut self) -> Result<Feed, Problem> {
        if let Some(open) = self.open.pop() {
            return Err(Problem::Unfinished(shortened(&open)));
        }
        self.replaced.remove("");
        self.replaced
            .values_mut()
            .for_each(|dates| dates.sort_unstable());
        for (uid, mut event) in self.read {
            if let Some(dates) = self.replaced.get(&uid) {
                event
                    .starts
                    .retain(|start| dates.binary_search(start).is_err());
            }
            self.feed.holidays.extend(event.holidays());
        }
        self.feed.holidays.sort();
        self.feed.holidays.dedup();
        Ok(self.feed)
    }
}

impl Event {
    fn property(&mut self, name: &str, parameters: &str, value: &str) -> Result<(), Problem> {
        let has_time = value.contains('T') || has(parameters, "VALUE=DATE-TIME");
        match name {
            "DTSTART" if has_time => self.is_other = true,
            "DTSTART" => self.start = Some(date(value)?),
            "DTEND" if !has_time => self.end = Some(date(value)?),
            "DURATION" => self.days = Some(duration(value).ok_or_else(|| shortened(value))),
            "SUMMARY" => self.name = unescaped(value),
            "UID" => value.clone_into(&mut self.uid),
            "RRULE" => self.rules.push(value.to_owned()),
            "EXRULE" => self.has_exception_rule = true,
            "RDATE" => self.also.extend(listed(value)?),
            "EXDATE" => self.not.extend(listed(value)?),
            "STATUS" if value.eq_ignore_ascii_case("CANCELLED") => self.is_other = true,
            "RECURRENCE-ID" if !has_time && has(parameters, "RANGE=THISANDFUTURE") => {
                return Err(Problem::Range);
            }
            "RECURRENCE-ID" => self.replaces = listed(value)?.first().copied(),
            _ => {}
        }
        Ok(())
    }

    /// The dates it means, before its name is written beside each.
    fn spelled_out(mut self, work: &mut Work) -> Result<SpelledOut, Problem> {
        let start = self.start.ok_or(Problem::NoStart)?;
        let days = self.days.transpose().map_err(Problem::Duration)?;
        let days = match (self.end, days) {
            (Some(end), _) if end < start => return Err(Problem::EndsFirst),
            (Some(end), _) => (end - start).num_days().max(1) as u64,
            (None, Some(days)) => days.max(1),
            (None, None) => 1,
        };
        if self.has_exception_rule {
            return Err(Problem::ExceptionRule);
        }
        if days > MOST_DAYS {
            return Err(Problem::TooMuch("days of one holiday"));
        }
        let mut starts = vec![start];
        for rule in &self.rules {
            let spelled_out = dates(&Rule::parse(rule)?, start, work);
            starts.extend(spelled_out.ok_or(Problem::TooMuch("recurrences"))?);
        }
        starts.extend(self.also);
        starts.sort_unstable();
        starts.dedup();
        self.not.sort_unstable();
        starts.retain(|start| self.not.binary_search(start).is_err());
        Ok(SpelledOut {
            starts,
            days,
            name: self.name,
        })
    }
}

/// An event as dates.
struct SpelledOut {
    starts: Vec<NaiveDate>,
    days: u64,
    name: String,
}

impl SpelledOut {
    /// What its name comes to on all its days.
    fn names(&self) -> usize {
        let days = self.starts.len().saturating_mul(self.days as usize);
        days.saturating_mul(name_on_a_day(&self.name))
    }

    fn holidays(self) -> impl Iterator<Item = Holiday> {
        self.starts.into_iter().filter_map(move |first| {
            let last = first.checked_add_days(Days::new(self.days - 1))?;
            let name = self.name.clone();
            Some(Holiday { first, last, name })
        })
    }
}

/// Name, parameters and value of `NAME;PARAMETER="a:b":VALUE`.
fn property(line: &str) -> Option<(&str, &str, &str)> {
    let mut quoted = false;
    let colon = line.find(|c| {
        quoted ^= c == '"';
        c == ':' && !quoted
    })?;
    let (head, value) = (line.get(..colon)?, line.get(colon + 1..)?);
    let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_name.then_some((name, parameters, value.trim_end()))
}

/// Whether this stands among the parameters, and not within the quotes of another.
fn has(parameters: &str, parameter: &str) -> bool {
    let mut quoted = false;
    let mut each = parameters.split(|c| {
        quoted ^= c == '"';
        c == ';' && !quoted
    });
    each.any(|one| one.trim().replace('"', "").eq_ignore_ascii_case(parameter))
}

pub(super) fn date(text: &str) -> Result<NaiveDate, Problem> {
    let digits = text.trim();
    let parsed = || {
        let number = |range: std::ops::Range<usize>| digits.get(range)?.parse().ok();
        NaiveDate::from_ymd_opt(digits.get(..4)?.parse().ok()?, number(4..6)?, number(6..8)?)
    };
    let is_date = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    parsed()
        .filter(|_| is_date)
        .ok_or_else(|| Problem::Date(shortened(text)))
}

/// A list of dates; a date with a time of day counts as its date.
fn listed(text: &str) -> Result<Vec<NaiveDate>, Problem> {
    text.split(',')
        .map(|one| date(one.split(['T', '/']).next().unwrap_or_default()))
        .collect()
}

/// Whole days: `P1D`, `P2W`, `PT24H`, `P1DT0H0M0S`.
fn duration(text: &str) -> Option<u64> {
    let text = text.trim().trim_start_matches('+').strip_prefix('P')?;
    let (days, time) = text
        .split_once('T')
        .map_or((text, ""), |(days, time)| (days, time));
    if time.is_empty() && (days.is_empty() || text.ends_with('T')) {
        return None;
    }
    let days = parts(days, &[('W', 7 * DAY), ('D', DAY)])?;
    let all = days.checked_add(parts(time, &[('H', 3_600), ('M', 60), ('S', 1)])?)?;
    (all % DAY == 0).then_some(all / DAY)
}

/// In seconds.
const DAY: u64 = 86_400;

/// What numbers with these units, each at most once and in this order, come to.
fn parts(mut text: &str, units: &[(char, u64)]) -> Option<u64> {
    let mut all = 0u64;
    for (unit, seconds) in units {
        if let Some((number, rest)) = text.split_once(*unit) {
            let count: u64 = number.parse().ok()?;
            (all, text) = (all.checked_add(count.checked_mul(*seconds)?)?, rest);
        }
    }
    text.is_empty().then_some(all)
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, character == '\\') {
            (_, true) => match characters.next() {
                Some('n' | 'N') => plain.push('\n'),
                Some(escaped) => plain.push(escaped),
                None => {}
            },
            (character, false) => plain.push(character),
        }
    }
    plain
}

/// As much of a text as an error message should repeat.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}
