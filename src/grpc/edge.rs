//! What every handler needs: the directory and the clock.
//!
//! **Invariants.** The clock is read here and nowhere behind. A caller's permit comes before his request is looked at,
//! so that who may not ask learns nothing from how he asked.

use std::sync::Arc;

use jiff::Timestamp;

use crate::directory::Directory;
use crate::domain::access::{Action, Permit, Principal};
use crate::domain::error::Error;
use crate::domain::snapshot::Snapshot;

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
}

impl std::fmt::Debug for Edge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Edge").field("directory", &self.directory).finish_non_exhaustive()
    }
}

impl Edge {
    /// The edge of a directory.
    pub fn new(directory: Arc<Directory>, clock: Clock) -> Self {
        Edge { directory, clock }
    }

    /// The directory.
    pub fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Permission for the caller to do something.
    ///
    /// # Errors
    /// [`Error::Denied`] if he may not.
    pub fn permit(&self, action: Action) -> Result<Permit, Error> {
        Permit::request(Principal::local(), action)
    }

    /// The directory as it stands, for a caller who may see it.
    ///
    /// # Errors
    /// [`Error::Denied`] if he may not.
    pub fn snapshot(&self, action: Action) -> Result<Arc<Snapshot>, Error> {
        self.directory.snapshot(&self.permit(action)?)
    }
}
