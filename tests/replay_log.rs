//! The replay example, run on a small log of our own, on the simulated quarter, and on the real log where it is at hand.

#[path = "../examples/replay/args.rs"]
#[allow(dead_code)]
mod args;
#[path = "../examples/replay/csv_log.rs"]
mod csv_log;
#[path = "../examples/replay/figures.rs"]
mod figures;
#[path = "../examples/replay/holidays.rs"]
mod holidays;
#[path = "../examples/replay/log_rules.rs"]
mod log_rules;
#[path = "../examples/replay/page.rs"]
mod page;
#[path = "../examples/replay/recorded.rs"]
mod recorded;
#[path = "../examples/replay/servicenow.rs"]
mod servicenow;
#[path = "../examples/replay/show.rs"]
mod show;
#[path = "../examples/replay/simulate/mod.rs"]
mod simulate;
#[path = "../examples/replay/simulated.rs"]
mod simulated;

use std::io::Write;
use std::path::{Path, PathBuf};

use args::{Arguments, What};
use clap::Parser;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

pub(crate) type Failure = Box<dyn std::error::Error>;

/// Four incidents. The first is reopened from a close, the second has rows out of order and before its opening, the third
/// has a state that nobody knows, the fourth is never resolved. 7 March 2016 is a Monday.
const LOG: &str = "\
number,incident_state,caller_id,opened_at,sys_updated_by,sys_updated_at,contact_type,priority,assignment_group,assigned_to
INC0000001,New,Caller A,7/3/2016 08:00,Agent A,7/3/2016 08:10,Phone,3 - Moderate,Red,?
INC0000001,Resolved,Caller A,7/3/2016 08:00,Agent A,7/3/2016 10:00,Phone,3 - Moderate,Red,Agent A
INC0000001,Closed,Caller A,7/3/2016 08:00,Agent A,7/3/2016 12:00,Phone,3 - Moderate,Red,Agent A
INC0000001,Active,Caller A,7/3/2016 08:00,Agent A,7/3/2016 14:00,Phone,3 - Moderate,Red,Agent A
INC0000001,Resolved,Caller A,7/3/2016 08:00,Agent A,7/3/2016 15:00,Phone,2 - High,Red,Agent A
INC0000001,Closed,Caller A,7/3/2016 08:00,Agent A,8/3/2016 15:00,Phone,2 - High,Red,Agent A
INC0000002,Active,Caller B,7/3/2016 09:00,Agent B,7/3/2016 08:00,Email,1 - Critical,Blue,?
INC0000002,Awaiting User Info,Caller B,7/3/2016 09:00,Agent B,7/3/2016 11:00,Email,1 - Critical,Blue,?
INC0000002,Awaiting Vendor,Caller B,7/3/2016 09:00,Agent B,7/3/2016 10:30,Email,1 - Critical,Blue,?
INC0000002,Resolved,Caller B,7/3/2016 09:00,Agent B,7/3/2016 13:00,Email,1 - Critical,?,?
INC0000002,Closed,Caller B,7/3/2016 09:00,Agent B,7/3/2016 13:00,Email,1 - Critical,?,?
INC0000003,New,Caller C,8/3/2016 16:00,Agent C,8/3/2016 16:00,IVR,4 - Low,Red,?
INC0000003,-100,Caller C,8/3/2016 16:00,Agent C,9/3/2016 09:00,IVR,4 - Low,Red,?
INC0000003,Resolved,Caller C,8/3/2016 16:00,Agent C,9/3/2016 10:00,IVR,4 - Low,Red,?
INC0000004,Closed,Caller D,9/3/2016 10:00,?,9/3/2016 11:00,Self service,?,Red,?
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
fn run(file: &Path, options: &str) -> Result<String, Failure> {
    let line = ["replay", "servicenow", file.to_str().unwrap()];
    let arguments = Arguments::try_parse_from(line.into_iter().chain(options.split_whitespace()))?;
    let Some(What::Servicenow(options)) = &arguments.what else {
        panic!("no subcommand");
    };
    let mut out = Vec::new();
    recorded::run(options, &mut out)?;
    Ok(String::from_utf8(out)?)
}

fn json_of(file: &Path, options: &str) -> Value {
    serde_json::from_str(&run(file, &format!("{options} --json")).unwrap()).unwrap()
}

