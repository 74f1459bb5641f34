//! Reflection: a client that knows nothing but the address learns the whole contract.
//!
//! **Invariants.** Both protocol versions are served, because common tools speak only one of them. What is served is
//! the compiled descriptor set byte for byte, so that our own options (permissions, field rules, labels) reach the
//! client.

use prost::Message;
use prost_types::FileDescriptorSet;
use tonic::service::Routes;
use tonic_reflection::server::Builder;

use crate::proto::FILE_DESCRIPTOR_SET;

/// Why the contract cannot be served: the compiled-in descriptor set is damaged.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The descriptor set cannot be read.
    #[error("the descriptor set cannot be read: {0}")]
    Decode(#[from] prost::DecodeError),
    /// Reflection refuses it.
    #[error("reflection refuses the descriptor set: {0}")]
    Refused(#[from] tonic_reflection::server::Error),
}

/// The routes with reflection v1 and v1alpha among them.
///
/// # Errors
/// [`Error`] if the descriptor set is damaged, which a test rules out for every build.
pub fn routes(routes: Routes) -> Result<Routes, Error> {
    Ok(routes.add_service(builder().build_v1()?).add_service(builder().build_v1alpha()?))
}

/// The full names of our own services, in the order of the contract.
///
/// # Errors
/// [`Error::Decode`] if the descriptor set is damaged.
pub fn services() -> Result<Vec<String>, Error> {
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET)?;
    let full_names = set
        .file
        .iter()
        .flat_map(|file| file.service.iter().map(|service| format!("{}.{}", file.package(), service.name())));
    Ok(full_names.collect())
}

fn builder() -> Builder<'static> {
    Builder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}
