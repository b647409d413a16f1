// The client decides when to be connected, by which tab, and whether by a stream or by polling.
import { bufferingAdvice, probeBuffering } from "./buffering.js";
import { readLists } from "./lists.js";
import { Lost, Problem, backoff } from "./problem.js";
import { emptyState, reduce } from "./store.js";
import { readStream } from "./stream.js";

const defaults = {
  endpoint: "/api/events/stream",
  /** Any of `app`, `environment`, `ids` (an array) and `types` (an array). */
  filters: {},
  headers: {},
  maxReconnectAttempts: 5,
  reconnectDelay: 1000,
  maxReconnectDelay: 30000,
  /** A connection is dead after this long without a byte; the server sends something every 15 s. */
  heartbeatTimeout: 45000,
  /** How long the snapshot may take before the client checks whether a proxy holds it back. */
  snapshotTimeout: 5000,
  enablePollingFallback: true,
  pollingInterval: 5000,
  /** How often streaming is tried again while polling. */
  streamRetryInterval: 60000,
  /** One connection for all tabs of a browser that look at the same feed. */
  shareAcrossTabs: true,
  /** After this long without a word of the tab that has the connection, another tab takes its place. */
  leaderTimeout: 6000,
};

/** The settings that a test replaces. */
const surroundings = () => ({
  fetch: (...request) => globalThis.fetch(...request),
  now: () => performance.now(),
  random: Math.random,
  setTimeout: (...call) => globalThis.setTimeout(...call),
  clearTimeout: (timer) => globalThis.clearTimeout(timer),
  document: globalThis.document ?? null,
  window: globalThis.window ?? null,
  locks: globalThis.navigator?.locks ?? null,
  createChannel: globalThis.BroadcastChannel ? (name) => new BroadcastChannel(name) : null,
});

/** Opens the feed and keeps it open; see `Client`. */
export function connect(options = {}) {
  return new Client({ ...defaults, ...surroundings(), ...options });
}

/**
 * A connection to the feed. Listeners get objects with a `type`: `change` (there is a new store, made by
 * `envelopes`), `status` (there is a new `client.status`), `sse-fallback-triggered` (with `reason`) and
 * `buffering` (with `advice`).
 */
class Client {
  #options;
  #api;
  #listeners = new Set();
  #session = null;
  #closed = false;
  #channel = null;
  #leading = false;
  #heardLeader = 0;
  #retry = null;

  /** The newest state; every change makes a new one. */
  store = emptyState;

  /**
   * `state` is disconnected, connecting, connected, reconnecting or error; `mode` is live or polling.
   * `attempt` counts failures in a row, `retryAt` is the time (by `now()`) of the next attempt, `error` the
   * last error. `polled` says whether the last poll succeeded. `role` is alone, leader or follower.
   */
  status = { state: "disconnected", mode: "live", attempt: 0, retryAt: null, error: null, polled: null, buffering: false, role: "alone" };

  constructor(options) {
    this.#options = options;
    this.#api = options.endpoint.replace(/\/events\/stream(\?.*)?$/, "");
    options.document?.addEventListener("visibilitychange", this.#visibilityChanged);
    options.window?.addEventListener("online", this.#online);
    this.#visibilityChanged();
  }

  get state() {
    return this.status.state;
  }

  get mode() {
    return this.status.mode;
  }

  /** Calls `listener(event)` from now on; returns a function that ends this. */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends everything; the store stays as it is. */
  close() {
    this.#closed = true;
    this.#options.document?.removeEventListener("visibilitychange", this.#visibilityChanged);
    this.#options.window?.removeEventListener("online", this.#online);
    this.#stop();
  }

  /** Connects again at once; earlier failures no longer count. */
  reconnect() {
    if (this.#closed || this.#isHidden) return;
    if (this.status.role === "follower") {
      this.#channel?.postMessage({ kind: "reconnect" });
      return;
    }
    this.#stop();
    this.#start();
  }

  /** Goes back from polling to streaming. */
  resetFallback() {
    if (this.mode === "polling") this.reconnect();
  }

  /** Whether a proxy holds streams back; see `probeBuffering`. */
  probe(signal) {
    const { fetch, now } = this.#options;
    return probeBuffering({ endpoint: `${this.#api}/stream-test`, fetch, now, signal });
  }

  // ------------------------------------------------------------ when to be connected

  get #isHidden() {
    return this.#options.document?.visibilityState === "hidden";
  }

  #visibilityChanged = () => (this.#isHidden ? this.#stop() : this.#start());

  #online = () => {
    if (this.state !== "connected") this.reconnect();
  };

  #start() {
    if (this.#session || this.#closed) return;
    const session = (this.#session = new AbortController());
    this.#update({ state: "connecting" });
    this.#participate(session.signal).catch((error) => {
      // No error is expected here; but a page must not look alive if its client is not.
      if (!session.signal.aborted) this.#update({ state: "error", error });
    });
  }

