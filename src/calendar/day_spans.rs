//! What exceptions leave of the windows of a date, worked out once for all dates on which the same hours hold.
//!
//! Dates with the same rules share one list: thirty years of half days are one list, not eleven thousand. How much is worked
//! out in all has a limit, so that a few lines of rules cannot take more memory and time than calendars are worth.

use std::collections::HashMap;

use super::compile::join;
use super::definition::Definition;
use super::error::{InvalidCalendar, few};
use super::exception::DayHours;
use super::plan::{DAY, Named, Span};
use super::range::weekday;

/// How many windows may be read and written in all to work out the dates with exceptions. Dates that share their hours count
/// once, so no desk comes near.
const MOST_WORK: usize = 4_000_000;

/// Where a list stands: its first span, and how many there are.
pub(super) type Place = (u32, u32);

/// Works out the lists.
pub(super) struct DaySpans<'a> {
    week: &'a [Box<[Span]>; 7],
    /// The number of the hours of each exception, by layer and index: of the same hours the same, whatever they are called.
    numbers: Vec<Vec<u32>>,
    hours: Vec<Hours>,
    known: HashMap<(Base, Vec<u32>), Place>,
    lists: HashMap<Vec<Span>, Place>,
    spans: Vec<Span>,
    work: usize,
}

/// What some hours do to a date.
enum Hours {
    /// These spans begin on it, and no others.
    Exactly(Vec<Span>),
    /// These are cut out.
    Without(Vec<Span>),
}

/// What the hours of a date are applied to.
#[derive(PartialEq, Eq, Hash)]
enum Base {
    /// The ordinary windows of a weekday.
    Week(usize),
    /// Nothing that shows: the first of them sets the whole date.
    Nothing,
    /// The list of the date before, as far as it runs into this one.
    Tail(Place),
}

impl<'a> DaySpans<'a> {
    pub(super) fn new(definition: &'a Definition, week: &'a [Box<[Span]>; 7]) -> DaySpans<'a> {
        let mut met: HashMap<&DayHours, u32> = HashMap::new();
        let mut hours = Vec::new();
        let mut number = |day: &'a DayHours| {
            *met.entry(day).or_insert_with(|| {
                hours.push(Hours::of(day));
                hours.len() as u32 - 1
            })
        };
        let layers = definition.layers.iter();
        let numbers = layers
            .map(|layer| layer.days.iter().map(|day| number(day.hours())).collect())
            .collect();
        DaySpans {
            week,
            numbers,
            hours,
            known: HashMap::new(),
            lists: HashMap::new(),
            spans: Vec::new(),
            work: 0,
        }
    }

    /// The list of a date with these exceptions, which apply in this order.
    pub(super) fn on(&mut self, day: i32, named: &[Named]) -> Result<Place, InvalidCalendar> {
        let mut rules = self.rules(named);
        let sets_all = |rule: &u32| matches!(self.hours(*rule), Some(Hours::Exactly(_)));
        let base = match rules.iter().rposition(sets_all) {
            Some(last) => {
                rules.drain(..last);
                Base::Nothing
            }
            None => Base::Week(weekday(day)),
        };
        self.worked_out(base, rules)
    }

    /// The list of the date before one with these exceptions, without what they cover of its windows that run into that one.
    /// None where no window does. `before` is what the date before has so far, none for its ordinary windows.
    pub(super) fn cut(
        &mut self,
        day: i32,
        before: Option<Place>,
        named: &[Named],
    ) -> Result<Option<Place>, InvalidCalendar> {
        let tail = match before {
            Some(place) => self.list(place),
            None => self.ordinary(weekday(day - 1)),
        };
        if tail.last().is_none_or(|span| span.1 <= DAY) {
            return Ok(None);
        }
        let place = match before {
            Some(place) => place,
            None => self.kept(tail.to_vec())?,
        };
        let rules = self.rules(named);
        self.worked_out(Base::Tail(place), rules).map(Some)
    }

    /// All lists, each once.
    pub(super) fn finish(self) -> Box<[Span]> {
        self.spans.into_boxed_slice()
    }

    fn rules(&self, named: &[Named]) -> Vec<u32> {
        let number = |&(_, layer, _, index): &Named| {
            let layer = self.numbers.get(layer as usize)?;
            layer.get(index as usize).copied()
        };
        named.iter().filter_map(number).collect()
    }

    fn worked_out(&mut self, base: Base, rules: Vec<u32>) -> Result<Place, InvalidCalendar> {
        let key = (base, rules);
        if let Some(&place) = self.known.get(&key) {
            return Ok(place);
        }
        let (base, rules) = &key;
        let (mut spans, later) = match base {
            Base::Week(day) => (self.ordinary(*day).to_vec(), 0),
            Base::Nothing => (Vec::new(), 0),
            Base::Tail(place) => (self.list(*place).to_vec(), DAY),
        };
        let mut work = spans.len();
        for hours in rules.iter().filter_map(|rule| self.hours(*rule)) {
            spans = match hours {
                Hours::Exactly(_) if later > 0 => without(&spans, &[(DAY, 2 * DAY)], 0),
                Hours::Exactly(windows) => windows.clone(),
                Hours::Without(holes) => without(&spans, holes, later),
            };
            work += hours.count() + spans.len();
        }
        self.spend(work)?;
        let place = self.kept(spans)?;
        self.known.insert(key, place);
        Ok(place)
    }

    /// The place of a list, which is added where it is not known.
    fn kept(&mut self, list: Vec<Span>) -> Result<Place, InvalidCalendar> {
        if let Some(&place) = self.lists.get(&list) {
            return Ok(place);
        }
        self.spend(list.len())?;
        let place = (self.spans.len() as u32, list.len() as u32);
        self.spans.extend_from_slice(&list);
        self.lists.insert(list, place);
        Ok(place)
    }

    fn spend(&mut self, work: usize) -> Result<(), InvalidCalendar> {
        self.work = self.work.saturating_add(work);
        let what = "windows to work out on dates with exceptions";
        Ok(few(what, self.work, MOST_WORK)?)
    }

    fn hours(&self, number: u32) -> Option<&Hours> {
        self.hours.get(number as usize)
    }

    fn ordinary(&self, weekday: usize) -> &[Span] {
        self.week.get(weekday).map_or(&[], |spans| spans)
    }

    fn list(&self, (first, count): Place) -> &[Span] {
        let first = first as usize;
        self.spans
            .get(first..first + count as usize)
            .unwrap_or_default()
    }
}

