//! `Tap`: who is given received bytes whole, beside the events.

/// What is called with bytes.
type TakesBytes = dyn FnMut(&[u8]) + Send;

/// Takes received bytes as they come, whole: events carry the beginning of long data only.
pub(super) struct Tap(pub Box<TakesBytes>);

impl std::fmt::Debug for Tap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tap")
    }
}
