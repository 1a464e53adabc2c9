//! The example `what_if`, run on a small log of our own and on the simulated quarter.

#[path = "../examples/replay/args.rs"]
#[allow(dead_code)]
mod args;
#[path = "../examples/replay/csv_log.rs"]
mod csv_log;
#[path = "../examples/replay/holidays.rs"]
mod holidays;
#[path = "../examples/replay/log_rules.rs"]
mod log_rules;
#[path = "../examples/what_if/other.rs"]
mod other;
#[path = "../examples/what_if/question.rs"]
mod question;
#[path = "../examples/replay/servicenow.rs"]
mod servicenow;
#[path = "../examples/replay/simulate/mod.rs"]
#[allow(dead_code)]
mod simulate;

use clap::Parser;
use question::Question;

pub(crate) type Failure = Box<dyn std::error::Error>;

/// Two incidents of a Friday, resolved on Monday: the first has a target of eight hours, the second of forty. 4 March 2016 is a Friday.
const LOG: &str = "\
number,incident_state,caller_id,opened_at,sys_updated_by,sys_updated_at,contact_type,priority,assignment_group,assigned_to
INC0000001,New,Caller A,4/3/2016 15:00,Agent A,4/3/2016 15:00,Phone,2 - High,Red,?
INC0000001,Resolved,Caller A,4/3/2016 15:00,Agent A,7/3/2016 12:00,Phone,2 - High,Red,Agent A
INC0000002,New,Caller B,4/3/2016 15:00,Agent B,4/3/2016 15:00,Phone,4 - Low,Red,?
INC0000002,Resolved,Caller B,4/3/2016 15:00,Agent B,7/3/2016 12:00,Phone,4 - Low,Red,Agent B
";

fn answer(options: &str) -> Result<String, Failure> {
    let line = ["what_if"]
        .into_iter()
        .chain(options.split(' ').filter(|word| !word.is_empty()));
    let words = line.map(|word| word.replace('_', " "));
    let mut out = Vec::new();
    Question::try_parse_from(words)?.answer(&mut out)?;
    Ok(String::from_utf8(out)?)
}

/// Two hours are used on Friday. Six more: on Monday at 15:00; with an open Saturday, there at 15:00.
#[test]
fn an_open_saturday_on_a_small_log() {
    let path = std::env::temp_dir().join(format!("helpdesk-what-if-{}.csv", std::process::id()));
    std::fs::write(&path, LOG).unwrap();
    let file = path.to_str().unwrap().replace(' ', "_");
    let text = answer(&format!("servicenow {file}")).unwrap();
    let json = answer(&format!("servicenow {file} --json")).unwrap();
    let shorter = answer(&format!(
        "servicenow {file} --other-hours Mon-Fri_09:00-17:00 --other-targets 4=1h"
    ))
    .unwrap();
    let no_policy = answer(&format!(
        "servicenow {file} --targets 2=8h --other-targets 4=1h"
    ))
    .unwrap_err();
    std::fs::remove_file(&path).unwrap();

    assert!(
        text.contains("2 of 2 tickets would have gone differently"),
        "{text}"
    );
    let story = "For example #1: the total resolution was due Mon  7 Mar 2016 15:00, and would have been due Sat  5 Mar 2016 15:00. \
                 It was kept, and would have been missed.";
    assert!(text.contains(story), "{text}");
    assert!(
        text.contains("- targets missed that were kept: 1; kept that were missed: 0"),
        "{text}"
    );
    let difference: serde_json::Value = serde_json::from_str(&json).unwrap();
    let breach = &difference["lines"][1];
    assert_eq!(breach["what"]["breach"]["metric"], "total_resolution");
    assert_eq!(
        (&breach["before"], &breach["after"]),
        (&0.into(), &1.into())
    );
    assert!(
        shorter.contains("and resolved: priority 4 in 1h"),
        "{shorter}"
    );
    assert!(shorter.contains("For example #2:"), "{shorter}");
    assert_eq!(no_policy.to_string(), "there is no policy for priority 4");
}

/// Without `--other-hours`, Saturday is as long as the other days are, whatever those are.
#[test]
fn the_other_hours_follow_the_hours() {
    let path = std::env::temp_dir().join(format!("helpdesk-hours-{}.csv", std::process::id()));
    std::fs::write(&path, LOG).unwrap();
    let file = path.to_str().unwrap().replace(' ', "_");
    let of = |options: &str| answer(&format!("servicenow {file} {options}"));
    let asked = |hours: &str| {
        let text = of(&format!("--hours {hours}"))?;
        let line = text.lines().find(|line| line.starts_with("What if: "));
        Ok::<_, Failure>(line.unwrap_or_default().to_owned())
    };
    assert_eq!(
        asked("Mon-Fri_08:00-12:00,13:00-18:00").unwrap(),
        "What if: open Mon-Sat 08:00-12:00,13:00-18:00"
    );
    assert_eq!(
        asked("Mon-Fri_08:00-18:00;_Sat_10:00-14:00").unwrap(),
        "What if: open Mon-Sat 08:00-18:00"
    );
    for none in [
        "Mon-Sat_08:00-18:00",
        "Mon-Thu_08:00-18:00",
        "Mon-Thu_08:00-18:00;_Fri_08:00-16:00",
    ] {
        let error = asked(none).unwrap_err().to_string();
        assert!(error.contains("`--other-hours`"), "{error}");
    }
    let page = of("--html page.html").unwrap_err().to_string();
    std::fs::remove_file(&path).unwrap();
    assert!(page.contains("`--html`"), "{page}");
}

/// The same quarter and question, the same answer; what the desk recorded comes about again on every ticket.
#[test]
fn the_quarter_is_answered_the_same_twice() {
    let [one, other] = [0, 1].map(|_| answer("--days 5 --seed 7 --examples 2").unwrap());
    assert_eq!(one, other);
    let unlike = one
        .lines()
        .find(|line| line.contains("come about differently"));
    assert!(unlike.unwrap().ends_with(" 0"), "{one}");
    assert!(one.contains("What if: open Mon-Sat 08:00-18:00"), "{one}");
    let same =
        answer("--days 5 --seed 7 --other-hours Mon-Fri_08:00-18:00;_Sat_10:00-14:00").unwrap();
    assert!(
        same.contains("\n0 of ") && !same.contains("For example"),
        "{same}"
    );
}
