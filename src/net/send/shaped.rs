//! Misbehaviour on demand: sends that come late, in drips, or are cut short.

use std::sync::Arc;

use super::SendFlags;
use crate::net::error::NetError;
use crate::net::shape::{Shape, Shaping};
use crate::net::stream::Stream;

impl Stream {
    /// Makes the sends of this stream misbehave from here on; the first shape stays.
    pub fn shape(&self, shape: Shape) -> Arc<Shaping> {
        self.shape_as(|| Arc::new(Shaping::new(shape))).clone()
    }

    /// Counts a receive of a service that sends nothing, which is cut by what it receives.
    pub fn count_received_message(&self) {
        if let Some(shaping) = self.shaping() {
            shaping.count_received(self.received());
        }
    }

    /// What its shape lets through of the bytes that are sent next.
    pub fn let_through<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let room = self.shaping().map_or(usize::MAX, |shaping| shaping.room(self.sent()));
        bytes.get(..room).unwrap_or(bytes)
    }

    /// Whether it is to be ended because of its shape.
    pub fn is_cut(&self) -> bool {
        self.shaping().is_some_and(|shaping| shaping.is_over())
    }

    /// Never comes back where it is to be ended because of its shape: whoever serves it does that now. For who has
    /// told what was sent.
    pub async fn goes_on(&self) {
        if self.is_cut() {
            std::future::pending::<()>().await;
        }
    }

    pub(super) async fn send_shaped(
        &self,
        shaping: &Shaping,
        bytes: &[u8],
        flags: SendFlags,
    ) -> Result<(), NetError> {
        if shaping.is_over() {
            // Whoever serves the stream ends it now: this send never comes back as done.
            return std::future::pending().await;
        }
        let Shape { delay, drip, .. } = shaping.shape();
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        let room = shaping.room(self.sent());
        let kept = bytes.get(..room).unwrap_or(bytes);
        match drip {
            Some((size, every)) => {
                let mut clock = tokio::time::interval(every);
                for piece in kept.chunks(size.max(1)) {
                    clock.tick().await;
                    self.send_plain(piece, flags).await?;
                }
            }
            None => self.send_plain(kept, flags).await?,
        }
        shaping.count_sent(kept.len() >= room);
        if kept.len() < bytes.len() {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}
