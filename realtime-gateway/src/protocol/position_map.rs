use std::collections::BTreeMap;
use std::fmt;

use domain::events::{PARTITIONS, Partition};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The largest integer that a JavaScript number holds exactly (ECMA-262, `Number.MAX_SAFE_INTEGER`).
const LARGEST: i64 = (1 << 53) - 1;

/// Positions of some partitions. On the wire an object: `{"3": 1042, "17": 8}`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PositionMap(BTreeMap<Partition, i64>);

impl PositionMap {
    /// Returns the position in a partition, if it is given.
    pub fn get(&self, partition: Partition) -> Option<i64> {
        self.0.get(&partition).copied()
    }

    /// Returns every partition with its position, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = (Partition, i64)> {
        self.0.iter().map(|(partition, position)| (*partition, *position))
    }
}

impl FromIterator<(Partition, i64)> for PositionMap {
    fn from_iter<I: IntoIterator<Item = (Partition, i64)>>(positions: I) -> Self {
        Self(positions.into_iter().collect())
    }
}

impl Serialize for PositionMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(partition, position)| (partition.number(), position)))
    }
}

impl<'de> Deserialize<'de> for PositionMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Positions)
    }
}

struct Positions;

impl<'de> Visitor<'de> for Positions {
    type Value = PositionMap;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of partitions and positions")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PositionMap, A::Error> {
        let mut positions = BTreeMap::new();
        while let Some((number, position)) = map.next_entry::<u8, i64>()? {
            let partition = Partition::from_number(number.into());
            let partition = partition.ok_or_else(|| A::Error::custom("no such partition"))?;
            if !(0..=LARGEST).contains(&position) {
                return Err(A::Error::custom("a position is out of range"));
            }
            if positions.insert(partition, position).is_some() {
                return Err(A::Error::custom("a partition is given twice"));
            }
        }
        Ok(PositionMap(positions))
    }
}

impl JsonSchema for PositionMap {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Positions".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Positions by partition: the name of a property is the partition's number, 0 to 31, its \
                value a position. Only partitions that concern the connection are given.",
            "type": "object",
            "propertyNames": { "pattern": "^(0|[1-9]|[12][0-9]|3[01])$" },
            "maxProperties": PARTITIONS,
            "additionalProperties": { "type": "integer", "minimum": 0, "maximum": LARGEST },
            "examples": [{ "3": 1042 }],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_an_object_by_partition() {
        let map: PositionMap = [(3, 7), (17, 0)]
            .into_iter()
            .map(|(number, position)| (Partition::from_number(number).unwrap(), position))
            .collect();
        let text = serde_json::to_string(&map).unwrap();
        assert_eq!(text, r#"{"3":7,"17":0}"#);
        assert_eq!(serde_json::from_str::<PositionMap>(&text).unwrap(), map);
    }

    #[test]
    fn unknown_repeated_and_impossible_positions_are_refused() {
        for wrong in [
            r#"{"32":1}"#,
            r#"{"x":1}"#,
            r#"{"1":-1}"#,
            r#"{"1":1.5}"#,
            r#"{"1":1,"1":2}"#,
            "[1]",
            r#"{"1":9007199254740992}"#,
        ] {
            assert!(serde_json::from_str::<PositionMap>(wrong).is_err(), "{wrong}");
        }
    }
}
