//! Why open time is what it is: the stretches between two instants, each with its reason.
//!
//! The stretches follow each other without gap or overlap, and the open ones add up to exactly what
//! [`Calendar::elapsed`] says. Whether it is open is read off the compiled form, why off the written rules.
//!
//! They come one at a time, and only as far as somebody reads: a local date is looked up when the reader gets to it, with
//! the exceptions of that date and of the one before, so nothing is kept of all others.

use std::iter::{FusedIterator, Peekable};

use chrono::{DateTime, TimeDelta, Utc};

use super::algebra::Combination;
use super::error::CalendarError;
use super::explain_days::Days;
use super::range::{SECOND_US, instant, micros};
use super::reason::{Explanation, Reason, Stretch};
use super::succession::Editions;
use super::{Calendar, Source};

impl Calendar {
    /// Why [`elapsed`](Self::elapsed) from `from` to `to` is what it is. Instants in the wrong order are exchanged: then
    /// the open time is the negative of what `elapsed` says.
    ///
    /// Nothing is worked out yet: the stretches are found one at a time, as they are asked for.
    ///
    /// ```
    /// use chrono::NaiveDate;
    /// use helpdesk::calendar::{Calendar, Reason};
    ///
    /// let christmas = NaiveDate::from_ymd_opt(2026, 12, 25).unwrap();
    /// let office = Calendar::builder("UTC")?.hours("Mon-Fri 9:00-17:00")?.closed(christmas, "Christmas").build()?;
    /// let why = office.explain("2026-12-24T15:00:00Z".parse()?, "2026-12-26T00:00:00Z".parse()?)?;
    /// let reasons: Vec<String> = why.stretches().map(|stretch| stretch.reason.to_string()).collect();
    /// assert_eq!(reasons, ["Thu 09:00-17:00", "outside hours", "closed: Christmas"]);
    /// assert_eq!(why.open(), chrono::TimeDelta::hours(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// An instant outside the supported range.
    pub fn explain(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Explanation<'_>, CalendarError> {
        let (from, to) = (micros(from)?, micros(to)?);
        Ok(Explanation {
            calendar: self,
            from: from.min(to),
            to: from.max(to),
        })
    }

    /// Why [`add`](Self::add) of `time` to `from` leads where it does: the stretches from `from` to the answer.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn explain_add(
        &self,
        from: DateTime<Utc>,
        time: TimeDelta,
    ) -> Result<Explanation<'_>, CalendarError> {
        self.explain(from, self.add(from, time)?)
    }
}

impl<'a> Explanation<'a> {
    /// The stretches in order, without gap or overlap, each as long as its reason holds. They are found as the iterator
    /// gets to them, a local date at a time.
    pub fn stretches(&self) -> Stretches<'a> {
        Stretches::new(self.calendar, self.from, self.to)
    }

    /// The open time of all stretches together.
    pub fn open(&self) -> TimeDelta {
        TimeDelta::microseconds(self.calendar.elapsed_us(self.from, self.to))
    }
}

impl<'a> IntoIterator for &Explanation<'a> {
    type Item = Stretch;
    type IntoIter = Stretches<'a>;

    fn into_iter(self) -> Stretches<'a> {
        self.stretches()
    }
}

/// The stretches of an [`Explanation`], found one at a time.
#[derive(Clone, Debug)]
pub struct Stretches<'a> {
    pieces: Pieces<'a>,
    /// The piece after those that were given out, if it was looked at.
    next: Option<Stretch>,
}

impl<'a> Stretches<'a> {
    fn new(calendar: &'a Calendar, from: i64, to: i64) -> Stretches<'a> {
        let pieces = match &calendar.0.source {
            Source::Always => Pieces::Always { from, to },
            Source::Hours(hours) => {
                let days = Days::new(calendar, hours, from, to);
                Pieces::Hours(Box::new(days))
            }
            Source::Combined {
                how,
                parts: [first, second],
                ..
            } => Pieces::Combined(Box::new(Overlay {
                how: *how,
                first: Stretches::new(first, from, to).peekable(),
                second: Stretches::new(second, from, to).peekable(),
            })),
            Source::Succession(editions) => Pieces::Succession(Box::new(InTurn {
                editions,
                next: 0,
                now: None,
                from,
                to,
            })),
        };
        Stretches { pieces, next: None }
    }
}

impl Iterator for Stretches<'_> {
    type Item = Stretch;

    /// The next piece, and all that go on for the same reason.
    fn next(&mut self) -> Option<Stretch> {
        let mut stretch = match self.next.take() {
            Some(stretch) => stretch,
            None => self.pieces.next()?,
        };
        while let Some(next) = self.pieces.next() {
            if next.is_open != stretch.is_open || next.reason != stretch.reason {
                self.next = Some(next);
                break;
            }
            stretch.to = next.to;
        }
        Some(stretch)
    }
}

impl FusedIterator for Stretches<'_> {}

/// Pieces of stretches in order, without gap; one stretch may come in several.
#[derive(Clone, Debug)]
enum Pieces<'a> {
    Always { from: i64, to: i64 },
    Hours(Box<Days<'a>>),
    Combined(Box<Overlay<'a>>),
    Succession(Box<InTurn<'a>>),
}

impl Pieces<'_> {
    fn next(&mut self) -> Option<Stretch> {
        match self {
            Pieces::Always { from, to } => (from < to).then(|| Stretch {
                from: instant(std::mem::replace(from, *to)),
                to: instant(*to),
                is_open: true,
                reason: Reason::AlwaysOpen,
            }),
            Pieces::Hours(days) => days.next(),
            Pieces::Combined(overlay) => overlay.next(),
            Pieces::Succession(editions) => editions.next(),
        }
    }
}

/// Stretches of two calendars laid over each other.
#[derive(Clone, Debug)]
struct Overlay<'a> {
    how: Combination,
    first: Peekable<Stretches<'a>>,
    second: Peekable<Stretches<'a>>,
}

impl Overlay<'_> {
    fn next(&mut self) -> Option<Stretch> {
        let (a, b) = (self.first.peek()?, self.second.peek()?);
        let (from, to) = (a.from.max(b.from), a.to.min(b.to));
        let reason = Reason::Combined {
            how: self.how,
            first: Box::new(a.reason.clone()),
            second: Box::new(b.reason.clone()),
        };
        let is_open = self.how.of(a.is_open, b.is_open);
        self.first.next_if(|a| a.to == to);
        self.second.next_if(|b| b.to == to);
        Some(Stretch {
            from,
            to,
            is_open,
            reason,
        })
    }
}

/// What the edition in force says, one edition after the other.
#[derive(Clone, Debug)]
struct InTurn<'a> {
    editions: &'a Editions,
    /// The number of the edition after the one that is read now.
    next: usize,
    now: Option<Stretches<'a>>,
    from: i64,
    to: i64,
}

impl InTurn<'_> {
    fn next(&mut self) -> Option<Stretch> {
        loop {
            if let Some(stretch) = self.now.as_mut().and_then(Stretches::next) {
                return Some(stretch);
            }
            let (calendar, begin, end) = self.editions.nth(self.next)?;
            self.next += 1;
            let begin = begin.saturating_mul(SECOND_US).max(self.from);
            let end = end.saturating_mul(SECOND_US).min(self.to);
            self.now = (begin < end).then(|| Stretches::new(calendar, begin, end));
        }
    }
}
