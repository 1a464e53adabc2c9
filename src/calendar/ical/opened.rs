//! Which of the closed days special hours open again: those of a higher layer, and of the same one, unless the closed day is given by its
//! year and they come every year.

use chrono::NaiveDate;

use super::super::{DayHours, Exception, Layer, When};

/// The dates that are looked at; beyond them no calendar answers.
const FIRST_YEAR: i32 = 1969;
const LAST_YEAR: i32 = 2101;

/// For each date the strength of the strongest special hours, by [`strength`] and one more; zero where there are none. Empty where there are
/// none at all.
#[derive(Debug)]
pub(super) struct Opened(Vec<usize>);

/// How strong an exception of the `place`-th layer is on its dates.
fn strength(place: usize, when: When) -> usize {
    2 * place + usize::from(!when.is_yearly())
}

/// The number of a date from the first that is looked at on; negative before that.
fn number(date: NaiveDate) -> i64 {
    let first = NaiveDate::from_ymd_opt(FIRST_YEAR, 1, 1).unwrap_or(NaiveDate::MIN);
    (date - first).num_days()
}

impl Opened {
    pub(super) fn by(layers: &[Layer]) -> Opened {
        let last = NaiveDate::from_ymd_opt(LAST_YEAR, 12, 31).unwrap_or(NaiveDate::MAX);
        let mut strongest = Vec::new();
        for (place, layer) in layers.iter().enumerate() {
            let special = |day: &&Exception| matches!(day.hours(), DayHours::Special(_));
            for special in layer.exceptions().iter().filter(special) {
                strongest.resize(usize::try_from(number(last) + 1).unwrap_or(0), 0);
                let strength = strength(place, special.when()) + 1;
                for (first, last) in stretches(special.when()) {
                    let (from, to) = (number(first).max(0), number(last).max(-1) + 1);
                    let range = usize::try_from(from).ok().zip(usize::try_from(to).ok());
                    let days = range.and_then(|(from, to)| {
                        let to = to.min(strongest.len());
                        strongest.get_mut(from..to)
                    });
                    for known in days.into_iter().flatten() {
                        *known = strength.max(*known);
                    }
                }
            }
        }
        Opened(strongest)
    }

    /// What stays closed of a stretch of an exception in the `place`-th layer, as stretches in order.
    pub(super) fn left(
        &self,
        (first, last): (NaiveDate, NaiveDate),
        (place, when): (usize, When),
    ) -> Vec<(NaiveDate, NaiveDate)> {
        if self.0.is_empty() {
            return vec![(first, last)];
        }
        let stays = |date: NaiveDate| {
            let strongest = usize::try_from(number(date)).ok();
            let strongest = strongest.and_then(|number| self.0.get(number));
            strongest.is_none_or(|strongest| *strongest <= strength(place, when))
        };
        let begin = NaiveDate::from_ymd_opt(FIRST_YEAR, 1, 1).unwrap_or(NaiveDate::MIN);
        let end = NaiveDate::from_ymd_opt(LAST_YEAR, 12, 31).unwrap_or(NaiveDate::MAX);
        let days = first.max(begin).iter_days();
        let mut left: Vec<(NaiveDate, NaiveDate)> = Vec::new();
        for date in days.take_while(|date| *date <= last.min(end)) {
            match left.last_mut() {
                _ if !stays(date) => {}
                Some((_, until)) if until.succ_opt() == Some(date) => *until = date,
                _ => left.push((date, date)),
            }
        }
        left
    }
}

/// The stretches of dates that are looked at.
fn stretches(when: When) -> impl Iterator<Item = (NaiveDate, NaiveDate)> {
    let last = if when.is_yearly() {
        LAST_YEAR
    } else {
        FIRST_YEAR
    };
    (FIRST_YEAR - 1..=last)
        .filter(move |year| when.is_yearly() || *year == last)
        .filter_map(move |year| when.stretch_from(year))
}
