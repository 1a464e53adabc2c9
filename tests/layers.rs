//! The layers of the architecture: arrows point one way, the time-zone crate has one door, and the core does no I/O.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What each part may use. A part that is not named here is unknown, and the test says so.
const MAY_USE: &[(&str, &[&str])] = &[
    ("id", &[]),
    ("time", &["id"]),
    ("call", &["id", "time"]),
    ("calendar", &["id", "time"]),
    ("ticket", &["id", "time", "call"]),
    ("aggregate", &["id", "time", "call", "ticket"]),
    (
        "customer",
        &["id", "time", "call", "calendar", "ticket", "aggregate"],
    ),
    (
        "feedback",
        &["id", "time", "call", "ticket", "aggregate", "customer"],
    ),
    (
        "self_service",
        &["id", "time", "call", "ticket", "aggregate", "customer"],
    ),
    ("quality", &["id", "time", "call", "ticket", "aggregate"]),
    (
        "improvement",
        &["id", "time", "call", "ticket", "aggregate", "kpi"],
    ),
    ("sla", &["id", "time", "calendar", "ticket"]),
    ("escalation", &["id", "time", "calendar", "sla", "ticket"]),
    (
        "kpi",
        &[
            "id",
            "time",
            "call",
            "calendar",
            "ticket",
            "sla",
            "feedback",
            "self_service",
            "quality",
        ],
    ),
    (
        "complaint",
        &["id", "time", "call", "calendar", "ticket", "sla", "kpi"],
    ),
    ("incident", &["id", "call", "ticket"]),
    ("routing", &["id", "time", "calendar", "ticket", "sla"]),
    (
        "rulebook",
        &[
            "id",
            "time",
            "call",
            "calendar",
            "ticket",
            "sla",
            "escalation",
            "kpi",
            "aggregate",
            "customer",
            "feedback",
            "self_service",
            "quality",
            "improvement",
        ],
    ),
    (
        "store",
        &[
            "id",
            "time",
            "call",
            "ticket",
            "escalation",
            "kpi",
            "aggregate",
            "customer",
            "feedback",
            "self_service",
            "quality",
            "improvement",
        ],
    ),
    (
        "error",
        &["id", "kpi", "rulebook", "store", "ticket", "aggregate"],
    ),
    (
        "desk",
        &[
            "id",
            "time",
            "call",
            "calendar",
            "ticket",
            "sla",
            "escalation",
            "kpi",
            "rulebook",
            "store",
            "incident",
            "error",
            "aggregate",
            "customer",
            "feedback",
            "self_service",
            "quality",
            "improvement",
        ],
    ),
    (
        "replay",
        &[
            "id",
            "time",
            "call",
            "calendar",
            "ticket",
            "sla",
            "escalation",
            "kpi",
            "rulebook",
            "store",
            "error",
            "desk",
        ],
    ),
    (
        "report",
        &["id", "time", "calendar", "ticket", "sla", "kpi"],
    ),
];

/// The parts that see everything and that nothing sees.
const ON_TOP: &[&str] = &["capi", "guide", "testing", "lib"];

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push(path);
        }
    }
}

/// The code of each source file, by its part: without comments and without what follows `#[cfg(test)]`.
fn parts() -> BTreeMap<String, Vec<(PathBuf, String)>> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    assert!(files.len() > 40, "the sources were not found");
    let mut parts: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for file in files {
        let inside = file.strip_prefix(&src).unwrap();
        let part = inside
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_str()
            .unwrap()
            .trim_end_matches(".rs")
            .to_owned();
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let code: String = code
            .lines()
            .map(|line| line.split("//").next().unwrap_or_default())
            .collect::<Vec<_>>()
            .join("\n");
        parts
            .entry(part)
            .or_default()
            .push((inside.to_owned(), code));
    }
    parts
}

