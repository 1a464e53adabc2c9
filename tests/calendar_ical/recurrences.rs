//! Recurrence rules: which dates they mean, and which are refused by their part.

use std::path::Path;

use super::{check, read, refused};

#[test]
fn a_recurrence_is_yearly() {
    check(
        "DTSTART:20240229\nRRULE:FREQ=YEARLY;UNTIL=20330101",
        &["2024-02-29 ", "2028-02-29 ", "2032-02-29 "],
    );
    check(
        "DTSTART:20261126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=2",
        &["2026-11-26 ", "2027-11-25 "],
    );
    check(
        "DTSTART:20260525\nRRULE:FREQ=YEARLY;BYDAY=-1MO;BYMONTH=5;COUNT=2",
        &["2026-05-25 ", "2027-05-31 "],
    );
    check(
        "DTSTART:20260101\nRRULE:FREQ=YEARLY;INTERVAL=2;COUNT=2",
        &["2026-01-01 ", "2028-01-01 "],
    );
    check(
        "DTSTART:20260131\nRRULE:FREQ=YEARLY;BYMONTH=1,2;BYMONTHDAY=-1;COUNT=2",
        &["2026-01-31 ", "2026-02-28 "],
    );
    check(
        "DTSTART:20260101\nRDATE;VALUE=DATE:20260302,20260303\nEXDATE:20260101",
        &["2026-03-02 ", "2026-03-03 "],
    );
    let all = read("DTSTART:20000101\nRRULE:FREQ=YEARLY\nSUMMARY:A").expect("a feed");
    assert_eq!(
        (all.len(), all.last().map(String::as_str)),
        (101 + 1, Some("2101-01-01 A"))
    );
}

/// The examples of RFC 5545, section 3.8.5.3, that are about days.
#[test]
fn the_examples_of_the_format_recur_as_it_says() {
    for (start, rule, expected) in [
        ("19970902", "FREQ=DAILY;COUNT=3", "1997-09-02 09-03 09-04"),
        (
            "19970902",
            "FREQ=DAILY;INTERVAL=10;COUNT=4",
            "1997-09-02 09-12 09-22 10-02",
        ),
        (
            "19970902",
            "FREQ=WEEKLY;UNTIL=19970916",
            "1997-09-02 09-09 09-16",
        ),
        (
            "19970902",
            "FREQ=WEEKLY;COUNT=4;WKST=SU;BYDAY=TU,TH",
            "1997-09-02 09-04 09-09 09-11",
        ),
        (
            "19970901",
            "FREQ=WEEKLY;INTERVAL=2;UNTIL=19970920T000000Z;WKST=SU;BYDAY=MO,WE,FR",
            "1997-09-01 09-03 09-05 09-15 09-17 09-19",
        ),
        (
            "19970805",
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
            "1997-08-05 08-10 08-19 08-24",
        ),
        (
            "19970805",
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
            "1997-08-05 08-17 08-19 08-31",
        ),
        (
            "19970905",
            "FREQ=MONTHLY;COUNT=4;BYDAY=1FR",
            "1997-09-05 10-03 11-07 12-05",
        ),
        (
            "19970907",
            "FREQ=MONTHLY;INTERVAL=2;COUNT=4;BYDAY=1SU,-1SU",
            "1997-09-07 09-28 11-02 11-30",
        ),
        (
            "19970922",
            "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
            "1997-09-22 10-20 11-17 12-22 1998-01-19 02-16",
        ),
        (
            "19970928",
            "FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=6",
            "1997-09-28 10-29 11-28 12-29 1998-01-29 02-26",
        ),
        (
            "19970910",
            "FREQ=MONTHLY;INTERVAL=18;COUNT=4;BYMONTHDAY=10,11",
            "1997-09-10 09-11 1999-03-10 03-11",
        ),
        (
            "19970610",
            "FREQ=YEARLY;COUNT=4;BYMONTH=6,7",
            "1997-06-10 07-10 1998-06-10 07-10",
        ),
        (
            "19970101",
            "FREQ=YEARLY;INTERVAL=3;COUNT=6;BYYEARDAY=1,100,200",
            "1997-01-01 04-10 07-19 2000-01-01 04-09 07-18",
        ),
        (
            "19970519",
            "FREQ=YEARLY;BYDAY=20MO;COUNT=3",
            "1997-05-19 1998-05-18 1999-05-17",
        ),
        (
            "19970512",
            "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=3",
            "1997-05-12 1998-05-11 1999-05-17",
        ),
        (
            "19980213",
            "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=5",
            "1998-02-13 03-13 11-13 1999-08-13 2000-10-13",
        ),
        (
            "19961105",
            "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=3",
            "1996-11-05 2000-11-07 2004-11-02",
        ),
        (
            "19970904",
            "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3",
            "1997-09-04 10-07 11-06",
        ),
        (
            "19970929",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=4",
            "1997-09-29 10-30 11-27 12-30",
        ),
        (
            "20070115",
            "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
            "2007-01-15 01-30 02-15 03-15 03-30",
        ),
    ] {
        let dates = read(&format!("DTSTART:{start}\nRRULE:{rule}")).expect(rule);
        let mut year = String::new();
        let expected: Vec<String> = expected
            .split(' ')
            .map(|date| match date.len() {
                10 => {
                    year = date[..5].to_owned();
                    format!("{date} ")
                }
                _ => format!("{year}{date} "),
            })
            .collect();
        assert_eq!(dates, expected, "{rule}");
    }
}

