//! Calendars that follow each other: one holds until an instant, the next from it on.
//!
//! So what is published later, a holiday say, changes no time before it. The result is compiled like any other calendar and
//! answers as fast; its editions may live in different zones.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::algebra::{shape_of, spans};
use super::error::{InvalidCalendar, few};
use super::range::WEEKS;
use super::shapes::{Shape, WEEK};
use super::timeline::Timeline;
use super::weaver::Weaver;
use super::{Calendar, EARLIEST, LATEST, MOST_PARTS, Source};

/// The editions of a calendar that others succeeded. None of them is a succession itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Editions {
    pub(super) first: Calendar,
    /// In the order of time, each at a whole second; no two neighbours are equal.
    pub(super) then: Vec<Edition>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Edition {
    pub(super) from: DateTime<Utc>,
    pub(super) calendar: Calendar,
}

/// How many editions a calendar may have.
const MOST_EDITIONS: usize = 1_000;

impl Calendar {
    /// This calendar until `from`, and `next` from then on. Editions of this one from `from` on are replaced.
    ///
    /// Calendars change at whole seconds: an instant between two of them is taken at the second one, so that no time before it
    /// is another. What lies outside the supported range plays no part.
    ///
    /// ```
    /// use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
    /// use helpdesk::Calendar;
    /// let office = Calendar::parse("Mon-Fri 09:00-17:00", "UTC")?;
    /// let strike = NaiveDate::from_ymd_opt(2026, 3, 6).unwrap();
    /// let announced: DateTime<Utc> = "2026-03-05T10:00:00Z".parse()?;
    /// let known_now = office.succeeded_by(&office.with_closed_days([(strike, "Strike".to_owned())])?, announced)?;
    /// let asked = "2026-03-05T16:00:00Z".parse()?;
    /// assert_eq!(office.add(asked, TimeDelta::hours(2))?.to_string(), "2026-03-06 10:00:00 UTC");
    /// assert_eq!(known_now.add(asked, TimeDelta::hours(2))?.to_string(), "2026-03-09 10:00:00 UTC");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Properties
    /// It is open when the one in force is. Succeeded by itself, or by the same twice, a calendar is what it was. A
    /// `next` that is closed more never makes a due earlier.
    ///
    /// # Errors
    /// More than 1,000 editions, or editions combined from more than 2,000 calendars.
    pub fn succeeded_by(
        &self,
        next: &Calendar,
        from: DateTime<Utc>,
    ) -> Result<Calendar, InvalidCalendar> {
        self.succeeded_by_all([Ok((from, next.clone()))])
    }

    /// Succeeded by one after the other; compiled once.
    pub(super) fn succeeded_by_all(
        &self,
        next: impl IntoIterator<Item = Result<(DateTime<Utc>, Calendar), InvalidCalendar>>,
    ) -> Result<Calendar, InvalidCalendar> {
        let mut editions = None;
        for next in next {
            let (from, next) = next?;
            if from >= LATEST {
                continue;
            }
            let before = editions.unwrap_or_else(|| Editions::of(self));
            let joined = before.followed_by(&next, from);
            few("editions", 1 + joined.then.len(), MOST_EDITIONS)?;
            few("parts", joined.count(), MOST_PARTS)?;
            editions = Some(joined);
        }
        Ok(editions.map_or_else(|| self.clone(), Editions::join))
    }

    /// The same, however many editions there are.
    pub(crate) fn followed_by(&self, next: &Calendar, from: DateTime<Utc>) -> Calendar {
        if from >= LATEST {
            return self.clone();
        }
        Editions::of(self).followed_by(next, from).join()
    }

    /// The calendars that follow each other in it, each with the instant from which it holds, the first with none. One that
    /// nothing succeeded is its only edition.
    pub fn editions(&self) -> impl Iterator<Item = (Option<DateTime<Utc>>, &Calendar)> {
        let (first, then) = match &self.0.source {
            Source::Succession(editions) => (&editions.first, editions.then.as_slice()),
            _ => (self, &[][..]),
        };
        let then = then.iter().map(|next| (Some(next.from), &next.calendar));
        std::iter::once((None, first)).chain(then)
    }

    /// The edition that holds at `at`.
    pub fn edition_at(&self, at: DateTime<Utc>) -> &Calendar {
        match &self.0.source {
            Source::Succession(editions) => {
                let begun = editions.then.partition_point(|next| next.from <= at);
                let last = begun.checked_sub(1).and_then(|i| editions.then.get(i));
                last.map_or(&editions.first, |last| &last.calendar)
            }
            _ => self,
        }
    }
}

impl Editions {
    fn of(calendar: &Calendar) -> Editions {
        match &calendar.0.source {
            Source::Succession(editions) => Editions::clone(editions),
            _ => Editions {
                first: calendar.clone(),
                then: Vec::new(),
            },
        }
    }

