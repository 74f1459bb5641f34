//! Resource names: what a record is called, and which collection it belongs to.
//!
//! **Invariants.** A [`Name`] is always well formed for its [`Collection`]; an [`Id`] moreover belongs to the
//! collection of its type. Nothing behind the edge holds a record's name as a bare string.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::field::{Fault, Faults, Field, Path, Schema, Value, required, text};

/// The collections of the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Collection {
    /// `areas/*`
    Areas,
    /// `organisations/*`
    Organisations,
    /// `organisations/*/coverages/*`
    Coverages,
    /// `organisations/*/stations/*`
    Stations,
    /// `organisations/*/contacts/*`
    Contacts,
    /// `calamityTypes/*`
    CalamityTypes,
    /// `terms/*`
    Terms,
    /// `capabilities/*`
    Capabilities,
    /// `crisisFunctions/*`
    CrisisFunctions,
    /// `crisisProcesses/*`
    CrisisProcesses,
    /// `conditions/*`
    Conditions,
    /// `constraints/*`
    Constraints,
    /// `assignments/*`
    Assignments,
    /// `arrangements/*`
    Arrangements,
    /// `profiles/*`: one record, `profiles/directory`, about the directory itself.
    Profiles,
}

impl Collection {
    /// Every collection, referred-to before referring.
    pub const ALL: &'static [Collection] = &[
        Collection::Profiles,
        Collection::Areas,
        Collection::Capabilities,
        Collection::CrisisFunctions,
        Collection::CrisisProcesses,
        Collection::Conditions,
        Collection::Organisations,
        Collection::Coverages,
        Collection::Stations,
        Collection::Contacts,
        Collection::CalamityTypes,
        Collection::Terms,
        Collection::Constraints,
        Collection::Assignments,
        Collection::Arrangements,
    ];

    /// The last collection word of a name in this collection: `coverages`.
    pub const fn word(self) -> &'static str {
        match self {
            Collection::Areas => "areas",
            Collection::Organisations => "organisations",
            Collection::Coverages => "coverages",
            Collection::Stations => "stations",
            Collection::Contacts => "contacts",
            Collection::CalamityTypes => "calamityTypes",
            Collection::Terms => "terms",
            Collection::Capabilities => "capabilities",
            Collection::CrisisFunctions => "crisisFunctions",
            Collection::CrisisProcesses => "crisisProcesses",
            Collection::Conditions => "conditions",
            Collection::Constraints => "constraints",
            Collection::Assignments => "assignments",
            Collection::Arrangements => "arrangements",
            Collection::Profiles => "profiles",
        }
    }

    /// Whether names of this collection lie below an organisation.
    pub const fn is_nested(self) -> bool {
        matches!(self, Collection::Coverages | Collection::Stations | Collection::Contacts)
    }

    /// The pattern of names, for messages: `organisations/*/coverages/*`.
    pub fn pattern(self) -> String {
        if self.is_nested() { format!("organisations/*/{}/*", self.word()) } else { format!("{}/*", self.word()) }
    }
}

/// A well-formed resource name. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

impl Name {
    /// Parses a name of any collection.
    ///
    /// # Errors
    /// A [`Fault`] that says what a name looks like.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let fault = |message: String| Fault { path: String::new(), reason: "NOT_A_NAME", message };
        let parts: Vec<&str> = text.split('/').collect();
        let collection = match parts.as_slice() {
            [word, _] => Collection::ALL.iter().find(|c| !c.is_nested() && c.word() == *word),
            ["organisations", _, word, _] => Collection::ALL.iter().find(|c| c.is_nested() && c.word() == *word),
            _ => None,
        };
        if collection.is_none() {
            return Err(fault(format!("'{text}' is not a resource name such as areas/gm0171")));
        }
        if let Some(bad) = parts.iter().skip(1).step_by(2).find(|id| !is_id(id)) {
            return Err(fault(format!(
                "'{bad}' in '{text}' is not an id: 1 to 63 of a-z, 0-9 and '-', no '-' first or last"
            )));
        }
        Ok(Name(text.into()))
    }

    /// The collection this name belongs to.
    pub fn collection(&self) -> Collection {
        let mut words = self.0.rsplit('/').skip(1);
        let word = words.next().unwrap_or_default();
        // Proof: parse accepted the name, so its last collection word is one of ALL.
        Collection::ALL.iter().copied().find(|c| c.word() == word).unwrap_or(Collection::Profiles)
    }

    /// The last id: `gm0171` of `areas/gm0171`.
    pub fn id(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The organisation a nested name lies below.
    pub fn parent(&self) -> Option<Name> {
        if !self.collection().is_nested() {
            return None;
        }
        let end = self.0.match_indices('/').nth(1).map(|(index, _)| index)?;
        self.0.get(..end).map(|text| Name(text.into()))
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a text may be an id. Follows AIP-122, but an id may start with a digit as codes do.
fn is_id(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A type whose values are records of one collection.
pub trait Collected {
    /// The collection.
    const COLLECTION: Collection;
}

/// The name of a record of type `R`.
pub struct Id<R> {
    name: Name,
    record: PhantomData<fn() -> R>,
}

impl<R: Collected> Id<R> {
    /// Parses a name of `R`'s collection.
    ///
    /// # Errors
    /// A [`Fault`] that says which pattern the name must have.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        Self::try_from_name(Name::parse(text)?)
    }

    /// Narrows a name to `R`'s collection.
    ///
    /// # Errors
    /// A [`Fault`] if the name is of another collection.
    pub fn try_from_name(name: Name) -> Result<Self, Fault> {
        if name.collection() == R::COLLECTION {
            return Ok(Id { name, record: PhantomData });
        }
        Err(Fault {
            path: String::new(),
            reason: "WRONG_COLLECTION",
            message: format!("'{name}' is not of the form {}", R::COLLECTION.pattern()),
        })
    }

    /// The name without its type.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The last id: `gm0171` of `areas/gm0171`.
    pub fn id(&self) -> &str {
        self.name.id()
    }
}

impl<R> Clone for Id<R> {
    fn clone(&self) -> Self {
        Id { name: self.name.clone(), record: PhantomData }
    }
}
impl<R> PartialEq for Id<R> {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}
impl<R> Eq for Id<R> {}
impl<R> PartialOrd for Id<R> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<R> Ord for Id<R> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.name.cmp(&other.name)
    }
}
impl<R> std::hash::Hash for Id<R> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}
impl<R> fmt::Debug for Id<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.name, f)
    }
}
impl<R> fmt::Display for Id<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.name, f)
    }
}

impl<R: Collected> Field for Id<R> {
    fn schema() -> Schema {
        Schema::Name
    }
    fn to_value(&self) -> Option<Value> {
        Some(Value::Text(self.name.as_str().to_owned()))
    }

    fn from_value(value: Option<Value>, at: &Path<'_>, faults: &mut Faults) -> Option<Self> {
        let Some(value) = value else {
            required(at, faults);
            return None;
        };
        let text = text(value, at, faults)?;
        match Self::parse(&text) {
            Ok(id) => Some(id),
            Err(fault) => {
                faults.add(at, fault.reason, fault.message);
                None
            }
        }
    }

    fn references(&self, at: &Path<'_>, visit: &mut dyn FnMut(&Path<'_>, &Name)) {
        visit(at, &self.name);
    }
}
