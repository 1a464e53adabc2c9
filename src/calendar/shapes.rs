//! The shapes that weeks have: each a list of open spans, cut up so that two look-ups answer everything about it.
//!
//! A calendar with the holidays of thirty years has 6,836 weeks and some dozens of shapes. Times here are microseconds
//! since the week began. *How much is open before a time* is read off a [`Cell`]: the week is cut into bins of 2³⁵ microseconds
//! (9.5 hours), so that a shift finds the bin, and most bins meet at most two open spans. *When is so much
//! used up* is read off the list of spans, ordered by the open time before each, and a mark for every 2³³ microseconds
//! (2.4 hours) of open time says where in it to look. Any number of spans is allowed: a crowded bin, or a mark with
//! many spans behind it, is worked out by binary search.

use super::range::{SECOND_US, WEEK_S, WEEK_US, WEEKS};

pub(super) const WEEK: u32 = WEEK_S as u32;

/// A shape: half the place of its first cell, so that as many as there are weeks have a number.
pub(super) type Shape = u16;

/// The shape of a week that is closed throughout, the first of every calendar.
pub(super) const CLOSED: Shape = 0;

const BIN: u32 = 35;
const BINS: usize = (WEEK_US >> BIN) as usize + 1;
const MARK: u32 = 33;
/// How many marks there are to a bin, and so to a cell: the first mark follows from the first cell.
const MARKS_A_CELL: usize = 1 << (BIN - MARK);
const _: () = assert!(BINS & 1 == 0 && (WEEKS + 1) * BINS / 2 <= Shape::MAX as usize);

/// The base of a cell with more spans than it can hold: so low that every sum with it is negative.
const CROWDED: i64 = i64::MIN / 2;

/// A gap that leads out of the supported range from everywhere in it.
const BEYOND: i64 = 1 << 60;

/// The shapes of a calendar.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shapes {
    /// [`BINS`] for each shape.
    cells: Vec<Cell>,
    /// For each shape and amount of open time the last open span that begins with no more before it; 0 where that does
    /// not fit.
    marks: Vec<u16>,
    /// The lists of all shapes. Each ends in [`END`], and before the first stands [`SEARCH`].
    spans: Vec<Open>,
    /// Where each list begins.
    lists: Vec<u32>,
}

/// The open spans of a bin: all that begin before its end, as far as they matter in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    /// Added to a time held to each of the two spans, it gives the open time before that time.
    base: i64,
    from: [i64; INLINE],
    to: [i64; INLINE],
}

const INLINE: usize = 2;

/// An open span, by the open and the closed microseconds of the week before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Open {
    before: i64,
    gap: i64,
}

/// What stands behind the spans of a list: the sum of the week, and twice what no time reaches.
const END: [Open; 3] = [
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
const SEARCH: [Open; 3] = [Open { before: 0, gap: 0 }; 3];

impl Shapes {
    /// No shape but that of a closed week.
    pub(super) fn new() -> Shapes {
        let mut shapes = Shapes {
            cells: Vec::new(),
            marks: Vec::new(),
            spans: SEARCH.to_vec(),
            lists: Vec::new(),
        };
        shapes.add(&[]);
        shapes
    }

    /// Adds the shape with these open spans, in seconds of the week, in order and disjoint.
    pub(super) fn add(&mut self, spans: &[(u32, u32)]) -> Shape {
        let shape = (self.cells.len() / 2) as Shape;
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
        for bin in 0..BINS as i64 {
            let cell = self.cell(shape, bin << BIN);
            self.cells.push(cell);
        }
        let mut begun = first;
        for mark in 0..(BINS * MARKS_A_CELL) as i64 {
            while self.spans[begun + 1].before <= mark << MARK {
                begun += 1;
            }
            self.marks.push(u16::try_from(begun).unwrap_or(0));
        }
        shape
    }

    /// The cell of the bin that begins at `begin`, from the list of its shape.
    fn cell(&self, shape: Shape, begin: i64) -> Cell {
        let (from, to) = (begin, begin + (1 << BIN));
        let list = self.list(shape);
        let mut here = list.windows(2).map(|pair| pair[0].bounds(&pair[1]));
        let mut cell = Cell {
            base: self.search_open(shape, begin),
            from: [0; INLINE],
            to: [0; INLINE],
        };
        let mut here = here
            .by_ref()
            .filter(|open| open.0 < to && from < open.1)
            .map(|open| (open.0.max(from), open.1.min(to)));
        for (place, span) in cell.from.iter_mut().zip(&mut cell.to).zip(&mut here) {
            (*place.0, *place.1) = span;
            cell.base -= span.0;
        }
        if here.next().is_some() {
            cell.base = CROWDED;
        }
        cell
    }

    /// Releases what was reserved for more shapes.
    pub(super) fn shrink(&mut self) {
        self.cells.shrink_to_fit();
        self.marks.shrink_to_fit();
        self.spans.shrink_to_fit();
        self.lists.shrink_to_fit();
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.cells.as_slice())
            + size_of_val(self.marks.as_slice())
            + size_of_val(self.spans.as_slice())
            + size_of_val(self.lists.as_slice())
    }

    /// The open spans of a shape and one more that begins where its open time is used up.
    fn list(&self, shape: Shape) -> &[Open] {
        let number = first_cell(shape) / BINS;
        let first = self.lists[number] as usize;
        let next = self.lists.get(number + 1);
        let end = next.map_or(self.spans.len(), |&next| next as usize);
        &self.spans[first..end - 2]
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
        let cell = &self.cells[first_cell(shape) + (at >> BIN) as usize];
        let held = |place: usize| at.max(cell.from[place]).min(cell.to[place]);
        cell.base + held(0) + held(1)
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
        let mark = self.marks[first_cell(shape) * MARKS_A_CELL + (open >> MARK) as usize];
        let near = &self.spans[usize::from(mark)..usize::from(mark) + 3];
        if near[2].before <= open {
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

#[inline(always)]
fn first_cell(shape: Shape) -> usize {
    usize::from(shape) * 2
}

impl Open {
    /// Where it begins and ends, given what comes after it in the list.
    fn bounds(&self, next: &Open) -> (i64, i64) {
        (self.before + self.gap, next.before + self.gap)
    }
}
