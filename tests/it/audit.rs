//! The audit trail of the built program: who was given confidential values, by which way, and who broke the glass.

use std::path::Path;

use serde_json::Value;

use super::support::process::{Serving, output, program};

const CONTACT: &str = "organisations/waternet/contacts/hushed";
const SECRET: &str = "HUSH-0800";

/// Runs a command in a folder: exit code, what it said and its errors.
fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    output(program(arguments).current_dir(folder))
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    let (code, said, errors) = run(folder, &[arguments, &["-o", "json"]].concat());
    assert_eq!(code, Some(0), "{arguments:?}: {errors}");
    serde_json::from_str(&said).unwrap()
}

fn text<'a>(answer: &'a Value, field: &str) -> &'a str {
    answer.get(field).and_then(Value::as_str).unwrap()
}

/// A server that tells callers apart: each by the token of his role, and a reader who may break the glass.
fn serve(folder: &Path) -> Serving {
    let mut access = String::new();
    for (name, role, more) in [
        ("reader", "reader", ""),
        ("rescuer", "reader", "break_glass = true\n"),
        ("dispatcher", "dispatcher", ""),
        ("reaching", "dispatcher", ""),
        ("office", "editor", ""),
        ("auditor", "auditor", ""),
    ] {
        let made = json(folder, &["access", "token", name]);
        std::fs::write(folder.join(name), text(&made, "token")).unwrap();
        let hash = text(&made, "tokenHash");
        access.push_str(&format!(
            "[[principals]]\nname = \"{name}\"\nrole = \"{role}\"\ntoken_hash = \"{hash}\"\n{more}"
        ));
    }
    std::fs::write(folder.join("access.toml"), access).unwrap();
    std::fs::write(folder.join("settings.toml"), "[server]\naccess_file = \"access.toml\"\n").unwrap();
    Serving::start(&["--data-dir", "kept", "--config", "settings.toml"], folder)
}

fn as_(folder: &Path, server: &Serving, who: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let endpoint = format!("http://{}", server.address);
    run(folder, &[&["--endpoint", &endpoint, "--token-file", who], arguments].concat())
}

