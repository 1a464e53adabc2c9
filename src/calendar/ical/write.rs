//! From closed days to text.

use std::fmt::Write;

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::super::{DayHours, Exception, Layer};
use super::opened::Opened;
use super::read::MOST_DAYS;

/// The year in which a yearly day is written to begin: so that a stretch over New Year reaches into 1970.
const FIRST_YEAR: i32 = 1969;

/// The last year in which a yearly day is written to begin.
const LAST_YEAR: i32 = 2100;

/// The longest line in bytes, its end not counted.
const LONGEST: usize = 75;

pub(super) fn feed(layers: &[Layer], stamp: DateTime<Utc>) -> String {
    let mut file = File {
        text: String::new(),
        stamp,
        events: 0,
    };
    file.line("BEGIN:VCALENDAR");
    file.line("VERSION:2.0");
    file.line("PRODID:-//helpdesk//closed days//EN");
    let opened = Opened::by(layers);
    for (place, layer) in layers.iter().enumerate() {
        let closed = |day: &&Exception| *day.hours() == DayHours::Closed;
        for exception in layer.exceptions().iter().filter(closed) {
            file.exception(exception, |stretch| {
                opened.left(stretch, (place, exception.when()))
            });
        }
    }
    file.line("END:VCALENDAR");
    file.text
}

struct File {
    text: String,
    stamp: DateTime<Utc>,
    events: usize,
}

impl File {
    /// An exception; `left` tells what stays closed of a stretch.
    fn exception(
        &mut self,
        exception: &Exception,
        left: impl Fn((NaiveDate, NaiveDate)) -> Vec<(NaiveDate, NaiveDate)>,
    ) {
        let (when, name) = (exception.when(), exception.name());
        if !when.is_yearly() {
            let stretches = when.stretch_from(0).map(left);
            for (first, last) in stretches.into_iter().flatten() {
                self.stretch(first, last, name);
            }
            return;
        }
        let all = (FIRST_YEAR..=LAST_YEAR).filter_map(|year| when.stretch_from(year));
        let stretches: Vec<_> = all.map(|stretch| (stretch, left(stretch))).collect();
        let mut lengths = stretches.iter().map(|((first, last), _)| *last - *first);
        let length = lengths.next();
        // A stretch over the end of February is a day longer in leap years, which a recurrence cannot say.
        let recurs = lengths.all(|other| Some(other) == length);
        let is_whole = |stretch: &_, left: &[_]| left.len() == 1 && left.first() == Some(stretch);
        let (whole, parts): (Vec<_>, Vec<_>) = stretches
            .into_iter()
            .partition(|(stretch, left)| recurs && is_whole(stretch, left));
        if let (Some(((first, last), _)), Some(_)) = (whole.first(), length) {
            let not: Vec<_> = parts.iter().map(|((first, _), _)| *first).collect();
            self.event(*first, *last, name, Some(&not));
        }
        for (first, last) in parts.into_iter().flat_map(|(_, left)| left) {
            self.event(first, last, name, None);
        }
    }

    /// Days in a row, in as many events as readers take them in: of those that calendars answer for in any zone.
    fn stretch(&mut self, first: NaiveDate, last: NaiveDate, name: &str) {
        let begin = NaiveDate::from_ymd_opt(FIRST_YEAR, 1, 1).unwrap_or(NaiveDate::MIN);
        let end = NaiveDate::from_ymd_opt(LAST_YEAR + 1, 12, 31).unwrap_or(NaiveDate::MAX);
        let (mut first, last) = (first.max(begin), last.min(end));
        while first <= last {
            let whole = first.checked_add_days(Days::new(MOST_DAYS - 1));
            let until = whole.map_or(last, |whole| whole.min(last));
            self.event(first, until, name, None);
            let Some(next) = until.succ_opt() else { break };
            first = next;
        }
    }

    /// An event; `every_year_but` where it recurs on other dates than these.
    fn event(
        &mut self,
        first: NaiveDate,
        last: NaiveDate,
        name: &str,
        every_year_but: Option<&[NaiveDate]>,
    ) {
        self.events += 1;
        let end = last.checked_add_days(Days::new(1)).unwrap_or(last);
        self.line("BEGIN:VEVENT");
        self.line(&format!(
            "UID:{}-{}@helpdesk",
            first.format("%Y%m%d"),
            self.events
        ));
        self.line(&format!("DTSTAMP:{}", self.stamp.format("%Y%m%dT%H%M%SZ")));
        self.line(&format!("DTSTART;VALUE=DATE:{}", first.format("%Y%m%d")));
        self.line(&format!("DTEND;VALUE=DATE:{}", end.format("%Y%m%d")));
        if let Some(not) = every_year_but {
            self.line("RRULE:FREQ=YEARLY");
            let later = not.iter().filter(|date| **date > first);
            let later: Vec<_> = later
                .map(|date| date.format("%Y%m%d").to_string())
                .collect();
            if !later.is_empty() {
                self.line(&format!("EXDATE;VALUE=DATE:{}", later.join(",")));
            }
        }
        self.line(&format!("SUMMARY:{}", escaped(name)));
        self.line("TRANSP:TRANSPARENT");
        self.line("END:VEVENT");
    }

    /// Writes a line, folded so that no piece is longer than the format allows, and no character is cut in two.
    fn line(&mut self, line: &str) {
        let mut length = 0;
        for character in line.chars() {
            if length + character.len_utf8() > LONGEST {
                self.text.push_str("\r\n ");
                length = 1;
            }
            length += character.len_utf8();
            let _ = write!(self.text, "{character}");
        }
        self.text.push_str("\r\n");
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | ';' | ',' => escaped.extend(['\\', character]),
            '\n' => escaped.push_str("\\n"),
            '\r' => {}
            character if character.is_control() => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}
