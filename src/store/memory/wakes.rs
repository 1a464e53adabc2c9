//! When to look at which stream: the wake-ups of the store, in the order of time.
//!
//! Streams are spread over a few lanes by their ids, each behind a lock of its own. A stream stays in its lane, so whoever looks
//! sees its wake-up as it is before a commit or after it, never neither. In a lane, the wake-ups of a few minutes lie together in a
//! [`Bucket`]: to write one is to add it at the end, and to ask what is due is to read what lies side by side. A bucket is put in
//! order when somebody first asks for it; a wake-up that moves leaves its bucket at once, so nothing is kept but what is to come.
//!
//! # Properties
//! What is due comes in the order of time and then of streams, to the microsecond, whatever moved before. Where nothing is due, no
//! lock is taken, whoever asked last.

mod bucket;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};
use std::iter::Peekable;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use crate::store::{DueStream, StreamId, Wake};
use crate::time::{Micros, instant, micros};

use super::hash::Ids;
use bucket::{Bucket, Place};

/// How many there are: few, so that what is due at one time lies in few places.
const LANES: usize = 4;
/// The length of time in one bucket, in microseconds: about four minutes. Where a million streams wake within a week, a bucket of a
/// lane has about a hundred of them.
const SPAN: Micros = 1 << 28;

/// The wake-ups of every stream.
#[derive(Debug, Default)]
pub(super) struct Wakes {
    lanes: [Lane; LANES],
    /// The versions of the zone data that somebody asked by; the place of each, from 1, is its sign.
    asked_by: RwLock<Vec<String>>,
}

/// Some of the streams.
#[derive(Debug)]
#[repr(align(64))] // what is read without the lock is not where another lane is written
struct Lane {
    versions: Mutex<Versions>,
    /// The sign of the zone data that `earliest` is meant for, below a count of its changes; 0 while it changes.
    sign: AtomicU64,
    /// The first instant at which anything here may be due for somebody with that zone data: the earliest wake-up, or at once
    /// where other data was used.
    earliest: AtomicI64,
}

/// The wake-ups of a lane by the version of the zone data that they were worked out with: usually one.
#[derive(Debug, Default)]
struct Versions {
    known: Vec<(String, Version)>,
    /// The zone data that somebody last asked by.
    asked_by: Option<String>,
}

#[derive(Debug, Default)]
struct Version {
    /// By their spans of time; none is empty.
    buckets: BTreeMap<i64, Bucket>,
    /// Streams with a wake-up that will not come: other data may say otherwise.
    asleep: HashSet<StreamId, Ids>,
}

impl Wakes {
    /// `stream` had the wake-up `old`, and has `new` from now on.
    pub(super) fn replace(&self, stream: StreamId, old: Option<&Wake>, new: &Wake) {
        if old.is_some_and(|old| old.at == new.at && old.stamp.zone_data == new.stamp.zone_data) {
            return;
        }
        let lane = &self.lanes[usize::from(stream.id.as_bytes()[15]) % LANES];
        let mut versions = lane.lock();
        if let Some(old) = old {
            versions.remove(&old.stamp.zone_data, stream, old.at.map(micros));
        }
        versions.insert(&new.stamp.zone_data, stream, new.at.map(micros));
        lane.tell(&versions);
    }

    /// At most `limit` streams that are due at `now` for somebody with this zone data, in the order of time; those that sleep come
    /// last, in no order.
    pub(super) fn due(&self, now: Micros, zone_data: &str, limit: usize) -> Vec<DueStream> {
        let sign = self.sign(zone_data);
        let busy = self.lanes.iter().filter(|lane| lane.earliest(sign) <= now);
        let mut held: Vec<_> = busy.map(|lane| (lane, lane.lock())).collect();
        for (lane, versions) in &mut held {
            versions.put_in_order(now, zone_data, limit);
            lane.ask(versions, zone_data, sign);
        }
        let runs = held.iter().flat_map(move |(_, versions)| {
            let each = versions.known.iter();
            each.map(move |(name, version)| version.until(reach(name, now, zone_data)).peekable())
        });
        let mut found = merge(runs.collect(), limit);
        let left = limit - found.len();
        if left > 0 {
            let others = held.iter().flat_map(|(_, versions)| &versions.known);
            let others = others.filter(|(name, _)| name != zone_data);
            let asleep = others.flat_map(|(_, version)| version.asleep.iter().take(left));
            found.extend(asleep.take(left).map(|stream| DueStream {
                stream: *stream,
                wake_at: None,
            }));
        }
        found
    }

