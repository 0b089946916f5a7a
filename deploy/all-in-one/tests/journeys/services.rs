use std::path::{Path, PathBuf};

use load::Api;
use local_services::{Cluster, ClusterOptions, Durability, Limits, Tools};
use reqwest::Method;

use crate::story;

/// Starts the services mode: PostgreSQL, Redis, two of each program, and nginx. It is configured as in production,
/// without the limits per client address, which the tests would exceed.
fn start(directory: &Path) -> Cluster {
    let programs = std::env::var_os("ORGO_TEST_BIN_DIR").expect("ORGO_TEST_BIN_DIR: run `cargo xtask test`");
    let options = ClusterOptions {
        directory: directory.to_owned(),
        programs: PathBuf::from(programs),
        nginx: Path::new(env!("CARGO_MANIFEST_DIR")).join("../../nginx"),
        port: None,
        durability: Durability::Off,
        limits: Limits::Off,
        replicas: 2,
        environment: Vec::new(),
    };
    Cluster::start(&Tools::find().unwrap(), &options).unwrap()
}

/// One test for all stories, because starting the services takes longer than the stories.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_services_mode_passes_the_same_journeys_through_nginx() {
    let directory = tempfile::tempdir().unwrap();
    let mut cluster = start(directory.path());
    let api = Api::new(&cluster.url()).unwrap();
    tokio::join!(
        story::the_author_sees_at_once_what_others_do(&api),
        story::what_a_socket_missed_is_replayed_once(&api),
        story::logging_out_closes_the_socket(&api),
        story::ending_the_other_sessions_closes_their_sockets(&api),
        story::every_failure_is_a_problem(&api),
    );
    let ready = api.call(Method::GET, "/readyz", None, None).await.unwrap();
    assert_eq!(ready.status, 200);
    assert_eq!(cluster.ended(), Vec::<String>::new());
    cluster.stop().unwrap();
}
