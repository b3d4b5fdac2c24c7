//! The ladder of a scenario as a table, a row a rung: when, which step, the picture, what happened.

use super::picture::Picture;
use crate::event::Data;
use crate::sink::amounts::spoken;
use crate::sink::ladder::{Ladder, Rung, Shape, share};
use crate::sink::results::{bounded, words};
use crate::sink::screen::{columns, notation};
use crate::sink::shown_bytes::{hex, lines};
use askama::Template;
use data_encoding::HEXLOWER;
use std::time::Duration;

/// Lifelines that have a column of their own each.
const OWN_COLUMNS: usize = 12;
/// Columns beyond which a picture says nothing any more.
const MOST_COLUMNS: usize = 24;
/// Columns of bytes that stand in the row itself.
const IN_ROW: usize = 60;
/// Columns of a line of bytes, where they are shown whole.
const TEXT: usize = 100;
/// Lines of a hex dump, where something failed and where all went well.
const HEX: (usize, usize) = (32, 8);
/// Characters of the value of a fact about a failure.
const MOST_VALUE: usize = 8 << 10;

/// Pixels of a picture beside which nothing has room on most screens, of what stands beside it, and of a letter.
const WIDE: usize = 600;
const BESIDE: usize = 560;
const COLUMN: usize = 9;

#[derive(Template)]
#[template(path = "ladder.html")]
struct Table {
    /// Pixels of the picture; none where there is none.
    width: Option<usize>,
    wide: bool,
    /// Pixels that the table takes at least.
    least: usize,
    /// Whether names need more than a line each.
    tall: bool,
    heads: Vec<Head>,
    rows: Vec<Row>,
}

struct Head {
    left: usize,
    width: usize,
    name: String,
    all: String,
}

struct Row {
    left_out: u32,
    failed: bool,
    time: String,
    step: String,
    line: Option<String>,
    place: String,
    took: Option<String>,
    picture: String,
    who: String,
    words: String,
    aside: String,
    bytes: Option<Bytes>,
    sentences: Vec<String>,
    facts: Vec<(String, String)>,
}

/// A payload: its beginning in the row, more of it below as text and in hex.
struct Bytes {
    len: u64,
    begins: String,
    text: Vec<String>,
    hex: Vec<String>,
    left: u64,
    /// What is known of all of it.
    whole: Vec<String>,
}

/// The table as HTML.
pub(super) fn draw(ladder: &Ladder) -> String {
    let slots = share(ladder, OWN_COLUMNS);
    let pictured = (1..=MOST_COLUMNS).contains(&slots.count);
    let picture = Picture::new(ladder, slots);
    let failed = ladder.rungs().any(|rung| rung.failed);
    let mut next = 0;
    let rows = ladder.rungs().map(|rung| {
        let left_out = rung.number.saturating_sub(std::mem::replace(&mut next, rung.number + 1));
        let drawn = if pictured { picture.draw(rung) } else { String::new() };
        row(ladder, rung, drawn, left_out, failed)
    });
    let rows = rows.collect();
    let heads = if pictured { heads(&picture) } else { Vec::new() };
    let table = Table {
        width: pictured.then(|| picture.width()),
        wide: picture.width() > WIDE,
        least: picture.width() + BESIDE,
        tall: heads.iter().any(|head| columns(&head.name) * COLUMN > head.width),
        heads,
        rows,
    };
    // A template that is only text and numbers has nothing to fail with.
    table.render().unwrap_or_default()
}

fn heads(picture: &Picture<'_>) -> Vec<Head> {
    let head = |(slot, names): (usize, Vec<&str>)| Head {
        left: slot * picture.gap,
        width: picture.gap,
        name: match names.as_slice() {
            [name] => words(name),
            [name, ..] => format!("{} …", words(name)),
            [] => String::new(),
        },
        all: words(&names.join(", ")),
    };
    picture.names().into_iter().enumerate().map(head).collect()
}

fn row(ladder: &Ladder, rung: &Rung, picture: String, left_out: u32, failed: bool) -> Row {
    let lane = if rung.shape == Shape::Remark && !rung.lane.is_empty() {
        format!("[{}]", rung.lane)
    } else {
        String::new()
    };
    Row {
        left_out,
        failed: rung.failed,
        time: format!("{:.3}", rung.at.as_secs_f64() * 1_000.0),
        step: rung.step.map(|step| step.to_string()).unwrap_or_default(),
        line: rung.line.as_ref().map(|line| words(line)),
        place: rung.place.as_ref().map(|(file, line)| words(&format!("{file}:{line}"))).unwrap_or_default(),
        took: rung.took.map(took),
        picture,
        who: words(&(ladder.who(rung, true) + &lane)),
        words: if rung.failed { String::new() } else { words(&rung.words) },
        aside: words(&rung.aside),
        bytes: rung.data.as_ref().map(|data| bytes(data, if failed { HEX.0 } else { HEX.1 })),
        sentences: rung.sentences.iter().map(|sentence| words(sentence)).collect(),
        facts: rung.rows.iter().map(fact).collect(),
    }
}

fn fact((name, value): &(String, String)) -> (String, String) {
    let lines: Vec<String> = bounded(value, MOST_VALUE).split('\n').map(words).collect();
    (words(name), lines.join("\n"))
}

/// A time as it is compared with others: `0.215 ms`, `51 ms`, `5 s`.
fn took(took: Duration) -> String {
    if took < Duration::from_millis(10) {
        format!("{:.3} ms", took.as_secs_f64() * 1_000.0)
    } else {
        spoken(took)
    }
}

fn bytes(data: &Data, rows: usize) -> Bytes {
    let (mut begins, taken) = notation(&data.bytes, IN_ROW);
    let all = taken as u64 == data.len;
    if !all {
        begins.push('…');
    }
    let whole = data.whole.as_ref().map_or_else(Vec::new, |whole| {
        let digest = whole.sha256.map(|digest| format!("SHA-256 {}", HEXLOWER.encode(&digest)));
        let recipe = whole.recipe.as_ref().map(|recipe| format!("made by {}", words(recipe)));
        let kept = whole.kept.as_ref().map(|file| format!("kept in {}", words(file)));
        [digest, recipe, kept].into_iter().flatten().collect()
    });
    let (hex, _) = hex(&data.bytes, rows);
    let shown: &[u8] = data.bytes.get(..rows * 16).unwrap_or(&data.bytes);
    let text = if all { Vec::new() } else { lines(shown, TEXT).0 };
    Bytes { len: data.len, begins, text, hex, left: data.len.saturating_sub(shown.len() as u64), whole }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_shown_in_part_and_says_how_much_is_left() {
        let shown = bytes(&Data::new(b"PING\r\n"), 8);
        assert_eq!(
            (shown.begins.as_str(), shown.left, shown.hex.len(), shown.text.len()),
            (r"PING\r\n", 0, 1, 0)
        );
        let shown = bytes(&Data::new(&vec![b'a'; 5_000]), 8);
        assert_eq!((columns(&shown.begins), shown.left, shown.hex.len()), (IN_ROW + 1, 5_000 - 128, 8));
    }

    #[test]
    fn times_are_short() {
        assert_eq!(took(Duration::from_micros(215)), "0.215 ms");
        assert_eq!(took(Duration::from_millis(51)), "51 ms");
    }
}
