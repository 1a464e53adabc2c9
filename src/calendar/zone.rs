//! Time zones: what the clock on the wall shows at an instant.
//!
//! A [`Zone`] is a value: a name and the instants at which its offset from UTC changes. Most zones come by their IANA
//! name from the database inside this crate ([`ZONE_DATA_VERSION`]); a host with fresher data hands over its own
//! ([`Zone::from_tzif`], [`Zone::from_transitions`]). There is no ambient zone: nothing here asks the operating system.
//!
//! This is the only file that knows where the built-in rules come from. That source answers one question, the offset
//! at an instant, so the changes of a zone are found once, by probing and bisection, and kept in one shared table.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use time_tz::{Offset, TimeZone};

use super::error::{InvalidCalendar, Problem, few};
use super::near::near;
use super::offsets::{Offsets, Reading};
use super::range::{DAY_S, FIRST_DAY, LAST_DAY, WEEK_S, WEEKS, date_of, day_number};
use super::{tzif, zone_fixes};

/// The release of the IANA time-zone database that named zones follow.
///
/// A stored due time is only as good as the zone data that computed it: keep this beside it.
pub const ZONE_DATA_VERSION: &str = "2026f";

/// A time zone: a name, and the offset from UTC at every instant.
///
/// Two zones are equal when their names and all their offsets are.
///
/// ```
/// use helpdesk::calendar::Zone;
///
/// let zone = Zone::parse("europe/paris")?;
/// assert_eq!(zone.name(), "Europe/Paris");
/// let noon = "2026-07-01T10:00:00Z".parse().unwrap();
/// assert_eq!(zone.local(noon).to_string(), "2026-07-01 12:00:00");
/// assert_eq!(Zone::parse("Europe/Pari").unwrap_err().near_zones(), ["Europe/Paris"]);
/// # Ok::<(), helpdesk::calendar::InvalidCalendar>(())
/// ```
#[derive(Clone)]
pub struct Zone(Source);

#[derive(Clone)]
enum Source {
    Named(&'static Named),
    Host(Arc<Host>),
}

struct Host {
    name: String,
    offsets: Offsets,
}

/// The largest offset a zone may have: a day, less a second.
const MAX_OFFSET: i32 = 86_399;

/// No real zone comes near this many changes.
pub(super) const MOST_CHANGES: usize = 100_000;

/// A whole date, in seconds since its midnight.
pub(super) const ALL_DAY: (u32, u32) = (0, DAY_S as u32);

impl Zone {
    /// The zone of that IANA name; upper and lower case are the same, and old names that became links are known.
    ///
    /// # Errors
    /// An unknown name, with the nearest known ones.
    pub fn parse(name: &str) -> Result<Zone, InvalidCalendar> {
        match table().get(name.to_ascii_lowercase().as_str()) {
            Some(named) => Ok(Zone(Source::Named(named))),
            None => Err(Problem::Zone {
                name: name.to_owned(),
                near: near(name, Zone::names()),
            }
            .into()),
        }
    }

    /// Coordinated Universal Time.
    pub fn utc() -> Zone {
        Zone::parse("UTC").unwrap_or_else(|_| {
            Zone(Source::Host(Arc::new(Host {
                name: String::from("UTC"),
                offsets: Offsets::default(),
            })))
        })
    }

    /// A zone of the host's own, from the bytes of a TZif file (RFC 9636, versions 1 to 4).
    ///
    /// The rule at the end of the file carries it to the end of the supported range.
    ///
    /// # Errors
    /// Bytes that are no well-formed TZif file, one with leap seconds, or an offset of a day or more.
    pub fn from_tzif(name: impl Into<String>, bytes: &[u8]) -> Result<Zone, InvalidCalendar> {
        let offsets = tzif::read(bytes).map_err(Problem::ZoneData)?;
        Zone::from_offsets(name.into(), offsets)
    }

