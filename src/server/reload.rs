//! Certificates, the access file and the keys of an issuer, reloaded when they change.
//!
//! **Invariants.** What cannot be used changes nothing: what was loaded before stays, and the log says so once per
//! change. Nothing here ends a call or a connection.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::identity::Identity;
use super::identity::jwt::Issuer;
use super::identity::roster::Roster;
use super::tls::Tls;
use crate::config::Server as Settings;

/// How often the files are looked at: soon enough after a token is revoked, and a negligible cost.
const EVERY: Duration = Duration::from_secs(2);

/// Looks at the files until the future is dropped.
pub(super) async fn watch(settings: Settings, tls: Option<Tls>, identity: Option<Arc<Identity>>) {
    let mut seen = contents(&settings).await;
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let now = contents(&settings).await;
        if now == seen {
            continue;
        }
        let before = std::mem::replace(&mut seen, now);
        if let (Some(identity), Some(file)) =
            (&identity, settings.access_file.as_ref().filter(|_| before.access != seen.access))
        {
            match Roster::read(file) {
                Ok(roster) => {
                    tracing::info!(principals = roster.count(), "the access file was reloaded");
                    identity.replace(roster);
                }
                Err(error) => tracing::error!(%error, "the access file cannot be used; what it said before holds"),
            }
        }
        if let (Some(identity), Some(jwt)) = (&identity, settings.jwt.as_ref().filter(|_| before.keys != seen.keys)) {
            match Issuer::read(jwt) {
                Ok(issuer) => {
                    tracing::info!(keys = issuer.count(), "the issuer's keys were reloaded");
                    identity.replace_issuer(issuer);
                }
                Err(error) => tracing::error!(%error, "the issuer's keys cannot be used; those before stay"),
            }
        }
        if let (Some(tls), Some(files)) = (&tls, settings.tls.as_ref().filter(|_| before.tls != seen.tls)) {
            match tls.reload(files) {
                Ok(()) => tracing::info!("the certificates were reloaded"),
                Err(error) => tracing::error!(%error, "the certificates cannot be used; those before stay"),
            }
        }
    }
}

/// What the files hold; of one that cannot be read, nothing.
#[derive(Default, PartialEq)]
struct FileContents {
    access: Vec<Option<Vec<u8>>>,
    keys: Vec<Option<Vec<u8>>>,
    tls: Vec<Option<Vec<u8>>>,
}

async fn contents(settings: &Settings) -> FileContents {
    let tls = settings.tls.iter().flat_map(|tls| [&tls.certificate, &tls.key].into_iter().chain(&tls.client_ca));
    let tls: Vec<PathBuf> = tls.cloned().collect();
    let access: Vec<PathBuf> = settings.access_file.iter().cloned().collect();
    let keys: Vec<PathBuf> = settings.jwt.iter().map(|jwt| jwt.jwks_file.clone()).collect();
    let read = |files: &[PathBuf]| files.iter().map(|file| std::fs::read(file).ok()).collect();
    let read = move || FileContents { access: read(&access), keys: read(&keys), tls: read(&tls) };
    tokio::task::spawn_blocking(read).await.unwrap_or_default()
}
