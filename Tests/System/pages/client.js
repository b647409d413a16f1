// Tests of slipway.js against a clock and a server of their own. The report ends in "passed" or "failed".
import { EventStreamParser, appKey, backoff, connect, emptyState, liveApps, probeBuffering, reduce, snapshotFromLists } from "../../../Sources/Pages/slipway.js";

const tests = [];
const test = (name, body) => tests.push([name, body]);

function equal(got, wanted, what = "it") {
  const [left, right] = [JSON.stringify(got), JSON.stringify(wanted)];
  if (left !== right) throw new Error(`${what} is ${left}, not ${right}`);
}
const check = (condition, words) => {
  if (!condition) throw new Error(words);
};

const encode = (text) => new TextEncoder().encode(text);
const parse = (...chunks) => {
  const parser = new EventStreamParser();
  return { parser, events: chunks.flatMap((chunk) => parser.push(typeof chunk === "string" ? encode(chunk) : chunk)) };
};

/** The same numbers each time: a failure can be seen again. */
function randomNumbers(seed) {
  return () => {
    seed = (seed * 1664525 + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
}

// -------------------------------------------------------------------- event stream

test("a stream split at any two offsets gives the same events", () => {
  const bytes = encode("\uFEFFretry: 1000\nid: 7\ndata: {\"m\":\"Grüße 🚢\"}\n\n: heartbeat\r\n\r\nid: 8\rdata: a\rdata:b\r\rdata\r\n\r\nevent: x\ndata:  two\n\n");
  const wanted = [
    { id: "7", type: "message", data: '{"m":"Grüße 🚢"}' },
    { id: "8", type: "message", data: "a\nb" },
    { id: "8", type: "message", data: "" },
    { id: "8", type: "x", data: " two" },
  ];
  for (let first = 0; first <= bytes.length; first += 1) {
    for (let second = first; second <= bytes.length; second += 1) {
      const { parser, events } = parse(bytes.slice(0, first), bytes.slice(first, second), bytes.slice(second));
      equal(events, wanted, `split at ${first} and ${second}`);
      equal(parser.retry, 1000);
    }
  }
});
test("one byte at a time gives the same events", () => {
  const { events } = parse(...Array.from(encode("data: ä\r\n\r\ndata: b\r\rdata: c\n\n"), (byte) => Uint8Array.of(byte)));
  equal(events.map(({ data }) => data), ["ä", "b", "c"]);
});
test("CR LF split between chunks, with an empty one between, is one line end", () => {
  equal(parse("data: a\r", "", "\ndata: b\r", "\n\r", "\n").events.map(({ data }) => data), ["a\nb"]);
});
test("a block without its blank line is not an event", () => equal(parse("data: a\n").events, []));
test("an id holding NUL and a retry that is no number are ignored", () => {
  const { parser, events } = parse("retry: 5\nretry: 1e3\nid: 1\nid: 2\0\ndata: a\n\n");
  equal([parser.retry, events[0].id], [5, "1"]);
});
test("a long line in many pieces takes time in proportion", () => {
  const parser = new EventStreamParser();
  const piece = encode("x".repeat(1000));
  const began = performance.now();
  parser.push(encode("data: "));
  for (let index = 0; index < 5000; index += 1) parser.push(piece);
  equal(parser.push(encode("\n\n"))[0].data.length, 5_000_000);
  check(performance.now() - began < 3000, `5 MB took ${performance.now() - began} ms`);
});

// -------------------------------------------------------------------- the store

const row = (number, more = {}) => ({
  id: `d${number}`, number, event_id: number, app: `app${number % 3}`, environment: "default", status: "queued", stage: "queued",
  progress: 0, message: "", created_at: new Date(number * 1000).toISOString(), stages: [], result: null, failure: null, workload: null, ...more,
});
const envelope = (type, event_id, payload) => ({ event_id, type, tenant_id: "default", env_id: "default", ts: `t${event_id}`, payload });
const snapshot = (event_id, deployments = [], more = {}) => envelope("snapshot", event_id, { deployments, unknown_ids: [], apps: [], counts: {}, ...more });
const upsert = (number, event_id, more = {}) => envelope("deployment.upsert", event_id, row(number, { event_id, ...more }));
const progress = (number, event_id, percent, more = {}) => envelope("deployment.progress", event_id, { id: `d${number}`, stage: "pulling_image", progress: percent, message: `${percent}`, ...more });
const fold = (...envelopes) => envelopes.reduce(reduce, emptyState);

/** A store as plain data, for comparing. */
const plain = (state) => ({
  ids: state.deploymentIds,
  rows: [...state.deploymentById.values()].sort((a, b) => a.number - b.number),
  apps: liveApps(state).map(({ event_id, ...app }) => app).sort((a, b) => (appKey(a.app, a.environment) < appKey(b.app, b.environment) ? -1 : 1)),
  counts: state.counts,
  last: state.lastEventId,
});

function frozen(value) {
  if (value && typeof value === "object" && !(value instanceof Map)) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

test("a snapshot replaces everything, also with older events", () => {
  const state = fold(snapshot(9, [row(3), row(5)]), upsert(6, 10), snapshot(4, [row(1), row(2)]));
  equal(plain(state).ids, ["d2", "d1"]);
  equal(state.lastEventId, 4);
});
test("deployments stand newest first, wherever they come in", () => {
  equal(fold(snapshot(1, [row(4)]), upsert(7, 2), upsert(2, 3), upsert(5, 4), upsert(5, 5)).deploymentIds, ["d7", "d5", "d4", "d2"]);
});
test("what is older than what is known of a deployment is left out, for that deployment alone", () => {
  const state = fold(snapshot(10, [row(1, { event_id: 10, status: "success" }), row(2, { event_id: 3 })]), upsert(1, 9, { status: "in_progress" }), upsert(2, 5, { status: "failed" }));
  equal([state.deploymentById.get("d1").status, state.deploymentById.get("d2").status], ["success", "failed"]);
});
test("events that share an id are all taken", () => {
  const state = fold(snapshot(1, [row(1)]), upsert(1, 5, { status: "in_progress", stage: "pulling_image" }), progress(1, 5, 12), envelope("counts.update", 5, { queued: 3 }));
  equal([state.deploymentById.get("d1").progress, state.counts.queued], [12, 3]);
});
test("of very many deployments the oldest that have ended are let go", () => {
  const state = fold(snapshot(1), ...Array.from({ length: 1005 }, (_, index) => upsert(index + 1, index + 2, { status: index < 2 ? "in_progress" : "success" })));
  equal([state.deploymentIds.length, state.deploymentById.size, state.deploymentIds.slice(-3)], [1000, 1000, ["d8", "d2", "d1"]], "with two that move at the end");
  const next = reduce(reduce(state, upsert(1, 5000, { status: "success" })), upsert(1006, 5001, { status: "success" }));
  equal([next.deploymentIds.length, next.deploymentIds.at(-1), state.deploymentIds.length], [1000, "d2", 1000]);
});
test("of very many that were deleted the first are let go", () => {
  const state = fold(snapshot(1), ...Array.from({ length: 1005 }, (_, index) => envelope("deployment.delete", index + 2, { id: `d${index}` })));
  equal([state.deleted.size, state.deleted.has("d4"), state.deleted.has("d5")], [1000, false, true]);
});
test("progress keeps its figures until the stage is over", () => {
  const pulling = { status: "in_progress", stage: "pulling_image" };
  let state = fold(snapshot(1, [row(1, pulling)]), progress(1, 2, 15, { detail: { bytes_done: 1 } }), upsert(1, 3, { ...pulling, progress: 15 }));
  equal(state.deploymentById.get("d1").detail, { bytes_done: 1 });
  state = reduce(state, upsert(1, 4, { ...pulling, stage: "copying_files" }));
  equal(state.deploymentById.get("d1").detail, undefined);
});
test("progress of what has ended, or is not known, changes no row", () => {
  const state = fold(snapshot(1, [row(1, { status: "success", progress: 100 })]));
  equal(reduce(state, progress(1, 7, 20)).deploymentById, state.deploymentById);
  check(reduce(state, progress(2, 8, 20)).deploymentById === state.deploymentById, "a row came of nothing");
});
test("what was deleted does not come back by an older event", () => {
  const state = fold(snapshot(1, [row(1)]), envelope("deployment.delete", 8, { id: "d1" }), upsert(1, 7));
  equal(plain(state).ids, []);
  equal(fold(envelope("deployment.delete", 8, { id: "d1" }), upsert(1, 8), upsert(2, 8)).deploymentIds, ["d2"]);
});
test("an app whose last deployment was forgotten is gone", () => {
  const app = { app: "a", environment: "e", latest_deployment_id: "d1", status: "success" };
  const gone = { app: "a", environment: "e", latest_deployment_id: null, status: null };
  equal(liveApps(fold(snapshot(1), envelope("app.upsert", 2, app))).length, 1);
  equal(liveApps(fold(snapshot(1), envelope("app.upsert", 2, app), envelope("app.upsert", 4, gone), envelope("app.upsert", 3, app))).length, 0);
});
test("a workload keeps its time where only its health has changed", () => {
  const workload = { state: "running", previous_state: null, health: { a: true }, since: "t0", urls: { a: "u" } };
  const update = (event_id, state, health) => envelope("workload.update", event_id, { deployment_id: "d1", state, previous_state: "running", health });
  const state = fold(snapshot(1, [row(1, { workload })]), update(2, "running", { a: false }));
  equal(state.deploymentById.get("d1").workload, { ...workload, previous_state: "running", health: { a: false } });
  equal(reduce(state, update(3, "stopped", {})).deploymentById.get("d1").workload.since, "t3");
});
test("what is no envelope, or of an unknown type, changes nothing", () => {
  const state = fold(snapshot(3, [row(1)]));
  for (const odd of [null, 5, {}, envelope("heartbeat", null, {}), envelope("x", 9, {}), envelope("snapshot", 9, null), envelope("constructor", 9, {}), envelope("deployment.upsert", "9", row(1))]) {
    check(reduce(state, odd) === state, `${JSON.stringify(odd)} changed something`);
  }
});
test("the state before is never changed", () => {
  let state = emptyState;
  for (const each of story(randomNumbers(3), 200)) {
    const before = JSON.stringify(plain(frozen(state)));
    const next = reduce(frozen(state), frozen(structuredClone(each)));
    equal(JSON.stringify(plain(state)), before, "the state before");
    state = next;
  }
});

/** What a server would send: the events of some deployments, mixed; the first is a snapshot. */
function story(random, length) {
  const server = { rows: new Map(), eventId: 0, number: 0 };
  const pick = (list) => list[Math.floor(random() * list.length)];
  const result = [snapshot(0)];
  const counts = () => ({ running_deployments: [...server.rows.values()].filter(({ status }) => status === "in_progress").length });
  const app = (name) => {
    const newest = [...server.rows.values()].filter((each) => each.app === name).sort((a, b) => b.number - a.number)[0];
    return { app: name, environment: "default", latest_deployment_id: newest?.id ?? null, status: newest?.status ?? null };
  };
  while (result.length < length) {
    const eventId = ++server.eventId;
    const ended = [...server.rows.values()].filter(({ status }) => status === "success");
    const moving = [...server.rows.values()].filter(({ status }) => status === "in_progress");
    const roll = random();
    let touched;
    if (moving.length === 0 || roll < 0.15) {
      touched = row(++server.number, { status: "in_progress", stage: "pulling_image", event_id: eventId });
    } else if (roll < 0.7) {
      touched = { ...pick(moving), event_id: eventId };
      touched.progress += 1;
      touched.message = String(touched.progress);
      touched.updated_at = `t${eventId}`;
      server.rows.set(touched.id, { ...touched, detail: null });
      const { id, stage, progress: percent, message } = touched;
      result.push(envelope("deployment.progress", eventId, { id, stage, progress: percent, message, detail: null }));
      continue;
    } else if (roll < 0.9 || ended.length === 0) {
      touched = { ...pick(moving), status: "success", stage: "completed", event_id: eventId, workload: { state: "running", health: {}, since: `t${eventId}` } };
      delete touched.detail;
    } else {
      const { id, app: name } = pick(ended);
      server.rows.delete(id);
      result.push(envelope("deployment.delete", eventId, { id }), envelope("app.upsert", eventId, app(name)), envelope("counts.update", eventId, counts()));
      continue;
    }
    server.rows.set(touched.id, touched);
    result.push(envelope("deployment.upsert", eventId, touched), envelope("app.upsert", eventId, app(touched.app)), envelope("counts.update", eventId, counts()));
  }
  result.stateAt = (index) => result.slice(0, index + 1).reduce(reduce, emptyState);
  return result;
}

test("cuts, repeats, late events and fresh snapshots end in the same state as the plain stream", () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = randomNumbers(seed * 7919);
    const events = story(random, 160);
    const wanted = plain(events.stateAt(events.length - 1));
    let state = emptyState;
    for (let index = 0; index < events.length; index += 1) {
      state = reduce(state, events[index]);
      if (random() < 0.08) {
        // The connection is cut; some of what was sent meanwhile is lost, the snapshot has it.
        index = Math.min(events.length - 1, index + Math.floor(random() * 9));
        while (index + 1 < events.length && events[index + 1].event_id === events[index].event_id) index += 1;
        const at = events.stateAt(index);
        state = reduce(state, snapshot(at.lastEventId, [...at.deploymentById.values()], { apps: liveApps(at).map(({ event_id, ...app }) => app), counts: at.counts }));
      }
      if (random() < 0.1) {
        // Late and double: a few of the last ones again, in any order.
        const again = events.slice(Math.max(1, index - 6), index + 1).filter((each) => each.type !== "snapshot" && !each.type.startsWith("counts"));
        for (const each of again.filter((each) => each.event_id < state.lastEventId).sort(() => random() - 0.5)) state = reduce(state, each);
      }
    }
    equal(plain(state), wanted, `with seed ${seed} it`);
  }
});
test("deployments whose events arrive in another order relative to each other end the same", () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const random = randomNumbers(seed);
    const streams = [1, 2, 3, 4].map((number) => [
      upsert(number, number, { status: "in_progress", stage: "pulling_image" }),
      ...Array.from({ length: 8 }, (_, index) => progress(number, 10 + index * 4 + number, 10 + index)),
      upsert(number, 100 + number, { status: "success", stage: "completed", progress: 100 }),
    ]);
    const wanted = plain(fold(snapshot(0), ...streams.flat()));
    const mixed = [];
    const left = streams.map((stream) => [...stream]);
    while (left.some((stream) => stream.length)) {
      const stream = left[Math.floor(random() * left.length)];
      if (stream.length) mixed.push(stream.shift());
    }
    equal(plain(fold(snapshot(0), ...mixed)), wanted, `with seed ${seed} it`);
  }
});
test("the lists amount to a snapshot", () => {
  const live = row(1, { status: "success", workload: { state: "unhealthy" }, result: { metadata: { image_digest: "sha256:1" } } });
  const latest = row(2, { status: "failed", last_event_id: 44, event_id: undefined });
  const state = fold(snapshotFromLists([latest, live], [{ app: "a", environment: "e", latest, live, counts: { queued: 2, in_progress: 1, failed: 9 } }]));
  equal([state.deploymentIds, state.lastEventId], [["d2", "d1"], 44]);
  equal(state.deploymentById.get("d2").event_id, 44);
  equal(state.counts, { running_deployments: 1, queued: 2, apps_live: 0, apps_failing: 1, workloads_running: null, workloads_unhealthy: null });
  equal(snapshotFromLists([latest], [{ app: "a", environment: "e", latest, live }]).payload.counts.queued, null, "what the list does not say");
  equal(state.apps.get(appKey("a", "e")).live_deployment_id, "d1");
});

