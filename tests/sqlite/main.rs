//! The SQLite store beyond the contract: files, other processes, damage, erasure, the host's own transaction.
#![cfg(feature = "sqlite")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/sql.rs"]
mod shared;

mod beside;
mod damage;
mod erasure;
mod files;
mod host;
mod sharing;
mod versions;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A new file in a directory of its own.
fn file(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("sqlite-{name}"));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    dir.join("support.db")
}

/// The markers `<<12345678>>` that stand in any file of the database.
fn markers(path: &Path) -> BTreeSet<Vec<u8>> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let marker = |w: &&[u8]| w.starts_with(b"<<") && w.ends_with(b">>");
        found.extend(bytes.windows(12).filter(marker).map(<[u8]>::to_vec));
    }
    found
}

fn marker(n: usize) -> String {
    format!("<<{:08x}>>", n.wrapping_mul(2_654_435_761) & 0xffff_ffff)
}
