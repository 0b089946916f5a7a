#![doc = include_str!("../README.md")]

pub mod access_tokens;
pub mod codes;
pub mod credential_kinds;
pub mod cursors;
pub mod device_tokens;
pub mod digest;
pub mod key_files;
pub mod passwords;
pub mod random;
pub mod refresh_tokens;
pub mod resume_keys;
pub mod resume_tokens;
pub mod secrets;
pub mod signing_keys;
pub mod strength;
pub mod tickets;
mod verified_tokens;
pub mod viewer_keys;
