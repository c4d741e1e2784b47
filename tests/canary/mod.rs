//! A canary in every forbidden place of every fixture, written in every way a value can be written, and in unknown parts of
//! every kind: it is searched for in the output, the receipt, and all that the command line prints and leaves behind
//! (P1, P5, P6). What is forbidden the fixtures tell by themselves, so that a new one takes part without a line here.

mod message;