/// The parts that a piece of code names as `crate::part` or `crate::{part, ..}`.
fn used(code: &str) -> Vec<String> {
    let mut used = Vec::new();
    for piece in code.split("crate::").skip(1) {
        let names = match piece.strip_prefix('{') {
            Some(list) => list.split(';').next().unwrap_or_default(),
            None => piece.split([';', '(', ' ']).next().unwrap_or_default(),
        };
        // Of `{a::{b, c}, d}` the outermost names are the parts.
        let mut depth = 0;
        let mut name = String::new();
        for c in names.chars().chain([',']) {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' | ':' if depth == 0 => {
                    used.push(std::mem::take(&mut name));
                    if c == ':' && !piece.starts_with('{') {
                        break;
                    }
                }
                c if depth == 0 && (c.is_alphanumeric() || c == '_') => name.push(c),
                _ => {}
            }
        }
    }
    used
}

#[test]
fn arrows_point_one_way() {
    for (part, files) in parts() {
        if ON_TOP.contains(&part.as_str()) {
            continue;
        }
        let allowed = MAY_USE.iter().find(|(name, _)| *name == part);
        let (_, allowed) = allowed.unwrap_or_else(|| panic!("`{part}` has no place in the layers"));
        for (file, code) in files {
            for name in used(&code) {
                let is_part = MAY_USE.iter().any(|(known, _)| *known == name)
                    || ON_TOP.contains(&name.as_str());
                let fine = name == part || !is_part || allowed.contains(&name.as_str());
                assert!(
                    fine,
                    "{} uses `{name}`, which `{part}` may not",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn the_time_zone_crate_has_one_door() {
    for (file, code) in parts().into_values().flatten() {
        let knows = code.contains("time_tz") || code.contains("time_tz::");
        assert!(
            !knows || file == Path::new("calendar/zone.rs"),
            "{} names the time-zone crate",
            file.display()
        );
    }
}

/// What talks to a database: behind a feature each.
const ADAPTERS: &[&str] = &["store/postgres", "store/sqlite"];

#[test]
fn the_core_reads_no_clock_and_does_no_io() {
    let never = [
        "Utc::now",
        "SystemTime",
        "Instant::now",
        "std::fs",
        "std::net",
        "std::env",
        "thread::spawn",
        "now_v7",
        "println!",
    ];
    for (part, files) in parts() {
        if part == "testing" {
            continue;
        }
        for (file, code) in files {
            if ADAPTERS.iter().any(|adapter| file.starts_with(adapter)) {
                continue;
            }
            for word in never {
                assert!(!code.contains(word), "{} has `{word}`", file.display());
            }
        }
    }
}

#[test]
fn decisions_see_no_rulebook_and_stores_no_desk() {
    for (part, files) in parts() {
        for (file, code) in files {
            let forbidden: &[&str] = match part.as_str() {
                "ticket" => &["Rulebook>", "Rulebooks", "Policies"],
                "store" => &["Rulebook,", "Rulebooks", "Operation::"],
                _ => &[],
            };
            assert!(
                forbidden.iter().all(|word| !code.contains(word)),
                "{}",
                file.display()
            );
        }
    }
}

/// Nothing but the C ABI is unsafe: the compiler denies it in the whole package, forbids it where that feature is off, and no other
/// part allows it again, not even in its tests.
#[test]
fn only_the_c_abi_is_unsafe() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let lints = manifest.split("[lints.rust]").nth(1).unwrap();
    let lints = lints.split("\n[").next().unwrap();
    assert!(lints.lines().any(|line| line == "unsafe_code = \"deny\""));
    let forbids = "#![cfg_attr(not(feature = \"capi\"), forbid(unsafe_code))]";
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let inside = file.strip_prefix(root.join("src")).unwrap();
        if inside.starts_with("capi") {
            continue;
        }
        let text = if inside == Path::new("lib.rs") {
            assert!(text.lines().any(|line| line == forbids), "{forbids}");
            text.replace(forbids, "")
        } else {
            text
        };
        for word in [
            "unsafe_code",
            "unsafe {",
            "unsafe fn",
            "unsafe impl",
            "unsafe extern",
            "unsafe trait",
            "unsafe(",
        ] {
            assert!(!text.contains(word), "{} has `{word}`", file.display());
        }
    }
}
