//! The audit trail, verified and listed.
//!
//! **Invariants.** It is read as it lies on this disk, whether a server writes it or not, and never changed.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde_json::json;

use super::Failure;
use super::settings::Settings;
use crate::audit::{self, Entry, Error, Read};

/// The commands about the audit trail.
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Prove that no line of the trail was changed or taken from between
    #[command(after_help = "\
The hash is that of the last line. Keep it elsewhere: it proves later that no line was taken from the end.

Exit codes: 0 whole, 6 changed.

Example:
  crisisgids audit verify --data-dir /var/lib/crisisgids")]
    Verify(Where),
    /// List who was given confidential values, oldest first
    #[command(after_help = "\
Examples:
  crisisgids audit list --data-dir /var/lib/crisisgids --actor centre
  crisisgids audit list --break-glass-only -o json")]
    List {
        #[command(flatten)]
        at: Where,
        /// Only of this principal
        #[arg(long)]
        actor: Option<String>,
        /// Only calls in which the glass was broken
        #[arg(long)]
        break_glass_only: bool,
    },
}

/// Where the trail is.
#[derive(Debug, Args)]
pub(super) struct Where {
    /// The folder that holds the directory
    #[arg(long, value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,
}

impl Where {
    fn file(&self) -> PathBuf {
        self.data_dir.join(audit::FILE)
    }
}

impl Audit {
    pub(super) fn run(&self, settings: &Settings) -> Result<(), Failure> {
        match self {
            Audit::Verify(at) => verify(settings, at),
            Audit::List { at, actor, break_glass_only } => list(settings, at, actor.as_deref(), *break_glass_only),
        }
    }
}

fn verify(settings: &Settings, at: &Where) -> Result<(), Failure> {
    let found = audit::verify(&at.file()).map_err(failure)?;
    let answer = json!({"lines": found.lines, "lost": found.lost, "hash": found.hash, "lastLineCutShort": found.torn});
    settings.show_json(&answer, |_| {
        let lost =
            if found.lost > 0 { format!("; {} could not be kept when they came", found.lost) } else { String::new() };
        let torn = if found.torn { "; the last one was cut short" } else { "" };
        vec![format!("whole: {} lines{lost}{torn}", found.lines), format!("hash {}", found.hash)]
    })
}

fn list(settings: &Settings, at: &Where, actor: Option<&str>, break_glass_only: bool) -> Result<(), Failure> {
    let mut entries = audit::list(&at.file()).map_err(failure)?;
    entries.retain(|entry| match entry {
        Entry::Read(read) => {
            actor.is_none_or(|actor| read.actor == actor) && (!break_glass_only || read.break_glass.is_some())
        }
        Entry::Lost { .. } | Entry::Torn { .. } => true,
    });
    let answer = serde_json::to_value(&entries).map_err(|error| Failure::Failed(anyhow!(error)))?;
    settings.show_json(&json!({"entries": answer}), |_| entries.iter().map(line).collect())
}

fn line(entry: &Entry) -> String {
    match entry {
        Entry::Read(Read { time, actor, origin, method, objects, result, break_glass }) => {
            let why = break_glass.as_ref().map(|why| format!("  GLASS BROKEN: {why}")).unwrap_or_default();
            format!("{time:.0}  {actor}  {origin}  {method}  {result}  {}{why}", objects.join(" "))
        }
        Entry::Lost { time, count } => format!("{time:.0}  {count} lines could not be kept"),
        Entry::Torn { time } => format!("{time:.0}  a line was cut short when the server ended, and is gone"),
    }
}

fn failure(error: Error) -> Failure {
    match error {
        Error::Changed { .. } => Failure::Damaged(error.into()),
        Error::Unavailable { .. } => Failure::Refused(error.into()),
    }
}
