//! Where the directory is, and how long to wait for it.
//!
//! **Invariants.** An address, a token or a key that cannot be used is refused before anything is sent. A token goes over
//! TLS or to this machine, and nowhere else.

use std::time::Duration;

use http::Uri;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use super::Error;
use super::error::innermost;

/// Where the directory is, and how long to wait for it.
///
/// ```
/// use crisisgids::client::Settings;
///
/// let settings = Settings::from("10.0.0.1:50051, 10.0.0.2:50051");
/// assert_eq!(settings.endpoints, ["10.0.0.1:50051", "10.0.0.2:50051"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Servers of one and the same directory, as `http://host:port`, `host:port`, or
    /// `unix:/path` for the socket file of a server on this machine. Tried in this order, the next
    /// one if nothing listens or it answers UNAVAILABLE; a call begins with the one that answered last.
    pub endpoints: Vec<String>,
    /// The language of refusals, and of answers to questions that state none, as a BCP-47 code: `nl` or `en`. Empty
    /// leaves it to the server, which takes `nl`.
    pub language_code: String,
    /// How long a call may take, all its attempts together. The server is told.
    pub deadline: Duration,
    /// How long an import or export may take.
    pub transfer_deadline: Duration,
    /// How long to wait for a connection before the next endpoint is tried.
    pub connect_timeout: Duration,
    /// How often to go through all endpoints before giving up; at least once.
    pub rounds: u32,
    /// The wait before the second round; doubled for each one after it, up to [`Settings::longest_wait`], and
    /// shortened by up to a half by chance, so that many clients do not come back at once.
    pub first_wait: Duration,
    /// The longest wait between two rounds, unless the server asks for a longer one.
    pub longest_wait: Duration,
    /// The token to call with, if any. It is sent over TLS, or to this machine itself, and nowhere else.
    pub token: Option<Secret>,
    /// Why everything is to be seen, confidential or not, by a caller who may in need: each call is noted with it.
    pub break_glass: Option<String>,
    /// What `https` endpoints are trusted by.
    pub tls: Option<Trust>,
}

/// A text that is not shown when its owner is.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// What `https` endpoints are trusted by, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// The authorities whose certificates servers have.
    pub authorities: String,
    /// The caller's own certificate and its key, for a server that asks for one.
    pub certificate: Option<(String, Secret)>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            endpoints: vec!["http://127.0.0.1:50051".to_owned()],
            language_code: String::new(),
            deadline: Duration::from_secs(5),
            transfer_deadline: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(2),
            rounds: 4,
            first_wait: Duration::from_millis(100),
            longest_wait: Duration::from_secs(2),
            token: None,
            break_glass: None,
            tls: None,
        }
    }
}

impl From<&str> for Settings {
    /// The endpoints, separated by commas; everything else as by default.
    fn from(endpoints: &str) -> Self {
        let endpoints = endpoints.split(',').map(|endpoint| endpoint.trim().to_owned()).collect();
        Settings { endpoints, ..Settings::default() }
    }
}

impl From<String> for Settings {
    /// The same as from `&str`.
    fn from(endpoints: String) -> Self {
        Settings::from(endpoints.as_str())
    }
}

impl Settings {
    /// A transport per endpoint.
    pub(super) fn transports(&self) -> Result<Vec<(String, Endpoint)>, Error> {
        if self.endpoints.is_empty() {
            return Err(Error::Setting { problem: "no endpoint is given".to_owned() });
        }
        self.endpoints.iter().map(|endpoint| self.transport(endpoint)).collect()
    }

    /// What calls say of who makes them.
    pub(super) fn authorization(&self) -> Result<Option<AsciiMetadataValue>, Error> {
        let Some(Secret(token)) = &self.token else { return Ok(None) };
        let fault = |_| Error::Setting { problem: "the token is no token: it has letters that none has".to_owned() };
        let mut header: AsciiMetadataValue = format!("Bearer {}", token.trim()).parse().map_err(fault)?;
        header.set_sensitive(true);
        Ok(Some(header))
    }

    /// What calls say of why the glass is broken.
    pub(super) fn broken_glass(&self) -> Result<Option<AsciiMetadataValue>, Error> {
        let Some(reason) = &self.break_glass else { return Ok(None) };
        let fault = |_| Error::Setting { problem: "the reason to break the glass must stand on one line".to_owned() };
        reason.parse().map(Some).map_err(fault)
    }

