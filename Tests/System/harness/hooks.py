"""What schemathesis is told of the server: deployments that there are, and requests that end soon."""

import itertools
import json
import os

import schemathesis

known = json.loads(os.environ["API_TEST_KNOWN"])
turns = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    if isinstance(case.path_parameters, dict):
        path(case.path_parameters)
    if isinstance(case.query, dict):
        query(case.query)
    if isinstance(case.body, dict) and "script_name" in case.body:
        case.body = body(dict(case.body))


def path(parameters):
    """Every other id is one that there is."""
    if isinstance(parameters.get("id"), str) and len(parameters["id"]) == 36:
        turn = next(turns)
        if turn % 2:
            parameters["id"] = known["ids"][turn // 2 % len(known["ids"])]


def query(query):
    """No log is followed, and no event is waited for."""
    if query.get("follow") in (True, "true"):
        query["follow"] = "false"
    if str(query.get("wait", "")).isdigit() and int(query["wait"]) in range(2, 31):
        query["wait"] = 1


def body(body):
    """A folder and an image that there are, and a second of health checks."""
    if str(body.get("script_folder")).startswith("/"):
        body["script_folder"] = known["folder"]
    # Nobody else's host is asked for a repository.
    if isinstance(body.get("source"), dict) and isinstance(body["source"].get("git"), str):
        body["source"] = {**body["source"], "git": known["folder"]}
    if isinstance(body.get("registry_image"), (str, type(None))):
        body["registry_image"] = known["image"]
    health = body.get("health")
    if health is None:
        body["health"] = {"timeout_seconds": 1}
    elif isinstance(health, dict) and type(health.get("timeout_seconds")) in (int, type(None)):
        body["health"] = {**health, "timeout_seconds": min(1, health.get("timeout_seconds") or 1)}
    # What would take long is as short as may be.
    for name, most in [("release_timeout", 2), ("stop_grace_period", 1)]:
        if type(body.get(name)) is int:
            body[name] = min(most, body[name])
    update = body.get("update")
    if isinstance(update, dict) and type(update.get("monitor")) is int:
        body["update"] = {**update, "monitor": min(1, update["monitor"])}
    return body
