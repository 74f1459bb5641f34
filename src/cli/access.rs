//! Who may do what, shown; and tokens, made.
//!
//! **Invariants.** What is shown is read from the contract and from the roles themselves, so that it cannot differ from
//! what the server does. A token is printed once, to whoever made it, and kept nowhere.

use anyhow::anyhow;
use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use clap::Subcommand;
use serde_json::json;

use super::failure::Failure;
use super::settings::Settings;
use crate::domain::access::{AccessRole, Action};
use crate::proto::rules::Rules;

/// The commands about access.
#[derive(Debug, Subcommand)]
pub(super) enum Access {
    /// Show which access role may call what, and what it sees
    #[command(after_help = "Examples:\n  crisisgids access show\n  crisisgids access show -o json")]
    Show,
    /// Make a token for a principal, and the hash of it for the access file
    #[command(after_help = "\
The token is shown once. Give it to whoever calls; put the hash into the access file of the server.

Example:
  crisisgids access token meldkamer-lelystad")]
    Token {
        /// The principal, as the access file names it: small letters, digits, hyphens
        name: String,
    },
}

impl Access {
    pub(super) fn run(&self, settings: &Settings) -> Result<(), Failure> {
        match self {
            Access::Show => show(settings),
            Access::Token { name } => token(settings, name),
        }
    }
}

fn show(settings: &Settings) -> Result<(), Failure> {
    let rules = Rules::load().map_err(|error| Failure::Failed(error.into()))?;
    let may = |action: Action| -> Vec<&str> {
        AccessRole::ALL.iter().filter(|role| role.may(action)).map(|role| role.word()).collect()
    };
    let roles = AccessRole::ALL.iter().map(|role| {
        let actions: Vec<&str> = Action::ALL.iter().filter(|one| role.may(**one)).map(|one| one.word()).collect();
        json!({"role": role.word(), "permissions": actions, "sees": role.clearance().word()})
    });
    let methods = rules
        .methods()
        .iter()
        .map(|(path, method)| json!({"method": path, "permission": method.action.word(), "roles": may(method.action)}));
    let table = json!({"roles": roles.collect::<Vec<_>>(), "methods": methods.collect::<Vec<_>>()});
    settings.show_json(&table, |_| {
        let mut lines = vec![format!("{:<16}{:<36}{}", "ROLE", "PERMISSIONS", "SEES CHANNELS UP TO")];
        for role in AccessRole::ALL {
            let actions: Vec<&str> = Action::ALL.iter().filter(|one| role.may(**one)).map(|one| one.word()).collect();
            lines.push(format!(
                "{:<16}{:<36}{}",
                role.word(),
                actions.join(" ").to_lowercase(),
                role.clearance().word()
            ));
        }
        lines.push(String::new());
        lines.push(format!("{:<46}{:<14}{}", "METHOD", "PERMISSION", "ROLES"));
        for (path, method) in rules.methods() {
            let permission = method.action.word().to_lowercase();
            lines.push(format!("{path:<46}{permission:<14}{}", may(method.action).join(" ")));
        }
        lines.push(String::new());
        lines.push("An editor with organisations or areas changes the records of those only.".to_owned());
        lines
    })
}

fn token(settings: &Settings, name: &str) -> Result<(), Failure> {
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        return Err(Failure::Usage(anyhow!("'{name}': a principal's name has small letters, digits and hyphens only")));
    }
    // Twice 122 random bits: as hard to guess as the hash is to turn round.
    let secret = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
    let hash = Argon2::default().hash_password(secret.as_bytes());
    let hash = hash.map_err(|error| Failure::Failed(anyhow!("the token cannot be hashed: {error}")))?.to_string();
    let made = json!({"token": format!("{name}.{secret}"), "tokenHash": hash});
    settings.show_json(&made, |_| {
        vec![
            format!("{name}.{secret}"),
            String::new(),
            "[[principals]]".to_owned(),
            format!("name = \"{name}\""),
            "role = \"reader\"  # or dispatcher, editor, administrator, auditor".to_owned(),
            format!("token_hash = \"{hash}\""),
        ]
    })
}
