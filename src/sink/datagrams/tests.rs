//! Tests of the lines that are told of figures.

use super::*;

fn told(words: impl Fn(&Figures<'_>) -> Option<String>, figures: &[(&str, f64)]) -> String {
    let figures: Vec<(String, f64)> =
        figures.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    words(&Figures(&figures)).unwrap_or_default()
}

#[test]
fn what_was_sent_is_told_unless_it_was_one_that_was_told() {
    let sent = |figures| told(sent, figures);
    let none = [("sent", 0.0), ("bytes", 0.0), ("seconds", 0.0)];
    assert_eq!(sent(&none), "sent 0 datagrams, 0 B in 0.00 s");
    assert_eq!(sent(&[("sent", 1.0), ("bytes", 5.0), ("seconds", 0.0)]), "");
    // Three that are 500 ms apart take a second.
    let paced = [("sent", 3.0), ("bytes", 3.0), ("seconds", 1.0), ("rate", 2.0)];
    assert_eq!(sent(&paced), "sent 3 datagrams, 3 B in 1.00 s (2/s)");
    let slow = [("sent", 2.0), ("bytes", 2.0), ("seconds", 2.0), ("rate", 0.5)];
    assert_eq!(sent(&slow), "sent 2 datagrams, 2 B in 2.00 s (0.50/s)");
}

#[test]
fn what_was_dropped_is_the_least_where_the_kernel_counts_merged_ones() {
    let figures = [("datagrams", 2.0), ("bytes", 8.0), ("senders", 1.0), ("seconds", 1.0), ("dropped", 7.0)];
    let one_by_one = told(|figures| Some(whole(figures)), &figures);
    assert!(one_by_one.ends_with(", 7 dropped here (receive buffer full)"), "{one_by_one}");
    let merged = told(|figures| Some(interval(figures)), &[&figures[..], &[("merged", 1.0)]].concat());
    assert!(merged.ends_with(", at least 7 dropped here (receive buffer full)"), "{merged}");
}
