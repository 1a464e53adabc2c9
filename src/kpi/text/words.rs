//! Instants, lengths and numbers in words.

use chrono::{DateTime, Utc};

use crate::calendar::Zone;
use crate::kpi::window::{Cohort, Window};
use crate::ticket::{Agreement, ClockId};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

pub(crate) fn clock(id: ClockId) -> String {
    let metric = id.metric.as_str().replace('_', " ");
    match id.agreement {
        Agreement::Sla => metric,
        other => format!("{metric} ({other})"),
    }
}

pub(crate) fn about(window: Window, cohort: Cohort, zone: &Zone) -> String {
    let what = match cohort {
        Cohort::ByMeasure => "what was created or resolved",
        Cohort::Created => "the tickets created",
        Cohort::Resolved => "the tickets resolved",
    };
    match (window.from, window.to) {
        (None, None) => String::from("All tickets"),
        (Some(from), None) => format!("About {what} from {} on", moment(from, zone)),
        (None, Some(to)) => format!("About {what} before {}", moment(to, zone)),
        (Some(from), Some(to)) => format!(
            "About {what} from {} to {}",
            moment(from, zone),
            moment(to, zone)
        ),
    }
}

pub(crate) fn moment(at: DateTime<Utc>, zone: &Zone) -> String {
    format!("{} {zone}", zone.local(at).format("%Y-%m-%d %H:%M"))
}

/// `n` with a comma between groups of three digits.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A length in at most two units, rounded to the smaller. Hours are the largest: a working day is not 24 of them.
pub(crate) fn length(us: i64) -> String {
    let sign = if us < 0 { "-" } else { "" };
    let us = us.unsigned_abs();
    let seconds = us.saturating_add(500_000) / 1_000_000;
    let minutes = seconds.saturating_add(30) / MINUTE;
    let two = |n: u64, big: &str, rest: u64, small: &str| match rest {
        0 => format!("{n} {big}"),
        rest => format!("{n} {big} {rest} {small}"),
    };
    let text = match seconds {
        0 if us == 0 => String::from("0 s"),
        0 => String::from("< 1 s"),
        s if s < MINUTE => format!("{s} s"),
        s if s < 10 * MINUTE => two(s / MINUTE, "min", s % MINUTE, "s"),
        _ if minutes < 60 => format!("{minutes} min"),
        s if s < 1_000 * HOUR => two(minutes / 60, "h", minutes % 60, "min"),
        s => format!("{} h", grouped(s.saturating_add(HOUR / 2) / HOUR)),
    };
    format!("{sign}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_well() {
        let s = |n: i64| length(n * 1_000_000);
        assert_eq!(length(0), "0 s");
        assert_eq!(length(1), "< 1 s");
        assert_eq!(s(59), "59 s");
        assert_eq!(length(59_600_000), "1 min");
        assert_eq!(s(12_000), "3 h 20 min");
        assert_eq!(s(3_599), "1 h");
        assert_eq!(s(3_600 * 2_000), "2,000 h");
        assert_eq!(s(-61), "-1 min 1 s");
        assert_eq!(length(i64::MIN), "-2,562,047,788 h");
    }

    #[test]
    fn digits_stand_in_groups() {
        assert_eq!(
            [0, 12, 123, 1_234, 1_234_567].map(grouped).join(" "),
            "0 12 123 1,234 1,234,567"
        );
    }
}
