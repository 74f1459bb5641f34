//! Page tokens: where a list goes on, bound to the request that began it.
//!
//! **Invariants.** A token is opaque and safe in a URL, and gives no access: a caller still needs the permit. A token
//! is refused with another request, page size aside. It names the last record given, not an offset in a snapshot, so
//! that the next page is read from the newest snapshot.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use prost::Message;
use prost_reflect::DynamicMessage;

use crate::domain::error::Error;
use crate::domain::field::Value;
use crate::domain::record::Revision;
use crate::domain::search::Key;

/// The format of tokens; a token of another format is refused.
const FORMAT: u8 = 1;

/// Where a list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bookmark {
    /// The revision that the page before was read from.
    pub revision: Revision,
    /// The order keys of the last entry given.
    pub keys: Vec<Key>,
    /// The last entry given: its name, or another key that is unique in this list.
    pub last: String,
}

/// A token as it is written, before its letters.
type WrittenToken = (u8, String, u64, Vec<serde_json::Value>, String);

/// The token of a bookmark in the answer to a request.
pub fn seal(method: &str, request: &DynamicMessage, bookmark: &Bookmark) -> String {
    let keys = bookmark.keys.iter().map(to_json).collect();
    let written: WrittenToken =
        (FORMAT, fingerprint(method, request), bookmark.revision.0, keys, bookmark.last.clone());
    // Proof: numbers and texts always have a written form.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&written).unwrap_or_default())
}

/// The bookmark in the `page_token` of a request; `None` if it has none.
///
/// # Errors
/// [`Error::PageToken`] if the token was not given for this request.
pub fn open(method: &str, request: &DynamicMessage) -> Result<Option<Bookmark>, Error> {
    let Some(token) = crate::proto::tree::text(request, "page_token") else { return Ok(None) };
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| Error::PageToken)?;
    let (format, asked, revision, keys, last): WrittenToken =
        serde_json::from_slice(&bytes).map_err(|_| Error::PageToken)?;
    if format != FORMAT || asked != fingerprint(method, request) {
        return Err(Error::PageToken);
    }
    let keys = keys.into_iter().map(from_json).collect::<Option<_>>().ok_or(Error::PageToken)?;
    Ok(Some(Bookmark { revision: Revision(revision), keys, last }))
}

/// What a request asks, page size and token aside.
fn fingerprint(method: &str, request: &DynamicMessage) -> String {
    let mut asked = request.clone();
    asked.clear_field_by_name("page_size");
    asked.clear_field_by_name("page_token");
    let mut hasher = blake3::Hasher::new();
    hasher.update(method.as_bytes());
    hasher.update(&asked.encode_to_vec());
    hasher.finalize().to_hex().chars().take(16).collect()
}

fn to_json(key: &Key) -> serde_json::Value {
    match key {
        None | Some(Value::List(_) | Value::Fields(_)) => serde_json::Value::Null,
        Some(Value::Bool(truth)) => (*truth).into(),
        Some(Value::Integer(number)) => (*number).into(),
        Some(Value::Text(text)) => text.as_str().into(),
    }
}

fn from_json(key: serde_json::Value) -> Option<Key> {
    match key {
        serde_json::Value::Null => Some(None),
        serde_json::Value::Bool(truth) => Some(Some(Value::Bool(truth))),
        serde_json::Value::Number(number) => number.as_i64().map(|number| Some(Value::Integer(number))),
        serde_json::Value::String(text) => Some(Some(Value::Text(text))),
        serde_json::Value::Array(_) | serde_json::Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::spoilt::spoilt;
    use crate::proto::{descriptor, v1};

    const METHOD: &str = "AreaService/ListAreas";

    fn request(page_token: &str) -> DynamicMessage {
        let request = v1::ListAreasRequest { page_token: page_token.to_owned(), ..v1::ListAreasRequest::default() };
        crate::proto::to_dynamic(&request, descriptor("ListAreasRequest").unwrap()).unwrap()
    }

    fn bookmark() -> Bookmark {
        let keys = vec![Some(Value::Text("urk".to_owned())), Some(Value::Integer(-7)), Some(Value::Bool(true)), None];
        Bookmark { revision: Revision(9), keys, last: "areas/urk".to_owned() }
    }

    #[test]
    fn a_token_gives_the_bookmark_back_to_its_own_request_only() {
        let token = seal(METHOD, &request(""), &bookmark());
        assert_eq!(open(METHOD, &request(&token)), Ok(Some(bookmark())));
        assert_eq!(open("AreaService/Other", &request(&token)), Err(Error::PageToken));
    }

    proptest! {
        #[test]
        fn no_input_makes_a_page_token_panic(letters in spoilt(vec![seal(METHOD, &request(""), &bookmark()).into_bytes()]), inside in {
            let token = seal(METHOD, &request(""), &bookmark());
            spoilt(vec![URL_SAFE_NO_PAD.decode(token).unwrap()])
        }) {
            for token in [String::from_utf8_lossy(&letters).into_owned(), URL_SAFE_NO_PAD.encode(inside)] {
                if let Ok(Some(bookmark)) = open(METHOD, &request(&token)) {
                    prop_assert_eq!(open(METHOD, &request(&seal(METHOD, &request(""), &bookmark))), Ok(Some(bookmark)));
                }
            }
        }
    }
}
