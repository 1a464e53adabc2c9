//! Instants in the stored form: the text that chrono's serialization gives, without the machinery of formatting. Every commit
//! writes some twenty of them.

use chrono::{DateTime, Datelike, Timelike, Utc};
use serde::{Serialize, Serializer};

/// An instant as text: `2026-03-02T09:00:00Z`, with three or six digits of a second where there are any.
pub(crate) struct Text(pub(crate) DateTime<Utc>);

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match written(self.0, &mut [0; LONGEST]) {
            Some(text) => serializer.serialize_str(text),
            None => self.0.serialize(serializer),
        }
    }
}

/// For `#[serde(serialize_with)]`.
pub(crate) fn serialize<S: Serializer>(
    at: &DateTime<Utc>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    Text(*at).serialize(serializer)
}

const LONGEST: usize = "2026-03-02T09:00:00.000000Z".len();

/// `None` for what is rare: a year of other than four digits, a leap second, parts of a microsecond.
fn written(at: DateTime<Utc>, room: &mut [u8; LONGEST]) -> Option<&str> {
    let (date, nanos) = (at.date_naive(), at.nanosecond());
    let year = u32::try_from(date.year()).ok()?;
    if year > 9_999 || nanos >= 1_000_000_000 || nanos % 1_000 != 0 {
        return None;
    }
    room[..19].copy_from_slice(b"0000-00-00T00:00:00");
    digits(&mut room[..4], year);
    digits(&mut room[5..7], date.month());
    digits(&mut room[8..10], date.day());
    digits(&mut room[11..13], at.hour());
    digits(&mut room[14..16], at.minute());
    digits(&mut room[17..19], at.second());
    let end = match nanos / 1_000 {
        0 => 19,
        us if us % 1_000 == 0 => fraction(room, us / 1_000, 3),
        us => fraction(room, us, 6),
    };
    room[end] = b'Z';
    std::str::from_utf8(&room[..=end]).ok()
}

/// Where it ends.
fn fraction(room: &mut [u8; LONGEST], part: u32, places: usize) -> usize {
    let end = 20 + places;
    room[19] = b'.';
    digits(&mut room[20..end], part);
    end
}

/// The last digits of `n`, as many as there is room for.
fn digits(room: &mut [u8], mut n: u32) {
    for place in room.iter_mut().rev() {
        *place = b'0' + (n % 10) as u8;
        n /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn same(at: DateTime<Utc>) {
        let ours = serde_json::to_string(&Text(at)).unwrap();
        assert_eq!(ours, serde_json::to_string(&at).unwrap());
    }

    #[test]
    fn rare_instants_have_the_same_text_too() {
        for text in [
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59.999999Z",
            "+10000-01-01T00:00:00Z",
            "-0001-12-31T23:59:59Z",
            "2016-12-31T23:59:60Z",
            "2016-12-31T23:59:60.5Z",
            "2026-02-28T09:00:00.000000001Z",
            "2024-02-29T09:00:00.010Z",
        ] {
            same(text.parse().unwrap());
        }
        same(DateTime::<Utc>::MIN_UTC);
        same(DateTime::<Utc>::MAX_UTC);
    }

    proptest! {
        /// LAW: the text is chrono's.
        #[test]
        fn the_text_is_that_of_chrono(s in -70_000_000_000_i64..260_000_000_000, n in 0_u32..1_000_000_000, finer in 0_usize..4) {
            let step = [1_000_000_000, 1_000_000, 1_000, 1][finer];
            same(DateTime::from_timestamp(s, n / step * step).unwrap());
        }
    }
}
