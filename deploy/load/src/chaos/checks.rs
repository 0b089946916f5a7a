use std::time::Duration;

/// What a scenario checked, and what it found.
#[derive(Default)]
pub(crate) struct Checks {
    lines: Vec<String>,
    violated: usize,
}

impl Checks {
    /// Notes a check with what was found: `Ok` says how it held, `Err` how it was violated.
    pub(crate) fn hold(&mut self, what: &str, found: Result<String, String>) {
        let line = match found {
            Ok(how) => format!("    ok        {what}: {how}"),
            Err(how) => {
                self.violated += 1;
                format!("    VIOLATED  {what}: {how}")
            }
        };
        self.lines.push(line);
    }

    /// Checks that there are no violations of these promises.
    pub(crate) fn none(&mut self, what: &str, of: usize, violations: &[String]) {
        let found = if violations.is_empty() { Ok(of.to_string()) } else { Err(violations.join("; ")) };
        self.hold(what, found);
    }

    /// Checks that a duration is at most this long.
    pub(crate) fn at_most(&mut self, what: &str, found: Duration, most: Duration) {
        let text = format!("{:.2} s, at most {:.1} s", found.as_secs_f64(), most.as_secs_f64());
        self.hold(what, if found <= most { Ok(text) } else { Err(text) });
    }

    /// Checks that two values are the same.
    pub(crate) fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, found: &T, expected: &T) {
        let held = format!("{found:?}");
        self.hold(what, if found == expected { Ok(held) } else { Err(format!("{held}, not {expected:?}")) });
    }

    /// Returns a line for each check, and whether all held. Nothing checked is nothing that holds.
    pub(crate) fn into_lines(self) -> (Vec<String>, bool) {
        let all_hold = self.violated == 0 && !self.lines.is_empty();
        (self.lines, all_hold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_violation_is_enough_and_no_check_is_a_violation() {
        let mut checks = Checks::default();
        checks.at_most("delay", Duration::from_secs(1), Duration::from_secs(2));
        checks.same("closes", &0, &0);
        assert!(checks.into_lines().1);
        let mut checks = Checks::default();
        checks.same("closes", &0, &0);
        checks.at_most("delay", Duration::from_secs(3), Duration::from_secs(2));
        let (lines, all_hold) = checks.into_lines();
        assert!(!all_hold && lines.iter().any(|line| line.contains("VIOLATED  delay")), "{lines:?}");
        assert!(!Checks::default().into_lines().1);
    }
}
