// The browser client of Slipway's live feed. It knows no page: it keeps a connection, folds what
// comes over it into a store, and tells listeners.
//
//     import { connect } from "/slipway.js";
//     const client = connect({ endpoint: "/api/events/stream" });
//     client.subscribe((event) => event.type === "change" && draw(client.store));

// -------------------------------------------------------------------- event stream

/** Reads text/event-stream (WHATWG HTML, 9.2) from bytes split anywhere. */
export class EventStreamParser {
  #decoder = new TextDecoder("utf-8"); // drops one leading byte order mark
  #rest = [];
  #afterCR = false;
  #data = null;
  #type = "";
  #id = "";

  /** The reconnection time in milliseconds, once the stream has named one. */
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

// -------------------------------------------------------------------- the store

/** The key of an app's entry in `apps`. */
export const appKey = (app, environment) => `${environment}\n${app}`;

/** What is known before anything has arrived. */
export const emptyState = Object.freeze({
  deploymentById: new Map(),
  /** Newest first. */
  deploymentIds: Object.freeze([]),
  apps: new Map(),
  counts: null,
  unknownIds: Object.freeze([]),
  lastEventId: 0,
  /** Whether a snapshot has come. */
  ready: false,
  countsEventId: 0,
  /** The event that deleted a deployment, by id: an older event must not bring it back. */
  deleted: new Map(),
});

const finalStatuses = new Set(["success", "failed", "cancelled", "superseded"]);

/** Whether a deployment with that status has ended. */
export const isFinal = (status) => finalStatuses.has(status);

/** Newest first: by number; by time where a server gives no number. */
export function compareRows(a, b) {
  if (a.number != null && b.number != null) return b.number - a.number;
  return a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : a.id < b.id ? 1 : -1;
}

const rowLimit = 1000;

const withEntry = (map, key, value) => new Map(map).set(key, value);

function without(map, key) {
  const copy = new Map(map);
  copy.delete(key);
  return copy;
}

function insertion(state, row) {
  let [low, high] = [0, state.deploymentIds.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareRows(state.deploymentById.get(state.deploymentIds[middle]), row) < 0) low = middle + 1;
    else high = middle;
  }
  return state.deploymentIds.toSpliced(low, 0, row.id);
}

/** A record of the history counts as a row: its newest event has another name there. */
const asRow = (row, eventId) => ({ ...row, event_id: row.event_id ?? row.last_event_id ?? eventId });

const reducers = {
  snapshot(state, { payload, event_id: eventId }) {
    const rows = (payload.deployments ?? []).map((row) => asRow(row, eventId)).sort(compareRows);
    const apps = (payload.apps ?? []).filter((app) => app.latest_deployment_id !== null);
    return {
      deploymentById: new Map(rows.map((row) => [row.id, row])),
      deploymentIds: rows.map((row) => row.id),
      apps: new Map(apps.map((app) => [appKey(app.app, app.environment), { ...app, event_id: eventId }])),
      counts: payload.counts ?? null,
      unknownIds: payload.unknown_ids ?? [],
      lastEventId: eventId,
      ready: true,
      countsEventId: eventId,
      deleted: new Map(),
    };
  },

  "deployment.upsert"(state, { payload, event_id: eventId }) {
    const row = asRow(payload, eventId);
    const known = state.deploymentById.get(row.id);
    if (known ? row.event_id < known.event_id : row.event_id <= (state.deleted.get(row.id) ?? 0)) return state;
    // A row has no figures; they hold until the stage is over.
    if (known?.detail && known.stage === row.stage && !isFinal(row.status)) row.detail = known.detail;
    const next = {
      ...state,
      deploymentById: withEntry(state.deploymentById, row.id, row),
      deploymentIds: known ? state.deploymentIds : insertion(state, row),
    };
    // A page can stay open for weeks: what ended long ago is left to the history.
    if (next.deploymentIds.length > rowLimit) {
      const place = next.deploymentIds.findLastIndex((id) => isFinal(next.deploymentById.get(id).status));
      if (place >= 0) {
        next.deploymentById.delete(next.deploymentIds[place]);
        next.deploymentIds = next.deploymentIds.toSpliced(place, 1);
      }
    }
    return next;
  },

  "deployment.progress"(state, { payload, event_id: eventId, ts }) {
    const known = state.deploymentById.get(payload.id);
    if (!known || eventId < known.event_id || isFinal(known.status)) return state;
    const { stage, progress, message, detail = null } = payload;
    const row = { ...known, stage, progress, message, detail, updated_at: ts ?? known.updated_at, event_id: eventId };
    return { ...state, deploymentById: withEntry(state.deploymentById, row.id, row) };
  },

  "deployment.delete"(state, { payload: { id }, event_id: eventId }) {
    const known = state.deploymentById.get(id);
    if (known && eventId < known.event_id) return state;
    const deleted = withEntry(state.deleted, id, Math.max(eventId, state.deleted.get(id) ?? 0));
    // Events are late by little: of the first that were deleted none is still to come.
    if (deleted.size > rowLimit) deleted.delete(deleted.keys().next().value);
    return {
      ...state,
      deploymentById: known ? without(state.deploymentById, id) : state.deploymentById,
      deploymentIds: known ? state.deploymentIds.filter((each) => each !== id) : state.deploymentIds,
      deleted,
    };
  },

  "app.upsert"(state, { payload, event_id: eventId }) {
    const key = appKey(payload.app, payload.environment);
    const known = state.apps.get(key);
    if (known && eventId < known.event_id) return state;
    // One that is gone stays as an entry without a deployment, so that older events cannot bring it back.
    return { ...state, apps: withEntry(state.apps, key, { ...payload, event_id: eventId }) };
  },

  "counts.update"(state, { payload, event_id: eventId }) {
    return eventId < state.countsEventId ? state : { ...state, counts: payload, countsEventId: eventId };
  },

  "workload.update"(state, { payload, event_id: eventId, ts }) {
    const known = state.deploymentById.get(payload.deployment_id);
    if (!known || eventId < known.event_id) return state;
    const { state: now, previous_state, health } = payload;
    const since = known.workload?.state === now ? known.workload.since : ts;
    const row = { ...known, workload: { ...known.workload, state: now, previous_state, health, since }, event_id: eventId };
    return { ...state, deploymentById: withEntry(state.deploymentById, row.id, row) };
  },
};

