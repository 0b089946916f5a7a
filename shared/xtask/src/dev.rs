use std::path::PathBuf;

use local_services::{Cluster, ClusterOptions, Durability, Limits, Tools};

use crate::Result;
use crate::interrupt::Interrupt;
use crate::repository::{Profile, build_programs, root, target};
use crate::step::step;

#[derive(Debug)]
struct Options {
    port: u16,
    directory: Option<PathBuf>,
    profile: Profile,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self { port: 8088, directory: None, profile: Profile::Debug };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--port" => {
                    let port = value()?.parse().ok().filter(|port| *port != 0);
                    options.port = port.ok_or("--port is a number from 1 to 65535")?;
                }
                "--directory" => options.directory = Some(PathBuf::from(value()?)),
                "--release" => options.profile = Profile::Release,
                unknown => return Err(format!("dev does not know {unknown:?}").into()),
            }
        }
        Ok(options)
    }
}

/// Runs the services mode on this machine until a signal stops it.
pub(crate) fn run(interrupt: &Interrupt, arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let tools = step("tools", || Ok(Tools::find_or_install()?))?;
    let programs = step("programs", || build_programs(interrupt, options.profile))?;
    let directory = match options.directory {
        Some(directory) => directory,
        None => target()?.join("dev"),
    };
    let cluster = ClusterOptions {
        directory,
        programs,
        nginx: root()?.join("nginx"),
        port: Some(options.port),
        durability: Durability::Full,
        limits: Limits::Off,
        replicas: 2,
        environment: Vec::new(),
    };
    let mut running = step("services", || Ok(Cluster::start(&tools, &cluster)?))?;
    let url = running.url();
    println!("\nOrGo runs at {url}");
    println!("  API, to read and to try   {url}/docs");
    println!("  mail it would have sent   {url}/dev/mail");
    println!("  everything it keeps       {}", cluster.directory.display());
    println!("Ctrl-C stops it; the next start finds everything again.");
    let result = interrupt.wait(|| match running.ended().as_slice() {
        [] => Ok(()),
        ended => Err(ended.join("\n").into()),
    });
    println!("stopping");
    running.stop()?;
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options> {
        Options::parse(&arguments.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_read_in_any_order() {
        let options = parse(&["--release", "--directory", "/x", "--port", "9000"]).unwrap();
        assert_eq!((options.port, options.profile), (9000, Profile::Release));
        assert_eq!(options.directory, Some(PathBuf::from("/x")));
        assert_eq!(parse(&[]).unwrap().port, 8088);
    }

    #[test]
    fn an_unknown_or_invalid_option_is_refused() {
        for wrong in [&["--port"][..], &["--port", "0"], &["--port", "65536"], &["--prot", "1"], &["x"]] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
