//! Opening hours, minute by minute, over the days on which the clock jumps.

use crisisgids::domain::contact::{Channel, ChannelKind};
use crisisgids::domain::hours::{ClockTime, Day, OpeningHours, is_open, next_boundary};
use crisisgids::domain::validity::zone;
use jiff::civil::{DateTime, Time, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// Weekly hours: any days, any times; often in the hour that the clock skips or repeats.
pub(super) fn weekly() -> impl Strategy<Value = OpeningHours> {
    let time = || prop_oneof![(0i8..24, 0i8..60), (1i8..4, 0i8..60), select(&[(0, 0), (2, 0), (3, 0)][..])];
    let days = subsequence(Day::ALL.to_vec(), 0..=3);
    (days, time(), time()).prop_map(|(days, (h1, m1), (h2, m2))| OpeningHours {
        days,
        opens: ClockTime(Time::new(h1, m1, 0, 0).unwrap()),
        closes: ClockTime(Time::new(h2, m2, 0, 0).unwrap()),
    })
}

/// A channel with these hours.
fn answered(hours: &[OpeningHours]) -> Channel {
    Channel { hours: hours.to_vec(), ..Channel::new(ChannelKind::Telephone, "112".to_owned()) }
}

/// Whether hours are open: by the calendar day that `opens` falls on, walking every day that could matter.
fn open_naively(hours: &[OpeningHours], at: Timestamp) -> bool {
    hours.is_empty() || hours.iter().any(|one| (0..2).any(|back| covers(one, at, back)))
}

/// Whether the span that started so many days ago covers an instant.
fn covers(one: &OpeningHours, at: Timestamp, back: i64) -> bool {
    let today = zone().to_datetime(at).date();
    let Ok(start_day) = today.checked_sub(back.days()) else { return false };
    let weekday = Day::ALL[usize::try_from(start_day.weekday().to_monday_zero_offset()).unwrap()];
    if !one.days.is_empty() && !one.days.contains(&weekday) {
        return false;
    }
    let end_day = if one.closes.0 > one.opens.0 { start_day } else { start_day.tomorrow().unwrap() };
    first_instant(start_day.to_datetime(one.opens.0)) <= at && at < first_instant(end_day.to_datetime(one.closes.0))
}

/// The first instant at which the clock on the wall shows a time or, where it skips that, a later one.
fn first_instant(civil: DateTime) -> Timestamp {
    let shown = |offset: i64| TimeZone::UTC.to_timestamp(civil).unwrap() - SignedDuration::from_hours(offset);
    let wall = |at: Timestamp| zone().to_datetime(at);
    let (summer, winter) = (shown(2), shown(1));
    if let Some(at) = [summer, winter].into_iter().find(|at| wall(*at) == civil) {
        return at;
    }
    (0..120).map(|minute| summer + SignedDuration::from_mins(minute)).find(|at| wall(*at) >= civil).unwrap()
}

fn minutes_of(day: DateTime) -> impl Iterator<Item = Timestamp> {
    let start = zone().to_timestamp(day).unwrap() - SignedDuration::from_hours(4);
    (0..60 * 36).map(move |minute| start + SignedDuration::from_mins(minute))
}

fn jump_days() -> impl Strategy<Value = DateTime> {
    select(vec![date(2026, 3, 29), date(2026, 10, 25)]).prop_map(|day| day.at(0, 0, 0, 0))
}

proptest! {

    #[test]
    fn hours_are_open_exactly_when_a_minute_by_minute_look_says_so(
        hours in prop::collection::vec(weekly(), 0..3), day in jump_days(),
    ) {
        for at in minutes_of(day) {
            let open = is_open(&answered(&hours), at);
            prop_assert_eq!(open, open_naively(&hours, at), "{} {:?}", at, hours);
        }
    }

    #[test]
    fn hours_do_not_change_before_their_next_boundary(
        hours in prop::collection::vec(weekly(), 0..3), day in jump_days(), after in 0i64..(60 * 48),
    ) {
        let from = zone().to_timestamp(day).unwrap() - SignedDuration::from_hours(12) + SignedDuration::from_mins(after);
        let until = next_boundary(&answered(&hours), from);
        let open = open_naively(&hours, from);
        let mut at = from;
        while at < from + SignedDuration::from_hours(30) && until.is_none_or(|until| at < until) {
            prop_assert_eq!(open_naively(&hours, at), open, "{} until {:?}", at, until);
            at += SignedDuration::from_mins(1);
        }
        prop_assert!(until.is_none_or(|until| until > from));
    }
}
