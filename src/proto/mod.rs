//! The wire: generated types of `crisisgids.v1`, records to and from messages, and the rules written in the contract.
//!
//! **Invariants.** The descriptor set holds every file of the contract with its comments and custom options, so what
//! reflection shows is what the server obeys. Nothing here touches the store or the directory.

pub mod convert;
pub mod reason;
pub mod rules;
pub mod tree;

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, ReflectMessage};

use crate::domain::error::Error;

/// The package `crisisgids.v1`, generated from `proto/` at build time.
pub mod v1 {
    #![allow(
        missing_docs,
        clippy::all,
        rustdoc::all,
        unreachable_pub,
        reason = "generated; documented in the contract"
    )]
    tonic::include_proto!("crisisgids.v1");
}

/// Every file of the contract and of what it imports, encoded, with comments and custom options.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.binpb"));

/// The package of the contract.
pub const PACKAGE: &str = "crisisgids.v1";

/// Every descriptor of the contract.
pub fn pool() -> &'static DescriptorPool {
    #[expect(clippy::expect_used, reason = "the bytes are those that the build encoded; a test decodes them")]
    static POOL: LazyLock<DescriptorPool> =
        LazyLock::new(|| DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("the build wrote a descriptor set"));
    &POOL
}

/// The descriptor of a message of the contract.
///
/// # Errors
/// [`Error::Internal`] if the contract has no such message.
pub fn descriptor(message: &str) -> Result<MessageDescriptor, Error> {
    let found = pool().get_message_by_name(&format!("{PACKAGE}.{message}"));
    found.ok_or_else(|| Error::Internal(format!("the contract has no message {message}")))
}

/// A generated message as a dynamic one of the same type.
///
/// # Errors
/// [`Error::Internal`] if the two types are not the same.
pub fn to_dynamic(message: &impl prost::Message, descriptor: MessageDescriptor) -> Result<DynamicMessage, Error> {
    let mut dynamic = DynamicMessage::new(descriptor);
    match dynamic.transcode_from(message) {
        Ok(()) => Ok(dynamic),
        Err(error) => Err(Error::Internal(format!("{} is another type: {error}", dynamic.descriptor().full_name()))),
    }
}

/// A dynamic message as a generated one of the same type.
///
/// # Errors
/// [`Error::Internal`] if the two types are not the same.
pub fn from_dynamic<M: prost::Message + Default>(dynamic: &DynamicMessage) -> Result<M, Error> {
    let name = dynamic.descriptor().full_name().to_owned();
    dynamic.transcode_to().map_err(|error| Error::Internal(format!("{name} is another type: {error}")))
}
