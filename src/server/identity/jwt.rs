//! Tokens of an issuer elsewhere (JWT, RFC 7519), held against the keys that the issuer publishes (JWKS, RFC 7517).
//!
//! **Invariants.** Only signatures with a public key count; which algorithms, the key says and never the token. A token
//! without issuer, audience, subject or end of validity says nothing, nor does one with a header that must be
//! understood and is not (RFC 7515 4.1.11). A token is never remembered: it ends.

use std::path::Path;

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, Validation};
use ring::signature::{self as proofs, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use signature::Verifier;

use crate::config;

/// Why the keys of an issuer cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct Error {
    file: String,
    problem: String,
}

/// What tokens of one issuer are held against.
#[derive(Debug)]
pub(in crate::server) struct Issuer {
    keys: Vec<IssuerKey>,
    issuer: String,
    audience: String,
    skew_seconds: u64,
}

#[derive(Debug)]
struct IssuerKey {
    id: Option<String>,
    key: DecodingKey,
    algorithms: Vec<Algorithm>,
}

/// What a token must say, each of its own type: a number that is written as a text is none.
#[derive(Debug, Deserialize)]
struct Claims {
    sub: String,
    #[expect(dead_code, reason = "read for its type; its value is checked before")]
    exp: f64,
    #[expect(dead_code, reason = "read for its type; its value is checked before")]
    nbf: Option<f64>,
}

impl Issuer {
    /// Reads the keys that the settings name.
    ///
    /// # Errors
    /// [`Error`] if the file cannot be read, is no key set, or has no key that can be used.
    pub(in crate::server) fn read(settings: &config::Jwt) -> Result<Self, Error> {
        let fault = |problem: String| Error { file: settings.jwks_file.display().to_string(), problem };
        let text = read(&settings.jwks_file).map_err(|error| fault(error.to_string()))?;
        let set: JwkSet =
            serde_json::from_slice(&text).map_err(|error| fault(format!("no set of public keys: {error}")))?;
        let keys: Vec<IssuerKey> = set.keys.iter().filter_map(IssuerKey::of).collect();
        if keys.is_empty() {
            return Err(fault("has no public key for signatures (RSA, EC P-256 or P-384, Ed25519)".to_owned()));
        }
        // A second time it is there already, which is as well.
        let _ = PROVIDER.install_default();
        let skew_seconds = settings.clock_skew.duration().as_secs();
        Ok(Issuer { keys, issuer: settings.issuer.clone(), audience: settings.audience.clone(), skew_seconds })
    }

    /// How many keys there are.
    pub(in crate::server) fn count(&self) -> usize {
        self.keys.len()
    }

    /// The subject of a token, if this issuer made it for this service and it is valid now.
    pub(in crate::server) fn subject(&self, token: &str) -> Option<String> {
        let header = jsonwebtoken::decode_header(token).ok().filter(|header| header.crit.is_none())?;
        let fits = |key: &&IssuerKey| {
            key.algorithms.contains(&header.alg) && (header.kid.is_none() || header.kid == key.id || key.id.is_none())
        };
        self.keys.iter().filter(fits).find_map(|key| {
            let mut validation = Validation::new(header.alg);
            validation.leeway = self.skew_seconds;
            validation.validate_nbf = true;
            validation.set_issuer(&[&self.issuer]);
            validation.set_audience(&[&self.audience]);
            validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
            Some(jsonwebtoken::decode::<Claims>(token, &key.key, &validation).ok()?.claims.sub)
        })
    }
}

/// At most 1 MiB: a set of a thousand keys has that.
fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let text = std::fs::read(file)?;
    if text.len() > 1 << 20 { Err(std::io::Error::other("larger than 1 MiB")) } else { Ok(text) }
}

impl IssuerKey {
    /// The key, if it is for signatures and of a kind that is checked here.
    fn of(jwk: &Jwk) -> Option<Self> {
        let key = DecodingKey::from_jwk(jwk).ok()?;
        let length = |key: &DecodingKey| key.try_get_as_bytes().map(<[u8]>::len).unwrap_or_default();
        let mut algorithms = match key.family() {
            AlgorithmFamily::Hmac => return None,
            AlgorithmFamily::Rsa => {
                use Algorithm::{PS256, PS384, PS512, RS256, RS384, RS512};
                vec![RS256, RS384, RS512, PS256, PS384, PS512]
            }
            AlgorithmFamily::Ec if length(&key) == 65 => vec![Algorithm::ES256],
            AlgorithmFamily::Ec if length(&key) == 97 => vec![Algorithm::ES384],
            AlgorithmFamily::Ed if length(&key) == 32 => vec![Algorithm::EdDSA],
            AlgorithmFamily::Ec | AlgorithmFamily::Ed => return None,
        };
        let named = jwk.common.key_algorithm;
        algorithms.retain(|algorithm| named.is_none_or(|named| named == KeyAlgorithm::from(*algorithm)));
        let is_for_signatures = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
        (is_for_signatures && !algorithms.is_empty()).then_some(())?;
        Some(IssuerKey { id: jwk.common.key_id.clone(), key, algorithms })
    }
}

