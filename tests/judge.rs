//! Judging: pure, three-valued, and the same however the input was cut.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests may panic as tests may"
)]

use proptest::prelude::*;
use sockdrill::script::judge::{Ended, Judging, Mismatch, Verdict, Why};
use sockdrill::script::pattern::Matcher;
use sockdrill::script::recipe::Recipe;
use sockdrill::script::regex::{Against, Regex};
use std::time::Duration;

/// Expressions that a stream can judge; over the letters that inputs are made of.
const EXPRESSIONS: [&str; 14] = [
    "a+b",
    "(?s).*?ab",
    "[ab]*\n",
    r"\w+\r\n",
    "a{2,3}b",
    "(ab|ba)a",
    "(?:a|ab)b",
    "(?s).*?a.{3}b",
    "a??b",
    "(a|b){3}",
    "^ab",
    r"[^\n]*\n[^\n]*\n",
    "(?<first>a*)(?<second>b+)\r",
    r"(?i)A\x62",
];

fn letters(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let letter =
        prop_oneof![4 => Just(b'a'), 4 => Just(b'b'), 1 => Just(b'\n'), 1 => Just(b'\r'), 1 => Just(0)];
    prop::collection::vec(letter, 0..most)
}

fn some_letters(most: usize) -> impl Strategy<Value = Vec<u8>> {
    letters(most).prop_filter("at least one", |bytes| !bytes.is_empty())
}

fn recipes() -> impl Strategy<Value = Recipe> {
    let single = prop_oneof![
        letters(12).prop_map(|bytes| Recipe::Bytes(bytes.into())),
        (0..6u64).prop_map(Recipe::Zeros),
        (0..10u64).prop_map(Recipe::Sequence),
    ];
    (single, 1..4u64).prop_map(|(recipe, times)| match times {
        1 => recipe,
        _ => Recipe::Times(Box::new(recipe), times),
    })
}

fn single_matchers() -> impl Strategy<Value = Matcher> {
    prop_oneof![
        recipes().prop_map(Matcher::Exactly),
        recipes().prop_map(Matcher::Starts),
        prop::collection::vec(prop::option::of(Just(b'a')), 1..6)
            .prop_map(|mask| Matcher::Masked(mask.into())),
        some_letters(6).prop_map(|bytes| Matcher::Contains(bytes.into())),
        some_letters(4).prop_map(|bytes| Matcher::Until(bytes.into())),
        prop::sample::select(EXPRESSIONS.to_vec()).prop_map(|source| Matcher::Matches(expression(source))),
        (0..12u64).prop_map(Matcher::Size),
        Just(Matcher::Eof),
        Just(Matcher::Reset),
        Just(Matcher::Silence(Duration::from_millis(1))),
    ]
}

fn expression(source: &str) -> Regex {
    Regex::compile(source, Against::Stream).unwrap()
}

/// Every kind, `any_of` within `any_of` included.
fn matchers() -> impl Strategy<Value = Matcher> {
    single_matchers()
        .prop_recursive(2, 8, 4, |inner| prop::collection::vec(inner, 1..4).prop_map(Matcher::AnyOf))
}

fn ends() -> impl Strategy<Value = Ended> {
    prop::sample::select(vec![Ended::Open, Ended::Eof, Ended::Reset, Ended::Broken])
}

/// What is said of `input` when it comes in pieces that end at `cuts`.
fn judged_in_pieces(matcher: &Matcher, input: &[u8], cuts: &[usize], ended: Ended) -> Verdict {
    let mut judging = Judging::new(matcher);
    let mut from = 0;
    for cut in cuts.iter().copied().chain([input.len()]) {
        match judging.feed(&input[from..cut]) {
            Verdict::Undecided(_) if cut < input.len() || ended != Ended::Open => {}
            verdict => return verdict,
        }
        from = cut;
    }
    judging.end(ended)
}

