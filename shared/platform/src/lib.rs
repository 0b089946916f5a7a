#![doc = include_str!("../README.md")]

pub mod clock;
pub mod command_line;
pub mod config;
pub mod ids;
pub mod listener;
pub mod origin;
pub mod serve;
pub mod service_url;
pub mod shutdown;
pub mod telemetry;
