//! What an HTML page holds beside text: our own tags, closed in their order, no handlers, one script of our
//! own; and what a browser makes of it.

use crate::desk::{Desk, FAILING, GOOD, SKIPPED};
use crate::facts::*;
use sockdrill::event::{Event, Outcome, Sink as _, What};
use sockdrill::sink::{Format, Report, WholeFile};
use std::ffi::OsStr;
use std::process::{Command, Stdio};

/// Elements that have no end.
const VOID: &[&str] = &["meta", "input"];
/// Every element that a page may have.
const TAGS: &[&str] = &[
    "html", "head", "meta", "title", "style", "body", "header", "h1", "p", "div", "i", "nav", "button",
    "input", "output", "span", "kbd", "main", "section", "b", "code", "details", "summary", "pre", "table",
    "caption", "thead", "tbody", "tr", "th", "td", "strong", "dl", "dt", "dd", "svg", "g", "path", "rect",
    "circle", "script",
];

/// What a page tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
    pub unstable: u64,
    pub unfinished: u64,
    pub refused: usize,
    pub headline: String,
}

/// Panics where the page is not well-formed or holds anything but our own structure; counts what it tells.
pub fn check(page: &str) -> Told {
    assert!(page.starts_with("<!doctype html>\n<html lang=\"en\">"), "{}", &page[..80.min(page.len())]);
    let control = |c: char| c.is_control() && c != '\n';
    assert!(!page.contains(control), "a control character");
    let (mut told, mut open, mut scripts) = (Told::default(), Vec::<String>::new(), 0);
    let mut rest = &page["<!doctype html>".len()..];
    while let Some(at) = rest.find('<') {
        assert!(!rest[..at].contains('>'), "{}", &rest[..at]);
        let end = at + rest[at..].find('>').expect("a tag that ends");
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "closed in its order");
            continue;
        }
        let own = tag.strip_suffix('/').unwrap_or(tag);
        let name = own.split([' ', '\n']).next().unwrap();
        assert!(TAGS.contains(&name), "<{tag}>");
        // Every second part is a value in quotes.
        let names = own.split('"').step_by(2).flat_map(|part| part.split([' ', '=']));
        for attribute in names {
            let harmless = !["on", "src", "href"].iter().any(|word| attribute.starts_with(word));
            assert!(harmless, "<{tag}>");
        }
        if let Some(class) = own.strip_prefix("details class=\"one ") {
            *match class.split('"').next().unwrap() {
                "passed" => &mut told.passed,
                "failed" => &mut told.failed,
                "unstable" => &mut told.unstable,
                "skipped" => &mut told.skipped,
                "unfinished" => &mut told.unfinished,
                other => panic!("{other}"),
            } += 1;
        }
        match own {
            "section class=\"refused\"" => told.refused += 1,
            "h1" => rest[..rest.find('<').unwrap()].clone_into(&mut told.headline),
            _ => {}
        }
        if name == "style" || name == "script" {
            scripts += usize::from(name == "script");
            rest = &rest[rest.find(&format!("</{name}>")).expect("an end")..];
        }
        if !VOID.contains(&name) && own == tag {
            open.push(name.to_owned());
        }
    }
    assert_eq!((open.len(), scripts), (0, 1), "{open:?}");
    assert!(!["http:", "https:", "url(", "@import"].iter().any(|word| page.contains(word)), "no network");
    told
}

