//! The contract without types: every method of the descriptor, called with whatever bytes.
//!
//! **Invariants.** The methods are those of the descriptor: a new one is called without a line here.

use crisisgids::domain::error::Reason;
use crisisgids::proto::{PACKAGE, pool};
use prost::bytes::{Buf, BufMut};
use prost_reflect::{DynamicMessage, MethodDescriptor};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

/// Messages as the bytes they are.
#[derive(Clone, Copy)]
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Bytes;
    type Decoder = Bytes;

    fn encoder(&mut self) -> Bytes {
        Bytes
    }

    fn decoder(&mut self) -> Bytes {
        Bytes
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, message: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&message);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining()).to_vec()))
    }
}

/// The methods of the contract.
pub(crate) fn methods() -> Vec<MethodDescriptor> {
    let services = pool().services().filter(|service| service.package_name() == PACKAGE);
    services.flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
}

/// Sends some messages to a method and reads its answers to the end.
pub(crate) async fn call(
    channel: &Channel,
    method: &MethodDescriptor,
    token: Option<&str>,
    messages: Vec<Vec<u8>>,
) -> Result<Vec<DynamicMessage>, Status> {
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let mut wire = Grpc::new(channel.clone()).max_decoding_message_size(usize::MAX);
    wire.ready().await.unwrap();
    let mut call = Request::new(tokio_stream::iter(messages));
    if let Some(token) = token {
        call.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    let mut answers = wire.streaming(call, PathAndQuery::try_from(path).unwrap(), Bytes).await?.into_inner();
    let mut read = Vec::new();
    while let Some(answer) = answers.message().await? {
        read.push(DynamicMessage::decode(method.output(), answer.as_slice()).expect("the answer is of its type"));
    }
    Ok(read)
}

/// A refusal must say why, as the caller's fault.
pub(crate) fn assert_proper<T>(method: &MethodDescriptor, asked: &str, outcome: &Result<T, Status>) {
    let Err(status) = outcome else { return };
    let told = format!("{} asked {asked}: {status:?}", method.full_name());
    let wrong = [Code::Internal, Code::Unknown, Code::Unimplemented, Code::DataLoss, Code::Unavailable];
    assert!(!wrong.contains(&status.code()), "{told}");
    let info = status.get_details_error_info().unwrap_or_else(|| panic!("{told}"));
    assert_eq!(info.domain, "crisisgids", "{told}");
    assert!(Reason::from_word(&info.reason).is_some(), "{told}");
    assert!(!status.message().is_empty(), "{told}");
}
