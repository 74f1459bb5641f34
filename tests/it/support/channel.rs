//! Channels of contacts, of which a test says only what it is about.

use crisisgids::domain::contact::{Channel, ChannelKind, Confidentiality, HolidayHours, HoursKind};
use crisisgids::domain::validity::Validity;

/// A channel of which nothing but its kind and value is known.
pub(crate) fn channel(kind: ChannelKind, value: impl Into<String>) -> Channel {
    Channel {
        kind,
        value: value.into(),
        placeholder: false,
        not_public: false,
        fictional: false,
        hours_kind: HoursKind::Unknown,
        hours: vec![],
        exceptions: vec![],
        holidays: HolidayHours::Unknown,
        depends_on: vec![],
        purpose: None,
        confidentiality: Confidentiality::Public,
        verified_date: None,
        wait_seconds: 0,
        validity: Validity::default(),
        source: None,
    }
}
