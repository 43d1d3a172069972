//! Enumerations whose values are words, of AWS or of the configuration file.

/// An enumeration that `words!` declares.
pub(crate) trait Word: Copy + 'static {
    /// All values.
    const ALL: &'static [Self];
    /// Their words.
    const WORDS: &'static [&'static str];

    /// Returns the word of the value.
    fn word(self) -> &'static str;

    /// Returns the value of a word.
    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.word() == word)
    }
}

/// Declares an enumeration of words.
macro_rules! words {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {$(
            $(#[$variant_meta:meta])*
            $variant:ident = $word:literal
        ),+ $(,)?}
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        $vis enum $name {$(
            $(#[$variant_meta])*
            $variant,
        )+}

        impl $name {
            /// All values.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// Returns the word that stands for the value in files.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( $name::$variant => $word, )+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl $crate::ir::Word for $name {
            const ALL: &'static [Self] = $name::ALL;
            const WORDS: &'static [&'static str] = &[$($word),+];

            fn word(self) -> &'static str {
                self.as_str()
            }
        }

        impl $crate::ir::Literal for $name {}
    };
}
pub(crate) use words;
