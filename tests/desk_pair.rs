//! The blocking desk and the async one have the same methods: a form that one of them lacks shows here.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What stays on one of them alone, with the reason.
const ALONE: &[(&str, &str, &str)] = &[];

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

/// The text from its first brace to the one that closes it.
fn body(text: &str) -> &str {
    let mut depth = 0;
    for (n, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return &text[..n],
            '}' => depth -= 1,
            _ => {}
        }
    }
    text
}

/// The public methods in the `impl` blocks of a type: each name with its parameters and answer, as they are written.
fn methods(type_name: &str) -> BTreeMap<String, String> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src.join("desk"), &mut files);
    sources(&src.join("replay"), &mut files);
    let mut found = BTreeMap::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let code: Vec<&str> = text
            .lines()
            .map(|line| line.split("//").next().unwrap_or_default())
            .collect();
        let code = code.join("\n");
        for (begin, _) in code.match_indices("impl<") {
            let block = &code[begin..];
            let head = block.split('{').next().unwrap_or_default();
            let length = head.len();
            let head = head.trim_end();
            let of = head.rsplit("> ").next().unwrap_or_default();
            let is_for_trait = head.contains(" for ");
            if is_for_trait || of.split('<').next() != Some(type_name) {
                continue;
            }
            let block = body(&block[length..]);
            for method in block.split("pub ").skip(1) {
                let method = method
                    .trim_start_matches("async ")
                    .trim_start_matches("const ");
                let Some(method) = method.strip_prefix("fn ") else {
                    continue;
                };
                let signature = method.split('{').next().unwrap_or_default();
                let (name, _) = signature.split_once(['(', '<']).unwrap();
                found.insert(name.to_owned(), plain(signature));
            }
        }
    }
    found
}

/// A signature without what must differ: spaces, the names of the desks and stores, and that a visitor goes from thread to thread.
fn plain(signature: &str) -> String {
    let mut text: String = signature.chars().filter(|c| !c.is_whitespace()).collect();
    for (old, new) in [
        ("+Send", ""),
        ("AsyncTenantDesk", "TenantDesk"),
        ("AsyncDesk", "Desk"),
        ("&mut(dynFnMut(&[Fact]))", "&mutdynFnMut(&[Fact])"),
        ("&mut(dynFnMut(A::Id,&A))", "&mutdynFnMut(A::Id,&A)"),
        (",)", ")"),
        ("mutself", "self"),
    ] {
        text = text.replace(old, new);
    }
    text
}

#[test]
fn both_desks_have_the_same_methods() {
    for (blocking, awaiting, at_least) in [
        ("Desk", "AsyncDesk", 20),
        ("TenantDesk", "AsyncTenantDesk", 30),
    ] {
        let (one, other) = (methods(blocking), methods(awaiting));
        assert!(one.len() >= at_least, "the methods were not found: {one:?}");
        let names = one.keys().chain(other.keys());
        for name in names {
            let alone = |(of, method, _): &&(&str, &str, &str)| {
                (*of == blocking || *of == awaiting) && method == name
            };
            if ALONE.iter().any(|one| alone(&one)) {
                continue;
            }
            assert_eq!(
                one.get(name),
                other.get(name),
                "`{name}` of {blocking} (left) and of {awaiting} (right)"
            );
        }
    }
}

/// A host with one tenant asks the desk itself: whatever the desk of one tenant answers, it answers too.
#[test]
fn the_desk_answers_whatever_the_desk_of_a_tenant_does() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/desk/single.rs");
    let listed = fs::read_to_string(file).unwrap();
    let desk = methods("Desk");
    let missing: Vec<String> = methods("TenantDesk")
        .into_keys()
        .filter(|name| name != "id")
        .filter(|name| !desk.contains_key(name) && !listed.contains(&format!("    fn {name}(")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
