//! The access file: who may call, how a caller is authenticated, and the access role of each.
//!
//! **Invariants.** A roster that was read is free of doubt: every name, token and certificate name belongs to one
//! principal. It holds hashes of tokens and never a token.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use serde::Deserialize;

use crate::domain::access::{AccessRole, Principal, Scope};
use crate::domain::area::Area;
use crate::domain::name::{Collected, Id};
use crate::domain::organisation::Organisation;

/// The most memory that checking one hash may take: the largest recommendation of RFC 9106, section 4.
const MOST_MEMORY_KIB: u32 = 2 << 20;

/// Why an access file cannot be used. Each fault names the principal.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("{file}: {cause}")]
    Unreadable {
        /// Which.
        file: String,
        /// Why not.
        #[source]
        cause: std::io::Error,
    },
    /// The file is no TOML of this form.
    #[error("{file}: {problem}")]
    Form {
        /// Which.
        file: String,
        /// What is wrong, and where.
        problem: String,
    },
    /// What it says cannot be.
    #[error("{file} is not valid:\n  {}", faults.join("\n  "))]
    Invalid {
        /// Which.
        file: String,
        /// Everything that is wrong.
        faults: Vec<String>,
    },
}

/// Who may call.
#[derive(Debug, Default)]
pub(in crate::server) struct Roster {
    principals: BTreeMap<String, Listed>,
    /// The principal of each certificate name.
    certificates: BTreeMap<String, String>,
    /// The principal of each subject of the issuer's tokens.
    subjects: BTreeMap<String, String>,
    /// The principal of each user of this machine.
    users: BTreeMap<u32, String>,
}

#[derive(Debug)]
struct Listed {
    principal: Principal,
    token_hash: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccessFile {
    #[serde(default)]
    principals: Vec<WrittenPrincipal>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPrincipal {
    name: String,
    role: String,
    token_hash: Option<String>,
    #[serde(default)]
    certificate_names: Vec<String>,
    #[serde(default)]
    break_glass: bool,
    #[serde(default)]
    subjects: Vec<String>,
    #[serde(default)]
    user_ids: Vec<u32>,
    organisations: Option<Vec<String>>,
    areas: Option<Vec<String>>,
}

impl Roster {
    /// Reads an access file.
    ///
    /// # Errors
    /// [`Error`], naming everything that is wrong.
    pub(in crate::server) fn read(file: &Path) -> Result<Self, Error> {
        let shown = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|cause| Error::Unreadable { file: shown.clone(), cause })?;
        Self::parse(&text, &shown)
    }

    fn parse(text: &str, file: &str) -> Result<Self, Error> {
        let form = |error: toml::de::Error| Error::Form { file: file.to_owned(), problem: error.to_string() };
        let written: AccessFile = toml::from_str(text).map_err(form)?;
        let (mut roster, mut faults) = (Roster::default(), Vec::new());
        for one in written.principals {
            roster.add(one, &mut faults);
        }
        if roster.principals.is_empty() && faults.is_empty() {
            faults.push("no [[principals]] in it: nobody could call".to_owned());
        }
        if faults.is_empty() { Ok(roster) } else { Err(Error::Invalid { file: file.to_owned(), faults }) }
    }

    fn add(&mut self, one: WrittenPrincipal, faults: &mut Vec<String>) {
        let name = one.name;
        let mut fault = |what: String| faults.push(format!("{name}: {what}"));
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
            fault("a name has small letters, digits and hyphens only".to_owned());
        }
        let role = AccessRole::from_word(&one.role);
        if role.is_none() {
            let roles: Vec<&str> = AccessRole::ALL.iter().map(|role| role.word()).collect();
            fault(format!("'{}' is no role; the roles are {}", one.role, roles.join(", ")));
        }
        // An empty limit is a limit: it must not be taken for none.
        let is_limited = one.organisations.is_some() || one.areas.is_some();
        if is_limited && one.organisations.iter().chain(&one.areas).all(Vec::is_empty) {
            fault(
                "organisations and areas are empty: nothing could be changed; leave both out for no limit".to_owned(),
            );
        }
        let organisations = ids::<Organisation>(&one.organisations.unwrap_or_default(), &mut fault);
        let areas = ids::<Area>(&one.areas.unwrap_or_default(), &mut fault);
        let scope = is_limited.then_some(Scope { organisations, areas });
        if scope.is_some() && role.is_some_and(|role| role != AccessRole::Editor) {
            fault("organisations and areas limit what an editor changes; other roles have no such limit".to_owned());
        }
        let nameless = one.certificate_names.is_empty() && one.subjects.is_empty() && one.user_ids.is_empty();
        if one.token_hash.is_none() && nameless {
            let ways = "neither token_hash nor certificate_names nor subjects nor user_ids";
            fault(format!("has {ways}, so nobody could call as it"));
        }
        for subject in &one.subjects {
            if let Some(other) = self.subjects.insert(subject.clone(), name.clone()) {
                fault(format!("subject {subject} is {other}'s already"));
            }
        }
        for user in &one.user_ids {
            if let Some(other) = self.users.insert(*user, name.clone()) {
                fault(format!("user {user} is {other}'s already"));
            }
        }
        if let Some(hash) = &one.token_hash {
            match PasswordHash::new(hash).ok().filter(|hash| hash.algorithm.as_str() == "argon2id") {
                None => fault("token_hash is no argon2id hash; `crisisgids access token` makes one".to_owned()),
                Some(hash) if argon2::Params::try_from(&hash).is_ok_and(|of| of.m_cost() <= MOST_MEMORY_KIB) => {}
                Some(_) => fault("token_hash takes more than 2 GiB of memory, or is cut off".to_owned()),
            }
        }
        for certificate in &one.certificate_names {
            if !["DNS:", "URI:"].iter().any(|kind| certificate.starts_with(kind)) {
                fault(format!("'{certificate}' is no certificate name; write DNS:host or URI:address"));
            }
            if let Some(other) = self.certificates.insert(certificate.clone(), name.clone()) {
                fault(format!("{certificate} is {other}'s already"));
            }
        }
        let principal = Principal::new(name.clone(), role.unwrap_or(AccessRole::Reader), scope);
        let principal = if one.break_glass { principal.with_break_glass() } else { principal };
        let entry = Listed { principal, token_hash: one.token_hash };
        if self.principals.insert(name.clone(), entry).is_some() {
            fault("stands twice".to_owned());
        }
    }