/// Whether the pattern holds on exactly these bytes, said in another way than the judge's.
fn holds_on(matcher: &Matcher, seen: &[u8]) -> bool {
    match matcher {
        Matcher::Exactly(recipe) | Matcher::Starts(recipe) => recipe.collect(1000).unwrap().unwrap() == seen,
        Matcher::Masked(mask) => {
            mask.len() == seen.len()
                && mask.iter().zip(seen).all(|(mask, seen)| mask.is_none_or(|byte| byte == *seen))
        }
        Matcher::Contains(needle) | Matcher::Until(needle) => seen.ends_with(needle),
        Matcher::Matches(regex) => Regex::compile(regex.source(), Against::Datagram).unwrap().is_whole(seen),
        Matcher::Size(size) => seen.len() as u64 == *size,
        Matcher::AnyOf(matchers) => matchers.iter().any(|matcher| holds_on(matcher, seen)),
        Matcher::Eof | Matcher::Reset | Matcher::Silence(_) | Matcher::Exit(_) => false,
    }
}

/// Whether bytes of any kind can still be wanted after `seen`.
fn is_undecided(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Undecided(_))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_split_gives_the_verdict_of_the_whole(
        matcher in matchers(),
        input in letters(40),
        cuts in prop::collection::vec(0..41usize, 0..8),
        ended in ends(),
    ) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(input.len())).collect();
        cuts.sort_unstable();
        let whole = matcher.judge(&input, ended);
        prop_assert_eq!(judged_in_pieces(&matcher, &input, &cuts, ended), whole.clone());
        let bytes: Vec<usize> = (0..input.len()).collect();
        prop_assert_eq!(judged_in_pieces(&matcher, &input, &bytes, ended), whole);
    }

    #[test]
    fn the_shortest_prefix_on_which_it_holds_is_taken(matcher in matchers(), input in letters(30)) {
        let shortest = (0..=input.len()).find(|len| holds_on(&matcher, &input[..*len]));
        match (matcher.judge(&input, Ended::Open), shortest) {
            (Verdict::Holds(taken), shortest) => prop_assert_eq!(Some(taken), shortest.map(|len| len as u64)),
            (verdict, shortest) => prop_assert_eq!(shortest, None, "{:?}", verdict),
        }
    }

    #[test]
    fn what_holds_holds_on_what_it_takes_and_on_nothing_shorter(matcher in matchers(), input in letters(30)) {
        if let Verdict::Holds(taken) = matcher.judge(&input, Ended::Open) {
            let taken = usize::try_from(taken).unwrap();
            for len in 0..taken {
                let verdict = matcher.judge(&input[..len], Ended::Open);
                prop_assert!(is_undecided(&verdict), "{:?} after {} of {} bytes", verdict, len, taken);
            }
            for ended in [Ended::Open, Ended::Eof, Ended::Reset, Ended::Broken] {
                prop_assert_eq!(matcher.judge(&input[..taken], ended), Verdict::Holds(taken as u64));
            }
        }
    }

    #[test]
    fn undecided_names_no_more_bytes_than_are_needed(matcher in matchers(), input in letters(20), more in letters(12)) {
        if let Verdict::Undecided(least) = matcher.judge(&input, Ended::Open) {
            for len in 0..more.len().min(usize::try_from(least).unwrap()) {
                let longer = [&input[..], &more[..len]].concat();
                let verdict = matcher.judge(&longer, Ended::Open);
                prop_assert!(!matches!(verdict, Verdict::Holds(_)), "{:?}, and {} were missing", verdict, least);
            }
        }
    }

    #[test]
    fn what_fails_fails_whatever_follows_and_first_at_its_byte(matcher in matchers(), input in letters(20), more in letters(12)) {
        if let Verdict::Fails(Mismatch { at, why }) = matcher.judge(&input, Ended::Open) {
            prop_assert!(matches!(why, Why::Byte | Why::Data));
            prop_assert!(at < input.len() as u64);
            let longer = [&input[..], &more].concat();
            prop_assert_eq!(matcher.judge(&longer, Ended::Open), Verdict::Fails(Mismatch { at, why }));
            // Before that byte something could still have held.
            let verdict = matcher.judge(&input[..usize::try_from(at).unwrap()], Ended::Open);
            prop_assert!(is_undecided(&verdict), "{:?}", verdict);
        }
    }

    #[test]
    fn an_end_decides(matcher in matchers(), input in letters(20), ended in ends()) {
        let open = matcher.judge(&input, Ended::Open);
        let verdict = matcher.judge(&input, ended);
        match (open, ended) {
            (_, Ended::Open) => {}
            (Verdict::Undecided(_), Ended::Eof) if input.is_empty() && wants(&matcher, &Matcher::Eof) => {
                prop_assert_eq!(verdict, Verdict::Holds(0));
            }
            (Verdict::Undecided(_), Ended::Reset) if input.is_empty() && wants(&matcher, &Matcher::Reset) => {
                prop_assert_eq!(verdict, Verdict::Holds(0));
            }
            (Verdict::Undecided(_), _) => prop_assert!(
                matches!(&verdict, Verdict::Fails(mismatch) if mismatch.at <= input.len() as u64),
                "{:?}", verdict
            ),
            (decided, _) => prop_assert_eq!(verdict, decided),
        }
    }

    #[test]
    fn a_message_is_judged_whole(matcher in single_matchers(), message in letters(20)) {
        let holds = match &matcher {
            Matcher::Contains(needle) | Matcher::Until(needle) => {
                (0..=message.len()).any(|len| message[..len].ends_with(needle))
            }
            Matcher::Starts(recipe) => message.starts_with(&recipe.collect(1000).unwrap().unwrap()),
            // Compiled for a stream here, which no message is.
            Matcher::Matches(_) => return Ok(()),
            other => holds_on(other, &message),
        };
        let judged = matcher.judge_message(&message);
        prop_assert_eq!(judged.is_ok(), holds, "{:?}", judged);
        if let Err(mismatch) = judged {
            prop_assert!(mismatch.at <= message.len() as u64);
        }
    }
}

