//! Events as they are read: their dates and names, and what is no all-day event.

use helpdesk::calendar::ical::Feed;

use super::{check, refused};

#[test]
fn an_event_ends_before_its_end_and_lasts_its_duration() {
    check("DTSTART;VALUE=DATE:20261225\nSUMMARY:A", &["2026-12-25 A"]);
    check(
        "DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261227\nSUMMARY:A",
        &["2026-12-25..2026-12-26 A"],
    );
    check(
        "DTSTART:20261225\nDURATION:P3D\nSUMMARY:A",
        &["2026-12-25..2026-12-27 A"],
    );
    check(
        "DTSTART:20261225\nDURATION:P1DT23H59M60S\nSUMMARY:A",
        &["2026-12-25..2026-12-26 A"],
    );
    check(
        "DTSTART;X-A=\"VALUE=DATE-TIME\";VALUE=DATE:20261225\nSUMMARY:A",
        &["2026-12-25 A"],
    );
    check(
        "SUMMARY:A\nDURATION:P1W\nDTSTART:20261225",
        &["2026-12-25..2026-12-31 A"],
    );
    check(
        "DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261225\nSUMMARY:A",
        &["2026-12-25 A"],
    );
}

#[test]
fn names_are_unfolded_and_unescaped() {
    check(
        "DTSTART:20260101\r\nSUMMARY:New Year\\, the\r\n  first\\; day\\\\ \\n元\r\n\t日",
        &["2026-01-01 New Year, the first; day\\ \n元日"],
    );
    check(
        "DTSTART;X-NOTE=\"a:b;c\":20260101\nSUMMARY;LANGUAGE=en:A",
        &["2026-01-01 A"],
    );
}

/// A date of a recurrence that another event changes or cancels, wherever that stands in the file.
#[test]
fn a_date_of_a_recurrence_is_moved_or_cancelled() {
    let yearly =
        "UID:a\nDTSTART;VALUE=DATE:20261226\nRRULE:FREQ=YEARLY;COUNT=3\nSUMMARY:Boxing Day";
    let moved =
        "UID:a\nRECURRENCE-ID;VALUE=DATE:20261226\nDTSTART;VALUE=DATE:20261228\nSUMMARY:Boxing Day";
    let cancelled = "UID:a\nRECURRENCE-ID:20271226\nSTATUS:CANCELLED";
    let at_noon = "UID:a\nRECURRENCE-ID:20281226\nDTSTART:20281226T120000Z";
    let read = |events: &[&str]| {
        let events: String = events
            .iter()
            .map(|one| format!("BEGIN:VEVENT\n{one}\nEND:VEVENT\n"))
            .collect();
        let feed = Feed::read(format!("BEGIN:VCALENDAR\n{events}END:VCALENDAR").as_bytes());
        let feed = feed.expect("a feed");
        let days = feed.holidays().iter().map(|day| day.first.to_string());
        (days.collect::<Vec<_>>(), feed.skipped())
    };
    let days = |days: &[&str]| days.iter().map(|day| (*day).to_owned()).collect::<Vec<_>>();
    let whole = days(&["2026-12-26", "2027-12-26", "2028-12-26"]);
    assert_eq!(read(&[yearly]), (whole.clone(), 0));
    let left = days(&["2026-12-28", "2027-12-26", "2028-12-26"]);
    assert_eq!(read(&[yearly, moved]), (left.clone(), 0));
    assert_eq!(read(&[moved, yearly]), (left, 0));
    let all = [at_noon, yearly, cancelled, moved];
    assert_eq!(read(&all), (days(&["2026-12-28"]), 2));
    // Of another event, and of none.
    let other = moved.replace("UID:a", "UID:b");
    let beside = days(&["2026-12-26", "2026-12-28", "2027-12-26", "2028-12-26"]);
    assert_eq!(read(&[yearly, &other]), (beside, 0));
    let nobodys = moved.replace("UID:a\n", "");
    assert_eq!(read(&[yearly, &nobodys]), (whole, 1));
    refused(
        "UID:a\nRECURRENCE-ID;RANGE=\"THISANDFUTURE\":20261226\nDTSTART:20261228",
        "`RANGE` changes all later dates",
    );
}

/// The format folds after so many bytes, and many writers do not look where a character ends.
#[test]
fn a_fold_may_cut_a_character_in_two() {
    let feed = |summary: &[u8]| {
        let begin: &[u8] = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20261225\r\nSUMMARY:";
        let end: &[u8] = b"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        Feed::read(&[begin, summary, end].concat())
    };
    let name = "Fête des mères, 元日".as_bytes();
    for cut in 0..=name.len() {
        let (first, rest) = name.split_at(cut);
        for fold in [&b"\r\n "[..], b"\n\t", b"\r\n \r\n "] {
            let feed = feed(&[first, fold, rest].concat()).expect("a feed");
            assert_eq!(feed.holidays()[0].name.as_bytes(), name, "{cut}");
        }
    }
    let error = feed(b"a\r\n b\r\n c\xff").expect_err("no text");
    assert_eq!(error.line(), 4, "{error}");
    let bom = b"\xef\xbb\xbfBEGIN:VCALENDAR\nEND:VCALENDAR";
    assert_eq!(Feed::read(bom), Ok(Feed::default()));
}

#[test]
fn a_duration_in_hours_is_no_number_of_days_wherever_it_stands() {
    let (start, hours) = ("DTSTART;VALUE=DATE:20261225", "DURATION:PT36H");
    for event in [format!("{start}\n{hours}"), format!("{hours}\n{start}")] {
        refused(&event, "`PT36H` is not a whole number of days");
        let cancelled = format!("{event}\nSTATUS:CANCELLED");
        check(&cancelled, &[]);
    }
    check(
        "DURATION:PT48H\nDTSTART:20261225\nSUMMARY:A",
        &["2026-12-25..2026-12-26 A"],
    );
}

#[test]
fn what_is_no_all_day_event_is_counted() {
    let text = "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nBEGIN:STANDARD\nDTSTART:19700101T000000\nEND:STANDARD\nEND:VTIMEZONE\n\
                BEGIN:VEVENT\nDTSTART:20260101T090000Z\nDURATION:PT1H\nEND:VEVENT\n\
                BEGIN:VEVENT\nDTSTART:20260101\nSTATUS:CANCELLED\nBEGIN:VALARM\nDURATION:PT5M\nEND:VALARM\nEND:VEVENT\n\
                BEGIN:VEVENT\nDTSTART:20260102\nEND:VEVENT\nEND:VCALENDAR";
    let feed = Feed::read(text.as_bytes()).expect("a feed");
    assert_eq!((feed.holidays().len(), feed.skipped()), (1, 2));
}
