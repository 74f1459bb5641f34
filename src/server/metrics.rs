//! Measurements in the text form of Prometheus, on a port of this machine.
//!
//! **Invariants.** No label comes from a caller: methods are those of the contract, everything else is one. Nothing of
//! what is asked or answered is in it. Fetching them asks nothing of the services.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;

use crate::directory::Directory;
use crate::domain::access::{Action, Permit, Principal};
use crate::domain::boundary::red_from;
use crate::domain::contact::Contact;
use crate::domain::error::Error;
use crate::grpc;

use super::tls::{CertificateFile, Tls};

/// The upper ends of the latency buckets, in seconds: answers take milliseconds, a transfer seconds, and 30 seconds is
/// the longest that a call may take.
const BUCKETS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];

/// The upper ends of the buckets for commits, in seconds: a healthy disk syncs in a millisecond, a failing one takes
/// seconds.
const COMMIT_BUCKETS: [f64; 10] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0];

/// What is measured. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Measured>);

#[derive(Debug)]
struct Measured {
    registry: Registry,
    methods: BTreeSet<String>,
    calls: Family<CallLabels, Counter>,
    open: Family<MethodLabels, Gauge>,
    seconds: Family<MethodLabels, Histogram, fn() -> Histogram>,
    directory: OnceLock<Watched>,
    revision: Gauge,
    oldest_revision: Gauge,
    records: Gauge,
    ledger_bytes: Gauge,
    archive_bytes: Gauge,
    view_bytes: Gauge,
    audit_bytes: Gauge,
    unverified: Gauge,
    overdue: Gauge,
    oldest_verification: Gauge,
    commits: Histogram,
    tls: OnceLock<Tls>,
    expiries: Family<FileLabels, Gauge>,
}

