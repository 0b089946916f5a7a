//! The whole system from the outside: HTTP in, socket out, in both modes, through the programs people run.

mod embedded;
mod services;
mod story;
