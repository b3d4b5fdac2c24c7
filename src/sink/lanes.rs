//! The names of lanes, which say what they are in: `conn#2.feed` is a lane of the client `conn#2`.

/// A lane and those around it, innermost first; the main one is the last.
pub(super) fn outward(lane: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(lane), |lane| match lane.rsplit_once('.') {
        Some((outer, _)) => Some(outer),
        None if lane.is_empty() => None,
        None => Some(""),
    })
}

/// Whose conversation it belongs to: `#3` of `conn#3` and of its lanes; any other lane is its own.
pub(super) fn whose(lane: &str) -> &str {
    let client = lane.rfind('#').and_then(|at| lane.get(at..));
    client.and_then(|client| client.split('.').next()).unwrap_or(lane)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_leads_to_the_client_that_it_belongs_to_and_to_the_main_one() {
        assert_eq!(outward("conn#2.feed").collect::<Vec<_>>(), ["conn#2.feed", "conn#2", ""]);
        assert_eq!(["conn#2.feed", "#3", "conn#12", "feed", ""].map(whose), ["#2", "#3", "#12", "feed", ""]);
    }
}
