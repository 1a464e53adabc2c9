//! What a function answers: few codes, each with one thing to do about it. The rest is in the error object.

/// What came of a call. Few on purpose: `helpdesk_error_code` tells more.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum helpdesk_status {
    /// Done; the outputs are written.
    HELPDESK_OK = 0,
    /// An argument cannot be meant: NULL, a wrong or freed handle, no UTF-8, no such JSON, calendar or rulebook. Nothing was done.
    HELPDESK_INVALID = 1,
    /// The rules do not allow it; the error's detail has the facts. Nothing was written.
    HELPDESK_REFUSED = 2,
    /// The actor has not the right. Nothing was written.
    HELPDESK_FORBIDDEN = 3,
    /// There is no such thing in the tenant: no such ticket, customer, survey, article or whatever else was named.
    HELPDESK_NOT_FOUND = 4,
    /// Others wrote first, again and again: the same call may work later.
    HELPDESK_CONFLICT = 5,
    /// The store was not reached: the same call may work later, under the same key.
    HELPDESK_UNAVAILABLE = 6,
    /// A calendar has no answer: it never opens again, or the instant lies outside 1970 to 2100.
    HELPDESK_NO_ANSWER = 7,
    /// Anything else: a store that is corrupt, full or newer, a missing rulebook, figures that do not add up.
    HELPDESK_FAILED = 8,
    /// A defect of the library: please report it. The handles of the call should be freed.
    HELPDESK_PANIC = 9,
}
