//! Tag expressions: words joined by `and`, `or` and `not`, with parentheses.

use std::str::FromStr;

/// Deepest nesting; more is a mistake and not a wish.
const DEEPEST: usize = 64;

/// Which tags a scenario has to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tags {
    /// This one.
    Word(String),
    /// What this does not hold for.
    Not(Box<Tags>),
    /// Both.
    And(Box<Tags>, Box<Tags>),
    /// Either.
    Or(Box<Tags>, Box<Tags>),
}

impl Tags {
    /// Whether it holds for a scenario with these tags.
    pub fn hold(&self, tags: &[String]) -> bool {
        match self {
            Self::Word(word) => tags.contains(word),
            Self::Not(inner) => !inner.hold(tags),
            Self::And(one, other) => one.hold(tags) && other.hold(tags),
            Self::Or(one, other) => one.hold(tags) || other.hold(tags),
        }
    }

    /// The words it asks about.
    pub fn words(&self) -> Vec<&str> {
        match self {
            Self::Word(word) => vec![word],
            Self::Not(inner) => inner.words(),
            Self::And(one, other) | Self::Or(one, other) => [one.words(), other.words()].concat(),
        }
    }
}

impl std::fmt::Display for Tags {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Not(inner) if matches!(**inner, Self::Word(_)) => write!(f, "not {inner}"),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::And(one, other) => {
                let part = |part: &Self| match part {
                    Self::Or(..) => format!("({part})"),
                    _ => part.to_string(),
                };
                write!(f, "{} and {}", part(one), part(other))
            }
            Self::Or(one, other) => write!(f, "{one} or {other}"),
        }
    }
}

impl FromStr for Tags {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let spaced = text.replace('(', " ( ").replace(')', " ) ");
        let mut words = Words { left: spaced.split_whitespace().collect(), depth: 0 };
        words.left.reverse();
        let tags = words.any()?;
        match words.left.last() {
            None => Ok(tags),
            Some(&")") => Err("a `)` closes nothing".to_owned()),
            Some(word) => Err(format!("before `{word}` comes `and` or `or`")),
        }
    }
}

/// What is left to read, the next word last.
struct Words<'a> {
    left: Vec<&'a str>,
    depth: usize,
}

impl Words<'_> {
    fn next_is(&mut self, word: &str) -> bool {
        let found = self.left.last() == Some(&word);
        if found {
            self.left.pop();
        }
        found
    }

    fn any(&mut self) -> Result<Tags, String> {
        let mut tags = self.all()?;
        while self.next_is("or") {
            tags = Tags::Or(Box::new(tags), Box::new(self.all()?));
        }
        Ok(tags)
    }

    fn all(&mut self) -> Result<Tags, String> {
        let mut tags = self.one()?;
        while self.next_is("and") {
            tags = Tags::And(Box::new(tags), Box::new(self.one()?));
        }
        Ok(tags)
    }

    fn one(&mut self) -> Result<Tags, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("this is nested too deeply".to_owned());
        }
        let tags = if self.next_is("not") {
            Tags::Not(Box::new(self.one()?))
        } else if self.next_is("(") {
            let tags = self.any()?;
            if !self.next_is(")") {
                return Err("a `(` is not closed".to_owned());
            }
            tags
        } else {
            match self.left.pop() {
                Some(word) if word.contains(['&', '|', '!', ',']) => {
                    return Err(format!("`{word}` is no tag; they are joined by `and`, `or` and `not`"));
                }
                Some(word) if !["and", "or", ")"].contains(&word) => Tags::Word(word.to_owned()),
                Some(word) => return Err(format!("before `{word}` a tag is missing")),
                None => return Err("a tag is missing at the end".to_owned()),
            }
        };
        self.depth -= 1;
        Ok(tags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(expression: &str, tags: &str) -> bool {
        let tags: Vec<String> = tags.split_whitespace().map(str::to_owned).collect();
        expression.parse::<Tags>().unwrap().hold(&tags)
    }

    #[test]
    fn not_binds_before_and_and_that_before_or() {
        assert!(holds("tcp", "tcp slow"));
        assert!(!holds("tcp and not slow", "tcp slow"));
        assert!(holds("udp or tcp and slow", "udp"));
        assert!(!holds("(udp or tcp) and slow", "udp"));
        assert!(holds("not (udp or tcp)", ""));
        assert!(holds("not not tcp", "tcp"));
    }

    #[test]
    fn an_expression_is_shown_as_it_is_understood() {
        for (written, shown) in [
            ("a  or b and c", "a or b and c"),
            ("(a or b)and(not c)", "(a or b) and not c"),
            ("not(a or b)", "not (a or b)"),
        ] {
            let tags: Tags = written.parse().unwrap();
            assert_eq!(tags.to_string(), shown);
            assert_eq!(shown.parse::<Tags>().unwrap(), tags);
        }
    }

    #[test]
    fn what_is_missing_is_said() {
        let mistake = |text: &str| text.parse::<Tags>().unwrap_err();
        assert_eq!(mistake(""), "a tag is missing at the end");
        assert_eq!(mistake("tcp and"), "a tag is missing at the end");
        assert_eq!(mistake("and tcp"), "before `and` a tag is missing");
        assert_eq!(mistake("tcp udp"), "before `udp` comes `and` or `or`");
        assert_eq!(mistake("a&&b"), "`a&&b` is no tag; they are joined by `and`, `or` and `not`");
        assert_eq!(mistake("(tcp"), "a `(` is not closed");
        assert_eq!(mistake("tcp)"), "a `)` closes nothing");
        assert_eq!(mistake(&"(".repeat(10_000)), "this is nested too deeply");
    }
}
