//! The gRPC services: each handler is principal, permit, convert, directory, convert.

use std::collections::BTreeSet;
use std::sync::Arc;

use tonic::service::Routes;

use crate::audit::Trail;
use crate::directory::Directory;
use crate::domain::access::{Action, Permit, Principal};
use crate::proto::rules::Rules;
use crate::proto::v1;

pub use crate::proto::rules::ContractError as RulesError;

mod audit;
pub mod call;
mod changes;
mod coordination;
mod directory;
pub mod edge;
mod import;
pub mod page_token;
pub mod reflection;
mod resource;
pub mod status;

use call::Api;
use edge::{Clock, Edge};

/// The largest messages, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct MessageSizes {
    /// The largest accepted.
    pub request: usize,
    /// The largest sent.
    pub response: usize,
}

/// Every service of a directory. `everyone` is the principal of every call where callers are not authenticated; `trail`
/// notes which callers were given confidential values.
///
/// # Errors
/// [`RulesError`] if the contract has a method without permission, or a rule that nothing enforces.
pub fn routes(
    directory: Arc<Directory>,
    clock: Clock,
    everyone: Option<Principal>,
    sizes: MessageSizes,
    trail: Option<Trail>,
) -> Result<Routes, RulesError> {
    let rules = Arc::new(Rules::load()?);
    // The service itself may read, so that there is a watch wherever there is a trail.
    let permit = Permit::request(Principal::local(), Action::Read).ok();
    let watch = trail.zip(permit).map(|(trail, permit)| {
        let (directory, rules, clock, everyone) = (directory.clone(), rules.clone(), clock.clone(), everyone.clone());
        Arc::new(audit::Watch { trail, directory, permit, rules, clock, everyone })
    });
    let api = Arc::new(Api::new(Edge::new(directory, clock, everyone), rules));
    let mut routes = Routes::default();
    macro_rules! serve {
        ($($module:ident::$server:ident),+ $(,)?) => { $(
            let service = v1::$module::$server::from_arc(Arc::clone(&api))
                .max_decoding_message_size(sizes.request)
                .max_encoding_message_size(sizes.response);
            routes = routes.add_service(audit::Audited::new(service, watch.clone()));
        )+ };
    }
    serve!(
        coordination_service_server::CoordinationServiceServer,
        area_service_server::AreaServiceServer,
        organisation_service_server::OrganisationServiceServer,
        contact_service_server::ContactServiceServer,
        calamity_type_service_server::CalamityTypeServiceServer,
        catalogue_service_server::CatalogueServiceServer,
        assignment_service_server::AssignmentServiceServer,
        term_service_server::TermServiceServer,
        arrangement_service_server::ArrangementServiceServer,
        directory_service_server::DirectoryServiceServer,
    );
    Ok(routes)
}

/// Every method of the contract, as `Service/Method`.
///
/// # Errors
/// [`RulesError`] as for [`routes`].
pub fn methods() -> Result<BTreeSet<String>, RulesError> {
    Ok(Rules::load()?.methods().keys().cloned().collect())
}

#[cfg(test)]
mod tests;
