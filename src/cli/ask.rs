//! The questions: who acts where, and the six others.
//!
//! **Invariants.** A question is sent as it was typed: what words mean is for the server to say. Every page is read
//! before anything is shown, so that an answer is whole or an error.

use std::io::Read;
use std::str::FromStr;

use clap::{Args, Subcommand};

use super::failure::Failure;
use super::output::json;
use super::output::view::View;
use super::settings::{Format, Settings};
use crate::domain::text::Language;
use crate::proto::v1;

/// Asks page after page, and gives the answer with what all of them hold; times and revision are the first page's.
macro_rules! paged {
    ($settings:expr, $request:expr, $ask:ident, $found:ident) => {{
        let mut request = $request;
        $settings.run(async |client| {
            let mut answer = client.$ask(request.clone()).await?;
            let mut token = std::mem::take(&mut answer.next_page_token);
            while !token.is_empty() {
                request.page_token = token;
                let page = client.$ask(request.clone()).await?;
                answer.$found.extend(page.$found);
                token = page.next_page_token;
            }
            Ok(answer)
        })?
    }};
}

/// The questions.
#[derive(Debug, Subcommand)]
pub(super) enum Ask {
    /// Who acts here, by what right, and how do I reach them?
    #[command(after_help = WHO_ACTS)]
    WhoActs(WhoActs),
    /// Where, and for what, does this organisation act?
    #[command(after_help = "Example:\n  crisisgids where-acts Waternet --calamity drinkwater")]
    WhereActs {
        /// Who: a name, an alias, or a name such as organisations/waternet
        organisation: String,
        /// Only for this calamity; may be repeated
        #[arg(long = "calamity", value_name = "CALAMITY")]
        calamities: Vec<String>,
        /// Only at this level: 1 to 5, rijk; 0: none is declared
        #[arg(long, value_name = "LEVEL")]
        grip: Option<Level>,
    },
    /// How are these organisations, or these functions, reached?
    #[command(
        after_help = "Example:\n  crisisgids contacts Urk --function OvD-B\n  crisisgids contacts --organisation Waternet"
    )]
    Contacts {
        /// Where; none: anywhere
        #[arg(value_name = "PLACE")]
        places: Vec<String>,
        /// Whose; may be repeated
        #[arg(long = "organisation", value_name = "ORGANISATION")]
        organisations: Vec<String>,
        /// In which crisis function; may be repeated
        #[arg(long = "function", value_name = "FUNCTION")]
        functions: Vec<String>,
    },
    /// What is agreed between these, here, for this?
    #[command(after_help = "\
With exactly two safety regions, the answer says whether one may ask the other directly.

Example:
  crisisgids arrangements 'Veiligheidsregio Flevoland' 'Veiligheidsregio Gooi en Vechtstreek'")]
    Arrangements {
        /// Between whom: all of these are parties
        #[arg(value_name = "ORGANISATION")]
        organisations: Vec<String>,
        /// Where; may be repeated
        #[arg(long = "place", value_name = "PLACE")]
        places: Vec<String>,
        /// For what; may be repeated
        #[arg(long = "calamity", value_name = "CALAMITY")]
        calamities: Vec<String>,
    },
    /// Who has this capability at or nearest to a place, whatever the region?
    #[command(after_help = "Example:\n  crisisgids providers capabilities/thatched-roof-team Blaricum")]
    Providers {
        /// What is needed: a name, an alias, or a name such as capabilities/thatched-roof-team
        capability: String,
        /// Where
        #[arg(value_name = "PLACE", required = true)]
        places: Vec<String>,
    },
    /// What is missing, stale or ending: the worklist of those who keep the directory
    #[command(after_help = "Example:\n  crisisgids gaps --within 90d --place Almere")]
    Gaps {
        /// How far to look ahead, in days or weeks: 90d, 12w
        #[arg(long, value_name = "DAYS", default_value = "0d", value_parser = parse_days)]
        within: i32,
        /// Only here; may be repeated
        #[arg(long = "place", value_name = "PLACE")]
        places: Vec<String>,
        /// Only of these; may be repeated
        #[arg(long = "organisation", value_name = "ORGANISATION")]
        organisations: Vec<String>,
    },
    /// Which area do these words mean, and whose is it?
    #[command(after_help = "Example:\n  crisisgids place Ketelbrug")]
    Place {
        /// The words; several are taken as one place
        #[arg(value_name = "WORDS", required = true)]
        words: Vec<String>,
    },
}

/// The most that a page holds.
const PAGE: i32 = 500;

const WHO_ACTS: &str = "\
The first word is a place, every further one a calamity: town, water, bridge, road, municipality; code, name or
everyday word. Write words of more than one word in quotes. A place alone: the calamity is not known yet.
Or give the line of an alarm as it stands on the screen: it is read piece by piece, shown, and asked at once.

