//! The replay of a help desk's conversations: on two small files of our own, and on the real ones where they are at hand.

#[path = "../examples/replay/args.rs"]
#[allow(dead_code)]
mod args;
#[path = "../examples/replay/csv_log.rs"]
mod csv_log;
#[path = "../examples/replay/figures.rs"]
#[allow(dead_code)]
mod figures;
#[path = "../examples/replay/helpdesk_figures.rs"]
mod helpdesk_figures;
#[path = "../examples/replay/helpdesk_log.rs"]
mod helpdesk_log;
#[path = "../examples/replay/helpdesk_reviews.rs"]
mod helpdesk_reviews;
#[path = "../examples/replay/helpdesk_run.rs"]
mod helpdesk_run;
#[path = "../examples/replay/helpdesk_show.rs"]
mod helpdesk_show;
#[path = "../examples/replay/holidays.rs"]
mod holidays;
#[path = "../examples/replay/log_rules.rs"]
#[allow(dead_code)]
mod log_rules;
#[path = "../examples/replay/page.rs"]
mod page;
#[path = "../examples/replay/servicenow.rs"]
#[allow(dead_code)]
mod servicenow;
#[path = "../examples/replay/show.rs"]
#[allow(dead_code)]
mod show;
#[path = "../examples/replay/simulate/mod.rs"]
#[allow(dead_code)]
mod simulate;

use std::io::Write;
use std::path::{Path, PathBuf};

use args::{Arguments, What};
use clap::Parser;
use serde_json::{Value, json};

pub(crate) type Failure = Box<dyn std::error::Error>;

/// Three tickets. In the first the robot `auto` answers at once and kim two hours later, after a colleague of the reporter; it has
/// two sentences in one message, a note, and goes from kim to lee. The second was opened by lee for a customer, who never
/// gets a public word of a person after it. The third is answered by nobody. 7 March 2022 is a Monday.
const UTTERANCES: &str = "\
issueid,id,comment_seq,utr_seq,author,created,is_private,actionbody,author_role
1.0,10.0,0,0,ann ,2022-03-07 09:00:00+00:00,0.0,dear team,reporter
1.0,10.0,0,1,ann ,2022-03-07 09:00:00+00:00,0.0,it is broken,reporter
1.0,11.0,1,0,auto,2022-03-07 09:00:16+00:00,0.0,we have it,others
1.0,12.0,2,0,cat,2022-03-07 09:30:00+00:00,0.0,for me too,others
1.0,13.0,3,0,lee,2022-03-07 10:00:00+00:00,1.0,known,others
1.0,14.0,4,0,kim,2022-03-07 11:00:00+00:00,0.0,we look,assignee
1.0,15.0,5,0,lee,2022-03-07 20:00:00+00:00,0.0,done,assignee
2.0,20.0,0,0,lee,2022-03-07 16:00:00+00:00,0.0,for bob,assignee
2.0,21.0,1,0,auto,2022-03-08 10:00:00+00:00,0.0,we have it,others
3.0,30.0,0,0,ann ,2022-03-07 12:00:00+00:00,0.0,hello,reporter
";

const SNAPSHOT: &str = "\
id,no,project,reporter,type,priority,contributors,turn_no,assignee,started,ended,spent hours,steps,comments count,valid,Q1,Q2,Q3,Notes
1,1,P,ann,Ticket,Blocker,2,1,kim,2022-03-07 09:00:00+00:00,2022-03-07 12:00:00+00:00,3,1,4,True,5,4,3,fine
,,,,,,,2,lee,2022-03-07 12:00:00+00:00,2022-03-08 12:00:00+00:00,24,1,1,True,0,0,0,
2,2,P,bob,Ticket,Low,1,1,lee,2022-03-07 16:00:00+00:00,2022-03-08 16:00:00+00:00,24,1,1,True,1,2,3,
3,3,P,ann,Deployment,Medium,1,1,,2022-03-07 12:00:00+00:00,2022-03-08 16:00:00+00:00,24,1,1,True,3,3,3,
";