/**
 * Folds one envelope of the feed in. Changes nothing it is given; returns the same state where the
 * envelope says nothing new. What is older than what is known of a deployment is left out; a
 * snapshot always replaces everything.
 */
export function reduce(state, envelope) {
  const { type, event_id: eventId, payload } = envelope ?? {};
  if (!Object.hasOwn(reducers, type) || !Number.isFinite(eventId) || !payload || typeof payload !== "object") return state;
  const next = reducers[type](state, envelope);
  return next.lastEventId < eventId ? { ...next, lastEventId: eventId } : next;
}

/** The apps of a store that have a deployment. */
export const liveApps = (state) => [...state.apps.values()].filter((app) => app.latest_deployment_id !== null);

/** How many deployments of those apps have that status; null where the list does not say. */
function total(apps, status) {
  const sum = apps.reduce((sum, { counts }) => sum + (counts?.[status] ?? NaN), 0);
  return Number.isNaN(sum) ? null : sum;
}

/**
 * The snapshot that the answers of the lists amount to: for pages that cannot stream. A count is null
 * where the lists do not tell: of an app they name one container that lives, and there can be more.
 */
export function snapshotFromLists(deployments, apps, { counts = true } = {}) {
  const entries = apps.map(({ app, environment, latest, live }) => ({
    app,
    environment,
    latest_deployment_id: latest.id,
    status: latest.status,
    time: latest.finished_at ?? latest.updated_at ?? latest.created_at,
    image_digest: latest.result?.metadata?.image_digest ?? null,
    live_deployment_id: live?.id ?? null,
  }));
  const count = (list, matches) => list.filter(matches).length;
  return {
    type: "snapshot",
    event_id: Math.max(0, ...deployments.map((row) => row.event_id ?? row.last_event_id ?? 0)),
    payload: {
      deployments,
      unknown_ids: [],
      apps: entries,
      counts: counts && {
        running_deployments: total(apps, "in_progress"),
        queued: total(apps, "queued"),
        apps_live: count(entries, (app) => app.status === "success"),
        apps_failing: count(entries, (app) => app.status === "failed"),
        workloads_running: null,
        workloads_unhealthy: null,
      },
    },
  };
}

// -------------------------------------------------------------------- what goes wrong

/** An answer that is not the one asked for (RFC 9457 where the server says so). */
export class Problem extends Error {
  constructor(status, title, document = {}, retryAfter = null) {
    super(document.detail || title);
    Object.assign(this, { status, title, document, retryAfter });
  }

