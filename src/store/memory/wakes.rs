//! When to look at which stream: the wake-ups of one shard, in the order of time.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use crate::store::{DueStream, StreamId, Wake};
use crate::time::{Micros, instant, micros};

/// By zone-data version, then by instant: what is due is a range, and nothing but what is due is touched.
#[derive(Debug, Default)]
pub(super) struct Wakes {
    by_version: BTreeMap<Cow<'static, str>, Version>,
}

/// The wake-ups that were worked out with one version of the zone data.
#[derive(Debug, Default)]
struct Version {
    wakes: BTreeSet<(Micros, StreamId)>,
    /// Streams with a wake-up that will not come: other data may say otherwise.
    asleep: BTreeSet<StreamId>,
}

impl Wakes {
    /// `stream` had the wake-up `old`, and has `new` from now on.
    pub(super) fn replace(&mut self, stream: StreamId, old: Option<&Wake>, new: &Wake) {
        if let Some(old) = old {
            if old.at == new.at && old.stamp.zone_data == new.stamp.zone_data {
                return;
            }
            if let Some(version) = self.by_version.get_mut(&old.stamp.zone_data) {
                version.remove(stream, old.at.map(micros));
            }
        }
        let at = new.at.map(micros);
        match self.by_version.get_mut(&new.stamp.zone_data) {
            Some(version) => version.insert(stream, at),
            None => {
                let mut version = Version::default();
                version.insert(stream, at);
                let name = new.stamp.zone_data.clone();
                self.by_version.insert(name, version);
            }
        }
    }

    /// The first instant at which anything here may be due for somebody with this zone data: the earliest wake-up, or at once
    /// where other data was used.
    pub(super) fn earliest(&self, zone_data: Option<&str>) -> Micros {
        let of = |(name, version): (&Cow<'static, str>, &Version)| match version.wakes.first() {
            _ if version.is_empty() => Micros::MAX,
            _ if Some(name.as_ref()) != zone_data => Micros::MIN,
            Some((at, _)) => *at,
            None => Micros::MAX,
        };
        self.by_version.iter().map(of).min().unwrap_or(Micros::MAX)
    }

    /// The earliest wake-up from an instant on.
    pub(super) fn next_from(&self, from: Micros) -> Option<Micros> {
        let first = (from, StreamId::FIRST);
        let next = |version: &Version| version.wakes.range(first..).next().map(|(at, _)| *at);
        self.by_version.values().filter_map(next).min()
    }

    /// Tells what is due at `now` for somebody with this zone data.
    pub(super) fn due(&self, now: Micros, zone_data: &str, found: &mut Earliest) {
        for (name, version) in &self.by_version {
            let all = name != zone_data;
            for (at, stream) in &version.wakes {
                if !(all || *at <= now) || !found.offer(Some(*at), *stream) {
                    break;
                }
            }
            if all {
                let mut asleep = version.asleep.iter();
                while asleep
                    .next()
                    .is_some_and(|stream| found.offer(None, *stream))
                {}
            }
        }
    }
}

impl Version {
    fn insert(&mut self, stream: StreamId, at: Option<Micros>) {
        match at {
            Some(at) => self.wakes.insert((at, stream)),
            None => self.asleep.insert(stream),
        };
    }

    fn remove(&mut self, stream: StreamId, at: Option<Micros>) {
        match at {
            Some(at) => self.wakes.remove(&(at, stream)),
            None => self.asleep.remove(&stream),
        };
    }

    fn is_empty(&self) -> bool {
        self.wakes.is_empty() && self.asleep.is_empty()
    }
}

/// The earliest of what is offered: at most so many. Those that sleep come last.
#[derive(Debug)]
pub(super) struct Earliest {
    limit: usize,
    found: BinaryHeap<(bool, Micros, StreamId)>, // the last of them on top
}

impl Earliest {
    pub(super) fn new(limit: usize) -> Earliest {
        Earliest {
            limit,
            found: BinaryHeap::new(),
        }
    }

    /// Whether it is one of the earliest so far: where not, nothing after it is.
    fn offer(&mut self, at: Option<Micros>, stream: StreamId) -> bool {
        let place = (at.is_none(), at.unwrap_or(Micros::MAX), stream);
        if self.found.len() < self.limit {
            self.found.push(place);
            return true;
        }
        match self.found.peek_mut() {
            Some(mut last) if place < *last => {
                *last = place;
                true
            }
            _ => false,
        }
    }

    /// In the order of time.
    pub(super) fn into_due(self) -> Vec<DueStream> {
        let due = |(asleep, at, stream): (bool, Micros, StreamId)| DueStream {
            stream,
            wake_at: (!asleep).then(|| instant(at)),
        };
        self.found.into_sorted_vec().into_iter().map(due).collect()
    }
}
