use crate::{Fault, FaultProxy, Postgres, Redis, Result};

/// The connections between our programs and their servers, each through a proxy that can inject faults.
pub struct Links {
    /// From every `api-service` to PostgreSQL.
    pub api_postgres: FaultProxy,
    /// From every `api-service` to Redis.
    pub api_redis: FaultProxy,
    /// From every `realtime-gateway` to PostgreSQL.
    pub gateway_postgres: FaultProxy,
    /// From every `realtime-gateway` to Redis.
    pub gateway_redis: FaultProxy,
}

impl Links {
    pub(crate) fn start(postgres: &Postgres, redis: &Redis) -> Result<Self> {
        Ok(Self {
            api_postgres: FaultProxy::start(postgres.port())?,
            api_redis: FaultProxy::start(redis.port())?,
            gateway_postgres: FaultProxy::start(postgres.port())?,
            gateway_redis: FaultProxy::start(redis.port())?,
        })
    }

    /// Returns the port of each server with that of the proxy in front of it: for `api-service` and for
    /// `realtime-gateway`.
    pub(crate) fn ports(&self) -> (PortPairs, PortPairs) {
        let pairs = |postgres: &FaultProxy, redis: &FaultProxy| {
            [postgres, redis].map(|proxy| (proxy.upstream(), proxy.port())).to_vec()
        };
        (pairs(&self.api_postgres, &self.api_redis), pairs(&self.gateway_postgres, &self.gateway_redis))
    }

    /// Changes what happens on both ways to PostgreSQL.
    pub fn set_postgres(&self, fault: Fault) {
        self.api_postgres.set(fault);
        self.gateway_postgres.set(fault);
    }

    /// Changes what happens on both ways to Redis.
    pub fn set_redis(&self, fault: Fault) {
        self.api_redis.set(fault);
        self.gateway_redis.set(fault);
    }
}

type PortPairs = Vec<(u16, u16)>;

/// Replaces the ports of the servers by those of the proxies, wherever they stand in the values.
pub(crate) fn rerouted(environment: &[(String, String)], ports: &[(u16, u16)]) -> Vec<(String, String)> {
    let reroute = |value: &String| {
        ports.iter().fold(value.clone(), |value, (server, proxy)| {
            value.replace(&format!("127.0.0.1:{server}/"), &format!("127.0.0.1:{proxy}/"))
        })
    };
    environment.iter().map(|(name, value)| (name.clone(), reroute(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_ports_of_the_servers_are_replaced() {
        let before = [
            ("A", "postgres://u:p@127.0.0.1:2000/orgo"),
            ("B", "redis://:p@127.0.0.1:3000/"),
            ("C", "http://127.0.0.1:2000"),
        ];
        let before = before.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let after = rerouted(&before, &[(2000, 2001), (3000, 3001)]);
        let values: Vec<_> = after.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(
            values,
            ["postgres://u:p@127.0.0.1:2001/orgo", "redis://:p@127.0.0.1:3001/", "http://127.0.0.1:2000"]
        );
    }
}