    /// A zone of the host's own, from its changes: the offset in seconds east of UTC before the first change, then each
    /// change's instant (whole seconds) and the offset from then on. After the last change the offset stays. Changes may lie
    /// outside the supported range: old zone files begin at the beginning of time.
    ///
    /// # Errors
    /// Changes that are not strictly ascending, more than 100,000 of them, or an offset of a day or more.
    pub fn from_transitions(
        name: impl Into<String>,
        first_offset: i32,
        changes: impl IntoIterator<Item = (DateTime<Utc>, i32)>,
    ) -> Result<Zone, InvalidCalendar> {
        let changes = changes
            .into_iter()
            .map(|(at, offset)| (at.timestamp(), offset))
            .collect();
        Zone::from_offsets(
            name.into(),
            Offsets {
                first: first_offset,
                changes,
            },
        )
    }

    pub(super) fn from_offsets(
        name: String,
        mut offsets: Offsets,
    ) -> Result<Zone, InvalidCalendar> {
        few("changes of its zone", offsets.changes.len(), MOST_CHANGES)?;
        let ascending = offsets.changes.windows(2).all(|pair| pair[0].0 < pair[1].0);
        if !ascending {
            return Err(Problem::ZoneData("its changes are not in ascending order").into());
        }
        let largest = |offset: i32| offset.unsigned_abs() <= MAX_OFFSET.unsigned_abs();
        if !largest(offsets.first) || !offsets.changes.iter().all(|&(_, offset)| largest(offset)) {
            return Err(Problem::ZoneData("an offset is a day or more").into());
        }
        let mut current = offsets.first;
        offsets
            .changes
            .retain(|&(_, offset)| std::mem::replace(&mut current, offset) != offset);
        Ok(Zone(Source::Host(Arc::new(Host { name, offsets }))))
    }

    /// The name: as the database spells it, or as the host gave it.
    pub fn name(&self) -> &str {
        match &self.0 {
            Source::Named(named) => named.name,
            Source::Host(host) => &host.name,
        }
    }

    /// Whether the host gave this zone's rules, rather than the built-in database.
    pub fn is_host_given(&self) -> bool {
        matches!(self.0, Source::Host(_))
    }

    /// The names of all zones in the built-in database, in alphabetical order.
    pub fn names() -> impl Iterator<Item = &'static str> {
        table().values().map(|named| named.name)
    }

    /// What the clock on the wall shows at `at`. Outside the supported range a named zone keeps the offset of the nearer end; a
    /// zone of the host's own has there what its changes say.
    pub fn local(&self, at: DateTime<Utc>) -> NaiveDateTime {
        let offset = TimeDelta::seconds(i64::from(self.offset(at)));
        at.naive_utc()
            .checked_add_signed(offset)
            .unwrap_or(at.naive_utc())
    }

    /// The offset from UTC at `at`, in seconds east.
    pub fn offset(&self, at: DateTime<Utc>) -> i32 {
        self.offsets().at(at.timestamp())
    }

    /// The first instant at which the clock on the wall shows `local`; when the clocks skip that time, the first
    /// instant after the gap.
    pub fn instant_of(&self, local: NaiveDateTime) -> DateTime<Utc> {
        let wall = local.and_utc().timestamp();
        match self.offsets().first_showing(wall) {
            Reading::Shown(second) => {
                let moved = TimeDelta::seconds(second - wall);
                local
                    .and_utc()
                    .checked_add_signed(moved)
                    .unwrap_or(local.and_utc())
            }
            Reading::Skipped(second) => {
                DateTime::from_timestamp(second, 0).unwrap_or(local.and_utc())
            }
        }
    }

