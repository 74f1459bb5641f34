//! What went wrong: for a person with the way out, for a program with code and reason.
//!
//! **Invariants.** The exit code follows from the reason, never from a text. Words without one meaning come with what
//! they may mean, what tells those apart, and the command to repeat.

use serde_json::{Value, json};

use super::words::Say;
use crate::client;
use crate::domain::error::Reason;
use crate::domain::text::Language;
use crate::proto::v1::{Candidate, ErrorReason, UnresolvedWord};

/// What went wrong, as it is said.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cli) struct Trouble {
    lines: Vec<String>,
    json: Value,
    exit_code: u8,
}

impl Trouble {
    /// The command line or the configuration is wrong.
    pub(in crate::cli) fn usage(message: String) -> Self {
        let json = json!({"code": "INVALID_ARGUMENT", "reason": "USAGE", "message": message, "exitCode": 2});
        Trouble { lines: vec![format!("crisisgids: {message}")], json, exit_code: 2 }
    }

    /// It was tried and went wrong. `words` is the command line, to be repeated with what the words may mean.
    pub(in crate::cli) fn failed(error: &anyhow::Error, language: Language, words: &[String]) -> Self {
        let Some(call) = error.downcast_ref::<client::Error>() else {
            return Trouble::local(error, "UNKNOWN", "FAILED", 1);
        };
        let exit_code = exit_code(call);
        // Not every request says in which language to answer; the message itself is English always.
        let english = call.refusal().map(|refusal| refusal.message.as_str()).filter(|said| !said.is_empty());
        let said = english.filter(|_| language == Language::English).map_or_else(|| call.to_string(), str::to_owned);
        let mut lines = vec![format!("crisisgids: {said}")];
        for violation in call.violations() {
            lines.push(format!("  {}: {}", violation.field, violation.description));
        }
        for unresolved in call.unresolved() {
            meanings(language, unresolved, words, &mut lines);
        }
        if let Some(refusal) = call.refusal() {
            let named = refusal.referenced_by.iter().chain(&refusal.changed_since);
            lines.extend(named.map(|name| format!("  {name}")));
            lines.extend(refusal.conflicts.iter().map(|one| format!("  {} {}", one.name, one.field)));
            if !refusal.conflicts.is_empty() {
                let text = (
                    "--keep houdt de eigen waarden, --take neemt die van de dataset",
                    "--keep keeps the office's values, --take takes the dataset's",
                );
                lines.push(language.say(text.0, text.1).to_owned());
            }
        }
        if let Some(id) = call.refusal().and_then(|refusal| refusal.call_id.as_ref()).filter(|_| exit_code == 1) {
            lines.push(format!(
                "  {}: {id}",
                language.say("kenmerk in het logboek van de server", "id in the server's log")
            ));
        }
        if matches!(call, client::Error::NoServer { .. }) {
            lines.push(language.say(
                "Start er een met `crisisgids serve`, of wijs er een aan met --endpoint of CRISISGIDS_ENDPOINT.",
                "Start one with `crisisgids serve`, or point to one with --endpoint or CRISISGIDS_ENDPOINT.",
            ).to_owned());
        }
        if matches!(call, client::Error::Lost { .. } | client::Error::TooLate { .. }) {
            lines.push(language.say(
                "Was dit een wijziging, dan is niet bekend of zij is aangenomen: `crisisgids history` zegt het. Hetzelfde nog eens toepassen verandert niets dubbel.",
                "If this was a change, it is not known whether it was accepted: `crisisgids history` says so. Applying the same again changes nothing twice.",
            ).to_owned());
        }
        Trouble { json: in_json(call, exit_code), lines, exit_code }
    }

    /// What went wrong on this machine, without a server.
    pub(in crate::cli) fn local(error: &anyhow::Error, code: &str, reason: &str, exit_code: u8) -> Self {
        let message = told(error);
        let json = json!({"code": code, "reason": reason, "message": message, "exitCode": exit_code});
        Trouble { lines: vec![format!("crisisgids: {message}")], json, exit_code }
    }

    /// For a person.
    pub(in crate::cli) fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// For a program: one JSON object.
    pub(in crate::cli) fn json(&self) -> &Value {
        &self.json
    }

    /// What the process ends with.
    pub(in crate::cli) fn exit_code(&self) -> u8 {
        self.exit_code
    }
}

/// An error and its causes; a cause whose words an outer one already says is not said again.
pub(in crate::cli) fn told(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |said, cause| match said.contains(&cause) {
        true => said,
        false if said.is_empty() => cause,
        false => format!("{said}: {cause}"),
    })
}

