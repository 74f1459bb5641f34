//! The built program as a process of its own.
//!
//! **Invariants.** A process is ready when it says so, and is gone when its handle is. Nothing of the environment of
//! whoever runs the tests reaches it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;

use super::PATIENCE;

/// The program, without settings from the environment of whoever runs the tests.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crisisgids"));
    command.args(arguments);
    without_settings(command)
}

fn without_settings(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CRISISGIDS_") {
            command.env_remove(name);
        }
    }
    command
}

/// The same as a user whom permissions of files hold back, also where the tests are run by one whom they do not; it has
/// all of `folder` made its own, which must be open to everyone.
pub(crate) fn unprivileged(arguments: &[&str], folder: &Path) -> Command {
    // Whom no permission holds back, by the id that every system gives the super-user; and one that owns nothing.
    const SUPER_USER: u32 = 0;
    const NOBODY: u32 = 65_534;
    // Whoever runs the tests owns what they make.
    if tempfile::tempfile().unwrap().metadata().unwrap().uid() != SUPER_USER {
        return program(arguments);
    }
    // Where it was built, that user may not come.
    let copy = folder.join("program");
    std::fs::copy(env!("CARGO_BIN_EXE_crisisgids"), &copy).unwrap();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        std::os::unix::fs::chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        if path.is_dir() {
            open.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    let mut command = Command::new(copy);
    command.args(arguments).uid(NOBODY).gid(NOBODY);
    without_settings(command)
}

/// Runs a command to its end: exit code, output, errors.
pub(crate) fn output(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// A running server; killed if the test fails before it has ended.
pub(crate) struct Serving {
    child: Child,
    pub(crate) address: SocketAddr,
    /// What it said before it was ready.
    pub(crate) said: Vec<String>,
    rest: mpsc::Receiver<String>,
}

impl Serving {
    /// Starts it on a port that the system chooses, and returns when it says that it is ready.
    pub(crate) fn start(arguments: &[&str], folder: &Path) -> Self {
        Self::launched(program(&["serve", "--listen", "127.0.0.1:0"]), arguments, folder)
    }

    /// The same with no more descriptors than these.
    pub(crate) fn start_with_descriptors(most: u32, arguments: &[&str], folder: &Path) -> Self {
        let mut command = Command::new("sh");
        let limited = format!("ulimit -n {most} && exec \"$0\" \"$@\"");
        command.args(["-c", &limited, env!("CARGO_BIN_EXE_crisisgids"), "serve", "--listen", "127.0.0.1:0"]);
        Self::launched(without_settings(command), arguments, folder)
    }

    fn launched(mut command: Command, arguments: &[&str], folder: &Path) -> Self {
        command.env("CRISISGIDS_SERVER__METRICS_LISTEN", "127.0.0.1:0");
        let mut child = command.args(arguments).current_dir(folder).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let (ready, told) = mpsc::channel();
        let (finish, rest) = mpsc::channel();
        std::thread::spawn(move || {
            let mut said = Vec::new();
            let mut line = String::new();
            while lines.read_line(&mut line).unwrap() > 0 {
                said.push(std::mem::take(&mut line));
                if let Some(address) = said.last().and_then(|line| line.strip_prefix("ready on http://")) {
                    let address = address.split(':').take(2).collect::<Vec<_>>().join(":").parse().unwrap();
                    ready.send((address, std::mem::take(&mut said))).unwrap();
                }
            }
            // Nobody listens any more if the test has failed.
            let _ = finish.send(said.concat());
        });
        let (address, said) = told.recv_timeout(PATIENCE).expect("the server says that it is ready");
        Serving { child, address, said, rest }
    }

    /// What the system calls it.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal and returns the exit code and what was said since it was ready.
    pub(crate) fn signal(mut self, signal: &str) -> (Option<i32>, String) {
        let kill = format!("kill -{signal} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        let rest = self.rest.recv_timeout(PATIENCE).expect("the server ends");
        (self.child.wait().unwrap().code(), rest)
    }

    /// Kills it as a power cut does, and returns when it is gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It has ended already unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
