"""The OpenAPI document of a server, held against what the server answers."""

import copy
import json
import re

import jsonschema


class Description:
    """The document. What it does not name in an answer is a fault, though callers must bear it."""

    def __init__(self, document):
        self.document = document
        self.components = {"components": self.strict(copy.deepcopy(document["components"]))}
        self.paths = [(path, re.compile(re.sub(r"\{\w+\}", "[^/]+", re.escape(path)
                                                .replace(r"\{", "{").replace(r"\}", "}"))))
                      for path in document["paths"]]
        self.seen = set()

    def strict(self, schema):
        if isinstance(schema, dict):
            if isinstance(schema.get("properties"), dict):
                schema.setdefault("additionalProperties", False)
            for value in schema.values():
                self.strict(value)
        elif isinstance(schema, list):
            for value in schema:
                self.strict(value)
        return schema

    def resolve(self, value):
        while "$ref" in value:
            names = value["$ref"].removeprefix("#/").split("/")
            value = self.document
            for name in names:
                value = value[name]
        return value

    def check(self, schema, value, what):
        """The faults of a value."""
        schema = {**self.strict(copy.deepcopy(schema)), **self.components}
        validator = jsonschema.Draft202012Validator(schema)
        return [f"{what}: {error.json_path}: {error.message[:300]}"
                for error in validator.iter_errors(value)]

    def operation(self, method, path):
        for pattern, expression in sorted(self.paths, key=lambda pair: "{" in pair[0]):
            if expression.fullmatch(path.partition("?")[0]):
                return pattern, self.document["paths"][pattern].get(method.lower())
        return None, None

    def faults(self, method, path, status, headers, text):
        """What an answer has that the document does not say."""
        pattern, operation = self.operation(method, path)
        what = f"{method} {path} {status}"
        if operation is None:
            return [f"{what}: is not described"]
        described = operation["responses"].get(str(status))
        if described is None:
            return [f"{what}: the status is not described"]
        self.seen.add((method, pattern, status))
        described = self.resolve(described)
        faults = [f"{what}: without {name}" for name, header in described.get("headers", {}).items()
                  if header.get("required", name != "Retry-After") and name.lower() not in headers]
        kind = headers.get("content-type", "").partition(";")[0]
        content = described.get("content")
        if content is None:
            return faults + ([f"{what}: has content"] if text else [])
        if kind not in content:
            return faults + [f"{what}: is {kind or 'nothing'}, not {', '.join(content)}"]
        media = content[kind]
        if kind.endswith("json"):
            return faults + self.check(media["schema"], json.loads(text), what)
        if kind == "text/event-stream":
            for block in text.split("\n\n")[:-1]:
                lines = [line for line in block.split("\n") if line.startswith("data: ")]
                value = lines[0].removeprefix("data: ") if lines else None
                if value is None:
                    continue
                if media["x-data-schema"].get("type") != "string":
                    value = json.loads(value)
                faults += self.check(media["x-data-schema"], value, what)
        return faults

    def unseen(self):
        """The operations of which no answer of success was held against the document."""
        return sorted(
            f"{method.upper()} {path}" for path, operations in self.document["paths"].items()
            for method in operations
            if not any((method.upper(), path, status) in self.seen for status in (200, 201, 202, 204)))
