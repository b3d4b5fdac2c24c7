//! The blocks of a pcapng file (draft-ietf-opsawg-pcapng): sections, interfaces, packets and their comments.

use super::packets::Packet;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

/// `LINKTYPE_RAW`: a packet begins with its IP header. No link layer is made up.
const RAW_IP: u16 = 101;

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const PACKET: u32 = 6;

/// Options of every block, and those of single ones.
const COMMENT: u16 = 1;
const APPLICATION: u16 = 4;
const NAME: u16 = 2;
const DESCRIPTION: u16 = 3;
const RESOLUTION: u16 = 9;
/// Timestamps count nanoseconds: ten to the power of minus this.
const NANOSECONDS: u8 = 9;

/// Bytes that most blocks fit into.
const ROOM: usize = 512;

/// A block that is being put together, with its kind and its length.
struct Block(Vec<u8>);

impl Block {
    fn new(kind: u32) -> Self {
        let mut block = Self(Vec::with_capacity(ROOM));
        block.word(kind);
        // The length is known at the end.
        block.word(0);
        block
    }

    fn word(&mut self, word: u32) {
        self.0.extend_from_slice(&word.to_le_bytes());
    }

    fn short(&mut self, short: u16) {
        self.0.extend_from_slice(&short.to_le_bytes());
    }

    fn padded(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }

    /// An option, as much of it as one can hold.
    fn option(&mut self, code: u16, value: &[u8]) {
        let value = value.get(..usize::from(u16::MAX)).unwrap_or(value);
        self.short(code);
        self.short(u16::try_from(value.len()).unwrap_or(u16::MAX));
        self.padded(value);
    }

    fn text(&mut self, code: u16, text: &str) {
        if !text.is_empty() {
            self.option(code, text.as_bytes());
        }
    }
}

impl Block {
    /// Writes the block with its length before and behind it.
    fn write(mut self, to: &mut impl Write) -> io::Result<()> {
        // The end of the options.
        self.word(0);
        let length = u32::try_from(self.0.len() + 4).map_err(io::Error::other)?;
        self.word(length);
        if let Some(place) = self.0.get_mut(4..8) {
            place.copy_from_slice(&length.to_le_bytes());
        }
        to.write_all(&self.0)
    }
}

/// Begins a file: everything in it is one section.
pub(super) fn section(to: &mut impl Write, comment: &str) -> io::Result<()> {
    let mut block = Block::new(SECTION);
    block.word(0x1a2b_3c4d);
    block.short(1);
    block.short(0);
    // How long it is is not known beforehand.
    block.0.extend_from_slice(&(-1i64).to_le_bytes());
    block.text(COMMENT, comment);
    block.text(APPLICATION, concat!("sockdrill ", env!("CARGO_PKG_VERSION")));
    block.write(to)
}

/// Describes the next interface; the first one has number 0.
pub(super) fn interface(to: &mut impl Write, name: &str, about: &str, comment: &str) -> io::Result<()> {
    let mut block = Block::new(INTERFACE);
    block.short(RAW_IP);
    block.short(0);
    // No limit to how much of a packet is given.
    block.word(0);
    block.text(NAME, name);
    block.text(DESCRIPTION, about);
    block.text(COMMENT, comment);
    block.option(RESOLUTION, &[NANOSECONDS]);
    block.write(to)
}

/// A packet that passed at an interface at a time since 1970.
pub(super) fn packet(
    to: &mut impl Write,
    interface: u32,
    at: Duration,
    packet: &Packet,
    comments: &[Arc<str>],
) -> io::Result<()> {
    let mut block = Block::new(PACKET);
    let time = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
    let [high, low] = [time >> 32, time & 0xffff_ffff].map(|half| u32::try_from(half).unwrap_or(0));
    let length = |length: usize| u32::try_from(length).map_err(io::Error::other);
    let (captured, original) = (length(packet.bytes.len())?, length(packet.len)?);
    for word in [interface, high, low, captured, original] {
        block.word(word);
    }
    block.padded(&packet.bytes);
    for comment in comments {
        block.text(COMMENT, comment);
    }
    block.write(to)
}