fn wants(matcher: &Matcher, end: &Matcher) -> bool {
    match matcher {
        Matcher::AnyOf(matchers) => matchers.iter().any(|matcher| wants(matcher, end)),
        other => std::mem::discriminant(other) == std::mem::discriminant(end),
    }
}

#[test]
fn a_needle_that_almost_matches_everywhere_is_found_in_one_pass() {
    // Compared anew at every byte this would take 10^12 looks.
    let needle = [vec![b'a'; 1 << 19], vec![b'b']].concat();
    let mut judging = Judging::new(&Matcher::Contains(needle.clone().into()));
    let piece = vec![b'a'; 1 << 16];
    for _ in 0..64 {
        assert!(is_undecided(&judging.feed(&piece)));
    }
    assert_eq!(judging.feed(b"bc"), Verdict::Holds((64 << 16) + 1));
}

#[test]
fn an_expression_with_a_million_ways_to_match_is_stepped_in_one_pass() {
    let regex = expression("(?s).*?a.{16}b");
    let mut judging = Judging::new(&Matcher::Matches(regex));
    let mut word = 1u32;
    let mut undecided = 0;
    for _ in 0..200_000 {
        word ^= word << 13;
        word ^= word >> 17;
        word ^= word << 5;
        let byte = if word & 4 == 0 { b'a' } else { b'c' };
        undecided += u32::from(is_undecided(&judging.feed(&[byte])));
    }
    assert_eq!(undecided, 200_000);
    assert!(is_undecided(&judging.feed(b"a")));
    assert!(is_undecided(&judging.feed(&[b'c'; 16])));
    assert_eq!(judging.feed(b"b"), Verdict::Holds(200_018));
}
