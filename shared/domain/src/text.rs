//! Text that people write: normalised, without hidden characters, of bounded length.

use unicode_normalization::UnicodeNormalization;

use crate::problem::{FieldFault, FieldProblem};

/// Whether a text may contain line breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// A single line: neither line breaks nor tabs.
    One,
    /// Any number of lines.
    Many,
}

impl Lines {
    /// Returns a regular expression (ECMA-262) for published schemas. It refuses control characters; the other characters
    /// that are refused, see [`Text::parse`], would make it unreadable.
    pub const fn pattern(self) -> &'static str {
        match self {
            Self::One => r"^[^\u0000-\u001F\u007F-\u009F]*$",
            Self::Many => r"^[^\u0000-\u0008\u000B-\u001F\u007F-\u009F]*$",
        }
    }
}

/// A text of bounded length, counted in Unicode scalar values after normalisation.
pub trait Text: Sized {
    /// Minimum length.
    const MIN: usize;
    /// Maximum length.
    const MAX: usize;
    /// Whether line breaks are allowed.
    const LINES: Lines;

    /// Wraps a text that was parsed before or comes from the store. Does not check it.
    fn from_stored(text: String) -> Self;

    /// Returns the text.
    fn as_str(&self) -> &str;

    /// Normalises and checks the text at the JSON Pointer `pointer` of a request body.
    fn parse(pointer: &str, input: &str) -> Result<Self, FieldProblem> {
        // Checked first because it is cheap: normalisation cannot shorten a text by this factor.
        if input.len() > Self::MAX.saturating_mul(LARGEST_CHARACTER).saturating_add(LARGEST_CHARACTER) {
            return Err(FieldProblem::at(pointer, FieldFault::TooLong).with("max", Self::MAX));
        }
        let text = normalise(input);
        let forbidden = |c: &char| match c {
            '\n' | '\t' => Self::LINES == Lines::One,
            _ => is_hidden(*c),
        };
        if text.chars().any(|c| forbidden(&c)) {
            return Err(FieldProblem::at(pointer, FieldFault::NotAllowed));
        }
        let length = text.chars().count();
        if length > 0 && !text.chars().any(is_visible) {
            return Err(FieldProblem::at(pointer, FieldFault::NotAllowed));
        }
        if length < Self::MIN {
            let fault = if length == 0 { FieldFault::Required } else { FieldFault::TooShort };
            return Err(FieldProblem::at(pointer, fault).with("min", Self::MIN));
        }
        if length > Self::MAX {
            return Err(FieldProblem::at(pointer, FieldFault::TooLong).with("max", Self::MAX));
        }
        Ok(Self::from_stored(text))
    }
}

/// Upper bound for the bytes of one character before normalisation. A decomposed Hangul syllable has nine.
const LARGEST_CHARACTER: usize = 32;

/// Returns the text trimmed, in Unicode normalisation form C, with `\n` as line ending.
///
/// macOS and some input methods send decomposed Hangul, which would not compare equal to composed Hangul.
fn normalise(input: &str) -> String {
    let composed: String = input.replace("\r\n", "\n").nfc().collect();
    composed.trim().to_owned()
}

/// Returns whether a character is invisible or reorders its neighbours: controls, bidirectional controls (UAX
/// #9), line and paragraph separators, default ignorable code points (UAX #44) and noncharacters. Joiners and
/// variation selectors are allowed, because emoji and some scripts need them.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || u32::from(c) & 0xFFFE == 0xFFFE
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}' | '\u{200E}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FDD0}'..='\u{FDEF}' | '\u{FEFF}'
            | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}')
}

/// Returns whether a character that is not hidden is visible on its own.
fn is_visible(c: char) -> bool {
    !c.is_whitespace() && !matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}')
}

