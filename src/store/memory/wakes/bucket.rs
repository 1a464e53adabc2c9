//! The wake-ups of a few minutes in one lane: a short list that is sorted when it is first read, or a tree where it grows long.

use std::cmp::Ordering;
use std::collections::{BTreeSet, VecDeque, btree_set, vec_deque};

use uuid::Uuid;

use crate::id::TenantId;
use crate::store::{StreamId, StreamKind};
use crate::time::Micros;

/// A wake-up, in the order of what is due: by time, then by stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) at: Micros,
    pub(super) stream: StreamId,
}

impl Ord for Place {
    /// Ids are compared as numbers, which is the order of their bytes, and only where streams wake at one instant.
    fn cmp(&self, other: &Place) -> Ordering {
        let key = |place: &Place| {
            let StreamId { tenant, kind, id } = place.stream;
            (tenant.uuid().as_u128(), kind, id.as_u128())
        };
        let by_time = self.at.cmp(&other.at);
        by_time.then_with(|| key(self).cmp(&key(other)))
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Place) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[derive(Debug)]
pub(super) enum Bucket {
    Few(Few),
    Many(BTreeSet<Place>),
}

/// As many as a list may hold: it is searched from end to end while it is not in order.
const FEW: usize = 256;

#[derive(Debug)]
pub(super) struct Few {
    places: VecDeque<Place>,
    in_order: bool,
    /// None comes before it.
    earliest: Micros,
}

impl Default for Bucket {
    fn default() -> Bucket {
        Bucket::Few(Few {
            places: VecDeque::new(),
            in_order: true,
            earliest: Micros::MAX,
        })
    }
}

impl Bucket {
    pub(super) fn len(&self) -> usize {
        match self {
            Bucket::Few(few) => few.places.len(),
            Bucket::Many(many) => many.len(),
        }
    }

    /// No wake-up comes before it; where the bucket is in order, it is the earliest.
    pub(super) fn earliest(&self) -> Micros {
        match self {
            Bucket::Few(few) => few.earliest,
            Bucket::Many(many) => many.first().map_or(Micros::MAX, |first| first.at),
        }
    }

    pub(super) fn insert(&mut self, place: Place) {
        match self {
            Bucket::Few(few) if few.places.len() < FEW => few.insert(place),
            Bucket::Few(few) => {
                let all = few.places.drain(..).chain([place]);
                *self = Bucket::Many(all.collect());
            }
            Bucket::Many(many) => {
                many.insert(place);
            }
        }
    }

    pub(super) fn remove(&mut self, place: Place) {
        match self {
            Bucket::Few(few) => few.remove(place),
            Bucket::Many(many) => {
                many.remove(&place);
            }
        }
    }

    pub(super) fn put_in_order(&mut self) {
        if let Bucket::Few(few) = self {
            few.put_in_order();
        }
    }

    /// In order, where it was put in order.
    pub(super) fn iter(&self) -> Places<'_> {
        match self {
            Bucket::Few(few) => Places::Few(few.places.iter()),
            Bucket::Many(many) => Places::Many(many.iter()),
        }
    }

    /// The earliest wake-up from an instant on.
    pub(super) fn next_from(&mut self, from: Micros) -> Option<Micros> {
        self.put_in_order();
        let next = match self {
            Bucket::Few(few) => {
                let before = few.places.partition_point(|place| place.at < from);
                few.places.get(before)
            }
            Bucket::Many(many) => {
                let (at, stream) = (from, FIRST);
                many.range(Place { at, stream }..).next()
            }
        };
        next.map(|place| place.at)
    }

    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        match self {
            Bucket::Few(few) => few.places.capacity(),
            Bucket::Many(many) => many.len(),
        }
    }
}

/// No stream comes before it.
const FIRST: StreamId = StreamId {
    tenant: TenantId::SINGLE,
    kind: StreamKind::Ticket,
    id: Uuid::nil(),
};

/// The wake-ups of a bucket.
pub(super) enum Places<'a> {
    Few(vec_deque::Iter<'a, Place>),
    Many(btree_set::Iter<'a, Place>),
}

impl<'a> Iterator for Places<'a> {
    type Item = &'a Place;
    fn next(&mut self) -> Option<&'a Place> {
        match self {
            Places::Few(few) => few.next(),
            Places::Many(many) => many.next(),
        }
    }
}

impl Few {
    fn insert(&mut self, place: Place) {
        self.in_order &= self.places.back().is_none_or(|last| *last < place);
        self.earliest = self.earliest.min(place.at);
        self.places.push_back(place);
    }

    fn remove(&mut self, place: Place) {
        if self.in_order {
            if let Ok(found) = self.places.binary_search(&place) {
                self.places.remove(found);
            }
            self.know_earliest();
        } else if let Some(found) = self.places.iter().position(|known| *known == place) {
            self.places.swap_remove_back(found);
        }
        let (len, room) = (self.places.len(), self.places.capacity());
        if room > 16 && len < room / 4 {
            self.places.shrink_to(2 * len);
        }
    }

    fn put_in_order(&mut self) {
        if !self.in_order {
            self.places.make_contiguous().sort_unstable();
            self.in_order = true;
            self.know_earliest();
        }
    }

    fn know_earliest(&mut self) {
        let first = self.places.front();
        self.earliest = first.map_or(Micros::MAX, |first| first.at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_stream_comes_before_the_first() {
        assert!(StreamKind::ALL.iter().all(|kind| FIRST.kind <= *kind));
    }
}
