//! What holds for every command that asks: where the directory is, in what form and language to answer, about when.
//!
//! **Invariants.** A time without an offset is civil time of Europe/Amsterdam. Colour is for terminals only, and for
//! none if `NO_COLOR` is set.

use std::ffi::OsStr;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use prost_types::Timestamp as Stamp;
use serde_json::Value;

use super::failure::Failure;
use super::output::json;
use super::output::paper::Paper;
use super::output::view::View;
use crate::client::{self, Client, Secret, Trust};
use crate::config::Interval;
use crate::domain::text::Language;
use crate::domain::validity::Moment;

/// The columns where there is no terminal to ask.
const WIDTH: usize = 80;
/// Below this, columns are of no use.
const NARROWEST: usize = 40;

/// In what form to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Text for people
    Table,
    /// The canonical JSON of the contract's messages; errors too
    Json,
}

impl Format {
    /// The form that these arguments ask for, even where they cannot be parsed.
    pub(super) fn wanted(words: &[String]) -> Format {
        let mut after = words.iter().skip(1);
        let json = words.iter().any(|word| {
            let next = after.next().map(String::as_str);
            let value = match word.as_str() {
                "-o" | "--output" => next,
                word => word.strip_prefix("--output=").or_else(|| word.strip_prefix("-o")),
            };
            value.is_some_and(|value| value.trim_start_matches('=') == "json")
        });
        if json { Format::Json } else { Format::Table }
    }
}

/// What holds for every command that asks.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command that asks")]
pub(super) struct Settings {
    /// In what form to answer
    #[arg(short, long, global = true, value_enum, default_value = "table", value_name = "FORM")]
    pub(super) output: Format,

    /// About when: 2027-01-01, 2027-01-01T03:10 (Europe/Amsterdam) or 2027-01-01T02:10:00Z [default: now]
    #[arg(long, global = true, value_name = "TIME", value_parser = parse_time)]
    pub(super) at: Option<Timestamp>,

    /// In which language to answer: nl or en
    #[arg(long, global = true, value_name = "LANG", default_value = "nl", value_parser = parse_language)]
    lang: Language,

    /// Where the directory is; several of one directory separated by commas
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "CRISISGIDS_ENDPOINT",
        default_value = "http://127.0.0.1:50051"
    )]
    endpoint: String,

    /// A file with the token to call with
    #[arg(long, global = true, value_name = "FILE", env = "CRISISGIDS_TOKEN_FILE")]
    token_file: Option<PathBuf>,

    /// A file with the authorities that servers' certificates come from, in PEM: for https
    #[arg(long, global = true, value_name = "FILE", env = "CRISISGIDS_CA")]
    ca: Option<PathBuf>,

    /// A file with the certificate to call with, in PEM
    #[arg(long, global = true, value_name = "FILE", env = "CRISISGIDS_CERTIFICATE", requires = "key")]
    certificate: Option<PathBuf>,

    /// A file with the key of that certificate, in PEM
    #[arg(long, global = true, value_name = "FILE", env = "CRISISGIDS_KEY", requires = "certificate")]
    key: Option<PathBuf>,

    /// See confidential values too, where the office allows it in need, and say why: it is noted
    #[arg(long, global = true, value_name = "REASON")]
    break_glass: Option<String>,

    /// How long a call may take, such as 500ms or 10s [default: 5s, import and export 60s]
    #[arg(long, global = true, value_name = "PERIOD")]
    timeout: Option<Interval>,
}

impl Settings {
    /// The asker's language.
    pub(super) fn language(&self) -> Language {
        self.lang
    }

    /// The asker's language as requests carry it.
    pub(super) fn language_code(&self) -> String {
        self.lang.code().to_owned()
    }

