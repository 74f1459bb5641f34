//! Every method of the contract, asked at random: mostly what somebody might ask, partly what nobody would.
//!
//! `CRISISGIDS_CALL_ROUNDS` says how often each method is asked; a few times by default, so that the suite stays quick.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use crisisgids::config::{self, Limits};
use crisisgids::dataset;
use crisisgids::domain::access::{AccessRole, Action, Permit, Principal};
use crisisgids::domain::change::{Authorship, Change};
use crisisgids::domain::contact::{Channel, ChannelKind, Confidentiality, Contact};
use crisisgids::domain::name::Collection;
use crisisgids::domain::record::{Record, Resource};
use crisisgids::proto::tree::{message_name, to_bare};
use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, Value};
use tonic::{Code, Status};

use super::access::{everyone, settings};
use super::support::chance::Chance;
use super::support::wire::{assert_proper, call, methods};
use super::support::{NOW, TestServer};

/// What a text may be that nobody would write.
const ODD: &[&str] = &[
    "",
    "*",
    "organisations/-",
    "kind = ",
    "channels.value = HUSH*",
    "9999-99-99",
    "\u{0}",
    "\u{202e}\u{1f692}",
    "\"99\"",
    "(((((((((((((((((((",
];

/// Makes up requests.
struct Asker {
    chance: Chance,
    records: Vec<Record>,
    /// Page tokens that were given, by method.
    tokens: BTreeMap<String, String>,
}

/// How a request is made up.
#[derive(Clone, Copy)]
struct Manner {
    /// The collection that the method is about, if it is about one.
    about: Option<Collection>,
    /// As nobody would ask.
    is_odd: bool,
}

impl Asker {
    fn of(records: &[Record]) -> Self {
        Asker { chance: Chance(1), records: records.to_vec(), tokens: BTreeMap::new() }
    }

    /// The messages of one call: three of four as somebody might ask, the others not, and of these some are spoilt.
    fn request(&mut self, method: &MethodDescriptor) -> Vec<Vec<u8>> {
        let manner = Manner { about: about(method), is_odd: self.chance.below(4) == 0 };
        let count = if method.is_client_streaming() { self.chance.below(4) } else { 1 };
        let mut messages = Vec::new();
        for _ in 0..count {
            let mut message = self.message(method.input(), manner, 0);
            if let Some(token) = self.tokens.get(method.full_name())
                && self.chance.below(3) == 0
            {
                message.set_field_by_name("page_token", Value::String(token.clone()));
            }
            let mut bytes = message.encode_to_vec();
            if manner.is_odd && !bytes.is_empty() && self.chance.below(2) == 0 {
                let at = self.chance.below(bytes.len());
                *bytes.get_mut(at).unwrap() = u8::try_from(self.chance.below(256)).unwrap();
            }
            messages.push(bytes);
        }
        messages
    }

