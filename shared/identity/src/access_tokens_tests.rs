#![expect(clippy::string_slice, reason = "the texts cut here are ASCII")]

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::random::{OsRandom, Repeating};
use crate::signing_keys::SigningKey;

const NOW: Timestamp = Timestamp(1_767_323_045_678);
const ISSUER: &str = "https://orgo.example";
const AUDIENCE: &str = "orgo-api";
const PEM: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----";

fn tokens() -> AccessTokens {
    tokens_for(ISSUER, AUDIENCE)
}

fn tokens_for(issuer: &str, audience: &str) -> AccessTokens {
    let keys = SigningKeys::new(SigningKey::from_pem(PEM).unwrap());
    AccessTokens::new(keys, issuer, audience, Arc::new(Repeating::new(&[7])))
}

fn claims() -> AccessClaims {
    AccessClaims {
        user: UserId(Uuid::from_u128(1)),
        session: SessionId(Uuid::from_u128(2)),
        role: Role::Moderator,
        authenticated_at: Timestamp(1_767_323_000_000),
    }
}

fn key() -> SigningKey {
    SigningKey::from_pem(PEM).unwrap()
}

fn good_header() -> Value {
    json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": key().key_id() })
}

fn good_claims() -> Value {
    let now = NOW.unix_seconds();
    json!({
        "iss": ISSUER, "sub": Uuid::from_u128(1).to_string(), "aud": AUDIENCE, "client_id": "orgo",
        "sid": Uuid::from_u128(2).to_string(), "role": "moderator", "auth_time": 1_767_323_000,
        "iat": now, "nbf": now, "exp": now + 600, "jti": "BwcHBwcHBwcHBwcHBwcHBw",
    })
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name).unwrap();
    object
}