#[test]
fn a_recurrence_takes_from_its_start_what_it_leaves_open() {
    check(
        "DTSTART:20260107\nRRULE:FREQ=YEARLY;BYWEEKNO=2;COUNT=3", // a Wednesday
        &["2026-01-07 ", "2027-01-13 ", "2028-01-12 "],
    );
    check(
        "DTSTART:20260131\nRRULE:FREQ=MONTHLY;COUNT=3", // months without a 31st are left out
        &["2026-01-31 ", "2026-03-31 ", "2026-05-31 "],
    );
    check(
        "DTSTART:20251231\nRRULE:FREQ=YEARLY;BYWEEKNO=1;BYDAY=WE;COUNT=2", // in the first week of the year after
        &["2025-12-31 ", "2027-01-06 "],
    );
    check(
        "DTSTART:20010102\nRRULE:FREQ=YEARLY;BYWEEKNO=53;BYDAY=TU;WKST=TH;COUNT=2", // in the last week of the year before
        &["2001-01-02 ", "2007-01-02 "],
    );
    // The positions are those of the whole week, also where it begins before the start.
    check(
        "DTSTART:20260304\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2;COUNT=2",
        &["2026-03-04 ", "2026-03-11 "],
    );
    check(
        "DTSTART:20260303\nRRULE:FREQ=MONTHLY;BYDAY=1FR;COUNT=3", // the start is the first of the three all the same
        &["2026-03-03 ", "2026-03-06 ", "2026-04-03 "],
    );
    check(
        "DTSTART:20260301\nRRULE:FREQ=DAILY;BYHOUR=9;BYMINUTE=0;BYSECOND=0;COUNT=2", // beside a date they are ignored
        &["2026-03-01 ", "2026-03-02 "],
    );
}

/// Random rules of all kinds mean the dates that another library finds.
#[test]
fn recurrences_agree_with_another_library() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/recurrences.json");
    let text = std::fs::read_to_string(path).expect("the cases");
    let file: serde_json::Value = serde_json::from_str(&text).expect("cases");
    let cases = file["cases"].as_array().expect("a list");
    for case in cases {
        let (start, rule) = (
            case["start"].as_str().expect("a date"),
            case["rule"].as_str().expect("a rule"),
        );
        let found = read(&format!("DTSTART:{start}\nRRULE:{rule}"))
            .unwrap_or_else(|error| panic!("{error}"));
        let expected: Vec<String> = case["dates"]
            .as_array()
            .expect("dates")
            .iter()
            .map(|date| format!("{} ", date.as_str().expect("a date")))
            .collect();
        let found = match case["more"].as_bool() {
            Some(true) => {
                assert!(found.len() > expected.len(), "{start} {rule}: {found:?}");
                &found[..expected.len()]
            }
            _ => &found[..],
        };
        assert_eq!(found, expected, "{start} {rule}");
    }
    assert!(cases.len() >= 700, "only {} cases", cases.len());
}

#[test]
fn a_rule_that_is_no_rule_of_days_is_refused_by_its_part() {
    let rule = |rule: &str, message| refused(&format!("DTSTART:20260101\nRRULE:{rule}"), message);
    rule(
        "FREQ=HOURLY;INTERVAL=3",
        "`FREQ=HOURLY` is not a recurrence of days: write `FREQ=DAILY`",
    );
    rule("BYMONTH=1", "`BYMONTH=1` is not a recurrence of days");
    rule(
        "FREQ=YEARLY;BYEASTER=0",
        "`BYEASTER=0` is not a part of a recurrence that is understood",
    );
    rule("FREQ=YEARLY;INTERVAL=0", "`INTERVAL=0` is not a part");
    rule("FREQ=YEARLY;COUNT=0", "`COUNT=0` is not a part");
    rule("FREQ=YEARLY;BYMONTH=13", "`BYMONTH=13` is not a part");
    rule("FREQ=YEARLY;BYMONTH=-1", "`BYMONTH=-1` is not a part");
    rule("FREQ=YEARLY;BYYEARDAY=367", "`BYYEARDAY=367` is not a part");
    rule("FREQ=MONTHLY;BYDAY=0MO", "`BYDAY=0MO` is not a part");
    rule("FREQ=MONTHLY;BYDAY=MX", "`BYDAY=MX` is not a part");
    rule("FREQ=MONTHLY;BYDAY=\u{e9}", "is not a part");
    rule(
        "FREQ=MONTHLY;BYWEEKNO=1",
        "`BYWEEKNO` is allowed only beside `FREQ=YEARLY`",
    );
    rule(
        "FREQ=DAILY;BYYEARDAY=1",
        "`BYYEARDAY` is allowed only beside `FREQ=YEARLY`",
    );
    rule(
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "`BYMONTHDAY` is allowed only beside `FREQ=DAILY`",
    );
    rule(
        "FREQ=WEEKLY;BYDAY=1MO",
        "`BYDAY` with a number is allowed only beside `FREQ=MONTHLY`",
    );
    rule(
        "FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO",
        "`BYDAY` with a number is allowed only beside a rule without `BYWEEKNO`",
    );
    rule(
        "FREQ=YEARLY;BYSETPOS=1",
        "`BYSETPOS` is allowed only beside another part",
    );
    refused(
        "DTSTART:20260101\nEXRULE:FREQ=YEARLY",
        "`EXRULE` is no part of the format any more",
    );
}
