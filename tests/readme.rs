//! The README shows what runs.

use std::fs;
use std::path::Path;

#[test]
fn the_first_code_is_the_quickstart() {
    let read =
        |file: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let (readme, example) = (read("README.md"), read("examples/quickstart.rs"));
    let (_, code) = example.split_once("\n\n").unwrap();
    let first = readme.split("```rust\n").nth(1).unwrap();
    assert_eq!(first.split("```").next().unwrap(), code);
    assert!(example.lines().count() < 60);
}
