//! Answers as JSON: the canonical JSON of their messages, by the descriptors of the contract.
//!
//! **Invariants.** The same names and forms that any other client of the contract sees; fields that are not set are
//! left out.

use anyhow::Context;
use prost_reflect::{DynamicMessage, SerializeOptions};
use serde_json::Value;

use crate::proto::{descriptor, to_dynamic};

/// A message of the contract as JSON.
pub(in crate::cli) fn message(name: &str, message: &impl prost::Message) -> anyhow::Result<Value> {
    let dynamic = to_dynamic(message, descriptor(name)?)?;
    self::dynamic(&dynamic)
}

/// A message, known by its descriptor only, as JSON.
pub(in crate::cli) fn dynamic(message: &DynamicMessage) -> anyhow::Result<Value> {
    message
        .serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new())
        .context("the message cannot be written as JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::v1::{FindActingOrganisationsResponse, Grip};

    #[test]
    fn json_is_the_canonical_json_of_the_contract() {
        let answer = FindActingOrganisationsResponse {
            grip: Grip::Grip2.into(),
            revision: 7,
            effective_time: Some(prost_types::Timestamp { seconds: 0, nanos: 0 }),
            ..Default::default()
        };
        let json = message("FindActingOrganisationsResponse", &answer).unwrap();
        let expected = serde_json::json!({
            "grip": "GRIP_2", "revision": "7", "effectiveTime": "1970-01-01T00:00:00Z",
        });
        assert_eq!(json, expected);
    }
}