Examples:
  crisisgids who-acts Emmeloord 1.1.30 --grip 2
  crisisgids who-acts Ketelbrug aanvaring brand --circumstance 'not suspected intent'
  crisisgids who-acts Huizen gaslek --place Blaricum --grip 4 --compare 1
  crisisgids who-acts areas/gm0171 --at '2027-01-01 03:10' --exercise -o json
  crisisgids who-acts --report 'P 1 BR woning (rieten dak) Huizen GRIP 1'
  crisisgids who-acts --report - < alarm.txt";

/// Who acts here?
#[derive(Debug, Args)]
pub(super) struct WhoActs {
    /// Where: a town, water, bridge, road or municipality, or a name such as areas/gm0171
    #[arg(required_unless_present = "report")]
    place: Option<String>,

    /// What: codes (1.1.30), names or everyday words; none: not known yet
    #[arg(value_name = "CALAMITY")]
    calamities: Vec<String>,

    /// The line of an alarm as it stands on the screen, instead of place and calamities; -: from standard input
    #[arg(
        long,
        value_name = "TEXT",
        conflicts_with_all = ["place", "calamities", "places", "more_calamities"]
    )]
    report: Option<String>,

    /// A further place, for an event that crosses borders; may be repeated
    #[arg(long = "place", value_name = "PLACE")]
    places: Vec<String>,

    /// A further calamity; may be repeated
    #[arg(long = "calamity", value_name = "CALAMITY")]
    more_calamities: Vec<String>,

    /// The escalation level: 1 to 5, rijk; 0 or absent: none is declared
    #[arg(long, value_name = "LEVEL")]
    grip: Option<Level>,

    /// Another level to compare with: + comes in, ~ changes, = stays, - ends
    #[arg(long, value_name = "LEVEL")]
    compare: Option<Level>,

    /// What is so, or with "not " before it what is not so; may be repeated
    #[arg(long = "circumstance", value_name = "CONDITION")]
    circumstances: Vec<String>,

    /// What is not so; may be repeated
    #[arg(long = "not", value_name = "CONDITION")]
    denied: Vec<String>,

    /// Also show the rules that lost, and why; implies --all
    #[arg(long)]
    explain: bool,

    /// This is an exercise
    #[arg(long)]
    exercise: bool,

    /// Fold nothing: every organisation, function, channel and gap
    #[arg(long)]
    all: bool,
}

/// An escalation level as people write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Level(v1::Grip);

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let word = text.to_lowercase();
        let word = word.trim_start_matches("grip").trim_start_matches(['_', '-', ' ']);
        match word {
            "0" | "geen" | "none" => Ok(Level(v1::Grip::Unspecified)),
            "1" => Ok(Level(v1::Grip::Grip1)),
            "2" => Ok(Level(v1::Grip::Grip2)),
            "3" => Ok(Level(v1::Grip::Grip3)),
            "4" => Ok(Level(v1::Grip::Grip4)),
            "5" => Ok(Level(v1::Grip::Grip5)),
            "rijk" | "national" => Ok(Level(v1::Grip::Rijk)),
            _ => Err(format!("'{text}' is no level: 1 to 5 or rijk; 0 if none is declared")),
        }
    }
}

