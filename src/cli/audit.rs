//! The audit trail, verified and listed.
//!
//! **Invariants.** It is read as it lies on this disk, whether a server writes it or not, and never changed.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde_json::json;

use super::failure::Failure;
use super::settings::Settings;
use crate::audit::{self, Disclosure, Error, Line};

/// The commands about the audit trail.
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Prove that no line of the trail was changed or taken from between
    #[command(after_help = "\
The hash is that of the last line. Keep it elsewhere: it proves later that no line was taken from the end.

Exit codes: 0 whole; 6 changed, or a changed file that a server put aside is still there.

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

impl Audit {
    pub(super) fn run(&self, settings: &Settings) -> Result<(), Failure> {
        match self {
            Audit::Verify(at) => verify(settings, at),
            Audit::List { at, actor, break_glass_only } => list(settings, at, actor.as_deref(), *break_glass_only),
        }
    }
}

fn verify(settings: &Settings, at: &Where) -> Result<(), Failure> {
    let found = audit::follow(&at.data_dir, &mut drop).map_err(failure)?;
    let answer = json!({
        "files": found.files,
        "lines": found.lines,
        "lost": found.lost,
        "putAside": found.put_aside,
        "stillThere": found.aside,
        "from": found.from,
        "hash": found.hash,
        "lastLineCutShort": found.torn,
    });
    settings.show_json(&answer, |_| {
        let mut first = format!("whole: {} lines in {} files", found.lines, found.files);
        if found.lost > 0 {
            first.push_str(&format!("; {} could not be kept when they came", found.lost));
        }
        if found.put_aside > 0 {
            first.push_str(&format!("; {} times a changed file was put aside: see `audit list`", found.put_aside));
        }
        if found.torn {
            first.push_str("; the last one was cut short");
        }
        let from = found.from.as_ref().map(|from| format!("begins after hash {from}, whose file is kept elsewhere"));
        [first].into_iter().chain(from).chain([format!("hash {}", found.hash)]).collect()
    })?;
    match found.aside.first() {
        None => Ok(()),
        Some(file) => {
            let file = file.display();
            Err(Failure::Damaged(anyhow!("somebody changed the trail: look into {file}, then move it elsewhere")))
        }
    }
}

fn list(settings: &Settings, at: &Where, actor: Option<&str>, break_glass_only: bool) -> Result<(), Failure> {
    let mut entries = Vec::new();
    audit::follow(&at.data_dir, &mut |entry| {
        let is_wanted = match &entry {
            Line::Read(read) => {
                actor.is_none_or(|actor| read.actor == actor) && (!break_glass_only || read.break_glass.is_some())
            }
            Line::Lost { .. } | Line::Torn { .. } | Line::PutAside { .. } => true,
            Line::GoesOn { .. } => false,
        };
        entries.extend(is_wanted.then_some(entry));
    })
    .map_err(failure)?;
    let answer = serde_json::to_value(&entries).map_err(|error| Failure::Failed(anyhow!(error)))?;
    settings.show_json(&json!({"entries": answer}), |_| entries.iter().map(line).collect())
}

fn line(entry: &Line) -> String {
    match entry {
        Line::Read(Disclosure { time, actor, origin, method, objects, result, break_glass }) => {
            let why = break_glass.as_ref().map(|why| format!("  GLASS BROKEN: {why}")).unwrap_or_default();
            format!("{time:.0}  {actor}  {origin}  {method}  {result}  {}{why}", objects.join(" "))
        }
        Line::Lost { time, count } => format!("{time:.0}  {count} lines could not be kept"),
        Line::Torn { time } => format!("{time:.0}  a line was cut short when the server ended, and is gone"),
        Line::PutAside { time, moved_to } => {
            format!("{time:.0}  the lines before were changed by somebody, and are now in {moved_to}")
        }
        Line::GoesOn { time, from } => format!("{time:.0}  goes on from the file that ends with {from}"),
    }
}

fn failure(error: Error) -> Failure {
    match error {
        Error::Changed { .. } => Failure::Damaged(error.into()),
        Error::Unavailable { .. } => Failure::Refused(error.into()),
    }
}
