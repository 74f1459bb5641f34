//! Logging: where events go and in what form.
//!
//! **Invariants.** Everything goes to standard error, because standard output belongs to answers. Text has colours
//! only on a terminal. A panic is logged like any other event, so that a collector sees it. No event carries the
//! payload of a call: contacts are personal data.

use std::io::{IsTerminal, stderr};
use std::panic;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::config::{Log, LogFormat};

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `log.filter` cannot be read.
    #[error("log.filter cannot be read: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// This process logs already.
    #[error("logging was set up before: {0}")]
    SetUpBefore(#[from] TryInitError),
}

/// Sets up logging for the whole process. To be called once, by the program, never by the library.
///
/// # Errors
/// [`Error`]; a valid configuration and a first call give none.
pub fn init(log: &Log) -> Result<(), Error> {
    let filter = EnvFilter::builder().parse(&log.filter)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    match log.format {
        LogFormat::Text => builder.with_ansi(stderr().is_terminal()).finish().try_init()?,
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init()?,
    }
    panic::set_hook(Box::new(|info| {
        let location = info.location().map(ToString::to_string);
        tracing::error!(location, cause = info.payload_as_str(), "panic");
    }));
    Ok(())
}
