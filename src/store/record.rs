//! Records, withheld fields and batches as bytes: the only format on disk.
//!
//! One version byte, then JSON of the record's tree and of what the server keeps beside it. JSON, because a
//! ledger must still be readable with common tools when this program no longer runs.
//!
//! **Invariants.** The same value always gives the same bytes: digests are taken over them. Reading never
//! panics and says what is wrong. The version byte is raised when old bytes would be misread.

use std::collections::btree_map::Entry;
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use serde::de::{self, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::domain::change::{Authorship, Batch, RequestMark, Write};
use crate::domain::field::{Faults, Fields, Path, Value};
use crate::domain::name::Name;
use crate::domain::record::{Meta, Origin, Record, Revision, Stored};

/// The format that is written.
const VERSION: u8 = 1;

/// Bytes that are not what they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(String);

/// A record and what is kept beside it, as bytes.
///
/// # Errors
/// [`Malformed`] if it cannot be written, which no record made by this program is.
pub fn encode_stored(stored: &Stored) -> Result<Vec<u8>, Malformed> {
    encode(&StoredForm::of(stored))
}

/// The record of these bytes.
///
/// # Errors
/// [`Malformed`], saying what is wrong.
pub fn decode_stored(bytes: &[u8]) -> Result<Stored, Malformed> {
    decode::<StoredForm>(bytes)?.read()
}

/// What the dataset ships for a deleted record, as bytes.
///
/// # Errors
/// [`Malformed`] if it cannot be written, which no tree of a record is.
pub fn encode_withheld(fields: &Fields) -> Result<Vec<u8>, Malformed> {
    encode(&Tree(Value::Fields(fields.clone())))
}

/// The withheld fields of these bytes.
///
/// # Errors
/// [`Malformed`], saying what is wrong.
pub fn decode_withheld(bytes: &[u8]) -> Result<Fields, Malformed> {
    decode::<Tree>(bytes)?.fields()
}

/// A batch as bytes.
///
/// # Errors
/// [`Malformed`] if it cannot be written, which no planned batch is.
pub fn encode_batch(batch: &Batch) -> Result<Vec<u8>, Malformed> {
    encode(&BatchForm::of(batch))
}

/// The batch of these bytes.
///
/// # Errors
/// [`Malformed`], saying what is wrong.
pub fn decode_batch(bytes: &[u8]) -> Result<Batch, Malformed> {
    decode::<BatchForm>(bytes)?.read()
}

fn encode(form: &impl Serialize) -> Result<Vec<u8>, Malformed> {
    let mut bytes = vec![VERSION];
    serde_json::to_writer(&mut bytes, form).map_err(|error| Malformed(error.to_string()))?;
    Ok(bytes)
}

fn decode<F: DeserializeOwned>(bytes: &[u8]) -> Result<F, Malformed> {
    match bytes.split_first() {
        Some((&VERSION, json)) => serde_json::from_slice(json).map_err(|error| Malformed(error.to_string())),
        Some((other, _)) => Err(Malformed(format!("format {other} is unknown; this program reads format {VERSION}"))),
        None => Err(Malformed("empty".to_owned())),
    }
}

/// [`Value`] in JSON; the domain itself knows no format.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Tree(Value);

impl Tree {
    fn of(fields: &Fields) -> Self {
        Tree(Value::Fields(fields.clone()))
    }

    fn fields(self) -> Result<Fields, Malformed> {
        match self.0 {
            Value::Fields(fields) => Ok(fields),
            other @ (Value::Bool(_) | Value::Integer(_) | Value::Text(_) | Value::List(_)) => {
                Err(Malformed(format!("expected a group of fields, got {}", other.kind())))
            }
        }
    }
}

/// [`Value`] by reference, so that writing a tree does not copy it at every level.
struct Leaf<'a>(&'a Value);

