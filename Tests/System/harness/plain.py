"""What a deployment has said and left, in a form that is the same each time it runs."""

import json
import re

# Text that differs from run to run, and what stands for it. The order matters.
PATTERNS = [(re.compile(pattern), word) for pattern, word in (
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID"),
    (r"sha256:[0-9a-f]{64}", "DIGEST"),
    (r"\b[0-9a-f]{64}\b", "CONTAINER"),
    (r"\b(?=[0-9a-f]*\d)[0-9a-f]{12}\b", "CONTAINER"),
    (r"(?<=[.-])[0-9a-f]{8}\b", "ID8"),
    (r"\b(1\d|[3-6]\d)\d{3}\b", "PORT"),
    (r"\b\d+(\.\d+)? (m?s)\b", r"N \2"),
    (r"\b(process|pid) \d+", r"\1 N"),
    (r"172\.\d+\.\d+\.\d+", "ADDRESS"),
)]
# Members that number or measure.
DROPPED = {"event_id", "last_event_id", "number", "progress_id", "eta_seconds", "bytes_per_second"}
# What has been added since the set was made, and is looked at elsewhere.
DROPPED |= {"order", "removed_images", "settings", "source"}
MEASURES = {"durations_ms"}


class Plain:
    """Makes text and JSON plain; what stands in `words` is replaced by the word first."""

    def __init__(self, words):
        self.words = sorted(words.items(), key=lambda pair: -len(pair[0]))

    def text(self, text):
        for found, word in self.words:
            text = text.replace(found, word)
        for pattern, word in PATTERNS:
            text = pattern.sub(word, text)
        return text

    def value(self, value, key=None):
        if isinstance(value, dict):
            if key in MEASURES:
                return sorted(value)
            return {self.text(name): self.value(member, name)
                    for name, member in value.items()
                    if name not in DROPPED and (name, member) != ("container_log_note", None)}
        if isinstance(value, list):
            return [self.value(member, key) for member in value]
        if isinstance(value, str):
            return self.text(value)
        if key == "ports" or isinstance(value, int) and not isinstance(value, bool) and value > 9999:
            return self.text(str(value))
        return value

    def line(self, value):
        return json.dumps(self.value(value), ensure_ascii=False)

    def stream(self, events):
        """The events as lines. Of those of one stage that say how far it has come, in numbers, there
        may be any number: none of them is told."""
        lines, stage = [], None
        for event in events:
            detail = event.get("detail", {})
            if event["stage"] == stage and re.search(r"\(\d|\d of \d|[\d.]+ [kMG]?B/s", event["message"]):
                continue
            if event["stage"] == stage == "pulling_image" and "layers_total" in detail \
                    and event["progress"] < 30:
                continue
            # Several ports become healthy in any order.
            if re.search(r" is healthy$", event["message"]) and len(detail.get("ports", ())) > 1:
                continue
            stage = event["stage"]
            rest = {name: member for name, member in event.items()
                    if name not in ("event_id", "deployment_id", "timestamp", "message", "stage",
                                    "progress", "result", "failure")}
            line = f"{stage} {event['progress']} {self.text(event['message'])}"
            if rest:
                line += f" {self.line(rest)}"
            if not lines or lines[-1] != line:
                lines.append(line)
            for name in ("result", "failure"):
                if name in event:
                    lines.append(f"  {name} {self.line(event[name])}")
        return lines
