//! Counting a table, group by group: classes, sums, and exact percentiles without sorting.
//!
//! A first pass counts the lengths of each group by bucket ([`bucket`](super::super::sketch::bucket): the finer the fewer groups there are). The counts tell in
//! which bucket each wanted rank lies. A second pass gathers the lengths of those few buckets alone, and the ranks are selected
//! among them: the same values that a sort would give, at a cost linear in the tickets, with memory for a part of the lengths.
//!
//! Tickets can be counted in several stretches at once: everything is a sum of whole numbers or a choice by rank, so neither
//! their number nor their order changes a bit.

use super::super::quantile::{PERCENTILES, Summary, nearest_rank};
use super::super::sketch::BUCKETS;
use super::class::CLASSES;
use super::scan::{NONE, View};
use super::settled::DEPENDS;
use super::tickets::RATED;

/// How many ranks a summary needs: its percentiles and the greatest.
const RANKS: usize = PERCENTILES.len() + 1;

/// The counts of one stretch of tickets, for every group of one grouping.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    /// How many tickets of each class, group by group.
    classes: Vec<u32>,
    /// How many more resolutions than the classes say, group by group: see [`View::more`].
    more: Vec<[u64; 3]>,
    pub(super) lengths: Vec<Histogram>,
    /// For each kind of rating, how many marks of each code, group by group.
    marks: [Vec<u32>; RATED.len()],
    codes: [usize; RATED.len()], // of each kind
}

impl Counts {
    /// Nothing counted, for `groups` groups and `lengths` lengths, with so many codes of marks of each kind.
    pub(super) fn new(
        groups: usize,
        lengths: usize,
        codes: [usize; RATED.len()],
        shift: u32,
    ) -> Counts {
        Counts {
            marks: codes.map(|codes| vec![0; groups.saturating_mul(codes)]),
            codes,
            classes: vec![0; groups.saturating_mul(CLASSES)],
            more: vec![[0; 3]; groups],
            lengths: vec![Histogram::new(groups, shift); lengths],
        }
    }

    /// Counts what a slab holds; `groups` has the group of each of its tickets.
    pub(super) fn add(&mut self, slab: &View<'_>, groups: &[u32]) {
        for (class, group) in slab.classes.iter().zip(groups) {
            let place = *group as usize * CLASSES + usize::from(*class & !DEPENDS);
            if let Some(count) = self.classes.get_mut(place) {
                *count += 1;
            }
        }
        let group = |place: u32| groups.get(place.wrapping_sub(slab.begin) as usize);
        for (place, more) in slab.more {
            let group = group(*place).map(|group| *group as usize);
            if let Some(sum) = group.and_then(|group| self.more.get_mut(group)) {
                *sum = plus(*sum, *more);
            }
        }
        for ((counts, codes), marks) in self.marks.iter_mut().zip(self.codes).zip(slab.marks) {
            for (place, mark) in marks {
                let place = group(*place).map(|group| *group as usize * codes + *mark as usize);
                if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
                    *count += 1;
                }
            }
        }
        let lengths = self.lengths.iter_mut().zip(&slab.lengths);
        for (histogram, (lengths, buckets)) in lengths {
            histogram.add(lengths, buckets, groups);
        }
    }

    /// Adds up both, which have the same groups.
    pub(super) fn merge(&mut self, other: &Counts) {
        self.classes
            .iter_mut()
            .zip(&other.classes)
            .for_each(|(a, b)| *a += b);
        self.more
            .iter_mut()
            .zip(&other.more)
            .for_each(|(a, b)| *a = plus(*a, *b));
        for (mine, other) in self.marks.iter_mut().zip(&other.marks) {
            mine.iter_mut().zip(other).for_each(|(a, b)| *a += b);
        }
        let lengths = self.lengths.iter_mut().zip(&other.lengths);
        lengths.for_each(|(a, b)| a.merge(b));
    }

    /// The same without groups.
    pub(super) fn whole(&self) -> Counts {
        let mut marks = self.codes.map(|codes| vec![0; codes]);
        for ((sums, counts), codes) in marks.iter_mut().zip(&self.marks).zip(self.codes) {
            *sums = columns(counts, codes);
        }
        Counts {
            classes: columns(&self.classes, CLASSES),
            marks,
            codes: self.codes,
            more: vec![self.more.iter().fold([0; 3], |sum, more| plus(sum, *more))],
            lengths: self.lengths.iter().map(Histogram::whole).collect(),
        }
    }

    pub(super) fn groups(&self) -> usize {
        self.more.len()
    }

    /// How many tickets of a group are of each class.
    pub(super) fn classes(&self, group: usize) -> impl Iterator<Item = (u16, u64)> {
        let begin = group.saturating_mul(CLASSES);
        let classes = self.classes.get(begin..begin.saturating_add(CLASSES));
        let classes = (0u16..).zip(classes.unwrap_or_default());
        classes
            .map(|(class, n)| (class, u64::from(*n)))
            .filter(|(_, n)| *n > 0)
    }

    /// How many marks of a kind a group has, by code from 1.
    pub(super) fn marks(&self, group: usize, kind: usize) -> impl Iterator<Item = (u32, u64)> {
        let codes = self.codes.get(kind).copied().unwrap_or(0);
        let begin = group.saturating_mul(codes);
        let marks = self
            .marks
            .get(kind)
            .and_then(|marks| marks.get(begin..begin.saturating_add(codes)));
        let marks = (0u32..).zip(marks.unwrap_or_default()).skip(1);
        marks
            .map(|(code, n)| (code, u64::from(*n)))
            .filter(|(_, n)| *n > 0)
    }

    /// How many more resolutions of a group count than its classes say: in all, mature, and mature that did not hold.
    pub(super) fn more(&self, group: usize) -> [u64; 3] {
        self.more.get(group).copied().unwrap_or_default()
    }
}

