// One connection of the feed, from its beginning to its end.
import { EventStreamParser, readEvents } from "./event-stream.js";
import { Lost, Problem } from "./problem.js";

/**
 * Streams; returns why the stream ended. `options` are the client's with a `query`, and with the functions
 * `probe`, `take`, `retried` and `connected`. If `quiet`, nothing is told before the snapshot has come.
 */
export async function readStream(signal, options) {
  const { endpoint, query, quiet, fetch, now, headers, heartbeatTimeout, snapshotTimeout, setTimeout, clearTimeout } = options;
  const connection = new AbortController();
  const timers = new Set();
  let verdict = null;
  let hadSnapshot = false;
  let heard = now();
  const end = (reason, message) => {
    verdict ??= new Lost(reason, message);
    connection.abort();
  };
  const stopped = () => connection.abort();
  const after = (milliseconds, act) => {
    const timer = setTimeout(() => (timers.delete(timer), act()), milliseconds);
    timers.add(timer);
  };
  const watch = () => {
    const left = heard + heartbeatTimeout - now();
    if (left <= 0) end("silence", `The server sent nothing for ${Math.round(heartbeatTimeout / 1000)} s.`);
    else after(left, watch);
  };
  const judge = async () => {
    if (hadSnapshot) return;
    const { buffered } = quiet ? {} : await options.probe(connection.signal);
    if (hadSnapshot || connection.signal.aborted) return;
    if (quiet || buffered) end(buffered ? "buffering" : "slow", "Something on the way holds the answer back.");
    else after(2 * snapshotTimeout, () => hadSnapshot || end("slow", "The server did not send the state of the deployments."));
  };
  signal.addEventListener("abort", stopped, { once: true });
  if (signal.aborted) stopped();
  watch();
  after(snapshotTimeout, judge);
  try {
    const address = query ? `${endpoint}${endpoint.includes("?") ? "&" : "?"}${query}` : endpoint;
    const response = await fetch(address, {
      headers: { Accept: "text/event-stream", ...headers },
      cache: "no-store",
      credentials: "same-origin",
      signal: connection.signal,
    });
    if (!response.ok) throw await Problem.from(response);
    if (!/^text\/event-stream/i.test(response.headers.get("Content-Type") ?? "")) {
      throw new Problem(response.status, "This address does not answer with a stream");
    }
    const parser = new EventStreamParser();
    for await (const events of readEvents(response, parser)) {
      if (connection.signal.aborted) break;
      heard = now();
      const envelopes = events.flatMap(({ data }) => {
        try {
          return [JSON.parse(data)];
        } catch {
          return []; // data that is not JSON is ignored
        }
      });
      if (parser.retry !== null) options.retried(Math.max(100, parser.retry));
      if (envelopes.length) options.take(envelopes);
      if (!hadSnapshot && envelopes.some((envelope) => envelope?.type === "snapshot")) {
        hadSnapshot = true;
        options.connected();
      }
    }
    if (!connection.signal.aborted) throw new Lost("ended", "The server ended the connection.");
  } catch (error) {
    verdict ??= error instanceof Problem || error instanceof Lost ? error : new Lost("unreachable", "The server cannot be reached.");
  } finally {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener("abort", stopped);
    connection.abort();
  }
  verdict ??= new Lost("ended", "The connection was closed.");
  return Object.assign(verdict, { hadSnapshot });
}
