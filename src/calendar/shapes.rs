//! The shapes that weeks have: each a list of open spans, with marks so that two look-ups answer everything about it.
//!
//! A calendar with the holidays of thirty years has 6,836 weeks and some dozens of shapes. Times here are microseconds
//! since the week began. An open span stands in the list of its shape by the open and the closed time before it, so a
//! time less the closed time before, held between the open time before this span and before the next, is the open time
//! before that time; and an open time plus the closed time before is the time at which it is used up.
//!
//! Which span to take, two rows of marks say: one for every 2³² microseconds of the week (71.6 minutes), which most
//! breaks are longer than or lie across the end of, and one for every 2³³ microseconds of open time (2.4 hours). Any
//! number of spans is allowed: where a mark has more of them behind it than are looked at, binary search finds the one.

use super::range::{SECOND_US, WEEK_S, WEEK_US, WEEKS};

pub(super) const WEEK: u32 = WEEK_S as u32;

/// The number of a shape.
pub(super) type Shape = u16;

/// The shape of a week that is closed throughout, the first of every calendar.
pub(super) const CLOSED: Shape = 0;

const _: () = assert!(WEEKS < Shape::MAX as usize);

/// The time and the open time from one mark to the next, as powers of two.
const TIME: u32 = 32;
const OPEN: u32 = 33;
const TIME_MARKS: usize = (WEEK_US >> TIME) as usize + 1;
const OPEN_MARKS: usize = (WEEK_US >> OPEN) as usize + 1;
/// The marks of a shape: those by time, then those by open time.
const MARKS: usize = TIME_MARKS + OPEN_MARKS;

/// How many spans are looked at from a mark on.
const NEAR: usize = 2;

/// Less than any open time, in the span from which one always has to search.
const CROWDED: i64 = -1;

/// A gap that leads out of the supported range from everywhere in it.
const BEYOND: i64 = 1 << 60;

/// The shapes of a calendar.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shapes {
    /// [`MARKS`] for each shape, places in `spans`: by time the first span that ends behind the mark, by open time the
    /// last one that begins with no more before it. 0 where there are more spans than are looked at, or the place is too
    /// large.
    marks: Vec<u16>,
    /// The lists of all shapes. Each ends in [`END`], and before the first stands [`SEARCH`].
    spans: Vec<Open>,
    /// Where each list begins.
    lists: Vec<u32>,
}

/// An open span, by the open and the closed microseconds of the week before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Open {
    before: i64,
    gap: i64,
}

/// What stands behind the spans of a list: the sum of the week, and twice what no time reaches.
const END: [Open; NEAR + 1] = [
    Open {
        before: 0,
        gap: BEYOND,
    },
    Open {
        before: i64::MAX,
        gap: BEYOND,
    },
    Open {
        before: i64::MAX,
        gap: BEYOND,
    },
];

/// What the mark 0 points to: a place from which one always has to search.
const SEARCH: [Open; NEAR + 1] = [Open {
    before: CROWDED,
    gap: 0,
}; NEAR + 1];

impl Shapes {
    /// No shape but that of a closed week.
    pub(super) fn new() -> Shapes {
        let mut shapes = Shapes {
            marks: Vec::new(),
            spans: SEARCH.to_vec(),
            lists: Vec::new(),
        };
        shapes.add(&[]);
        shapes
    }

    /// Adds the shape with these open spans, in seconds of the week, in order and disjoint.
    pub(super) fn add(&mut self, spans: &[(u32, u32)]) -> Shape {
        let shape = self.lists.len() as Shape;
        let first = self.spans.len();
        self.lists.push(first as u32);
        let mut open = 0;
        for &(from, to) in spans {
            let (from, to) = (i64::from(from) * SECOND_US, i64::from(to) * SECOND_US);
            self.spans.push(Open {
                before: open,
                gap: from - open,
            });
            open += to - from;
        }
        self.spans.extend(END);
        if let Some(end) = self.spans.get_mut(first + spans.len()) {
            end.before = open;
        }
        self.mark(first);
        shape
    }

    /// Adds the marks of the list that begins at `first` and goes on to the end.
    fn mark(&mut self, first: usize) {
        let list = &self.spans[first..];
        let place = |span: usize| u16::try_from(first + span).unwrap_or(0);
        let mut span = 0;
        for begin in (0..TIME_MARKS as i64).map(|mark| mark << TIME) {
            while list[span + 1].before.saturating_add(list[span].gap) <= begin {
                span += 1;
            }
            let next = &list[span + 1];
            let is_alone = begin + (1 << TIME) <= next.before.saturating_add(next.gap);
            self.marks.push(if is_alone { place(span) } else { 0 });
        }
        let mut span = 0;
        for open in (0..OPEN_MARKS as i64).map(|mark| mark << OPEN) {
            while list[span + 1].before <= open {
                span += 1;
            }
            self.marks.push(place(span));
        }
    }