#[test]
fn a_small_log_gives_the_figures_worked_out_by_hand() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(LOG.as_bytes()).unwrap();
    let packed = Scratch::new("small.csv.gz", &packed.finish().unwrap());
    let figures = json_of(&packed.0, "");
    let anomalies = json!({"out_of_order": 1, "before_creation": 1, "unknown_state": 1, "reopen_of_closed": 1, "unknown_priority": 1});
    assert_eq!(figures["anomalies"], anomalies);
    let counts = [
        "tickets",
        "events",
        "resolved_tickets",
        "reopened_tickets",
        "reopen_events",
    ]
    .map(|key| figures[key].clone());
    assert_eq!(json!(counts), json!([4, 15, 3, 1, 1]));
    assert_eq!(figures["reopen_rate"], json!({"num": 1, "den": 3}));

    // To the last resolution: 7 h, 4 h, 18 h; open from 09:00 to 17:00 it is 6 h, 4 h, 2 h; of work 1 h + 1 h, 2 h, 2 h.
    let of = |which: &str, how: &str| {
        let l = &figures[which][how];
        json!([l["n"], l["sum_s"], l["p50_s"], l["p90_s"], l["max_s"]])
    };
    let hours = |n: i64| n * 3_600;
    assert_eq!(
        of("resolution", "calendar"),
        json!([3, hours(29), hours(7), hours(18), hours(18)])
    );
    assert_eq!(
        of("resolution", "business"),
        json!([3, hours(12), hours(4), hours(6), hours(6)])
    );
    assert_eq!(
        of("resolution", "business_pausing"),
        json!([3, hours(6), hours(2), hours(2), hours(2)])
    );
    // To the first one the first ticket has 2 h, of which 1 h is open.
    assert_eq!(
        of("first_resolution", "calendar"),
        json!([3, hours(24), hours(4), hours(18), hours(18)])
    );
    assert_eq!(
        of("first_resolution", "business"),
        json!([3, hours(7), hours(2), hours(4), hours(4)])
    );

    let backlog = json!({"2016-03-07": 0, "2016-03-08": 1, "2016-03-09": 0});
    assert_eq!(
        (&figures["backlog"], &figures["backlog_peak"]),
        (&backlog, &json!("2016-03-08"))
    );
    let groups = json!({"?": {"n": 1, "mean_s": 14_400.0, "p50_s": 14_400}, "Red": {"n": 2, "mean_s": 45_000.0, "p50_s": 25_200}});
    assert_eq!(figures["group_resolution"], groups);

    let sla = |options: &str| {
        let sla = json_of(&packed.0, options)["sla"].clone();
        json!(["1", "2", "3", "4"].map(|p| [sla[p]["met"].clone(), sla[p]["breached"].clone()]))
    };
    let all = |one: [[u8; 2]; 4]| json!(one);
    // Exactly on the target is met: 4 h for priority 1, 2 h for priority 2, of which the closed hours of the first ticket are no part.
    assert_eq!(
        sla("--targets 1=4h,2=2h,3=1h,4=2h"),
        all([[1, 0], [1, 0], [0, 0], [1, 0]])
    );
    assert_eq!(
        sla("--targets 1=239min,2=119min,3=1h,4=119min"),
        all([[0, 1], [0, 1], [0, 0], [0, 1]])
    );
    assert_eq!(
        sla("--measure calendar --targets 1=4h,2=3h,3=1h,4=17h"),
        all([[1, 0], [1, 0], [0, 0], [0, 1]])
    );
    assert_eq!(
        sla("--measure business-pausing --targets 1=2h,2=2h,3=1h,4=2h"),
        all([[1, 0], [1, 0], [0, 0], [1, 0]])
    );
    assert_eq!(
        json_of(&packed.0, "--targets 1=1h")["sla"],
        json!({"1": {"met": 0, "breached": 1}})
    );

    let holidays = Scratch::new("days.csv", b"date,name_en\n2016-03-09,A day\n");
    let with = json_of(&packed.0, &format!("--holidays {}", holidays.0.display()));
    assert_eq!(with["resolution"]["business"]["sum_s"], json!(hours(11)));
    let feed = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20160309\r\nSUMMARY:A day\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let feed = Scratch::new("days.ics", feed);
    let options = format!("--holidays {} --json", feed.0.display());
    match run(&packed.0, &options) {
        Ok(_) if cfg!(feature = "ical") => {
            assert_eq!(json_of(&packed.0, &options[..options.len() - 7]), with)
        }
        other => assert!(other.unwrap_err().to_string().contains("feature `ical`")),
    }
    assert!(run(&packed.0, "").unwrap().contains("last resolution"));
}

