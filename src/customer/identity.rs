//! Under what a person is known: an address, a telephone number, a name in a network, an id of the host.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::aggregate::{UniqueKey, normal_address};
use crate::id::TenantId;

/// Something that stands for one customer of a tenant.
///
/// Compared in a normal form, so that two spellings are one identity: see [`Identity::text`].
///
/// ```
/// use helpdesk::customer::Identity;
/// assert_eq!(Identity::phone("+49 (30) 901-820").text(), "+4930901820");
/// assert_eq!(Identity::handle("Mastodon", "@Ann").text(), "mastodon:@ann");
/// assert_eq!(serde_json::to_string(&Identity::address("ann@example.com"))?, r#"{"address":"ann@example.com"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Identity {
    /// An e-mail address.
    Address(String),
    /// A telephone number in the international form.
    Phone(String),
    /// A name in a network.
    Handle {
        /// The network.
        network: String,
        /// The name there.
        name: String,
    },
    /// An id or account of the host.
    Account(String),
}

/// What an identity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IdentityKind {
    /// An e-mail address.
    Address,
    /// A telephone number.
    Phone,
    /// A name in a network.
    Handle,
    /// An id or account of the host.
    Account,
}

impl Identity {
    /// An e-mail address.
    pub fn address(address: impl Into<String>) -> Identity {
        Identity::Address(address.into())
    }

    /// A telephone number.
    pub fn phone(number: impl Into<String>) -> Identity {
        Identity::Phone(number.into())
    }

    /// A name in a network.
    pub fn handle(network: impl Into<String>, name: impl Into<String>) -> Identity {
        Identity::Handle {
            network: network.into(),
            name: name.into(),
        }
    }

    /// An id or account of the host.
    pub fn account(account: impl Into<String>) -> Identity {
        Identity::Account(account.into())
    }

    /// What it is.
    pub fn kind(&self) -> IdentityKind {
        match self {
            Identity::Address(_) => IdentityKind::Address,
            Identity::Phone(_) => IdentityKind::Phone,
            Identity::Handle { .. } => IdentityKind::Handle,
            Identity::Account(_) => IdentityKind::Account,
        }
    }

    /// The form in which it is compared and kept: an [address](normal_address) in lower case, a number as `+` and digits, a name
    /// as `network:name`, an account as `account:` and the account. This is also what
    /// [`Open::from`](crate::Open::from) takes.
    pub fn text(&self) -> String {
        match self {
            Identity::Address(text) | Identity::Phone(text) => normal_address(text),
            Identity::Handle { network, name } => {
                normal_address(&format!("{}:{}", network.trim(), name.trim()))
            }
            Identity::Account(account) => normal_address(&format!("account:{}", account.trim())),
        }
    }

    /// The keys that one customer of the tenant can have: that of the address, which opening a ticket claims too, and that of an
    /// identity in a profile.
    pub(super) fn keys(&self, tenant: TenantId) -> [UniqueKey; 2] {
        let text = self.text();
        [
            UniqueKey::address(tenant, &text),
            UniqueKey::identity(tenant, &text),
        ]
    }

    /// Whether it can stand for anybody: an address has text on both sides of an `@`, a number at least 6 digits after the
    /// country code's sign, the others are not blank.
    pub fn is_valid(&self) -> bool {
        let text = self.text();
        let plain = !text.chars().any(|c| c.is_control());
        plain
            && match self {
                Identity::Address(_) => text
                    .rsplit_once('@')
                    .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty()),
                Identity::Phone(_) => text
                    .strip_prefix('+')
                    .is_some_and(|n| n.len() >= 6 && n.chars().all(|c| c.is_ascii_digit())),
                Identity::Handle { network, name } => {
                    !network.trim().is_empty() && !network.contains(':') && !name.trim().is_empty()
                }
                Identity::Account(account) => !account.trim().is_empty(),
            }
    }
}

impl fmt::Display for IdentityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            IdentityKind::Address => "address",
            IdentityKind::Phone => "phone number",
            IdentityKind::Handle => "handle",
            IdentityKind::Account => "account",
        })
    }
}