    fn transport(&self, endpoint: &str) -> Result<(String, Endpoint), Error> {
        let fault = |problem: &str| Error::Address { endpoint: endpoint.to_owned(), problem: problem.to_owned() };
        if let Some(path) = endpoint.strip_prefix("unix:") {
            if path.trim_start_matches("//").is_empty() {
                return Err(fault("write unix:/path/of/the/socket"));
            }
            let transport = Endpoint::from_shared(endpoint.to_owned()).map_err(|error| fault(&error.to_string()))?;
            return Ok((endpoint.to_owned(), transport.connect_timeout(self.connect_timeout)));
        }
        let address = if endpoint.contains("://") { endpoint.to_owned() } else { format!("http://{endpoint}") };
        let uri: Uri = address.parse().map_err(|error: http::uri::InvalidUri| fault(&error.to_string()))?;
        let secure = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            Some(_) | None => return Err(fault("write http://host:port or https://host:port")),
        };
        if secure && self.tls.is_none() {
            return Err(fault("for https, name the authorities that its certificate comes from (--ca FILE)"));
        }
        let here = uri.host().is_some_and(|host| {
            let host = host.trim_matches(['[', ']']);
            host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        });
        if self.token.is_some() && !secure && !here {
            return Err(fault("a token would travel in the clear; call over https"));
        }
        if uri.port().is_none() {
            return Err(fault("the port is missing; write http://host:port"));
        }
        if !matches!(uri.path_and_query().map(|rest| rest.as_str()), None | Some("/")) {
            return Err(fault("an address ends with its port; write http://host:port"));
        }
        let transport = Endpoint::from(uri)
            .connect_timeout(self.connect_timeout)
            .tcp_nodelay(true)
            // A server that is gone without a word is noticed within a transfer, not after it.
            .http2_keep_alive_interval(Duration::from_secs(20))
            .keep_alive_timeout(Duration::from_secs(10));
        let Some(trust) = self.tls.as_ref().filter(|_| secure) else { return Ok((address, transport)) };
        let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&trust.authorities));
        if let Some((certificate, Secret(key))) = &trust.certificate {
            tls = tls.identity(Identity::from_pem(certificate, key));
        }
        if CertificateDer::pem_slice_iter(trust.authorities.as_bytes()).next().is_none() {
            let problem = "there is no certificate in the authorities to trust (--ca)".to_owned();
            return Err(Error::Setting { problem });
        }
        let transport = transport.tls_config(tls).map_err(|error| Error::Setting {
            problem: format!(
                "the certificate to call with and its key do not fit, or one cannot be used (--certificate, --key): {}",
                innermost(&error)
            ),
        })?;
        Ok((address, transport))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{MAX_REQUEST, MAX_RESPONSE};
    use super::*;
    use crate::config::Limits;

    #[test]
    fn the_sizes_are_those_of_the_server() {
        let limits = Limits::default();
        assert_eq!((MAX_REQUEST, MAX_RESPONSE), (limits.max_request_message.len(), limits.max_response_message.len()));
    }

    #[test]
    fn addresses_are_taken_with_and_without_a_scheme() {
        let settings = Settings::from("127.0.0.1:50051, http://meldkamer.example:80/,[::1]:50051");
        let addresses: Vec<String> = settings.transports().unwrap().into_iter().map(|(address, _)| address).collect();
        assert_eq!(addresses, ["http://127.0.0.1:50051", "http://meldkamer.example:80/", "http://[::1]:50051"]);
    }

    #[test]
    fn what_is_no_address_is_refused_with_a_way_out() {
        for (endpoint, hint) in [
            ("", "no address"),
            ("https://127.0.0.1:50051", "--ca FILE"),
            ("ftp://127.0.0.1:50051", "https://host:port"),
            ("127.0.0.1", "the port is missing"),
            ("http://127.0.0.1:50051/v1", "ends with its port"),
            ("not an address:1", "invalid"),
        ] {
            let error = Settings::from(endpoint).transports().unwrap_err();
            assert!(error.to_string().contains(hint), "{endpoint}: {error}");
        }
        assert!(Settings { endpoints: Vec::new(), ..Settings::default() }.transports().is_err());
    }

    #[test]
    fn what_calls_cannot_be_made_with_is_told_by_its_flag() {
        let broken = Settings { break_glass: Some("two\nlines".to_owned()), ..Settings::default() };
        assert!(broken.broken_glass().unwrap_err().to_string().contains("on one line"));
        let pem = |lines: &str| format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n");
        let with = |authorities: &str, certificate| {
            let trust = Trust { authorities: authorities.to_owned(), certificate };
            let settings = Settings { tls: Some(trust), ..Settings::from("https://127.0.0.1:1") };
            settings.transports().unwrap_err().to_string()
        };
        assert!(with("no certificate", None).contains("--ca"));
        let identity = Some((pem("AAAA"), Secret("no key".to_owned())));
        assert!(with(&pem("AAAA"), identity).contains("--certificate, --key"));
    }

    #[test]
    fn a_token_is_not_sent_in_the_clear_nor_shown() {
        let token = Some(Secret("a.secret".to_owned()));
        let to = |endpoint: &str| Settings { token: token.clone(), ..Settings::from(endpoint) };
        assert!(to("http://directory.example:1").transports().unwrap_err().to_string().contains("in the clear"));
        for here in ["http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1"] {
            assert!(to(here).transports().is_ok(), "{here}");
        }
        assert!(!format!("{:?}", to("http://127.0.0.1:1")).contains("secret"));
    }
}