#[test]
fn every_way_to_a_confidential_value_is_noted_and_the_value_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = serve(folder);
    std::fs::create_dir(folder.join("own")).unwrap();
    let contact = format!(
        "[\"{CONTACT}\"]\ndisplay_names = {{ nl = \"stil\", en = \"hushed\" }}\n\
         channels = [{{ kind = \"PLATFORM\", value = \"{SECRET}\", confidentiality = \"RESTRICTED\" }}]\n"
    );
    std::fs::write(folder.join("own/hushed.toml"), contact).unwrap();
    let (code, _, errors) = as_(folder, &server, "office", &["apply", "own"]);
    assert_eq!(code, Some(0), "{errors}");

    let ways: [&[&str]; 4] = [
        &["get", CONTACT],
        &["list", "organisations/waternet/contacts"],
        &["contacts", "--organisation", "organisations/waternet"],
        &["export"],
    ];
    for way in ways {
        let who = if way[0] == "export" { "office" } else { "dispatcher" };
        let (code, said, errors) = as_(folder, &server, who, &[way, &["-o", "json"]].concat());
        assert_eq!(code, Some(0), "{way:?}: {errors}");
        assert!(said.contains(SECRET), "{way:?}: {said}");
        if who == "dispatcher" {
            let (_, said, errors) = as_(folder, &server, "reader", &[way, &["-o", "json"]].concat());
            assert!(!said.contains(SECRET) && !errors.contains(SECRET), "{way:?}");
        }
    }
    let (_, said, _) = as_(folder, &server, "office", &["history", CONTACT, "--all", "-o", "json"]);
    assert!(said.contains(SECRET));

    // Who may not see it learns from the history that it was changed, and not what it is.
    let changed = std::fs::read_to_string(folder.join("own/hushed.toml")).unwrap().replace(SECRET, "HUSH-0800-2");
    std::fs::write(folder.join("own/hushed.toml"), changed).unwrap();
    assert_eq!(as_(folder, &server, "office", &["apply", "own"]).0, Some(0));
    let (_, said, _) = as_(folder, &server, "auditor", &["history", CONTACT, "-o", "json"]);
    let seen: Value = serde_json::from_str(&said).unwrap();
    let withheld: Vec<&Value> = seen["changes"].as_array().unwrap().iter().map(|one| &one["diffs"][0]).collect();
    assert_eq!(
        withheld.iter().map(|diff| &diff["kind"]).collect::<Vec<_>>(),
        ["DIFF_KIND_CREATED", "DIFF_KIND_CHANGED"],
        "{said}"
    );
    assert!(withheld.iter().all(|diff| diff["redactedFields"] == serde_json::json!(["channels[0].value"])), "{said}");
    assert!(!said.contains("HUSH"), "{said}");

    // Who asks whether a value is a certain one learns something of it, though it is in no answer.
    let asked = ["list", "organisations/waternet/contacts", "--filter", "channels.value < \"HUSH-0800\"", "-o", "json"];
    let (code, said, errors) = as_(folder, &server, "reaching", &asked);
    assert_eq!(code, Some(0), "{errors}");
    assert!(!said.contains(CONTACT), "{said}");

    // Breaking the glass: who may, with a reason, and nobody else.
    let broken = ["get", CONTACT, "-o", "json", "--break-glass", "dike moves, desk silent"];
    let (code, said, errors) = as_(folder, &server, "rescuer", &broken);
    assert_eq!(code, Some(0), "{errors}");
    assert!(said.contains(SECRET));
    assert!(!as_(folder, &server, "rescuer", &["get", CONTACT, "-o", "json"]).1.contains(SECRET));
    let (code, said, _) = as_(folder, &server, "reader", &broken);
    assert_eq!((code, said.contains(SECRET)), (Some(4), false));
    assert_eq!(as_(folder, &server, "rescuer", &["get", CONTACT, "--break-glass", " "]).0, Some(4));
    let (code, log) = server.signal("TERM");
    assert_eq!(code, Some(0));
    assert!(!log.contains(SECRET), "no value in the log");

    let trail = std::fs::read_to_string(folder.join("kept/audit.jsonl")).unwrap();
    assert!(!trail.contains(SECRET), "no value in the trail");
    let listed = json(folder, &["audit", "list", "--data-dir", "kept"]);
    let entries = listed["entries"].as_array().unwrap();
    let noted = |actor: &str| -> Vec<&str> {
        let his = entries.iter().filter(|one| one["actor"] == actor);
        let of = |one: &&Value| one["objects"].as_array().unwrap().iter().any(|object| object == CONTACT);
        his.filter(of).map(|one| one["method"].as_str().unwrap()).collect()
    };
    assert_eq!(
        noted("dispatcher"),
        ["ContactService/GetContact", "ContactService/ListContacts", "CoordinationService/FindContacts"]
    );
    assert_eq!(
        noted("office"),
        [
            "DirectoryService/ImportChanges",
            "DirectoryService/ExportDirectory",
            "DirectoryService/ListChanges",
            "DirectoryService/ImportChanges"
        ]
    );
    assert_eq!(noted("reaching"), ["ContactService/ListContacts"]);
    assert_eq!(noted("reader"), [""; 0]);
    assert_eq!(noted("rescuer"), ["ContactService/GetContact"]);
    assert!(entries.iter().all(|one| one["result"] == "OK"), "{entries:?}");
    let broken = json(folder, &["audit", "list", "--data-dir", "kept", "--break-glass-only"]);
    let reasons: Vec<&Value> = broken["entries"].as_array().unwrap().iter().map(|one| &one["breakGlass"]).collect();
    assert_eq!(reasons, ["dike moves, desk silent"]);

    let whole = json(folder, &["audit", "verify", "--data-dir", "kept"]);
    assert_eq!(whole["lines"], entries.len());
    std::fs::write(folder.join("kept/audit.jsonl"), trail.replacen("\"dispatcher\"", "\"nobody\"", 1)).unwrap();
    let (code, _, errors) = run(folder, &["audit", "verify", "--data-dir", "kept"]);
    assert_eq!(code, Some(6), "{errors}");
    assert!(errors.contains("was changed"), "{errors}");
}