/// A file of its own, gone when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, bytes: &[u8]) -> Scratch {
        let path = std::env::temp_dir().join(format!("helpdesk-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// What the example prints on its standard output.
fn run(utterances: &Path, snapshot: &Path, options: &[&str]) -> Result<String, Failure> {
    let files = [utterances, snapshot].map(|file| file.to_str().unwrap());
    let line = ["replay", "helpdesk", files[0], files[1]];
    let arguments = Arguments::try_parse_from(line.iter().chain(options))?;
    let Some(What::Helpdesk(conversations)) = &arguments.what else {
        panic!("no subcommand");
    };
    let mut out = Vec::new();
    helpdesk_run::run(conversations, &mut out)?;
    Ok(String::from_utf8(out)?)
}

fn small(name: &str, options: &[&str]) -> Result<String, Failure> {
    let utterances = Scratch::new(&format!("{name}-utterances.csv"), UTTERANCES.as_bytes());
    let snapshot = Scratch::new(&format!("{name}-snapshot.csv"), SNAPSHOT.as_bytes());
    run(&utterances.0, &snapshot.0, options)
}

fn of(lengthy: &Value) -> Value {
    json!(["n", "p50_s", "p90_s", "p95_s", "p99_s"].map(|key| lengthy[key].clone()))
}

#[test]
fn a_small_log_gives_the_figures_worked_out_by_hand() {
    let text = small("figures", &["--automatic", "auto", "--json"]).unwrap();
    let figures: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(figures["tickets"], json!(3));
    let written = json!({
        "total": 9,
        "reporter": {"public": 2, "private": 0},
        "assignee": {"public": 3, "private": 0},
        "others": {"public": 3, "private": 1},
    });
    assert_eq!(figures["messages"], written);

    // The robot: after 16 s, and after 18 h, of which 16:00 to 17:00 and 09:00 to 10:00 are open.
    let replies = &figures["first_public_reply"];
    let automatic = &replies["with_automatic"];
    assert_eq!(
        of(&automatic["calendar"]),
        json!([2, 16, 64_800, 64_800, 64_800])
    );
    assert_eq!(
        of(&automatic["business"]),
        json!([2, 16, 7_200, 7_200, 7_200])
    );
    // Anybody but the reporter: the colleague, after half an hour. Of the desk: kim, after two.
    let persons = |replies: &Value| of(&replies["without_automatic"]["calendar"]);
    assert_eq!(persons(replies), json!([1, 1_800, 1_800, 1_800, 1_800]));
    let by_desk = persons(&figures["first_public_reply_by_desk"]);
    assert_eq!(by_desk, json!([1, 7_200, 7_200, 7_200, 7_200]));
    assert_eq!(figures["never_answered_by_a_person"], json!(2));
    assert_eq!(figures["never_answered_by_the_desk"], json!(2));

    let moved = [
        "turns",
        "turns_without_agent",
        "transfers",
        "tickets_transferred",
    ];
    assert_eq!(
        json!(moved.map(|key| figures[key].clone())),
        json!([4, 1, 1, 1])
    );
    let scores = json!({
        "n": 4, "n_answered": 3,
        "with_zeros": {"Q1": 2.25, "Q2": 2.25, "Q3": 2.25, "mean": 2.25},
        "without_zeros": {"Q1": 3.0, "Q2": 3.0, "Q3": 3.0, "mean": 3.0},
    });
    assert_eq!(figures["scores"], scores);
    assert_eq!(figures["by_agent"], json!({}), "nobody has ten turns");
    assert_eq!(figures["anomalies"], json!({}));
}

#[test]
fn who_writes_by_themselves_is_told_by_the_caller() {
    let text = small("nobody", &["--json"]).unwrap();
    let figures: Value = serde_json::from_str(&text).unwrap();
    let replies = &figures["first_public_reply"];
    assert_eq!(replies["with_automatic"], replies["without_automatic"]);
    assert_eq!(figures["never_answered_by_a_person"], json!(1));
    // Nothing shows that the account works at the desk.
    assert_eq!(
        of(&figures["first_public_reply_by_desk"]["with_automatic"]["calendar"])[0],
        json!(1)
    );
}

#[test]
fn people_get_tables_and_a_page() {
    let page = Scratch::new("conversations.html", b"");
    let html = ["--automatic", "auto", "--html", page.0.to_str().unwrap()];
    let text = small("people", &html).unwrap();
    assert!(
        text.starts_with("3 tickets, 9 messages, 4 turns, 1 transfers"),
        "{text}"
    );
    assert!(
        text.contains("Never answered by a person: 2 tickets"),
        "{text}"
    );
    let html = std::fs::read_to_string(&page.0).unwrap();
    assert!(html.contains("Conversations of a help desk"));
    assert!(
        !text.contains("it is broken") && !html.contains("it is broken"),
        "no text of a customer"
    );
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    let wrong = |from: &str, to: &str| {
        let utterances = Scratch::new("wrong-u.csv", UTTERANCES.replacen(from, to, 1).as_bytes());
        let snapshot = Scratch::new("wrong-s.csv", SNAPSHOT.replacen(from, to, 1).as_bytes());
        let error = run(&utterances.0, &snapshot.0, &[]).unwrap_err();
        error.to_string()
    };
    let role = wrong("assignee\n", "boss\n");
    assert!(
        role.contains("line 7, column `author_role`: `boss` is not a role"),
        "{role}"
    );
    assert!(wrong("1.0,known", "maybe,known").contains("is not a yes or no"));
    assert!(wrong("True,5,4,3", "True,6,4,3").contains("`6` is not a mark; 0 to 5 is allowed"));
    assert!(wrong("Blocker", "Soon").contains("`Soon` is not a priority"));
    assert!(wrong("is_private", "hidden").contains("there is no column `is_private`"));
    assert!(wrong("\n3.0,", "\n4.0,").contains("there is no turn of ticket 4"));
    assert!(wrong("\n2,2,", "\n1,2,").contains("ticket 1 stands there twice"));
    assert!(wrong("\n1,1,P", "\n,1,P").contains("the first turn names its ticket"));
}

#[test]
fn the_real_files_where_they_are_at_hand() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/helpdesk");
    let utterances = folder.join("sample_utterances.csv.gz");
    let snapshot = folder.join("issues_snapshot_sample.csv.gz");
    if !utterances.exists() || !snapshot.exists() {
        let _ = writeln!(
            std::io::stderr(),
            "`../shared/data` is absent: the real conversations were not replayed"
        );
        return;
    }
    let text = run(
        &utterances,
        &snapshot,
        &["--automatic", "4ggo,z2w_x", "--json"],
    )
    .unwrap();
    let figures: Value = serde_json::from_str(&text).unwrap();
    let real = include_str!("helpdesk_log.json");
    let counted: Value = serde_json::from_str(real).unwrap();
    for (key, value) in counted.as_object().unwrap() {
        assert_eq!(figures[key], *value, "{key}");
    }
}
