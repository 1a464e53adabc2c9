//! Handles: what C sees as an opaque pointer is a slot whose first word says what it is.
//!
//! A slot that is freed drops its value and keeps its memory, marked as free, and waits in a queue until it is used again. So
//! a second free, and a use after a free, read a word that still belongs to the library, and are answered instead of
//! corrupting something. A slot rests until [`QUARANTINE`] more handles were made, so a stale pointer stays known for a while.
//! The memory that this holds is that of the most handles that ever lived at once, and of those 64.

use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::error::Fault;

/// How many handles of a kind are made before a freed slot of it is used again.
const QUARANTINE: u64 = 64;

/// The first word of a slot that is free, the same for all kinds.
const FREE: u64 = u64::from_be_bytes(*b"hd:freed");

/// A type that C knows by name only.
///
/// # Safety
/// `TAG` is different for every kind and is not [`FREE`].
pub(super) unsafe trait Kind: Sized + 'static {
    /// What is behind the pointer.
    type Value: Send + Sync + 'static;
    /// The first word of its slots.
    const TAG: u64;
    /// What error messages call it.
    const NAME: &'static str;
    /// Its free slots.
    fn pool() -> &'static Pool<Self::Value>;
}

#[repr(C)]
pub(super) struct Slot<T> {
    tag: AtomicU64,
    value: UnsafeCell<MaybeUninit<T>>,
}

/// The free slots of a kind.
pub(super) struct Pool<T>(Mutex<Free<T>>);

/// Oldest first, each with how many handles had been made when it became free.
struct Free<T> {
    made: u64,
    idle: VecDeque<(u64, Idle<T>)>,
}

struct Idle<T>(*mut Slot<T>);

// SAFETY: a free slot holds no value, and whoever takes it out of the queue is its only owner.
unsafe impl<T> Send for Idle<T> {}

impl<T> Pool<T> {
    pub(super) const fn new() -> Pool<T> {
        Pool(Mutex::new(Free {
            made: 0,
            idle: VecDeque::new(),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Free<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a handle that the caller owns.
pub(super) fn new<K: Kind>(value: K::Value) -> *mut K {
    let mut free = K::pool().lock();
    let made = free.made;
    let has_rested = |since: &u64| made - since >= QUARANTINE;
    let kept = match free.idle.front() {
        Some((since, _)) if has_rested(since) => free.idle.pop_front(),
        _ => None,
    };
    free.made += 1;
    drop(free);
    let slot = match kept {
        Some((_, Idle(slot))) => slot,
        None => Box::into_raw(Box::new(Slot {
            tag: AtomicU64::new(FREE),
            value: UnsafeCell::new(MaybeUninit::uninit()),
        })),
    };
    // SAFETY: the slot is live memory that nobody else owns: new, or taken out of the queue.
    unsafe {
        (*(*slot).value.get()).write(value);
        (*slot).tag.store(K::TAG, Ordering::Release);
    }
    slot.cast()
}

/// What is behind a handle.
///
/// # Safety
/// The contract of the module: NULL, or a pointer of this library that nobody frees meanwhile.
#[inline(always)]
pub(super) unsafe fn get<'a, K: Kind>(
    handle: *const K,
    name: &'static str,
) -> Result<&'a K::Value, Fault> {
    let slot = handle.cast::<Slot<K::Value>>();
    if slot.is_null() || !slot.is_aligned() {
        return Err(Fault::no_pointer(name, slot.is_null()));
    }
    // SAFETY: every handle of this library begins with a tag, and its memory is kept when it is freed.
    let tag = unsafe { (*slot).tag.load(Ordering::Acquire) };
    if tag != K::TAG {
        return Err(Fault::no_handle(name, K::NAME, tag == FREE));
    }
    // SAFETY: the tag says that the value is there, and nobody frees it while it is in use.
    Ok(unsafe { (*(*slot).value.get()).assume_init_ref() })
}

/// Drops what is behind a handle. NULL is nothing to do.
///
/// # Safety
/// As [`get`], and no other thread uses it.
pub(super) unsafe fn free<K: Kind>(handle: *mut K) -> Result<(), Fault> {
    let slot = handle.cast::<Slot<K::Value>>();
    if slot.is_null() {
        return Ok(());
    }
    if !slot.is_aligned() {
        return Err(Fault::no_pointer("handle", false));
    }
    // SAFETY: as in `get`. Of two threads that free it at once, the exchange lets one through.
    unsafe {
        let tag = &(*slot).tag;
        if let Err(found) = tag.compare_exchange(K::TAG, FREE, Ordering::AcqRel, Ordering::Acquire)
        {
            return Err(Fault::no_handle("handle", K::NAME, found == FREE));
        }
        let value = (*(*slot).value.get()).assume_init_read();
        let mut free = K::pool().lock();
        let made = free.made;
        free.idle.push_back((made, Idle(slot)));
        drop(free);
        drop(value);
    }
    Ok(())
}

/// Makes a type that C knows by name into a kind of handle.
macro_rules! kind {
    ($name:ident, $value:ty, $tag:literal, $words:literal) => {
        // SAFETY: a test compares the tags of all kinds.
        unsafe impl $crate::capi::handle::Kind for $name {
            type Value = $value;
            const TAG: u64 = u64::from_be_bytes(*$tag);
            const NAME: &'static str = $words;
            fn pool() -> &'static $crate::capi::handle::Pool<$value> {
                static POOL: $crate::capi::handle::Pool<$value> = $crate::capi::handle::Pool::new();
                &POOL
            }
        }
    };
}
pub(super) use kind;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capi::*;

    #[test]
    fn no_two_kinds_have_the_same_tag() {
        let tags = [
            FREE,
            helpdesk_error::TAG,
            helpdesk_buffer::TAG,
            helpdesk_calendar::TAG,
            helpdesk_rulebook::TAG,
            helpdesk_rulebooks::TAG,
            helpdesk_desk::TAG,
            helpdesk_ticket::TAG,
            helpdesk_tally::TAG,
            helpdesk_what_if::TAG,
            helpdesk_op::TAG,
        ];
        let mut apart = tags.to_vec();
        apart.sort_unstable();
        apart.dedup();
        assert_eq!(apart.len(), tags.len());
    }
}
