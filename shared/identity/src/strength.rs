//! Rejects passwords that are easy to guess: common ones, patterns, and those made of the person's own data.

mod word_list;

use std::collections::HashSet;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

use crate::passwords::Password;

/// Reason why a password is too easy to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// A common password, possibly with digits or signs in place of letters.
    #[error("the password is a common one")]
    Common,
    /// A repetition, a sequence, or a path on the keyboard.
    #[error("the password is a pattern")]
    Patterned,
    /// The person's address or name with few other characters.
    #[error("the password is the person's own name")]
    Personal,
}

/// Sequences and paths on the keyboard. Their reverses count as well.
const WALKS: &[&str] = &[
    "01234567890-=",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop[]\\",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "!@#$%^&*()_+",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "1q2w3e4r5t6y7u8i9o0p-[=]",
    "q1w2e3r4t5y6u7i8o9p0",
    "qawsedrftgyhujikolp",
    "qazwsxedcrfvtgbyhnujmikolp",
    "147258369",
    "789456123",
    "가나다라마바사아자차카타파하",
    "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ",
    "ㅁㄴㅇㄹㅎㅗㅓㅏㅣ",
    "ㅋㅌㅊㅍㅠㅜㅡ",
];

/// Minimum length of a piece of a sequence: `abc`, `123`.
const SHORTEST_STEP: usize = 3;
/// Longest unit whose repetition is a pattern. A longer repeated unit is looked up as a common word.
const LONGEST_UNIT: usize = 4;
/// Minimum number of different characters.
const FEWEST_DISTINCT: usize = 4;
/// Number of digits and signs that may surround a common word without making it stronger, such as a year and a sign.
const LONGEST_DRESS: usize = 9;
/// Shorter names are ignored: a password may contain them by chance.
const SHORTEST_NAME: usize = 3;

/// Checks that a password withstands the first guesses of an attacker who knows the person's name and address.
pub fn check(password: &Password, email: &str, nickname: Option<&str>) -> Result<(), Weakness> {
    let text = fold(password.as_str());
    if is_personal(&text, email, nickname) {
        return Err(Weakness::Personal);
    }
    let characters: Vec<char> = text.chars().collect();
    if is_pattern(&characters) {
        return Err(Weakness::Patterned);
    }
    if is_common(&text, &characters) { Err(Weakness::Common) } else { Ok(()) }
}

fn fold(text: &str) -> String {
    text.nfkc().collect::<String>().to_lowercase()
}

fn is_personal(password: &str, email: &str, nickname: Option<&str>) -> bool {
    let email = fold(email);
    let (local_part, host) = email.rsplit_once('@').unwrap_or((email.as_str(), ""));
    let nickname = nickname.map(fold).unwrap_or_default();
    let joined: String = nickname.split_whitespace().collect();
    let pieces = local_part.split(|c: char| !c.is_alphanumeric()).chain(nickname.split_whitespace());
    // The last label of the host belongs to nobody in particular.
    let labels = host.rsplit('.').skip(1);
    [email.as_str(), local_part, nickname.as_str(), joined.as_str()]
        .into_iter()
        .chain(pieces.chain(labels))
        .filter(|name| name.chars().count() >= SHORTEST_NAME)
        .any(|name| {
            // The rest of the text must withstand guesses by itself.
            password.contains(name) && password.replace(name, "").chars().count() < Password::MIN
        })
}

fn is_pattern(characters: &[char]) -> bool {
    let distinct: HashSet<char> = characters.iter().copied().collect();
    distinct.len() < FEWEST_DISTINCT || repeated_unit(characters).len() <= LONGEST_UNIT || is_walk(characters)
}

/// Returns the shortest text of which `characters` is a repetition: `characters` itself if it repeats nothing.
fn repeated_unit(characters: &[char]) -> &[char] {
    (1..=characters.len() / 2)
        .filter_map(|length| characters.split_at_checked(length))
        .find(|(unit, _)| {
            characters.len().is_multiple_of(unit.len())
                && characters.chunks(unit.len()).all(|chunk| chunk == *unit)
        })
        .map_or(characters, |(unit, _)| unit)
}

/// Returns whether the whole text consists of pieces of sequences, each at least three characters long.
fn is_walk(characters: &[char]) -> bool {
    static BOTH_WAYS: LazyLock<Vec<Vec<char>>> = LazyLock::new(|| {
        let forward = WALKS.iter().map(|walk| fold(walk).chars().collect::<Vec<char>>());
        forward.flat_map(|walk| [walk.iter().rev().copied().collect(), walk]).collect()
    });
    // `reached` holds the places up to which the text can be divided into pieces.
    let mut reached = vec![false; characters.len() + 1];
    let mut places = vec![0];
    while let Some(place) = places.pop() {
        let rest = characters.get(place..).unwrap_or_default();
        let longest = BOTH_WAYS.iter().map(|walk| longest_step(walk, rest)).max().unwrap_or(0);
        for end in (SHORTEST_STEP..=longest).map(|step| place + step) {
            if let Some(seen @ false) = reached.get_mut(end) {
                *seen = true;
                places.push(end);
            }
        }
    }
    reached.last().is_some_and(|whole| *whole)
}

