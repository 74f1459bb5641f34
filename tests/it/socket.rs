//! The socket file of the built program: who runs the server is its operator there, others are who the access file says.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::support::process::{Serving, output, program};

/// The user who runs this test, as the system sees him.
fn user(folder: &Path) -> u32 {
    std::fs::metadata(folder).unwrap().uid()
}

fn serve(folder: &Path, access: Option<&str>) -> Serving {
    let access_file = access.map(|text| {
        std::fs::write(folder.join("access.toml"), text).unwrap();
        "access_file = \"access.toml\"\n"
    });
    let socket = folder.join("socket");
    let settings = format!("[server]\nsocket = \"{}\"\n{}", socket.display(), access_file.unwrap_or_default());
    std::fs::write(folder.join("settings.toml"), settings).unwrap();
    Serving::start(&["--data-dir", "kept", "--config", "settings.toml"], folder)
}

/// Asks over the socket file: exit code, answer and errors.
fn over_socket(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let endpoint = format!("unix:{}", folder.join("socket").display());
    output(program(arguments).args(["--endpoint", &endpoint]).current_dir(folder))
}

const DELETE: [&str; 4] = ["delete", "areas/ketelbrug", "--reason", "test"];

#[test]
fn whoever_runs_the_server_is_its_operator_over_the_socket_file() {
    let folder = tempfile::tempdir().unwrap();
    let nobody_else = "[[principals]]\nname = \"other\"\nrole = \"reader\"\nuser_ids = [4294967294]\n";
    for access in [None, Some(nobody_else)] {
        let server = serve(folder.path(), access);
        let (code, answer, errors) = over_socket(folder.path(), &["who-acts", "Emmeloord", "1.1.30"]);
        assert_eq!(code, Some(0), "{errors}");
        assert!(answer.contains("Emmeloord"), "{answer}");
        let written = ["delete", "organisations/waternet/contacts/desk", "--reason", "over the socket"];
        if access.is_none() {
            assert_eq!(over_socket(folder.path(), &written).0, Some(0));
        }
        let (_, history, _) =
            over_socket(folder.path(), &["history", "organisations/waternet/contacts/desk", "-o", "json"]);
        assert!(history.contains(&format!("user {} of this machine", user(folder.path()))), "{history}");
        // Over the network nobody is anybody once callers are told apart.
        let endpoint = format!("http://{}", server.address);
        let (code, _, errors) = output(&mut program(&["who-acts", "Urk", "1.1.30", "--endpoint", &endpoint]));
        assert_eq!(code, Some(if access.is_none() { 0 } else { 4 }), "{errors}");
        // One that was killed leaves the file, which the next one replaces.
        server.kill();
        assert!(folder.path().join("socket").exists());
    }
    assert_eq!(serve(folder.path(), None).signal("TERM").0, Some(0));
    assert!(!folder.path().join("socket").exists());
}

#[test]
fn a_user_is_who_the_access_file_says_and_may_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let access = format!("[[principals]]\nname = \"board\"\nrole = \"reader\"\nuser_ids = [{}]\n", user(folder.path()));
    let _server = serve(folder.path(), Some(&access));
    let (code, _, errors) = over_socket(folder.path(), &["who-acts", "Urk", "1.1.30"]);
    assert_eq!(code, Some(0), "{errors}");
    let (code, _, errors) = over_socket(folder.path(), &DELETE);
    assert_eq!(code, Some(4), "{errors}");
    let (code, _, errors) = over_socket(folder.path(), &["history"]);
    assert_eq!(code, Some(4), "{errors}");
}

#[test]
fn a_socket_file_that_cannot_be_had_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("s"), "mine").unwrap();
    let settings = format!("[server]\nsocket = \"{}\"\n", folder.path().join("s").display());
    std::fs::write(folder.path().join("settings.toml"), settings).unwrap();
    let mut serve = program(&["serve", "--listen", "127.0.0.1:0", "--data-dir", "kept", "--config", "settings.toml"]);
    let (code, _, errors) = output(serve.current_dir(folder.path()));
    assert_eq!(code, Some(1), "{errors}");
    assert!(errors.contains("/s: there is something else of that name"), "{errors}");
}
