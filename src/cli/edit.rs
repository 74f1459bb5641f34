//! Records: read, list, import, delete, export, and what happened to them.
//!
//! **Invariants.** Nothing is written before everything is known to be right: files are read and checked whole, the
//! server takes them as one revision or not at all. A record is removed only where that is asked for.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressDrawTarget};
use serde_json::json;

use super::failure::Failure;
use super::output::json;
use super::output::view::View;
use super::output::words::{Say, label};
use super::settings::{Settings, print};
use crate::client::{self, Client, ListOptions, Resource, WriteOptions};
use crate::dataset;
use crate::domain::error::Reason;
use crate::domain::name::{Collection, Name};
use crate::proto::v1;

/// The commands about records.
#[derive(Debug, Subcommand)]
pub(super) enum Edit {
    /// Show a record
    #[command(after_help = "Example:\n  crisisgids get areas/gm0171 -o json")]
    Get {
        /// Its name
        #[arg(value_parser = parse_name)]
        name: Name,
    },
    /// List the records of a collection
    #[command(after_help = "\
Collections: areas, organisations, coverages, stations, contacts, calamityTypes, capabilities, crisisFunctions,
crisisProcesses, conditions, terms, constraints, assignments, arrangements, profiles.

Examples:
  crisisgids list areas --filter 'kind = MUNICIPALITY' --limit 10
  crisisgids list organisations/waternet/coverages --order-by area")]
    List(List),
    /// Import a directory of TOML files as one revision, and show what differs
    #[command(after_help = "\
A directory that holds profiles/directory is a release of the dataset: it is merged with what the office changed.
Any other is the office's own: its records are written as they are.

Examples:
  crisisgids apply config/dataset --dry-run
  crisisgids apply own --reason 'new pagers'")]
    Apply(Apply),
    /// Remove a record
    #[command(after_help = "Example:\n  crisisgids delete organisations/waternet/contacts/duty --reason 'post ended'")]
    Delete {
        /// Its name
        #[arg(value_parser = parse_name)]
        name: Name,
        /// Check everything, but change nothing
        #[arg(long)]
        dry_run: bool,
        /// Why, for the history
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// Write every record as a dataset directory, or as JSON lines to standard output
    ///
    /// It is a copy of what stands, to be read and compared. What the office deleted of the dataset, and the history, are
    /// not in it: `crisisgids backup` keeps everything.
    #[command(after_help = "Examples:\n  crisisgids export copy\n  crisisgids export > copy.jsonl")]
    Export {
        /// The directory to write, which must be empty or new; none: JSON lines to standard output
        directory: Option<PathBuf>,
    },
    /// Take one accepted write back, as a new revision
    #[command(after_help = "\
What was changed since is never overwritten: then the records that stand in the way are named.

Example:
  crisisgids revert 7 --dry-run")]
    Revert {
        /// The revision that the write made
        revision: i64,
        /// Check everything and show what would differ, but change nothing
        #[arg(long)]
        dry_run: bool,
        /// Why, for the history
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// Who changed what, when and why
    #[command(after_help = "Examples:\n  crisisgids history\n  crisisgids history organisations/waternet --all")]
    History {
        /// Only what touched this record
        #[arg(value_parser = parse_name)]
        name: Option<Name>,
        /// Only after this revision
        #[arg(long, value_name = "REVISION", default_value_t = 0)]
        after: i64,
        /// Show every record of large writes too, old and new
        #[arg(long, visible_alias = "diff")]
        all: bool,
    },
}

/// List the records of a collection.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Which: areas, coverages ..., or those of an organisation: organisations/waternet/coverages
    #[arg(value_parser = parse_listed)]
    collection: Listed,
    /// Which of them, in the filter language of AIP-160
    #[arg(long, default_value = "")]
    filter: String,
    /// In which order, such as "kind, name desc"
    #[arg(long, value_name = "FIELDS", default_value = "")]
    order_by: String,
    /// How many at most [default: all]
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
}

/// A collection, perhaps of one organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Listed {
    collection: Collection,
    parent: Option<Name>,
}

