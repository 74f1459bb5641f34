//! TLS: certificates from files, changed while the server runs, and the names in the certificate of a client.
//!
//! **Invariants.** A handshake uses what was loaded last; connections that are open stay. A client certificate is asked
//! for where an authority for clients is named, and verified against it; a client without one is let in, to
//! authenticate by a token. Keys are never logged.

use std::io;
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;

use crate::config;

/// Why certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file is absent, or holds no such thing.
    #[error("{file}: {problem}")]
    File {
        /// Which.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// They do not belong together, or cannot be used for TLS.
    #[error("the certificate, its key and the authority for clients cannot be used: {0}")]
    Unusable(String),
}

/// What handshakes are made with. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Tls(Arc<ArcSwap<Loaded>>);

#[derive(Debug)]
struct Loaded {
    config: Arc<ServerConfig>,
    expiries: Vec<(CertificateFile, Timestamp)>,
}

/// A file of certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CertificateFile {
    /// The server's own.
    Certificate,
    /// Those of the authority for clients.
    ClientCa,
}

/// How long before a certificate ends it is said: time to have another one made. `config/alerts.yml` has the same.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

impl Tls {
    /// Loads the files that the settings name.
    pub(super) fn load(settings: &config::Tls) -> Result<Self, Error> {
        Ok(Tls(Arc::new(ArcSwap::new(Arc::new(loaded(settings)?)))))
    }

    /// Handshakes from here on use what the files hold now.
    ///
    /// # Errors
    /// [`Error`]; then they go on with what was loaded before.
    pub(super) fn reload(&self, settings: &config::Tls) -> Result<(), Error> {
        self.0.store(Arc::new(loaded(settings)?));
        Ok(())
    }

    /// When the first certificate of each file ends.
    pub(super) fn expiries(&self) -> Vec<(CertificateFile, Timestamp)> {
        self.0.load().expiries.clone()
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        TlsAcceptor::from(self.0.load().config.clone()).accept(stream).await
    }
}

fn loaded(settings: &config::Tls) -> Result<Loaded, Error> {
    let mut expiries = Vec::new();
    let unusable = |error: &dyn std::fmt::Display| Error::Unusable(error.to_string());
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?;
    let builder = match &settings.client_ca {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            let held = certificates(authority)?;
            expiries.extend(first_expiry(&held, authority).map(|at| (CertificateFile::ClientCa, at)));
            for certificate in held {
                roots.add(certificate).map_err(|error| unusable(&error))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let verifier = verifier.allow_unauthenticated().build().map_err(|error| unusable(&error))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let key = PrivateKeyDer::from_pem_file(&settings.key).map_err(|error| fault(&settings.key, &error))?;
    let chain = certificates(&settings.certificate)?;
    expiries.extend(first_expiry(&chain, &settings.certificate).map(|at| (CertificateFile::Certificate, at)));
    let mut config = builder.with_single_cert(chain, key).map_err(|error: rustls::Error| unusable(&error))?;
    // gRPC speaks HTTP/2; browsers come with gRPC-Web over either.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Loaded { config: Arc::new(config), expiries })
}

/// When the first of these ends, if that can be read; said if it is soon.
fn first_expiry(certificates: &[CertificateDer<'_>], file: &Path) -> Option<Timestamp> {
    let first = certificates.iter().filter_map(expiry).min()?;
    if first <= Timestamp::now().checked_add(SOON).ok()? {
        tracing::warn!(file = %file.display(), until = %first, "a certificate ends soon, or has ended");
    }
    Some(first)
}

fn expiry(certificate: &CertificateDer<'_>) -> Option<Timestamp> {
    let (_, read) = x509_parser::parse_x509_certificate(certificate).ok()?;
    Timestamp::from_second(read.validity().not_after.timestamp()).ok()
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let read = read.map_err(|error| fault(file, &error))?;
    if read.is_empty() {
        return Err(fault(file, &"holds no certificate"));
    }
    Ok(read)
}

fn fault(file: &Path, problem: &dyn std::fmt::Display) -> Error {
    Error::File { file: file.display().to_string(), problem: problem.to_string() }
}

/// The names in the certificate of the client, which the handshake has verified.
pub(super) fn names(stream: &TlsStream<TcpStream>) -> Arc<[String]> {
    let (_, connection) = stream.get_ref();
    connection.peer_certificates().and_then(<[_]>::first).map_or_else(|| Arc::from([]), names_in)
}

fn names_in(certificate: &CertificateDer<'_>) -> Arc<[String]> {
    let Ok(certificate) = webpki::EndEntityCert::try_from(certificate) else { return Arc::from([]) };
    let hosts = certificate.valid_dns_names().map(|name| format!("DNS:{name}"));
    hosts.chain(certificate.valid_uri_names().map(|name| format!("URI:{name}"))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, SanType};

    use super::*;
    use crate::domain::spoilt::spoilt;

    /// A certificate of a host and of an address.
    fn certificate() -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["centre.example".to_owned()]).unwrap();
        params.subject_alt_names.push(SanType::URI("spiffe://example/office".try_into().unwrap()));
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn a_certificate_says_when_it_ends() {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.not_after = rcgen::date_time_ymd(2027, 3, 1);
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let ends = Some("2027-03-01T00:00:00Z".parse().unwrap());
        assert_eq!(expiry(certificate.der()), ends);
        let later = CertificateDer::from(self::certificate());
        assert_eq!(first_expiry(&[later, certificate.der().clone()], folder.path()), ends);
        assert_eq!(first_expiry(&[CertificateDer::from(vec![0x30])], folder.path()), None);
    }

    #[test]
    fn the_names_of_a_certificate_are_its_hosts_and_addresses() {
        let names = names_in(&CertificateDer::from(certificate()));
        assert_eq!(names[..], ["DNS:centre.example", "URI:spiffe://example/office"]);
        assert!(names_in(&CertificateDer::from(vec![0x30])).is_empty());
    }

    proptest! {
        #[test]
        fn no_input_makes_a_certificate_panic(bytes in spoilt(vec![certificate()])) {
            let spoilt = CertificateDer::from(bytes);
            let (names, _) = (names_in(&spoilt), expiry(&spoilt));
            prop_assert!(names.iter().all(|name| name.starts_with("DNS:") || name.starts_with("URI:")));
        }
    }
}
