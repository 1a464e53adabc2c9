//! When to look at which stream: the wake-ups of one shard, in the order of time.

use std::borrow::Cow;
use std::collections::btree_map::Entry;
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
    wakes: BTreeMap<Micros, Streams>,
    /// Streams with a wake-up that will not come: other data may say otherwise.
    asleep: BTreeSet<StreamId>,
}

/// The streams of one instant: seldom more than one, so the tree is searched by instants that lie close together.
#[derive(Debug)]
enum Streams {
    One(StreamId),
    Several(BTreeSet<StreamId>),
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
        let of =
            |(name, version): (&Cow<'static, str>, &Version)| match version.wakes.first_key_value()
            {
                _ if version.is_empty() => Micros::MAX,
                _ if Some(name.as_ref()) != zone_data => Micros::MIN,
                Some((at, _)) => *at,
                None => Micros::MAX,
            };
        self.by_version.iter().map(of).min().unwrap_or(Micros::MAX)
    }

    /// The earliest wake-up from an instant on.
    pub(super) fn next_from(&self, from: Micros) -> Option<Micros> {
        let next = |version: &Version| version.wakes.range(from..).next().map(|(at, _)| *at);
        self.by_version.values().filter_map(next).min()
    }

    /// Tells what is due at `now` for somebody with this zone data.
    pub(super) fn due(&self, now: Micros, zone_data: &str, found: &mut Earliest) {
        for (name, version) in &self.by_version {
            let all = name != zone_data;
            let due = version
                .wakes
                .iter()
                .take_while(|(at, _)| all || **at <= now);
            let mut streams = due.flat_map(|(at, streams)| streams.iter().map(|one| (*at, one)));
            while streams
                .next()
                .is_some_and(|(at, stream)| found.offer(Some(at), stream))
            {}
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
            Some(at) => match self.wakes.entry(at) {
                Entry::Vacant(place) => {
                    place.insert(Streams::One(stream));
                }
                Entry::Occupied(mut place) => place.get_mut().insert(stream),
            },
            None => {
                self.asleep.insert(stream);
            }
        }
    }

    fn remove(&mut self, stream: StreamId, at: Option<Micros>) {
        match at {
            Some(at) => {
                if let Entry::Occupied(mut place) = self.wakes.entry(at)
                    && place.get_mut().remove(stream)
                {
                    place.remove();
                }
            }
            None => {
                self.asleep.remove(&stream);
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.wakes.is_empty() && self.asleep.is_empty()
    }
}

impl Streams {
    fn insert(&mut self, stream: StreamId) {
        match self {
            Streams::One(known) => *self = Streams::Several(BTreeSet::from([*known, stream])),
            Streams::Several(known) => {
                known.insert(stream);
            }
        }
    }

    /// Whether none is left then.
    fn remove(&mut self, stream: StreamId) -> bool {
        match self {
            Streams::One(known) => *known == stream,
            Streams::Several(known) => {
                known.remove(&stream);
                known.is_empty()
            }
        }
    }

    /// In their order.
    fn iter(&self) -> impl Iterator<Item = StreamId> {
        let (one, several) = match self {
            Streams::One(one) => (Some(*one), None),
            Streams::Several(several) => (None, Some(several)),
        };
        one.into_iter()
            .chain(several.into_iter().flatten().copied())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{RulebookId, TenantId, TicketId};
    use crate::store::Stamp;
    use proptest::prelude::*;
    use uuid::Uuid;

    proptest! {
        /// Whatever moves, also within one instant: what is due comes in the order of time and then of streams, at most so much.
        #[test]
        fn what_is_due_comes_in_order(
            moves in prop::collection::vec((0..6_u128, prop::option::of(0..4_i64)), 0..40),
            limit in 0..8_usize,
        ) {
            let (mut wakes, mut model) = (Wakes::default(), BTreeMap::new());
            for (stream, at) in moves {
                let ticket = TicketId::from_uuid(Uuid::from_u128(stream));
                let stream = StreamId::ticket(TenantId::SINGLE, ticket);
                let stamp = Stamp {
                    rulebook: RulebookId::from_uuid(Uuid::nil()),
                    zone_data: "here".into(),
                };
                let wake = Wake { at: at.map(instant), stamp };
                let old = model.insert(stream, wake.clone());
                wakes.replace(stream, old.as_ref(), &wake);
                let awake = |(stream, wake): (&StreamId, &Wake)| Some((wake.at?, *stream));
                let all: BTreeSet<_> = model.iter().filter_map(awake).collect();
                prop_assert_eq!(wakes.next_from(Micros::MIN), all.first().map(|(at, _)| micros(*at)));
                for now in 0..4 {
                    let mut found = Earliest::new(limit);
                    wakes.due(now, "here", &mut found);
                    let due: Vec<_> = found.into_due().iter().map(|due| (due.wake_at, due.stream)).collect();
                    let first = all.iter().filter(|(at, _)| micros(*at) <= now).take(limit);
                    let expected: Vec<_> = first.map(|(at, stream)| (Some(*at), *stream)).collect();
                    prop_assert_eq!(due, expected);
                }
            }
        }
    }
}
