//! F0, words on paper: what people write and read, with no socket, no step and no clock behind it.
//!
//! Payload notation, places in sources, diagnostics, durations, sizes, rates, numbers of things, addresses, and the names of
//! error kinds, socket options and kernel facts.

mod address;
mod count;
mod diagnostic;
mod duration;
mod error_kind;
mod fact;
mod io_error;
mod option;
mod payload;
mod place;
mod rate;
mod size;
mod suggest;
mod time_scale;

pub use address::{Address, AddressError};
pub use count::count;
pub use diagnostic::{Diagnostic, Severity, render};
pub use duration::{format_duration, parse_duration};
pub use error_kind::ErrorKind;
pub use fact::{Fact, FactValue};
pub use io_error::{TOO_MANY_FILES, in_words};
pub use option::{Of, OptionValue, SocketOption, Takes};
pub use payload::{NotationError, Payload, escape, visible};
pub use place::{Excerpt, Located, Place, Source};
pub use rate::{Rate, RateError};
pub use size::{format_size, parse_size};
pub use suggest::did_you_mean;
pub use time_scale::{TimeScale, TimeScaleError};