/// Import a directory of TOML files.
#[derive(Debug, Args)]
pub(super) struct Apply {
    /// The directory
    directory: PathBuf,
    /// Check everything and show what would differ, but change nothing
    #[arg(long)]
    dry_run: bool,
    /// Where the office and a dataset both changed a field: keep the office's value
    #[arg(long, conflicts_with = "take")]
    keep: bool,
    /// Where the office and a dataset both changed a field: take the dataset's value
    #[arg(long)]
    take: bool,
    /// Remove what the last dataset shipped and this one does not
    #[arg(long)]
    prune: bool,
    /// Why, for the history
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
}

impl Edit {
    /// Does it.
    pub(super) fn run(self, settings: &Settings) -> Result<(), Failure> {
        if settings.at.is_some() {
            return Err(Failure::Usage(anyhow!("--at is for questions: records are read and written as they are now")));
        }
        match self {
            Edit::Get { name } => {
                let record = settings.run(async |client| Ok(json::dynamic(client.get(&name).await?.message())?))?;
                settings.show_json(&record, |record| settings.view().record(record))
            }
            Edit::List(list) => list.run(settings),
            Edit::Apply(apply) => apply.run(settings),
            Edit::Delete { name, dry_run, reason } => {
                let options = WriteOptions { validate_only: dry_run, change_reason: reason, ..Default::default() };
                settings.run(async |client| Ok(client.delete(&name, None, options).await?))?;
                let done = json!({"deleted": name.as_str(), "dryRun": dry_run});
                settings.show_json(&done, |_| vec![format!("- {name}{}", dry(settings, dry_run))])
            }
            Edit::Export { directory } => export(settings, directory.as_deref()),
            Edit::Revert { revision, dry_run, reason } => {
                let request = v1::RevertChangeRequest {
                    revision,
                    validate_only: dry_run,
                    change_reason: if reason.is_empty() { format!("revert of revision {revision}") } else { reason },
                    ..Default::default()
                };
                let answer = settings.run(async |client| Ok(client.revert_change(request).await?))?;
                settings.show("RevertChangeResponse", &answer, |answer| {
                    let view = settings.view();
                    let mut lines: Vec<String> = answer.diffs.iter().flat_map(|diff| view.diff(diff)).collect();
                    let revision = settings.language().say("revisie", "revision");
                    lines.push(format!("{revision} {}{}", answer.revision, dry(settings, dry_run)));
                    lines
                })
            }
            Edit::History { name, after, all } => history(settings, name.as_ref(), after, all),
        }
    }
}

/// What is said of a run that changed nothing.
fn dry(settings: &Settings, dry_run: bool) -> &'static str {
    let said = settings.language().say(" (proef: er is niets gewijzigd)", " (dry run: nothing was changed)");
    if dry_run { said } else { "" }
}

impl List {
    fn run(self, settings: &Settings) -> Result<(), Failure> {
        let List { collection: Listed { collection, parent }, filter, order_by, limit } = self;
        let limit = limit.unwrap_or(usize::MAX);
        let (resources, revision) = settings.run(async |client| {
            let page_size = i32::try_from(limit.min(500)).unwrap_or_default();
            let mut options = ListOptions { parent, filter, order_by, page_size, ..Default::default() };
            let mut resources: Vec<Resource> = Vec::new();
            loop {
                let page = client.list(collection, &options).await?;
                resources.extend(page.resources);
                if page.next_page_token.is_empty() || resources.len() >= limit {
                    resources.truncate(limit);
                    return Ok((resources, page.revision));
                }
                options.page_token = page.next_page_token;
            }
        })?;
        let records = resources.iter().map(|one| json::dynamic(one.message())).collect::<Result<Vec<_>, _>>()?;
        // A revision is 64 bits wide: a text in the JSON of protobuf.
        let answer = json!({collection.word(): records, "revision": revision.to_string()});
        settings.show_json(&answer, |_| settings.view().records(&records, revision))
    }
}

