//! When the desk is open, and how long "four hours" takes when nights and holidays do not count.
//!
//! A [`Calendar`] answers two questions, and each is the other one backwards: how much open time lies between two
//! instants ([`Calendar::elapsed`]), and at which instant a given amount of it is used up ([`Calendar::add`]).
//!
//! ```
//! use chrono::{DateTime, TimeDelta, Utc};
//! use helpdesk::calendar::Calendar;
//!
//! let office = Calendar::parse("Mon-Fri 09:00-17:30", "Europe/Amsterdam")?;
//!
//! // Asked a quarter of an hour before closing, four hours means early tomorrow afternoon.
//! let asked: DateTime<Utc> = "2026-03-05T16:15:00Z".parse()?;
//! let due = office.add(asked, TimeDelta::hours(4))?;
//! assert_eq!(due, "2026-03-06T11:45:00Z".parse::<DateTime<Utc>>()?);
//! assert_eq!(office.elapsed(asked, due)?, TimeDelta::hours(4));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What open means
//! The clock on the wall decides. A [`Window`] is a stretch of wall-clock time that belongs to the date it starts on, and
//! an instant is open when the local date and time lie in a window. So time that a clock change skips does not exist and
//! counts nothing, an hour shown twice counts twice, and lengths are real time.
//!
//! # What a calendar does not do
//! It reads no clock and no zone of the machine: every instant is an argument, every zone has a name. A written calendar
//! that never opens cannot be built; one that results from [combining](Calendar::intersection) may, and says
//! [`Never`](CalendarError::Never). Outside 1970 to 2100 it answers with an error and not with a guess.

mod algebra;
mod builder;
mod chart;
mod compile;
mod core;
mod day_set;
mod day_spans;
mod days;
mod definition;
mod error;
mod exception;
mod explain;
mod explain_days;
pub(crate) mod form;
#[cfg(feature = "ical")]
pub mod ical;
mod near;
mod offsets;
mod ops;
mod plan;
mod posix_tz;
mod range;
mod reason;
mod shapes;
mod succession;
mod timeline;
mod tzif;
mod weaver;
mod week;
mod window;
mod windows;
mod zone;
mod zone_fixes;
mod zone_form;

use std::fmt;
use std::sync::{Arc, OnceLock};

use chrono::NaiveDate;

pub use algebra::Combination;
pub use builder::Builder;
pub use days::DayEnd;
pub use definition::Overnight;
pub use error::{CalendarError, InvalidCalendar};
pub use exception::{DayHours, Exception, Layer, When};
pub use explain::Stretches;
pub use range::{EARLIEST, LATEST};
pub use reason::{Explanation, Reason, Stretch};
pub use week::Week;
pub use window::Window;
pub use windows::{OpenStretch, Windows};
pub use zone::{ZONE_DATA_VERSION, Zone};

use day_set::DaySet;
use definition::Definition;
use error::{Problem, few};
use plan::Plan;
use succession::Editions;
use timeline::Timeline;

/// When a desk is open: a week of hours in a zone with its exceptions, all the time, or a combination of calendars.
///
/// Immutable, compiled when built, and cheap to clone. Equal when written equally. Serialises as it was written and
/// compiles again when read.
///
/// # Properties
/// For all instants in range and all calendars:
/// - `elapsed(a, b) + elapsed(b, c) = elapsed(a, c)`, and `elapsed(b, a) = -elapsed(a, b)`.
/// - For `a <= b`: `0 <= elapsed(a, b) <= b - a`.
/// - `elapsed(a, add(a, d)) = d`, and `add(a, d)` is the earliest such instant from `a` on.
/// - `elapsed` of A and B, plus that of A or B, is that of A plus that of B.
/// - Closing a day never adds open time.
#[derive(Clone)]
pub struct Calendar(Arc<Inner>);

struct Inner {
    source: Source,
    timeline: Timeline,
    /// The business days of a combination or succession, found when somebody first counts them.
    days: OnceLock<DaySet>,
}

#[derive(PartialEq)]
enum Source {
    Always,
    Hours(Box<Hours>),
    Combined {
        how: Combination,
        parts: [Calendar; 2],
        depth: usize,
        /// How many calendars that are no combinations it is made of.
        count: usize,
    },
    Succession(Box<Editions>),
}

/// What was written, and the windows of each date that follow from it.
#[derive(PartialEq)]
struct Hours {
    definition: Definition,
    plan: Plan,
}

/// How deep combinations may be nested.
const MOST_DEPTH: usize = 32;

/// How many calendars may be combined in all: what is written or explained of a combination is that of all its parts.
const MOST_PARTS: usize = 2_000;

impl Calendar {
    /// Open all the time: 24x7.
    pub fn always() -> Calendar {
        Calendar::of(Source::Always, Timeline::Always)
    }