/// The sums of the columns of a table with rows of this width.
fn columns(rows: &[u32], width: usize) -> Vec<u32> {
    let mut sums = vec![0; width];
    for row in rows.chunks_exact(width.max(1)) {
        sums.iter_mut().zip(row).for_each(|(sum, n)| *sum += n);
    }
    sums
}

fn plus(a: [u64; 3], b: [u64; 3]) -> [u64; 3] {
    [0, 1, 2].map(|i: usize| a[i].saturating_add(b[i]))
}

/// The lengths of each group, counted by bucket and summed up.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    shift: u32,
    width: usize,     // buckets of a group
    counts: Vec<u32>, // group by group, and one place more for tickets without a length
    sums: Vec<i128>,
}

impl Histogram {
    fn new(groups: usize, shift: u32) -> Histogram {
        let width = width(shift);
        Histogram {
            shift,
            width,
            counts: vec![0; groups.saturating_mul(width).saturating_add(1)],
            sums: vec![0; groups],
        }
    }

    #[inline]
    fn place(&self, group: u32, length: i64, bucket: u16) -> usize {
        let place = group as usize * self.width + usize::from(bucket >> self.shift);
        if length == NONE {
            self.counts.len() - 1
        } else {
            place
        }
    }

    fn add(&mut self, lengths: &[i64], buckets: &[u16], groups: &[u32]) {
        let (shift, width, none) = (self.shift, self.width, self.counts.len() - 1);
        let (counts, sums) = (&mut self.counts[..], &mut self.sums[..]);
        for ((length, bucket), group) in lengths.iter().zip(buckets).zip(groups) {
            let place = *group as usize * width + usize::from(bucket >> shift);
            let place = if *length == NONE { none } else { place };
            if let Some(count) = counts.get_mut(place) {
                *count += 1;
            }
            if let Some(sum) = sums.get_mut(*group as usize) {
                *sum += i128::from(if *length == NONE { 0 } else { *length });
            }
        }
    }

    fn merge(&mut self, other: &Histogram) {
        self.counts
            .iter_mut()
            .zip(&other.counts)
            .for_each(|(a, b)| *a += b);
        self.sums
            .iter_mut()
            .zip(&other.sums)
            .for_each(|(a, b)| *a += b);
    }

    fn whole(&self) -> Histogram {
        let groups = self
            .counts
            .split_last()
            .map_or(&[][..], |(_, groups)| groups);
        let mut counts = columns(groups, self.width);
        counts.push(0);
        Histogram {
            shift: self.shift,
            width: self.width,
            counts,
            sums: vec![self.sums.iter().sum()],
        }
    }

    /// In which buckets the ranks of each group lie.
    pub(super) fn ranked(&self) -> Ranked {
        let mut ranked = Ranked {
            marks: vec![0; self.counts.len().div_ceil(64)],
            places: Vec::new(),
            groups: Vec::with_capacity(self.sums.len()),
        };
        for (group, sum) in self.sums.iter().enumerate() {
            let begin = group.saturating_mul(self.width);
            let counts = self.counts.get(begin..begin.saturating_add(self.width));
            let found = ranked.group(counts.unwrap_or_default(), begin, *sum);
            ranked.groups.push(found);
        }
        ranked
    }
}

/// Where the wanted ranks of every group are to be found.
#[derive(Debug)]
pub(super) struct Ranked {
    marks: Vec<u64>, // a bit for each place of the histogram
    places: Vec<usize>,
    groups: Vec<Option<InGroup>>,
}

/// The size of a group, and for each rank the marked place in which it lies and how many lengths of that place come before.
#[derive(Clone, Copy, Debug)]
struct InGroup {
    n: u64,
    sum: i128,
    ranks: [(usize, usize); RANKS],
}