impl Apply {
    fn run(self, settings: &Settings) -> Result<(), Failure> {
        let wrong = |error: dataset::Error| Failure::Usage(error.into());
        let mut read = dataset::read_part(&self.directory).map_err(wrong)?;
        if read.records.is_empty() {
            return Err(Failure::Usage(anyhow!("{} holds no records: no *.toml with one", self.directory.display())));
        }
        let as_dataset = read.records.iter().any(|record| record.name().as_str() == "profiles/directory");
        if as_dataset {
            // A release is whole: what it names and does not hold is said by file and line.
            read = dataset::read(&self.directory).map_err(wrong)?;
        }
        if !as_dataset && (self.keep || self.take || self.prune) {
            let text = "--keep, --take and --prune are for a release of the dataset, one that holds profiles/directory";
            return Err(Failure::Usage(anyhow!(text)));
        }
        let records = read.records.iter().map(|record| Resource::from_record(record)?.to_envelope());
        let records = records.collect::<Result<Vec<v1::Record>, _>>()?;
        let conflict = match (self.keep, self.take) {
            (true, _) => v1::ConflictPolicy::Keep,
            (false, true) => v1::ConflictPolicy::Take,
            (false, false) => v1::ConflictPolicy::Refuse,
        };
        let options = v1::ImportOptions {
            as_dataset,
            on_conflict: if as_dataset { conflict } else { v1::ConflictPolicy::Unspecified }.into(),
            prune: self.prune,
            validate_only: self.dry_run,
            change_reason: self.reason,
            ..Default::default()
        };
        let (diffs, result) = settings.run(async |client| import(client, options, records).await)?;
        let listed = diffs.iter().map(|diff| json::message("RecordDiff", diff)).collect::<Result<Vec<_>, _>>()?;
        let result_json = json::message("ImportResult", &result)?;
        let answer = json!({"diffs": listed, "result": result_json, "dryRun": self.dry_run});
        settings.show_json(&answer, |_| {
            let view = settings.view();
            let mut lines: Vec<String> = diffs.iter().flat_map(|diff| view.diff(diff)).collect();
            lines.push(summary(&view, &result) + dry(settings, self.dry_run));
            lines
        })
    }
}

/// Sends the records; the bar is for a terminal only, and gone when the diff is shown.
async fn import(
    client: Client,
    options: v1::ImportOptions,
    records: Vec<v1::Record>,
) -> Result<(Vec<v1::RecordDiff>, v1::ImportResult), Failure> {
    use v1::import_changes_response::Part;
    let total = u64::try_from(records.len()).unwrap_or(u64::MAX);
    let target =
        if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(total), target);
    let mut answer = client.import_changes(options, records).await?;
    let (mut diffs, mut result) = (Vec::new(), None);
    while let Some(message) = answer.next().await? {
        match message.part {
            Some(Part::Progress(progress)) => {
                bar.set_position(u64::try_from(progress.record_count).unwrap_or_default())
            }
            Some(Part::Diff(diff)) => diffs.push(diff),
            Some(Part::Result(last)) => result = Some(last),
            None => {}
        }
    }
    bar.finish_and_clear();
    let result = result.context("the server ended the import without a result; whether it was done is not known")?;
    Ok((diffs, result))
}

fn summary(view: &View, result: &v1::ImportResult) -> String {
    let counts = [
        (v1::DiffKind::Created, result.created_count),
        (v1::DiffKind::Changed, result.changed_count),
        (v1::DiffKind::Deleted, result.deleted_count),
    ];
    let counts = counts.map(|(kind, count)| format!("{} {count}", label(view.language, "DiffKind", kind.into())));
    format!("{} | {} {}", counts.join(", "), view.language.say("revisie", "revision"), result.revision)
}