/// What is measured anew at each fetch.
#[derive(Debug)]
struct Watched {
    directory: Arc<Directory>,
    folder: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    method: String,
    code: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MethodLabels {
    method: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FileLabels {
    file: &'static str,
}

impl Metrics {
    /// Nothing measured yet.
    ///
    /// # Errors
    /// [`grpc::RulesError`] if the contract cannot be read.
    pub(super) fn new() -> Result<Self, grpc::RulesError> {
        let mut registry = Registry::with_prefix("crisisgids");
        let calls = Family::<CallLabels, Counter>::default();
        registry.register("calls", "Calls that ended, refusals included", calls.clone());
        let open = Family::<MethodLabels, Gauge>::default();
        registry.register("open_calls", "Calls that have not ended, those who watch health among them", open.clone());
        let histogram: fn() -> Histogram = || Histogram::new(BUCKETS);
        let seconds = Family::new_with_constructor(histogram);
        registry.register("call_seconds", "How long calls took, in seconds", seconds.clone());
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let revision = gauge("revision", "The revision of the directory");
        let oldest_revision = gauge("oldest_revision", "The oldest revision whose change is kept");
        let records = gauge("records", "How many records there are");
        let ledger_bytes = gauge("ledger_bytes", "What the ledger takes on disk");
        let archive_bytes = gauge("archive_bytes", "What the archive of the ledger takes on disk");
        let view_bytes = gauge("view_bytes", "What sled takes on disk");
        let audit_bytes = gauge("audit_bytes", "What the audit trail takes on disk");
        let unverified = gauge("channels_unverified", "Channels with a value that nobody verified");
        let overdue = gauge("channels_overdue", "Channels verified more than twelve months ago");
        let oldest_verification =
            gauge("oldest_verification_seconds", "How long ago the channel was verified that was verified longest ago");
        let commits = Histogram::new(COMMIT_BUCKETS);
        let help = "How long the store took to make a group of writes durable, its sync included, in seconds";
        registry.register("commit_seconds", help, commits.clone());
        let expiries = Family::<FileLabels, Gauge>::default();
        let help = "When the first certificate of a file ends, in seconds since 1970";
        registry.register("certificate_expiry_timestamp_seconds", help, expiries.clone());
        let methods = grpc::methods()?;
        let directory = OnceLock::new();
        Ok(Metrics(Arc::new(Measured {
            registry,
            methods,
            calls,
            open,
            seconds,
            directory,
            revision,
            oldest_revision,
            records,
            ledger_bytes,
            archive_bytes,
            view_bytes,
            audit_bytes,
            unverified,
            overdue,
            oldest_verification,
            commits,
            tls: OnceLock::new(),
            expiries,
        })))
    }

    /// From here on this directory is measured too, and what lies in its folder if it has one.
    pub fn watch(&self, directory: Arc<Directory>, folder: Option<PathBuf>) {
        let commits = self.0.commits.clone();
        directory.observe_commits(move |took| commits.observe(took.as_secs_f64()));
        // A server has one directory, once.
        let _ = self.0.directory.set(Watched { directory, folder });
    }

    /// From here on it is told when these certificates end.
    pub(super) fn watch_certificates(&self, tls: Tls) {
        // A server has one set of certificates, whatever is in it.
        let _ = self.0.tls.set(tls);
    }

    /// A call has begun; [`Metrics::ended`] follows.
    pub(super) fn begun(&self, path: &str) {
        self.0.open.get_or_create(&self.label(path)).inc();
    }

    /// A call has ended.
    pub(super) fn ended(&self, path: &str, code: &str, took: Duration) {
        let labels = self.label(path);
        self.0.open.get_or_create(&labels).dec();
        self.0.seconds.get_or_create(&labels).observe(took.as_secs_f64());
        self.0.calls.get_or_create(&CallLabels { method: labels.method, code: code.to_owned() }).inc();
    }

    fn label(&self, path: &str) -> MethodLabels {
        let known = path.strip_prefix("/crisisgids.v1.").filter(|method| self.0.methods.contains(*method));
        let word = match known {
            Some(method) => method,
            None if path.starts_with("/grpc.health.") => "health",
            None if path.starts_with("/grpc.reflection.") => "reflection",
            None => "other",
        };
        MethodLabels { method: word.to_owned() }
    }

    /// Answers on a listener until the future is dropped.
    pub(super) async fn serve(self, listener: TcpListener) {
        let routes = Router::new().route("/metrics", get(move || self.clone().fetched()));
        if let Err(error) = axum::serve(listener, routes).await {
            tracing::error!(%error, "measurements are no longer served");
        }
    }

    async fn fetched(self) -> Response {
        let text = tokio::task::spawn_blocking(move || self.text()).await;
        match text {
            Ok(Ok(text)) => {
                ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response()
            }
            Ok(Err(_)) | Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }

    fn text(&self) -> Result<String, std::fmt::Error> {
        if let Some(watched) = self.0.directory.get()
            && let Err(error) = self.0.look(watched)
        {
            tracing::error!(%error, "the directory cannot be measured");
        }
        for (held, at) in self.0.tls.get().map(Tls::expiries).unwrap_or_default() {
            let file = match held {
                CertificateFile::Certificate => "certificate",
                CertificateFile::ClientCa => "client_ca",
            };
            self.0.expiries.get_or_create(&FileLabels { file }).set(at.as_second());
        }
        let mut text = String::new();
        encode(&mut text, &self.0.registry)?;
        Ok(text)
    }
}

impl Measured {
    fn look(&self, Watched { directory, folder }: &Watched) -> Result<(), Error> {
        let permit = Permit::request(Principal::local(), Action::Read)?;
        let snapshot = directory.snapshot(&permit)?;
        self.revision.set(number(snapshot.revision().0));
        self.oldest_revision.set(number(directory.history_begins_after(&permit)?.next().0));
        self.records.set(number(snapshot.iter().count()));
        let now = Timestamp::now();
        let today = TimeZone::UTC.to_datetime(now).date();
        let (mut unverified, mut overdue, mut oldest) = (0_i64, 0_i64, today);
        let channels = snapshot.all::<Contact>().flat_map(|contact| &contact.channels);
        for channel in channels.filter(|channel| !channel.placeholder) {
            match channel.verified_date {
                None => unverified = unverified.saturating_add(1),
                Some(date) => {
                    let is_overdue = red_from(date.0).is_some_and(|from| from <= now);
                    overdue = overdue.saturating_add(is_overdue.into());
                    oldest = oldest.min(date.0);
                }
            }
        }
        self.unverified.set(unverified);
        self.overdue.set(overdue);
        self.oldest_verification.set(today.duration_since(oldest).as_secs());
        if let Some(folder) = folder {
            self.ledger_bytes.set(number(size(folder, &["ledger", "checkpoint"])));
            self.archive_bytes.set(number(size(&folder.join("archive"), &[""])));
            self.view_bytes.set(number(size(&folder.join("sled"), &[""])));
            self.audit_bytes.set(number(size(folder, &["audit"])));
        }
        Ok(())
    }
}

/// What the files in a folder take whose names begin with one of these; what cannot be read counts for nothing.
fn size(folder: &Path, beginnings: &[&str]) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let wanted = entries.filter(|entry| {
        let name = entry.file_name();
        beginnings.iter().any(|beginning| name.to_string_lossy().starts_with(beginning))
    });
    let sizes = wanted.filter_map(|entry| entry.metadata().ok());
    sizes.filter(std::fs::Metadata::is_file).map(|file| file.len()).fold(0, u64::saturating_add)
}

fn number(of: impl TryInto<i64>) -> i64 {
    of.try_into().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_method_and_code_and_no_caller_makes_a_label() {
        let metrics = Metrics::new().unwrap();
        for path in ["/crisisgids.v1.AreaService/GetArea", "/grpc.health.v1.Health/Check", "/evil/1", "/evil/2"] {
            metrics.ended(path, "OK", Duration::from_millis(3));
        }
        metrics.ended("/crisisgids.v1.AreaService/GetArea", "NOT_FOUND", Duration::from_millis(3));
        let text = metrics.text().unwrap();
        for line in [
            "crisisgids_calls_total{method=\"AreaService/GetArea\",code=\"OK\"} 1",
            "crisisgids_calls_total{method=\"AreaService/GetArea\",code=\"NOT_FOUND\"} 1",
            "crisisgids_calls_total{method=\"health\",code=\"OK\"} 1",
            "crisisgids_calls_total{method=\"other\",code=\"OK\"} 2",
            "crisisgids_call_seconds_bucket{le=\"0.005\",method=\"other\"} 2",
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
        assert!(!text.contains("evil"));
    }
}