    fn message(&mut self, descriptor: MessageDescriptor, manner: Manner, depth: usize) -> DynamicMessage {
        let mut message = DynamicMessage::new(descriptor.clone());
        for field in descriptor.fields() {
            let is_set = match (manner.is_odd, field.name()) {
                (true, _) => self.chance.below(2 + depth / 2) == 0,
                (false, "page_token" | "etag" | "request_id") => false,
                (false, "name" | "names" | "parent" | "places" | "calamities" | "capability" | "organisations") => true,
                (false, _) if self.record(&field).is_some() => true,
                (false, _) => self.chance.below(3) == 0,
            };
            if !is_set {
                continue;
            }
            let value = match field.is_list() {
                true => Value::List((0..1 + self.chance.below(2)).map(|_| self.value(&field, manner, depth)).collect()),
                false => self.value(&field, manner, depth),
            };
            message.set_field(&field, value);
        }
        message
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "a kind that is not expected is a failure of the test")]
    fn value(&mut self, field: &FieldDescriptor, manner: Manner, depth: usize) -> Value {
        let number = match manner.is_odd {
            true => *self.chance.of(&[0, 7, -1, 1_795_000_000, i64::MAX, i64::MIN]),
            false => *self.chance.of(&[0, 1, 2, 5, 20]),
        };
        match field.kind() {
            Kind::String if manner.is_odd && self.chance.below(2) == 0 => {
                Value::String((*self.chance.of(ODD)).to_owned())
            }
            Kind::String => Value::String(self.text(field.name(), manner)),
            Kind::Bool => Value::Bool(self.chance.below(2) == 0),
            Kind::Int32 => Value::I32(i32::try_from(number).unwrap_or(i32::MIN)),
            Kind::Int64 => Value::I64(number),
            Kind::Enum(of) => {
                let odd = manner.is_odd.then_some(999);
                let values: Vec<i32> = of.values().map(|value| value.number()).chain(odd).collect();
                Value::EnumNumber(*self.chance.of(&values))
            }
            // What contains itself ends here.
            Kind::Message(of) if depth > 7 => Value::Message(DynamicMessage::new(of)),
            Kind::Message(of) => Value::Message(match self.record(field) {
                Some(record) if !manner.is_odd => record,
                _ => self.message(of, manner, depth + 1),
            }),
            other => panic!("the contract has a field of a kind unknown here: {other:?}"),
        }
    }

    /// A record of the directory, if a field holds one.
    fn record(&mut self, field: &FieldDescriptor) -> Option<DynamicMessage> {
        let Kind::Message(of) = field.kind() else { return None };
        let collection = Collection::ALL.iter().find(|collection| message_name(**collection) == of.name())?;
        let all: Vec<&Record> = self.records.iter().filter(|record| record.collection() == *collection).collect();
        let at = self.chance.below(all.len());
        all.get(at).map(|record| to_bare(record).unwrap())
    }

    /// What somebody might write in a field of this name.
    fn text(&mut self, field: &str, manner: Manner) -> String {
        let texts: &[&str] = match field {
            "places" => &["Urk", "Emmeloord", "Laren (NH)", "Kortenhoef", "Kampen", "A6 hm 80.3", "areas/gm0171"],
            "calamities" => &["1.1.30", "2.1", "3.1", "4.1", "5.1", "6.1", "overstroming"],
            "parent" => &["organisations/-", "organisations/vr25", "organisations/waternet"],
            "capability" => &["veiligheidsregio", "waterbeheer", "meldkamer"],
            "filter" => {
                &["", "display_names:e", "channels.value:HUSH", "-validity.start > 2026-01-01", "HUSH", "areas"]
            }
            "order_by" => &["", "update_time desc", "display_names", "channels.value"],
            "paths" => &["*", "display_names", "channels", "purpose", "validity"],
            "language_code" => &["nl", "en"],
            "words" => &["Laren", "Weesp", "gemeente Urk"],
            _ => &[],
        };
        if !texts.is_empty() {
            return (*self.chance.of(texts)).to_owned();
        }
        let wanted = if field == "organisations" { Some(Collection::Organisations) } else { manner.about };
        let fits = |record: &&Record| wanted.is_none_or(|wanted| record.collection() == wanted);
        let all: Vec<&Record> = self.records.iter().filter(fits).collect();
        self.chance.of(&all).name().to_string()
    }

    /// Asks every method so often as `rounds` says.
    async fn ask(
        &mut self,
        server: &TestServer,
        token: Option<&str>,
        mut look: impl FnMut(&MethodDescriptor, &str, &Result<Vec<DynamicMessage>, Status>),
    ) -> Counts {
        let channel = server.channel().await;
        let mut counts = Counts::default();
        for method in methods() {
            for _ in 0..rounds() {
                let request = self.request(&method);
                let asked = format!("{request:?}");
                let outcome = call(&channel, &method, token, request).await;
                look(&method, &asked, &outcome);
                counts.add(&outcome);
                let last = outcome.ok().and_then(|mut answers| answers.pop());
                let next = last.as_ref().and_then(|answer| answer.get_field_by_name("next_page_token"));
                let next = next.and_then(|next| next.as_str().map(str::to_owned)).filter(|next| !next.is_empty());
                if let Some(next) = next {
                    self.tokens.insert(method.full_name().to_owned(), next);
                }
            }
        }
        counts
    }
}

/// The collection that a method names: the longest name that it contains, its last letter aside for the plural.
fn about(method: &MethodDescriptor) -> Option<Collection> {
    let named = |collection: &&Collection| {
        let name = message_name(**collection);
        method.name().contains(&name[..name.len() - 1])
    };
    Collection::ALL.iter().filter(named).max_by_key(|collection| message_name(**collection).len()).copied()
}

