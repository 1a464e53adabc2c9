//! The replay of a city's requests: on a small file of our own, and on the real one where it is at hand.

#[path = "../examples/replay/args.rs"]
#[allow(dead_code)]
mod args;
#[path = "../examples/replay/boston.rs"]
mod boston;
#[path = "../examples/replay/boston_figures.rs"]
mod boston_figures;
#[path = "../examples/replay/boston_log.rs"]
mod boston_log;
#[path = "../examples/replay/boston_show.rs"]
mod boston_show;
#[path = "../examples/replay/csv_log.rs"]
mod csv_log;
#[path = "../examples/replay/figures.rs"]
#[allow(dead_code)]
mod figures;
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
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

pub(crate) type Failure = Box<dyn std::error::Error>;

/// Six requests. The second is opened in the hour that the clocks repeat and closed in the same second; the third is open and
/// late; the fourth says that it is closed and is not, is open without a due date, and has no queue; the fifth has the id of the
/// first, a due date that stands for none, and is opened in the hour that the clocks skip; the sixth was due before it was
/// opened, and is called on time all the same. 1 November 2011 is a Tuesday.
const FILE: &str = "\
case_enquiry_id,open_dt,target_dt,closed_dt,ontime,case_status,queue,department,source
1,2011-11-01 10:00:00,2011-11-03 10:00:00,2011-11-02 11:30:00,ONTIME,Closed,Lights,PWDx,Twitter
2,2011-11-06 01:30:00,2011-11-07 01:30:00,2011-11-06 01:30:00,,Closed,Lights,PWDx,Twitter
3,2011-11-04 16:00:00,2011-11-08 16:00:00,,OVERDUE,Open,Signs,BTDT,Self Service
4,2011-11-07 08:00:00,,,ONTIME,Closed,,BTDT,Self Service
1,2012-03-11 02:30:00,2059-12-31 19:00:00,2012-03-12 10:00:00,ONTIME,Closed,Signs,BTDT,Self Service
6,2011-11-10 09:00:00,2011-11-09 09:00:00,2011-11-10 10:00:00,ONTIME,Closed,Signs,BTDT,Self Service
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
fn run(file: &Path, options: &[&str]) -> Result<String, Failure> {
    let line = ["replay", "boston", file.to_str().unwrap()];
    let arguments = Arguments::try_parse_from(line.iter().chain(options))?;
    let Some(What::Boston(requests)) = &arguments.what else {
        panic!("no subcommand");
    };
    let mut out = Vec::new();
    boston::run(requests, &mut out)?;
    Ok(String::from_utf8(out)?)
}

fn json_of(file: &Path, options: &[&str]) -> Value {
    let all: Vec<_> = options.iter().copied().chain(["--json"]).collect();
    serde_json::from_str(&run(file, &all).unwrap()).unwrap()
}

fn share(num: u64, den: u64) -> Value {
    json!({"num": num, "den": den})
}

#[test]
fn a_small_file_gives_the_figures_worked_out_by_hand() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(FILE.as_bytes()).unwrap();
    let packed = Scratch::new("requests.csv.gz", &packed.finish().unwrap());
    let figures = json_of(&packed.0, &[]);
    let anomalies = json!({
        "ambiguous_time": 2, "skipped_time": 1, "closed_when_opened": 1, "no_due_date": 1, "sentinel_due_date": 1,
        "no_flag": 1, "flag_differs_from_due_date": 1, "status_differs_from_closing": 1, "repeated_request": 1, "no_queue": 1,
        "promise_in_the_past": 1,
    });
    assert_eq!(figures["anomalies"], anomalies);
    assert_eq!(figures["as_of"], json!("2012-03-12T14:00:00Z"));
    let counts = ["tickets", "volume", "closed", "open"].map(|key| figures[key].clone());
    assert_eq!(json!(counts), json!([6, 6, 4, 2]));
    let by_flag = &figures["attainment"]["by_flag"];
    let by_due = &figures["attainment"]["by_due"];
    assert_eq!(by_flag["all"], share(4, 6));
    assert_eq!(by_flag["flagged"], share(4, 5));
    assert_eq!(by_flag["flagged_closed"], share(3, 3));
    assert_eq!(by_flag["flagged_with_due"], share(3, 4));
    assert_eq!(by_due["all"], share(3, 6));
    assert_eq!(by_due["decided"], share(3, 5)); // the open one is late
    assert_eq!(by_due["closed"], share(3, 4));
    assert_eq!(by_due["closed_with_due"], share(3, 4));

    // 25.5 h, 0, from 03:00 (what 02:30 becomes) to 10:00 the next day 31 h, 1 h; open from 09:00 to 17:00 it is 7 + 2.5 h, 0,
    // 1 h, 1 h.
    let of = |how: &str| {
        let l = &figures["resolution"][how];
        json!([l["n"], l["sum_s"], l["p50_s"], l["p90_s"], l["max_s"]])
    };
    let minutes = |n: i64| n * 60;
    let calendar = [
        4,
        minutes(3_450),
        minutes(60),
        minutes(1_860),
        minutes(1_860),
    ];
    assert_eq!(of("calendar"), json!(calendar));
    let business = [4, minutes(690), minutes(60), minutes(570), minutes(570)];
    assert_eq!(of("business"), json!(business));

    // Midnights in Boston: 3 November is ended by 04:00 UTC, 6 November by 05:00.
    let backlog = &figures["backlog"];
    let at = [
        "2011-11-01",
        "2011-11-02",
        "2011-11-04",
        "2011-11-07",
        "2011-11-10",
        "2012-03-11",
        "2012-03-12",
    ];
    assert_eq!(
        json!(at.map(|day| backlog[day].clone())),
        json!([1, 0, 1, 2, 2, 3, 2])
    );
    assert_eq!(figures["backlog_peak"], json!("2012-03-11"));
    assert_eq!(figures["queue"]["(none)"]["volume"], json!(1));
    assert_eq!(
        figures["queue"]["Signs"]["attainment"]["by_due"]["decided"],
        share(1, 3)
    );
    assert_eq!(
        figures["department"]["PWDx"]["resolution"]["calendar"]["n"],
        json!(2)
    );
    assert_eq!(figures["channel"]["Twitter"]["closed"], json!(2));

    // Departments: 91,800 and 0 in PWDx, 111,600 and 3,600 in BTDT.
    let eta = figures["eta_squared"]["department"]["calendar"]
        .as_f64()
        .unwrap();
    let (mean, values) = (51_750.0, [91_800.0, 0.0, 111_600.0, 3_600.0]);
    let between = 2.0 * (45_900.0f64 - mean).powi(2) + 2.0 * (57_600.0f64 - mean).powi(2);
    let all: f64 = values
        .iter()
        .map(|value: &f64| (value - mean).powi(2))
        .sum();
    assert!((eta - between / all).abs() < 1e-12);
}

