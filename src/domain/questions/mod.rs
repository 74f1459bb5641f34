//! The other questions, asked and answered in the manner of [`acting`](super::acting): from one snapshot, at one time,
//! in both readings.

pub mod areas;
pub mod arrangements;
pub mod contacts;
pub mod providers;
pub mod worklist;

use std::sync::Arc;

use jiff::Timestamp;

use super::acting::answer::Reach;
use super::acting::territory::View;
use super::area::Area;
use super::error::{Error, Unresolved};
use super::snapshot::Snapshot;
use super::validity::Reading;

/// Both readings at an instant, the confirmed one first.
pub fn views(snapshot: &Snapshot, at: Timestamp) -> [View<'_>; 2] {
    [Reading::Confirmed, Reading::Announced].map(|reading| View { snapshot, at, reading })
}

/// As [`views`]; only the confirmed one where nothing is disputed at the time, so that both would read the same.
pub fn differing_views(snapshot: &Snapshot, at: Timestamp) -> impl Iterator<Item = View<'_>> {
    let count = if snapshot.disputed(at).next().is_some() { 2 } else { 1 };
    views(snapshot, at).into_iter().take(count)
}

/// Turns words without one meaning into an error, if there are any.
///
/// # Errors
/// [`Error::Unresolved`] naming all of them.
pub fn resolved<T>(found: T, unresolved: Vec<Unresolved>) -> Result<T, Error> {
    if unresolved.is_empty() { Ok(found) } else { Err(Error::Unresolved(unresolved)) }
}

/// The areas of a list of places.
///
/// # Errors
/// [`Error::Unresolved`] naming every place without one meaning.
pub fn places(snapshot: &Snapshot, words: &[String], at: Timestamp) -> Result<Vec<Arc<Area>>, Error> {
    let mut unresolved = Vec::new();
    let found = super::acting::question::places(snapshot, words, at, &mut unresolved);
    resolved(found.into_iter().map(|matched| matched.area).collect(), unresolved)
}

/// The next instant at which a channel of these contacts opens or closes.
pub fn next_hours_boundary<'r>(
    snapshot: &Snapshot,
    at: Timestamp,
    reaches: impl IntoIterator<Item = &'r Reach>,
) -> Option<Timestamp> {
    View { snapshot, at, reading: Reading::Confirmed }.next_hours_boundary(reaches)
}