impl Ranked {
    fn group(&mut self, counts: &[u32], begin: usize, sum: i128) -> Option<InGroup> {
        let n = counts.iter().map(|n| u64::from(*n)).sum();
        let mut ranks = [(0, 0); RANKS];
        let mut walk = (begin..).zip(counts);
        let (mut at, mut before, mut passed) = (begin, 0, 0);
        for (found, percent) in ranks.iter_mut().zip(PERCENTILES.into_iter().chain([100])) {
            let rank = nearest_rank(percent, n)?;
            while passed < rank {
                let (place, count) = walk.next()?;
                (at, before, passed) = (place, passed, passed + u64::from(*count));
            }
            *found = (self.mark(at), usize::try_from(rank - before - 1).ok()?);
        }
        Some(InGroup { n, sum, ranks })
    }

    /// Marks a place, which lies after all others or is the last one; which of the marked ones it is.
    fn mark(&mut self, place: usize) -> usize {
        if self.places.last() != Some(&place) {
            self.places.push(place);
            if let Some(marks) = self.marks.get_mut(place / 64) {
                *marks |= 1 << (place % 64);
            }
        }
        self.places.len() - 1
    }

    /// What is to be gathered from a stretch with these counts.
    pub(super) fn gather(&self, mut histogram: Histogram) -> Gathered<'_> {
        let mut ends = Vec::with_capacity(self.places.len());
        let mut end = 0;
        for place in &self.places {
            if let Some(count) = histogram.counts.get_mut(*place) {
                let n = std::mem::replace(count, end);
                end = end.saturating_add(n);
            }
            ends.push(end as usize);
        }
        Gathered {
            ranked: self,
            lengths: vec![0; end as usize],
            next: histogram,
            ends,
        }
    }

    /// The summary of each group, from what was gathered in every stretch.
    pub(super) fn summaries(&self, gathered: &[&Gathered<'_>]) -> Vec<Option<Summary>> {
        let mut scratch = Vec::new();
        let group = |group: &Option<InGroup>| {
            let group = group.as_ref()?;
            let mut found = [0; RANKS];
            let mut held = None; // the place of which `scratch` has the lengths
            for (value, (place, index)) in found.iter_mut().zip(group.ranks) {
                if held != Some(place) {
                    scratch.clear();
                    for part in gathered {
                        scratch.extend_from_slice(part.of(place));
                    }
                    held = Some(place);
                }
                if index >= scratch.len() {
                    return None;
                }
                *value = *scratch.select_nth_unstable(index).1;
            }
            let [p50, p90, p95, p99, max] = found;
            Some(Summary::from_parts(
                group.n,
                group.sum,
                [p50, p90, p95, p99],
                max,
            ))
        };
        self.groups.iter().map(group).collect()
    }
}

/// The lengths of the marked places, of one stretch of tickets.
#[derive(Debug)]
pub(super) struct Gathered<'a> {
    ranked: &'a Ranked,
    lengths: Vec<i64>,
    next: Histogram, // at the marked places: where the next length goes
    ends: Vec<usize>,
}

impl Gathered<'_> {
    /// Keeps what is wanted of these lengths.
    pub(super) fn add(&mut self, lengths: &[i64], buckets: &[u16], groups: &[u32]) {
        for ((length, bucket), group) in lengths.iter().zip(buckets).zip(groups) {
            let place = self.next.place(*group, *length, *bucket);
            let marks = self.ranked.marks.get(place / 64).copied().unwrap_or(0);
            if marks >> (place % 64) & 1 == 0 {
                continue;
            }
            let Some(next) = self.next.counts.get_mut(place) else {
                continue;
            };
            if let Some(free) = self.lengths.get_mut(*next as usize) {
                *free = *length;
            }
            *next += 1;
        }
    }

    fn of(&self, place: usize) -> &[i64] {
        let end = |place: usize| self.ends.get(place).copied().unwrap_or(0);
        let begin = place.checked_sub(1).map_or(0, end);
        self.lengths.get(begin..end(place)).unwrap_or_default()
    }
}

/// How coarse the buckets must be for so many groups of so many tickets: the memory of a histogram stays within 2 MiB, or half a
/// byte for each ticket.
pub(super) fn shift(groups: usize, tickets: usize) -> u32 {
    let room = (1usize << 19).max(tickets / 8);
    let fits = |shift: &u32| groups.saturating_mul(width(*shift)) <= room;
    (0..COARSEST).find(fits).unwrap_or(COARSEST)
}

/// Here all lengths of a group are in one bucket.
const COARSEST: u32 = usize::BITS - (BUCKETS - 1).leading_zeros();

fn width(shift: u32) -> usize {
    ((BUCKETS - 1) >> shift) + 1
}
