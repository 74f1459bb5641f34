//! Who may do what: a principal, an action, and the permit that proves that policy said yes.
//!
//! **Invariants.** A [`Permit`] cannot be made outside this module, and nothing in the directory can be read or
//! written without one; so a forgotten check does not compile.

use super::error::Error;
use super::field::words;

words! {
    /// What a caller wants to do; the same words as `enum Permission` in the proto.
    pub enum Action {
        /// Ask who acts where, and whom to call.
        Ask = "ASK",
        /// Read records.
        Read = "READ",
        /// Change records.
        Write = "WRITE",
        /// Read who changed what.
        ReadHistory = "READ_HISTORY",
        /// Take a copy of everything.
        Export = "EXPORT",
    }
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    name: String,
}

impl Principal {
    /// Whoever reaches a server that listens on this machine only: he is its operator.
    pub fn local() -> Self {
        Principal { name: "local".to_owned() }
    }

    /// What he is called in the ledger.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Proof that a principal may do an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    principal: Principal,
    action: Action,
}

impl Permit {
    /// Asks policy whether a principal may do an action.
    ///
    /// The one policy there is: the server listens on this machine only, and its operator may do everything.
    ///
    /// # Errors
    /// [`Error::Denied`] if he may not.
    pub fn request(principal: Principal, action: Action) -> Result<Self, Error> {
        if principal == Principal::local() { Ok(Permit { principal, action }) } else { Err(Error::Denied) }
    }

    /// Who may.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// What he may.
    pub fn action(&self) -> Action {
        self.action
    }
}
