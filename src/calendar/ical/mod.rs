//! Holiday feeds in iCalendar form (RFC 5545), feature `ical`.
//!
//! A [`Feed`] is read from the bytes of an `.ics` file, compared with the days already loaded ([`Feed::compare`]) so that
//! someone can look at what would change, and becomes a [`Layer`]. [`Calendar::to_ical`] writes closed days back.
//!
//! Read are all-day events: `DTSTART` with `DTEND` or `DURATION`, `SUMMARY`, `RRULE`s of days, weeks, months and years with
//! all their parts, `RDATE` and `EXDATE`; an event with a `RECURRENCE-ID` takes the place of that date of the event with the
//! same `UID`, wherever it stands, and leaves nothing there where it is cancelled or at a time of day. Events at times of day and cancelled ones
//! are not holidays; they are counted in [`Feed::skipped`]. A recurrence is spelled out as far as its stretches begin
//! by 2101-01-01, the last date that any zone shows while calendars answer, and no further, and everything in a feed that
//! could grow has a limit, so a hostile one is an error and not a hang.
//!
//! The reader is our own and not a general one, on purpose. Of the format only lines, components, dates and recurrences
//! of whole days matter here, which is less than wrapping a library takes; each mistake is told with its line; and the
//! limits hold from the first byte on, where libraries build the whole file, or expand a recurrence, before one can look.
//! Its recurrences are checked against those of another library (`tests/vectors/recurrences.json`).

mod dates;
mod opened;
mod read;
mod recur;
mod write;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use chrono::{Datelike, NaiveDate};

use super::error::Problem;
use super::{Calendar, DayHours, EARLIEST, Exception, InvalidCalendar, LATEST, Layer, When};
use opened::Opened;
use read::{MOST_NAMES, name_on_a_day};

pub use read::InvalidFeed;

/// Days that a feed lists, with their names.
///
/// ```
/// use helpdesk::calendar::ical::Feed;
///
/// let text = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261225\r\nRRULE:FREQ=YEARLY;COUNT=2\r\n\
///             SUMMARY:Christmas\\, first day\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
/// let feed = Feed::read(text.as_bytes())?;
/// let days: Vec<String> = feed.holidays().iter().map(|day| format!("{} {}", day.first, day.name)).collect();
/// assert_eq!(days, ["2026-12-25 Christmas, first day", "2027-12-25 Christmas, first day"]);
/// # Ok::<(), helpdesk::calendar::ical::InvalidFeed>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feed {
    holidays: Vec<Holiday>,
    skipped: usize,
}

/// Days in a row under one name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Holiday {
    /// The first day.
    pub first: NaiveDate,
    /// The last day, the same for a single one.
    pub last: NaiveDate,
    /// What people call it; may be empty.
    pub name: String,
}

/// What a feed would change in a layer, day by day. As text it is a list to look through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Days that would be closed and are not.
    pub added: Vec<(NaiveDate, String)>,
    /// Days that are closed and would not be.
    pub removed: Vec<(NaiveDate, String)>,
    /// Days closed before and after, under another name: the old and the new one.
    pub renamed: Vec<(NaiveDate, String, String)>,
}

impl Feed {
    /// Reads a feed.
    ///
    /// # Errors
    /// Bytes that are no UTF-8 or no iCalendar, an all-day event that cannot be understood, or a feed beyond the limits;
    /// the error names the line.
    pub fn read(bytes: &[u8]) -> Result<Feed, InvalidFeed> {
        read::feed(bytes)
    }

    /// The holidays in order of their dates, recurring ones once for each year.
    pub fn holidays(&self) -> &[Holiday] {
        &self.holidays
    }

    /// How many events of the feed are no all-day events, or are cancelled.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// The feed as a layer of closed days.
    pub fn layer(&self, name: impl Into<String>) -> Layer {
        let mut shared: HashMap<&str, Exception> = HashMap::new();
        let closed = self.holidays.iter().filter_map(|day| {
            let when = When::between(day.first, day.last).ok()?;
            let known = shared.entry(day.name.as_str());
            let same = known.or_insert_with(|| Exception::new(when, DayHours::Closed, &*day.name));
            Some(same.on(when))
        });
        closed.fold(Layer::new(name), Layer::and)
    }

