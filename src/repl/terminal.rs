//! The terminal is left as it was found, whatever ends the prompt.

use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::sync::{Arc, Mutex, PoisonError};

/// Ends bracketed paste and what colours may be on, shows the cursor, and goes to a line of its own.
const PLAIN: &[u8] = b"\x1b[?2004l\x1b[?25h\x1b[0m\r\n";

/// How the terminal was when the prompt began. Restores it once: when told to, on a panic, or when dropped.
#[derive(Debug, Clone)]
pub(super) struct Terminal(Arc<Mutex<Option<Termios>>>);

impl Terminal {
    /// Remembers how the terminal is, and puts it back before a panic is told.
    pub fn remember() -> Self {
        let terminal = Self(Arc::new(Mutex::new(tcgetattr(io::stdin().as_fd()).ok())));
        let (mine, told) = (terminal.clone(), std::panic::take_hook());
        std::panic::set_hook(Box::new(move |panic| {
            mine.restore(true);
            told(panic);
        }));
        terminal
    }

    /// Puts it back; `in_a_line` where a line may be on the screen half edited.
    pub fn restore(&self, in_a_line: bool) {
        let mut saved = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(saved) = saved.take() else { return };
        if in_a_line {
            let mut out = io::stdout();
            let _ = out.write_all(PLAIN).and_then(|()| out.flush());
        }
        let _ = tcsetattr(io::stdin().as_fd(), SetArg::TCSANOW, &saved);
    }
}
