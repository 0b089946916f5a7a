//! Passwords: allowed texts, and their stored form (argon2id, RFC 9106).

mod memory;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use domain::problem::FieldFault;
use unicode_normalization::UnicodeNormalization;

use self::memory::MemoryPool;
use crate::secrets::are_equal;

/// 19 MiB, two passes, one lane: the second choice of the OWASP password storage cheat sheet.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hash that is verified if the account does not exist, so that both cases take the same time. No password matches it.
const NOBODYS_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5cyBvd24gc2FsdA$QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE";

/// A password of allowed length, normalised (NFKC, as NIST SP 800-63B section 3.1.1.2 asks).
///
/// Deliberately without `Debug` and `Display`.
#[derive(Clone)]
pub struct Password(String);

/// Reason why a text cannot be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// The text has fewer than [`Password::MIN`] characters.
    #[error("the password is too short")]
    TooShort,
    /// The text has more than [`Password::MAX`] characters.
    #[error("the password is too long")]
    TooLong,
}

impl PasswordFault {
    /// Returns the fault of the field problem.
    pub fn field_fault(self) -> FieldFault {
        match self {
            Self::TooShort => FieldFault::TooShort,
            Self::TooLong => FieldFault::TooLong,
        }
    }
}

impl Password {
    /// Minimum number of characters (Unicode scalar values, after normalisation).
    pub const MIN: usize = 8;
    /// Maximum number of characters.
    pub const MAX: usize = 128;

    /// Parses a password as typed. Allows every character, white space included.
    pub fn parse(text: &str) -> Result<Self, PasswordFault> {
        let password = normalise(text).ok_or(PasswordFault::TooLong)?;
        match password.chars().count() {
            0..Self::MIN => Err(PasswordFault::TooShort),
            Self::MIN..=Self::MAX => Ok(Self(password)),
            _ => Err(PasswordFault::TooLong),
        }
    }

