// The format of event streams.

/** Reads text/event-stream (WHATWG HTML, 9.2) from bytes split anywhere. */
export class EventStreamParser {
  #decoder = new TextDecoder("utf-8"); // drops one leading byte order mark
  #rest = [];
  #afterCR = false;
  #data = null;
  #type = "";
  #id = "";

  /** The reconnection time in milliseconds; null until the stream names one. */
  retry = null;

  /** Takes the next bytes; returns the events they complete, each `{id, type, data}`. */
  push(bytes) {
    const text = this.#decoder.decode(bytes, { stream: true });
    const events = [];
    if (text === "") return events;
    let start = this.#afterCR && text[0] === "\n" ? 1 : 0;
    const ends = /\r\n?|\n/g;
    ends.lastIndex = start;
    for (let end; (end = ends.exec(text)); ) {
      // A long line comes in many pieces; they are joined once.
      this.#rest.push(text.slice(start, end.index));
      const event = this.#line(this.#rest.join(""));
      if (event) events.push(event);
      this.#rest.length = 0;
      start = ends.lastIndex;
    }
    if (start < text.length) this.#rest.push(text.slice(start));
    this.#afterCR = text.endsWith("\r");
    return events;
  }

  #line(line) {
    if (line === "") {
      const event = { id: this.#id, type: this.#type || "message", data: this.#data };
      this.#data = null;
      this.#type = "";
      return event.data === null ? null : event;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return null;
    const name = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? "" : line.slice(colon + 1);
    if (value.startsWith(" ")) value = value.slice(1);
    if (name === "data") this.#data = this.#data === null ? value : this.#data + "\n" + value;
    else if (name === "event") this.#type = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
    else if (name === "retry" && /^[0-9]+$/.test(value)) this.retry = Number(value);
    return null;
  }
}

/** The events of an answer as they come: an array for each piece, which may be empty, until the answer ends. */
export async function* readEvents(response, parser = new EventStreamParser()) {
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield parser.push(value);
  }
}
