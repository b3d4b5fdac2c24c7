//! Choices that scenarios write as a word: frames, sides, what follows when no rule holds.

/// A choice that scenarios write as a word: the verb table and the reader take the words from here.
pub trait Word: Copy + 'static {
    /// Every choice, in the order of the reference page.
    const ALL: &'static [Self];
    /// Their words, in the same order.
    const WORDS: &'static [&'static str];

    /// The choice whose word is `word`.
    fn from_word(word: &str) -> Option<Self> {
        let at = Self::WORDS.iter().position(|known| *known == word)?;
        Self::ALL.get(at).copied()
    }
}

/// How messages are made of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// One byte of length before each message.
    U8,
    /// Two bytes of length, big-endian.
    U16,
    /// Four bytes of length, big-endian.
    U32,
    /// LF after each message.
    Line,
}

impl Word for Frame {
    const ALL: &'static [Self] = &[Self::U8, Self::U16, Self::U32, Self::Line];
    const WORDS: &'static [&'static str] = &["u8", "u16", "u32", "line"];
}

impl Frame {
    /// The longest message that it can carry, where there is one.
    pub fn longest(self) -> Option<u64> {
        match self {
            Self::U8 => Some(u8::MAX.into()),
            Self::U16 => Some(u16::MAX.into()),
            Self::U32 => Some(u32::MAX.into()),
            Self::Line => None,
        }
    }
}

/// Which direction `shutdown` closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// No more will be sent.
    Write,
    /// No more will be received.
    Read,
    /// Neither.
    Both,
}

impl Word for Side {
    const ALL: &'static [Self] = &[Self::Write, Self::Read, Self::Both];
    const WORDS: &'static [&'static str] = &["write", "read", "both"];
}

/// What `answer` does when no rule can hold any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Otherwise {
    /// Goes on waiting, judging nothing.
    Wait,
    /// Closes the stream.
    Close,
    /// Resets the stream.
    Reset,
}

impl Word for Otherwise {
    const ALL: &'static [Self] = &[Self::Wait, Self::Close, Self::Reset];
    const WORDS: &'static [&'static str] = &["wait", "close", "reset"];
}
