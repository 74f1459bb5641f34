//! The socket file: calls from this machine, by users whom the system names.
//!
//! **Invariants.** Only the server's own user may open the file, unless there is an access file to authenticate others
//! by. The file is removed when the server stops. A file that a killed server left is replaced; anything else never is.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

/// A socket file that is listened on.
#[derive(Debug)]
pub(super) struct Socket {
    listener: UnixListener,
    path: PathBuf,
    owner: u32,
}

impl Socket {
    /// Makes the file. With `for_all`, every user of this machine may open it, and is authenticated.
    pub(super) fn bind(path: &Path, for_all: bool) -> io::Result<Self> {
        if let Ok(there) = path.symlink_metadata() {
            if !there.file_type().is_socket() {
                return Err(io::Error::other("there is something else of that name"));
            }
            match std::os::unix::net::UnixStream::connect(path) {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path)?,
                Ok(_) | Err(_) => return Err(io::Error::other("a server is listening there already")),
            }
        }
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, Permissions::from_mode(if for_all { 0o666 } else { 0o600 }))?;
        let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(path)?);
        Ok(Socket { listener, path: path.to_owned(), owner })
    }

    /// The user that runs the server.
    pub(super) fn owner(&self) -> u32 {
        self.owner
    }

    /// The next connection, and its user.
    pub(super) async fn accept(&self) -> io::Result<(UnixStream, u32)> {
        let (stream, _) = self.listener.accept().await?;
        let user = stream.peer_cred()?.uid();
        Ok((stream, user))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, file = %self.path.display(), "the socket file could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_killed_server_left_is_replaced_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        // Left behind: the listener is gone, the file is not.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let socket = Socket::bind(&path, false).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(Socket::bind(&path, false).unwrap_err().to_string().contains("already"));
        drop(socket);
        assert!(!path.exists());
        fs::write(&path, "mine").unwrap();
        assert!(Socket::bind(&path, true).unwrap_err().to_string().contains("something else"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }
}
