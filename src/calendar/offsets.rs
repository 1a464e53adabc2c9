//! The offsets of a zone, as plain data: which one holds at an instant, and at which instant a clock shows a time.

use super::range::DAY_S;

/// The offsets of a zone over the supported range, in seconds east of UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Offsets {
    /// The offset before the first change.
    pub(super) first: i32,
    /// Each change: the Unix second it happens at, and the offset from then on. Strictly ascending.
    pub(super) changes: Vec<(i64, i32)>,
}

/// Where a wall-clock reading falls, in Unix seconds.
pub(super) enum Reading {
    Shown(i64),
    Skipped(i64),
}

impl Offsets {
    pub(super) fn at(&self, second: i64) -> i32 {
        let after = self.changes.partition_point(|&(at, _)| at <= second);
        after
            .checked_sub(1)
            .and_then(|last| self.changes.get(last))
            .map_or(self.first, |&(_, offset)| offset)
    }

    /// The first change after a second.
    pub(super) fn after(&self, second: i64) -> Option<&(i64, i32)> {
        let after = self.changes.partition_point(|&(at, _)| at <= second);
        self.changes.get(after)
    }

    /// The changes within two days after a second: further away a reading cannot come again.
    pub(super) fn changes_around(&self, second: i64) -> &[(i64, i32)] {
        let first = self.changes.partition_point(|&(at, _)| at <= second);
        let last = self
            .changes
            .partition_point(|&(at, _)| at <= second.saturating_add(2 * DAY_S));
        self.changes.get(first..last).unwrap_or_default()
    }

    /// The changes before which all wall-clock readings lie below `wall` stay behind: at most the few around it are read.
    pub(super) fn first_showing(&self, wall: i64) -> Reading {
        let far = 2 * DAY_S;
        let from = self
            .changes
            .partition_point(|&(at, _)| at.saturating_add(far) < wall);
        let mut offset = from
            .checked_sub(1)
            .and_then(|last| self.changes.get(last))
            .map_or(self.first, |c| c.1);
        for &(at, next) in self.changes.get(from..).unwrap_or_default() {
            let shown = wall.saturating_sub(i64::from(offset));
            if shown < at {
                return Reading::Shown(shown);
            }
            if wall < at.saturating_add(i64::from(next)) {
                return Reading::Skipped(at);
            }
            offset = next;
        }
        Reading::Shown(wall.saturating_sub(i64::from(offset)))
    }
    /// The stretches `[from, to)` of time in which a clock on the wall reads inside `wall`, none of them empty, in order: one
    /// as a rule, none where the clocks skip all of it, more where they show a part again.
    pub(super) fn showing(&self, wall: (i64, i64)) -> impl Iterator<Item = (i64, i64)> + '_ {
        let far = 2 * DAY_S;
        let past = |&(at, _): &(i64, i32)| at.saturating_add(far) < wall.0;
        let first = self.changes.partition_point(past);
        let offset = first
            .checked_sub(1)
            .and_then(|last| self.changes.get(last))
            .map_or(self.first, |change| change.1);
        let later = self.changes.get(first..).unwrap_or_default();
        let begins = std::iter::once((i64::MIN, offset)).chain(later.iter().copied());
        let ends = later.iter().map(|change| change.0).chain([i64::MAX]);
        begins
            .zip(ends)
            .take_while(move |((begin, _), _)| *begin <= wall.1.saturating_add(far))
            .filter_map(move |((begin, offset), end)| {
                let at = |reading: i64| reading.saturating_sub(i64::from(offset));
                let (from, to) = (at(wall.0).max(begin), at(wall.1).min(end));
                (from < to).then_some((from, to))
            })
    }
}