impl Hours {
    fn of(day: &DayHours) -> Hours {
        match day {
            DayHours::Closed => Hours::Exactly(Vec::new()),
            DayHours::Special(windows) => Hours::Exactly(joined(windows.iter().map(|w| w.span()))),
            DayHours::ClosedDuring(windows) => {
                Hours::Without(joined(windows.iter().map(|w| w.span())))
            }
        }
    }

    fn count(&self) -> usize {
        match self {
            Hours::Exactly(spans) | Hours::Without(spans) => spans.len(),
        }
    }
}

/// Spans in order, with what overlaps or touches made one.
pub(super) fn joined(spans: impl Iterator<Item = Span>) -> Vec<Span> {
    let mut whole = spans.collect();
    join(&mut whole);
    whole
}

/// What is left of `spans` outside `holes`, which count from `later` on. Both are in order and disjoint.
fn without(spans: &[Span], holes: &[Span], later: u32) -> Vec<Span> {
    let mut left = Vec::with_capacity(spans.len() + 1);
    let mut holes = holes.iter().map(|hole| (hole.0 + later, hole.1 + later));
    let mut hole = holes.next();
    for &(mut opens, closes) in spans {
        while let Some((from, to)) = hole.filter(|hole| hole.0 < closes) {
            if opens < from {
                left.push((opens, from));
            }
            opens = opens.max(to);
            if to >= closes {
                break;
            }
            hole = holes.next();
        }
        if opens < closes {
            left.push((opens, closes));
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_cut_out_of_spans() {
        let spans = [(10, 20), (30, 40), (50, 60)];
        for (holes, left) in [
            (&[][..], &[(10, 20), (30, 40), (50, 60)][..]),
            (
                &[(0, 10), (20, 30), (60, 70)],
                &[(10, 20), (30, 40), (50, 60)],
            ),
            (
                &[(12, 14), (16, 18)],
                &[(10, 12), (14, 16), (18, 20), (30, 40), (50, 60)],
            ),
            (&[(15, 35), (38, 55)], &[(10, 15), (35, 38), (55, 60)]),
            (&[(0, 100)], &[]),
            (&[(10, 20), (20, 31)], &[(31, 40), (50, 60)]),
            (
                &[(11, 12), (21, 22), (23, 31)],
                &[(10, 11), (12, 20), (31, 40), (50, 60)],
            ),
        ] {
            assert_eq!(without(&spans, holes, 0), left, "{holes:?}");
        }
        assert_eq!(without(&[(10, 20)], &[(1, 5)], 10), [(10, 11), (15, 20)]);
    }
}