impl Serialize for Leaf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Integer(value) => serializer.serialize_i64(*value),
            Value::Text(value) => serializer.serialize_str(value),
            Value::List(items) => serializer.collect_seq(items.iter().map(Leaf)),
            Value::Fields(fields) => serializer.collect_map(fields.iter().map(|(name, value)| (name, Leaf(value)))),
        }
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Leaf(&self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a truth value, a whole number, a text, a list or a group of fields")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree(Value::Bool(value)))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree(Value::Integer(value)))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Tree, E> {
        let value = i64::try_from(value).map_err(|_| E::custom(format_args!("{value} is too large a number")))?;
        Ok(Tree(Value::Integer(value)))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree(Value::Text(value.to_owned())))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Tree, E> {
        Ok(Tree(Value::Text(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(Tree(item)) = access.next_element()? {
            items.push(item);
        }
        Ok(Tree(Value::List(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut fields = Fields::new();
        while let Some((name, Tree(value))) = access.next_entry::<String, Tree>()? {
            match fields.entry(name) {
                Entry::Vacant(vacant) => vacant.insert(value),
                Entry::Occupied(twice) => {
                    return Err(de::Error::custom(format_args!("field {} is given twice", twice.key())));
                }
            };
        }
        Ok(Tree(Value::Fields(fields)))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredForm {
    uid: String,
    revision: u64,
    create_time: String,
    update_time: String,
    origin: OriginForm,
    record: Tree,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum OriginForm {
    Shipped,
    Office,
    Edited(Tree),
}

impl StoredForm {
    fn of(stored: &Stored) -> Self {
        let meta = &stored.meta;
        StoredForm {
            uid: meta.uid.clone(),
            revision: meta.revision.0,
            create_time: meta.create_time.to_string(),
            update_time: meta.update_time.to_string(),
            origin: match &meta.origin {
                Origin::Shipped => OriginForm::Shipped,
                Origin::Office => OriginForm::Office,
                Origin::Edited(shipped) => OriginForm::Edited(Tree::of(shipped)),
            },
            record: Tree(Value::Fields(stored.record.to_fields())),
        }
    }

    fn read(self) -> Result<Stored, Malformed> {
        let fields = self.record.fields()?;
        let name = match fields.get("name") {
            Some(Value::Text(text)) => name(text)?,
            Some(_) | None => return Err(Malformed("the record has no name".to_owned())),
        };
        let mut faults = Faults::default();
        let record = Record::from_fields(name.collection(), fields, &Path::Root, &mut faults);
        let Some(record) = record.filter(|_| faults.is_empty()) else {
            let all: Vec<_> = faults.0.iter().map(|fault| format!("{}: {}", fault.path, fault.message)).collect();
            return Err(Malformed(format!("{name}: {}", all.join("; "))));
        };
        let origin = match self.origin {
            OriginForm::Shipped => Origin::Shipped,
            OriginForm::Office => Origin::Office,
            OriginForm::Edited(shipped) => Origin::Edited(Arc::new(shipped.fields()?)),
        };
        Ok(Stored {
            record,
            meta: Meta {
                uid: self.uid,
                revision: Revision(self.revision),
                create_time: time(&self.create_time)?,
                update_time: time(&self.update_time)?,
                origin,
            },
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchForm {
    revision: u64,
    principal: String,
    peer: String,
    change_reason: String,
    time: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request: Option<RequestForm>,
    writes: Vec<WriteForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestForm {
    id: String,
    digest: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WriteForm {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<StoredForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<StoredForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    withheld: Option<Tree>,
}

impl BatchForm {
    fn of(batch: &Batch) -> Self {
        let authorship = &batch.authorship;
        BatchForm {
            revision: batch.revision.0,
            principal: authorship.principal.clone(),
            peer: authorship.peer.clone(),
            change_reason: authorship.change_reason.clone(),
            time: authorship.time.to_string(),
            request: authorship
                .request
                .as_ref()
                .map(|mark| RequestForm { id: mark.id.clone(), digest: BASE64.encode(mark.digest) }),
            writes: batch
                .writes
                .iter()
                .map(|write| WriteForm {
                    name: write.name.as_str().to_owned(),
                    before: write.before.as_ref().map(StoredForm::of),
                    after: write.after.as_ref().map(StoredForm::of),
                    withheld: write.withheld.as_ref().map(|fields| Tree::of(fields)),
                })
                .collect(),
        }
    }

    fn read(self) -> Result<Batch, Malformed> {
        let request = self.request.map(RequestForm::read).transpose()?;
        let time = time(&self.time)?;
        Ok(Batch {
            revision: Revision(self.revision),
            authorship: Authorship {
                principal: self.principal,
                peer: self.peer,
                change_reason: self.change_reason,
                time,
                request,
            },
            writes: self.writes.into_iter().map(WriteForm::read).collect::<Result<_, _>>()?,
        })
    }
}

impl RequestForm {
    fn read(self) -> Result<RequestMark, Malformed> {
        let digest = BASE64.decode(&self.digest).ok().and_then(|bytes| bytes.try_into().ok());
        let digest = digest.ok_or_else(|| Malformed(format!("'{}' is not a digest", self.digest)))?;
        Ok(RequestMark { id: self.id, digest })
    }
}

impl WriteForm {
    fn read(self) -> Result<Write, Malformed> {
        let name = name(&self.name)?;
        let stored = |form: Option<StoredForm>| -> Result<Option<Stored>, Malformed> {
            let stored = form.map(StoredForm::read).transpose()?;
            match stored.as_ref().map(|stored| stored.record.name()) {
                Some(other) if *other != name => Err(Malformed(format!("{name} holds the record of {other}"))),
                Some(_) | None => Ok(stored),
            }
        };
        let (before, after) = (stored(self.before)?, stored(self.after)?);
        let withheld = self.withheld.map(Tree::fields).transpose()?.map(Arc::new);
        Ok(Write { name, before, after, withheld })
    }
}

fn name(text: &str) -> Result<Name, Malformed> {
    Name::parse(text).map_err(|fault| Malformed(fault.message))
}

fn time(text: &str) -> Result<Timestamp, Malformed> {
    text.parse().map_err(|error| Malformed(format!("'{text}' is not a time: {error}")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::spoilt::spoilt;
    use crate::store::sample;

    fn tree() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Integer),
            any::<String>().prop_map(Value::Text),
        ];
        leaf.prop_recursive(6, 64, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
                prop::collection::btree_map(any::<String>(), inner, 0..6).prop_map(Value::Fields),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_tree_survives_its_bytes(value in tree()) {
            let bytes = encode(&Tree(value.clone())).unwrap();
            prop_assert_eq!(decode::<Tree>(&bytes).unwrap().0, value);
        }

        #[test]
        fn any_batch_of_records_survives_its_bytes(batch in sample::batch()) {
            let bytes = encode_batch(&batch).unwrap();
            prop_assert_eq!(&decode_batch(&bytes).unwrap(), &batch);
            prop_assert_eq!(encode_batch(&decode_batch(&bytes).unwrap()).unwrap(), bytes);
            for stored in batch.writes.iter().filter_map(|write| write.after.as_ref()) {
                prop_assert_eq!(&decode_stored(&encode_stored(stored).unwrap()).unwrap(), stored);
            }
        }

        #[test]
        fn no_input_makes_a_stored_record_or_batch_panic(
            (batch, spoilt) in sample::batch().prop_flat_map(|batch| {
                let encoded = encode_batch(&batch).unwrap();
                let stored = encode_stored(&sample::area("gm0171", "Noordoostpolder", 1)).unwrap();
                (Just(batch), spoilt(vec![encoded, stored]))
            }),
        ) {
            let _ = (decode_stored(&spoilt), decode_withheld(&spoilt));
            if let Ok(read) = decode_batch(&spoilt) {
                // What was read can be written, and is then read as the same.
                prop_assert_eq!(decode_batch(&encode_batch(&read).unwrap()).unwrap(), read, "of {:?}", batch);
            }
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let because = |bytes: &[u8]| decode_stored(bytes).unwrap_err().to_string();
        assert_eq!(because(b""), "empty");
        assert_eq!(because(b"\x02{}"), "format 2 is unknown; this program reads format 1");
        assert!(because(b"\x01{}").contains("missing field"));
        let bytes = encode_stored(&sample::area("gm0171", "Noordoostpolder", 1)).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(because(text.replace("MUNICIPALITY", "HAMLET").as_bytes()).contains("areas/gm0171: kind: 'HAMLET'"));
        assert!(because(text.replace("areas/gm0171", "areas").as_bytes()).contains("not a resource name"));
        assert!(
            because(text.replace("\"kind\":", "\"name\":\"areas/x\",\"kind\":").as_bytes()).contains("given twice")
        );
    }
}
