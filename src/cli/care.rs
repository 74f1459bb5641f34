//! Care of the data directory on this machine: backup, restore, doctor.
//!
//! **Invariants.** These commands read and write files, not a server; a backup may be made while one runs. Damage has
//! an exit code of its own, so that a script knows it from every other failure. What they say of a store is English,
//! as the server's log is.

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::failure::Failure;
use super::settings::Settings;
use crate::config::{Config, Layers};
use crate::maintenance::{self, Error, Report, State};

/// The commands that care for a data directory.
#[derive(Debug, Subcommand)]
pub(super) enum Care {
    /// Copy the whole directory, with its history, into one file; also while a server runs
    #[command(after_help = "\
The audit trail is not in it: copy audit*.jsonl beside it.
The file proves itself: `crisisgids restore` refuses it if a single bit of it has changed.

Example:
  crisisgids backup /media/usb/crisisgids-2026-11-25.backup --data-dir /var/lib/crisisgids")]
    Backup {
        /// The file to write, which must not exist
        file: PathBuf,
        #[command(flatten)]
        place: DataDir,
    },
    /// Make a data directory of a backup
    #[command(
        after_help = "Example:\n  crisisgids restore crisisgids-2026-11-25.backup --data-dir /var/lib/crisisgids"
    )]
    Restore {
        /// The backup
        file: PathBuf,
        #[command(flatten)]
        place: DataDir,
    },
    /// Examine a data directory that no server has open: ledger, records, sled, references
    #[command(after_help = "\
It changes nothing unless --repair is given, and then only what can be made again without loss.
Exit code 0: whole. 6: damaged, or repairable and not repaired.

Examples:
  crisisgids doctor --data-dir /var/lib/crisisgids
  crisisgids doctor --repair -o json")]
    Doctor {
        /// Make again what can be made again from the ledger, and say what that was
        #[arg(long)]
        repair: bool,
        #[command(flatten)]
        place: DataDir,
    },
}

/// Where the directory is kept.
#[derive(Debug, Args)]
pub(super) struct DataDir {
    /// The folder that holds the directory [default: that of the configuration: data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// The server's TOML file with settings
    #[arg(long, value_name = "FILE", env = "CRISISGIDS_CONFIG")]
    config: Option<PathBuf>,
}

impl DataDir {
    fn folder(self) -> Result<PathBuf, Failure> {
        if let Some(folder) = self.data_dir {
            return Ok(folder);
        }
        let layers = Layers { file: self.config, ..Layers::default() }.with_process_environment();
        Ok(Config::load(&layers).map_err(|error| Failure::Usage(error.into()))?.store.data_dir)
    }
}

impl Care {
    /// Does it.
    pub(super) fn run(self, settings: &Settings) -> Result<(), Failure> {
        match self {
            Care::Backup { file, place } => {
                let folder = place.folder()?;
                let bar = bar();
                let done = maintenance::back_up(&folder, &file, &mut |done, total| advance(&bar, done, total));
                bar.finish_and_clear();
                let backup = done.map_err(failure)?;
                let answer = json!({
                    "file": file.display().to_string(),
                    "revision": backup.revision.to_string(),
                    "ledgerHash": backup.hash,
                    "bytes": backup.bytes.to_string(),
                });
                settings.show_json(&answer, |_| {
                    let said = format!("{}: revision {}, {} bytes", file.display(), backup.revision, backup.bytes);
                    vec![said, format!("ledger hash {}", backup.hash)]
                })
            }
            Care::Restore { file, place } => {
                let folder = place.folder()?;
                let bar = bar();
                let done = maintenance::restore(&file, &folder, &mut |done, total| advance(&bar, done, total));
                bar.finish_and_clear();
                let restored = done.map_err(failure)?;
                let backup = restored.backup;
                let answer = json!({
                    "directory": folder.display().to_string(),
                    "revision": backup.revision.to_string(),
                    "recordCount": restored.records,
                    "ledgerHash": backup.hash,
                });
                settings.show_json(&answer, |_| {
                    let count = restored.records;
                    let said = format!("{}: revision {}, {count} records", folder.display(), backup.revision);
                    vec![said, format!("ledger hash {}", backup.hash)]
                })
            }
            Care::Doctor { repair, place } => {
                let folder = place.folder()?;
                let (before, after) = if repair {
                    maintenance::repair(&folder).map_err(failure)?
                } else {
                    let report = maintenance::doctor(&folder).map_err(failure)?;
                    (report.clone(), report)
                };
                let repaired: Vec<_> = before
                    .findings
                    .iter()
                    .filter(|finding| finding.state == State::Repairable && !after.findings.contains(finding))
                    .map(|finding| format!("{}: {}", finding.check.word(), finding.says))
                    .collect();
                let answer = json!({
                    "state": after.state().word(),
                    "revision": after.revision.to_string(),
                    "ledgerHash": after.hash,
                    "findings": after.findings.iter().map(|finding| json!({
                        "check": finding.check.word(),
                        "state": finding.state.word(),
                        "message": finding.says,
                    })).collect::<Vec<_>>(),
                    "repaired": repaired,
                });
                settings.show_json(&answer, |_| lines(&after, &repaired))?;
                match after.state() {
                    State::Whole => Ok(()),
                    State::Repairable => Err(Failure::Damaged(anyhow!(
                        "nothing accepted is lost; run `crisisgids doctor --repair`, or start the server, which does the same"
                    ))),
                    State::Damaged => Err(Failure::Damaged(anyhow!("the directory is damaged; see the report"))),
                }
            }
        }
    }
}

fn lines(report: &Report, repaired: &[String]) -> Vec<String> {
    let finding = |finding: &maintenance::Finding| {
        format!("{:<10}  {:<10}  {}", finding.check.word(), finding.state.word(), finding.says)
    };
    let mut lines: Vec<String> = report.findings.iter().map(finding).collect();
    lines.extend(repaired.iter().map(|what| format!("repaired    {what}")));
    if !report.hash.is_empty() {
        lines.push(format!("revision {}, ledger hash {}", report.revision, report.hash));
    }
    lines
}

/// A bar for a terminal only.
fn bar() -> ProgressBar {
    let target =
        if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes}");
    ProgressBar::with_draw_target(Some(0), target).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn advance(bar: &ProgressBar, done: u64, total: u64) {
    bar.set_length(total);
    bar.set_position(done);
}

/// Damage has an exit code of its own.
fn failure(error: Error) -> Failure {
    match error {
        Error::Corrupt { .. } => Failure::Damaged(error.into()),
        Error::Conflict { .. } | Error::Compacted { .. } | Error::Unavailable(_) | Error::Full(_) => {
            Failure::Refused(error.into())
        }
        Error::Internal(_) => Failure::from(error),
    }
}