    /// The earliest wake-up from an instant on.
    pub(super) fn next_from(&self, from: Micros) -> Option<Micros> {
        let next = |lane: &Lane| lane.lock().next_from(from);
        self.lanes.iter().filter_map(next).min()
    }

    /// What stands for this zone data; never 0.
    fn sign(&self, zone_data: &str) -> u32 {
        let place = |known: &[String]| {
            let place = known.iter().position(|known| known == zone_data);
            place.map(|place| place as u32 + 1)
        };
        let known = self.asked_by.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(sign) = place(&known) {
            return sign;
        }
        drop(known);
        let mut known = self
            .asked_by
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        place(&known).unwrap_or_else(|| {
            known.push(zone_data.to_owned());
            known.len() as u32
        })
    }
}

impl Default for Lane {
    fn default() -> Lane {
        Lane {
            versions: Mutex::default(),
            sign: AtomicU64::new(0),
            earliest: AtomicI64::new(Micros::MAX),
        }
    }
}

impl Lane {
    fn lock(&self) -> MutexGuard<'_, Versions> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first instant at which anything here may be due for whoever has this sign; at once where the lane does not know.
    fn earliest(&self, sign: u32) -> Micros {
        // Whoever changes for whom the instant is meant takes the sign away before and puts the other one there after it.
        let before = self.sign.load(Ordering::Acquire);
        let earliest = self.earliest.load(Ordering::Acquire);
        let after = self.sign.load(Ordering::Acquire);
        if before == after && before as u32 == sign {
            earliest
        } else {
            Micros::MIN
        }
    }

    /// Keeps the instant up to date.
    fn tell(&self, versions: &Versions) {
        self.earliest.store(versions.earliest(), Ordering::Release);
    }

    /// From now on the instant is meant for this zone data.
    fn ask(&self, versions: &mut Versions, zone_data: &str, sign: u32) {
        if versions.asked_by.as_deref() == Some(zone_data) {
            return self.tell(versions);
        }
        versions.asked_by = Some(zone_data.to_owned());
        let changes = (self.sign.load(Ordering::Relaxed) >> 32).wrapping_add(1) << 32;
        self.sign.store(changes, Ordering::Release);
        self.tell(versions);
        self.sign
            .store(changes | u64::from(sign), Ordering::Release);
    }
}

/// Up to when wake-ups of the zone data `name` are due at `now` for somebody with `zone_data`.
fn reach(name: &str, now: Micros, zone_data: &str) -> Micros {
    if name == zone_data { now } else { Micros::MAX }
}

/// The first `limit` of several runs, each of which is in order.
fn merge<'a, I>(mut runs: Vec<Peekable<I>>, limit: usize) -> Vec<DueStream>
where
    I: Iterator<Item = &'a Place>,
{
    let mut found = Vec::new();
    while found.len() < limit {
        let heads = runs.iter_mut().enumerate();
        let first = heads.filter_map(|(n, run)| Some((*run.peek()?, n))).min();
        let Some((Place { at, stream }, n)) = first else {
            break;
        };
        found.push(DueStream {
            stream: *stream,
            wake_at: Some(instant(*at)),
        });
        runs[n].next();
    }
    found
}

impl Versions {
    fn place(&self, name: &str) -> Option<usize> {
        self.known.iter().position(|(known, _)| known == name)
    }

    fn insert(&mut self, name: &str, stream: StreamId, at: Option<Micros>) {
        let place = self.place(name).unwrap_or_else(|| {
            self.known.push((name.to_owned(), Version::default()));
            self.known.len() - 1
        });
        self.known[place].1.insert(stream, at);
    }

    fn remove(&mut self, name: &str, stream: StreamId, at: Option<Micros>) {
        if let Some(place) = self.place(name) {
            let version = &mut self.known[place].1;
            version.remove(stream, at);
            if version.is_empty() {
                self.known.swap_remove(place);
            }
        }
    }

    /// The first instant at which anything here may be due for whoever asked last.
    fn earliest(&self) -> Micros {
        let asked_by = self.asked_by.as_deref();
        let of = |(name, version): &(String, Version)| {
            if asked_by == Some(name.as_str()) {
                version.earliest()
            } else {
                Micros::MIN
            }
        };
        self.known.iter().map(of).min().unwrap_or(Micros::MAX)
    }