    /// A week of hours in a zone: `Calendar::parse("Mon-Fri 09:00-17:00; Sat 10:00-14:00", "America/New_York")`.
    ///
    /// # Errors
    /// Text that is no list of hours (see [`Week`]), or an unknown zone; both name the offending part.
    pub fn parse(hours: &str, zone: &str) -> Result<Calendar, InvalidCalendar> {
        Calendar::builder(zone)?.hours(hours)?.build()
    }

    /// Begins a calendar in the zone of that IANA name.
    ///
    /// # Errors
    /// An unknown zone.
    pub fn builder(zone: &str) -> Result<Builder, InvalidCalendar> {
        Ok(Calendar::builder_in(Zone::parse(zone)?))
    }

    /// Begins a calendar in a zone.
    pub fn builder_in(zone: Zone) -> Builder {
        Builder::new(zone)
    }

    /// The same calendar, closed on these dates too, for these reasons.
    ///
    /// The dates stand above all else, so they are closed whatever the calendar has there: in a layer without a name on top, or
    /// in the topmost layer where that is one without a name and of closed days only. So it may be called as often as there is
    /// something to close. Of any other calendar the whole local dates in its [`zone`](Self::zone) are taken away.
    ///
    /// # Properties
    /// Without any date it is the calendar itself. Closing one date after the other is closing both at once.
    ///
    /// # Errors
    /// When nothing stays open from 1970 to 2100 of a calendar with hours of its own (of a combination, of a succession and of one
    /// that is always open that is no error: it [never opens](Self::is_never_open)), or the dates are too many. One that is not
    /// written as hours is combined, so it is refused as [`union`](Self::union) too.
    pub fn with_closed_days(
        &self,
        days: impl IntoIterator<Item = (NaiveDate, String)>,
    ) -> Result<Calendar, InvalidCalendar> {
        let closed = days
            .into_iter()
            .map(|(date, name)| Exception::new(date, DayHours::Closed, name));
        self.closing(closed.collect())
    }

    /// The same calendar with these closed days on top.
    fn closing(&self, closed: Vec<Exception>) -> Result<Calendar, InvalidCalendar> {
        match &self.0.source {
            _ if closed.is_empty() => Ok(self.clone()),
            Source::Hours(hours) => {
                let mut definition = hours.definition.clone();
                match definition.layers.last_mut().filter(|top| top.only_closes()) {
                    Some(top) => top.days.extend(closed),
                    None => definition.layers.push(Layer::of_days(closed)),
                }
                Calendar::from_definition(definition)
            }
            Source::Combined {
                how: Combination::Intersection,
                parts: [open, days],
                ..
            } if days.is_all_but_closed_days(&self.zone()) => {
                open.intersection(&days.closing(closed)?)
            }
            Source::Always | Source::Combined { .. } | Source::Succession(_) => {
                let days = Calendar::builder_in(self.zone()).hours("daily 00:00-24:00")?;
                self.intersection(&days.with_layer(Layer::of_days(closed)).build()?)
            }
        }
    }

    /// Whether it is what a combination is closed with: all dates of a zone but those that are closed.
    fn is_all_but_closed_days(&self, zone: &Zone) -> bool {
        let Source::Hours(hours) = &self.0.source else {
            return false;
        };
        let Definition {
            zone: own,
            week,
            overnight,
            layers,
        } = &hours.definition;
        let all_day = |day| matches!(week.day(day), [window] if window.span() == zone::ALL_DAY);
        own == zone
            && (0..7).all(all_day)
            && *overnight == Overnight::default()
            && matches!(layers.as_slice(), [layer] if layer.only_closes())
    }

    /// Open when at least one of the two is: desks that follow the sun.
    ///
    /// # Errors
    /// Combinations nested more than 32 deep, of more than 2,000 calendars in all, or with more than a million open stretches
    /// in weeks that are not like each other.
    pub fn union(&self, other: &Calendar) -> Result<Calendar, InvalidCalendar> {
        self.combine(Combination::Union, other)
    }

    /// Open when both are. That may be never.
    ///
    /// # Errors
    /// As [`union`](Self::union).
    pub fn intersection(&self, other: &Calendar) -> Result<Calendar, InvalidCalendar> {
        self.combine(Combination::Intersection, other)
    }

    /// Open when this one is and the other is not. That may be never.
    ///
    /// # Errors
    /// As [`union`](Self::union).
    pub fn difference(&self, other: &Calendar) -> Result<Calendar, InvalidCalendar> {
        self.combine(Combination::Difference, other)
    }

    /// Combines two calendars, which may be in different zones.
    ///
    /// # Errors
    /// As [`union`](Self::union).
    pub fn combine(&self, how: Combination, other: &Calendar) -> Result<Calendar, InvalidCalendar> {
        let depth = 1 + self.depth().max(other.depth());
        if depth > MOST_DEPTH {
            return Err(Problem::TooDeep { limit: MOST_DEPTH }.into());
        }
        let found = self.count().saturating_add(other.count());
        few("parts", found, MOST_PARTS)?;
        let timeline = how.compile(self.timeline(), other.timeline())?;
        let source = Source::Combined {
            how,
            parts: [self.clone(), other.clone()],
            depth,
            count: found,
        };
        Ok(Calendar::of(source, timeline))
    }

