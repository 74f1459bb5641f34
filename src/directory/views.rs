//! The directory as callers of each clearance may see it, made once per revision and only when it is needed.
//!
//! **Invariants.** A view is of exactly the revision that was asked for. A caller who sees everything is given the
//! snapshot itself. Two calls at the same time may both make the view; the two are equal.

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::domain::contact::Confidentiality;
use crate::domain::snapshot::Snapshot;

/// The views that were asked for last.
#[derive(Debug, Default)]
pub(super) struct Views {
    public: ArcSwapOption<Snapshot>,
    partner: ArcSwapOption<Snapshot>,
}

impl Views {
    /// A snapshot as a caller of this clearance may see it.
    pub(super) fn of(&self, whole: Arc<Snapshot>, clearance: Confidentiality) -> Arc<Snapshot> {
        let kept = match clearance {
            Confidentiality::Public => &self.public,
            Confidentiality::Partner => &self.partner,
            Confidentiality::Restricted => return whole,
        };
        if let Some(view) = kept.load_full().filter(|view| view.revision() == whole.revision()) {
            return view;
        }
        let view = Arc::new(whole.redacted(clearance));
        kept.store(Some(view.clone()));
        view
    }
}