// -------------------------------------------------------------------- a world with a clock and a server

const settle = async () => {
  for (let turn = 0; turn < 4; turn += 1) {
    await new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => (port1.close(), resolve());
      port2.postMessage(0);
    });
  }
};

class World {
  time = 0;
  timers = new Map();
  next = 1;
  /** `{path, at}` of each request. */
  calls = [];
  streams = [];
  document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  events = [];
  /** Answers a request: a function of the path. */
  answer = () => this.stream();

  options = (more = {}) => ({
    endpoint: "/api/events/stream",
    shareAcrossTabs: false,
    fetch: this.fetch,
    now: () => this.time,
    random: () => 1,
    setTimeout: (act, milliseconds) => {
      this.timers.set(this.next, { at: this.time + Math.max(0, milliseconds), act });
      return this.next++;
    },
    clearTimeout: (timer) => this.timers.delete(timer),
    document: this.document,
    window: null,
    ...more,
  });

  connect(more) {
    const client = (this.client = connect(this.options(more)));
    client.subscribe((event) => this.events.push(event));
    return client;
  }

  fetch = async (path, { signal, headers } = {}) => {
    this.calls.push({ path, at: this.time, headers });
    if (signal?.aborted) throw new DOMException("aborted", "AbortError");
    const answer = await this.answer(path, this.calls.length);
    if (answer instanceof Error) throw answer;
    if (answer === "hang") return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError"))));
    signal?.addEventListener("abort", () => answer.fail?.(new DOMException("aborted", "AbortError")));
    return answer.response ?? answer;
  };

