//! Tests of the service through HTTP requests. Every answer is checked against the OpenAPI document (rule AP1).
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod access_matrix;
mod answer;
mod auth;
mod codes;
mod comments;
mod configuration;
mod contract;
mod cursors;
mod exploits;
mod header_problems;
mod json_schema;
mod languages;
mod likes;
mod lists;
mod mail_pages;
mod meta;
mod mistyped_fields;
mod notifications;
mod openapi;
mod origins;
mod post_lists;
mod posts;
mod problem_bodies;
mod problems;
mod races;
mod rate_limits;
mod refresh;
mod smtp;
mod smtp_sink;
mod statement_counts;
mod test_api;
mod users;
mod views;