/// Signatures are checked by what TLS checks them with.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
    verifier_factory: |algorithm, key| Ok(Box::new(Proof { algorithm: *algorithm, key: key.clone() })),
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| Err(ErrorKind::UnsupportedAlgorithm.into()),
        rsa_pub_components_from_public_key: |_| Err(ErrorKind::UnsupportedAlgorithm.into()),
        ec_pub_components_from_private_key: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
        ed_pub_components_from_private_key: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
        compute_digest: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
    },
};

struct Proof {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl Verifier<Vec<u8>> for Proof {
    fn verify(&self, message: &[u8], proof: &Vec<u8>) -> Result<(), signature::Error> {
        let rsa: &proofs::RsaParameters = match self.algorithm {
            Algorithm::RS256 => &proofs::RSA_PKCS1_2048_8192_SHA256,
            Algorithm::RS384 => &proofs::RSA_PKCS1_2048_8192_SHA384,
            Algorithm::RS512 => &proofs::RSA_PKCS1_2048_8192_SHA512,
            Algorithm::PS256 => &proofs::RSA_PSS_2048_8192_SHA256,
            Algorithm::PS384 => &proofs::RSA_PSS_2048_8192_SHA384,
            Algorithm::PS512 => &proofs::RSA_PSS_2048_8192_SHA512,
            Algorithm::ES256 => return self.curve(&proofs::ECDSA_P256_SHA256_FIXED, message, proof),
            Algorithm::ES384 => return self.curve(&proofs::ECDSA_P384_SHA384_FIXED, message, proof),
            Algorithm::EdDSA => return self.curve(&proofs::ED25519, message, proof),
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 | _ => return Err(signature::Error::new()),
        };
        match self.key.kind() {
            DecodingKeyKind::RsaModulusExponent { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(rsa, message, proof).map_err(|_| signature::Error::new())
            }
            DecodingKeyKind::SecretOrDer(_) => Err(signature::Error::new()),
        }
    }
}

impl Proof {
    fn curve(
        &self,
        algorithm: &'static dyn proofs::VerificationAlgorithm,
        message: &[u8],
        proof: &[u8],
    ) -> Result<(), signature::Error> {
        let key = self.key.try_get_as_bytes().map_err(|_| signature::Error::new())?;
        UnparsedPublicKey::new(algorithm, key).verify(message, proof).map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Proof {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::spoilt::{spoilt, spoilt_text};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
    use proptest::prelude::*;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
    use serde_json::{Value, json};

    use super::*;
    use crate::config::Interval;

    struct Signer {
        ed: Ed25519KeyPair,
        ec: EcdsaKeyPair,
    }

    fn signer() -> Signer {
        let random = SystemRandom::new();
        let ed = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        let ec = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        Signer {
            ed: Ed25519KeyPair::from_pkcs8(ed.as_ref()).unwrap(),
            ec: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, ec.as_ref(), &random).unwrap(),
        }
    }

    impl Signer {
        fn jwks(&self) -> Value {
            let point = self.ec.public_key().as_ref();
            json!({"keys": [
                {"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": BASE64.encode(self.ed.public_key())},
                {"kty": "EC", "crv": "P-256", "kid": "ec", "x": BASE64.encode(&point[1..33]), "y": BASE64.encode(&point[33..])},
                {"kty": "oct", "kid": "secret", "k": BASE64.encode("shared")},
            ]})
        }

        fn token(&self, header: &Value, claims: &Value) -> String {
            let message = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
            let proof = match header["alg"].as_str().unwrap() {
                "ES256" => self.ec.sign(&SystemRandom::new(), message.as_bytes()).unwrap().as_ref().to_vec(),
                _ => self.ed.sign(message.as_bytes()).as_ref().to_vec(),
            };
            format!("{message}.{}", BASE64.encode(proof))
        }
    }

    fn now() -> i64 {
        jiff::Timestamp::now().as_second()
    }

    fn claims() -> Value {
        json!({"iss": "https://idp.example", "aud": "crisisgids", "sub": "desk", "exp": now() + 300, "nbf": now() - 5})
    }

    fn issuer(jwks: &Value) -> Result<Issuer, Error> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), jwks.to_string()).unwrap();
        Issuer::read(&config::Jwt {
            issuer: "https://idp.example".to_owned(),
            audience: "crisisgids".to_owned(),
            jwks_file: file.path().to_owned(),
            clock_skew: Interval::from_secs(60),
        })
    }

    #[test]
    fn a_token_of_the_issuer_names_its_subject() {
        let signer = signer();
        let issuer = issuer(&signer.jwks()).unwrap();
        assert_eq!(issuer.count(), 2);
        for header in
            [json!({"alg": "EdDSA", "kid": "ed"}), json!({"alg": "ES256", "kid": "ec"}), json!({"alg": "EdDSA"})]
        {
            assert_eq!(issuer.subject(&signer.token(&header, &claims())), Some("desk".to_owned()), "{header}");
        }
        let mut fractional = claims();
        fractional["exp"] = json!(now() as f64 + 300.5);
        assert!(issuer.subject(&signer.token(&json!({"alg": "EdDSA"}), &fractional)).is_some(), "half a second");
        let mut skewed = claims();
        (skewed["exp"], skewed["nbf"]) = (json!(now() - 30), json!(now() + 30));
        assert!(issuer.subject(&signer.token(&json!({"alg": "EdDSA"}), &skewed)).is_some(), "clocks differ a little");
    }

    #[test]
    fn a_token_that_is_not_right_in_everything_names_nobody() {
        let (signer, stranger) = (signer(), signer());
        let issuer = issuer(&signer.jwks()).unwrap();
        let header = json!({"alg": "EdDSA", "kid": "ed"});
        let with = |claim: &str, value: Value| {
            let mut claims = claims();
            claims[claim] = value;
            signer.token(&header, &claims)
        };
        let without = |claim: &str| {
            let mut claims = claims();
            claims.as_object_mut().unwrap().remove(claim);
            signer.token(&header, &claims)
        };
        let right = signer.token(&header, &claims());
        let (lead, proof) = right.rsplit_once('.').unwrap();
        let none = BASE64.encode(json!({"alg": "none"}).to_string());
        let claimed = lead.split_once('.').unwrap().1;
        let hmac = BASE64.encode(json!({"alg": "HS256", "kid": "secret"}).to_string());
        for (wrong, why) in [
            (stranger.token(&header, &claims()), "another key"),
            (with("iss", json!("https://other.example")), "another issuer"),
            (with("aud", json!("other")), "another service"),
            (with("exp", json!(now() - 61)), "over"),
            (with("exp", json!((now() + 300).to_string())), "an end that is a text"),
            (with("exp", json!(null)), "no end"),
            (with("nbf", json!(now() + 90)), "not yet"),
            (with("nbf", json!("0")), "a beginning that is a text"),
            (with("sub", json!(7)), "a subject that is a number"),
            (without("iss"), "no issuer"),
            (without("aud"), "no audience"),
            (without("exp"), "no end"),
            (without("sub"), "no subject"),
            (signer.token(&json!({"alg": "EdDSA", "kid": "other"}), &claims()), "an unknown key"),
            (signer.token(&json!({"alg": "EdDSA", "kid": "ec"}), &claims()), "the key of another kind"),
            (signer.token(&json!({"alg": "EdDSA", "crit": ["b64"], "b64": true}), &claims()), "not understood"),
            (format!("{none}.{claimed}."), "no signature"),
            (format!("{hmac}.{claimed}.{proof}"), "a shared secret"),
            (lead.to_owned(), "no signature"),
            (String::new(), "nothing"),
        ] {
            assert_eq!(issuer.subject(&wrong), None, "{why}");
        }
    }

    #[test]
    fn keys_that_cannot_be_used_are_refused() {
        for jwks in [json!({"keys": []}), json!({"keys": [{"kty": "oct", "k": "c2hhcmVk"}]}), json!([1]), json!({})] {
            assert!(issuer(&jwks).is_err(), "{jwks}");
        }
        let signer = signer();
        for (field, value) in [("use", "enc"), ("alg", "ES256")] {
            let mut jwks = signer.jwks();
            jwks["keys"][0][field] = json!(value);
            assert_eq!(issuer(&jwks).unwrap().count(), 1, "{field}");
        }
    }

    proptest! {
        #[test]
        fn no_input_makes_a_token_or_a_key_set_panic_and_none_but_the_right_token_is_taken(
            token in spoilt_text(&["a.b.c", "eyJhbGciOiJFUzI1NiIsImtpZCI6ImVjIn0.eyJzdWIiOiJhIn0.AAAA"]),
            at in any::<prop::sample::Index>(), letter in any::<u8>(),
            keys in spoilt(vec![JWKS.as_bytes().to_vec()]),
        ) {
            let signer = signer();
            let issuer_of = issuer(&signer.jwks()).unwrap();
            prop_assert_eq!(issuer_of.subject(&token), None);
            let mut changed = signer.token(&json!({"alg": "ES256", "kid": "ec"}), &claims()).into_bytes();
            let at = at.index(changed.len());
            prop_assume!(changed[at] != letter);
            changed[at] = letter;
            let changed = String::from_utf8_lossy(&changed).into_owned();
            // The last letter of a signature has bits that say nothing; a reader may take no heed of them.
            if at + 1 < changed.len() {
                prop_assert_eq!(issuer_of.subject(&changed), None, "letter {}", at);
            }
            let _ = serde_json::from_slice::<JwkSet>(&keys).map(|set| set.keys.iter().filter_map(IssuerKey::of).count());
        }
    }

    const JWKS: &str = r#"{"keys":[{"kty":"RSA","kid":"r","use":"sig","n":"0vx7agoebGcQSuuPiLJXZpt","e":"AQAB"},
        {"kty":"EC","crv":"P-256","kid":"e","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
        {"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
}