/// How calls ended.
#[derive(Debug, Default)]
struct Counts {
    answered: usize,
    refused: BTreeMap<String, usize>,
}

impl Counts {
    fn add<T>(&mut self, outcome: &Result<T, Status>) {
        match outcome {
            Ok(_) => self.answered += 1,
            Err(status) => *self.refused.entry(format!("{:?}", status.code())).or_default() += 1,
        }
    }
}

fn rounds() -> usize {
    std::env::var("CRISISGIDS_CALL_ROUNDS").map_or(6, |rounds| rounds.parse().expect("a number of rounds"))
}

/// Settings without limits that a test would meet.
fn without_limits(server: config::Server) -> config::Server {
    let many = NonZeroU32::new(1_000_000).unwrap();
    let limits = Limits { max_calls_per_second_per_principal: many, ..server.limits };
    config::Server { limits, ..server }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_asked_is_answered_or_properly_refused() {
    let records = dataset::shipped().unwrap().records;
    let mut asker = Asker::of(&records);
    let server = TestServer::of_with(without_limits(config::Server::default()), records);
    let counts = asker.ask(&server, None, assert_proper).await;
    println!("asked at random: {counts:?}");
    assert!(counts.answered > methods().len() && counts.refused.contains_key("InvalidArgument"), "{counts:?}");
}

/// The directory that ships, in which every contact has a channel of each confidentiality, and some were changed.
async fn confidential(server: config::Server) -> (TestServer, Asker) {
    let channel = |confidentiality: Confidentiality| Channel {
        confidentiality,
        ..Channel::new(ChannelKind::Platform, secret(confidentiality))
    };
    let mut records = dataset::shipped().unwrap().records;
    let mut changes = Vec::new();
    for record in &mut records {
        if let Some(contact) = Contact::from_record(record) {
            let mut contact = contact.as_ref().clone();
            contact.channels = Confidentiality::ALL.iter().map(|one| channel(*one)).collect();
            *record = contact.clone().into_record();
            contact.purpose = "changed".to_owned();
            changes.push(Change::Put(contact.into_record()));
        }
    }
    assert!(changes.len() > 50, "{} contacts", changes.len());
    let asker = Asker::of(&records);
    let server = TestServer::of_with(server, records);
    let authorship = Authorship {
        principal: "office".to_owned(),
        peer: "test".to_owned(),
        change_reason: "so that history has something before and after".to_owned(),
        time: NOW.parse().unwrap(),
        request: None,
    };
    let permit = Permit::request(Principal::local(), Action::Write).unwrap();
    server.directory().write(&permit, changes, authorship, false).await.unwrap();
    (server, asker)
}

fn secret(confidentiality: Confidentiality) -> String {
    format!("HUSH-{}", confidentiality.word())
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_role_asks_it_is_never_given_what_it_may_not_see() {
    let folder = tempfile::tempdir().unwrap();
    let (server, mut asker) = confidential(without_limits(settings(folder.path(), &everyone()))).await;
    for role in AccessRole::ALL {
        let secrets: Vec<String> = Confidentiality::ALL
            .iter()
            .filter(|confidentiality| **confidentiality > role.clearance())
            .map(|confidentiality| secret(*confidentiality))
            .collect();
        let mut shown = 0;
        let counts = asker
            .ask(&server, Some(&format!("{}.s", role.word())), |method, asked, outcome| {
                let told = told(outcome);
                for secret in &secrets {
                    assert!(!contains(&told, secret), "{role:?} sees {secret} by {} {asked}", method.full_name());
                }
                shown += usize::from(contains(&told, &secret(Confidentiality::Public)));
            })
            .await;
        println!("{role:?}: {counts:?}, of which {shown} with contacts");
        assert!(shown > 0, "{role:?} was never shown a contact");
        assert!(!counts.refused.contains_key(&format!("{:?}", Code::Internal)), "{counts:?}");
    }
}

/// Everything that a caller is told: the answers, or the refusal with its details and trailers.
fn told(outcome: &Result<Vec<DynamicMessage>, Status>) -> Vec<u8> {
    match outcome {
        Ok(answers) => answers.iter().flat_map(Message::encode_to_vec).collect(),
        Err(status) => {
            [status.message().as_bytes(), status.details(), format!("{:?}", status.metadata()).as_bytes()].concat()
        }
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