    /// The last instant at which the clock on the wall shows `local`; when the clocks skip that time, the first instant
    /// after the gap.
    pub fn last_instant_of(&self, local: NaiveDateTime) -> DateTime<Utc> {
        let first = self.instant_of(local);
        let later = self.offsets().changes_around(first.timestamp());
        let shown = later.iter().filter_map(|&(at, offset)| {
            let shown = local
                .checked_sub_signed(TimeDelta::seconds(i64::from(offset)))?
                .and_utc();
            (shown.timestamp() >= at && self.local(shown) == local).then_some(shown)
        });
        shown.max().map_or(first, |shown| shown.max(first))
    }

    /// The first instant of a local date: its midnight, or the first instant after it when that is skipped.
    pub fn start_of(&self, date: NaiveDate) -> DateTime<Utc> {
        self.instant_of(date.and_time(chrono::NaiveTime::MIN))
    }

    /// The first and the last instant (exclusive) of a local date. Equal when the zone skips the whole date.
    pub fn bounds_of(&self, date: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
        let next = date.checked_add_days(Days::new(1)).unwrap_or(date);
        (self.start_of(date), self.start_of(next))
    }

    /// The stretches of time in which the clock on the wall shows a local date or a stretch of it and the next, given in seconds
    /// since its midnight.
    pub(super) fn showing(
        &self,
        date: NaiveDate,
        (from, to): (u32, u32),
    ) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> + '_ {
        let midnight = i64::from(day_number(date)) * DAY_S;
        let shown = (midnight + i64::from(from), midnight + i64::from(to));
        let instant = |second| DateTime::from_timestamp(second, 0);
        let stretches = self.offsets().showing(shown);
        stretches.filter_map(move |(from, to)| instant(from).zip(instant(to)))
    }

    /// The instants at which the offset changes, and the offset from then on: for a named zone those of the supported range and
    /// of some days around it, for one of the host's own all that it was given and that change something.
    pub fn transitions(&self) -> impl Iterator<Item = (DateTime<Utc>, i32)> + '_ {
        let changes = self.offsets().changes.iter();
        changes.filter_map(|&(second, offset)| Some((DateTime::from_timestamp(second, 0)?, offset)))
    }

    /// The local dates that it leaves out whole, as day numbers, ascending: where the clocks were put on by a day. Of those
    /// that can touch the supported range; a change may lie anywhere.
    pub(super) fn missing_days(&self) -> Vec<i32> {
        let offsets = self.offsets();
        let local_day = |second: i64, offset: i32| {
            let day = second.saturating_add(i64::from(offset)).div_euclid(DAY_S);
            day.clamp(i64::from(FIRST_DAY) - 1, i64::from(LAST_DAY) + 1) as i32
        };
        let jumped = offsets.changes.iter().flat_map(|&(second, offset)| {
            let last = second.saturating_sub(1);
            local_day(last, offsets.at(last)) + 1..local_day(second, offset)
        });
        let mut days: Vec<i32> = jumped.collect();
        days.sort_unstable();
        days.dedup();
        // Clocks that were put on and back again may show the date after all.
        days.retain(|&day| self.showing(date_of(day), ALL_DAY).next().is_none());
        days
    }

    pub(super) fn offsets(&self) -> &Offsets {
        match &self.0 {
            Source::Named(named) => named.offsets(),
            Source::Host(host) => &host.offsets,
        }
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({:?})", self.name())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Zone) -> bool {
        match (&self.0, &other.0) {
            (Source::Named(a), Source::Named(b)) => std::ptr::eq(*a, *b),
            (Source::Host(a), Source::Host(b)) => a.name == b.name && a.offsets == b.offsets,
            _ => false,
        }
    }
}

impl Eq for Zone {}

impl FromStr for Zone {
    type Err = InvalidCalendar;

    fn from_str(name: &str) -> Result<Zone, InvalidCalendar> {
        Zone::parse(name)
    }
}

/// One zone of the built-in database. Its changes are found when it is first used.
struct Named {
    name: &'static str,
    rules: &'static (dyn Rules + Send + Sync),
    offsets: OnceLock<Offsets>,
}