    /// What would change if the feed took the place of a layer's closed days; those that the layer's own special hours open again are not
    /// closed. Looked at are the years the feed covers, of 1970 to 2100: what
    /// it says nothing about is not missing from it. A year is covered from the first to the last in which a day or stretch of
    /// the feed begins: one that runs over New Year does not yet speak of the year that it ends in.
    ///
    /// # Errors
    /// A layer whose names come to more than 64 MiB when each is written beside all its dates. A feed of that kind is not
    /// [read](Feed::read).
    pub fn compare(&self, layer: &Layer) -> Result<Difference, InvalidCalendar> {
        let begun = self.holidays.iter().map(|day| day.first.year());
        let last = self.holidays.iter().map(|day| day.last.year()).max();
        let (Some(first), Some(last_begun), Some(last)) = (begun.clone().min(), begun.max(), last)
        else {
            return Ok(Difference::default());
        };
        // At the ends a feed does not list what recurs: before its first occurrence, and behind the last one spelled out.
        let end = LATEST.year() - 1;
        let (first, last) = (first.max(EARLIEST.year()), last.min(end));
        let listed = self
            .holidays
            .iter()
            .map(|day| (day.first, day.last, day.name.as_str()));
        let opened = Opened::by(std::slice::from_ref(layer));
        let closed = layer
            .exceptions()
            .iter()
            .filter(|day| *day.hours() == DayHours::Closed)
            .flat_map(|day| {
                let years = if day.when().is_yearly() {
                    first - 1..=last
                } else {
                    first..=first
                };
                let stretches = years.filter_map(|year| day.when().stretch_from(year));
                let left = stretches.flat_map(|stretch| opened.left(stretch, (0, day.when())));
                left.map(|(first, last)| (first, last, day.name()))
            });
        let closed = by_day(closed, first..=last)?;
        let mut difference = difference(&closed, &by_day(listed, first..=last)?);
        difference
            .removed
            .retain(|(day, _)| day.year() <= last_begun);
        Ok(difference)
    }
}

/// The names of each day; two holidays on one day are joined by semicolons.
fn by_day<'a>(
    stretches: impl Iterator<Item = (NaiveDate, NaiveDate, &'a str)>,
    years: std::ops::RangeInclusive<i32>,
) -> Result<BTreeMap<NaiveDate, String>, InvalidCalendar> {
    let begin = NaiveDate::from_ymd_opt(*years.start(), 1, 1).unwrap_or(NaiveDate::MIN);
    let end = NaiveDate::from_ymd_opt(*years.end(), 12, 31).unwrap_or(NaiveDate::MAX);
    let mut days: BTreeMap<NaiveDate, BTreeSet<&str>> = BTreeMap::new();
    let mut found = 0usize;
    for (first, last, name) in stretches {
        let (first, last) = (first.max(begin), last.min(end));
        let count = ((last - first).num_days() + 1).max(0) as usize;
        found = found.saturating_add(count.saturating_mul(name_on_a_day(name)));
        if found > MOST_NAMES {
            return Err(Problem::TooMany {
                what: "bytes of names on its dates",
                found,
                limit: MOST_NAMES,
            }
            .into());
        }
        for day in first.iter_days().take_while(|day| *day <= last) {
            days.entry(day).or_default().insert(name);
        }
    }
    let joined = |names: BTreeSet<&str>| names.into_iter().collect::<Vec<_>>().join("; ");
    Ok(days
        .into_iter()
        .map(|(day, names)| (day, joined(names)))
        .collect())
}

fn difference(old: &BTreeMap<NaiveDate, String>, new: &BTreeMap<NaiveDate, String>) -> Difference {
    let mut difference = Difference::default();
    for (day, name) in new {
        match old.get(day) {
            None => difference.added.push((*day, name.clone())),
            Some(before) if before != name => {
                difference
                    .renamed
                    .push((*day, before.clone(), name.clone()))
            }
            Some(_) => {}
        }
    }
    let gone = old.iter().filter(|(day, _)| !new.contains_key(day));
    difference.removed = gone.map(|(day, name)| (*day, name.clone())).collect();
    difference
}

impl Difference {
    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.renamed.is_empty()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let added = self
            .added
            .iter()
            .map(|(day, name)| (day, format!("+ {day} {name}")));
        let removed = self
            .removed
            .iter()
            .map(|(day, name)| (day, format!("- {day} {name}")));
        let renamed = self
            .renamed
            .iter()
            .map(|(day, old, new)| (day, format!("~ {day} {old} -> {new}")));
        let mut lines: Vec<(&NaiveDate, String)> = added.chain(removed).chain(renamed).collect();
        lines.sort();
        lines.iter().try_for_each(|(_, line)| writeln!(f, "{line}"))
    }
}

impl Calendar {
    /// The same calendar, closed on the days of a feed too: as [`with_closed_days`](Calendar::with_closed_days), with days in a row
    /// kept together.
    ///
    /// ```
    /// use helpdesk::calendar::{Calendar, ical::Feed};
    ///
    /// let feed = Feed::read(b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225\nDURATION:P2D\nEND:VEVENT\nEND:VCALENDAR")?;
    /// let office = Calendar::parse("Mon-Fri 09:00-17:00", "UTC")?.with_holidays(&feed)?;
    /// assert!(!office.is_business_day("2026-12-25".parse()?)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`with_closed_days`](Calendar::with_closed_days), and a name of more than 4,096 bytes.
    pub fn with_holidays(&self, feed: &Feed) -> Result<Calendar, InvalidCalendar> {
        self.closing(feed.layer("").days)
    }

    /// The whole closed days of all layers as an iCalendar file, but for those that special hours open again. Part closings and special hours
    /// are not in it, nor dates before 1969 and after 2101, for which no calendar answers. A stretch of more than 400 days is several events in a row.
    ///
    /// # Properties
    /// [`Feed::read`] reads the same days again, within its limits on how many events and holidays a feed has.
    ///
    /// `stamp` is the time of writing that the format asks for. The same calendar and stamp give the same bytes.
    pub fn to_ical(&self, stamp: chrono::DateTime<chrono::Utc>) -> String {
        write::feed(self.layers(), stamp)
    }
}