/// Returns the number of characters at the start of `text` that are adjacent in `walk`.
fn longest_step(walk: &[char], text: &[char]) -> usize {
    let lengths = (0..walk.len())
        .filter_map(|start| walk.get(start..))
        .map(|from| from.iter().zip(text).take_while(|(one, other)| one == other).count());
    lengths.max().unwrap_or(0)
}

fn is_common(text: &str, characters: &[char]) -> bool {
    let unit: String = repeated_unit(characters).iter().collect();
    [text, unit.as_str()]
        .into_iter()
        .any(|text| word_list::contains(text) || is_dressed_up(text) || is_dressed_up(&plain_letters(text)))
}

/// Returns whether the text is a common word with a few digits and signs around it.
fn is_dressed_up(text: &str) -> bool {
    let word = text.trim_matches(|c: char| !c.is_alphabetic());
    let dress = text.chars().count() - word.chars().count();
    word_list::contains(word) && dress <= LONGEST_DRESS
}

/// Replaces digits and signs that stand for letters, as in `p4$$w0rd`. Those at the end more likely are a year or a
/// sign.
fn plain_letters(text: &str) -> String {
    let word = text.trim_end_matches(|c: char| !c.is_alphabetic());
    let read: String = word
        .chars()
        .map(|c| match c {
            '0' => 'o',
            '1' | '!' => 'i',
            '3' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            '7' => 't',
            other => other,
        })
        .collect();
    read + text.strip_prefix(word).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(text: &str) -> Result<(), Weakness> {
        check(&Password::parse(text).unwrap(), "mina.kim@example.com", Some("즐거운 나무늘보"))
    }

    #[test]
    fn the_list_has_more_than_forty_thousand_normalised_passwords_in_order() {
        let lines: Vec<&str> = word_list::LIST.lines().collect();
        let passwords = lines.iter().filter(|line| line.chars().count() >= Password::MIN);
        assert!(passwords.count() >= 40_000);
        for line in &lines {
            assert_eq!(fold(line), *line);
            assert_eq!(line.trim(), *line);
        }
        assert!(lines.is_sorted_by(|one, other| one < other), "keep the list sorted, without repetitions");
    }

    #[test]
    fn passwords_of_the_list_are_refused() {
        // Every tenth one, because unoptimised code needs a third of a millisecond for each.
        let passwords = word_list::LIST.lines().filter(|common| common.chars().count() >= Password::MIN);
        for common in passwords.step_by(10) {
            assert!(verdict(common).is_err(), "{common}");
        }
        for common in ["Mypassword", "PRINCESS", "Football", "BASEBALL"] {
            assert!(verdict(common).is_err(), "{common}");
        }
    }

    #[test]
    fn common_words_with_digits_and_signs_are_refused() {
        for weak in [
            "password",
            "Password1!",
            "P@ssw0rd",
            "p4$$w0rd2024",
            "1234password",
            "passwordpassword",
            "dragon1234",
            "iloveyou!!",
            "sunshine2023!",
            "dkssudgktpdy",
            "Dkssud123!",
            "tkfkdgo486",
            "qlalfqjsgh1",
            "안녕하세요1004",
            "orgo2024!",
        ] {
            assert_eq!(verdict(weak), Err(Weakness::Common), "{weak}");
        }
    }

    #[test]
    fn patterns_are_refused() {
        for weak in [
            "aaaaaaaa",
            "abababab",
            "12341234",
            "11112222",
            "12345678",
            "87654321",
            "1234567890",
            "abcdefgh",
            "abcd1234",
            "qwerty123",
            "qwertyuiop",
            "asdf1234",
            "asdfghjkl;'",
            "1q2w3e4r",
            "1qaz2wsx",
            "zxcvbnm,./",
            "!@#$%^&*",
            "QWERasdf",
            "147258369",
            "가나다라마바사아",
            "사랑해사랑해사랑해",
            "ㅂㅈㄷㄱㅂㅈㄷㄱ",
            "        ",
        ] {
            assert_eq!(verdict(weak), Err(Weakness::Patterned), "{weak}");
        }
    }

    #[test]
    fn the_persons_own_name_with_few_other_characters_is_refused() {
        for weak in [
            "mina.kim",
            "Mina.Kim2024",
            "mina.kim@example.com",
            "minakim-1",
            "2024mina",
            "example2024",
            "즐거운나무늘보2024",
            "즐거운 나무늘보!",
            "나무늘보나무늘보!!",
        ] {
            assert_eq!(verdict(weak), Err(Weakness::Personal), "{weak}");
        }
        let nobody = check(&Password::parse("나무늘보나무늘보!!").unwrap(), "jun@example.com", None);
        assert_eq!(nobody, Ok(()));
    }

    #[test]
    fn an_unguessable_password_is_accepted() {
        for good in [
            "correct horse battery staple",
            "mina walks to the lake",
            "vK7#pq2Lm!x",
            "dragon in the sunshine",
            "qwerty is not my password",
            "느린 나무늘보가 웃는다",
            "7f1c0a9e4b",
            "Tr0ub4dor&3",
        ] {
            assert_eq!(verdict(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn the_longest_password_is_judged_at_once() {
        let long = "abc".repeat(42);
        assert_eq!(verdict(&long), Err(Weakness::Patterned));
        let almost = format!("{}ab", "abcd".repeat(31));
        assert_eq!(almost.len(), 126);
        assert_eq!(verdict(&almost), Ok(()));
    }
}
