//! How long a host may sleep, as a conversation without I/O.

use chrono::{DateTime, Utc};

use crate::store::DueStream;

use super::office::Office;

/// What is needed next to tell how long the host may sleep.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NapNeed {
    /// At most so many due streams.
    Due(usize),
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
    until: DateTime<Utc>,
}

impl<'a> Nap<'a> {
    pub(super) fn new(office: &'a Office, now: DateTime<Utc>) -> Nap<'a> {
        // What was worked out with other data is due, whatever instant it says; and what ails may be due and put off.
        let need = NapNeed::Due(office.due_wanted(now, 0));
        let until = now.checked_add_signed(office.max_nap).unwrap_or(now);
        Nap {
            office,
            now,
            need,
            until,
        }
    }

    pub(super) fn need(&self) -> &NapNeed {
        &self.need
    }

    pub(super) fn due(&mut self, found: Vec<DueStream>) {
        if self.office.due(self.now, 0, found).is_empty() {
            let (_, again) = self.office.infirmary.outlook(self.now);
            self.earlier(again);
            self.need = NapNeed::Wake(self.now);
        } else {
            self.until = self.now;
            self.need = NapNeed::Delivery;
        }
    }

    pub(super) fn wake(&mut self, next: Option<DateTime<Utc>>) {
        self.earlier(next);
        self.need = NapNeed::Delivery;
    }

    pub(super) fn delivery(&mut self, next: Option<DateTime<Utc>>) {
        self.earlier(next);
        self.need = NapNeed::Nothing;
    }

    fn earlier(&mut self, instant: Option<DateTime<Utc>>) {
        self.until = instant.map_or(self.until, |instant| instant.min(self.until));
    }

    /// The instant until which the host may sleep.
    pub(super) fn until(&self) -> DateTime<Utc> {
        self.until.max(self.now)
    }
}
