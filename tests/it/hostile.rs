//! Connections that speak HTTP/2 to do harm, frame by frame: each is ended by the server, and others are answered.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::support::trial;
use super::support::{PATIENCE, TestServer, grpc_web};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A frame (RFC 9113, 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A header as a literal without an index (RFC 7541, 6.2.2).
fn literal(name: &str, value: &str) -> Vec<u8> {
    let part = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    [&[0], &part(name)[..], &part(value)].concat()
}

/// The headers of a call.
fn call(path: &str) -> Vec<u8> {
    let headers = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "x"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    headers.iter().flat_map(|(name, value)| literal(name, value)).collect()
}

/// The `number`th stream of a client.
fn stream(number: u32) -> u32 {
    1 + 2 * number
}

fn connect(address: SocketAddr, settings: &[u8]) -> TcpStream {
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    connection.set_write_timeout(Some(PATIENCE)).unwrap();
    connection.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
    connection.write_all(&frame(SETTINGS, 0, 0, settings)).unwrap();
    connection
}

/// Sends frame after frame; whether the server ends the connection over it.
fn is_ended(address: SocketAddr, frames: impl Iterator<Item = Vec<u8>>) -> bool {
    let mut connection = connect(address, &[]);
    for frame in frames {
        if connection.write_all(&frame).is_err() {
            return true;
        }
    }
    let mut read = [0; 4096];
    loop {
        match connection.read(&mut read) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        }
    }
}

fn is_answered(address: SocketAddr) -> bool {
    grpc_web(address, "/grpc.health.v1.Health/Check", &[]).contains("grpc-status:0")
}

#[test]
fn calls_that_are_begun_and_broken_without_end_end_their_connection() {
    let server = TestServer::serving(trial::routes());
    let begun = call(trial::SILENCE);
    // Broken by the client.
    let reset = 8_u32.to_be_bytes();
    let rapid = (0..20_000)
        .map(stream)
        .map(|stream| [frame(HEADERS, END_HEADERS, stream, &begun), frame(RST_STREAM, 0, stream, &reset)].concat());
    assert!(is_ended(server.address(), rapid));
    // Broken by the server, because what came is against the protocol.
    let wrong = 0_u32.to_be_bytes();
    let forced = (0..20_000)
        .map(stream)
        .map(|stream| [frame(HEADERS, END_HEADERS, stream, &begun), frame(WINDOW_UPDATE, 0, stream, &wrong)].concat());
    assert!(is_ended(server.address(), forced));
    assert!(is_answered(server.address()));
}

#[test]
fn headers_without_end_and_empty_frames_without_end_end_their_connection() {
    let server = TestServer::serving(trial::routes());
    let headers = std::iter::once(frame(HEADERS, 0, 1, &call(trial::SILENCE)));
    let more = (0..20_000).map(|number| frame(CONTINUATION, 0, 1, &literal(&format!("x{number}"), &"y".repeat(100))));
    assert!(is_ended(server.address(), headers.chain(more)));
    let begun = std::iter::once(frame(HEADERS, END_HEADERS, 1, &call(trial::SILENCE)));
    let empty = (0..50_000).map(|_| frame(DATA, 0, 1, &[]));
    assert!(is_ended(server.address(), begun.chain(empty)));
    assert!(is_answered(server.address()));
}

#[test]
fn those_who_ask_and_never_read_hold_up_nobody() {
    let server = TestServer::shipped();
    // SETTINGS_INITIAL_WINDOW_SIZE 0: the server may send nothing of a body.
    let no_window = [0, 4, 0, 0, 0, 0];
    let asked = call("/crisisgids.v1.DirectoryService/ExportDirectory");
    let mut deaf: Vec<TcpStream> = (0..20).map(|_| connect(server.address(), &no_window)).collect();
    for connection in &mut deaf {
        for stream in (0..10).map(stream) {
            connection.write_all(&frame(HEADERS, END_HEADERS, stream, &asked)).unwrap();
            connection.write_all(&frame(DATA, END_STREAM, stream, &[0; 5])).unwrap();
        }
    }
    // Each has been taken: its headers have come back.
    for connection in &mut deaf {
        assert!(connection.read(&mut [0; 64]).unwrap() > 0);
    }
    assert!(is_answered(server.address()));
    let answer = grpc_web(server.address(), "/crisisgids.v1.DirectoryService/GetDirectory", &[]);
    assert!(answer.contains("grpc-status:0"), "{answer}");
}