fn part(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Signs any header and claims with the right key, so that only the rule under test can refuse the token.
fn signed(header: &str, claims: &str) -> String {
    let message = format!("{}.{}", part(header), part(claims));
    let signature =
        jsonwebtoken::crypto::sign(message.as_bytes(), &key().encoding, Algorithm::EdDSA).unwrap();
    format!("{message}.{signature}")
}

fn header_with(name: &str, value: Value) -> String {
    signed(&with(good_header(), name, value).to_string(), &good_claims().to_string())
}

fn claims_with(name: &str, value: Value) -> String {
    signed(&good_header().to_string(), &with(good_claims(), name, value).to_string())
}

fn claims_without(name: &str) -> String {
    signed(&good_header().to_string(), &without(good_claims(), name).to_string())
}

/// The algorithm confusion of RFC 8725 section 2.1: the public key used as an HMAC secret.
fn signed_with_public_key(secret: &[u8]) -> String {
    let header = with(good_header(), "alg", json!("HS256")).to_string();
    let message = format!("{}.{}", part(header), part(good_claims().to_string()));
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
    format!("{message}.{}", part(mac))
}

#[test]
fn a_token_identifies_its_holder_until_it_expires() {
    let tokens = tokens();
    let issued = tokens.issue(&claims(), NOW).unwrap();
    assert_eq!(issued.expires_at, Timestamp(1_767_323_645_000));
    assert_eq!(tokens.verify(&issued.token, NOW), Ok(claims()));
    let later = |seconds| NOW.plus(Duration::from_secs(seconds));
    assert_eq!(tokens.verify(&issued.token, later(605)), Ok(claims()));
    assert_eq!(tokens.verify(&issued.token, later(606)), Err(TokenFault::Expired));
    assert_eq!(tokens.verify(&issued.token, NOW.minus(Duration::from_secs(5))), Ok(claims()));
    assert_eq!(tokens.verify(&issued.token, NOW.minus(Duration::from_secs(6))), Err(TokenFault::Invalid));
}

#[test]
fn an_issued_token_follows_rfc_9068() {
    let token = tokens().issue(&claims(), NOW).unwrap().token;
    let parts: Vec<&str> = token.split('.').collect();
    let read = |text: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
    assert_eq!(read(parts[0]), good_header());
    assert_eq!(read(parts[1]), good_claims());
}

#[test]
fn a_retired_signing_key_still_verifies() {
    let old = tokens().issue(&claims(), NOW).unwrap().token;
    let ring = |keys| AccessTokens::new(keys, ISSUER, AUDIENCE, Arc::new(OsRandom));
    let rotated = SigningKeys::new(SigningKey::generate().unwrap()).with_previous(key());
    let rotated = ring(rotated);
    assert_eq!(rotated.verify(&old, NOW), Ok(claims()));
    let new = rotated.issue(&claims(), NOW).unwrap().token;
    assert_eq!(rotated.verify(&new, NOW), Ok(claims()));
    assert_eq!(tokens().verify(&new, NOW), Err(TokenFault::Invalid));
}

#[test]
fn bad_tokens_are_refused() {
    let tokens = tokens();
    let good = signed(&good_header().to_string(), &good_claims().to_string());
    assert_eq!(tokens.verify(&good, NOW), Ok(claims()), "the corpus below starts from a good token");
    let corpus =
        [wrong_forms(&good), wrong_algorithms_and_keys(&good), wrong_headers(), wrong_claims()].concat();
    assert!(corpus.len() >= 60, "{}", corpus.len());
    for (name, token) in corpus {
        for attempt in ["first", "second"] {
            assert_eq!(tokens.verify(&token, NOW), Err(TokenFault::Invalid), "{name}, {attempt} attempt");
        }
    }
}

fn wrong_forms(good: &str) -> Vec<(&'static str, String)> {
    let parts: Vec<&str> = good.split('.').collect();
    vec![
        ("empty", String::new()),
        ("dots alone", "..".into()),
        ("no token", "hello".into()),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("four parts", format!("{good}.{}", parts[2])),
        ("five parts, as an encrypted token has", format!("{good}.a.b")),
        ("space around", format!(" {good}")),
        ("padding", format!("{good}=")),
        ("standard alphabet", format!("{}.{}.+/{}", parts[0], parts[1], &parts[2][2..])),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("short signature", good[..good.len() - 4].into()),
        ("zero signature", format!("{}.{}.{}", parts[0], parts[1], part([0; 64]))),
        ("other claims under the signature", {
            let claims = with(good_claims(), "role", json!("admin")).to_string();
            format!("{}.{}.{}", parts[0], part(claims), parts[2])
        }),
        ("longer than 4 KiB", claims_with("padding", json!("a".repeat(4096)))),
        ("a megabyte", "a".repeat(1 << 20)),
        ("a realtime ticket", part([7; 32])),
        ("a refresh token", "v1.00000000-0000-0000-0000-000000000002.1.AAAAAAAAAAAAAAAAAAAAAA".into()),
    ]
}

fn wrong_algorithms_and_keys(good: &str) -> Vec<(&'static str, String)> {
    let parts: Vec<&str> = good.split('.').collect();
    let none = part(with(good_header(), "alg", json!("none")).to_string());
    let foreign = SigningKeys::new(SigningKey::generate().unwrap());
    let foreign = AccessTokens::new(foreign, ISSUER, AUDIENCE, Arc::new(OsRandom));
    vec![
        ("none", format!("{none}.{}.", parts[1])),
        ("none with a signature", format!("{none}.{}.{}", parts[1], parts[2])),
        ("None", header_with("alg", json!("None"))),
        ("eddsa in lower case", header_with("alg", json!("eddsa"))),
        ("Ed25519 under another name", header_with("alg", json!("Ed25519"))),
        ("RS256", header_with("alg", json!("RS256"))),
        ("a list of algorithms", header_with("alg", json!(["EdDSA"]))),
        ("HS256 with the public key in base64url", {
            let jwks = tokens().jwks();
            signed_with_public_key(jwks["keys"][0]["x"].as_str().unwrap().as_bytes())
        }),
        ("HS256 with the bytes of the public key", {
            let jwks = tokens().jwks();
            signed_with_public_key(&URL_SAFE_NO_PAD.decode(jwks["keys"][0]["x"].as_str().unwrap()).unwrap())
        }),
        ("HS256 with an empty secret", signed_with_public_key(&[])),
        ("signed with a foreign key", foreign.issue(&claims(), NOW).unwrap().token),
        ("unknown key", header_with("kid", json!("another"))),
        ("empty key name", header_with("kid", json!(""))),
        ("key name that is a path", header_with("kid", json!("../../dev/null"))),
    ]
}

fn wrong_headers() -> Vec<(&'static str, String)> {
    let header = good_header().to_string();
    vec![
        ("no key name", signed(&without(good_header(), "kid").to_string(), &good_claims().to_string())),
        ("type JWT", header_with("typ", json!("JWT"))),
        ("type of an identity token", header_with("typ", json!("id+jwt"))),
        ("no type", signed(&without(good_header(), "typ").to_string(), &good_claims().to_string())),
        ("jku", header_with("jku", json!("https://evil.example/jwks.json"))),
        ("x5u", header_with("x5u", json!("https://evil.example/chain.pem"))),
        ("x5c", header_with("x5c", json!(["MIIB"]))),
        ("jwk", header_with("jwk", tokens().jwks()["keys"][0].clone())),
        ("crit", header_with("crit", json!(["exp"]))),
        ("unencoded payload (RFC 7797)", header_with("b64", json!(false))),
        ("compressed", header_with("zip", json!("DEF"))),
        ("header with a field twice", {
            signed(&header.replacen('{', "{\"alg\":\"EdDSA\",", 1), &good_claims().to_string())
        }),
        ("header that is no object", signed("[]", &good_claims().to_string())),
    ]
}

fn wrong_claims() -> Vec<(&'static str, String)> {
    let now = NOW.unix_seconds();
    let header = good_header().to_string();
    let twice = |name: &str, value: &str| {
        let claims = good_claims().to_string();
        signed(&header, &claims.replacen('{', &format!("{{\"{name}\":{value},"), 1))
    };
    vec![
        ("claims that are no object", signed(&header, "[]")),
        ("claims that are no JSON", signed(&header, "{")),
        ("other issuer", claims_with("iss", json!("https://evil.example"))),
        ("issuer with a slash behind", claims_with("iss", json!(format!("{ISSUER}/")))),
        ("list of issuers", claims_with("iss", json!([ISSUER]))),
        ("no issuer", claims_without("iss")),
        ("other audience", claims_with("aud", json!("orgo-realtime"))),
        ("list of audiences", claims_with("aud", json!([AUDIENCE]))),
        ("no audience", claims_without("aud")),
        ("other client", claims_with("client_id", json!("another"))),
        ("no client", claims_without("client_id")),
        ("no subject", claims_without("sub")),
        ("subject that is no identifier", claims_with("sub", json!("1"))),
        ("no session", claims_without("sid")),
        ("unknown role", claims_with("role", json!("root"))),
        ("no role", claims_without("role")),
        ("no end", claims_without("exp")),
        ("end in quotes", claims_with("exp", json!((now + 600).to_string()))),
        ("end with a fraction", claims_with("exp", json!(1_767_323_645.5))),
        ("end that is null", claims_with("exp", Value::Null)),
        ("end beyond 64 bits", claims_with("exp", json!(1e30))),
        ("no beginning", claims_without("nbf")),
        ("beginning in quotes", claims_with("nbf", json!(now.to_string()))),
        ("beginning six seconds ahead", claims_with("nbf", json!(now + 6))),
        ("beginning at the end of time", claims_with("nbf", json!(i64::MAX))),
        ("issued tomorrow", claims_with("iat", json!(now + 86_400))),
        ("no time of issue", claims_without("iat")),
        ("no name", claims_without("jti")),
        ("end twice", twice("exp", "9999999999")),
        ("subject twice", twice("sub", "\"00000000-0000-0000-0000-000000000009\"")),
        ("role twice", twice("role", "\"admin\"")),
    ]
}

#[test]
fn an_expired_forged_token_is_reported_as_invalid_not_as_expired() {
    // The expiry is reported only for genuine tokens.
    let expired = claims_with("exp", json!(NOW.unix_seconds() - 6));
    assert_eq!(tokens().verify(&expired, NOW), Err(TokenFault::Expired));
    let (message, _) = expired.rsplit_once('.').unwrap();
    let forged = format!("{message}.{}", part([1; 64]));
    assert_eq!(tokens().verify(&forged, NOW), Err(TokenFault::Invalid));
}

#[test]
fn extreme_timestamps_cause_no_overflow() {
    let token = claims_with("exp", json!(i64::MAX));
    assert_eq!(tokens().verify(&token, NOW), Ok(claims()));
    let token = claims_with("exp", json!(i64::MIN));
    assert!(tokens().verify(&token, NOW).is_err());
    assert!(tokens().verify(&token, Timestamp(i64::MAX)).is_err());
    assert!(tokens().verify(&token, Timestamp(i64::MIN)).is_err());
}

#[test]
fn tokens_of_another_installation_are_refused() {
    let elsewhere = tokens_for("https://other.example", AUDIENCE).issue(&claims(), NOW).unwrap().token;
    assert_eq!(tokens().verify(&elsewhere, NOW), Err(TokenFault::Invalid));
    let for_others = tokens_for(ISSUER, "another-api").issue(&claims(), NOW).unwrap().token;
    assert_eq!(tokens().verify(&for_others, NOW), Err(TokenFault::Invalid));
}
