//! The settings, and the example file that describes them.

use std::collections::BTreeMap;

use api_service::ApiConfig;
use identity::secrets::load_or_create_secret;
use identity::signing_keys::load_or_create_signing_key;
use platform::config::Environment;

const EXAMPLE: &str = include_str!("../../../deploy/env.example");

#[test]
fn the_example_names_every_setting_and_its_default() {
    let mut environment = Environment::from_pairs::<String, String>([]);
    assert!(
        ApiConfig::from_environment(&mut environment).is_err(),
        "there are settings that have to be there"
    );
    assert!(environment.settings().len() > 10);
    for setting in environment.settings() {
        let is_shown = |line: &&str| {
            let name = line.trim_start_matches('#').split('=').next();
            line.contains('=') && name == Some(setting.name)
        };
        let line = EXAMPLE.lines().find(is_shown).unwrap_or_else(|| panic!("{} is not shown", setting.name));
        if let (Some(commented), Some(default)) = (line.strip_prefix('#'), setting.default) {
            assert_eq!(commented, format!("{}={default}", setting.name));
        }
    }
}

#[test]
fn the_example_is_accepted_as_it_stands() {
    let pairs = EXAMPLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    let mut settings: BTreeMap<String, String> =
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    // The files that the example names do not exist here.
    let folder = tempfile::tempdir().unwrap();
    let (key, secret) = (folder.path().join("signing-key.pem"), folder.path().join("secret.hex"));
    load_or_create_signing_key(&key).unwrap();
    load_or_create_secret(&secret).unwrap();
    for (name, file) in [("ORGO_SIGNING_KEY_FILE", key), ("ORGO_SECRET_FILE", secret)] {
        let named = settings.insert(name.to_owned(), file.display().to_string());
        assert!(named.is_some(), "{name} is not in the example");
    }
    if let Err(faults) = ApiConfig::from_environment(&mut Environment::from_pairs(settings)) {
        panic!("{faults}");
    }
}