fn exit_code(error: &client::Error) -> u8 {
    let refusal = match error {
        client::Error::Address { .. } | client::Error::Setting { .. } => return 2,
        client::Error::TooLarge { .. } => return 4,
        client::Error::NoServer { .. } | client::Error::Lost { .. } | client::Error::TooLate { .. } => return 5,
        client::Error::Contract { .. } => return 1,
        client::Error::Refused(refusal) => refusal,
    };
    // A word for an organisation or a circumstance is a word as one for a place is.
    let unknown = |violation: &client::Violation| ["NOT_FOUND", "AMBIGUOUS"].contains(&violation.reason.as_str());
    if !refusal.violations.is_empty() && refusal.violations.iter().all(unknown) {
        return 3;
    }
    match refusal.reason {
        Some(
            Reason::PlaceNotFound
            | Reason::PlaceAmbiguous
            | Reason::CalamityNotFound
            | Reason::CalamityAmbiguous
            | Reason::LocationUnsupported
            | Reason::NotFound,
        ) => 3,
        Some(
            Reason::InvalidFields
            | Reason::InvalidFilter
            | Reason::AlreadyExists
            | Reason::StillReferenced
            | Reason::EtagMismatch
            | Reason::ChangedSince
            | Reason::RequestIdReused
            | Reason::MergeConflict
            | Reason::PageTokenInvalid
            | Reason::RevisionCompacted
            | Reason::Denied
            | Reason::Unauthenticated
            | Reason::OriginDenied
            | Reason::StoreFull,
        ) => 4,
        Some(
            Reason::Overloaded
            | Reason::StoreUnavailable
            | Reason::Loading
            | Reason::Stopping
            | Reason::DeadlineExceeded,
        ) => 5,
        Some(Reason::StoreCorrupt | Reason::Internal) => 1,
        None => by_code(refusal.code),
    }
}

/// The exit code of a refusal that is not of our service, or of a newer contract.
fn by_code(code: tonic::Code) -> u8 {
    use tonic::Code;
    match code {
        Code::NotFound => 3,
        Code::InvalidArgument
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unauthenticated
        | Code::ResourceExhausted => 4,
        Code::Unavailable | Code::DeadlineExceeded => 5,
        Code::Ok | Code::Cancelled | Code::Unknown | Code::Unimplemented | Code::Internal | Code::DataLoss => 1,
    }
}

/// What words may mean, and the command to repeat.
fn meanings(language: Language, word: &UnresolvedWord, words: &[String], lines: &mut Vec<String>) {
    let (intro, found) = if word.candidates.is_empty() {
        (language.say("bedoelde u", "did you mean"), &word.suggestions)
    } else {
        (language.say("kan zijn", "may be"), &word.candidates)
    };
    if found.is_empty() {
        let text = super::words::label(language, "ErrorReason", word.reason);
        lines.push(format!("  \"{}\" ({}): {text}", word.words, word.field));
        return;
    }
    lines.push(format!("  \"{}\" ({}) {intro}:", word.words, word.field));
    for candidate in found {
        let within = if candidate.within.is_empty() { String::new() } else { format!(" ({})", candidate.within) };
        lines.push(format!("    {}{within}  {}", candidate.display_name, candidate.name));
        // Each with the command to repeat: a hurried reader copies a line and thinks of nothing else.
        lines.extend(repeated(words, &word.words, &candidate.name).map(|command| format!("      {command}")));
    }
}

