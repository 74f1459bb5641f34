//! The directory that ships, as a snapshot that tests share: nobody writes to it.

use std::sync::OnceLock;

use crisisgids::dataset;
use crisisgids::domain::change::{Authorship, Change};
use crisisgids::domain::snapshot::Snapshot;

use super::NOW;

/// The directory that ships, planned onto an empty one as the first start does.
pub(crate) fn shipped() -> &'static Snapshot {
    static SHIPPED: OnceLock<Snapshot> = OnceLock::new();
    SHIPPED.get_or_init(|| {
        let changes: Vec<Change> = dataset::shipped().unwrap().records.into_iter().map(Change::Put).collect();
        let authorship = Authorship {
            principal: "test".to_owned(),
            peer: String::new(),
            change_reason: String::new(),
            time: NOW.parse().unwrap(),
            request: None,
        };
        let empty = Snapshot::default();
        empty.after([&empty.plan(&changes, &authorship).unwrap()])
    })
}
