//! The desk as browsers and attackers meet it: requests to its routes, on a queue with messages that a policy really holds.

mod accounts;
mod duties;
mod forged;
mod injection;
mod limits;
mod markup;
mod office;
mod queue;
mod reviews;
mod rights;
mod second_person;
mod sign_in;
mod socket;