  static async from(response) {
    const text = await response.text().catch(() => "");
    let document;
    try {
      document = JSON.parse(text) ?? {};
    } catch {
      document = /html/i.test(response.headers.get("Content-Type") ?? "") ? {} : { detail: text.slice(0, 500) };
    }
    const title = document.title || `The server answered ${response.status}`;
    return new Problem(response.status, title, document, retryAfter(response.headers.get("Retry-After")));
  }

  /** Whether the same request cannot succeed until a person has done something. */
  get isRefusal() {
    return [400, 401, 403, 421].includes(this.status);
  }
}

/** Milliseconds of a Retry-After field (RFC 9110, 10.2.3); null where there is none. */
function retryAfter(text) {
  if (!text) return null;
  const wait = /^\s*[0-9]+\s*$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(wait) ? Math.max(0, wait) : null;
}

/** A connection that was lost or given up; `reason` says which way. */
class Lost extends Error {
  constructor(reason, message) {
    super(message);
    this.reason = reason;
  }
}

export const bufferingAdvice =
  "Something between this page and the server holds the answer back until it is complete. " +
  "In nginx: proxy_buffering off; and do not ignore X-Accel-Buffering, which the server sends. " +
  "In other proxies, switch off response buffering and compression for /api/.";

/** Milliseconds to wait after so many failures in a row: doubled each time, half of it by chance. */
export function backoff(failures, { reconnectDelay = 1000, maxReconnectDelay = 30000 } = {}, random = Math.random) {
  const longest = Math.min(maxReconnectDelay, reconnectDelay * 2 ** Math.min(30, failures - 1));
  return longest * (0.5 + 0.5 * random());
}

/**
 * Whether answers come in pieces as they are sent. `buffered` is null where that could not be told;
 * `spread` is the time between the first and the last of five ticks that are sent 800 ms apart.
 */
export async function probeBuffering({ endpoint = "/api/stream-test", fetch = globalThis.fetch, now = () => performance.now(), signal } = {}) {
  const parser = new EventStreamParser();
  const times = [];
  try {
    const response = await fetch(endpoint, { headers: { Accept: "text/event-stream" }, cache: "no-store", credentials: "same-origin", signal });
    if (!response.ok) return { buffered: null, ticks: 0, spread: null };
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      for (const { data } of parser.push(value)) if (data.includes("tick")) times.push(now());
    }
  } catch {
    return { buffered: null, ticks: times.length, spread: null };
  }
  const spread = times.length ? times.at(-1) - times[0] : null;
  return { buffered: times.length < 5 ? null : spread < 300, ticks: times.length, spread };
}

// -------------------------------------------------------------------- the client

