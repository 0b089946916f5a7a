use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The last position of each partition, as a client keeps it.
///
/// Both forms that gateways send are read: an object `{"<partition>": position}`, and an array with one position per
/// partition. They are sent back in the form in which they came.
#[derive(Debug, Default)]
pub(crate) struct Positions {
    of: BTreeMap<u64, u64>,
    is_array: bool,
}

impl Positions {
    /// Takes the positions from a frame's `pos`, if it has any.
    pub(crate) fn adopt(&mut self, frame: &Value) {
        match frame.get("pos") {
            Some(Value::Array(positions)) => {
                self.is_array = true;
                self.of = (0..).zip(positions.iter().filter_map(Value::as_u64)).collect();
            }
            Some(Value::Object(positions)) => {
                let pairs = positions.iter();
                let pairs =
                    pairs.filter_map(|(part, position)| Some((part.parse().ok()?, position.as_u64()?)));
                self.of.extend(pairs);
            }
            _ => {}
        }
    }

    /// Advances to the position of an event.
    pub(crate) fn advance(&mut self, event: &Value) {
        let number = |name: &str| event.get(name).and_then(Value::as_u64);
        if let (Some(partition), Some(position)) = (number("p"), number("o")) {
            self.of.insert(partition, position);
        }
    }

    /// Returns the positions as `hello` carries them.
    pub(crate) fn to_json(&self) -> Value {
        if self.is_array {
            return self.of.values().copied().collect();
        }
        json!(self.of.iter().map(|(part, position)| (part.to_string(), position)).collect::<BTreeMap<_, _>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_sent_back_as_they_came() {
        let mut array = Positions::default();
        array.adopt(&json!({ "pos": [4, 5, 6] }));
        array.advance(&json!({ "p": 1, "o": 9 }));
        assert_eq!(array.to_json(), json!([4, 9, 6]));
        let mut object = Positions::default();
        object.adopt(&json!({ "pos": { "3": 7, "11": 1 } }));
        object.advance(&json!({ "p": 11, "o": 2 }));
        assert_eq!(object.to_json(), json!({ "3": 7, "11": 2 }));
    }
}
