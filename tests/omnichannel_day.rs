//! The example of one customer's day: what it must show, and what its left column must never show.

#[path = "../examples/omnichannel_day.rs"]
#[allow(dead_code)]
mod omnichannel_day;

/// What the example prints, and the cells of the left column: what the customer sees.
fn told() -> (String, String) {
    let mut out = Vec::new();
    omnichannel_day::run(&mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let left = |line: &str| Some(line.strip_prefix('│')?.split('┆').next()?.trim().to_owned());
    let seen: Vec<String> = text.lines().filter_map(left).collect();
    (text, seen.join(" "))
}

#[test]
fn the_day_has_every_part() {
    let (text, _) = told();
    for part in [
        "The bot hands over",
        "who is the only one who suits",
        "does not speak `de`",
        "merged from #2",
        "[phone]",
        "began with the bot",
        "phone: waited 1min, handled 4min",
        "the rule `delay notice: promised_update`: `delay notice` to the customer",
        "article: kb-12: claims",
        "the rule `survey`: `survey` to the customer",
        "the rule `low mark`: tells the team lead",
        "csat: 1 of 5",
        "reopened",
        "csat: 5 of 5",
        "promises kept: 100.0 %",
        "service recovery: 100.0 % (1 of 1)",
        "agent transfers: 0",
    ] {
        assert!(text.contains(part), "`{part}` is missing in\n{text}");
    }
    let notice = text.find("`delay notice` to the customer").unwrap();
    let late = text
        .find("The delay is told before the promise is missed")
        .unwrap();
    assert!(notice < late);
}

#[test]
fn the_customer_sees_all_of_hers_and_nothing_of_theirs() {
    let (_, seen) = told();
    for hers in [
        "My kettle arrived broken.",
        "Did you get my message?",
        "How long will it take?",
        "I write by three",
        "here is the label",
    ] {
        let words: Vec<&str> = hers.split(' ').collect();
        assert!(
            words.iter().all(|word| seen.contains(word)),
            "`{hers}` is missing in\n{seen}"
        );
    }
    for theirs in [
        "Hand-off",
        "handed-off",
        "note",
        "csat",
        "kb-12",
        "supervisor",
        "in charge",
        "due",
    ] {
        assert!(!seen.contains(theirs), "`{theirs}` stands in\n{seen}");
    }
}