    /// Puts the buckets in order of which the first `limit` that are due will be read.
    fn put_in_order(&mut self, now: Micros, zone_data: &str, limit: usize) {
        for (name, version) in &mut self.known {
            let until = reach(name, now, zone_data).div_euclid(SPAN);
            let mut seen = 0;
            for (_, bucket) in version.buckets.range_mut(..=until) {
                bucket.put_in_order();
                seen += bucket.len();
                if seen >= limit {
                    break;
                }
            }
        }
    }

    fn next_from(&mut self, from: Micros) -> Option<Micros> {
        let next = |(_, version): &mut (_, Version)| version.next_from(from);
        self.known.iter_mut().filter_map(next).min()
    }
}

impl Version {
    fn insert(&mut self, stream: StreamId, at: Option<Micros>) {
        match at {
            Some(at) => {
                let bucket = self.buckets.entry(at.div_euclid(SPAN));
                bucket.or_default().insert(Place { at, stream });
            }
            None => {
                self.asleep.insert(stream);
            }
        }
    }

    fn remove(&mut self, stream: StreamId, at: Option<Micros>) {
        match at {
            Some(at) => {
                if let Entry::Occupied(mut bucket) = self.buckets.entry(at.div_euclid(SPAN)) {
                    bucket.get_mut().remove(Place { at, stream });
                    if bucket.get().len() == 0 {
                        bucket.remove();
                    }
                }
            }
            None => {
                self.asleep.remove(&stream);
                let (len, room) = (self.asleep.len(), self.asleep.capacity());
                if room > 64 && len < room / 8 {
                    self.asleep.shrink_to(2 * len);
                }
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.buckets.is_empty() && self.asleep.is_empty()
    }

    /// No wake-up comes before it.
    fn earliest(&self) -> Micros {
        let first = self.buckets.first_key_value();
        first.map_or(Micros::MAX, |(_, bucket)| bucket.earliest())
    }

    /// The wake-ups until an instant, in order where their buckets are.
    fn until(&self, until: Micros) -> impl Iterator<Item = &Place> {
        let buckets = self.buckets.range(..=until.div_euclid(SPAN));
        let places = buckets.flat_map(|(_, bucket)| bucket.iter());
        places.take_while(move |place| place.at <= until)
    }

    fn next_from(&mut self, from: Micros) -> Option<Micros> {
        let mut buckets = self.buckets.range_mut(from.div_euclid(SPAN)..);
        buckets.find_map(|(_, bucket)| bucket.next_from(from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{RulebookId, TenantId, TicketId};
    use crate::store::Stamp;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use uuid::Uuid;

    const ZONES: [&str; 2] = ["here", "elsewhere"];

    fn stream(n: u128) -> StreamId {
        StreamId::ticket(TenantId::SINGLE, TicketId::from_uuid(Uuid::from_u128(n)))
    }

    fn wake(at: Option<Micros>, zone_data: &'static str) -> Wake {
        let rulebook = RulebookId::from_uuid(Uuid::nil());
        let zone_data = zone_data.into();
        Wake {
            at: at.map(instant),
            stamp: Stamp {
                rulebook,
                zone_data,
            },
        }
    }

    type Model = BTreeMap<StreamId, Wake>;

    /// What is due by the definition; which of those that sleep are told is not defined.
    fn is_due(
        model: &Model,
        now: Micros,
        zone_data: &str,
        limit: usize,
        told: &[DueStream],
    ) -> bool {
        let due = model.iter().filter(|(_, wake)| {
            wake.stamp.zone_data != zone_data || wake.at.is_some_and(|at| micros(at) <= now)
        });
        let (mut awake, mut asleep) = (BTreeSet::new(), BTreeSet::new());
        for (stream, wake) in due {
            match wake.at {
                Some(at) => awake.insert((at, *stream)),
                None => asleep.insert(*stream),
            };
        }
        let count = limit.min(awake.len() + asleep.len());
        let (first, last) = told.split_at(told.len().min(awake.len()));
        let told_awake = first
            .iter()
            .map(|due| due.wake_at.map(|at| (at, due.stream)));
        let told_asleep: BTreeSet<_> = last.iter().map(|due| due.stream).collect();
        told.len() == count
            && told_awake.eq(awake.into_iter().map(Some).take(first.len()))
            && told_asleep.len() == last.len()
            && told_asleep.is_subset(&asleep)
            && last.iter().all(|due| due.wake_at.is_none())
    }

    fn next(model: &Model, from: Micros) -> Option<Micros> {
        let all = model.values().filter_map(|wake| wake.at.map(micros));
        all.filter(|at| *at >= from).min()
    }

    proptest! {
        /// Whatever moves, within one instant, from bucket to bucket and between versions of the zone data: what is due comes in the
        /// order of time and then of streams, at most so much, whoever asks.
        #[test]
        fn what_is_due_comes_in_order(
            moves in prop::collection::vec((0..12_u128, prop::option::of(0..9_i64), 0..5_usize), 0..60),
            limit in 0..8_usize,
        ) {
            let (wakes, mut model) = (Wakes::default(), Model::new());
            for (n, at, zone) in moves {
                // Some lie in one bucket, some in one instant.
                let at = at.map(|at| (at / 3) * SPAN + at % 3 - 1);
                let wake = wake(at, ZONES[zone / 4]);
                let old = model.insert(stream(n), wake.clone());
                wakes.replace(stream(n), old.as_ref(), &wake);
                for now in [-2, -1, 0, 1, SPAN, 3 * SPAN] {
                    prop_assert_eq!(wakes.next_from(now), next(&model, now));
                    for zone in ZONES {
                        let told = wakes.due(now, zone, limit);
                        prop_assert!(is_due(&model, now, zone, limit, &told), "{told:?} of {model:?}");
                    }
                    // The same again, once it is known who asks.
                    let all = wakes.due(now, "here", 99);
                    prop_assert!(is_due(&model, now, "here", 99, &all), "{all:?} of {model:?}");
                    let idle = wakes.lanes.iter().filter(|lane| lane.earliest(1) > now).count();
                    let busy: HashSet<u8> = all
                        .iter()
                        .map(|due| due.stream.id.as_bytes()[15] % LANES as u8)
                        .collect();
                    prop_assert!(idle == LANES - busy.len(), "{idle} idle, {busy:?} busy");
                }
            }
        }
    }

    /// Many of one bucket, also of one instant, are found in order, and each can move on.
    #[test]
    fn a_full_bucket_stays_in_order() {
        let (wakes, mut model) = (Wakes::default(), Model::new());
        let count = 3_000_u128;
        for n in 0..count {
            let at = (n as i64 * 7_919) % 50; // fifty instants of one bucket
            let wake = wake(Some(at), "here");
            wakes.replace(stream(n * 31 % count), None, &wake);
            model.insert(stream(n * 31 % count), wake);
        }
        let mut left = count as usize;
        while left > 0 {
            let due = wakes.due(49, "here", 700);
            assert!(is_due(&model, 49, "here", 700, &due));
            for due in &due {
                let later = wake(Some(5 * SPAN), "here");
                let old = model.insert(due.stream, later.clone());
                wakes.replace(due.stream, old.as_ref(), &later);
            }
            left -= due.len();
            for from in [0, 1, 25, 49, 50] {
                assert_eq!(wakes.next_from(from), next(&model, from));
            }
        }
        assert!(wakes.due(49, "here", 700).is_empty());
        assert_eq!(wakes.due(5 * SPAN, "here", 9_999).len(), count as usize);
    }

    /// Tickets that move again and again leave nothing behind.
    #[test]
    fn what_moved_on_takes_no_room() {
        let (wakes, count) = (Wakes::default(), 800); // few enough for lists
        let mut old = vec![None; count];
        for round in 0..40 {
            for (n, old) in old.iter_mut().enumerate() {
                if n as i64 >= round {
                    // The others stay behind, each in a bucket that many went through.
                    let new = wake(Some(round * SPAN), "here");
                    wakes.replace(stream(n as u128), old.as_ref(), &new);
                    *old = Some(new);
                }
            }
        }
        let room: usize = wakes.lanes.iter().map(|lane| lane.lock().room()).sum();
        assert!(room <= 4 * count, "room for {room}");
    }

    impl Versions {
        fn room(&self) -> usize {
            let buckets = self
                .known
                .iter()
                .flat_map(|(_, version)| version.buckets.values());
            buckets.map(Bucket::room).sum()
        }
    }
}