fn export(settings: &Settings, directory: Option<&Path>) -> Result<(), Failure> {
    if let Some(directory) = directory {
        let filled = std::fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some());
        if filled {
            let text = "is not empty: an export into it would be mixed with what is there";
            return Err(Failure::Usage(anyhow!("{} {text}", directory.display())));
        }
    }
    // Everything is read before anything is written: half a copy looks like a whole one.
    let (resources, revision) = settings.run(async |client| {
        let mut copy = client.export_directory().await?;
        let (mut resources, mut revision) = (Vec::new(), 0);
        while let Some(message) = copy.next().await? {
            revision = message.revision;
            if let Some(record) = &message.record {
                resources.push(Resource::from_envelope(record)?);
            }
        }
        Ok((resources, revision))
    })?;
    let Some(directory) = directory else {
        let mut lines = String::new();
        for resource in &resources {
            lines.push_str(&json::dynamic(resource.message())?.to_string());
            lines.push('\n');
        }
        return print(lines.as_bytes());
    };
    let record = |resource: &Resource| {
        let fault = |fault: &crate::domain::field::Fault| format!("{}: {}", fault.path, fault.message);
        let said = |faults: crate::domain::field::Faults| faults.0.iter().map(fault).collect::<Vec<_>>().join("; ");
        resource.to_record().map_err(|faults| anyhow!("{} cannot be written: {}", resource.name(), said(faults)))
    };
    // Without the profile: with it, applying the export again would pass for a release of the dataset, and what the
    // office changed would count as shipped.
    let own = resources.iter().filter(|resource| resource.name() != "profiles/directory");
    let records = own.map(record).collect::<Result<Vec<_>, _>>()?;
    dataset::write(directory, &records, &dataset::Sources::new())?;
    let answer = json!({
        "directory": directory.display().to_string(),
        "recordCount": records.len(),
        "revision": revision.to_string(),
    });
    settings.show_json(&answer, |_| {
        vec![format!(
            "{}: {} | {} {revision}",
            directory.display(),
            records.len(),
            settings.language().say("revisie", "revision")
        )]
    })
}

fn history(settings: &Settings, name: Option<&Name>, after: i64, all: bool) -> Result<(), Failure> {
    let answer = settings.run(async |client| {
        let mut request = v1::ListChangesRequest {
            page_size: 500,
            after_revision: after,
            name: name.map(ToString::to_string).unwrap_or_default(),
            ..Default::default()
        };
        let mut answer = v1::ListChangesResponse::default();
        loop {
            let page = client.list_changes(request.clone()).await;
            // Who asks for all of it is shown what is kept.
            if request.after_revision == 0
                && let Some(oldest) = page.as_ref().err().and_then(oldest_kept)
            {
                eprintln!(
                    "{} {oldest}",
                    settings.language().say(
                        "oudere wijzigingen zijn gearchiveerd; de geschiedenis begint bij revisie",
                        "older changes are archived; the history begins at revision",
                    )
                );
                request.after_revision = oldest.saturating_sub(1);
                continue;
            }
            let page = page?;
            answer.changes.extend(page.changes);
            answer.revision = page.revision;
            if page.next_page_token.is_empty() {
                return Ok(answer);
            }
            request.page_token = page.next_page_token;
        }
    })?;
    let view = View { all, ..settings.view() };
    settings.show("ListChangesResponse", &answer, |answer| view.history(answer))
}

/// The oldest revision kept, where a server refuses to tell of older ones.
fn oldest_kept(error: &client::Error) -> Option<i64> {
    let refusal = error.refusal().filter(|refusal| refusal.reason == Some(Reason::RevisionCompacted))?;
    refusal.metadata.get("oldest")?.parse().ok()
}

fn parse_name(text: &str) -> Result<Name, String> {
    Name::parse(text).map_err(|fault| fault.message)
}

fn parse_listed(text: &str) -> Result<Listed, String> {
    let (parent, word) = match text.rsplit_once('/') {
        Some((parent, word)) => (Some(parse_name(parent)?), word),
        None => (None, text),
    };
    let found = Collection::ALL.iter().copied().find(|one| one.word() == word);
    match found.filter(|one| parent.is_none() || one.is_nested()) {
        Some(collection) => Ok(Listed { collection, parent }),
        None => {
            let words: Vec<&str> = Collection::ALL.iter().map(|one| one.word()).collect();
            Err(format!("'{text}' is no collection: {}", words.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collection_may_be_that_of_one_organisation() {
        let all = Listed { collection: Collection::Coverages, parent: None };
        assert_eq!(parse_listed("coverages"), Ok(all));
        let parent = Some(Name::parse("organisations/waternet").unwrap());
        let own = Listed { collection: Collection::Coverages, parent };
        assert_eq!(parse_listed("organisations/waternet/coverages"), Ok(own));
        assert!(parse_listed("organisations/waternet/areas").is_err());
        assert!(parse_listed("cities").is_err());
    }
}
