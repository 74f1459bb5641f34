//! The command line as people and scripts use it: the built program against a server of its own.

use std::path::Path;

use serde_json::Value;

use super::support::process::{Serving, output, program};

/// A demonstration server and the folder it was started in.
struct Demo {
    serving: Serving,
    folder: tempfile::TempDir,
}

impl Demo {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Demo { serving: Serving::start(&["--demo"], folder.path()), folder }
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = program(arguments);
        command.env("CRISISGIDS_ENDPOINT", format!("http://{}", self.serving.address)).current_dir(self.folder.path());
        output(&mut command)
    }

    /// What a command says in JSON, which it must do well.
    fn json(&self, arguments: &[&str]) -> Value {
        let (code, said, error) = self.run(&[arguments, &["-o", "json"]].concat());
        assert_eq!((code, error.as_str()), (Some(0), ""), "{arguments:?}");
        serde_json::from_str(&said).unwrap()
    }
}

#[test]
fn every_command_that_reads_answers_as_text_and_as_json() {
    let demo = Demo::start();
    for (arguments, holds, field) in [
        (&["who-acts", "Emmeloord", "1.1.30", "--grip", "2"][..], "GEZAG", "acting"),
        (&["who-acts", "Urk"], "GEZAG", "acting"),
        (&["who-acts", "Urk", "brand", "--all", "--explain", "--compare", "4", "--lang", "en"], "AUTHORITY", "acting"),
        (&["where-acts", "organisations/waternet"], "Waternet", "actingAreas"),
        (&["contacts", "Urk"], "FICTIEF", "contacts"),
        (&["arrangements", "--place", "Urk"], "partijen", "arrangements"),
        (&["providers", "capabilities/drinking-water", "Muiden"], "Waternet", "providers"),
        (&["gaps", "--within", "90d"], "ERNST", "gaps"),
        (&["place", "Ketelbrug"], "Dronten", "resolution"),
        (&["get", "organisations/waternet"], "name: organisations/waternet", "name"),
        (&["list", "areas", "--filter", "kind = SAFETY_REGION", "--limit", "3"], "areas/", "areas"),
        (&["list", "organisations/waternet/coverages", "--order-by", "area"], "organisations/waternet", "coverages"),
        (&["history"], "revisie", "revision"),
    ] {
        let (code, said, error) = demo.run(arguments);
        assert_eq!((code, error.as_str()), (Some(0), ""), "{arguments:?}");
        // A history begins with its first write, whatever its words are.
        assert!(said.contains(holds) || arguments == ["history"], "{arguments:?}: {said}");
        assert!(demo.json(arguments).get(field).is_some(), "{arguments:?}");
    }
}

#[test]
fn words_without_one_meaning_end_with_code_3_and_the_command_to_repeat() {
    let demo = Demo::start();
    let (code, said, error) = demo.run(&["who-acts", "Laren", "brand"]);
    assert_eq!((code, said.as_str()), (Some(3), ""));
    assert!(error.contains("crisisgids who-acts areas/"), "{error}");
    let (code, _, error) = demo.run(&["who-acts", "Zwollle", "-o", "json"]);
    let error: Value = serde_json::from_str(&error).unwrap();
    assert_eq!((code, error["reason"].as_str()), (Some(3), Some("PLACE_NOT_FOUND")));
    assert!(error["candidates"][0]["suggestions"][0]["name"].is_string(), "{error}");
}

#[test]
fn what_is_refused_ends_with_code_4_and_what_does_not_exist_with_3() {
    let demo = Demo::start();
    let (code, _, error) = demo.run(&["delete", "areas/gm0171", "-o", "json"]);
    let error: Value = serde_json::from_str(&error).unwrap();
    assert_eq!((code, error["reason"].as_str()), (Some(4), Some("STILL_REFERENCED")));
    assert_eq!(demo.run(&["list", "areas", "--filter", "kind ="]).0, Some(4));
    assert_eq!(demo.run(&["get", "areas/nowhere"]).0, Some(3));
}

#[test]
fn no_server_ends_with_code_5_and_says_how_to_start_one() {
    // Nobody can listen at port 0.
    let arguments = ["place", "Urk", "--endpoint", "http://127.0.0.1:0", "--timeout", "1s"];
    let (code, said, error) = output(&mut program(&arguments));
    assert_eq!((code, said.as_str()), (Some(5), ""));
    assert!(error.contains("crisisgids serve") && error.contains("--endpoint"), "{error}");
}

#[test]
fn a_wrong_command_line_ends_with_code_2_in_either_form() {
    assert_eq!(output(&mut program(&["who-acts"])).0, Some(2));
    let (code, _, error) = output(&mut program(&["who-acts", "Urk", "--grip", "9", "-o", "json"]));
    let error: Value = serde_json::from_str(&error).unwrap();
    assert_eq!((code, error["reason"].as_str()), (Some(2), Some("USAGE")));
    assert_eq!(output(&mut program(&["get", "areas/gm0171", "--at", "2027-01-01"])).0, Some(2));
}

#[test]
fn an_export_can_be_changed_and_applied_again() {
    let demo = Demo::start();
    let copied = demo.json(&["export", "copy"]);
    let (code, lines, _) = demo.run(&["export"]);
    // The files leave out the profile, which would make a release of the dataset of them.
    assert_eq!((code, Some(lines.lines().count() as u64 - 1)), (Some(0), copied["recordCount"].as_u64()));
    assert!(demo.json(&["apply", "copy", "--dry-run"])["diffs"].as_array().is_none_or(Vec::is_empty));
    assert_eq!(demo.run(&["export", "copy"]).0, Some(2), "a folder that is not empty is left alone");

    let own = demo.folder.path().join("own");
    std::fs::create_dir(&own).unwrap();
    let record = "[\"conditions/fog\"]\ndisplay_names = { nl = \"mist\", en = \"fog\" }\n\
                  source = { title = \"test\", confidence = \"PROPOSED\" }\n";
    std::fs::write(own.join("conditions.toml"), record).unwrap();
    let own = "own";
    let tried = demo.json(&["apply", own, "--dry-run"]);
    assert_eq!(tried["diffs"][0]["kind"], "DIFF_KIND_CREATED", "{tried}");
    assert_eq!(demo.run(&["get", "conditions/fog"]).0, Some(3), "a dry run changes nothing");
    let (code, said, error) = demo.run(&["apply", own, "--reason", "mist hoort erbij"]);
    assert_eq!((code, error.as_str()), (Some(0), ""), "{said}");
    assert!(said.contains("+ conditions/fog"), "{said}");
    let (_, said, _) = demo.run(&["history", "conditions/fog"]);
    assert!(said.contains("mist hoort erbij"), "{said}");
    assert_eq!(demo.run(&["delete", "conditions/fog"]).0, Some(0));
    assert_eq!(demo.run(&["get", "conditions/fog"]).0, Some(3));
}

#[test]
fn a_faulty_directory_is_refused_by_file_and_line_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("areas.toml"), "[\"areas/x\"]\nkind = \"CASTLE\"\n").unwrap();
    let path: &Path = folder.path();
    let (code, _, error) = output(&mut program(&["apply", path.to_str().unwrap()]));
    assert_eq!(code, Some(2));
    assert!(error.contains("areas.toml:2"), "{error}");
}

#[test]
fn a_completion_script_knows_the_commands() {
    let (code, script, _) = output(&mut program(&["completions", "bash"]));
    assert_eq!(code, Some(0));
    assert!(script.contains("who-acts"), "{script}");
}
