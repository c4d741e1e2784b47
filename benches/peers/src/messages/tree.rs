//! JSON with its members in their order, for making messages; serde_json's own map would need a feature that slows the peer.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::Random;

#[derive(Debug, Clone)]
pub(super) enum Tree {
    Object(Vec<(String, Tree)>),
    Array(Vec<Tree>),
    Leaf(Value),
}

impl Tree {
    pub(super) fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap()
    }

    /// Without any white space.
    pub(super) fn write(&self) -> String {
        match self {
            Self::Object(members) => {
                let member = |(name, value): &(String, Self)| {
                    format!("{}:{}", serde_json::to_string(name).unwrap(), value.write())
                };
                format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
            }
            Self::Array(items) => format!("[{}]", items.iter().map(Self::write).collect::<Vec<_>>().join(",")),
            Self::Leaf(value) => value.to_string(),
        }
    }

    /// The first value of this name, wherever it stands.
    pub(super) fn find(&mut self, name: &str) -> Option<&mut Self> {
        match self {
            Self::Object(members) => {
                if let Some(place) = members.iter().position(|(own, _)| own == name) {
                    return Some(&mut members[place].1);
                }
                members.iter_mut().find_map(|(_, value)| value.find(name))
            }
            Self::Array(items) => items.iter_mut().find_map(|item| item.find(name)),
            Self::Leaf(_) => None,
        }
    }

    /// The text of the first member of this name.
    pub(super) fn string(mut self, name: &str) -> String {
        match self.find(name) {
            Some(Self::Leaf(Value::String(text))) => text.clone(),
            other => panic!("{name} is no text: {other:?}"),
        }
    }

    /// The members of every object in another order.
    pub(super) fn shuffle(&mut self, random: &mut Random) {
        match self {
            Self::Object(members) => {
                random.shuffle(members);
                members.iter_mut().for_each(|(_, value)| value.shuffle(random));
            }
            Self::Array(items) => items.iter_mut().for_each(|item| item.shuffle(random)),
            Self::Leaf(_) => {}
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Tree::Object(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Tree::Array(items))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Leaf(text.into()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }
}