    /// The time asked about, as requests carry it.
    pub(super) fn effective_time(&self) -> Option<Stamp> {
        self.at.map(|at| Stamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() })
    }

    /// Connects, and does this.
    pub(super) fn run<T>(&self, work: impl AsyncFnOnce(Client) -> Result<T, Failure>) -> Result<T, Failure> {
        let mut settings = client::Settings::from(self.endpoint.as_str());
        if let Some(timeout) = self.timeout.map(Interval::duration) {
            (settings.deadline, settings.transfer_deadline) = (timeout, timeout);
            settings.connect_timeout = settings.connect_timeout.min(timeout);
        }
        settings.token = self.token_file.as_deref().map(read).transpose()?.map(Secret);
        settings.break_glass.clone_from(&self.break_glass);
        if let Some(authorities) = self.ca.as_deref().map(read).transpose()? {
            let certificate = match (&self.certificate, &self.key) {
                (Some(certificate), Some(key)) => Some((read(certificate)?, Secret(read(key)?))),
                (Some(_), None) | (None, _) => None,
            };
            settings.tls = Some(Trust { authorities, certificate });
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async { work(Client::connect(settings).await?).await })
    }

    /// How answers are shown.
    pub(super) fn view(&self) -> View {
        // A shell or a pipe that knows better than the terminal says so in COLUMNS.
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let paper = paper(
            columns.or_else(|| terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| width.0)),
            std::io::stdout().is_terminal(),
            std::env::var_os("NO_COLOR").as_deref(),
        );
        View { language: self.lang, paper, all: false, compared: None }
    }

    /// Prints an answer in the form asked for.
    pub(super) fn show<M: prost::Message>(
        &self,
        name: &str,
        message: &M,
        lines: impl FnOnce(&M) -> Vec<String>,
    ) -> Result<(), Failure> {
        match self.output {
            Format::Json => self.show_json(&json::message(name, message)?, |_| Vec::new()),
            Format::Table => print(format!("{}\n", lines(message).join("\n")).as_bytes()),
        }
    }

    /// Prints what is JSON already in the form asked for.
    pub(super) fn show_json(&self, answer: &Value, lines: impl FnOnce(&Value) -> Vec<String>) -> Result<(), Failure> {
        let text = match self.output {
            Format::Json => serde_json::to_string_pretty(answer)?,
            Format::Table => lines(answer).join("\n"),
        };
        print(format!("{text}\n").as_bytes())
    }
}

fn paper(width: Option<u16>, terminal: bool, no_color: Option<&OsStr>) -> Paper {
    Paper {
        width: width.map_or(WIDTH, |width| usize::from(width).max(NARROWEST)),
        colour: terminal && no_color.is_none_or(OsStr::is_empty),
    }
}

/// A small file that says how to call.
fn read(file: &Path) -> Result<String, Failure> {
    let read = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()));
    read.map_err(Failure::Usage)
}

/// Writes to standard output; a reader that has seen enough is no failure.
pub(super) fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    match output.write_all(bytes).and_then(|()| output.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn parse_language(code: &str) -> Result<Language, String> {
    Language::from_code(code).ok_or_else(|| format!("'{code}' is neither nl nor en"))
}

fn parse_time(text: &str) -> Result<Timestamp, String> {
    // A person may write a space for the T.
    let written = text.trim().replacen(' ', "T", 1);
    if let Ok(timestamp) = written.parse::<Timestamp>() {
        return Ok(timestamp);
    }
    let moment = Moment::parse(&written);
    moment.map(Moment::instant).map_err(|fault| format!("{}, nor a time with an offset", fault.message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_an_offset_is_that_of_the_region() {
        let instant: Timestamp = "2026-11-23T02:10:00Z".parse().unwrap();
        for text in ["2026-11-23T03:10", "2026-11-23 03:10", "2026-11-23T02:10:00Z", "2026-11-23T03:10:00+01:00"] {
            assert_eq!(parse_time(text), Ok(instant), "{text}");
        }
        let summer: Timestamp = "2026-06-30T22:00:00Z".parse().unwrap();
        assert_eq!(parse_time("2026-07-01"), Ok(summer));
        assert!(parse_time("morgen").is_err());
    }

    #[test]
    fn json_is_recognised_before_the_arguments_are_understood() {
        let wanted = |line: &str| Format::wanted(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        for line in ["x -o json", "x --output json", "x --output=json y", "x -ojson", "x -o=json --bad"] {
            assert_eq!(wanted(line), Format::Json, "{line}");
        }
        assert_eq!(wanted("x who-acts json -o table"), Format::Table);
    }

    #[test]
    fn colour_is_for_terminals_and_only_without_no_color() {
        assert!(paper(Some(120), true, None).colour);
        assert!(!paper(Some(120), true, Some(OsStr::new("1"))).colour);
        assert!(!paper(None, false, None).colour);
        assert_eq!(paper(None, false, None).width, 80);
    }
}
