//! What every handler needs: the directory and the clock.
//!
//! **Invariants.** The time of a question or a write is read here, and nothing behind reads another. A caller's permit
//! is decided before the request is looked at, so that a caller who may not ask learns nothing from a refusal.

use std::sync::Arc;

use jiff::Timestamp;
use tonic::Extensions;

use crate::directory::Directory;
use crate::domain::access::{Action, Permit, Principal};
use crate::domain::error::Error;

/// The address of a caller, which the server puts beside the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerAddress(pub String);

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The clock of this machine.
pub fn system_clock() -> Clock {
    Arc::new(Timestamp::now)
}

/// What every handler needs. Cheap to clone.
#[derive(Clone)]
pub struct Edge {
    directory: Arc<Directory>,
    clock: Clock,
    everyone: Option<Principal>,
}

impl std::fmt::Debug for Edge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Edge").field("directory", &self.directory).finish_non_exhaustive()
    }
}

impl Edge {
    /// The edge of a directory. `everyone` is the principal of every call where callers are not authenticated; with
    /// `None`, a call that was not authenticated has no principal.
    pub fn new(directory: Arc<Directory>, clock: Clock, everyone: Option<Principal>) -> Self {
        Edge { directory, clock, everyone }
    }

    /// The directory.
    pub fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// The permit for an action, of the principal that the server put beside the request.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] without a principal, [`Error::Denied`] if the principal may not.
    pub fn permit(&self, extensions: &Extensions, action: Action) -> Result<Permit, Error> {
        let caller = extensions.get::<Principal>().or(self.everyone.as_ref());
        Permit::request(caller.cloned().ok_or(Error::Unauthenticated)?, action)
    }
}
