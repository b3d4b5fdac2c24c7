//! sockdrill drives TCP and UDP conversations from the first SYN to the last FIN, and says exactly
//! what happened.
//!
//! [`Drill`] plays scenarios in a test of your own; the server under test runs in the same process.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), sockdrill::Failed> {
//! use sockdrill::Drill;
//! use tokio::io::AsyncWriteExt as _;
//!
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
//! let target = listener.local_addr().unwrap();
//! tokio::spawn(async move {
//!     let (mut client, _) = listener.accept().await.unwrap();
//!     client.write_all(b"220 ready\r\n").await.unwrap();
//! });
//!
//! let greeting = r#"
//! name: the server greets first
//! vars: { target: "127.0.0.1:6060" }
//! steps:
//!   - connect: { as: client, to: "${target}" }
//!   - expect:  { at: client, text: "220 ready\r\n" }
//! "#;
//! let played = Drill::text(greeting).set("target", target).play().await?;
//! assert_eq!(played.passed, ["the server greets first"]);
//! # Ok(())
//! # }
//! ```

pub mod cli;
pub mod drill;
pub mod engine;
pub mod event;
pub mod net;
pub mod repl;
pub mod script;
pub mod sink;
pub mod text;

pub use drill::{Drill, Failed, Played};

/// The pages whose examples are tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/in-rust-tests.md")]
pub struct InRustTests;
