//! The faults that the second reading doesn't catch, case by case: those that it can't, because path, order and shape tell
//! nothing, and those that it doesn't yet.

use super::*;
use crate::rewrite::{Fault, with_faults};
use dmv_redact_model::policy::Ori;

