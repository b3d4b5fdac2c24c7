//! What Markdown holds beside text: our own tags, fences that close, rows of as many cells as the head.

/// The only tags that a report has.
const TAGS: &[&str] = &[
    "<details>",
    "</details>",
    "<details open>",
    "<summary>",
    "</summary>",
    "<b>",
    "</b>",
    "<code>",
    "</code>",
];

/// Panics where the page holds anything but our own structure; gives it without what stands in fences.
pub fn check(page: &str) -> String {
    assert!(page.len() < 1 << 20, "GitHub drops a summary of {} bytes", page.len());
    let (mut outside, mut fence) = (String::new(), None::<String>);
    for line in page.lines() {
        assert!(!line.contains(|c: char| c.is_control() && c != '\t'), "{line:?}");
        match &fence {
            Some(open) if line == open => fence = None,
            Some(open) => assert!(!line.trim().starts_with(open.as_str()), "{line}"),
            None if line.starts_with("```") => fence = Some(line.trim_end_matches("text").to_owned()),
            None => {
                tags(line);
                let cells = line.matches('|').count();
                assert!(!line.starts_with('|') || cells == 5, "{line}");
                outside.push_str(line);
                outside.push('\n');
            }
        }
    }
    assert_eq!(fence, None, "a fence is open");
    let count = |word: &str| outside.matches(word).count();
    assert_eq!(count("<details"), count("</details>"));
    outside
}

fn tags(line: &str) {
    let mut rest = line;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        let tag = &rest[..=rest.find('>').expect("a tag that ends")];
        assert!(TAGS.contains(&tag), "{tag} in {line}");
        rest = &rest[tag.len()..];
    }
}
