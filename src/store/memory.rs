//! The store without a disk: for tests, trials and throw-away directories.
//!
//! **Invariants.** It keeps the whole contract of [`Store`] except that it ends with the process.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::{AcceptedRequest, Contents, Error, History, MARK_SECONDS, Seal, Store, follows};
use crate::domain::change::Batch;
use crate::domain::record::Revision;

/// The store without a disk. A clone is the same store: opening it again is loading from the clone.
#[derive(Debug, Default, Clone)]
pub struct MemoryStore {
    ledger: Arc<Batches>,
}

#[derive(Debug, Default)]
struct Batches(RwLock<Vec<Batch>>);

impl Store for MemoryStore {
    fn load(&mut self) -> Result<Contents, Error> {
        Ok(contents_of(&self.ledger.0.read().unwrap_or_else(PoisonError::into_inner)))
    }

    fn commit(&mut self, group: &[Batch]) -> Result<(), Error> {
        let mut batches = self.ledger.0.write().unwrap_or_else(PoisonError::into_inner);
        follows(batches.last().map(|batch| batch.revision).unwrap_or_default(), group)?;
        batches.extend_from_slice(group);
        Ok(())
    }

    fn history(&self) -> Arc<dyn History> {
        self.ledger.clone()
    }
}

impl History for Batches {
    fn begins_after(&self) -> Revision {
        Revision(0)
    }

    fn seal(&self) -> Option<Seal> {
        None
    }

    fn after(&self, after: Revision, limit: usize) -> Result<Vec<Batch>, Error> {
        let batches = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let first = batches.partition_point(|batch| batch.revision <= after);
        Ok(batches.iter().skip(first).take(limit).cloned().collect())
    }
}

fn contents_of(batches: &[Batch]) -> Contents {
    let (mut records, mut withheld) = (BTreeMap::new(), BTreeMap::new());
    for write in batches.iter().flat_map(|batch| &batch.writes) {
        match &write.after {
            Some(stored) => records.insert(write.name.clone(), stored.clone()),
            None => records.remove(&write.name),
        };
        match &write.withheld {
            Some(fields) => withheld.insert(write.name.clone(), fields.clone()),
            None => withheld.remove(&write.name),
        };
    }
    let newest = batches.last().map(|batch| batch.authorship.time.as_second()).unwrap_or_default();
    Contents {
        revision: batches.last().map(|batch| batch.revision).unwrap_or_default(),
        records: records.into_values().collect(),
        withheld: withheld.into_iter().collect(),
        requests: batches
            .iter()
            .filter_map(AcceptedRequest::of)
            .filter(|request| request.time.as_second() > newest.saturating_sub(MARK_SECONDS))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance;

    #[test]
    fn it_keeps_the_contract() {
        let store = MemoryStore::default();
        conformance::run(|| {
            let fresh = MemoryStore::default();
            move || Box::new(fresh.clone()) as Box<dyn Store>
        });
        assert_eq!(store.ledger.0.read().unwrap().len(), 0);
    }
}
