//! The layers of configuration, from weak to strong: compiled in, file, environment, flags.
//!
//! **Invariants.** A layer may leave out any key and may not invent one. Everything wrong is said at once, with the
//! key and the layer it came from. The environment and the flags are arguments, so that a test can say what they are.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use ::config::{ConfigError, Environment, File, FileFormat, Value, ValueKind};

use super::Config;

/// What every environment variable of ours begins with.
const PREFIX: &str = "CRISISGIDS_";

/// What stands between a section and a key in a variable: one underscore may be part of either.
const SEPARATOR: &str = "__";

/// What is laid over the defaults, from weak to strong.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    /// A TOML file.
    pub file: Option<PathBuf>,
    /// Environment variables, ours among others.
    pub environment: Vec<(String, String)>,
    /// Keys and values from the command line.
    pub flags: Vec<(&'static str, String)>,
}

/// What is wrong with one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingFault {
    /// Which, as in `config/default.toml`: `server.listen`.
    pub key: String,
    /// The file or the environment, where that is known.
    pub origin: Option<String>,
    /// What is wrong, and what would be right.
    pub problem: String,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file is absent or may not be read.
    #[error("the configuration cannot be read: {file}: {cause}")]
    NoFile {
        /// Which.
        file: String,
        /// Why not.
        #[source]
        cause: std::io::Error,
    },
    /// A file is not TOML.
    #[error("the configuration cannot be read: {0}")]
    Unreadable(#[from] ConfigError),
    /// Keys that do not exist or values that cannot be.
    #[error("the configuration is not valid:{}", listed(.0))]
    Invalid(Vec<SettingFault>),
}

impl Layers {
    /// The environment of this process. What is not Unicode cannot be a valid value and is read as well as it can be.
    pub fn with_process_environment(mut self) -> Self {
        let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        self.environment = std::env::vars_os().map(|(name, value)| (lossy(name), lossy(value))).collect();
        self
    }

    /// The variables that set a key. Others with our prefix (`CRISISGIDS_ENDPOINT`) belong to the client.
    fn variables(&self) -> impl Iterator<Item = (String, String)> {
        let ours = |name: &str| name.strip_prefix(PREFIX).is_some_and(|rest| rest.contains(SEPARATOR));
        self.environment.iter().filter(move |(name, _)| ours(name)).cloned()
    }

    /// A section and a key with a single underscore between them would be ignored, which is never meant.
    fn misspelt_variables(&self, sections: &BTreeSet<String>) -> Vec<SettingFault> {
        let misspelt = |name: &str| {
            let rest = name.strip_prefix(PREFIX)?.to_ascii_lowercase();
            let begins =
                |section: &&String| rest.strip_prefix(section.as_str()).is_some_and(|key| key.starts_with('_'));
            (!rest.contains(SEPARATOR)).then(|| sections.iter().find(begins).cloned()).flatten()
        };
        let fault = |name: &String, section: String| SettingFault {
            key: name.clone(),
            origin: Some("the environment".to_owned()),
            problem: format!(
                "two underscores stand between section and key: {PREFIX}{}{SEPARATOR}...",
                section.to_uppercase()
            ),
        };
        self.environment.iter().filter_map(|(name, _)| misspelt(name).map(|section| fault(name, section))).collect()
    }
}

impl Config {
    /// The defaults with the layers laid over them, valid.
    ///
    /// # Errors
    /// [`Error`], naming every faulty key at once.
    pub fn load(layers: &Layers) -> Result<Config, Error> {
        let defaults = defaults()?;
        let merged = merge(layers)?;
        let sections = defaults.cache.clone().into_table()?.into_keys().collect();
        let misspelt = layers.misspelt_variables(&sections);
        match merged.clone().try_deserialize::<Config>() {
            Ok(config) if misspelt.is_empty() && config.validate().is_ok() => Ok(config),
            Ok(_) => Err(Error::Invalid(with_every_fault(misspelt, &defaults, &merged, None))),
            Err(error) => Err(Error::Invalid(with_every_fault(misspelt, &defaults, &merged, Some(&error)))),
        }
    }
}