    /// How many principals there are.
    pub(in crate::server) fn count(&self) -> usize {
        self.principals.len()
    }

    /// The principal of a certificate: that of the first of its names that is known.
    pub(in crate::server) fn by_certificate(&self, names: &[String]) -> Option<&Principal> {
        let known = names.iter().find_map(|name| self.certificates.get(name))?;
        self.principals.get(known).map(|entry| &entry.principal)
    }

    /// The principal of the subject of a token of the issuer.
    pub(in crate::server) fn by_subject(&self, subject: &str) -> Option<&Principal> {
        self.principals.get(self.subjects.get(subject)?).map(|entry| &entry.principal)
    }

    /// The principal of a user of this machine.
    pub(in crate::server) fn by_user(&self, user: u32) -> Option<&Principal> {
        self.principals.get(self.users.get(&user)?).map(|entry| &entry.principal)
    }

    /// The principal of a token, `name.secret`. It hashes also for a name that does not exist, so that the time it
    /// takes does not show which names exist.
    pub(in crate::server) fn by_token(&self, token: &str) -> Option<&Principal> {
        let (name, secret) = token.split_once('.')?;
        let entry = self.principals.get(name).filter(|entry| entry.token_hash.is_some());
        let some = || self.principals.values().find_map(|entry| entry.token_hash.as_ref());
        let hash = entry.and_then(|entry| entry.token_hash.as_ref()).or_else(some)?;
        let hash = PasswordHash::new(hash).ok()?;
        let is_right = Argon2::default().verify_password(secret.as_bytes(), &hash).is_ok();
        entry.filter(|_| is_right).map(|entry| &entry.principal)
    }
}

