//! What cannot be asked: texts to try and what they say of a type, and names that types do not have of their own.

use serde_json::{Value, json};

/// Texts that are tried in this order, and what it says of a type that it takes one and none before.
pub(super) fn samples() -> [(&'static str, Value); 15] {
    let text = |about: &str, example: &str| json!({"type": "string", "description": about, "examples": [example]});
    [
        (" \n", json!({"type": "string"})),
        (
            "a",
            json!({"type": "string", "minLength": 1, "maxLength": 128, "description": "a short name: at most 128 bytes, no control characters, no outer white space"}),
        ),
        (
            "018f3c1e-7a00-7000-8000-000000000001",
            json!({"type": "string", "format": "uuid"}),
        ),
        (
            "2026-03-05T09:00:00Z",
            json!({"type": "string", "format": "date-time"}),
        ),
        ("2018-01-01", json!({"type": "string", "format": "date"})),
        (
            "2018-01-01T00:00:00",
            text("a local date and time", "2018-01-01T00:00:00"),
        ),
        (
            "4h",
            text(
                "a length of time, such as `4h` or `1h 30min`; of targets also `24 calendar hours` or `2 business days`",
                "4h",
            ),
        ),
        (
            "UTC",
            text("a time zone of the IANA database", "Europe/Berlin"),
        ),
        ("Mon", text("a day of the week", "Mon")),
        (
            "Mon 09:00-17:00",
            text("a week of hours", "Mon-Fri 09:00-17:00; Sat 10:00-14:00"),
        ),
        ("09:00-17:00", text("a window of a day", "22:00-06:00")),
        (
            "50 %",
            text(
                "a threshold: `75 %`, `1h before due`, `1h after due`, `on breach`, `after 3h`, `at once`, `2 times`",
                "75 %",
            ),
        ),
        (
            "12-25",
            text(
                "a date or dates: `2026-12-25`, `2026-12-24..2026-12-31`, `12-25`, `12-24..01-02`",
                "12-25",
            ),
        ),
        (
            "closed",
            text(
                "the hours of a date: `closed`, `closed 12:00-24:00`, `10:00-14:00`",
                "closed",
            ),
        ),
        (
            "0",
            json!({"type": "string", "pattern": "^[0-9]+$", "description": "a whole number that may pass 2^53"}),
        ),
    ]
}

/// Where a type judges its texts only when all of them are there: with which sample to begin.
pub(super) const BEGIN_WITH: &[(&str, usize)] = &[("Form.on", 12), ("Form.hours", 13)];

/// The names of types that have the name of another one, or one that tells nothing, by their first member.
pub(super) const NAMES: &[(&str, &str, &str)] = &[
    ("Anything", "customer", "BesideTickets"),
    ("Anything", "request", "Anything"),
    ("Command", "identify", "CustomerCommand"),
    ("Change", "name", "CustomerChange"),
    ("Rules", "tier_field", "CustomerRules"),
    ("Read", "always", "Calendar"),
    ("Definition", "zone", "CalendarHours"),
    ("Form", "on", "CalendarException"),
    ("Filter", "stages", "TicketFilter"),
    ("Filter", "dimension", "ReportFilter"),
    ("Label", "work", "StatusLabel"),
    ("Period", "fixed", "ReportPeriod"),
    ("Window", "from", "ReportWindow"),
];

/// Places that read a number or, where that passes 2^53, its digits as text.
pub(super) const NUMBERS_OR_TEXTS: &[&str] = &["FieldValue::number"];

/// Lists of a type in the type itself: they are given empty, or there would be no end.
pub(super) const OWN_LISTS: &[&str] = &["CauseCode.below"];

pub(super) const NUMBERS: [u8; 4] = [1, 2, 60, 0];