/// All zones by lower-case name: the one static of the calendar module, filled once and never changed.
fn table() -> &'static BTreeMap<String, Named> {
    static TABLE: OnceLock<BTreeMap<String, Named>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let zones = time_tz::timezones::iter();
        zones
            .map(|rules| {
                let name = TimeZone::name(rules);
                (
                    name.to_ascii_lowercase(),
                    Named {
                        name,
                        rules,
                        offsets: OnceLock::new(),
                    },
                )
            })
            .collect()
    })
}

/// The built-in rules are spelled out up to the end of 2099. The year 2100 begins on the same weekday as 2094 and is as
/// long, so a rule that has settled by then gives both the same changes, six years apart; 2101 likewise repeats 2095.
const SPELLED_OUT_UNTIL: i64 = 4_102_444_800;
const REPEATED_FROM: i64 = SPELLED_OUT_UNTIL - REPEATED_AFTER;
const REPEATED_AFTER: i64 = 2_191 * DAY_S;

/// No zone has ever changed its clocks twice within this time and come back to where it was.
const PROBE_STEP: i64 = 4 * DAY_S;

impl Named {
    fn offsets(&self) -> &Offsets {
        self.offsets.get_or_init(|| {
            let Offsets { first, mut changes } = self.spelled_out();
            zone_fixes::apply(self.name, &mut changes);
            let end = WEEKS as i64 * WEEK_S + WEEK_S;
            let repeated: Vec<(i64, i32)> = changes
                .iter()
                .filter(|&&(second, _)| second >= REPEATED_FROM)
                .map(|&(second, offset)| (second + REPEATED_AFTER, offset))
                .filter(|&(second, _)| (SPELLED_OUT_UNTIL..end).contains(&second))
                .collect();
            changes.extend(repeated);
            Offsets { first, changes }
        })
    }

    /// The changes that the built-in rules spell out, as they are.
    fn spelled_out(&self) -> Offsets {
        let first = self.lookup(-WEEK_S);
        let mut changes = Vec::new();
        let (mut at, mut offset) = (-WEEK_S, first);
        while at < SPELLED_OUT_UNTIL {
            let next = (at + PROBE_STEP).min(SPELLED_OUT_UNTIL);
            let reached = self.lookup(next);
            while offset != reached {
                (at, offset) = self.bisect(at, next, offset);
                changes.push((at, offset));
            }
            at = next;
        }
        Offsets { first, changes }
    }

    /// The first second in `(from, to]` whose offset differs from `before`, which holds at `from` and not at `to`.
    fn bisect(&self, from: i64, to: i64, before: i32) -> (i64, i32) {
        let (mut same, mut changed) = (from, to);
        while changed - same > 1 {
            let middle = same + (changed - same) / 2;
            if self.lookup(middle) == before {
                same = middle
            } else {
                changed = middle
            }
        }
        (changed, self.lookup(changed))
    }

    fn lookup(&self, second: i64) -> i32 {
        self.rules.offset_at(second)
    }
}

/// The one question that the built-in rules answer: the offset at a Unix second.
trait Rules {
    fn offset_at(&self, second: i64) -> i32;
}

impl<T: TimeZone> Rules for T {
    fn offset_at(&self, second: i64) -> i32 {
        let at = time::OffsetDateTime::from_unix_timestamp(second)
            .unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
        self.get_offset_utc(&at).to_utc().whole_seconds()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fix that finds nothing to fix has become superfluous: the source of the rules was put right.
    #[test]
    fn every_fix_is_still_needed() {
        for (names, wrong, _) in zone_fixes::FIXES {
            for name in *names {
                let found = table()
                    .get(*name)
                    .map(Named::spelled_out)
                    .unwrap_or_default();
                assert!(
                    found.changes.iter().any(|change| change.0 == *wrong),
                    "{name}: {wrong}"
                );
            }
        }
    }
}
