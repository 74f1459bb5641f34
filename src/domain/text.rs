//! Texts for people: in Dutch and, mostly, in English.

use std::collections::BTreeMap;

use super::field::{Faults, Field, Fields, Path, Schema, Value, required, text, wrong_kind};

/// The languages that answers are given in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Language {
    /// Dutch, the language of the region and the default.
    #[default]
    Dutch,
    /// English.
    English,
}

impl Language {
    /// Every language.
    pub const ALL: &'static [Language] = &[Language::Dutch, Language::English];

    /// The BCP-47 code.
    pub const fn code(self) -> &'static str {
        match self {
            Language::Dutch => "nl",
            Language::English => "en",
        }
    }

    /// The language of a BCP-47 code; case and region (`nl-NL`) do not matter.
    pub fn from_code(code: &str) -> Option<Self> {
        let primary = code.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        Language::ALL.iter().copied().find(|language| language.code() == primary)
    }
}

/// One text in one or more languages, by language code. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Localised(BTreeMap<String, String>);

impl Localised {
    /// A text in Dutch and English.
    pub fn new(dutch: impl Into<String>, english: impl Into<String>) -> Self {
        Localised(BTreeMap::from([("nl".to_owned(), dutch.into()), ("en".to_owned(), english.into())]))
    }

    /// The text in the language asked for, else in Dutch, else in any.
    pub fn text(&self, language: Language) -> &str {
        self.0
            .get(language.code())
            .or_else(|| self.0.get(Language::Dutch.code()))
            .or_else(|| self.0.values().next())
            .map_or("", String::as_str)
    }

    /// Every text, by language code.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(code, text)| (code.as_str(), text.as_str()))
    }
}

impl Field for Localised {
    fn schema() -> Schema {
        Schema::Texts
    }
    fn to_value(&self) -> Option<Value> {
        Some(Value::Fields(self.0.iter().map(|(code, text)| (code.clone(), Value::Text(text.clone()))).collect()))
    }

    fn from_value(value: Option<Value>, at: &Path<'_>, faults: &mut Faults) -> Option<Self> {
        let fields: Fields = match value {
            None => {
                required(at, faults);
                return None;
            }
            Some(Value::Fields(fields)) => fields,
            Some(other) => {
                wrong_kind(at, faults, "texts by language code", &other);
                return None;
            }
        };
        let count = fields.len();
        let texts: BTreeMap<String, String> = fields
            .into_iter()
            .filter_map(|(code, value)| {
                let at = at.field(&code);
                let known = (2..=35).contains(&code.len())
                    && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                    && !code.starts_with('-');
                if !known {
                    faults.add(&at, "NOT_A_LANGUAGE", format!("'{code}' is not a BCP-47 language code"));
                    return None;
                }
                let text = text(value, &at, faults)?;
                if text.trim().is_empty() {
                    faults.add(&at, "EMPTY", "a text must not be empty");
                    return None;
                }
                Some((code, text))
            })
            .collect();
        if count == 0 {
            required(at, faults);
            return None;
        }
        (texts.len() == count).then_some(Localised(texts))
    }
}