    /// The zone whose dates are the calendar's business days: its own, UTC for one that is always open, for a
    /// combination that of its first part that has one, and for a succession that of its last edition.
    pub fn zone(&self) -> Zone {
        match &self.0.source {
            Source::Always => Zone::utc(),
            Source::Hours(hours) => hours.definition.zone.clone(),
            Source::Combined {
                parts: [first, second],
                ..
            } => match first.0.source {
                Source::Always => second.zone(),
                _ => first.zone(),
            },
            Source::Succession(editions) => editions.last().zone(),
        }
    }

    /// Whether it is open all the time, from 1970 to 2100.
    pub fn is_always_open(&self) -> bool {
        matches!(self.timeline(), Timeline::Always)
    }

    /// Whether it has no open time at all, as a combination can. A service level on it could never be missed nor met.
    pub fn is_never_open(&self) -> bool {
        matches!(self.timeline(), Timeline::Table(table) if table.never_opens())
    }

    /// The ordinary week; none for one that is always open, for combinations and for successions.
    pub fn week(&self) -> Option<&Week> {
        match &self.0.source {
            Source::Hours(hours) => Some(&hours.definition.week),
            _ => None,
        }
    }

    /// The layers of exceptions, lowest first; empty for one that is always open, for combinations and for successions.
    pub fn layers(&self) -> &[Layer] {
        match &self.0.source {
            Source::Hours(hours) => &hours.definition.layers,
            _ => &[],
        }
    }

    /// What a holiday does to a window that runs over midnight.
    pub fn overnight(&self) -> Overnight {
        match &self.0.source {
            Source::Hours(hours) => hours.definition.overnight,
            _ => Overnight::default(),
        }
    }

    /// How it was combined and of what; none for a calendar with hours of its own and for one that is always open.
    pub fn parts(&self) -> Option<(Combination, &Calendar, &Calendar)> {
        match &self.0.source {
            Source::Combined {
                how,
                parts: [first, second],
                ..
            } => Some((*how, first, second)),
            _ => None,
        }
    }

    /// The bytes of its compiled form. What it was written as, the parts of a combination, and its business days once
    /// they were counted (9 KB), come on top.
    pub fn compiled_bytes(&self) -> usize {
        let plan = match &self.0.source {
            Source::Hours(hours) => hours.plan.bytes(),
            _ => 0,
        };
        self.timeline().bytes() + plan
    }

    fn from_definition(definition: Definition) -> Result<Calendar, InvalidCalendar> {
        let definition = definition.check()?;
        let plan = Plan::of(&definition)?;
        let timeline = compile::compile(&plan, definition.zone.offsets())?;
        if matches!(&timeline, Timeline::Table(table) if table.never_opens()) {
            return Err(Problem::NeverOpens.into());
        }
        let hours = Box::new(Hours { definition, plan });
        Ok(Calendar::of(Source::Hours(hours), timeline))
    }

    fn of(source: Source, timeline: Timeline) -> Calendar {
        Calendar(Arc::new(Inner {
            source,
            timeline,
            days: OnceLock::new(),
        }))
    }

    fn timeline(&self) -> &Timeline {
        &self.0.timeline
    }

    fn depth(&self) -> usize {
        match self.0.source {
            Source::Combined { depth, .. } => depth,
            Source::Succession(ref editions) => editions.depth(),
            _ => 0,
        }
    }

    /// How many calendars that are no combinations it is made of, at least 1.
    pub(crate) fn count(&self) -> usize {
        match self.0.source {
            Source::Combined { count, .. } => count,
            Source::Succession(ref editions) => editions.count(),
            _ => 1,
        }
    }
}

impl PartialEq for Calendar {
    fn eq(&self, other: &Calendar) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.source == other.0.source
    }
}

impl fmt::Debug for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.source {
            Source::Always => f.write_str("Calendar(always)"),
            Source::Hours(hours) => {
                let definition = &hours.definition;
                write!(f, "Calendar({} {}", definition.week, definition.zone)?;
                match definition.layers.iter().map(|layer| layer.days.len()).sum() {
                    0usize => f.write_str(")"),
                    count => write!(f, ", {count} exceptions)"),
                }
            }
            Source::Combined {
                how, parts: [a, b], ..
            } => write!(f, "{how:?}({a:?}, {b:?})"),
            Source::Succession(editions) => {
                write!(f, "{:?}", editions.first)?;
                let mut then = editions.then.iter();
                then.try_for_each(|next| {
                    write!(f, " until {}, then {:?}", next.from, next.calendar)
                })
            }
        }
    }
}