    /// These until `from`, an instant before the end of the range, and those of `next` from then on. Nothing is compiled.
    fn followed_by(self, next: &Calendar, from: DateTime<Utc>) -> Editions {
        let from = whole_second(from);
        let then = self
            .then
            .into_iter()
            .map(|next| (Some(next.from), next.calendar));
        let before = std::iter::once((None, self.first)).chain(then);
        let kept = before.take_while(|(at, _)| at.is_none_or(|at| at < from));
        let after = next
            .editions()
            .filter(|(at, _)| at.is_some_and(|at| at > from));
        let all = kept
            .filter(|_| from > EARLIEST)
            .chain([(Some(from), next.edition_at(from).clone())])
            .chain(after.map(|(at, edition)| (at, edition.clone())));
        let mut first = None;
        let mut then: Vec<Edition> = Vec::new();
        for (at, calendar) in all {
            let before = then.last().map(|last| &last.calendar).or(first.as_ref());
            match (before, at) {
                (Some(before), _) if *before == calendar => {}
                (Some(_), Some(from)) => then.push(Edition { from, calendar }),
                _ => first = Some(calendar),
            }
        }
        let first = first.unwrap_or_else(|| next.clone());
        Editions { first, then }
    }

    /// The one calendar of these, which is the first where nothing succeeded it.
    fn join(self) -> Calendar {
        if self.then.is_empty() {
            return self.first;
        }
        let timeline = self.compile();
        let source = Source::Succession(Box::new(self));
        Calendar::of(source, timeline)
    }

    pub(super) fn last(&self) -> &Calendar {
        self.then.last().map_or(&self.first, |last| &last.calendar)
    }

    pub(super) fn depth(&self) -> usize {
        let then = self.then.iter().map(|next| next.calendar.depth());
        then.fold(self.first.depth(), usize::max)
    }

    /// How many calendars it is made of, as those count that are [combined](Calendar::combine).
    pub(super) fn count(&self) -> usize {
        let then = self.then.iter().map(|next| next.calendar.count());
        then.fold(self.first.count(), usize::saturating_add)
    }

    /// An edition with the seconds since the begin of the range in which it holds.
    pub(super) fn nth(&self, number: usize) -> Option<(&Calendar, i64, i64)> {
        let (from, calendar) = match number.checked_sub(1) {
            None => (0, &self.first),
            Some(later) => {
                let next = self.then.get(later)?;
                (next.from.timestamp(), &next.calendar)
            }
        };
        let end = self.then.get(number);
        Some((
            calendar,
            from,
            end.map_or(i64::MAX, |next| next.from.timestamp()),
        ))
    }

    /// Takes week by week what the editions in force have; a shape that was met before is not worked out again.
    fn compile(&self) -> Timeline {
        let mut weaver = Weaver::of_compiled();
        let mut known: HashMap<(usize, Shape), Shape> = HashMap::new();
        let editions: Vec<_> = (0..).map_while(|number| self.nth(number)).collect();
        let (mut now, mut part, mut open) = (0, Vec::new(), Vec::new());
        for week in 0..WEEKS {
            let begin = week as i64 * i64::from(WEEK);
            let end = begin + i64::from(WEEK);
            while editions.get(now).is_some_and(|(.., to)| *to <= begin) {
                now += 1;
            }
            let here = editions.iter().enumerate().skip(now);
            let here: Vec<_> = here.take_while(|(_, (_, from, _))| *from < end).collect();
            open.clear();
            let mut cut = |open: &mut Vec<(u32, u32)>, calendar: &Calendar, from: i64, to: i64| {
                let timeline = calendar.timeline();
                spans(timeline, shape_of(timeline, week), &mut part);
                let in_week = |at: i64| (at - begin).clamp(0, i64::from(WEEK)) as u32;
                let (from, to) = (in_week(from), in_week(to));
                let cut = part.iter().map(|span| (span.0.max(from), span.1.min(to)));
                open.extend(cut.filter(|span| span.0 < span.1));
            };
            let shape = match here[..] {
                [(i, (calendar, from, to))] => {
                    let key = (i, shape_of(calendar.timeline(), week));
                    *known.entry(key).or_insert_with(|| {
                        cut(&mut open, calendar, *from, *to);
                        weaver.shape(&open)
                    })
                }
                _ => {
                    for (_, (calendar, from, to)) in &here {
                        cut(&mut open, calendar, *from, *to);
                    }
                    super::compile::join(&mut open);
                    weaver.shape(&open)
                }
            };
            weaver.push(shape);
        }
        weaver.table()
    }
}

/// The instant itself where it is a whole second, else the next one that is.
fn whole_second(at: DateTime<Utc>) -> DateTime<Utc> {
    let part = TimeDelta::nanoseconds(i64::from(at.timestamp_subsec_nanos()));
    if part.is_zero() {
        at
    } else {
        at - part + TimeDelta::seconds(1)
    }
}
