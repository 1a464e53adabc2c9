//! Keys that one owner per tenant can have.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::{TenantId, TicketNumber, derive};

/// A key that can have one owner per tenant. It holds a digest, never the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UniqueKey(Uuid);

impl UniqueKey {
    fn of(tenant: TenantId, kind: &str, text: &[u8]) -> UniqueKey {
        UniqueKey(derive(&[
            b"key",
            tenant.uuid().as_bytes(),
            kind.as_bytes(),
            text,
        ]))
    }

    /// The key of a ticket number; its owner is the ticket.
    pub fn number(tenant: TenantId, number: TicketNumber) -> UniqueKey {
        UniqueKey::of(tenant, "number", &number.0.to_be_bytes())
    }

    /// The key of a message's id outside; its owner is the ticket that has the message.
    pub fn message(tenant: TenantId, external_id: &str) -> UniqueKey {
        UniqueKey::of(tenant, "message", external_id.as_bytes())
    }

    /// The key of an address, in its [normal form](normal_address); its owner is the customer.
    pub fn address(tenant: TenantId, address: &str) -> UniqueKey {
        UniqueKey::of(tenant, "address", normal_address(address).as_bytes())
    }

    /// The key of an identity that a profile has, in the [normal form](normal_address) of addresses; its owner is the customer.
    pub fn identity(tenant: TenantId, identity: &str) -> UniqueKey {
        UniqueKey::of(tenant, "identity", normal_address(identity).as_bytes())
    }

    /// The key as an id.
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

/// The form in which addresses are compared: without white space around it and in lower case; of a phone number in the
/// international form (`+` or `00`, then at least 6 digits with any of ` ()-./` between them) `+` and its digits.
///
/// ```
/// use helpdesk::aggregate::normal_address;
/// assert_eq!(normal_address(" Ann@Example.com "), "ann@example.com");
/// assert_eq!(normal_address("0049 (30) 901-820"), "+4930901820");
/// assert_eq!(normal_address("+49 30 901820"), "+4930901820");
/// ```
pub fn normal_address(address: &str) -> String {
    let text = address.trim().to_lowercase();
    let number = text.strip_prefix('+').or(text.strip_prefix("00"));
    let between = |c: char| " ()-./".contains(c);
    if let Some(number) = number
        && number.chars().all(|c| c.is_ascii_digit() || between(c))
    {
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        if digits.len() >= 6 {
            return format!("+{digits}");
        }
    }
    text
}
