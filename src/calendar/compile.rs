//! From the wall clock to the compiled form: lays a [`Plan`] over the offsets of a zone, week by UTC week.
//!
//! Between two changes of the offset, wall-clock time is UTC shifted by a constant; so a week without change and without
//! exceptional date has one of a few shapes, and only the other weeks are worked out, each that has other hours once.

use std::collections::HashMap;

use super::error::Problem;
use super::offsets::Offsets;
use super::plan::Plan;
use super::range::{DAY_S, WEEK_S, WEEKS};
use super::shapes::Shape;
use super::timeline::Timeline;
use super::weaver::Weaver;

/// By how many dates, at most, a change of the offset can set the calendar on the wall back.
const MOST_SHIFT: i64 = 2;

pub(super) fn compile(plan: &Plan, offsets: &Offsets) -> Result<Timeline, Problem> {
    let mut weaver = Weaver::new();
    let mut ordinary: Vec<(i32, Shape)> = Vec::new();
    // The weeks with exceptional dates, by the offset and what stands on each date.
    let mut met: HashMap<(i32, Vec<u32>), Shape> = HashMap::new();
    let mut spans: Vec<(u32, u32)> = Vec::new();
    let mut special = plan.special_days();
    let changes = &offsets.changes;
    let mut next = changes.partition_point(|&(at, _)| at <= 0);
    let mut offset = offsets.at(0);
    for week in 0..WEEKS as i64 {
        let (begin, end) = (week * WEEK_S, (week + 1) * WEEK_S);
        let (first, last) = local_days(begin, end, offset);
        while let Some((_, later)) = special
            .split_first()
            .filter(|(day, _)| i64::from(day.day) < first - MOST_SHIFT)
        {
            special = later;
        }
        let mut here = special
            .iter()
            .map(|day| i64::from(day.day))
            .take_while(|&day| day <= last);
        let is_steady = changes.get(next).is_none_or(|&(at, _)| at >= end);
        let is_ordinary = here.all(|day| day < first) && is_steady;
        let known = ordinary
            .iter()
            .find(|known| known.0 == offset)
            .filter(|_| is_ordinary);
        if let Some(&(_, shape)) = known {
            weaver.push(shape);
            continue;
        }
        let lists = || (first..=last).map(|day| plan.list_on(day as i32)).collect();
        let key = (is_steady && !is_ordinary).then(|| (offset, lists()));
        if let Some(&shape) = key.as_ref().and_then(|key| met.get(key)) {
            weaver.push(shape);
            continue;
        }
        spans.clear();
        let mut from = begin;
        let began_with = offset;
        while from < end {
            let change = changes.get(next).filter(|&&(at, _)| at < end);
            let to = change.map_or(end, |&(at, _)| at);
            open_in(plan, offset, (from, to), begin, &mut spans);
            if let Some(&(_, after)) = change {
                offset = after;
                next += 1;
            }
            from = to;
        }
        join(&mut spans);
        let shape = weaver.shape(&spans);
        if is_ordinary {
            ordinary.push((began_with, shape));
        }
        met.extend(key.map(|key| (key, shape)));
        weaver.push(shape);
    }
    weaver.finish()
}

/// The local days whose windows can reach into `[from, to)`, as first and last day number.
fn local_days(from: i64, to: i64, offset: i32) -> (i64, i64) {
    let offset = i64::from(offset);
    (
        (from + offset).div_euclid(DAY_S) - 1,
        (to - 1 + offset).div_euclid(DAY_S),
    )
}

/// Adds the open spans of `[from, to)`, a stretch with one offset, in seconds since `week`.
fn open_in(
    plan: &Plan,
    offset: i32,
    (from, to): (i64, i64),
    week: i64,
    spans: &mut Vec<(u32, u32)>,
) {
    let (first, last) = local_days(from, to, offset);
    for day in first..=last {
        let midnight = day * DAY_S - i64::from(offset);
        for &(opens, closes) in plan.on(day as i32) {
            let opens = (midnight + i64::from(opens)).max(from);
            let closes = (midnight + i64::from(closes)).min(to);
            if opens < closes {
                spans.push(((opens - week) as u32, (closes - week) as u32));
            }
        }
    }
}

/// Orders spans, and makes one of what overlaps or touches.
pub(super) fn join(spans: &mut Vec<(u32, u32)>) {
    spans.sort_unstable();
    spans.dedup_by(|later, kept| {
        let touches = later.0 <= kept.1;
        if touches {
            kept.1 = kept.1.max(later.1);
        }
        touches
    });
}
