//! Golden cases of service levels: our own in `tests/vectors`, and those shared with other projects where they are at hand.

#![allow(clippy::print_stderr)]

#[allow(dead_code)]
#[path = "../examples/vectors/calendar.rs"]
mod calendar;
#[path = "../examples/vectors/sla/mod.rs"]
mod sla;

use std::path::{Path, PathBuf};

/// The fields that differ and those that could not be asked, as lines; with `explained` those with a reason too.
fn differing(path: &Path, explained: bool) -> (Vec<String>, usize) {
    let cases = calendar::cases_of(&path.to_string_lossy());
    let cases = cases.unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let mut lines = Vec::new();
    for case in &cases {
        let id = case["id"].as_str().unwrap_or("?");
        for field in sla::judge(case) {
            if let Some(why) = &field.unsupported {
                lines.push(format!("{id}: {why}"));
            } else if field.differs() && (explained || field.reason.is_none()) {
                lines.push(field.line(id).to_string());
            }
        }
    }
    (lines, cases.len())
}

fn in_project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Ours state our own rules: none differs, for whatever reason.
#[test]
fn our_own_cases() {
    let (lines, count) = differing(&in_project("tests/vectors/sla.json"), true);
    assert!(lines.is_empty(), "{lines:#?}");
    assert_eq!(count, 8);
}

/// Others state theirs: where one differs, a rule of ours explains it, and each such field is known with our answer and that rule. After a
/// change that is meant: `BLESS=1 cargo test --all-features --test sla_vectors`.
#[test]
fn shared_cases() {
    let file = in_project("../shared/vectors/sla-cases.json");
    if !file.is_file() {
        eprintln!("skipped: `../shared/vectors/sla-cases.json` is absent");
        return;
    }
    let (lines, count) = differing(&file, false);
    assert!(lines.is_empty(), "{lines:#?}");
    assert!(count > 0);

    let (explained, _) = differing(&file, true);
    let explained: Vec<String> = explained.iter().map(|line| ours(line)).collect();
    let known = in_project("tests/vectors/sla-differences.jsonl");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&known, explained.join("\n") + "\n").unwrap();
    }
    let known = std::fs::read_to_string(&known).unwrap();
    let known: Vec<&str> = known.lines().collect();
    for (line, known) in explained.iter().zip(&known) {
        assert_eq!(line, known);
    }
    assert_eq!(explained.len(), known.len());
}

/// Our side of a line: what others expect stands in their file.
fn ours(line: &str) -> String {
    let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
    line.as_object_mut().unwrap().remove("expect");
    line.to_string()
}
