//! Compares.

use chrono::{DateTime, TimeDelta};
use helpdesk::calendar::{EARLIEST, LATEST, Zone};

#[test]
fn compare() {
    let mut gaps = i64::MAX;
    for name in Zone::names() {
        let zone = Zone::parse(name).unwrap();
        let Ok(theirs) = jiff::tz::TimeZone::get(name) else {
            println!("{name}: unknown to jiff");
            continue;
        };
        let begin = jiff::Timestamp::from_second(EARLIEST.timestamp() - 1).unwrap();
        let end = LATEST.timestamp();
        let mut changes: Vec<(i64, i32)> = Vec::new();
        let mut current = theirs.to_offset(begin).seconds();
        for t in theirs.following(begin) {
            let s = t.timestamp().as_second();
            if s > end {
                break;
            }
            let o = t.offset().seconds();
            if o != current {
                changes.push((s, o));
                current = o;
            }
        }
        for w in changes.windows(2) {
            if w[1].0 - w[0].0 < gaps {
                gaps = w[1].0 - w[0].0;
                println!("gap {name} {} days", gaps as f64 / 86400.0);
            }
        }
        let ours: Vec<(i64, i32)> = zone
            .transitions()
            .map(|(at, o)| (at.timestamp(), o))
            .filter(|&(s, _)| s >= -1 && s <= end)
            .collect();
        let f = |s: i64| DateTime::from_timestamp(s, 0).unwrap() + TimeDelta::zero();
        if zone.offset(EARLIEST) != theirs.to_offset(jiff::Timestamp::UNIX_EPOCH).seconds() {
            println!(
                "{name} start {} {}",
                zone.offset(EARLIEST),
                theirs.to_offset(jiff::Timestamp::UNIX_EPOCH).seconds()
            );
        }
        for c in &ours {
            if !changes.contains(c) {
                println!("{name} only ours {} {}", f(c.0), c.1);
            }
        }
        for c in &changes {
            if !ours.contains(c) {
                println!("{name} only jiff {} {}", f(c.0), c.1);
            }
        }
    }
}
