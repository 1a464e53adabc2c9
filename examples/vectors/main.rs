//! Runs golden cases of calendars and of service levels through the public API.
//!
//! ```text
//! cargo run --release --example vectors -- FILE.json [--quiet | --asked | --answered]
//! ```
//!
//! A line of JSON for each calendar case that differs from what it expects, `{"id", "got"}`, and for each field of a service
//! level case that does, `{"id", "field", "got", "expect", "reason"}`; then one line with the counts. The reason names the
//! rule of this library where it differs knowingly. Exits 1 if anything differs without a reason. The formats are described
//! in `tests/vectors/README.md`. `--asked` prints the cases as plain questions for clients in other languages instead, and
//! `--answered` what these must print.

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod asked;
mod calendar;
mod sla;

use std::process::ExitCode;

use calendar::Verdict;
use serde_json::{Value, json};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |option: &str| arguments.iter().any(|argument| argument == option);
    let quiet = has("--quiet");
    let path = arguments
        .iter()
        .find(|argument| !argument.starts_with("--"));
    let Some(path) = path else {
        eprintln!("usage: vectors FILE.json [--quiet | --asked | --answered]");
        return ExitCode::from(2);
    };
    if !std::path::Path::new(path).exists() {
        eprintln!("there is no file `{path}` here: its cases were not run");
        return ExitCode::from(2);
    }
    match calendar::cases_of(path) {
        Ok(cases) if has("--asked") || has("--answered") => questions(&cases, has("--answered")),
        Ok(cases) => report(&cases, quiet),
        Err(error) => {
            eprintln!("`{path}` cannot be read: {error}");
            ExitCode::from(2)
        }
    }
}

fn questions(cases: &[Value], answered: bool) -> ExitCode {
    for case in cases {
        let lines = asked::of_case(case).unwrap_or_else(|error| {
            eprintln!("{}: {error}", case["id"]);
            Vec::new()
        });
        for line in lines {
            match asked::answered(&line) {
                Ok(answer) if answered => println!("{answer}"),
                Ok(_) => println!("{line}"),
                Err(error) => {
                    eprintln!("{line}: {error}");
                    return ExitCode::FAILURE;
                }
            }
        }
    }
    ExitCode::SUCCESS
}

fn report(cases: &[Value], quiet: bool) -> ExitCode {
    let (mut passed, mut differs, mut unsupported, mut unexplained) = (0, 0, 0, 0);
    for case in cases {
        let id = case["id"].as_str().unwrap_or_default();
        if case.get("policy").is_some() {
            let fields = sla::judge(case);
            let differing: Vec<_> = fields.iter().filter(|field| field.differs()).collect();
            for field in &differing {
                unexplained += usize::from(field.reason.is_none());
                if !quiet || field.reason.is_none() {
                    println!("{}", field.line(id));
                }
            }
            let strange = fields.iter().filter_map(|field| field.unsupported.as_ref());
            let strange: Vec<_> = strange.collect();
            for why in &strange {
                println!("{}", json!({"id": id, "unsupported": why}));
            }
            differs += usize::from(!differing.is_empty());
            unsupported += usize::from(differing.is_empty() && !strange.is_empty());
            passed += usize::from(differing.is_empty() && strange.is_empty());
            continue;
        }
        match calendar::judge(case) {
            Verdict::Passed(None) => passed += 1,
            Verdict::Passed(Some(option)) => {
                passed += 1;
                if !quiet {
                    println!("{}", json!({"id": id, "passes_with": option}));
                }
            }
            Verdict::Differs(got) => {
                (differs, unexplained) = (differs + 1, unexplained + 1);
                println!("{}", json!({"id": id, "got": got}));
            }
            Verdict::Unsupported(why) => {
                unsupported += 1;
                println!("{}", json!({"id": id, "unsupported": why}));
            }
        }
    }
    println!("passed {passed}, differs {differs}, unsupported {unsupported}");
    if unexplained == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
