//! How long a host may sleep, as a conversation without I/O.

use chrono::{DateTime, Utc};

use crate::store::{DueStream, Load, Loaded};

use super::absent::Absent;
use super::office::Office;

/// What is needed next to tell how long the host may sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NapNeed {
    /// At most so many due streams.
    Due(usize),
    /// [`Nap::load`]: ailing tickets that the store did not give.
    Load,
    /// The earliest wake-up after this.
    Wake(DateTime<Utc>),
    /// The next delivery.
    Delivery,
    /// Nothing any more.
    Nothing,
}

#[derive(Debug)]
pub(super) struct Nap<'a> {
    office: &'a Office,
    now: DateTime<Utc>,
    need: NapNeed,
    absent: Absent<'a>,
    deliveries: bool,
    next: Option<DateTime<Utc>>,
}

impl<'a> Nap<'a> {
    pub(super) fn new(office: &'a Office, now: DateTime<Utc>) -> Nap<'a> {
        // What was worked out with other data is due, whatever instant it says; and what ails may be due and put off.
        Nap {
            office,
            now,
            need: NapNeed::Due(office.due_wanted(now, 0)),
            absent: Absent::of(office, now, Vec::new()),
            deliveries: true,
            next: None,
        }
    }

    /// The same without a look at the outbox.
    pub(super) fn without_deliveries(self) -> Nap<'a> {
        Nap {
            deliveries: false,
            ..self
        }
    }

    pub(super) fn need(&self) -> NapNeed {
        self.need
    }

    pub(super) fn due(&mut self, found: Vec<DueStream>) {
        let (due, absent) = self.office.due(self.now, 0, found);
        if due.is_empty() {
            self.absent = absent;
            self.look_on();
        } else {
            self.earlier(Some(self.now));
            self.woken();
        }
    }

    /// What is to be loaded, if that is needed.
    pub(super) fn load(&self) -> Option<&Load> {
        self.absent.load()
    }

    /// Tells what was loaded. What the store cannot tell is no reason not to sleep: those tickets are put off.
    pub(super) fn loaded(&mut self, loaded: Option<Loaded>) {
        self.absent.loaded(loaded);
        self.look_on();
    }

    /// Nothing is due but what is put off: until when, and when something else is.
    fn look_on(&mut self) {
        if self.absent.load().is_some() {
            self.need = NapNeed::Load;
            return;
        }
        let (_, again) = self.office.infirmary.outlook(self.now);
        self.earlier(again);
        self.need = NapNeed::Wake(self.now);
    }

    pub(super) fn wake(&mut self, next: Option<DateTime<Utc>>) {
        self.earlier(next);
        self.woken();
    }

    /// All is known about wake-ups.
    fn woken(&mut self) {
        self.need = match self.deliveries {
            true => NapNeed::Delivery,
            false => NapNeed::Nothing,
        };
    }

    pub(super) fn delivery(&mut self, next: Option<DateTime<Utc>>) {
        self.earlier(next);
        self.need = NapNeed::Nothing;
    }

    fn earlier(&mut self, instant: Option<DateTime<Utc>>) {
        self.next = self.next.into_iter().chain(instant).min();
    }

    /// The first instant that was told; never before now.
    pub(super) fn next(&self) -> Option<DateTime<Utc>> {
        self.next.map(|next| next.max(self.now))
    }

    /// The instant until which the host may sleep.
    pub(super) fn until(&self) -> DateTime<Utc> {
        let longest = self.now.checked_add_signed(self.office.max_nap);
        let longest = longest.unwrap_or(self.now);
        self.next()
            .map_or(longest, |next| next.min(longest))
            .max(self.now)
    }
}