fn ids<R: Collected>(written: &[String], fault: &mut impl FnMut(String)) -> BTreeSet<Id<R>>
where
    Id<R>: Ord,
{
    let each = written.iter().filter_map(|name| match Id::<R>::parse(name) {
        Ok(id) => Some(id),
        Err(wrong) => {
            fault(format!("'{name}': {}", wrong.message));
            None
        }
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::PasswordHasher;

    use super::*;
    use crate::domain::spoilt::spoilt_text;

    fn hash(secret: &str) -> String {
        Argon2::default().hash_password(secret.as_bytes()).unwrap().to_string()
    }

    #[test]
    fn a_principal_is_known_by_token_and_by_certificate() {
        let text = format!(
            "[[principals]]\nname = \"centre\"\nrole = \"dispatcher\"\ntoken_hash = \"{}\"\n\
             certificate_names = [\"DNS:centre.example\"]\n",
            hash("s3cret")
        );
        let roster = Roster::parse(&text, "access.toml").unwrap();
        let name = |found: Option<&Principal>| found.map(|one| one.name().to_owned());
        assert_eq!(name(roster.by_token("centre.s3cret")), Some("centre".to_owned()));
        assert_eq!(
            name(roster.by_certificate(&["DNS:other".into(), "DNS:centre.example".into()])),
            Some("centre".into())
        );
        for wrong in ["centre.other", "other.s3cret", "centre", "", "."] {
            assert_eq!(name(roster.by_token(wrong)), None, "{wrong}");
        }
        assert_eq!(name(roster.by_certificate(&["URI:centre.example".into()])), None);
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let text = "[[principals]]\nname = \"A b\"\nrole = \"king\"\norganisations = [\"areas/x\"]\n\
                    [[principals]]\nname = \"a\"\nrole = \"reader\"\ntoken_hash = \"plain\"\nareas = [\"areas/vr25\"]\n\
                    certificate_names = [\"CN=a\"]\n[[principals]]\nname = \"a\"\nrole = \"reader\"\n";
        let Err(Error::Invalid { faults, .. }) = Roster::parse(text, "access.toml") else { panic!("valid") };
        for part in
            ["small letters", "no role", "areas/x", "neither", "argon2id", "limit what an editor", "CN=a", "twice"]
        {
            assert!(faults.iter().any(|fault| fault.contains(part)), "{part}: {faults:#?}");
        }
        assert!(matches!(Roster::parse("", "access.toml"), Err(Error::Invalid { .. })));
        assert!(matches!(Roster::parse("principals = 3", "access.toml"), Err(Error::Form { .. })));
    }

    #[test]
    fn an_empty_limit_is_no_freedom() {
        for limit in ["areas = []", "organisations = []", "areas = []\norganisations = []"] {
            let text = format!("[[principals]]\nname = \"a\"\nrole = \"editor\"\nuser_ids = [1]\n{limit}\n");
            let Err(Error::Invalid { faults, .. }) = Roster::parse(&text, "access.toml") else { panic!("{limit}") };
            assert!(faults.iter().any(|fault| fault.contains("are empty")), "{faults:#?}");
        }
    }

    #[test]
    fn a_hash_that_would_take_more_memory_than_there_is_is_refused() {
        let hash = hash("s3cret").replace("m=19456", "m=4194304");
        let text = format!("[[principals]]\nname = \"a\"\nrole = \"reader\"\ntoken_hash = \"{hash}\"\n");
        let Err(Error::Invalid { faults, .. }) = Roster::parse(&text, "access.toml") else { panic!("valid") };
        assert!(faults.iter().any(|fault| fault.contains("2 GiB")), "{faults:#?}");
    }

    proptest::proptest! {
        #[test]
        fn no_input_makes_an_access_file_panic(text in spoilt_text(&[
            "[[principals]]\nname = \"centre\"\nrole = \"dispatcher\"\nbreak_glass = true\nuser_ids = [1000]\n\
             subjects = [\"a\"]\ncertificate_names = [\"DNS:a.example\"]\n",
            "[[principals]]\nname = \"office\"\nrole = \"editor\"\norganisations = [\"organisations/x\"]\n\
             areas = [\"areas/vr25\"]\n\
             token_hash = \"$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$LFmmQVYcDhXYTxpjNMzGMEZ3FXEYjLnJHCSsVNTEkmY\"\n",
        ])) {
            let _ = Roster::parse(&text, "access.toml");
        }
    }
}