/// The first two are closed without a resolution and go on; the third is resolved in five hours, and only then becomes critical.
#[test]
fn a_rate_is_of_the_resolved_and_a_target_of_the_priority_then() {
    let header = LOG.lines().next().unwrap();
    let row = |number: u8, state: &str, at: &str, priority: &str| {
        format!(
            "INC000000{number},{state},Caller A,7/3/2016 08:00,Agent A,7/3/2016 {at},Phone,{priority},Red,?\n"
        )
    };
    let mut log = format!("{header}\n");
    for number in [1, 2] {
        log += &row(number, "Closed", "10:00", "4 - Low");
        log += &row(number, "Active", "11:00", "4 - Low");
    }
    log += &row(3, "New", "08:00", "3 - Moderate");
    log += &row(3, "Resolved", "14:00", "3 - Moderate");
    log += &row(3, "Closed", "15:00", "1 - Critical");
    let file = Scratch::new("rates.csv", log.as_bytes());
    let figures = json_of(&file.0, "--targets 1=1h,3=8h");
    assert_eq!(figures["reopened_tickets"], json!(2));
    assert_eq!(figures["reopen_rate"], json!({"num": 0, "den": 1}));
    assert_eq!(
        figures["sla"],
        json!({"1": {"met": 0, "breached": 0}, "3": {"met": 1, "breached": 0}})
    );
}

/// A clock that was called off is not open.
#[test]
fn a_cancelled_clock_is_shown_as_such() {
    let rulebook = helpdesk::Rulebook::starter();
    let at = "2026-03-02T09:00:00Z".parse().unwrap();
    let kim = helpdesk::Actor::agent(helpdesk::id::AgentId::named("kim"));
    let call = helpdesk::Call::new(kim, at);
    let desk = helpdesk::Desk::new(helpdesk::store::MemoryStore::new(), rulebook);
    let open = helpdesk::Open::new("win a prize").from("ann@example.com");
    let ticket = desk.open(&call, open).unwrap().id();
    let spam = helpdesk::Command::close(helpdesk::ticket::CloseReason::Spam);
    desk.submit(ticket, &call, spam).unwrap();
    let mut tickets = Vec::new();
    let tenant = desk.tenant(helpdesk::TenantId::SINGLE);
    tenant
        .facts(&mut |rows| tickets.push(rows.to_vec()))
        .unwrap();
    let table = show::attainment(&tickets, at);
    let header: Vec<_> = table.header().unwrap().cell_iter().collect();
    let column = |name: &str| header.iter().position(|cell| cell.content() == name);
    let (open, cancelled) = (column("open").unwrap(), column("cancelled").unwrap());
    let shown = |row: &comfy_table::Row| {
        let row: Vec<_> = row.cell_iter().map(|cell| cell.content()).collect();
        [1, open, cancelled].map(|at| row[at].clone())
    };
    let rows: Vec<_> = table.row_iter().map(shown).collect();
    assert_eq!(
        rows,
        [
            ["first response", "0", "0"], // unanswered
            ["total resolution", "0", "1"]
        ],
        "{table}"
    );
}

#[test]
fn the_zone_of_the_stamps_is_told() {
    let help = Arguments::try_parse_from(["replay", "servicenow", "--help"]).unwrap_err();
    let help = help.to_string();
    assert!(help.contains("stamps of the log count as UTC"), "{help}");
}

