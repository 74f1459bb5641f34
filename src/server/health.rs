//! Health: whether the directory can be asked, as load balancers and supervisors ask.
//!
//! **Invariants.** Every service is registered before the first connection is accepted, NOT_SERVING: `tonic-health`
//! answers a watch of an unknown service with NOT_FOUND, which a client would take as final, and begins by saying
//! that all is well. All services change together, because one directory feeds them all.

use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

/// The health of every service.
#[derive(Debug, Clone)]
pub(super) struct Health {
    reporter: HealthReporter,
    services: Vec<String>,
}

impl Health {
    /// Nothing is served yet. The empty name stands for the server as a whole.
    pub(super) async fn not_serving(services: Vec<String>) -> Self {
        let health = Health { reporter: HealthReporter::new(), services };
        health.report(ServingStatus::NotServing).await;
        health
    }

    /// The service that tells.
    pub(super) fn service(&self) -> HealthServer<HealthService> {
        HealthServer::new(HealthService::from_health_reporter(self.reporter.clone()))
    }

    /// Says the same of every service.
    pub(super) async fn report(&self, status: ServingStatus) {
        for service in std::iter::once("").chain(self.services.iter().map(String::as_str)) {
            self.reporter.set_service_status(service, status).await;
        }
    }
}
