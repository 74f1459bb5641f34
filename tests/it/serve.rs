//! `crisisgids serve` as an operator runs it: the built program, its output and how it ends.

use std::io::Read;
use std::net::TcpStream;

use super::support::grpc_web;
use super::support::process::{Serving, output, program};

#[test]
fn sigterm_and_sigint_end_it_properly_with_a_silent_connection_open() {
    for signal in ["TERM", "INT"] {
        let folder = tempfile::tempdir().unwrap();
        let serving = Serving::start(&["--demo"], folder.path());
        let mut silent = TcpStream::connect(serving.address).unwrap();
        let (code, said) = serving.signal(signal);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("stopping"), "{said}");
        // The other end is closed, not left open.
        assert_eq!(silent.read(&mut [0]).unwrap_or(0), 0);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a demonstration keeps nothing");
    }
}

#[test]
fn the_first_start_fills_the_folder_and_the_second_finds_it_filled() {
    let folder = tempfile::tempdir().unwrap();
    let first = Serving::start(&["--data-dir", "kept"], folder.path());
    assert!(first.said.iter().any(|line| line.contains("first start")), "{:?}", first.said);
    assert!(first.said.iter().any(|line| line.contains("kept")), "{:?}", first.said);
    let answer = grpc_web(first.address, "/grpc.health.v1.Health/Check", &[]);
    assert!(answer.contains("grpc-status:0"), "{answer}");
    assert_eq!(first.signal("TERM").0, Some(0));
    let second = Serving::start(&["--data-dir", "kept"], folder.path());
    assert!(!second.said.iter().any(|line| line.contains("first start")), "{:?}", second.said);
    assert_eq!(second.signal("TERM").0, Some(0));
}

#[test]
fn an_address_that_others_can_reach_is_refused_with_a_way_out() {
    let (code, _, said) = output(&mut program(&["serve", "--listen", "0.0.0.0:0", "--demo"]));
    assert_eq!(code, Some(2));
    assert!(said.contains("refusing to listen on 0.0.0.0:0") && said.contains("--listen 127.0.0.1"), "{said}");
}

#[test]
fn the_settings_that_hold_are_dumped_as_toml() {
    let mut command = program(&["serve", "--dump-config", "--listen", "127.0.0.1:7"]);
    let (code, dumped, said) = output(command.env("CRISISGIDS_SERVER__DRAIN_TIMEOUT", "3s"));
    assert_eq!((code, said.as_str()), (Some(0), ""));
    let dumped: toml::Table = dumped.parse().unwrap();
    assert_eq!(dumped["server"]["listen"].as_str(), Some("127.0.0.1:7"));
    assert_eq!(dumped["server"]["drain_timeout"].as_str(), Some("3s"));
    assert_eq!(dumped["server"]["limits"]["stream_window"].as_str(), Some("1MiB"));
}

#[test]
fn wrong_settings_are_all_named_and_end_with_code_2() {
    let mut command = program(&["serve", "--demo"]);
    command.env("CRISISGIDS_SERVER__DRAIN_TIMEOUT", "soon").env("CRISISGIDS_SERVER__LISEN", "127.0.0.1:1");
    let (code, _, said) = output(&mut command);
    assert_eq!(code, Some(2), "{said}");
    for key in ["server.lisen", "server.drain_timeout"] {
        assert!(said.contains(&format!("{key} (from the environment)")), "{said}");
    }
    assert_eq!(output(&mut program(&["serve", "--no-such-flag"])).0, Some(2));
}
