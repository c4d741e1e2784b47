//! serde_json: parse into `Value`, retain, write.

use serde_json::Value;

use super::Peer;
use crate::allow_list::AllowList;

pub(super) struct SerdeJson;

impl Peer for SerdeJson {
    fn name(&self) -> &'static str {
        "serde_json"
    }

    fn redact(&mut self, message: &[u8], list: &AllowList, out: &mut Vec<u8>) {
        let mut value: Value = serde_json::from_slice(message).unwrap();
        keep(&mut value, list);
        out.clear();
        serde_json::to_writer(out, &value).unwrap();
    }
}

fn keep(value: &mut Value, list: &AllowList) -> bool {
    match value {
        Value::Object(members) => {
            members.retain(|name, value| list.find(name).is_some_and(|entry| keep(value, &entry.below)));
            !members.is_empty()
        }
        Value::Array(items) => {
            items.retain_mut(|item| keep(item, list));
            !items.is_empty()
        }
        _ => list.is_leaf(),
    }
}
