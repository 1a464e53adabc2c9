//! The local day that an instant belongs to, quickly.

use chrono::{DateTime, NaiveDate, Utc};

use crate::calendar::Zone;
use crate::time::{Micros, micros};

/// A local date, as the days since 1970-01-01.
pub(super) type Day = i32;

const DAY_US: i64 = 86_400_000_000;

/// 1970-01-01 in days of the common era.
const EPOCH: i32 = 719_163;

/// The days whose ends are remembered: up to the end of 2100.
const REMEMBERED: usize = 47_847;

pub(super) fn date_of(day: Day) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(day.checked_add(EPOCH)?)
}

/// The ends of the days of one zone, each worked out when it is first asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Days {
    ends: Vec<Option<Micros>>,
}

impl Days {
    /// The day in which `at` lies: a day is half-open, and an instant at midnight belongs to the day that begins there. The days
    /// are those of `zone`, which must be the same each time.
    pub(super) fn of(&mut self, zone: &Zone, at: Micros) -> Day {
        let at = at.clamp(
            micros(DateTime::<Utc>::MIN_UTC),
            micros(DateTime::<Utc>::MAX_UTC),
        );
        let mut day = Day::try_from(at.div_euclid(DAY_US)).unwrap_or(0); // in UTC: a day or two off at most
        while at >= self.end(zone, day) && day < Day::MAX {
            day = day.saturating_add(1);
        }
        while at < self.end(zone, day.saturating_sub(1)) {
            day = day.saturating_sub(1);
        }
        day
    }

    /// The midnight that ends a day; beyond the calendar, an instant that nothing passes.
    pub(super) fn end(&mut self, zone: &Zone, day: Day) -> Micros {
        let Some(index) = usize::try_from(day)
            .ok()
            .filter(|index| *index < REMEMBERED)
        else {
            return work_out(zone, day);
        };
        if self.ends.len() <= index {
            self.ends.resize(index.saturating_add(1), None);
        }
        match self.ends.get_mut(index) {
            Some(end) => *end.get_or_insert_with(|| work_out(zone, day)),
            None => work_out(zone, day),
        }
    }
}

fn work_out(zone: &Zone, day: Day) -> Micros {
    match date_of(day.saturating_add(1)) {
        Some(next) => micros(zone.start_of(next)),
        None if day < 0 => Micros::MIN,
        None => Micros::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn midnight_belongs_to_the_day_that_it_begins() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let date = |text: &str| {
            let at: chrono::DateTime<chrono::Utc> = text.parse().unwrap();
            date_of(Days::default().of(&berlin, micros(at)))
                .unwrap()
                .to_string()
        };
        assert_eq!(date("2026-03-04T22:59:59.999999Z"), "2026-03-04");
        assert_eq!(date("2026-03-04T23:00:00Z"), "2026-03-05");
        assert_eq!(date("2026-07-04T22:00:00Z"), "2026-07-05");
    }

    proptest! {
        /// Zones whose clocks change at midnight, skip a date, or stand far from UTC.
        #[test]
        fn a_day_begins_not_after_what_belongs_to_it_and_ends_after_it(
            name in prop::sample::select(vec!["UTC", "America/St_Johns", "Pacific/Apia", "Asia/Beirut", "Pacific/Kiritimati", "America/Havana"]),
            at in prop_oneof![Just(i64::MIN), Just(i64::MAX), -8_000_000_000_000_000_000i64..8_000_000_000_000_000_000, 0..4_200_000_000_000_000i64],
        ) {
            let zone = Zone::parse(name).unwrap();
            let mut days = Days::default();
            let day = days.of(&zone, at);
            let within = at.clamp(micros(DateTime::<Utc>::MIN_UTC), micros(DateTime::<Utc>::MAX_UTC));
            prop_assert!(work_out(&zone, day.saturating_sub(1)) <= within && within < work_out(&zone, day));
            prop_assert_eq!(days.of(&zone, at), day); // remembered
        }
    }
}
