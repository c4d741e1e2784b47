//! The examples run, and what they assert holds.

#![allow(clippy::unwrap_used, reason = "an example that fails is a failed test")]

mod policy_from_memory;
mod swap_policy;
mod switch;

#[test]
fn p12_a_switch_records_before_it_forwards() {
    switch::main().unwrap();
}

#[test]
fn p2_a_policy_from_memory_is_checked_like_one_from_files() {
    policy_from_memory::main().unwrap();
}

#[test]
fn p10_each_message_is_decided_by_one_policy_while_policies_change() {
    swap_policy::main().unwrap();
}
