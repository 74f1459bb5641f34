//! How are these organisations, or these functions, reached here?

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::acting::answer::Reach;
use crate::domain::acting::territory::View;
use crate::domain::area::Area;
use crate::domain::catalogue::CrisisFunction;
use crate::domain::contact::Contact;
use crate::domain::name::{Id, Name};
use crate::domain::organisation::Organisation;
use crate::domain::snapshot::Snapshot;

use super::views;

/// What to ask; an empty list restricts nothing.
#[derive(Debug, Clone)]
pub struct ContactsQuestion {
    /// Where.
    pub places: Vec<Arc<Area>>,
    /// Whose.
    pub organisations: Vec<Id<Organisation>>,
    /// In which functions.
    pub functions: Vec<Id<CrisisFunction>>,
    /// When.
    pub effective_time: Timestamp,
}

/// The contacts, by name, each as it can be reached at the time.
pub fn find(snapshot: &Snapshot, question: &ContactsQuestion) -> Vec<Reach> {
    let [confirmed, announced] = views(snapshot, question.effective_time);
    let here: Vec<BTreeSet<Id<Area>>> =
        [confirmed, announced].iter().map(|view| view.territory(&question.places).areas()).collect();
    snapshot
        .all::<Contact>()
        .filter(|contact| is_asked(contact, question))
        .filter_map(|contact| {
            [confirmed, announced].iter().zip(&here).find_map(|(view, here)| {
                let organisation = view.organisation(&Id::try_from_name(contact.name.name().parent()?).ok()?)?;
                let holds = contact.validity.holds(view.at, view.reading);
                let serves = question.places.is_empty() || view.serves(contact, organisation.name.name(), here);
                (holds && serves).then(|| view.reach_of(contact, &organisation))
            })
        })
        .collect()
}

fn is_asked(contact: &Contact, question: &ContactsQuestion) -> bool {
    let whose = contact.name.name().parent();
    let of_these = question.organisations.is_empty()
        || question.organisations.iter().any(|organisation| whose.as_ref() == Some(organisation.name()));
    let as_these = question.functions.is_empty()
        || contact.function.as_ref().is_some_and(|function| question.functions.contains(function));
    of_these && as_these
}

impl View<'_> {
    /// Whether a contact serves one of these areas: by its own scope, or wherever its organisation covers.
    fn serves(&self, contact: &Contact, organisation: &Name, here: &BTreeSet<Id<Area>>) -> bool {
        if contact.areas.is_empty() {
            self.snapshot
                .coverages_of(organisation)
                .iter()
                .any(|coverage| coverage.validity.holds(self.at, self.reading) && here.contains(&coverage.area))
        } else {
            contact.areas.iter().any(|area| here.contains(area))
        }
    }
}
