//! The ways in which a command ends without having done what was asked.
//!
//! **Invariants.** Each decides one exit code, or leaves it to the cause; `--help` lists the codes.

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(super) enum Failure {
    /// What was asked cannot be asked: exit code 2.
    Usage(anyhow::Error),
    /// It went wrong; the cause decides the exit code.
    Failed(anyhow::Error),
    /// It was not done because of what is there: exit code 4.
    Refused(anyhow::Error),
    /// What was read has no place, or several: exit code 3.
    Unclear(anyhow::Error),
    /// A data directory or a backup is damaged: exit code 6.
    Damaged(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure::Failed(error.into())
    }
}
