//! F3a, doing: live sockets by name, the verbs, the player of one scenario, the suite of many.
//!
//! ```text
//! suite     workers, verdicts over repetitions; queue, in_order: what begins next, what is told next; ground: what a worker plays on
//! player    one scenario: steps in order, finally, nothing left behind
//! session   sockets, variables, ports of one play; Lane is one sequence's view of it
//! open talk expect check serve answer block spawn     one family of verbs each
//! datagrams                                     many at one socket: floods, rates, statistics
//! server serving client                            many clients at one listener; lines: what is said to all of them
//! paced                                         what a slow send has sent is told before what comes meanwhile
//! stage converse                                driven by commands and the prompt, step by step or all at once
//! delivering                                    what was sent is to arrive before a close of ours
//! received                                      what came is stated, and how it ended
//! ending                                        what closes, and that nothing is left behind
//! stepping                                      somebody is asked before each step
//! glance                                        how an open socket stands
//! accept                                        what comes in the place of a payload, taken for right
//! mismatch compare trouble standing history     what a failure says
//! ```

mod accept;
mod addresses;
mod answer;
mod block;
mod check;
mod client;
mod compare;
mod converse;
pub mod datagrams;
mod deadline;
mod delivering;
mod ending;
mod expect;
mod glance;
mod ground;
mod guest;
mod history;
mod in_order;
mod lines;
mod lock;
mod message;
mod mismatch;
mod open;
mod output;
mod paced;
mod parting;
mod player;
mod process;
mod queue;
mod reading;
mod reads;
mod received;
mod remains;
mod requirement;
mod serve;
mod server;
mod serving;
mod session;
mod socket_facts;
mod spawn;
mod stage;
mod standing;
mod stepping;
mod stop;
mod suite;
mod talk;
mod tap;
mod trouble;
mod trust;
mod watch;

pub use crate::net::{
    Cut, Host, Namespaces, NoNamespaces, Shape, ignore_broken_pipes, key_log_problem, listeners,
    open_key_log, raise_open_files, runtime, signal_is_ignored,
};
pub use accept::{Accept, Came, Spot};
pub use converse::{Conversation, Input, Receiving};
pub use lines::Lines;
pub use player::{play, play_stepping};
pub use reads::Reads;
pub use remains::{ended_beside, signal_beside, start_beside, take_away_all};
pub use requirement::program_is_there;
pub use server::Server;
pub use serving::{Service, Serving, Tally};
pub use socket_facts::SocketFacts;
pub use stage::Stage;
pub use stepping::{Stepping, Upcoming};
pub use stop::{Stop, StopReason};
pub use suite::{Play, Suite, Summary};
pub use trust::tls_mistakes;
pub use watch::Watch;
