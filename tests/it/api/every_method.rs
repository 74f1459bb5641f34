//! Every method of the contract, asked what no sane caller would ask.
//!
//! **Invariants.** The methods are those of the descriptor: a new one is asked without a line here.

use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

use super::{client, revision};
use crate::support::TestServer;
use crate::support::wire::{assert_proper, call, methods};

/// What a field may be filled with.
struct Odd {
    text: String,
    number: i64,
    enumeration: i32,
    depth: usize,
}

impl Odd {
    fn message(&self, descriptor: MessageDescriptor, depth: usize) -> DynamicMessage {
        let mut message = DynamicMessage::new(descriptor.clone());
        for field in descriptor.fields() {
            let Some(value) = self.value(&field, depth) else { continue };
            let value = if field.is_list() { Value::List(vec![value.clone(), value]) } else { value };
            message.set_field(&field, value);
        }
        message
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "a kind that is not expected is a failure of the test")]
    fn value(&self, field: &FieldDescriptor, depth: usize) -> Option<Value> {
        Some(match field.kind() {
            Kind::String => Value::String(self.text.clone()),
            Kind::Bool => Value::Bool(true),
            Kind::Int32 => Value::I32(i32::try_from(self.number).unwrap_or(i32::MIN)),
            Kind::Int64 => Value::I64(self.number),
            Kind::Enum(_) => Value::EnumNumber(self.enumeration),
            Kind::Message(inner) if depth < self.depth => Value::Message(self.message(inner, depth + 1)),
            Kind::Message(_) => return None,
            other => panic!("the contract has a field of a kind unknown here: {other:?}"),
        })
    }
}

#[tokio::test]
async fn an_empty_request_is_answered_or_properly_refused() {
    let server = TestServer::shipped();
    for method in methods() {
        assert_proper(&method, "nothing", &call(&server.channel().await, &method, None, vec![Vec::new()]).await);
    }
    assert_eq!(revision(&client(&server).await).await, 1);
}

#[tokio::test]
async fn an_odd_request_is_answered_or_properly_refused() {
    let server = TestServer::shipped();
    let texts =
        ["", "*", "-", "areas/-", "areas/gm0171", "\u{0}", "\u{202e}\u{1f692}", "../../..", "999999-99-99", "\"("];
    let long = "x".repeat(20_000);
    let mut odds: Vec<Odd> =
        texts.iter().map(|text| Odd { text: (*text).to_owned(), number: -1, enumeration: 999, depth: 3 }).collect();
    odds.push(Odd { text: "x".to_owned(), number: i64::MIN, enumeration: -1, depth: 1 });
    odds.push(Odd { text: "2026-11-23".to_owned(), number: i64::MAX, enumeration: 1, depth: 4 });
    odds.push(Odd { text: long, number: i64::MAX, enumeration: i32::MIN, depth: 1 });
    for method in methods() {
        for odd in &odds {
            let request = odd.message(method.input(), 0).encode_to_vec();
            let asked = format!("{:.20} {} {}", odd.text, odd.number, odd.depth);
            let outcome = call(
                &server.channel().await,
                &method,
                None,
                vec![request; if method.is_client_streaming() { 3 } else { 1 }],
            )
            .await;
            assert_proper(&method, &asked, &outcome);
        }
    }
    assert_eq!(revision(&client(&server).await).await, 1, "nothing of it was taken for a write");
}

#[tokio::test]
async fn what_is_no_message_is_the_callers_fault() {
    let server = TestServer::shipped();
    for method in methods() {
        // A field without an end; a text that is no UTF-8; a message that is too large for the server.
        for bytes in [vec![0x0a, 0xff], vec![0x0a, 0x02, 0xc3, 0x28], vec![0; 2 << 20]] {
            let has_fields = method.input().fields().len() > 0;
            let outcome = call(&server.channel().await, &method, None, vec![bytes]).await;
            assert!(outcome.is_err() || !has_fields, "{}", method.full_name());
            assert_proper(&method, "no message", &outcome);
        }
    }
}

#[tokio::test]
async fn a_call_without_a_request_is_refused_properly() {
    let server = TestServer::shipped();
    for method in methods() {
        assert_proper(&method, "without a request", &call(&server.channel().await, &method, None, Vec::new()).await);
    }
}