fn page(events: &[Event]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("report.html");
    let mut sink = Report::new(Format::Html, WholeFile::new(&path).unwrap());
    for event in events {
        sink.take(event).unwrap();
    }
    sink.finish().unwrap();
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_page_has_every_scenario_its_failure_and_its_ladder() {
    let desk = Desk::new(&[("a.yaml", GOOD), ("b.yaml", FAILING), ("c.yaml", SKIPPED)]);
    assert_eq!(desk.run("replay . --html r.html").code, Some(1));
    let page = desk.read("r.html");
    let told = check(&page);
    assert_eq!((told.passed, told.failed, told.skipped), (1, 1, 1));
    assert_eq!(told.headline, "1 failed, 1 passed, 1 skipped");
    for part in [
        "a client that closes is seen",
        "<code title=\"./a.yaml:6\">accept conn server</code>",
        "client → conn",
        "closed by peer (FIN)",
        "<dt>wanted</dt><dd>PONG</dd>",
        "<dt>seen</dt><dd>pong",
        "0000  70 6f 6e 67",
        "8 |   - expect:  { at: client, text: &#34;PONG&#34; }",
        "<span class=\"badge\">skip</span>",
    ] {
        assert!(page.contains(part), "{part} is not in\n{page}");
    }
}

#[test]
fn a_past_run_makes_the_same_page() {
    let desk = Desk::new(&[("a.yaml", GOOD), ("b.yaml", FAILING)]);
    desk.run("replay . --html r.html --json=run.jsonl");
    desk.run("report run.jsonl --html past.html");
    // The word that the script is known by is another each time.
    let lines = |name: &str| -> Vec<String> {
        desk.read(name).lines().filter(|line| !line.contains("nonce")).map(str::to_owned).collect()
    };
    assert_eq!(lines("past.html"), lines("r.html"));
}

#[test]
fn strangers_bytes_are_text_on_the_page() {
    let told = check(&page(&hostile_run()));
    assert_eq!((told.failed, told.skipped, told.refused), (1, 1, 1));
}

#[test]
fn one_of_each_kind_of_fact_stands_on_the_page() {
    let mut events = vec![started(0, "a", "a.yaml", 1)];
    for what in one_of_each("word", b"bytes", &failure()) {
        if !matches!(what, What::ScenarioStarted { .. } | What::ScenarioEnded { .. } | What::RunEnded { .. })
        {
            events.push(fact(10, "", 1, what));
        }
    }
    events.push(ended(0, Outcome::Passed, 1));
    let page = page(&events);
    check(&page);
    assert!(
        page.contains("SHA-256 a7a7") && page.contains("made by word") && page.contains("kept in word"),
        "{page}"
    );
}

/// A conversation of so many exchanges of so many bytes.
fn conversation(number: u32, exchanges: u32, bytes: usize, outcome: Outcome) -> Vec<Event> {
    let payload = vec![b'<'; bytes];
    let mut events = vec![started(number, &format!("scenario {number}"), "a.yaml", 1)];
    let mut fact = |what| events.push(in_scenario(number, what));
    fact(What::Listening { name: "server".into(), at: "127.0.0.1:80".into() });
    fact(What::Connected {
        name: "client".into(),
        local: "127.0.0.1:5000".into(),
        peer: "127.0.0.1:80".into(),
    });
    for _ in 0..exchanges {
        fact(What::Sent { name: "client".into(), to: None, data: sockdrill::event::Data::new(&payload) });
    }
    events.push(ended(number, outcome, 1));
    events
}

#[test]
fn a_page_of_many_and_long_scenarios_stays_one_that_can_be_opened() {
    let mut events = Vec::new();
    for number in 0..300 {
        let outcome = if number % 2 == 0 { Outcome::Passed } else { Outcome::Failed(Box::new(failure())) };
        events.extend(conversation(number, 100, 60_000, outcome));
    }
    events.extend(conversation(300, 20_000, 10, Outcome::Failed(Box::new(failure()))));
    let page = page(&events);
    let told = check(&page);
    assert_eq!((told.passed, told.failed), (150, 151));
    assert!(page.len() < 30 << 20, "{}", page.len());
    assert!(page.contains("There was no room for its ladder on this page."));
    assert!(page.contains("59872 B more") || page.contains("59488 B more"), "says what was left out");
}

/// What the browser makes of a page: its document, after scripts have run; none where there is no browser.
#[allow(clippy::print_stderr, reason = "says why nothing was tested")]
fn opened(page: impl AsRef<OsStr>) -> Option<String> {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync", "--no-first-run", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(page)
        .env("HOME", profile.path())
        .stdin(Stdio::null())
        .output();
    let output = match output {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("skipped: chromium is not installed");
            return None;
        }
        output => output.unwrap(),
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_browser_shows_all_of_it_and_runs_no_script_but_the_pages_own() {
    let evil =
        "</script><script>document.title='owned'</script><img src=x onerror=\\\"document.title='owned'\\\">";
    let file = format!(
        "name: \"{evil}\"\nsteps:\n  - listen:  {{ as: server, at: 127.0.0.1:0 }}\n  - connect: {{ as: client, to: server }}\n  \
         - accept:  {{ as: conn, at: server }}\n  - send:    {{ from: client, text: \"{evil}]]>\\0\\e[31m\" }}\n  \
         - expect:  {{ at: conn, text: \"{evil}\" }}\n  - note:    \"{evil}\"\n  - expect:  {{ at: client, eof: true, within: 10ms }}\n"
    );
    let desk = Desk::new(&[("a.yaml", &file), ("b.yaml", GOOD)]);
    let told = desk.run("replay . --html r.html");
    assert_eq!(told.code, Some(1), "{}", told.err);
    check(&desk.read("r.html"));
    let Some(document) = opened(desk.path("r.html")) else { return };
    assert!(document.contains("<title>1 failed, 1 passed · sockdrill</title>"), "a stranger's script ran");
    assert!(!document.contains("<img"), "a stranger's element is there");
    // The page's own script has shown the buttons.
    assert!(document.contains("<nav aria-label="), "the page's own script did not run");
    assert_eq!(document.matches("<details class=\"one ").count(), 2);
    assert_eq!(document.matches("<svg ").count(), document.matches("</svg>").count());
    assert!(document.matches("<svg ").count() > 12, "a picture a row");
}

/// Presses keys as a reader does and notes after each where the focus is and what is shown.
const READER: &str = r#"
const told = [];
const at = () => document.activeElement.closest("details")?.id ?? document.activeElement.localName;
const shown = () => [...document.querySelectorAll("details.one")].filter(one => !one.hidden).map(one => one.id);
const note = key => told.push(`${key}: ${at()}, ${shown().join(" ")}`);
const press = (key, more) => {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
  document.activeElement.dispatchEvent(event);
  note(more ? `${Object.keys(more)} ${key}` : key);
};
press("j"); press("j"); press("k"); press("k");
press("j", { ctrlKey: true });
press("f"); press("j"); press("a"); press("k");
press("e"); press("j"); press("e"); told.push(document.activeElement.className);
press("/");
document.activeElement.value = "UNSAID"; document.activeElement.dispatchEvent(new Event("input")); note("unsaid");
press("f"); note(document.querySelector("output").textContent);
press("Escape");
document.querySelector("[data-only=passed]").click(); note("passed");
press("j");
told.push(document.querySelector("[data-only=passed]").getAttribute("aria-pressed"));
document.querySelector("[data-fold=open]").click();
told.push([...document.querySelectorAll("details.one")].map(one => one.open).join(" "));
document.body.dataset.told = told.join("; ");
"#;

#[test]
fn a_reader_goes_through_the_page_with_keys() {
    let never = SKIPPED.replace("never said", "unsaid").replace("name: needs", "name: unsaid, needs");
    let desk = Desk::new(&[("a.yaml", GOOD), ("b.yaml", FAILING), ("c.yaml", &never)]);
    assert_eq!(desk.run("replay . --html r.html").code, Some(1));
    let page = desk.read("r.html");
    let nonce = page.split("<script nonce=\"").nth(1).unwrap().split('"').next().unwrap();
    let reader = format!("<script nonce=\"{nonce}\">{READER}</script></body>");
    std::fs::write(desk.path("read.html"), page.replace("</body>", &reader)).unwrap();
    let Some(document) = opened(desk.path("read.html")) else { return };
    let told = document.split("data-told=\"").nth(1).expect("the reader came to its end");
    let told: Vec<&str> = told.split('"').next().unwrap().split("; ").collect();
    let wanted = [
        // One after the other, and no further than the first.
        "j: s1, s1 s2 s3",
        "j: s2, s1 s2 s3",
        "k: s1, s1 s2 s3",
        "k: s1, s1 s2 s3",
        // The browser's own keys are its own.
        "ctrlKey j: s1, s1 s2 s3",
        // What is hidden is passed over.
        "f: s1, s2",
        "j: s2, s2",
        "a: s2, s1 s2 s3",
        "k: s1, s1 s2 s3",
        // The first has no step that failed.
        "e: s1, s1 s2 s3",
        "j: s2, s1 s2 s3",
        "e: s2, s1 s2 s3",
        "bad",
        // Letters in the search are letters.
        "/: input, s1 s2 s3",
        "unsaid: input, s3",
        "f: input, s3",
        "1 of 3 shown: input, s3",
        "Escape: body, s1 s2 s3",
        "passed: body, s1",
        "j: s1, s1",
        "true",
        // Only those that are shown are opened; the failed one was open.
        "true true false",
    ];
    assert_eq!(told, wanted);
    let link = format!("file://{}#s3", desk.path("r.html").display());
    let document = opened(link).unwrap();
    let third = document.split("id=\"s3\"").nth(1).unwrap();
    assert!(third.starts_with(" open"), "{}", &third[..40]);
}