fn defaults() -> Result<::config::Config, ConfigError> {
    let source = File::from_str(include_str!("../../config/default.toml"), FileFormat::Toml);
    ::config::Config::builder().add_source(source).build()
}

fn merge(layers: &Layers) -> Result<::config::Config, Error> {
    let environment = Environment::with_prefix(PREFIX.trim_end_matches('_'))
        .prefix_separator("_")
        .separator(SEPARATOR)
        .ignore_empty(true)
        .try_parsing(true)
        .list_separator(",")
        .with_list_parse_key("server.cors_origins")
        .source(Some(layers.variables().collect()));
    let mut builder = ::config::Config::builder().add_source(defaults()?);
    if let Some(path) = &layers.file {
        // The library says neither which file nor that it is a folder.
        std::fs::read(path).map_err(|cause| Error::NoFile { file: path.display().to_string(), cause })?;
        builder = builder.add_source(File::from(path.as_path()).format(FileFormat::Toml).required(true));
    }
    builder = builder.add_source(environment);
    for (key, value) in &layers.flags {
        builder = builder.set_override(*key, value.as_str())?;
    }
    Ok(builder.build()?)
}

/// Every value that is not a section, with its key.
fn leaves(value: &Value, is_section: impl Fn(&str) -> bool) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), value.clone())];
    while let Some((path, value)) = open.pop() {
        if !path.is_empty() && !is_section(&path) {
            found.push((path, value));
        } else if let ValueKind::Table(table) = value.kind {
            open.extend(table.into_iter().map(|(key, value)| {
                let path = if path.is_empty() { key } else { format!("{path}.{key}") };
                (path, value)
            }));
        } else {
            found.push((path, value));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// Adds what is wrong with each value: each is tried alone among defaults, so that all of them are named, not only
/// the first. A section without defaults, such as `server.tls`, is tried as a whole. Those that can be read are then
/// held against each other.
fn with_every_fault(
    mut faults: Vec<SettingFault>,
    defaults: &::config::Config,
    merged: &::config::Config,
    error: Option<&ConfigError>,
) -> Vec<SettingFault> {
    let known = leaves(&defaults.cache, |_| true);
    let is_section = |path: &str| known.iter().any(|(key, _)| key.strip_prefix(path).is_some_and(is_inside));
    let mut readable = ::config::Config::builder().add_source(defaults.clone());
    let mut origins = Vec::new();
    for (key, value) in leaves(&merged.cache, is_section) {
        let origin = origin_of(&value);
        let tried = readable.clone().set_override(&key, value.clone());
        let alone = ::config::Config::builder().add_source(defaults.clone()).set_override(&key, value.clone());
        match alone.and_then(|alone| alone.build()?.try_deserialize::<Config>()).and(tried) {
            Err(error) if is_unknown(&key, &error) => {
                let problem = "there is no such key".to_owned();
                let each = keys_of(&key, &value).into_iter();
                faults.extend(each.map(|key| SettingFault { key, origin: origin.clone(), problem: problem.clone() }));
            }
            Err(error) => faults.push(SettingFault { key, origin, problem: cause(&error) }),
            Ok(more) => {
                readable = more;
                origins.push((key, origin));
            }
        }
    }
    let readable = readable.build().and_then(::config::Config::try_deserialize::<Config>);
    let found = readable.map(|config| config.validate().err().unwrap_or_default()).unwrap_or_default();
    faults.extend(found.into_iter().map(|fault| {
        let from = origins
            .iter()
            .find(|(key, _)| fault.key.strip_prefix(key).is_some_and(|rest| rest.is_empty() || is_inside(rest)));
        SettingFault { origin: from.and_then(|(_, origin)| origin.clone()), ..fault }
    }));
    faults.sort_by(|one, other| one.key.cmp(&other.key));
    // A value where a section belongs is no leaf of any known section.
    if faults.is_empty() {
        let problem = error.map_or_else(|| "the values do not go together".to_owned(), cause);
        faults.push(SettingFault { key: "(all)".to_owned(), origin: None, problem });
    }
    faults
}

/// Whether the rest of a key says that it lies inside a section.
fn is_inside(rest: &str) -> bool {
    rest.starts_with('.')
}

/// The layer that a value came from; of a section, that of the first value in it.
fn origin_of(value: &Value) -> Option<String> {
    let own = value.origin().map(str::to_owned);
    own.or_else(|| leaves(value, |_| true).iter().find_map(|(_, inner)| inner.origin().map(str::to_owned)))
}

/// The key of a value, or the keys of all that is in a section.
fn keys_of(key: &str, value: &Value) -> Vec<String> {
    if !matches!(value.kind, ValueKind::Table(_)) {
        return vec![key.to_owned()];
    }
    leaves(value, |_| true).into_iter().map(|(inner, _)| format!("{key}.{inner}")).collect()
}

/// Whether an error says that there is no such key.
fn is_unknown(key: &str, error: &ConfigError) -> bool {
    let last = key.rsplit('.').next().unwrap_or(key);
    cause(error).starts_with(&format!("unknown field `{last}`"))
}

/// What is wrong, without the key and origin that the fault already has.
fn cause(error: &ConfigError) -> String {
    if let ConfigError::At { error, .. } = error {
        cause(error)
    } else if let ConfigError::Type { unexpected, expected, .. } = error {
        format!("{unexpected} is not {expected}")
    } else {
        error.to_string()
    }
}

fn listed(faults: &[SettingFault]) -> String {
    faults.iter().map(|fault| format!("\n  {fault}")).collect()
}

impl fmt::Display for SettingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Some(origin) => write!(f, "{} (from {origin}): {}", self.key, self.problem),
            None => write!(f, "{}: {}", self.key, self.problem),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Interval, LogFormat};
    use super::*;
    use crate::domain::spoilt::{cases, spoilt_text};

    fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("crisisgids.toml");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    fn faults(layers: &Layers) -> Vec<SettingFault> {
        match Config::load(layers) {
            Err(Error::Invalid(faults)) => faults,
            other => panic!("expected faults, got {other:?}"),
        }
    }

    #[test]
    fn the_compiled_in_file_equals_the_defaults_in_code() {
        assert_eq!(Config::load(&Layers::default()).unwrap(), Config::default());
    }

    #[test]
    fn a_dump_loads_again_as_the_same_configuration() {
        let (_folder, path) = file(&Config::default().dump().unwrap());
        let layers = Layers { file: Some(path), ..Layers::default() };
        assert_eq!(Config::load(&layers).unwrap(), Config::default());
    }

    #[test]
    fn what_is_kept_measured_or_trusted_beyond_its_limits_is_refused_by_name() {
        let jwt = "[server.jwt]\nissuer = \"\"\naudience = \"a\"\njwks_file = \"j\"\nclock_skew = \"301s\"\n";
        for (text, wanted) in [
            (
                "[store]\nkeep_history = \"47h\"\nsegment_size = \"63KiB\"\n",
                vec!["store.keep_history", "store.segment_size"],
            ),
            ("[store]\nkeep_history = \"2d\"\nsegment_size = \"257MiB\"\n", vec!["store.segment_size"]),
            ("[server]\nmetrics_listen = \"0.0.0.0:9464\"\n", vec!["server.metrics_listen"]),
            (jwt, vec!["server.jwt", "server.jwt", "server.jwt.clock_skew"]),
        ] {
            let (_folder, path) = file(text);
            let found = faults(&Layers { file: Some(path), ..Layers::default() });
            assert_eq!(found.iter().map(|fault| fault.key.as_str()).collect::<Vec<_>>(), wanted, "{text}: {found:?}");
        }
        // A fault elsewhere leaves what is right alone, also where the defaults have no such key.
        let right = "[server]\naccess_file = \"a\"\nsocket = \"s\"\ndrain_timeout = \"soon\"\n[server.jwt]\nissuer = \"i\"\n\
                     audience = \"a\"\njwks_file = \"j\"\n[server.tls]\ncertificate = \"c\"\nkey = \"k\"\n";
        let (_folder, path) = file(right);
        let found = faults(&Layers { file: Some(path), ..Layers::default() });
        assert_eq!(found.iter().map(|fault| fault.key.as_str()).collect::<Vec<_>>(), ["server.drain_timeout"]);
        let (_folder, path) = file("[store]\nkeep_history = \"2d\"\nsegment_size = \"64KiB\"\n");
        assert!(Config::load(&Layers { file: Some(path), ..Layers::default() }).is_ok());
    }

    #[test]
    fn every_file_in_the_config_folder_loads() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
        let mut seen = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let loaded = Config::load(&Layers { file: Some(path.clone()), ..Layers::default() });
                assert!(loaded.is_ok(), "{}: {}", path.display(), loaded.unwrap_err());
                seen += 1;
            }
        }
        assert!(seen > 0);
    }

    #[test]
    fn flags_come_before_environment_before_file_before_defaults() {
        let (_folder, path) =
            file("[server]\nlisten = \"127.0.0.1:1\"\ndrain_timeout = \"1s\"\n[log]\nfilter = \"warn\"\n");
        let environment = variables(&[
            ("CRISISGIDS_SERVER__LISTEN", "127.0.0.1:2"),
            ("CRISISGIDS_SERVER__DRAIN_TIMEOUT", "2s"),
            ("CRISISGIDS_SERVER__LIMITS__MAX_CONCURRENT_STREAMS", "7"),
            ("CRISISGIDS_SERVER__CORS_ORIGINS", "https://a.example,http://localhost:8080"),
            ("CRISISGIDS_LOG__FORMAT", "json"),
        ]);
        let flags = vec![("server.listen", "127.0.0.1:3".to_owned())];
        let config = Config::load(&Layers { file: Some(path), environment, flags }).unwrap();
        assert_eq!(config.server.listen.port(), 3);
        assert_eq!(config.server.drain_timeout, Interval::from_secs(2));
        assert_eq!(config.log.filter, "warn");
        assert_eq!(config.log.format, LogFormat::Json);
        assert_eq!(config.server.limits.max_concurrent_streams.get(), 7);
        assert_eq!(config.server.cors_origins, ["https://a.example", "http://localhost:8080"]);
        assert_eq!(config.store, Config::default().store);
    }

    #[test]
    fn every_unknown_key_is_named_with_its_layer() {
        let (_folder, path) = file("[server]\nlisen = \"127.0.0.1:1\"\n[stoer]\ndata_dir = \"x\"\n");
        let environment = variables(&[("CRISISGIDS_LOG__FROMAT", "json")]);
        let found = faults(&Layers { file: Some(path), environment, flags: Vec::new() });
        let keys: Vec<_> = found.iter().map(|fault| fault.key.as_str()).collect();
        assert_eq!(keys, ["log.fromat", "server.lisen", "stoer.data_dir"]);
        assert_eq!(found[0].origin.as_deref(), Some("the environment"));
        assert!(found[1].origin.as_deref().unwrap().contains("crisisgids.toml"));
    }

    #[test]
    fn every_unreadable_value_is_named() {
        let environment = variables(&[
            ("CRISISGIDS_SERVER__LISTEN", "localhost"),
            ("CRISISGIDS_SERVER__DRAIN_TIMEOUT", "30"),
            ("CRISISGIDS_SERVER__LIMITS__STREAM_WINDOW", "big"),
            ("CRISISGIDS_SERVER__LIMITS__MAX_CONCURRENT_STREAMS", "0"),
            ("CRISISGIDS_LOG__FORMAT", "xml"),
        ]);
        let found = faults(&Layers { environment, ..Layers::default() });
        let keys: Vec<_> = found.iter().map(|fault| fault.key.as_str()).collect();
        assert_eq!(
            keys,
            [
                "log.format",
                "server.drain_timeout",
                "server.limits.max_concurrent_streams",
                "server.limits.stream_window",
                "server.listen"
            ]
        );
    }

    #[test]
    fn every_value_that_cannot_be_is_named() {
        let environment = variables(&[
            ("CRISISGIDS_SERVER__CORS_ORIGINS", "*"),
            ("CRISISGIDS_SERVER__LIMITS__KEEPALIVE_TIMEOUT", "0s"),
            ("CRISISGIDS_SERVER__LIMITS__MAX_REQUEST_MESSAGE", "1KiB"),
            ("CRISISGIDS_LOG__FILTER", "crisisgids=loud"),
        ]);
        let found = faults(&Layers { environment, ..Layers::default() });
        let keys: Vec<_> = found.iter().map(|fault| fault.key.as_str()).collect();
        assert_eq!(
            keys,
            [
                "log.filter",
                "server.cors_origins",
                "server.limits.keepalive_timeout",
                "server.limits.max_request_message"
            ]
        );
        assert!(found.iter().all(|fault| fault.origin.as_deref() == Some("the environment")));
    }

    #[test]
    fn faults_of_every_kind_are_named_together() {
        let environment = variables(&[
            ("CRISISGIDS_SERVER_LISTEN", "127.0.0.1:2"),
            ("CRISISGIDS_SERVER__LISEN", "127.0.0.1:2"),
            ("CRISISGIDS_SERVER__DRAIN_TIMEOUT", "soon"),
            ("CRISISGIDS_LOG__FILTER", "crisisgids=loud"),
        ]);
        let found = faults(&Layers { environment, ..Layers::default() });
        let keys: Vec<_> = found.iter().map(|fault| fault.key.as_str()).collect();
        assert_eq!(keys, ["CRISISGIDS_SERVER_LISTEN", "log.filter", "server.drain_timeout", "server.lisen"]);
    }

    #[test]
    fn a_variable_with_a_single_underscore_is_not_silently_ignored() {
        let environment = variables(&[("CRISISGIDS_SERVER_LISTEN", "127.0.0.1:2")]);
        let found = faults(&Layers { environment, ..Layers::default() });
        assert_eq!(found[0].key, "CRISISGIDS_SERVER_LISTEN");
    }

    #[test]
    fn variables_of_the_client_are_left_alone() {
        let environment = variables(&[("CRISISGIDS_ENDPOINT", "http://127.0.0.1:1"), ("PATH", "/bin")]);
        assert_eq!(Config::load(&Layers { environment, ..Layers::default() }).unwrap(), Config::default());
    }

    #[test]
    fn an_absent_file_is_an_error_that_names_it() {
        let layers = Layers { file: Some(PathBuf::from("/nowhere/crisisgids.toml")), ..Layers::default() };
        assert!(Config::load(&layers).unwrap_err().to_string().contains("/nowhere/crisisgids.toml"));
    }

    proptest::proptest! {
        #![proptest_config(cases(128))]
        #[test]
        fn no_input_makes_settings_panic(
            text in spoilt_text(&[include_str!("../../config/default.toml"), include_str!("../../config/production.toml")]),
            key in spoilt_text(&["CRISISGIDS_SERVER__LISTEN", "CRISISGIDS_STORE__KEEP_HISTORY"]),
            value in spoilt_text(&["127.0.0.1:0", "30s", "1MiB", "[\"a\"]"]),
        ) {
            let (_folder, path) = file(&text);
            let environment = vec![(key, value)];
            let _ = Config::load(&Layers { file: Some(path), environment, ..Layers::default() });
        }
    }
}