impl Ask {
    /// Asks, and shows the answer.
    pub(super) fn run(self, settings: &Settings) -> Result<(), Failure> {
        match self {
            Ask::WhoActs(question) => question.run(settings),
            Ask::WhereActs { organisation, calamities, grip } => {
                let request = v1::FindActingAreasRequest {
                    organisation,
                    calamities,
                    grip: grip.map(|level| level.0.into()),
                    language_code: settings.language_code(),
                    page_size: PAGE,
                    effective_time: settings.effective_time(),
                    ..Default::default()
                };
                let answer = paged!(settings, request, find_acting_areas, acting_areas);
                settings.show("FindActingAreasResponse", &answer, |answer| settings.view().acting_areas(answer))
            }
            Ask::Contacts { places, organisations, functions } => {
                let request = v1::FindContactsRequest {
                    places,
                    organisations,
                    functions,
                    language_code: settings.language_code(),
                    page_size: PAGE,
                    effective_time: settings.effective_time(),
                    ..Default::default()
                };
                let answer = paged!(settings, request, find_contacts, contacts);
                settings.show("FindContactsResponse", &answer, |answer| settings.view().contacts(answer))
            }
            Ask::Arrangements { organisations, places, calamities } => {
                let request = v1::FindArrangementsRequest {
                    organisations,
                    places,
                    calamities,
                    language_code: settings.language_code(),
                    page_size: PAGE,
                    effective_time: settings.effective_time(),
                    ..Default::default()
                };
                let answer = paged!(settings, request, find_arrangements, arrangements);
                settings.show("FindArrangementsResponse", &answer, |answer| settings.view().found_arrangements(answer))
            }
            Ask::Providers { capability, places } => {
                let request = v1::FindProvidersRequest {
                    capability,
                    places,
                    language_code: settings.language_code(),
                    page_size: PAGE,
                    effective_time: settings.effective_time(),
                    ..Default::default()
                };
                let answer = paged!(settings, request, find_providers, providers);
                settings.show("FindProvidersResponse", &answer, |answer| settings.view().providers(answer))
            }
            Ask::Gaps { within, places, organisations } => {
                let request = v1::FindGapsRequest {
                    within_days: within,
                    places,
                    organisations,
                    language_code: settings.language_code(),
                    page_size: PAGE,
                    effective_time: settings.effective_time(),
                    ..Default::default()
                };
                let answer = paged!(settings, request, find_gaps, gaps);
                settings.show("FindGapsResponse", &answer, |answer| settings.view().gaps(answer))
            }
            Ask::Place { words } => {
                let request = v1::ResolvePlaceRequest {
                    words: words.join(" "),
                    language_code: settings.language_code(),
                    effective_time: settings.effective_time(),
                };
                let answer = settings.run(async |client| Ok(client.resolve_place(request).await?))?;
                settings.show("ResolvePlaceResponse", &answer, |answer| settings.view().place(answer))
            }
        }
    }
}

/// Days as people write them: `90d`, `12w`, or a number of days.
fn parse_days(text: &str) -> Result<i32, String> {
    let (number, unit) = match text.strip_suffix('w') {
        Some(weeks) => (weeks, 7),
        None => (text.strip_suffix('d').unwrap_or(text), 1),
    };
    let days = number.parse::<i32>().ok().filter(|days| *days >= 0).and_then(|days| days.checked_mul(unit));
    days.ok_or_else(|| format!("'{text}' is no number of days or weeks, such as 90d or 12w"))
}

impl WhoActs {
    fn request(&self, settings: &Settings) -> v1::FindActingOrganisationsRequest {
        v1::FindActingOrganisationsRequest {
            places: self.place.iter().chain(&self.places).cloned().collect(),
            calamities: self.calamities.iter().chain(&self.more_calamities).cloned().collect(),
            grip: self.grip.map_or(v1::Grip::Unspecified, |level| level.0).into(),
            compare_grip: self.compare.map(|level| level.0.into()),
            circumstances: self.circumstances.clone(),
            exercise: self.exercise,
            language_code: settings.language_code(),
            view: v1::View::Full.into(),
            explain: self.explain,
            denied_circumstances: self.denied.clone(),
            effective_time: settings.effective_time(),
        }
    }

    fn run(self, settings: &Settings) -> Result<(), Failure> {
        if let Some(report) = &self.report {
            return self.read(&report_text(report)?, settings);
        }
        let request = self.request(settings);
        let answer = settings.run(async |client| Ok(client.find_acting_organisations(request).await?))?;
        let view = self.view(settings);
        settings.show("FindActingOrganisationsResponse", &answer, |answer| view.answer(answer))
    }

    fn view(&self, settings: &Settings) -> View {
        let compared = self.compare.map(|level| level.0);
        View { all: self.all || self.explain, compared, ..settings.view() }
    }

    /// Reads the line of an alarm and asks what follows from it.
    fn read(&self, report: &str, settings: &Settings) -> Result<(), Failure> {
        let request = v1::InterpretReportRequest {
            report: report.to_owned(),
            language_code: settings.language_code(),
            effective_time: settings.effective_time(),
        };
        let (read, answer) = settings.run(async |client| {
            let mut read = client.interpret_report(request).await?;
            read.question = read.question.map(|question| self.with_own(question));
            let answer = match read.question.clone() {
                Some(question) => Some(client.find_acting_organisations(question).await?),
                None => None,
            };
            Ok((read, answer))
        })?;
        let view = self.view(settings);
        let mut shown = serde_json::Map::new();
        if settings.output == Format::Json {
            shown.insert("report".to_owned(), json::message("InterpretReportResponse", &read)?);
            if let Some(answer) = &answer {
                shown.insert("answer".to_owned(), json::message("FindActingOrganisationsResponse", answer)?);
            }
        }
        settings.show_json(&shown.into(), |_| {
            let mut lines = view.report(&read);
            if let Some(answer) = &answer {
                lines.push(String::new());
                lines.extend(view.answer(answer));
            }
            lines
        })?;
        match answer {
            Some(_) => Ok(()),
            None => Err(Failure::Unclear(anyhow::anyhow!(match settings.language() {
                Language::Dutch => "geen plaats met een betekenis in deze melding",
                Language::English => "no place with one meaning in this report",
            }))),
        }
    }