  #stop() {
    this.#session?.abort();
    this.#session = null;
    this.#leading = false;
    this.#update({ state: "disconnected", mode: "live", attempt: 0, retryAt: null, polled: null, role: "alone" });
  }

  #tell(event) {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        globalThis.reportError?.(error); // one listener must not keep events from the others
      }
    }
  }

  #update(changes) {
    const before = this.status;
    if (Object.entries(changes).every(([key, value]) => before[key] === value)) return;
    this.status = { ...before, ...changes };
    if (this.#leading) this.#post("status", this.#sharedStatus);
    this.#tell({ type: "status", before });
  }

  #take(envelopes) {
    const before = this.store;
    this.store = envelopes.reduce(reduce, before);
    if (this.#leading) this.#post("envelopes", envelopes);
    this.#tell({ type: "change", before, envelopes });
  }

  #sleep(milliseconds, signal) {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const timer = this.#options.setTimeout(done, milliseconds);
      const { clearTimeout } = this.#options;
      signal.addEventListener("abort", done, { once: true });
      function done() {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      }
    });
  }

  // ------------------------------------------------------------ one connection for all tabs

  #post(kind, content) {
    this.#channel?.postMessage({ kind, content });
  }

  get #sharedStatus() {
    // Errors travel as plain objects; a time of this tab's clock means nothing in another.
    const { error, retryAt, role, ...rest } = this.status;
    return { ...rest, error: error && { message: error.message, title: error.title, status: error.status }, retryAt: null };
  }

  /** Leads, or follows the tab that leads and holds the Web Lock. */
  async #participate(signal) {
    const { shareAcrossTabs, locks, createChannel, endpoint, filters, now, leaderTimeout } = this.#options;
    if (!shareAcrossTabs || !locks || !createChannel) return this.#lead(signal);
    const name = `slipway:1:${endpoint}:${JSON.stringify(filters)}`;
    let channel;
    try {
      channel = this.#channel = createChannel(name);
    } catch {
      return this.#lead(signal); // a browser that keeps no site data may refuse it
    }
    channel.onmessage = ({ data }) => !signal.aborted && this.#hear(data);
    const cleared = () => {
      channel.onmessage = null;
      channel.close();
      if (this.#channel === channel) this.#channel = null;
    };
    signal.addEventListener("abort", cleared, { once: true });
    for (let steal = false; !signal.aborted; ) {
      const term = new AbortController();
      const end = () => term.abort();
      signal.addEventListener("abort", end, { once: true });
      let holds = false;
      const held = locks.request(name, steal ? { steal } : { signal: term.signal }, async () => {
        if (term.signal.aborted) return;
        this.#leading = holds = true;
        this.#update({ role: "leader" });
        this.#post("store", this.store);
        this.#beat(term.signal);
        await this.#lead(term.signal);
      });
      steal = false;
      this.#heardLeader = now();
      this.#post("hello");
      // A request ends with AbortError if it is given up, or if another tab steals its lock.
      let refused = false;
      const over = held.catch((error) => (refused = error?.name !== "AbortError")).then(end);
      // A tab that holds the lock and says nothing has hung; its place is taken.
      while (!term.signal.aborted && !holds) {
        await this.#sleep(leaderTimeout / 4, term.signal);
        if (!holds && !term.signal.aborted && now() - this.#heardLeader > leaderTimeout) {
          steal = true;
          end();
        }
      }
      await over;
      signal.removeEventListener("abort", end);
      if (refused && !signal.aborted) {
        // A browser denies locks to an opaque origin, and if site data is blocked.
        this.#leading = false;
        cleared();
        this.#update({ role: "alone" });
        return this.#lead(signal);
      }
      if (holds && !signal.aborted) {
        this.#leading = false;
        this.#update({ role: "follower" });
      }
    }
  }

  async #beat(signal) {
    while (!signal.aborted) {
      this.#post("beat");
      await this.#sleep(this.#options.leaderTimeout / 3, signal);
    }
  }

  #hear({ kind, content }) {
    if (this.#leading) {
      if (kind === "hello") {
        this.#post("store", this.store);
        this.#post("status", this.#sharedStatus);
      }
      if (kind === "reconnect") this.reconnect();
      return;
    }
    if (kind === "hello" || kind === "reconnect") return;
    this.#heardLeader = this.#options.now();
    if (kind === "status") this.#update({ ...content, role: "follower" });
    else if (kind === "envelopes") this.#take(content);
    else if (kind === "store" && content.ready) {
      const before = this.store;
      this.store = content;
      this.#tell({ type: "change", before, envelopes: [] });
    }
  }

  // ------------------------------------------------------------ streaming, else polling

  get #query() {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(this.#options.filters)) {
      if (value != null && value !== "" && value.length !== 0) query.set(name, Array.isArray(value) ? value.join(",") : value);
    }
    return query;
  }

  /** Streams, or polls if streaming does not succeed, until `signal`. */
  async #lead(signal) {
    const { maxReconnectAttempts, enablePollingFallback, reconnectDelay, streamRetryInterval, now } = this.#options;
    let attempt = 0;
    this.#update({ state: "connecting", mode: "live", attempt, retryAt: null, error: null, polled: null, buffering: false });
    while (!signal.aborted) {
      const quiet = this.mode === "polling";
      const failure = await this.#stream(signal, quiet);
      if (signal.aborted) return;
      if (failure.isRefusal) {
        this.#update({ state: "error", mode: "live", error: failure, retryAt: null });
        await this.#aborted(signal);
        return;
      }
      if (failure.hadSnapshot) attempt = 0;
      else if (quiet) {
        if (!(await this.#poll(signal, now() + streamRetryInterval))) return;
        continue;
      }
      attempt += 1;
      const buffering = failure.reason === "buffering";
      if (buffering) this.#tell({ type: "buffering", advice: bufferingAdvice });
      if (attempt >= maxReconnectAttempts || buffering) {
        this.#update({ state: "error", error: failure, attempt, retryAt: null, buffering });
        if (!enablePollingFallback) {
          await this.#aborted(signal);
          return;
        }
        this.#update({ mode: "polling" });
        this.#tell({ type: "sse-fallback-triggered", reason: failure.message });
        if (!(await this.#poll(signal, now() + streamRetryInterval))) return;
        continue;
      }
      const pause = Math.max(backoff(attempt, { ...this.#options, reconnectDelay: this.#retry ?? reconnectDelay }, this.#options.random), failure.retryAfter ?? 0);
      this.#update({ state: "reconnecting", attempt, error: failure, retryAt: now() + pause });
      await this.#sleep(pause, signal);
      if (!signal.aborted) this.#update({ retryAt: null });
    }
  }

  #aborted(signal) {
    return new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener("abort", resolve, { once: true })));
  }

  /** Streams; returns why the stream ended. If `quiet`, nothing is told before the snapshot has come. */
  #stream(signal, quiet) {
    return readStream(signal, {
      ...this.#options,
      query: String(this.#query),
      quiet,
      probe: (until) => this.probe(until),
      take: (envelopes) => this.#take(envelopes),
      retried: (milliseconds) => (this.#retry = milliseconds),
      connected: () => this.#update({ state: "connected", mode: "live", attempt: 0, retryAt: null, error: null, polled: null, buffering: false }),
    });
  }

  /** Polls until `end` by the clock; returns false if it makes no sense to go on. */
  async #poll(signal, end) {
    const { now, pollingInterval } = this.#options;
    for (let failed = false; ; ) {
      const began = now();
      let pause = pollingInterval;
      try {
        const snapshot = await readLists(signal, this.#api, this.#query, this.#options);
        if (signal.aborted) return false;
        this.#take([snapshot]);
        this.#update({ polled: true });
        if (failed) return true; // the server is back, so streaming may work again
      } catch (error) {
        if (signal.aborted) return false;
        if (error.isRefusal) {
          this.#update({ state: "error", mode: "live", polled: false, error });
          await this.#aborted(signal);
          return false;
        }
        failed = true;
        pause = Math.max(pause, error.retryAfter ?? 0);
        this.#update({ polled: false, error: error instanceof Problem ? error : new Lost("unreachable", "The server cannot be reached.") });
      }
      if (now() + pause > end && this.status.polled) {
        await this.#sleep(end - now(), signal);
        return !signal.aborted;
      }
      await this.#sleep(Math.max(0, pause - (now() - began)), signal);
      if (signal.aborted) return false;
    }
  }
}