  /** An open event stream; `send(envelope…)`, `end()`. */
  stream(first = snapshot(1)) {
    const stream = { closed: false };
    const body = new ReadableStream({
      start(controller) {
        stream.bytes = (text) => stream.closed || controller.enqueue(typeof text === "string" ? encode(text) : text);
        stream.send = (...list) => stream.bytes(list.map((each) => `${each.event_id === null ? "" : `id: ${each.event_id}\n`}data: ${JSON.stringify(each)}\n\n`).join(""));
        stream.end = () => stream.closed || ((stream.closed = true), controller.close());
        stream.fail = (error) => stream.closed || ((stream.closed = true), controller.error(error));
      },
    });
    stream.response = new Response(body, { headers: { "Content-Type": "text/event-stream" } });
    if (first) stream.send(first);
    this.streams.push(stream);
    return stream;
  }

  async advance(milliseconds) {
    const end = this.time + milliseconds;
    await settle();
    for (;;) {
      const [key, timer] = [...this.timers].sort(([, a], [, b]) => a.at - b.at)[0] ?? [];
      if (!timer || timer.at > end) break;
      this.time = Math.max(this.time, timer.at);
      this.timers.delete(key);
      timer.act();
      await settle();
    }
    this.time = end;
    await settle();
  }

  get open() {
    return this.streams.filter(({ closed }) => !closed).length;
  }

