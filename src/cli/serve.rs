//! `crisisgids serve`: the server.
//!
//! **Invariants.** This is the only file of the command line that knows the server. It puts the parts together and
//! decides nothing: settings come from the configuration, rules from the directory.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};

use super::failure::Failure;
use crate::config::{Config, Layers};
use crate::domain::validity::zone;
use crate::server::open::{Opened, Storage};
use crate::{maintenance, server, telemetry};

/// Answer questions over gRPC, until SIGTERM or SIGINT.
///
/// At its first start it fills its store with the dataset inside the program.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Where to listen; only addresses of this machine [default: 127.0.0.1:50051]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,

    /// The folder that holds the directory [default: data]
    #[arg(long, value_name = "DIR", conflicts_with = "demo")]
    data_dir: Option<PathBuf>,

    /// A TOML file with settings; CRISISGIDS_SECTION__KEY and flags come before it
    #[arg(long, value_name = "FILE", env = "CRISISGIDS_CONFIG")]
    config: Option<PathBuf>,

    /// Serve the dataset with invented contacts, in memory; nothing is kept
    #[arg(long)]
    demo: bool,

    /// The day around which the invented contacts are verified, for answers that can be compared [default: today]
    #[arg(long, value_name = "DATE", requires = "demo")]
    demo_date: Option<Date>,

    /// Print the settings that would hold, as TOML, and end
    #[arg(long)]
    dump_config: bool,
}

impl Serve {
    /// Serves until a signal.
    pub(super) fn run(self) -> Result<(), Failure> {
        let config = Config::load(&self.layers()?).map_err(|error| Failure::Usage(error.into()))?;
        if self.dump_config {
            return Ok(std::io::stdout().write_all(config.dump()?.as_bytes())?);
        }
        telemetry::init(&config.log)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(self.serve(config))
    }

    fn layers(&self) -> Result<Layers, Failure> {
        let mut flags = Vec::new();
        if let Some(listen) = self.listen {
            flags.push(("server.listen", listen.to_string()));
        }
        if let Some(folder) = &self.data_dir {
            let folder = folder.to_str().with_context(|| format!("{} is not Unicode", folder.display()));
            flags.push(("store.data_dir", folder.map_err(Failure::Usage)?.to_owned()));
        }
        Ok(Layers { file: self.config.clone(), flags, ..Layers::default() }.with_process_environment())
    }

    async fn serve(self, config: Config) -> Result<(), Failure> {
        let storage = if self.demo { Storage::Demo } else { Storage::of(&config.store) };
        let folder = storage.folder().map(Path::to_owned);
        let kept = match &folder {
            Some(folder) => {
                let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.clone());
                format!("the directory is kept in {}", folder.display())
            }
            None => "DEMONSTRATION: contacts are FICTIONAL, nothing is kept".to_owned(),
        };
        let opened_at = match self.demo_date {
            Some(date) => zone().to_timestamp(date.at(12, 0, 0, 0)).context("--demo-date").map_err(Failure::Usage)?,
            None => Timestamp::now(),
        };
        // Before anything is served: a signal that comes while loading must not be lost.
        let mut terminated = signal(SignalKind::terminate())?;
        let mut interrupted = signal(SignalKind::interrupt())?;
        let bound = server::bind(&config.server).await.map_err(failure)?;
        let address = bound.local_addr();
        let (scheme, exposure) = (if bound.is_secure() { "https" } else { "http" }, bound.exposure().to_owned());
        let metrics = bound.metrics();
        let measured = bound.metrics_addr().map(|address| format!("; measurements on http://{address}/metrics"));
        let measured = measured.unwrap_or_default();
        let load = async {
            let Opened { directory, filled, trail } = storage.open(opened_at).await?;
            metrics.watch(directory.clone(), folder);
            let routes = server::routes(directory, &config.server, trail)?;
            if let Some(records) = filled {
                eprintln!("first start: filled with the {records} records of the dataset inside the program");
            }
            eprintln!("{kept}");
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(routes)
        };
        let opened = || {
            eprintln!(
                "ready on {scheme}://{address}: gRPC, gRPC-Web, health, reflection (v1, v1alpha); {exposure}{measured}"
            );
            tell_systemd(NotifyState::Ready);
        };
        let shutdown = async {
            let name = tokio::select! {
                _ = terminated.recv() => "SIGTERM",
                _ = interrupted.recv() => "SIGINT",
            };
            tracing::info!(signal = name, "stopping");
            tell_systemd(NotifyState::Stopping);
        };
        bound.run(load, opened, shutdown).await.map_err(failure)
    }
}

/// Tells the supervisor, if it is one that listens; what it does not hear changes nothing here.
fn tell_systemd(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "systemd could not be told");
    }
}

/// An address that may not be had is a wrong setting; a damaged data directory has an exit code of its own.
fn failure(error: server::Error) -> Failure {
    let is_setting = matches!(
        error,
        server::Error::NotThisMachine { .. }
            | server::Error::Access(_)
            | server::Error::Issuer(_)
            | server::Error::Tls(_)
    );
    if is_setting {
        return Failure::Usage(error.into());
    }
    let error = anyhow::Error::from(error);
    let is_damage = |cause: &(dyn std::error::Error + 'static)| {
        matches!(cause.downcast_ref(), Some(maintenance::Error::Corrupt { .. }))
    };
    if error.chain().any(is_damage) { Failure::Damaged(error) } else { Failure::Failed(error) }
}
