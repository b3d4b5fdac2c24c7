//! Did-you-mean.

/// The candidate that `word` most likely was meant to be, or none when nothing is near.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // What is so long was meant to be no word.
    if word.len() > LONGEST_WORD {
        return None;
    }
    let folded = word.to_lowercase().replace('_', "-");
    candidates
        .into_iter()
        .map(|candidate| (likeness(&folded, &candidate.to_lowercase().replace('_', "-")), candidate))
        .filter(|(likeness, _)| *likeness >= 0.72)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate)
}

/// Longest word for which another is suggested.
const LONGEST_WORD: usize = 40;

/// 1 for the same word, near 1 for a slip of the finger, a swapped pair or a cut-off word.
fn likeness(word: &str, candidate: &str) -> f64 {
    if word == candidate {
        return 1.0;
    }
    let slips = strsim::normalized_damerau_levenshtein(word, candidate);
    let begins = if word.len() >= 2 && candidate.starts_with(word) { 0.8 } else { 0.0 };
    slips.max(strsim::jaro_winkler(word, candidate) - 0.1).max(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_find_the_word_that_was_meant() {
        let verbs = ["connect", "close", "expect", "send", "shutdown"];
        assert_eq!(did_you_mean("conect", verbs), Some("connect"));
        assert_eq!(did_you_mean("expct", verbs), Some("expect"));
        assert_eq!(did_you_mean("shut", verbs), Some("shutdown"));
        assert_eq!(did_you_mean("sned", verbs), Some("send"));
        assert_eq!(did_you_mean("reuse-adress", ["reuse_address", "reuse_port"]), Some("reuse_address"));
    }

    #[test]
    fn a_word_near_nothing_gets_no_suggestion() {
        assert_eq!(did_you_mean("zebra", ["connect", "close"]), None);
        assert_eq!(did_you_mean("", ["connect"]), None);
    }
}
