//! The folder that a store is kept in: made for its owner only, closed to strangers, and a sled that is of no use moved
//! aside in it.
//!
//! **Invariants.** Nothing of the ledger is touched here.

use std::fs;
use std::path::Path;

use super::sled::DIRECTORY;

/// How the names of files begin that show that a store was kept in a data directory, those of the ledger aside.
pub(super) const TRACES: [&str; 2] = [DIRECTORY, "audit"];

/// Makes the data directory if it does not exist, for its owner only: what is in it is not for everyone.
pub(super) fn create(directory: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Takes the permissions of a data directory away from users that are neither its owner nor of its group, if it was
/// made with them. Where that fails, a warning is logged and the store opens all the same.
pub(super) fn close_to_strangers(directory: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let closed = fs::metadata(directory).and_then(|found| match found.permissions().mode() {
            mode if mode & 0o007 == 0 => Ok(()),
            mode => fs::set_permissions(directory, fs::Permissions::from_mode(mode & !0o007)),
        });
        if let Err(error) = closed {
            tracing::warn!(directory = %directory.display(), %error, "everybody on this machine may read the directory");
        }
    }
}

/// Moves the files of sled aside, where they are not opened again and can be investigated. Files moved aside earlier
/// are removed: on a full disk each start would otherwise leave more of them.
pub(super) fn move_aside(directory: &Path, why: &str) {
    let aside = directory.join(format!("{DIRECTORY}.damaged"));
    let moved = match fs::remove_dir_all(&aside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => fs::rename(directory.join(DIRECTORY), &aside),
    };
    match moved {
        Ok(()) => tracing::warn!(why, moved_to = %aside.display(), "sled is made again from the ledger"),
        Err(error) => tracing::warn!(why, %error, "sled is not used, and cannot be moved aside"),
    }
}
