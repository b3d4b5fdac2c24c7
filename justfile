# The same steps as .ci/run, one at a time.

# play the gallery
gallery:
    cargo run --release -- replay scenarios

# run the tests
test:
    cargo test

# formatting, lints, licences
lint:
    cargo fmt --check
    cargo clippy --locked --all-targets -- -D warnings
    cargo deny check licenses bans sources

# the benchmarks, side by side with the peers that are installed
bench:
    benches/run

# what a start runs, for the linker (valgrind): after `cargo build --release`, before a release
start-order:
    build/start-order

# everything that CI does
ci:
    bash .ci/run
