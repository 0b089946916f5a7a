use uuid::Uuid;

use super::{Locale, Nickname};
use crate::text::Text;

const KOREAN: ([&str; 12], [&str; 12]) = (
    [
        "즐거운",
        "용감한",
        "느긋한",
        "똑똑한",
        "다정한",
        "씩씩한",
        "조용한",
        "반짝이는",
        "부지런한",
        "엉뚱한",
        "따뜻한",
        "날쌘",
    ],
    [
        "나무늘보",
        "수달",
        "고양이",
        "너구리",
        "펭귄",
        "다람쥐",
        "올빼미",
        "돌고래",
        "고슴도치",
        "판다",
        "여우",
        "거북이",
    ],
);
const ENGLISH: ([&str; 12], [&str; 12]) = (
    [
        "Cheerful", "Brave", "Calm", "Clever", "Kind", "Lively", "Quiet", "Bright", "Busy", "Curious",
        "Warm", "Swift",
    ],
    [
        "Sloth", "Otter", "Cat", "Raccoon", "Penguin", "Squirrel", "Owl", "Dolphin", "Hedgehog", "Panda",
        "Fox", "Turtle",
    ],
);

/// Returns a nickname for a person who chose none (rule PF1): an adjective and an animal, picked by the random
/// bits of `seed`.
pub fn random_nickname(locale: Locale, seed: Uuid) -> Nickname {
    let (adjectives, animals) = match locale {
        Locale::Korean => KOREAN,
        Locale::English => ENGLISH,
    };
    // The last eight bytes of a UUIDv7 are random, except for the two highest bits (the variant).
    let (_, random) = seed.as_u64_pair();
    let pick = |words: [&'static str; 12], shift: u32| {
        usize::try_from((random >> shift) % 12)
            .ok()
            .and_then(|place| words.get(place).copied())
            .unwrap_or("OrGo")
    };
    Nickname::from_stored(format!("{} {}", pick(adjectives, 0), pick(animals, 16)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rule PF1.
    #[test]
    fn a_generated_nickname_is_valid_and_in_the_persons_language() {
        for seed in 0..200_u128 {
            for locale in [Locale::Korean, Locale::English] {
                let nickname = random_nickname(locale, Uuid::from_u128(seed * 7_919 + (seed << 20)));
                assert_eq!(Nickname::parse("/nickname", nickname.as_str()), Ok(nickname.clone()));
                assert_eq!(nickname.as_str().is_ascii(), locale == Locale::English);
            }
        }
    }
}