  times(path = "/api/events/stream") {
    return this.calls.filter((call) => call.path.startsWith(path)).map(({ at }) => at);
  }
}

const json = (document, status = 200, headers = {}) => new Response(JSON.stringify(document), { status, headers: { "Content-Type": "application/json", ...headers } });
const problem = (status, detail, headers) => json({ title: "No", detail, status }, status, headers);
const down = new TypeError("Failed to fetch");

/** Answers the lists for polling; anything else by `stream`. */
const lists = (stream, deployments = [row(1)]) => (path) =>
  path.startsWith("/api/deployments") ? json({ deployments, next_cursor: null }) : path.startsWith("/api/apps") ? json({ apps: [] }) : stream(path);

test("a connection counts once its snapshot is there", async () => {
  const world = new World();
  let stream;
  world.answer = () => (stream = world.stream(null));
  const client = world.connect();
  await world.advance(100);
  equal(client.state, "connecting");
  stream.send(snapshot(5, [row(1)]), upsert(2, 6));
  await world.advance(0);
  equal([client.state, client.mode, client.store.deploymentIds], ["connected", "live", ["d2", "d1"]]);
  client.close();
  await settle();
  equal([client.state, world.open], ["disconnected", 0]);
});
test("filters and headers go with the request", async () => {
  const world = new World();
  const client = world.connect({ filters: { app: "a b", environment: "", ids: ["x", "y"] }, headers: { Authorization: "Bearer t" } });
  await world.advance(0);
  equal(world.calls[0].path, "/api/events/stream?app=a+b&ids=x%2Cy");
  equal(world.calls[0].headers.Authorization, "Bearer t");
  client.close();
});
test("an envelope split between chunks, inside a character, is put together", async () => {
  const world = new World();
  const client = world.connect();
  await world.advance(0);
  const bytes = encode(`data: ${JSON.stringify(upsert(4, 9, { message: "Grüße 🚢" }))}\n\n`);
  const cut = bytes.indexOf(0xf0) + 2;
  world.streams[0].bytes(bytes.slice(0, cut));
  await world.advance(1);
  world.streams[0].bytes(bytes.slice(cut));
  await world.advance(1);
  equal(client.store.deploymentById.get("d4").message, "Grüße 🚢");
  client.close();
});
test("failures wait twice as long each time, up to the limit", async () => {
  equal([1, 2, 3, 4, 5, 6, 9].map((failures) => backoff(failures, {}, () => 1)), [1000, 2000, 4000, 8000, 16000, 30000, 30000]);
  equal([1, 2].map((failures) => backoff(failures, {}, () => 0)), [500, 1000]);
  const world = new World();
  world.answer = () => down;
  const client = world.connect({ enablePollingFallback: false });
  await world.advance(60000);
  equal(world.times(), [0, 1000, 3000, 7000, 15000]);
  equal([client.state, client.mode, client.status.error.message], ["error", "live", "The server cannot be reached."]);
  client.reconnect();
  await world.advance(0);
  equal([world.times().length, client.state], [6, "reconnecting"]);
  client.close();
});
test("attempts start again only after a snapshot", async () => {
  const world = new World();
  world.answer = (_, call) => {
    const stream = world.stream(call === 4 ? snapshot(1) : null);
    setTimeout(() => stream.end(), 0);
    return stream;
  };
  const client = world.connect({ enablePollingFallback: false });
  await world.advance(0);
  for (let step = 0; step < 40; step += 1) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    await world.advance(500);
  }
  const waits = world.times().map((at, index, all) => at - (all[index - 1] ?? 0)).slice(1, 6);
  equal(waits.map((wait) => Math.round(wait / 1000)), [1, 2, 4, 1, 2], "the waits");
  client.close();
});
test("the retry of the stream is the first wait", async () => {
  const world = new World();
  const client = world.connect();
  await world.advance(0);
  world.streams[0].bytes("retry: 3000\n\n");
  await world.advance(10);
  world.answer = () => down;
  world.streams[0].end();
  await world.advance(20000);
  const waits = world.times().slice(0, 4).map((at, index, all) => Math.round((at - (all[index - 1] ?? 0)) / 1000));
  equal(waits.slice(0, 3), [0, 3, 6]);
  client.close();
});
test("silence is the end of a connection, whatever the wall clock says", async () => {
  const world = new World();
  const client = world.connect();
  await world.advance(0);
  for (let beat = 0; beat < 4; beat += 1) {
    await world.advance(15000);
    world.streams[0].bytes(": heartbeat\n\n");
  }
  await world.advance(44000);
  equal([client.state, world.open], ["connected", 1]);
  await world.advance(1500);
  equal([client.state, client.status.error.reason], ["reconnecting", "silence"]);
  await world.advance(1000);
  equal([client.state, world.streams.length, world.open], ["connected", 2, 1]);
  client.close();
});
test("a hidden tab has no connection; once visible it has one at once", async () => {
  const world = new World();
  const client = world.connect();
  await world.advance(0);
  world.document.visibilityState = "hidden";
  world.document.dispatchEvent(new Event("visibilitychange"));
  await world.advance(200000);
  equal([client.state, world.open, world.calls.length], ["disconnected", 0, 1]);
  world.document.visibilityState = "visible";
  world.document.dispatchEvent(new Event("visibilitychange"));
  await world.advance(0);
  equal([client.state, world.open, world.calls.length], ["connected", 1, 2]);
  client.close();
});
test("a client made in a hidden tab waits until it is seen", async () => {
  const world = new World();
  world.document.visibilityState = "hidden";
  const client = world.connect();
  await world.advance(1000);
  equal(world.calls.length, 0);
  client.reconnect();
  equal(world.calls.length, 0);
  client.close();
});
test("where streams fail again and again the lists are asked, and told of", async () => {
  const world = new World();
  world.answer = lists(() => down);
  const client = world.connect();
  await world.advance(16000);
  equal([client.state, client.mode, client.status.polled], ["error", "polling", true]);
  equal(client.store.deploymentIds, ["d1"]);
  equal(world.events.filter(({ type }) => type === "sse-fallback-triggered").length, 1);
  await world.advance(20000);
  equal(world.times("/api/apps"), [15000, 20000, 25000, 30000, 35000]);
  client.close();
});
test("while polling, what has not ended is there however old it is", async () => {
  const world = new World();
  const counts = { queued: 0, in_progress: 2 };
  const newest = row(9, { status: "in_progress" });
  world.answer = (path) => {
    if (path.startsWith("/api/deployments")) return json({ deployments: /status=/.test(path) ? [newest, row(2, { status: "in_progress" })] : [newest, row(8)] });
    return path.startsWith("/api/apps") ? json({ apps: [{ app: "a", environment: "e", latest: newest, live: null, counts }] }) : down;
  };
  const client = world.connect();
  await world.advance(16000);
  equal([client.store.deploymentIds, client.store.counts.running_deployments], [["d9", "d8", "d2"], 2]);
  equal(world.times("/api/deployments?limit=100&status=queued").length, 0);
  client.close();
});
test("while polling succeeds streaming is tried each minute, and taken where it goes", async () => {
  const world = new World();
  let works = false;
  world.answer = lists(() => (works ? world.stream() : down));
  const client = world.connect();
  await world.advance(15000);
  await world.advance(60000);
  equal(world.times().length, 6, "the number of tries");
  equal(client.mode, "polling");
  works = true;
  await world.advance(61000);
  equal([client.mode, client.state, client.status.error], ["live", "connected", null]);
  const polls = world.times("/api/apps").length;
  await world.advance(20000);
  equal(world.times("/api/apps").length, polls, "the number of polls");
  client.close();
});
test("when a server that was away answers a poll, streaming is tried at once", async () => {
  const world = new World();
  world.answer = () => down;
  const client = world.connect();
  await world.advance(22000);
  equal([client.mode, client.status.polled], ["polling", false]);
  world.answer = lists(() => world.stream());
  await world.advance(5000);
  equal([client.mode, client.state], ["live", "connected"]);
  client.close();
});
test("resetting the fallback streams at once", async () => {
  const world = new World();
  let works = false;
  world.answer = lists(() => (works ? world.stream() : down));
  const client = world.connect();
  await world.advance(16000);
  works = true;
  client.resetFallback();
  await world.advance(0);
  equal([client.mode, client.state], ["live", "connected"]);
  client.close();
});
test("a refusal is not tried again, and says why", async () => {
  for (const status of [401, 403, 421]) {
    const world = new World();
    world.answer = () => problem(status, "Use --allow-host.");
    const client = world.connect();
    await world.advance(100000);
    equal([world.calls.length, client.state, client.status.error.message, client.status.error.status], [1, "error", "Use --allow-host.", status]);
    client.close();
  }
});
test("Retry-After is kept to", async () => {
  const world = new World();
  world.answer = (_, call) => (call === 1 ? problem(503, "Later.", { "Retry-After": "7" }) : world.stream());
  const client = world.connect();
  await world.advance(6900);
  equal([world.calls.length, client.status.retryAt], [1, 7000]);
  await world.advance(200);
  equal(client.state, "connected");
  client.close();
});
test("an answer that is no stream is a failure", async () => {
  const world = new World();
  world.answer = () => new Response("<html>", { headers: { "Content-Type": "text/html" } });
  const client = world.connect({ enablePollingFallback: false });
  await world.advance(20000);
  equal([client.state, world.calls.length], ["error", 5]);
  client.close();
});

