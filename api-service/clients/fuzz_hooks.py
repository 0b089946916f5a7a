"""Checks of OrGo's own for schemathesis."""

import schemathesis
from schemathesis.generation import GenerationMode

# Codes of refusals that concern the form of a request, not the state of the data.
FORM = {
    "malformed_request", "unknown_parameter", "validation_failed", "unsupported_media_type", "not_acceptable",
    "method_not_allowed", "payload_too_large", "idempotency_key_invalid",
}


# Rules that a schema cannot express; the description of the document names them.
BEYOND_SCHEMA = {"not_allowed"}


@schemathesis.check
def refused_for_state_only(ctx, response, case):
    """A request that conforms to the document is never refused because of its form."""
    is_positive = case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE
    if not is_positive or not 400 <= response.status_code < 500:
        return
    problem = response.json()
    sent = {name.lower(): value for name, value in (case.headers or {}).items()}
    # Generated headers whose characters HTTP does not allow are sent empty.
    was_emptied = lambda fault: "header" in fault and sent.get(fault["header"].lower(), "") == ""
    faults = [
        fault for fault in problem.get("errors", []) if fault["code"] not in BEYOND_SCHEMA and not was_emptied(fault)
    ]
    if problem["code"] in FORM and (faults or not problem.get("errors")):
        raise AssertionError(f"{problem['code']}: {faults}")
