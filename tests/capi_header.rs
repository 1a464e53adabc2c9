//! The header is made of the sources: what is committed must be what cbindgen makes of them.
//!
//! `HELPDESK_WRITE=1 cargo test --all-features --test capi_header` writes it anew.
#![cfg(feature = "capi")]

mod committed;

use std::fs;
use std::path::{Path, PathBuf};

use cbindgen::{Builder, Config, DocumentationStyle, EnumConfig, ExportConfig, Language, Style};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/capi")
}

/// The conventions as a comment, then what cbindgen makes of every file of the module, in the order in which the module names them.
fn header() -> String {
    let conventions = fs::read_to_string(folder().join("conventions.md")).unwrap();
    let comment: String = conventions
        .lines()
        .map(|line| {
            let plain = if line.starts_with("- **") {
                line.replacen("**", "", 2)
            } else {
                line.to_owned()
            };
            format!(" * {plain}\n").replace(" * \n", " *\n")
        })
        .collect();
    let mut sources: Vec<PathBuf> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "rs"))
        .collect();
    sources.sort();
    assert!(sources.len() > 15, "the sources were not found");
    let names: Vec<String> = sources
        .iter()
        .flat_map(|path| types(&fs::read_to_string(path).unwrap()))
        .collect();
    let mut config = Config {
        language: Language::C,
        style: Style::Both,
        cpp_compat: true,
        include_guard: Some("HELPDESK_H".to_owned()),
        documentation_style: DocumentationStyle::C,
        usize_is_size_t: true,
        header: Some(format!(
            "/*\n * helpdesk: the customer-support domain, for C and every language that can call it.\n *\n{comment} *\n * Made of src/capi by tests/capi_header.rs: change the sources, not this file.\n */"
        )),
        ..Config::default()
    };
    config.export = ExportConfig {
        include: names,
        ..ExportConfig::default()
    };
    config.enumeration = EnumConfig::default();
    // The module's own file names all the others, each of which is read from there.
    let builder = Builder::new()
        .with_config(config)
        .with_src(folder().join("mod.rs"));
    let mut made = Vec::new();
    builder
        .generate()
        .expect("the sources can be read")
        .write(&mut made);
    String::from_utf8(made).unwrap()
}

/// The types that C sees: also those that no function names, such as the enums of numbers.
fn types(source: &str) -> Vec<String> {
    let lines = source.lines();
    let named = lines.filter_map(|line| {
        line.strip_prefix("pub enum ")
            .or(line.strip_prefix("pub struct "))
    });
    let names = named.filter_map(|rest| rest.split(' ').next());
    names
        .filter(|name| name.starts_with("helpdesk_"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_header_is_that_of_the_sources() {
    committed::compare(&folder().join("helpdesk.h"), &header());
}

#[test]
fn every_function_is_declared_once() {
    let header = header();
    let declared = header.lines().filter_map(|line| {
        let (before, _) = line.split_once('(')?;
        let name = before.rsplit([' ', '*']).next()?;
        (!line.starts_with(' ') && name.starts_with("helpdesk_")).then_some(name)
    });
    let mut names: Vec<&str> = declared.collect();
    assert!(names.len() > 80, "only {} functions", names.len());
    names.sort_unstable();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn every_function_says_who_owns_what() {
    let header = header();
    let functions: Vec<&str> = header
        .split(";\n")
        .filter(|piece| piece.contains("helpdesk_") && piece.contains('('))
        .collect();
    assert!(functions.len() > 80, "only {} functions", functions.len());
    let silent: Vec<&str> = functions
        .into_iter()
        .filter(|piece| !piece.contains("typedef") && !piece.contains("enum "))
        .filter(|piece| {
            !["thread", "Takes ownership", "As `"]
                .iter()
                .any(|word| piece.contains(word))
        })
        .collect();
    assert!(silent.is_empty(), "{silent:#?}");
}

/// What cargo-c installs is the committed header, under the number of the interface.
#[test]
fn the_package_names_the_header_and_the_interface() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let capi = &manifest[manifest
        .find("[package.metadata.capi]")
        .expect("the part for cargo-c")..];
    let library = &capi[capi.find("[package.metadata.capi.library]").unwrap()..];
    let number = format!("version = \"{}.", helpdesk::capi::HELPDESK_ABI_VERSION);
    assert!(
        library.contains(&number),
        "the library's number is not that of the interface"
    );
    let from = capi
        .split("from = \"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert_eq!(root.join(from), folder().join("helpdesk.h"));
    assert!(root.join(from).is_file());
}
