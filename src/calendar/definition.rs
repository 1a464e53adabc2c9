//! A calendar as written: zone, week, layers of exceptions. The one door through which every written calendar passes,
//! whether it comes from the builder, from text or from serde, is [`Definition::check`].

use std::collections::HashMap;
use std::sync::Arc;

use super::error::{InvalidCalendar, Problem, few};
use super::exception::{DayHours, DayRule, Exception, Layer};
use super::week::Week;
use super::zone::Zone;

/// What a holiday does to a window that runs over midnight.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Overnight {
    /// A window belongs to the date it starts on: a holiday closes the shift that starts that day, also its part after
    /// midnight, and leaves the tail of the evening before.
    #[default]
    WithStartDate,
    /// As above, and the tail of the evening before ends at the midnight that begins a date with a closed day or
    /// special hours; a part closing is cut out of it.
    CutAtMidnight,
}

/// The written form of a calendar with hours of its own.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Definition {
    pub(super) zone: Zone,
    #[serde(rename = "hours")]
    pub(super) week: Week,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) overnight: Overnight,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) layers: Vec<Layer>,
}

fn is_default(overnight: &Overnight) -> bool {
    *overnight == Overnight::default()
}

const MOST_LAYERS: usize = 64;
const MOST_EXCEPTIONS: usize = 50_000;

/// The longest name in bytes: explanations repeat it.
const MOST_NAME: usize = 4_096;

impl Definition {
    /// Refuses what cannot be meant, and brings what is left into one normal form.
    pub(super) fn check(mut self) -> Result<Definition, InvalidCalendar> {
        self.week.check()?;
        few("layers", self.layers.len(), MOST_LAYERS)?;
        let found = self.layers.iter().map(|layer| layer.days.len()).sum();
        few("exceptions", found, MOST_EXCEPTIONS)?;
        let mut shared = HashMap::new();
        for layer in &mut self.layers {
            short(&layer.name)?;
            for exception in &mut layer.days {
                exception.rule = normal(&exception.rule, &mut shared)?;
            }
            layer.days.shrink_to_fit();
            special_once(&layer.days)?;
        }
        Ok(self)
    }
}

/// Refuses a name that is too long to be repeated.
fn short(name: &str) -> Result<(), Problem> {
    let what = "bytes in a name of an exception or a layer";
    few(what, name.len(), MOST_NAME)
}

/// The rule with its windows in the order of the day, one copy for all dates that share it.
fn normal(
    rule: &Arc<DayRule>,
    shared: &mut HashMap<Arc<DayRule>, Arc<DayRule>>,
) -> Result<Arc<DayRule>, InvalidCalendar> {
    if let Some(known) = shared.get(rule) {
        return Ok(Arc::clone(known));
    }
    short(&rule.name)?;
    let ordered = match &rule.hours {
        DayHours::Closed => Arc::clone(rule),
        DayHours::ClosedDuring(windows) | DayHours::Special(windows) => {
            if windows.is_empty() || windows.len() > 1_440 {
                return Err(Problem::DayHours(rule.hours.to_string()).into());
            }
            let mut ordered = windows.clone();
            ordered.sort_unstable();
            ordered.dedup();
            let hours = match &rule.hours {
                DayHours::ClosedDuring(_) => DayHours::ClosedDuring(ordered),
                _ => DayHours::Special(ordered),
            };
            Arc::new(DayRule {
                hours,
                name: rule.name.clone(),
            })
        }
    };
    shared.insert(Arc::clone(rule), Arc::clone(&ordered));
    Ok(ordered)
}

/// Special hours for the very same dates twice in one layer are a slip. Of dates that only overlap, such as a week and a day of it,
/// those listed last hold; dates given by their year before yearly ones.
fn special_once(days: &[Exception]) -> Result<(), InvalidCalendar> {
    let mut specials: Vec<_> = days
        .iter()
        .filter(|day| matches!(day.hours(), DayHours::Special(_)))
        .map(|day| day.when)
        .collect();
    specials.sort_unstable();
    match specials.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Problem::SpecialTwice(pair[0].to_string()).into()),
        None => Ok(()),
    }
}
