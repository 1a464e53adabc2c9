//! Golden cases: our own in `tests/vectors`, and those shared with other projects where they are at hand.

#![allow(clippy::print_stderr)]

#[allow(dead_code)]
#[path = "../examples/vectors/calendar.rs"]
mod vectors;

use std::path::{Path, PathBuf};

use serde_json::Value;
use vectors::{Options, Verdict};

/// Cases in which another project answers differently and the rule of ours was chosen knowingly: why.
const CHOSEN: &[(&str, &str)] = &[
    (
        "biz-074",
        "a window that begins in a gap begins at its end, and is not moved by its length",
    ),
    (
        "biz-091",
        "a window that begins in a gap begins at its end, and is not moved by its length",
    ),
    ("wh-129", "a day of 25 hours has 25"),
    ("mbt-006", "at its close a window is closed"),
];

/// The cases of a file that differ, but for those of [`CHOSEN`], and how many there are in all.
fn differing(path: &Path) -> (Vec<String>, usize) {
    let cases = vectors::cases_of(&path.to_string_lossy())
        .unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let mut differing = Vec::new();
    for case in &cases {
        let id = case["id"].as_str().unwrap_or("?");
        match vectors::judge(case) {
            Verdict::Passed(None) => {}
            Verdict::Passed(Some(_)) if case.get("convention").is_some() => {}
            Verdict::Passed(Some(option)) => differing.push(format!("{id}: only with {option}")),
            Verdict::Differs(_) if CHOSEN.iter().any(|chosen| chosen.0 == id) => {}
            Verdict::Differs(got) => {
                differing.push(format!("{id}: {got} instead of {}", case["expect"]))
            }
            Verdict::Unsupported(why) => differing.push(format!("{id}: {why}")),
        }
        if case.get("alt_expect").is_some() && !cuts_tails_as_expected(case) {
            differing.push(format!(
                "{id}: with tails cut at midnight it is not {}",
                case["alt_expect"]
            ));
        }
    }
    (differing, cases.len())
}

/// Whether the option that holidays cut overnight tails gives what the case expects of it.
fn cuts_tails_as_expected(case: &Value) -> bool {
    let options = Options {
        cut_tails: true,
        ..Options::default()
    };
    let got = vectors::answer(case, options);
    got.is_ok_and(|got| vectors::same(&got, &case["alt_expect"]))
}

fn in_project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn our_own_cases() {
    let (differing, count) = differing(&in_project("tests/vectors/calendar.json"));
    assert!(differing.is_empty(), "{differing:#?}");
    assert!(count >= 40, "only {count} cases");
}

#[test]
fn shared_cases() {
    let folder = in_project("../shared/vectors");
    if !folder.is_dir() {
        eprintln!("skipped: `../shared/vectors` is absent");
        return;
    }
    for file in ["calendar-cases.json", "fuzz-cases.json"] {
        let (differing, count) = differing(&folder.join(file));
        assert!(differing.is_empty(), "{file}: {differing:#?}");
        assert!(count > 0, "{file} is empty");
    }
}