const ticks = (world, apart) => {
  const stream = world.stream(null);
  const send = async () => {
    for (let tick = 1; tick <= 5; tick += 1) {
      stream.bytes(`data: {"tick":${tick}}\n\n`);
      if (apart) {
        await settle();
        world.time += apart;
      }
    }
    stream.end();
  };
  send();
  return stream;
};
test("a proxy that holds back is found out, told of, and polled through", async () => {
  const world = new World();
  world.answer = lists((path) => (path.endsWith("stream-test") ? ticks(world, 0) : "hang"));
  const client = world.connect();
  await world.advance(5500);
  equal([client.mode, client.status.buffering, client.store.ready], ["polling", true, true]);
  const told = world.events.filter(({ type }) => type === "buffering");
  check(told.length === 1 && told[0].advice.includes("proxy_buffering off"), "it is not told how to mend it");
  await world.advance(70000);
  equal([client.mode, client.status.buffering, world.events.filter(({ type }) => type === "buffering").length], ["polling", true, 1]);
  client.close();
});
test("a slow server is not taken for a proxy", async () => {
  const world = new World();
  let stream;
  world.answer = (path) => (path.endsWith("stream-test") ? ticks(world, 200) : (stream = world.stream(null)));
  const client = world.connect();
  await world.advance(8000);
  equal([client.state, client.status.buffering], ["connecting", false]);
  stream = world.streams[0];
  stream.send(snapshot(3));
  await world.advance(10);
  equal(client.state, "connected");
  await world.advance(20000);
  equal(client.state, "connected", "a limit that was passed");
  client.close();
});
test("the probe tells apart, and says nothing where it cannot", async () => {
  const world = new World();
  const probe = (answer) => probeBuffering({ fetch: async () => answer().response, now: () => world.time });
  equal((await probe(() => ticks(world, 200))).buffered, false);
  equal((await probe(() => ticks(world, 0))).buffered, true);
  equal((await probe(() => ({ response: problem(404, "no") }))).buffered, null);
  equal((await probeBuffering({ fetch: async () => { throw down; } })).buffered, null);
});
test("a listener that throws keeps nothing from the others", async () => {
  const world = new World();
  const client = world.connect();
  const quiet = (event) => event.preventDefault();
  addEventListener("error", quiet);
  const heard = [];
  client.subscribe(() => {
    throw new Error("meant to be thrown");
  });
  const leave = client.subscribe(({ type }) => heard.push(type));
  await world.advance(0);
  check(heard.includes("change"), "the other one heard nothing");
  leave();
  heard.length = 0;
  client.close();
  equal(heard, []);
  removeEventListener("error", quiet);
});