/// The command line with these words replaced by a name; `None` if they do not stand in it as one argument.
fn repeated(words: &[String], from: &str, to: &str) -> Option<String> {
    let at = words.iter().skip(1).position(|word| word == from)?.saturating_add(1);
    let said = words.iter().enumerate().map(|(index, word)| match index {
        0 => "crisisgids".to_owned(),
        index if index == at => to.to_owned(),
        _ => quoted(word),
    });
    Some(said.collect::<Vec<_>>().join(" "))
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn in_json(error: &client::Error, exit_code: u8) -> Value {
    let refusal = error.refusal();
    let candidate = |one: &Candidate| json!({"name": one.name, "displayName": one.display_name, "within": one.within});
    let unresolved = |word: &UnresolvedWord| {
        json!({
            "field": word.field,
            "words": word.words,
            "reason": ErrorReason::try_from(word.reason).map_or("UNKNOWN", |reason| reason.as_str_name()).trim_start_matches("ERROR_REASON_"),
            "candidates": word.candidates.iter().map(candidate).collect::<Vec<_>>(),
            "suggestions": word.suggestions.iter().map(candidate).collect::<Vec<_>>(),
        })
    };
    let violations = error
        .violations()
        .iter()
        .map(|one| json!({"field": one.field, "reason": one.reason, "description": one.description}));
    let mut json = json!({
        "code": code_word(error.code()),
        "reason": refusal.map_or(match error {
            client::Error::Address { .. } => "ADDRESS",
            client::Error::Setting { .. } => "SETTING",
            client::Error::TooLarge { .. } => "TOO_LARGE",
            client::Error::NoServer { .. } => "NO_SERVER",
            client::Error::Lost { .. } => "CONNECTION_LOST",
            client::Error::TooLate { .. } => "TOO_LATE",
            client::Error::Contract { .. } => "CONTRACT",
            client::Error::Refused(_) => "",
        }, |refusal| refusal.reason_word.as_str()),
        "message": error.to_string(),
        "violations": violations.collect::<Vec<_>>(),
        "candidates": error.unresolved().iter().map(unresolved).collect::<Vec<_>>(),
        "exitCode": exit_code,
    });
    if let (Some(refusal), Some(fields)) = (refusal, json.as_object_mut()) {
        fields.insert("metadata".to_owned(), json!(refusal.metadata));
        if !refusal.changed_since.is_empty() {
            fields.insert("changedSince".to_owned(), json!(refusal.changed_since));
        }
        if !refusal.referenced_by.is_empty() {
            fields.insert("referencedBy".to_owned(), json!(refusal.referenced_by));
        }
        if !refusal.conflicts.is_empty() {
            let conflicts = refusal.conflicts.iter().map(|one| json!({"name": one.name, "field": one.field}));
            fields.insert("conflicts".to_owned(), conflicts.collect());
        }
        if let Some(id) = &refusal.call_id {
            fields.insert("requestId".to_owned(), json!(id));
        }
    }
    json
}

/// The code of gRPC as its specification writes it.
fn code_word(code: tonic::Code) -> String {
    let word = format!("{code:?}");
    let mut written = String::new();
    for letter in word.chars() {
        if letter.is_ascii_uppercase() && !written.is_empty() {
            written.push('_');
        }
        written.push(letter.to_ascii_uppercase());
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Error, Refusal};

    fn refusal(code: tonic::Code, reason: Reason) -> Refusal {
        Refusal {
            code,
            reason: Some(reason),
            reason_word: reason.word().to_owned(),
            metadata: Default::default(),
            message: "several places go by \"Laren\"".to_owned(),
            localised_message: Some("meer plaatsen heten \"Laren\"".to_owned()),
            violations: Vec::new(),
            unresolved: Vec::new(),
            referenced_by: Vec::new(),
            changed_since: Vec::new(),
            conflicts: Vec::new(),
            retry_delay: None,
            call_id: None,
        }
    }

    fn trouble(error: Error, line: &str) -> Trouble {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        Trouble::failed(&anyhow::Error::from(error), Language::Dutch, &words)
    }

    fn laren() -> Error {
        let candidate = |name: &str, within: &str| Candidate {
            name: name.to_owned(),
            display_name: "Laren".to_owned(),
            within: within.to_owned(),
        };
        let unresolved = UnresolvedWord {
            field: "places[0]".to_owned(),
            words: "Laren".to_owned(),
            reason: ErrorReason::PlaceAmbiguous.into(),
            candidates: vec![
                candidate("areas/gm0417", "Gooi en Vechtstreek"),
                candidate("areas/laren-lochem", "Lochem"),
            ],
            suggestions: Vec::new(),
        };
        Error::Refused(Box::new(Refusal {
            unresolved: vec![unresolved],
            ..refusal(tonic::Code::InvalidArgument, Reason::PlaceAmbiguous)
        }))
    }

    #[test]
    fn ambiguous_words_come_with_what_tells_them_apart_and_the_command_to_repeat() {
        let trouble = trouble(laren(), "./target/crisisgids who-acts Laren 1.1.30");
        let expected = "\
crisisgids: meer plaatsen heten \"Laren\"
  \"Laren\" (places[0]) kan zijn:
    Laren (Gooi en Vechtstreek)  areas/gm0417
      crisisgids who-acts areas/gm0417 1.1.30
    Laren (Lochem)  areas/laren-lochem
      crisisgids who-acts areas/laren-lochem 1.1.30";
        assert_eq!((trouble.text().as_str(), trouble.exit_code()), (expected, 3));
    }

    #[test]
    fn an_error_in_json_has_code_reason_and_candidates() {
        let json = trouble(laren(), "crisisgids who-acts Laren").json().clone();
        assert_eq!(json["code"], "INVALID_ARGUMENT");
        assert_eq!(json["reason"], "PLACE_AMBIGUOUS");
        assert_eq!(json["candidates"][0]["candidates"][1]["name"], "areas/laren-lochem");
        assert_eq!(json["violations"], json!([]));
    }

    #[test]
    fn no_server_says_how_to_start_one() {
        let tried = vec![("http://127.0.0.1:50051".to_owned(), "connection refused".to_owned())];
        let trouble = trouble(Error::NoServer { tried }, "crisisgids gaps");
        assert!(trouble.text().contains("crisisgids serve") && trouble.text().contains("--endpoint"));
        assert_eq!((trouble.exit_code(), trouble.json()["reason"].as_str()), (5, Some("NO_SERVER")));
    }

    #[test]
    fn what_the_shell_would_split_is_quoted() {
        let words = ["crisisgids", "who-acts", "Larn", "it's on fire"].map(str::to_owned);
        let command = repeated(&words, "Larn", "areas/gm0417").unwrap();
        assert_eq!(command, r"crisisgids who-acts areas/gm0417 'it'\''s on fire'");
    }
}
