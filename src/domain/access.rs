//! Who may do what: a principal with an access role, an action, and the permit that proves that the role allows it.
//!
//! **Invariants.** A [`Permit`] cannot be made outside this module, and nothing in the directory can be read or
//! written without one; so a forgotten check does not compile. What each role may is [`AccessRole::may`] and
//! [`AccessRole::clearance`], and stands nowhere else.

use std::collections::BTreeSet;

use super::area::Area;
use super::contact::Confidentiality;
use super::error::Error;
use super::field::words;
use super::name::{Collection, Id, Name};
use super::organisation::Organisation;
use super::snapshot::Snapshot;

words! {
    /// What a caller wants to do; the same words as `enum Permission` in the proto.
    pub enum Action {
        /// Ask who acts where, and whom to call.
        Ask = "ASK",
        /// Read records.
        Read = "READ",
        /// Change records.
        Write = "WRITE",
        /// Read who changed what.
        ReadHistory = "READ_HISTORY",
        /// Take a copy of everything.
        Export = "EXPORT",
    }

    /// What a caller is to the directory; not to be mixed up with what an organisation acts as.
    pub enum AccessRole {
        /// A tool or dashboard of a partner in crisis response: asks and reads.
        Reader = "reader",
        /// Who calls in a calamity: asks and reads, and sees every number.
        Dispatcher = "dispatcher",
        /// Who keeps the data of some organisations or of one region, or all of it.
        Editor = "editor",
        /// Who keeps the service: may do everything.
        Administrator = "administrator",
        /// Who looks at how the directory is used: reads records and their history, and no number that is not public.
        Auditor = "auditor",
    }
}

impl AccessRole {
    /// Whether the role allows an action.
    pub fn may(self, action: Action) -> bool {
        match self {
            AccessRole::Reader | AccessRole::Dispatcher => matches!(action, Action::Ask | Action::Read),
            AccessRole::Editor | AccessRole::Administrator => true,
            AccessRole::Auditor => matches!(action, Action::Read | Action::ReadHistory),
        }
    }

    /// The most confidential channels that the role sees the value of.
    pub fn clearance(self) -> Confidentiality {
        match self {
            AccessRole::Auditor => Confidentiality::Public,
            AccessRole::Reader => Confidentiality::Partner,
            AccessRole::Dispatcher | AccessRole::Editor | AccessRole::Administrator => Confidentiality::Restricted,
        }
    }
}

/// What an editor keeps: these organisations, and those that cover anything in these areas, each with what lies below
/// it. What belongs to no organisation is kept by editors without a scope.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// These organisations.
    pub organisations: BTreeSet<Id<Organisation>>,
    /// The organisations of these areas, such as a safety region.
    pub areas: BTreeSet<Id<Area>>,
}

impl Scope {
    /// Whether a record is in the scope, as the directory stands.
    pub fn holds(&self, snapshot: &Snapshot, name: &Name) -> bool {
        let below = [Collection::Coverages, Collection::Stations, Collection::Contacts].contains(&name.collection());
        let organisation = if below { name.parent() } else { Some(name.clone()) };
        let Some(organisation) = organisation.and_then(|name| Id::<Organisation>::try_from_name(name).ok()) else {
            return false;
        };
        let coverages = snapshot.coverages_of(organisation.name());
        self.organisations.contains(&organisation)
            || coverages.iter().any(|coverage| lies_in(snapshot, &coverage.area, &self.areas))
    }
}

/// Whether an area is one of others or lies within one, at whatever time.
fn lies_in(snapshot: &Snapshot, area: &Id<Area>, others: &BTreeSet<Id<Area>>) -> bool {
    let (mut seen, mut todo) = (BTreeSet::new(), vec![area.clone()]);
    while let Some(area) = todo.pop() {
        if others.contains(&area) {
            return true;
        }
        if seen.insert(area.clone()) {
            todo.extend(snapshot.get(&area).into_iter().flat_map(|area| &area.within).map(|edge| edge.area.clone()));
        }
    }
    false
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    name: String,
    role: AccessRole,
    scope: Option<Scope>,
    may_break_glass: bool,
    broken: Option<String>,
}

impl Principal {
    /// Somebody who was identified. A scope limits what an editor may change, and nobody else.
    pub fn new(name: impl Into<String>, role: AccessRole, scope: Option<Scope>) -> Self {
        Principal {
            name: name.into(),
            role,
            scope: scope.filter(|_| role == AccessRole::Editor),
            may_break_glass: false,
            broken: None,
        }
    }

    /// The same, who may see everything in need, if he says why.
    #[must_use]
    pub fn with_break_glass(self) -> Self {
        Principal { may_break_glass: true, ..self }
    }

    /// The same for one call in which he breaks the glass.
    ///
    /// # Errors
    /// [`Error::Denied`] if he may not, or does not say why.
    pub fn breaking_glass(self, reason: &str) -> Result<Self, Error> {
        if self.may_break_glass && !reason.trim().is_empty() {
            Ok(Principal { broken: Some(reason.trim().to_owned()), ..self })
        } else {
            Err(Error::Denied)
        }
    }

    /// Why he breaks the glass, if he does.
    pub fn broken_glass(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// The most confidential channels that he sees the value of.
    pub fn clearance(&self) -> Confidentiality {
        if self.broken.is_some() { Confidentiality::Restricted } else { self.role.clearance() }
    }

    /// Whoever reaches a server that listens on this machine only and tells nobody apart: he is its operator.
    pub fn local() -> Self {
        Principal::new("local", AccessRole::Administrator, None)
    }

    /// What he is called in the ledger.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What he is to the directory.
    pub fn role(&self) -> AccessRole {
        self.role
    }
}

/// Proof that a principal may do an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    principal: Principal,
    action: Action,
}

impl Permit {
    /// Asks whether a principal may do an action.
    ///
    /// # Errors
    /// [`Error::Denied`] if his role does not allow it.
    pub fn request(principal: Principal, action: Action) -> Result<Self, Error> {
        if principal.role.may(action) { Ok(Permit { principal, action }) } else { Err(Error::Denied) }
    }

    /// A permit of the same principal for another action.
    ///
    /// # Errors
    /// [`Error::Denied`] if his role does not allow that.
    pub fn also(&self, action: Action) -> Result<Self, Error> {
        Permit::request(self.principal.clone(), action)
    }

    /// Who may.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// What he may.
    pub fn action(&self) -> Action {
        self.action
    }

    /// The most confidential channels that he sees the value of.
    pub fn clearance(&self) -> Confidentiality {
        self.principal.clearance()
    }

    /// What his changes are limited to; `None`: nothing.
    pub fn scope(&self) -> Option<&Scope> {
        self.principal.scope.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_what_the_table_says_and_no_more() {
        let allowed = |role: AccessRole| Action::ALL.iter().filter(|action| role.may(**action)).count();
        assert_eq!(AccessRole::ALL.iter().map(|role| allowed(*role)).collect::<Vec<_>>(), [2, 2, 5, 5, 2]);
        for role in AccessRole::ALL {
            for action in Action::ALL {
                let permit = Permit::request(Principal::new("x", *role, None), *action);
                assert_eq!(permit.is_ok(), role.may(*action), "{role:?} {action:?}");
            }
        }
    }

    #[test]
    fn only_an_editor_is_limited_by_a_scope() {
        let scope = Some(Scope::default());
        for role in AccessRole::ALL.iter().filter(|role| role.may(Action::Write)) {
            let permit = Permit::request(Principal::new("x", *role, scope.clone()), Action::Write).unwrap();
            assert_eq!(permit.scope().is_some(), *role == AccessRole::Editor);
        }
    }
}