// -------------------------------------------------------------------- tabs

/** Clients that share a connection, in real time: locks and channels have no other. */
function tab(world, name, more = {}) {
  const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const client = connect({ endpoint: `/${name}/events/stream`, fetch: world.fetch, document, window: null, leaderTimeout: 400, ...more });
  return { client, show(visibilityState) {
    document.visibilityState = visibilityState;
    document.dispatchEvent(new Event("visibilitychange"));
  } };
}
async function until(what, condition) {
  const end = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("tabs share one connection, and see the same", async () => {
  const world = new World();
  const name = `share-${Math.random()}`;
  const first = tab(world, name);
  await until("the first", () => first.client.state === "connected");
  const second = tab(world, name);
  await until("the second", () => second.client.state === "connected" && second.client.store.ready);
  equal([world.streams.length, first.client.status.role, second.client.status.role], [1, "leader", "follower"]);
  world.streams[0].send(upsert(8, 9));
  await until("the event", () => second.client.store.deploymentById.has("d8") && first.client.store.deploymentById.has("d8"));
  equal(plain(first.client.store), plain(second.client.store));
  first.client.close();
  second.client.close();
});
test("when the tab with the connection is hidden or closed, another takes over", async () => {
  const world = new World();
  const name = `over-${Math.random()}`;
  const first = tab(world, name);
  await until("the first", () => first.client.state === "connected");
  const second = tab(world, name);
  await until("the second", () => second.client.state === "connected");
  first.show("hidden");
  await until("the change", () => second.client.status.role === "leader" && second.client.state === "connected");
  equal([first.client.state, world.open], ["disconnected", 1]);
  first.show("visible");
  await until("the first again", () => first.client.state === "connected");
  equal([first.client.status.role, world.open], ["follower", 1]);
  second.client.close();
  await until("the first to lead", () => first.client.status.role === "leader" && first.client.state === "connected");
  equal(world.open, 1);
  first.client.close();
});
test("a tab that holds the connection and has hung loses it", async () => {
  const world = new World();
  const name = `hung-${Math.random()}`;
  let lost = false;
  const lock = `slipway:1:/${name}/events/stream:{}`;
  navigator.locks.request(lock, () => new Promise(() => {})).catch(() => (lost = true));
  await until("the lock", async () => true);
  const { client } = tab(world, name);
  await until("the place", () => client.status.role === "leader" && client.state === "connected");
  equal(lost, true);
  client.close();
});
test("a follower asks the leader to try again", async () => {
  const world = new World();
  const name = `again-${Math.random()}`;
  world.answer = () => problem(401, "A token is needed.");
  const first = tab(world, name);
  await until("the refusal", () => first.client.state === "error");
  const second = tab(world, name);
  await until("the refusal there too", () => second.client.state === "error");
  equal([second.client.status.error.message, second.client.status.error.status, second.client.status.role], ["A token is needed.", 401, "follower"]);
  world.answer = () => world.stream();
  second.client.reconnect();
  await until("both", () => first.client.state === "connected" && second.client.state === "connected");
  equal(world.open, 1);
  first.client.close();
  second.client.close();
});
test("where locks or channels are denied a tab goes alone", async () => {
  const denied = () => new DOMException("Access is denied.", "SecurityError");
  const channel = () => ({ closed: false, postMessage() {}, close() { this.closed = true; } });
  let [made, asked] = [null, 0];
  const surroundings = [
    { locks: { request: async () => { asked += 1; throw denied(); } }, createChannel: () => (made = channel()) },
    { locks: { request: () => new Promise(() => {}) }, createChannel: () => { throw denied(); } },
  ];
  for (const each of surroundings) {
    const world = new World();
    const client = world.connect({ shareAcrossTabs: true, ...each });
    await world.advance(0);
    equal([client.state, client.status.role, world.open], ["connected", "alone", 1]);
    world.streams[0].end();
    await world.advance(1100);
    equal([client.state, world.open], ["connected", 1], "after a cut it");
    client.reconnect();
    await world.advance(0);
    equal([client.state, world.open], ["connected", 1], "when asked to try again it");
    client.close();
    await settle();
    equal(world.open, 0);
  }
  equal([asked, made.closed], [2, true]);
});

// -------------------------------------------------------------------- running them

const wanted = new URLSearchParams(location.search).get("test");
const lines = [];
let failed = 0;
for (const [name, body] of tests) {
  if (wanted && !name.includes(wanted)) continue;
  try {
    await body();
    lines.push(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    lines.push(`FAIL  ${name}: ${error.message}`);
  }
}
lines.push(failed ? `${failed} failed` : `${lines.length} passed`);
document.getElementById("report").textContent = lines.join("\n");
