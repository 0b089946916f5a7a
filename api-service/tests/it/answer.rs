use poem::http::HeaderMap;
use serde_json::Value;

/// An answer of the service.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body as text.
    pub(crate) body: String,
    /// The body as JSON; null if it is not JSON.
    pub(crate) json: Value,
}

impl Answer {
    /// Returns the header's value, if it is there.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Asserts the status and returns the body.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.json
    }

    /// Asserts the status and code of a problem and returns the body.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.json["code"].as_str()), (status, Some(code)), "{}", self.body);
        self.json
    }

    /// Asserts the status and code of a problem and returns the faults, sorted by place and code.
    #[track_caller]
    pub(crate) fn faults(self, status: u16, code: &str) -> Vec<(String, String)> {
        let problem = self.problem(status, code);
        let place = |error: &Value| {
            let named = ["pointer", "parameter", "header"].iter().find_map(|kind| error[kind].as_str());
            (named.unwrap().to_owned(), error["code"].as_str().unwrap().to_owned())
        };
        let mut faults: Vec<_> = problem["errors"].as_array().into_iter().flatten().map(place).collect();
        faults.sort_unstable();
        faults
    }
}

/// Returns the expected faults of a test.
pub(crate) fn faults<const COUNT: usize>(faults: [(&str, &str); COUNT]) -> Vec<(String, String)> {
    faults.into_iter().map(|(place, code)| (place.to_owned(), code.to_owned())).collect()
}
