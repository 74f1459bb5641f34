//! Questions to a running server of the directory that ships, which tests share.
//!
//! **Invariants.** Nobody writes to it. Everything goes through the contract, as a foreign client would ask.

use std::sync::OnceLock;

use crisisgids::domain::validity::Moment;
use crisisgids::proto::convert::timestamp;
use crisisgids::proto::v1;
use crisisgids::proto::v1::coordination_service_client::CoordinationServiceClient;
use prost_types::Timestamp;
use tonic::Status;
use tonic::transport::Channel;

use super::TestServer;

/// The server of the directory that ships.
pub(crate) fn shipped() -> &'static TestServer {
    static SERVER: OnceLock<TestServer> = OnceLock::new();
    SERVER.get_or_init(TestServer::shipped)
}

/// A time of Europe/Amsterdam, such as `2026-11-23T12:00`.
pub(crate) fn at(civil: &str) -> Option<Timestamp> {
    Some(timestamp(Moment::parse(civil).unwrap().instant()))
}

/// Noon of the day on which the dataset was compiled.
pub(crate) fn today() -> Option<Timestamp> {
    at("2026-11-23T12:00")
}

/// The questions.
pub(crate) async fn coordination() -> CoordinationServiceClient<Channel> {
    CoordinationServiceClient::new(shipped().channel().await)
}

/// Who acts: the answer for places and calamities today, at a level.
pub(crate) async fn acting(
    places: &[&str],
    calamities: &[&str],
    grip: v1::Grip,
) -> v1::FindActingOrganisationsResponse {
    ask(question(places, calamities, grip)).await.unwrap()
}

/// The question of today.
pub(crate) fn question(places: &[&str], calamities: &[&str], grip: v1::Grip) -> v1::FindActingOrganisationsRequest {
    let owned = |words: &[&str]| words.iter().map(|words| (*words).to_owned()).collect();
    v1::FindActingOrganisationsRequest {
        places: owned(places),
        calamities: owned(calamities),
        grip: grip.into(),
        effective_time: today(),
        ..Default::default()
    }
}

/// Asks who acts.
pub(crate) async fn ask(
    question: v1::FindActingOrganisationsRequest,
) -> Result<v1::FindActingOrganisationsResponse, Status> {
    Ok(coordination().await.find_acting_organisations(question).await?.into_inner())
}

/// Which area words mean, at a time.
pub(crate) async fn resolve(words: &str, at: Option<Timestamp>) -> Result<v1::ResolvePlaceResponse, Status> {
    let words = words.to_owned();
    let request = v1::ResolvePlaceRequest { words, effective_time: at, ..Default::default() };
    Ok(coordination().await.resolve_place(request).await?.into_inner())
}

/// The resource names of areas in an answer, without the announced ones.
pub(crate) fn confirmed(areas: &[v1::AreaReference]) -> Vec<&str> {
    areas.iter().filter(|area| !area.announced).map(|area| area.name.as_str()).collect()
}

/// The resource names of areas in an answer that are so only if an announced fact is confirmed.
pub(crate) fn announced(areas: &[v1::AreaReference]) -> Vec<&str> {
    areas.iter().filter(|area| area.announced).map(|area| area.name.as_str()).collect()
}

/// Those who act in a role, each with that role.
pub(crate) fn with_role(answer: &v1::FindActingOrganisationsResponse, role: v1::Role) -> Vec<(&str, &v1::ActingRole)> {
    let entries = answer.acting.iter();
    let roles = entries.flat_map(|entry| entry.roles.iter().map(|one| (entry.organisation.as_str(), one)));
    roles.filter(|(_, one)| one.role() == role).collect()
}

/// The roles of one organisation; none if it does not act.
pub(crate) fn roles_of<'a>(
    answer: &'a v1::FindActingOrganisationsResponse,
    organisation: &str,
) -> Vec<&'a v1::ActingRole> {
    let entries = answer.acting.iter().filter(|entry| entry.organisation == organisation);
    entries.flat_map(|entry| &entry.roles).collect()
}

/// The gaps of a kind.
pub(crate) fn gaps(answer: &v1::FindActingOrganisationsResponse, kind: v1::GapKind) -> Vec<&v1::Gap> {
    answer.gaps.iter().filter(|gap| gap.kind() == kind).collect()
}