#[test]
fn rows_of_other_incidents_may_stand_between() {
    let straight = Scratch::new("straight.csv", LOG.as_bytes());
    let mut lines: Vec<&str> = LOG.lines().collect();
    let header = lines.remove(0);
    // The rows of each incident keep their order: all first rows, then all second rows, and so on.
    let mut seen = std::collections::HashMap::new();
    lines.sort_by_cached_key(|line| {
        let nth = seen.entry(line.split(',').next()).or_insert(0);
        *nth += 1;
        *nth
    });
    let mixed = Scratch::new(
        "mixed.csv",
        format!("{header}\n{}\n", lines.join("\n")).as_bytes(),
    );
    assert_ne!(lines.join("\n"), LOG.trim_end().split_once('\n').unwrap().1);
    assert_eq!(json_of(&mixed.0, ""), json_of(&straight.0, ""));
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    #[rustfmt::skip]
    let cases = [
        (LOG.replace("7/3/2016 12:00", "7/13/2016 12:00"), "line 4, column `sys_updated_at`: `7/13/2016 12:00` is not a time"),
        (LOG.replace("8/3/2016 16:00,Agent", "?,Agent"), "line 13, column `opened_at`: `?` is not a time"),
        (LOG.replace("INC0000004", "4"), "line 16, column `number`: `4` is not an incident"),
        (LOG.replace("priority", "urgency"), "line 1: there is no column `priority`"),
        (LOG.replace("Agent A,7/3/2016 10:00", "7/3/2016 10:00"), "line 3: the row has 9 columns, the header 10"),
    ];
    for (log, problem) in cases {
        let file = Scratch::new("wrong.csv", log.as_bytes());
        let error = run(&file.0, "").unwrap_err().to_string();
        assert!(
            error.contains(problem) && error.contains("wrong.csv"),
            "{error}"
        );
    }
    let file = Scratch::new("right.csv", LOG.as_bytes());
    for (options, problem) in [
        ("--zone Mars/Olympus", "Mars/Olympus"),
        ("--targets 5=4h", "`5` is not a priority"),
        ("--targets 1=4", "`4` is not a target"),
        ("--targets 1=1h,1=2h", "two targets"),
        ("--measure lunar", "lunar"),
        ("--frobnicate", "--frobnicate"),
        ("--holidays days.txt", "days.txt"),
        ("--holidays none.csv", "none.csv"),
    ] {
        let error = run(&file.0, options).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
    assert!(
        run(Path::new("no-such-file.csv"), "")
            .unwrap_err()
            .to_string()
            .contains("no-such-file.csv")
    );
    let cut = Scratch::new("cut.csv.gz", &[0x1f, 0x8b, 8, 0, 0]);
    assert!(
        run(&cut.0, "")
            .unwrap_err()
            .to_string()
            .contains("cut.csv.gz")
    );
}

#[test]
fn the_same_seed_gives_the_same_quarter() {
    let run = |seed| {
        let mut out = Vec::new();
        simulated::run(&simulate::Quarter { seed, days: 12 }, None, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let first = run(1);
    assert!(first.contains("late answer"), "{first}");
    assert_eq!(first, run(1));
    assert_ne!(first, run(2));
    let quarter = simulate::Quarter { seed: 3, days: 3 };
    let [one, other] = [0, 1].map(|_| simulate::simulate(quarter, &|_| ()).unwrap().tickets);
    assert_eq!(one, other); // the ids too
}

#[test]
fn the_real_log_where_it_is_at_hand() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/data/servicenow/incident_event_log.csv.gz");
    if !file.exists() {
        let _ = writeln!(
            std::io::stderr(),
            "`../shared/data` is absent: the real log was not replayed"
        );
        return;
    }
    let utc = json_of(&file, "");
    assert_eq!(
        utc["anomalies"],
        json!({"out_of_order": 2, "before_creation": 5, "unknown_state": 5, "reopen_of_closed": 12})
    );
    let counts = [
        "tickets",
        "events",
        "resolved_tickets",
        "reopened_tickets",
        "reopen_events",
    ]
    .map(|key| utc[key].clone());
    assert_eq!(json!(counts), json!([24_918, 141_712, 24_905, 275, 331]));
    assert_eq!(
        utc["resolution"]["calendar"]["sum_s"],
        json!(14_830_216_560_u64)
    );
    assert_eq!(
        utc["resolution"]["business"]["sum_s"],
        json!(3_568_549_500_u64)
    );
    assert_eq!(
        utc["resolution"]["business_pausing"]["sum_s"],
        json!(2_193_823_740_u64)
    );
    assert_eq!(utc["sla"]["3"], json!({"met": 16_871, "breached": 6_591}));
    let new_york = json_of(&file, "--zone America/New_York");
    assert_eq!(
        new_york["sla"]["3"],
        json!({"met": 17_024, "breached": 6_438})
    );
    assert_eq!(
        new_york["resolution"]["calendar"],
        utc["resolution"]["calendar"]
    );
}