    /// A question that was read, with what the caller says besides: the caller's own words count.
    fn with_own(&self, mut question: v1::FindActingOrganisationsRequest) -> v1::FindActingOrganisationsRequest {
        if let Some(level) = self.grip {
            question.grip = level.0.into();
        }
        question.compare_grip = self.compare.map(|level| level.0.into());
        question.exercise |= self.exercise;
        question.explain = self.explain;
        question.view = v1::View::Full.into();
        question.circumstances.retain(|one| !self.denied.contains(one));
        question.denied_circumstances.retain(|one| !self.circumstances.contains(one));
        question.circumstances.extend(self.circumstances.iter().cloned());
        question.denied_circumstances.extend(self.denied.iter().cloned());
        question
    }
}

/// The line of an alarm: as given, or from standard input.
fn report_text(given: &str) -> Result<String, Failure> {
    if given != "-" {
        return Ok(given.to_owned());
    }
    let mut text = String::new();
    // One byte more than the longest that the contract allows is enough to be refused.
    std::io::stdin().take(MAX_REPORT_BYTES).read_to_string(&mut text).map_err(|cause| Failure::Usage(cause.into()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// 4,000 code points of at most four bytes, and one more.
const MAX_REPORT_BYTES: u64 = 16_004;

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        settings: Settings,
        #[command(subcommand)]
        ask: Ask,
    }

    fn asked(line: &[&str]) -> v1::FindActingOrganisationsRequest {
        let line = Line::try_parse_from(std::iter::once("crisisgids").chain(line.iter().copied())).unwrap();
        let Ask::WhoActs(question) = line.ask else { panic!("{:?}", line.ask) };
        question.request(&line.settings)
    }

    #[test]
    fn the_first_word_is_a_place_and_every_further_one_a_calamity() {
        let request = asked(&["who-acts", "Ketelbrug", "brand", "1.1.30", "--place", "Urk", "--calamity", "gaslek"]);
        assert_eq!(request.places, ["Ketelbrug", "Urk"]);
        assert_eq!(request.calamities, ["brand", "1.1.30", "gaslek"]);
    }

    #[test]
    fn a_place_alone_means_that_the_calamity_is_not_known() {
        assert!(asked(&["who-acts", "Urk"]).calamities.is_empty());
    }

    #[test]
    fn a_report_stands_for_place_and_calamities_and_what_is_said_besides_counts() {
        let line =
            ["crisisgids", "who-acts", "--report", "BR woning Huizen GRIP 1", "--grip", "2", "--not", "conditions/a"];
        let Ask::WhoActs(who) = Line::try_parse_from(line).unwrap().ask else { panic!("another command") };
        let read = v1::FindActingOrganisationsRequest {
            places: vec!["areas/gm0406".to_owned()],
            grip: v1::Grip::Grip1.into(),
            circumstances: vec!["conditions/a".to_owned(), "conditions/b".to_owned()],
            ..Default::default()
        };
        let asked = who.with_own(read);
        assert_eq!(
            (asked.grip(), asked.circumstances.as_slice()),
            (v1::Grip::Grip2, ["conditions/b".to_owned()].as_slice())
        );
        assert_eq!(asked.denied_circumstances, ["conditions/a"]);
        for line in
            [&["who-acts"][..], &["who-acts", "Urk", "--report", "x"], &["who-acts", "--report", "x", "--place", "Urk"]]
        {
            let line = std::iter::once("crisisgids").chain(line.iter().copied());
            assert!(Line::try_parse_from(line).is_err());
        }
    }

    #[test]
    fn levels_are_taken_as_people_write_them() {
        for (word, level) in [("2", v1::Grip::Grip2), ("GRIP 2", v1::Grip::Grip2), ("Rijk", v1::Grip::Rijk)] {
            assert_eq!(asked(&["who-acts", "Urk", "--grip", word]).grip(), level, "{word}");
        }
        assert!("6".parse::<Level>().is_err());
    }

    #[test]
    fn comparing_with_no_level_is_not_the_same_as_not_comparing() {
        assert_eq!(asked(&["who-acts", "Urk", "--compare", "0"]).compare_grip, Some(0));
        assert_eq!(asked(&["who-acts", "Urk"]).compare_grip, None);
    }

    #[test]
    fn a_horizon_is_given_in_days_or_weeks() {
        assert_eq!([parse_days("90d"), parse_days("2w"), parse_days("7")], [Ok(90), Ok(14), Ok(7)]);
        assert!(["-1d", "3m", "", "99999999999d"].iter().all(|text| parse_days(text).is_err()));
    }
}
