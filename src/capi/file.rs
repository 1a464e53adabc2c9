//! Desks on a SQLite file, and the upkeep of the file.

use std::ffi::c_char;
#[cfg(feature = "sqlite")]
use std::sync::Arc;

use crate::desk::Desk;
use crate::store::Store;
#[cfg(feature = "sqlite")]
use crate::store::{
    StoreError,
    sqlite::{Durability, SqliteStore},
};

use super::barrier::{barrier, out, text};
use super::desk::{Kept, helpdesk_desk};
use super::error::{Fault, helpdesk_error};
use super::handle;
use super::rulebook::helpdesk_rulebooks;
use super::status::helpdesk_status;
#[cfg(not(feature = "sqlite"))]
use super::status::helpdesk_status::HELPDESK_INVALID;
use super::time::instant;

/// The file of a desk.
#[cfg(feature = "sqlite")]
pub(super) type File = Arc<SqliteStore>;
#[cfg(not(feature = "sqlite"))]
pub(super) type File = std::convert::Infallible;

/// How a desk's file is kept.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum helpdesk_durability {
    /// What is committed survives a killed process and a power cut: the disk is waited for in each commit.
    HELPDESK_DURABLE = 0,
    /// What is committed survives a killed process, but not a power cut: the last commits may be lost then. Several times as fast.
    HELPDESK_FASTER_NOT_DURABLE = 1,
}

/// A desk that keeps its tickets in a SQLite file, made where there is none. Any number of processes may use the file.
///
/// The rules it does not keep: `helpdesk_desk_open_sqlite_keeping` does. A host that starts anew gives every version that tickets began
/// under (`helpdesk_rulebooks_with_earlier`); the query `"missing_rulebooks"` tells which it lacks.
///
/// `durability` is a `helpdesk_durability`. `HELPDESK_INVALID` with the code `not_built` in a library without the feature
/// `sqlite`. The caller owns `*out`. Borrows `rulebooks`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_open_sqlite(
    path: *const c_char,
    path_len: usize,
    durability: i32,
    rulebooks: *const helpdesk_rulebooks,
    out: *mut *mut helpdesk_desk,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let books = handle::get(rulebooks, "rulebooks")?.now();
        let path = text(path, path_len, "path")?;
        let (store, file) = sqlite(path, durability)?;
        let desk = Desk::new(store, (*books).clone());
        to.set(handle::new(Kept::new(desk, Some(file))));
        Ok(())
    })
}

/// The same, keeping every version of the rulebook in the file too: one that is kept there and not in `rulebooks` is there for the
/// tickets that began under it. So a host that starts anew with other rules strands no ticket, and keeps no old version itself.
///
/// `now` is when what is new is kept, in microseconds since 1970. What is in force `rulebooks` alone say. A version that the file has
/// from another release, and that this one cannot read, is `HELPDESK_FAILED` with the code `newer`.
/// The caller owns `*out`. Borrows `rulebooks`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_open_sqlite_keeping(
    path: *const c_char,
    path_len: usize,
    durability: i32,
    rulebooks: *const helpdesk_rulebooks,
    now: i64,
    out: *mut *mut helpdesk_desk,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let books = handle::get(rulebooks, "rulebooks")?.now();
        let now = instant(now, "now")?;
        let path = text(path, path_len, "path")?;
        let (store, file) = sqlite(path, durability)?;
        let desk = Desk::keeping(store, (*books).clone(), now)?;
        to.set(handle::new(Kept::new(desk, Some(file))));
        Ok(())
    })
}

#[cfg(feature = "sqlite")]
fn sqlite(path: &str, durability: i32) -> Result<(Box<dyn Store>, File), Fault> {
    let durability = match durability {
        0 => Durability::Full,
        1 => Durability::FasterNotDurable,
        other => {
            return Err(Fault::choice(
                "durability",
                other,
                "a `helpdesk_durability`, 0 or 1,",
            ));
        }
    };
    if path.contains('\0') {
        let why = "the path has a NUL in it; a plain path is expected";
        return Err(Fault::bad_text("path", why));
    }
    let options = SqliteStore::options().durability(durability);
    let file = Arc::new(options.open(path)?);
    Ok((Box::new(Arc::clone(&file)), file))
}

#[cfg(not(feature = "sqlite"))]
fn sqlite(_: &str, _: i32) -> Result<(Box<dyn Store>, File), Fault> {
    let message = "this library was built without the feature `sqlite`; a desk in memory is possible, or storage of your own";
    Err(Fault::new(
        HELPDESK_INVALID,
        "argument",
        "not_built",
        message,
    ))
}

/// Checks the whole file of a desk: its pages and indexes, and that the events of every ticket are as many as its version says.
///
/// It reads everything, and others go on working meanwhile. `HELPDESK_FAILED` with the code `corrupt` tells the first things that are
/// wrong; `HELPDESK_INVALID` with the code `no_file` a desk in memory. Borrows `desk`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_check_integrity(
    desk: *const helpdesk_desk,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let desk = handle::get(desk, "desk")?;
        #[cfg(feature = "sqlite")]
        return kept_up(desk, SqliteStore::check_integrity);
        #[cfg(not(feature = "sqlite"))]
        return file(desk).map(|file| match *file {});
    })
}

/// Empties the write-ahead log of a desk's file into it, so that nothing that was erased stands in the log any more.
///
/// A desk does this after each erasure; this is for where readers were in the way (`HELPDESK_UNAVAILABLE`: they are again).
/// `HELPDESK_INVALID` with the code `no_file` is a desk in memory. Borrows `desk`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_desk_scrub(
    desk: *const helpdesk_desk,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let desk = handle::get(desk, "desk")?;
        #[cfg(feature = "sqlite")]
        return kept_up(desk, SqliteStore::scrub);
        #[cfg(not(feature = "sqlite"))]
        return file(desk).map(|file| match *file {});
    })
}

#[cfg(feature = "sqlite")]
fn kept_up(desk: &Kept, upkeep: fn(&SqliteStore) -> Result<(), StoreError>) -> Result<(), Fault> {
    Ok(upkeep(file(desk)?)?)
}

fn file(desk: &Kept) -> Result<&File, Fault> {
    desk.file.as_ref().ok_or_else(|| {
        let message = "`desk` is in memory; one on a file is expected";
        Fault::argument("desk", "no_file", message)
    })
}
