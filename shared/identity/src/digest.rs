//! Hashes of texts that are not secret.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Returns the SHA-256 hash of `bytes` as base64url without padding: 43 characters.
pub fn sha256(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hash of the empty text is a published test vector (FIPS 180-4).
    #[test]
    fn a_hash_is_base64url_of_sha_256() {
        assert_eq!(sha256(b""), "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
    }
}
