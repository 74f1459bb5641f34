//! Writes one a day, for what depends on how old they are.

use crisisgids::client::Resource;
use crisisgids::directory::Directory;
use crisisgids::domain::access::{Action, Permit, Principal};
use crisisgids::domain::change::{Authorship, Change};
use crisisgids::proto::v1;
use jiff::{SignedDuration, Timestamp};

use super::NOW;

/// How many places the writes are about.
pub(crate) const PLACES: i64 = 9;

/// Writes a place on a day, with the reason `day N`.
pub(crate) async fn write(directory: &Directory, day: i64) {
    let place = v1::Area {
        name: format!("areas/d-{}", day % PLACES),
        display_names: vec![v1::LocalisedText { language_code: "nl".to_owned(), text: format!("plaats {day}") }],
        kind: v1::AreaKind::Place.into(),
        ..Default::default()
    };
    let record = Resource::from_message(&place).unwrap().to_record().unwrap();
    let authorship = Authorship {
        principal: "local".to_owned(),
        peer: "test".to_owned(),
        change_reason: format!("day {day}"),
        time: NOW.parse::<Timestamp>().unwrap() + SignedDuration::from_hours(24 * day),
        request: None,
    };
    let permit = Permit::request(Principal::local(), Action::Write).unwrap();
    directory.write(&permit, vec![Change::Put(record)], authorship, false).await.unwrap();
}
