//! The terminal is left as it was found, whatever ends the prompt.

use super::above::Above;
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use std::io;
use std::os::fd::AsFd as _;
use std::sync::{Arc, Mutex, PoisonError};

/// Ends bracketed paste and what colours may be on, shows the cursor, and goes to a line of its own.
const PLAIN: &str = "\x1b[?2004l\x1b[?25h\x1b[0m\r\n";

/// How the terminal was when the prompt began.
#[derive(Clone)]
pub(super) struct Terminal {
    /// Behind a lock because a panic may come on any thread.
    saved: Arc<Mutex<Option<Termios>>>,
    above: Above,
}

impl Terminal {
    /// Remembers how the terminal is, and puts it back before a panic is told.
    pub fn remember(above: Above) -> Self {
        let terminal = Self { saved: Arc::new(Mutex::new(tcgetattr(io::stdin().as_fd()).ok())), above };
        let (mine, told) = (terminal.clone(), std::panic::take_hook());
        std::panic::set_hook(Box::new(move |panic| {
            mine.restore(true);
            told(panic);
        }));
        terminal
    }

    /// Puts it back for good, when nobody paints there any more.
    pub fn leave(&self, in_a_line: bool) {
        self.above.close();
        self.restore(in_a_line);
    }

    /// Puts it back; `in_a_line` where a line may be on the screen half edited. After a panic on another
    /// thread this happens again: the editor may have gone on.
    fn restore(&self, in_a_line: bool) {
        let saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(saved) = &*saved else { return };
        if in_a_line {
            self.above.write_at_once(PLAIN);
        }
        let _ = tcsetattr(io::stdin().as_fd(), SetArg::TCSANOW, saved);
    }
}