    /// Releases what was reserved for more shapes.
    pub(super) fn shrink(&mut self) {
        self.marks.shrink_to_fit();
        self.spans.shrink_to_fit();
        self.lists.shrink_to_fit();
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.marks.as_slice())
            + size_of_val(self.spans.as_slice())
            + size_of_val(self.lists.as_slice())
    }

    /// The open spans of a shape and one more that begins where its open time is used up.
    fn list(&self, shape: Shape) -> &[Open] {
        let number = usize::from(shape);
        let first = self.lists[number] as usize;
        let next = self.lists.get(number + 1);
        let end = next.map_or(self.spans.len(), |&next| next as usize);
        &self.spans[first..end - NEAR]
    }

    /// The open spans of a shape in seconds of the week, in order.
    pub(super) fn spans(&self, shape: Shape) -> impl Iterator<Item = (u32, u32)> + '_ {
        let second = |us: i64| (us / SECOND_US) as u32;
        let bounds = self.list(shape).windows(2);
        bounds.map(move |pair| {
            let (from, to) = pair[0].bounds(&pair[1]);
            (second(from), second(to))
        })
    }

    /// The open seconds of a shape.
    pub(super) fn sum(&self, shape: Shape) -> u32 {
        let sum = self.list(shape).last().map_or(0, |end| end.before);
        (sum / SECOND_US) as u32
    }

    /// The open time before `at`, or something negative when one has to [search](Self::search_open) for it.
    #[inline(always)]
    pub(super) fn open_before(&self, shape: Shape, at: i64) -> i64 {
        let mark = self.marks[usize::from(shape) * MARKS + (at as u64 >> TIME) as usize];
        let near = &self.spans[usize::from(mark)..usize::from(mark) + NEAR];
        (at - near[0].gap).max(near[0].before).min(near[1].before)
    }

    /// The open time before `at`, by binary search.
    #[cold]
    pub(super) fn search_open(&self, shape: Shape, at: i64) -> i64 {
        let list = self.list(shape);
        let begun = list.partition_point(|open| open.before + open.gap <= at);
        match (list.get(begun.wrapping_sub(1)), list.get(begun)) {
            (Some(last), Some(next)) => (at - last.gap).min(next.before),
            _ => 0,
        }
    }

    /// Whether it is open at `at`.
    pub(super) fn is_open(&self, shape: Shape, at: i64) -> bool {
        let list = self.list(shape);
        let begun = list.partition_point(|open| open.before + open.gap <= at);
        match (list.get(begun.wrapping_sub(1)), list.get(begun)) {
            (Some(last), Some(next)) => at - last.gap < next.before,
            _ => false,
        }
    }

    /// The last time with `open` open time before it, which is less than the shape has: that time lies in an open span.
    /// Far out of the range when it has no more.
    #[inline(always)]
    pub(super) fn at_open(&self, shape: Shape, open: i64) -> i64 {
        let marks = usize::from(shape) * MARKS + TIME_MARKS;
        let mark = self.marks[marks + (open as u64 >> OPEN) as usize];
        let near = &self.spans[usize::from(mark)..usize::from(mark) + NEAR + 1];
        if near[NEAR].before <= open {
            return self.search_at_open(shape, open);
        }
        open + near[usize::from(near[1].before <= open)].gap
    }

    #[cold]
    fn search_at_open(&self, shape: Shape, open: i64) -> i64 {
        let list = self.list(shape);
        let begun = list.partition_point(|span| span.before <= open);
        let last = begun.checked_sub(1).and_then(|last| list.get(last));
        open + last.map_or(BEYOND, |last| last.gap)
    }

    /// The last time with `closed` closed time before it, which is less than the shape has: that time is closed.
    pub(super) fn at_closed(&self, shape: Shape, closed: i64) -> i64 {
        let list = self.list(shape);
        let passed = list.partition_point(|open| open.gap <= closed);
        closed + list.get(passed).map_or(0, |next| next.before)
    }
}

impl Open {
    /// Where it begins and ends, given what comes after it in the list.
    fn bounds(&self, next: &Open) -> (i64, i64) {
        (self.before + self.gap, next.before + self.gap)
    }
}
