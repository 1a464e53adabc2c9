//! Rulebooks: one version, and all the versions that tickets are pinned to.

use std::ffi::c_char;
use std::sync::{Arc, Mutex, PoisonError};

use crate::Rulebook;
use crate::id::TenantId;
use crate::rulebook::Rulebooks;

use super::barrier::{barrier, out, text, value};
use super::buffer::helpdesk_buffer;
use super::call::{helpdesk_uuid, tenant};
use super::error::{Fault, helpdesk_error};
use super::status::helpdesk_status;
use super::time::instant;
use super::{handle, json};

/// All rules of a desk in one version: immutable, shared by any number of threads. Freed with `helpdesk_rulebook_free`.
pub struct helpdesk_rulebook {
    _opaque: [u8; 0],
}
handle::kind!(helpdesk_rulebook, Rulebook, b"hd:rules", "a rulebook");

/// The rulebook in force, per tenant or for all, and the earlier versions that tickets are pinned to. Freed with
/// `helpdesk_rulebooks_free`.
pub struct helpdesk_rulebooks {
    _opaque: [u8; 0],
}
handle::kind!(helpdesk_rulebooks, Versions, b"hd:books", "rulebooks");

/// What is behind a [`helpdesk_rulebooks`].
pub(super) struct Versions(Mutex<Arc<Rulebooks>>);

impl Versions {
    /// The rulebooks as they are now.
    pub(super) fn now(&self) -> Arc<Rulebooks> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn change(&self, change: impl FnOnce(Rulebooks) -> Rulebooks) {
        let mut books = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *books = Arc::new(change((**books).clone()));
    }
}

/// A rulebook from JSON. What is wrong is told with its place, such as `policies[1].calendar`.
///
/// The caller owns `*out`. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_rulebook_from_json(
    json: *const c_char,
    json_len: usize,
    out: *mut *mut helpdesk_rulebook,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let rulebook = Rulebook::from_json(text(json, json_len, "json")?);
        let rulebook = rulebook.map_err(|error| Fault::bad_rulebook("json", &error))?;
        to.set(handle::new(rulebook));
        Ok(())
    })
}

/// A rulebook that works untouched: office hours in UTC, an urgent and a standard policy, two escalation rules.
///
/// The caller owns `*out`. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_rulebook_starter(
    out: *mut *mut helpdesk_rulebook,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        self::out(out, "out")?.set(handle::new(Rulebook::starter()));
        Ok(())
    })
}

/// The rulebook as JSON.
///
/// The caller owns `*out`. Borrows `rulebook`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_rulebook_to_json(
    rulebook: *const helpdesk_rulebook,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        to.set(json::write(handle::get(rulebook, "rulebook")?)?);
        Ok(())
    })
}

/// The version id: the same rules have the same id on every machine.
///
/// Borrows `rulebook`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_rulebook_id(
    rulebook: *const helpdesk_rulebook,
    out: *mut helpdesk_uuid,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        to.set(handle::get(rulebook, "rulebook")?.id().uuid().into());
        Ok(())
    })
}

/// What is valid in it and cannot be meant, as a JSON list, the worst first: severity, path, sentence, code and facts of each.
///
/// The caller owns `*out`. Borrows `rulebook`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_rulebook_lint(
    rulebook: *const helpdesk_rulebook,
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        to.set(json::write(&handle::get(rulebook, "rulebook")?.lint())?);
        Ok(())
    })
}

/// Frees a rulebook. NULL is nothing to do; a handle that was freed already is answered with `HELPDESK_INVALID`.
///
/// Takes ownership of `rulebook`; desks made with it keep what they need.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_rulebook_free(
    rulebook: *mut helpdesk_rulebook,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(std::ptr::null_mut(), || unsafe { handle::free(rulebook) })
}

/// Rulebooks with this one in force for new tickets of every tenant.
///
/// The caller owns `*out`. Borrows `current`; any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_rulebooks_new(
    current: *const helpdesk_rulebook,
    out: *mut *mut helpdesk_rulebooks,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        let current = handle::get(current, "current")?.clone();
        let books = Mutex::new(Arc::new(Rulebooks::new(current)));
        to.set(handle::new(Versions(books)));
        Ok(())
    })
}

/// Puts `next` in force from now on; the one before is kept for its tickets. Desks made before keep what they had.
///
/// Borrows `next`; any thread, one after the other.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_rulebooks_then(
    rulebooks: *const helpdesk_rulebooks,
    next: *const helpdesk_rulebook,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let next = handle::get(next, "next")?.clone();
        handle::get(rulebooks, "rulebooks")?.change(|books| books.then(next));
        Ok(())
    })
}

/// Puts `rulebook` in force for new tickets of one tenant.
///
/// Borrows `tenant` and `rulebook`; any thread, one after the other.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_rulebooks_for_tenant(
    rulebooks: *const helpdesk_rulebooks,
    tenant: *const helpdesk_uuid,
    rulebook: *const helpdesk_rulebook,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let tenant = TenantId::from_uuid(value(tenant, "tenant")?.into());
        let rulebook = handle::get(rulebook, "rulebook")?.clone();
        handle::get(rulebooks, "rulebooks")?.change(|books| books.for_tenant(tenant, rulebook));
        Ok(())
    })
}

/// Puts `next` in force for new tickets; from `from` on (not before: a publication is never back-dated) its calendars also measure
/// the clocks of earlier tickets whose policy follows. `tenant` may be NULL for all tenants.
///
/// It has to be given again at each start, in the same order. Borrows `tenant` and `next`; any thread, one after the other.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_rulebooks_publish(
    rulebooks: *const helpdesk_rulebooks,
    tenant: *const helpdesk_uuid,
    next: *const helpdesk_rulebook,
    from: i64,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let next = handle::get(next, "next")?.clone();
        let from = instant(from, "from")?;
        let of_one = match tenant.is_null() {
            true => None,
            false => Some(self::tenant(tenant)?),
        };
        handle::get(rulebooks, "rulebooks")?.change(|books| match of_one {
            None => books.publish(next, from),
            Some(tenant) => books.publish_for(tenant, next, from),
        });
        Ok(())
    })
}

/// Adds an earlier version that tickets are still pinned to.
///
/// Borrows `earlier`; any thread, one after the other.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_rulebooks_with_earlier(
    rulebooks: *const helpdesk_rulebooks,
    earlier: *const helpdesk_rulebook,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let earlier = handle::get(earlier, "earlier")?.clone();
        handle::get(rulebooks, "rulebooks")?.change(|books| books.with_earlier(earlier));
        Ok(())
    })
}

/// Frees rulebooks. NULL is nothing to do; a handle that was freed already is answered with `HELPDESK_INVALID`.
///
/// Takes ownership of `rulebooks`; desks made with them keep what they need.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_rulebooks_free(
    rulebooks: *mut helpdesk_rulebooks,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(std::ptr::null_mut(), || unsafe { handle::free(rulebooks) })
}

/// Every step that a ticket can take, as a JSON list of rows `[from, step, to]`.
///
/// The caller owns `*out`. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn helpdesk_lifecycle(
    out: *mut *mut helpdesk_buffer,
    error: *mut *mut helpdesk_error,
) -> helpdesk_status {
    // SAFETY: the contract of the module.
    barrier(error, || unsafe {
        let to = self::out(out, "out")?;
        to.set(json::write(crate::ticket::LIFECYCLE)?);
        Ok(())
    })
}
