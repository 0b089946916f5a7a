/// x
pub fn describe() -> serde_json::Value {
    serde_json::Value::Null
}