const defaults = {
  endpoint: "/api/events/stream",
  /** `app`, `environment`, `ids` (an array), `types` (an array). */
  filters: {},
  headers: {},
  maxReconnectAttempts: 5,
  reconnectDelay: 1000,
  maxReconnectDelay: 30000,
  /** Silence after which a connection is dead; the server says something every 15 s. */
  heartbeatTimeout: 45000,
  /** How long the snapshot may take before it is asked whether a proxy holds it back. */
  snapshotTimeout: 5000,
  enablePollingFallback: true,
  pollingInterval: 5000,
  /** How often streaming is tried again while polling. */
  streamRetryInterval: 60000,
  /** One connection for all tabs of a browser that look at the same feed. */
  shareAcrossTabs: true,
  /** Silence of the tab that holds the connection after which another takes its place. */
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
 * A connection to the feed. Listeners are told `{type}`: `change` (the store is another; `envelopes`
 * are what came), `status` (`client.status` is another), `sse-fallback-triggered` (with `reason`) and
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

  /** The newest state; every change makes another. */
  store = emptyState;

  /**
   * `state`: disconnected, connecting, connected, reconnecting, error. `mode`: live, polling.
   * `attempt` failures in a row, `retryAt` (by `now()`) the next try, `error` what went wrong last,
   * `polled` whether the last poll succeeded, `role` alone, leader or follower.
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

  /** Has `listener(event)` called from now on; returns what ends that. */
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

  /** Tries at once, with a clean slate. */
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
      // Nothing is expected here; a page must not look alive when its client is not.
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

  /** Leads, or follows the tab that does; the Web Lock is held by the one that leads. */
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
      // A request that is given up, or whose lock another tab steals, ends with AbortError.
      let refused = false;
      const over = held.catch((error) => (refused = error?.name !== "AbortError")).then(end);
      // A tab that holds the lock and says nothing has hung: its place is taken.
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
        // Locks are denied to an opaque origin, and where site data is blocked.
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

  /** Streams, and where that does not succeed polls, until `signal`. */
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

  /** Streams until that ends; returns why. `quiet`: nothing is told before the snapshot is there. */
  async #stream(signal, quiet) {
    const { endpoint, fetch, now, headers, heartbeatTimeout, snapshotTimeout, setTimeout, clearTimeout } = this.#options;
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
      if (left <= 0) end("silence", `Nothing was heard for ${Math.round(heartbeatTimeout / 1000)} s.`);
      else after(left, watch);
    };
    const judge = async () => {
      if (hadSnapshot) return;
      const { buffered } = quiet ? {} : await this.probe(connection.signal);
      if (hadSnapshot || connection.signal.aborted) return;
      if (quiet || buffered) end(buffered ? "buffering" : "slow", "The answer is being held back on its way.");
      else after(2 * snapshotTimeout, () => hadSnapshot || end("slow", "The server did not say how things stand."));
    };
    signal.addEventListener("abort", stopped, { once: true });
    if (signal.aborted) stopped();
    watch();
    after(snapshotTimeout, judge);
    try {
      const query = String(this.#query);
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
      const reader = response.body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) throw new Lost("ended", "The server ended the connection.");
        if (connection.signal.aborted) break;
        heard = now();
        const envelopes = parser.push(value).flatMap(({ data }) => {
          try {
            return [JSON.parse(data)];
          } catch {
            return []; // a line that is not JSON says nothing
          }
        });
        if (parser.retry !== null) this.#retry = Math.max(100, parser.retry);
        if (envelopes.length) this.#take(envelopes);
        if (!hadSnapshot && envelopes.some((envelope) => envelope?.type === "snapshot")) {
          hadSnapshot = true;
          this.#update({ state: "connected", mode: "live", attempt: 0, retryAt: null, error: null, polled: null, buffering: false });
        }
      }
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

  /** Polls until `end` by the clock; false where it makes no sense to go on. */
  async #poll(signal, end) {
    const { now, pollingInterval } = this.#options;
    for (let failed = false; ; ) {
      const began = now();
      let pause = pollingInterval;
      try {
        const snapshot = await this.#lists(signal);
        if (signal.aborted) return false;
        this.#take([snapshot]);
        this.#update({ polled: true });
        if (failed) return true; // what was away is back: perhaps the stream too
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

  async #lists(signal) {
    const { fetch, headers, pollingInterval, setTimeout, clearTimeout, filters } = this.#options;
    const limit = new AbortController();
    const stop = () => limit.abort();
    const timer = setTimeout(stop, Math.max(10000, 2 * pollingInterval));
    signal.addEventListener("abort", stop, { once: true });
    const read = async (path) => {
      const response = await fetch(this.#api + path, { headers: { Accept: "application/json", ...headers }, cache: "no-store", credentials: "same-origin", signal: limit.signal });
      if (!response.ok) throw await Problem.from(response);
      return response.json();
    };
    try {
      const query = this.#query;
      query.delete("ids");
      query.delete("types");
      query.set("limit", "100");
      const [{ deployments }, { apps }] = await Promise.all([read(`/deployments?${query}`), read("/apps")]);
      const { app, environment, ids } = filters;
      const inScope = apps.filter((entry) => (!app || entry.app === app) && (!environment || entry.environment === environment));
      // What has not ended belongs to it, however old it is.
      for (const status of ["queued", "in_progress"]) {
        if (!(total(inScope, status) > deployments.filter((row) => row.status === status).length)) continue;
        query.set("status", status);
        const more = await read(`/deployments?${query}`);
        const known = new Set(deployments.map((row) => row.id));
        deployments.push(...more.deployments.filter((row) => !known.has(row.id)));
      }
      const snapshot = snapshotFromLists(deployments, inScope);
      if (ids?.length) {
        const wanted = [...ids];
        snapshot.payload.deployments = await Promise.all(wanted.map((id) => read(`/deployments/${encodeURIComponent(id)}`).catch(() => null))).then((rows) => rows.filter(Boolean));
        const found = new Set(snapshot.payload.deployments.map((row) => row.id));
        snapshot.payload.unknown_ids = wanted.filter((id) => !found.has(id));
      }
      return snapshot;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  }
}