    /// Returns whether `typed` is the same password, perhaps in another normalisation form.
    pub fn is_spelled(&self, typed: &str) -> bool {
        normalise(typed).is_some_and(|typed| are_equal(typed.as_bytes(), self.0.as_bytes()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns the normalised form that is hashed, or `None` if the text is far too long to be a password.
fn normalise(text: &str) -> Option<String> {
    // A letter may be typed in decomposed form: three scalar values of three bytes each for a Korean syllable.
    const LONGEST: usize = Password::MAX * 4 * 4;
    (text.len() <= LONGEST).then(|| text.nfkc().collect())
}

/// Error: the hash could not be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashFault {
    /// Every core is busy with a hash, and too many callers wait.
    #[error("too many passwords are being hashed")]
    Busy,
    /// The stored hash cannot be parsed, or the computation failed.
    #[error("the password hash cannot be computed")]
    Broken,
}

/// Hashes and verifies passwords on blocking threads: at most one hash per core at a time, in memory that is allocated
/// once per core. Clones share the memory.
#[derive(Clone)]
pub struct PasswordHasher {
    memory: MemoryPool,
}

impl Default for PasswordHasher {
    fn default() -> Self {
        Self::new()
    }
}

impl PasswordHasher {
    /// Creates a hasher that uses all cores of the machine.
    pub fn new() -> Self {
        Self::with_turns(std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
    }

    fn with_turns(turns: usize) -> Self {
        // With one lane, the number of blocks of 1 KiB equals the memory parameter (RFC 9106 section 3.2).
        Self { memory: MemoryPool::new(turns, usize::try_from(MEMORY_KIB).unwrap_or(usize::MAX)) }
    }

    /// Hashes a password with a new salt. Returns a PHC string.
    pub async fn hash(&self, password: &Password) -> Result<String, HashFault> {
        let password = password.clone();
        self.compute(move |blocks| {
            let salt = Salt::generate();
            let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
            let params = current_params()?;
            let hash = PasswordHash {
                algorithm: Algorithm::Argon2id.ident(),
                version: Some(Version::V0x13.into()),
                params: ParamsString::try_from(&params).map_err(broken)?,
                salt: Some(salt),
                hash: None,
            };
            Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
                .hash_password_into_with_memory(password.0.as_bytes(), &salt, &mut output, blocks)
                .map_err(broken)?;
            let output = Output::new(&output).map_err(broken)?;
            Ok(PasswordHash { hash: Some(output), ..hash }.to_string())
        })
        .await
    }

    /// Returns whether `candidate`, as typed, is the password hashed in `phc`.
    pub async fn verify(&self, phc: &str, candidate: &str) -> Result<bool, HashFault> {
        // A text that cannot be a password is hashed too, as the empty text, so that the time does not reveal the
        // difference.
        let candidate = normalise(candidate).unwrap_or_default();
        let phc = phc.to_owned();
        self.compute(move |blocks| is_password(&phc, candidate.as_bytes(), blocks)).await
    }

    /// Takes as long as [`Self::verify`]. Called if the account does not exist.
    pub async fn verify_dummy(&self, candidate: &str) -> Result<(), HashFault> {
        self.verify(NOBODYS_HASH, candidate).await.map(|_wrong| ())
    }

    /// Returns whether `phc` was computed with other parameters than the current ones.
    pub fn needs_rehash(phc: &str) -> bool {
        let Ok(stored) = PasswordHash::new(phc) else { return true };
        let is_current = stored.algorithm.as_str() == Algorithm::Argon2id.as_str()
            && stored.version == Some(Version::V0x13.into())
            && Params::try_from(&stored).is_ok_and(|params| {
                (params.m_cost(), params.t_cost(), params.p_cost()) == (MEMORY_KIB, PASSES, LANES)
            });
        !is_current
    }

    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut [Block]) -> Result<T, HashFault> + Send + 'static,
    ) -> Result<T, HashFault> {
        let mut turn = self.memory.turn().await?;
        // The blocking task owns the turn: it continues if its caller is dropped.
        let done = tokio::task::spawn_blocking(move || work(turn.blocks()));
        done.await.map_err(broken)?
    }
}

/// Hashes `candidate` with the salt and parameters of `phc`, and compares in constant time.
fn is_password(phc: &str, candidate: &[u8], blocks: &mut [Block]) -> Result<bool, HashFault> {
    let stored = PasswordHash::new(phc).map_err(broken)?;
    let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else { return Err(HashFault::Broken) };
    let algorithm = Algorithm::try_from(stored.algorithm.as_str()).map_err(broken)?;
    let version = stored.version.map(Version::try_from).transpose().map_err(broken)?.unwrap_or_default();
    let params = Params::try_from(&stored).map_err(broken)?;
    let fits = params.block_count() <= blocks.len();
    let argon2 = Argon2::new(algorithm, version, params);
    let mut output = vec![0; expected.len()];
    let hashed = if fits {
        argon2.hash_password_into_with_memory(candidate, salt, &mut output, blocks)
    } else {
        // The parameters of the old hash need more memory; the hash is replaced after this log-in.
        argon2.hash_password_into(candidate, salt, &mut output)
    };
    hashed.map_err(broken)?;
    Ok(are_equal(&output, expected.as_bytes()))
}

fn current_params() -> Result<Params, HashFault> {
    Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(broken)
}

fn broken<E>(_fault: E) -> HashFault {
    HashFault::Broken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::parse(text).unwrap()
    }

    #[test]
    fn passwords_are_8_to_128_characters_of_any_kind() {
        for good in
            ["12345678", "        ", "열자가넘는한국어암호", "pass phrase with spaces", "🦥🦥🦥🦥🦥🦥🦥🦥"]
        {
            assert!(Password::parse(good).is_ok(), "{good}");
        }
        assert!(Password::parse(&"가".repeat(128)).is_ok());
        assert_eq!(Password::parse("").err(), Some(PasswordFault::TooShort));
        assert_eq!(Password::parse("가나다라마바사").err(), Some(PasswordFault::TooShort));
        assert_eq!(Password::parse(&"가".repeat(129)).err(), Some(PasswordFault::TooLong));
        assert_eq!(Password::parse(&"a".repeat(1 << 20)).err(), Some(PasswordFault::TooLong));
    }

    #[test]
    fn length_is_counted_after_normalisation() {
        // 7 syllables, typed as 21 letters in decomposed form, as on macOS.
        let decomposed: String = "각난닫랄맘밥삿".nfd().collect();
        assert_eq!(decomposed.chars().count(), 21);
        assert_eq!(Password::parse(&decomposed).err(), Some(PasswordFault::TooShort));
        assert!(Password::parse(&"각".repeat(128).nfd().collect::<String>()).is_ok());
        // One character whose normalised form has eighteen characters.
        assert_eq!(Password::parse(&"\u{fdfa}".repeat(8)).err(), Some(PasswordFault::TooLong));
    }

    #[tokio::test]
    async fn a_hash_verifies_only_its_password() {
        let hasher = PasswordHasher::new();
        let phc = hasher.hash(&password("correct horse battery")).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert_eq!(hasher.verify(&phc, "correct horse battery").await, Ok(true));
        for wrong in ["Correct horse battery", "correct horse battery ", "", &"a".repeat(1 << 16)] {
            assert_eq!(hasher.verify(&phc, wrong).await, Ok(false), "{wrong:.40}");
        }
        assert_ne!(hasher.hash(&password("correct horse battery")).await.unwrap(), phc, "the salt is fresh");
    }

    #[tokio::test]
    async fn composed_and_decomposed_letters_are_equal() {
        let hasher = PasswordHasher::new();
        let phc = hasher.hash(&password("즐거운나무늘보들")).await.unwrap();
        let decomposed: String = "즐거운나무늘보들".nfd().collect();
        assert_eq!(hasher.verify(&phc, &decomposed).await, Ok(true));
        let phc = hasher.hash(&password("ＦＵＬＬ ｗｉｄｅ")).await.unwrap();
        assert_eq!(hasher.verify(&phc, "FULL wide").await, Ok(true));
    }

    #[tokio::test]
    async fn an_unknown_account_costs_the_same_as_a_known_one() {
        // The cost of argon2 depends on its parameters only; the dummy hash has those of a real one.
        assert!(!PasswordHasher::needs_rehash(NOBODYS_HASH));
        let hasher = PasswordHasher::new();
        let real = hasher.hash(&password("correct horse battery")).await.unwrap();
        let lengths = |phc: &str| phc.split('$').map(str::len).collect::<Vec<_>>();
        assert_eq!(lengths(NOBODYS_HASH), lengths(&real));
        assert_eq!(hasher.verify_dummy("correct horse battery").await, Ok(()));
    }

    #[tokio::test]
    async fn an_unreadable_hash_is_a_fault_and_not_a_wrong_password() {
        let hasher = PasswordHasher::new();
        for phc in ["", "plain text", "$argon2id$v=19$m=19456,t=2,p=1$short", "$md5$abc$def"] {
            let verdict = hasher.verify(phc, "correct horse battery").await;
            assert!(matches!(verdict, Err(HashFault::Broken) | Ok(false)), "{phc}: {verdict:?}");
            assert!(PasswordHasher::needs_rehash(phc), "{phc}");
        }
    }

    #[test]
    fn hashes_with_other_parameters_need_a_rehash() {
        for (from, to) in
            [("m=19456", "m=9216"), ("t=2", "t=1"), ("p=1", "p=2"), ("argon2id", "argon2i"), ("v=19", "v=16")]
        {
            let old = NOBODYS_HASH.replace(from, to);
            assert!(PasswordHasher::needs_rehash(&old), "{old}");
        }
    }

    #[tokio::test]
    async fn memory_used_by_other_hashes_changes_nothing() {
        let hasher = PasswordHasher::with_turns(1);
        let phc = hasher.hash(&password("correct horse battery")).await.unwrap();
        for _ in 0..3 {
            assert_eq!(hasher.verify(&phc, "wrong horse battery").await, Ok(false));
            assert_eq!(hasher.verify(&phc, "correct horse battery").await, Ok(true));
        }
    }

    /// Computed with the reference implementation, `argon2 somesalt -id -t 2 -m 16 -p 1` and with less memory, of
    /// `password`.
    #[tokio::test]
    async fn hashes_with_more_and_with_less_memory_are_verified() {
        let hasher = PasswordHasher::with_turns(1);
        for phc in [
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        ] {
            assert_eq!(hasher.verify(phc, "password").await, Ok(true), "{phc}");
            assert_eq!(hasher.verify(phc, "Password").await, Ok(false), "{phc}");
            assert!(PasswordHasher::needs_rehash(phc), "{phc}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_hasher_refuses_real_and_unknown_accounts_alike() {
        let hasher = PasswordHasher::with_turns(0);
        assert_eq!(hasher.hash(&password("correct horse battery")).await, Err(HashFault::Busy));
        assert_eq!(hasher.verify_dummy("").await, Err(HashFault::Busy));
    }
}
