//! Addresses that cannot be used.

use super::*;

#[test]
fn an_address_that_is_taken() {
    stored!(alone(
        "
- listen: { as: first, at: 127.0.0.1:0 }
- listen: { as: second, at: '127.0.0.1:${first.port}' }"
    ));
}

#[test]
fn an_address_that_is_not_ours() {
    stored!(alone("- listen: { as: server, at: 192.0.2.1:0 }"));
}

#[test]
fn a_name_that_does_not_resolve() {
    let drawn = alone("- connect: { as: client, to: 'name.invalid:1' }");
    // Resolvers say it in their own words.
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"not resolve \(.*\)", "not resolve ([why])");
    settings.bind(|| stored!(drawn));
}

#[test]
fn a_low_port_is_denied() {
    // Root may bind every port, and so may everybody where the kernel's limit is lowered: then
    // there is nothing to show.
    let lowest = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    let lowest: u16 = lowest.unwrap_or_default().trim().parse().unwrap_or(1024);
    let text = scenario("\n", "- listen: { as: server, at: 127.0.0.1:1 }");
    if nix::unistd::geteuid().is_root() || lowest <= 1 {
        return;
    }
    stored!(drawn(&failure(&text)));
}

#[test]
fn a_broadcast_without_the_option() {
    stored!(alone(
        "
- bind: { as: a, at: 0.0.0.0:0 }
- send: { from: a, to: 255.255.255.255:9, text: \"x\" }"
    ));
}