/// Defines text types: name, minimum and maximum length, lines.
macro_rules! define_text {
    ($($(#[$doc:meta])* $name:ident: $min:literal..=$max:literal, $lines:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $crate::text::Text for $name {
            const MIN: usize = $min;
            const MAX: usize = $max;
            const LINES: $crate::text::Lines = $crate::text::Lines::$lines;

            fn from_stored(text: String) -> Self {
                Self(text)
            }

            fn as_str(&self) -> &str {
                &self.0
            }
        }
    )+};
}
pub(crate) use define_text;

/// Collects the faults of all fields, so that one response names every one of them.
#[derive(Debug, Default)]
pub struct Fields(Vec<FieldProblem>);

impl Fields {
    /// Returns the value, or records the fault and returns `None`.
    pub fn take<T>(&mut self, parsed: Result<T, FieldProblem>) -> Option<T> {
        parsed.map_err(|fault| self.0.push(fault)).ok()
    }

    /// Records a fault.
    pub fn push(&mut self, fault: FieldProblem) {
        self.0.push(fault);
    }

    /// Returns `built` if no fault was recorded, otherwise a problem with all faults.
    pub fn finish<T>(self, built: Option<T>) -> Result<T, crate::Problem> {
        match built {
            Some(built) if self.0.is_empty() => Ok(built),
            _ => Err(crate::Problem::invalid(self.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(unreachable_pub, reason = "the macro makes public types")]

    use super::*;

    define_text! {
        /// A line for the tests.
        Line: 2..=5, One;
        /// A paragraph for the tests.
        Paragraph: 0..=20, Many;
    }

    #[test]
    fn text_is_composed_trimmed_and_counted_in_scalars() {
        // Decomposed Hangul becomes two syllables.
        let line = Line::parse("/line", "  \u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF} ").unwrap();
        assert_eq!(line.as_str(), "한글");
        assert_eq!(Line::parse("/line", "😀😀😀😀😀").unwrap().as_str().chars().count(), 5);
        assert_eq!(Line::parse("/line", "👩‍💻!").unwrap().as_str(), "👩‍💻!");
        assert_eq!(Paragraph::parse("/p", "one\r\ntwo").unwrap().as_str(), "one\ntwo");
    }

    #[test]
    fn faults_have_a_kind_and_a_place() {
        let fault = |input| Line::parse("/line", input).map_err(|problem| problem.fault);
        assert_eq!(fault(" "), Err(FieldFault::Required));
        assert_eq!(fault("a"), Err(FieldFault::TooShort));
        assert_eq!(fault("abcdef"), Err(FieldFault::TooLong));
        for hidden in [
            "a\nb",
            "a\0b",
            "a\u{202E}b",
            "a\u{1b}b",
            "a\u{200B}b",
            "a\u{2028}b",
            "\u{3164}\u{3164}",
            "ab\u{FFFE}",
            "a\u{E0041}",
            "a\u{AD}",
            "\u{200D}\u{200D}",
            "\u{FE0F}\u{FE0F}",
        ] {
            assert_eq!(fault(hidden), Err(FieldFault::NotAllowed), "{hidden:?}");
        }
        assert_eq!(
            Line::parse("/line", "abcdef"),
            Err(FieldProblem::at("/line", FieldFault::TooLong).with("max", 5))
        );
    }

    #[test]
    fn an_excessive_text_is_refused_before_it_is_normalised() {
        let fault = Line::parse("/line", &"\u{1112}\u{1161}\u{11AB}".repeat(100_000)).unwrap_err();
        assert_eq!(fault.fault, FieldFault::TooLong);
        assert!(Line::parse("/line", &"\u{1112}\u{1161}\u{11AB}".repeat(5)).is_ok());
    }

    #[test]
    fn all_faults_are_collected() {
        let mut fields = Fields::default();
        let line = fields.take(Line::parse("/line", ""));
        let paragraph = fields.take(Paragraph::parse("/p", &"x".repeat(21)));
        let problem = fields.finish(line.zip(paragraph)).unwrap_err();
        assert_eq!(problem.fields.len(), 2);
    }
}