#[test]
fn options_move_what_they_should() {
    let file = Scratch::new("options.csv", FILE.as_bytes());
    let closed = Scratch::new("closed.csv", b"date,name\n2011-11-02,Holiday\n");
    let holidays = closed.0.to_str().unwrap();
    let sum =
        |options: &[&str]| json_of(&file.0, options)["resolution"]["business"]["sum_s"].clone();
    assert_eq!(sum(&["--holidays", holidays]), json!((690 - 150) * 60));
    assert_eq!(
        sum(&["--hours", "Mon-Fri 10:00-11:00"]),
        json!((60 + 60) * 60)
    );
    let utc = json_of(&file.0, &["--zone", "UTC"]);
    assert_eq!(utc["anomalies"].get("ambiguous_time"), None);
    assert!(run(&file.0, &["--zone", "Boston"]).is_err());
}

#[test]
fn people_get_tables_and_a_page() {
    let file = Scratch::new(
        "people.csv",
        FILE.replace("Signs", "<b>Signs</b>").as_bytes(),
    );
    let page = Scratch::new("page.html", b"");
    let text = run(&file.0, &["--html", page.0.to_str().unwrap()]).unwrap();
    assert!(text.starts_with("6 requests: 4 closed, 2 open"), "{text}");
    assert!(text.contains("status differs from closing"));
    let html = std::fs::read_to_string(&page.0).unwrap();
    assert!(html.contains("&lt;b&gt;Signs&lt;/b&gt;") && !html.contains("<b>"));
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    let wrong = |from: &str, to: &str| {
        let file = Scratch::new("wrong.csv", FILE.replace(from, to).as_bytes());
        run(&file.0, &[]).unwrap_err().to_string()
    };
    let stamp = wrong("2011-11-04 16:00:00", "4/11/2011");
    assert!(
        stamp.contains("line 4, column `open_dt`: `4/11/2011` is not a time"),
        "{stamp}"
    );
    assert!(wrong("2011-11-04 16:00:00", "").contains("every request has one"));
    assert!(wrong("ontime", "on_time").contains("there is no column `ontime`"));
    assert!(wrong("\n6,", "\nsix,").contains("digits are expected"));
    let empty = Scratch::new("empty.csv", FILE.lines().next().unwrap().as_bytes());
    assert!(
        run(&empty.0, &[])
            .unwrap_err()
            .to_string()
            .contains("there is no request")
    );
}

#[test]
fn the_real_file_where_it_is_at_hand() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/data/boston311/311_service_requests_2011.csv.gz");
    if !file.exists() {
        let _ = writeln!(
            std::io::stderr(),
            "`../shared/data` is absent: the real requests were not replayed"
        );
        return;
    }
    let figures = json_of(&file, &[]);
    let counts = ["tickets", "volume", "closed", "open"].map(|key| figures[key].clone());
    assert_eq!(json!(counts), json!([58_251, 58_251, 54_570, 3_681]));
    assert_eq!(
        figures["anomalies"],
        json!({
            "ambiguous_time": 4, "closed_when_opened": 2_499, "no_due_date": 10_981, "sentinel_due_date": 18, "no_flag": 158,
            "promise_in_the_past": 3,
        })
    );
    assert_eq!(
        figures["attainment"]["by_flag"]["flagged"],
        share(46_572, 58_093)
    );
    assert_eq!(
        figures["attainment"]["by_flag"]["flagged_closed"],
        share(46_340, 54_413)
    );
    assert_eq!(
        figures["attainment"]["by_due"]["decided"],
        share(35_591, 47_270)
    );
    assert_eq!(
        figures["attainment"]["by_due"]["closed_with_due"],
        share(35_591, 43_821)
    );
    let sum = |part: &str| {
        let parts = figures[part].as_object().unwrap().values();
        parts
            .map(|one| one["resolution"]["calendar"]["sum_s"].as_u64().unwrap())
            .sum::<u64>()
    };
    let whole = figures["resolution"]["calendar"]["sum_s"].as_u64().unwrap();
    assert_eq!(["department", "queue", "channel"].map(sum), [whole; 3]);
}
