// Tests of what the page's modules can do without a page. The report ends in "passed" or "failed".
import { EventStreamParser } from "/client/event-stream.js";
import { Problem, backoff } from "/client/problem.js";
import { curlCommand } from "/dashboard/actions.js";
import { bytesText, webAddress } from "/dashboard/words.js";
import { Follower } from "../../../demo/follower.js";
import { DeploymentState } from "../../../demo/state.js";
import { durationText } from "../../../demo/words.js";

(async () => {
  const tests = [];
  const test = (name, body) => tests.push([name, body]);

  function equal(got, wanted, what = "") {
    const [left, right] = [JSON.stringify(got), JSON.stringify(wanted)];
    if (left !== right) throw new Error(`${what} is ${left}, not ${right}`);
  }

  // ---------------------------------------------------------------- event stream

  const encode = (text) => new TextEncoder().encode(text);
  const parse = (...chunks) => {
    const parser = new EventStreamParser();
    return { parser, events: chunks.flatMap((chunk) => parser.push(typeof chunk === "string" ? encode(chunk) : chunk)) };
  };
  const data = (...chunks) => parse(...chunks).events.map((event) => event.data);

  test("a stream split at any two offsets gives the same events", () => {
    const text = "\uFEFFretry: 1000\nid: 7\ndata: {\"m\":\"Grüße 🚢\"}\n\n: heartbeat\r\n\r\nid: 8\rdata: a\rdata:b\r\rdata\r\n\r\nevent: x\ndata:  two\n\n";
    const bytes = encode(text);
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
    equal(data(...Array.from(encode("data: ä\r\n\r\ndata: b\r\rdata: c\n\n"), (byte) => Uint8Array.of(byte))), ["ä", "b", "c"]);
  });
  test("CR LF split between two chunks is one line end", () => equal(data("data: a\r", "\ndata: b\r", "\n\r", "\n"), ["a\nb"]));
  test("an empty chunk after CR does not make the LF a blank line", () => equal(data("data: a\r", "", "\ndata: b\n\n"), ["a\nb"]));
  test("an event is given out at the CR that ends it, before any LF", () => equal(data("data: a\r\n\r"), ["a"]));
  test("a block without its blank line is not an event", () => equal(data("data: a\n"), []));
  test("comments and unknown fields are ignored", () => equal(data(":\n: x\nfoo: bar\ndata: a\n\n"), ["a"]));
  test("a block without data is not an event, and its id stays", () => {
    equal(parse("id: 3\n\ndata: a\n\n").events, [{ id: "3", type: "message", data: "a" }]);
  });
  test("an id holding NUL is ignored", () => equal(parse("id: 1\nid: 2\0\ndata: a\n\n").events[0].id, "1"));
  test("an empty id clears the last one", () => equal(parse("id: 1\ndata: a\n\nid\ndata: b\n\n").events.map((event) => event.id), ["1", ""]));
  test("a retry that is not all digits is ignored", () => equal(parse("retry: 5\nretry: 1e3\nretry: -1\n").parser.retry, 5));
  test("only one blank after the colon is dropped", () => equal(data("data:  a:b\n\n"), [" a:b"]));
  test("a byte order mark is dropped only at the start", () => equal(data("\uFEFFdata: a\n\n\uFEFFdata: b\n\n"), ["a"]));
  test("broken UTF-8 becomes replacement characters", () => {
    equal(data(Uint8Array.of(100, 97, 116, 97, 58, 0xff, 0xc3), "\n\n"), ["\uFFFD\uFFFD"]);
  });

  // ---------------------------------------------------------------- state

  let clock = 0;
  const event = (stage, progress, more = {}) => ({
    deployment_id: "id", timestamp: new Date((clock += 1000)).toISOString(), message: stage, stage, progress, ...more,
  });
  const fold = (...events) => {
    const state = new DeploymentState();
    events.forEach((each, index) => state.apply(each, index + 1));
    return state;
  };
  const statuses = (state) => state.stages.map(({ name, status }) => `${name.split("_")[0]} ${status}`);

  test("stages run one after the other and keep their times", () => {
    const state = fold(event("validating", 5), event("pulling_image", 10), event("pulling_image", 30), event("preparing_files", 35));
    equal(statuses(state), ["validating success", "pulling success", "preparing running", "starting pending", "copying pending", "health pending"]);
    equal(state.stages[1].finishedAt - state.stages[1].startedAt, 2000);
    equal([state.percent, state.outcome], [35, null]);
  });
  test("copying before the start is seen from the events", () => {
    const state = fold(event("preparing_files", 45), event("copying_files", 50), event("starting_container", 70));
    equal(statuses(state).slice(3), ["copying success", "starting running", "health pending"]);
  });
  test("an event seen before changes nothing", () => {
    const state = fold(event("validating", 5), event("pulling_image", 10));
    equal(state.apply(event("health_check", 90), 2), false);
    equal(state.percent, 10);
  });
  test("success finishes every stage that took time, and skips the others", () => {
    const result = { success: true, metadata: { durations_ms: { validating: 5, health_check: 70 } } };
    const state = fold(event("validating", 5), event("health_check", 90), event("completed", 100, { result }));
    equal(statuses(state), ["validating success", "pulling skipped", "preparing skipped", "starting skipped", "copying skipped", "health success"]);
    equal([state.percent, state.outcome, state.stages[5].milliseconds], [100, "success", 70]);
  });
  test("a failure marks its stage and leaves the percentage", () => {
    const failed = event("error", 100, { error: "no", failure: { stage: "pulling_image" }, result: { success: false } });
    const state = fold(event("validating", 5), event("pulling_image", 18), failed);
    equal(statuses(state).slice(0, 3), ["validating success", "pulling failed", "preparing skipped"]);
    equal([state.percent, state.outcome], [18, "failed"]);
    equal(state.apply(event("completed", 100), 9), false);
  });
  test("cancelled in the queue skips every stage", () => {
    const state = fold(event("queued", 0), event("cancelled", 100, { failure: { stage: "queued" }, result: { success: false } }));
    equal(new Set(state.stages.map(({ status }) => status)).size, 1);
    equal([state.stages[0].status, state.outcome], ["skipped", "cancelled"]);
  });

  // ---------------------------------------------------------------- text

  test("bytes are told in one unit", () => {
    equal([bytesText(41200000, 96000000), bytesText(20500000), bytesText(0, 500), bytesText(1500, null)], ["41.2 of 96.0 MB", "20.5 MB", "0 of 500 B", "1.5 kB"]);
  });
  test("durations are told as precisely as they are worth", () => {
    equal([durationText(812), durationText(14210), durationText(59970), durationText(125000), durationText(3700000), durationText(1900, { whole: true })],
      ["812 ms", "14.2 s", "1 min 00 s", "2 min 05 s", "1 h 01 min", "1 s"]);
  });
  test("the wait doubles up to half a minute", () => {
    equal([1, 2, 3, 5, 6, 99].map((failures) => backoff(failures, {}, () => 1)), [1000, 2000, 4000, 16000, 30000, 30000]);
    equal([backoff(1, {}, () => 0), backoff(1, { reconnectDelay: 100 }, () => 1)], [500, 100]);
  });
  test("quotes in a curl command cannot end it", () => {
    equal(curlCommand("http://a", { a: "it's" }).endsWith(`-d '{\n  "a": "it'\\''s"\n}'`), true);
  });
  test("only web addresses become links", () => {
    equal([webAddress("javascript:alert(1)"), webAddress("data:text/html,x"), webAddress("nonsense"), webAddress("http://localhost:1").href], [null, null, null, "http://localhost:1/"]);
  });

  // ---------------------------------------------------------------- following

  const stream = (...blocks) => new Response(blocks.join(""), { headers: { "Content-Type": "text/event-stream" } });
  const block = (id, stage, more) => `retry: 100\nid: ${id}\ndata: ${JSON.stringify(event(stage, 5, more))}\n\n`;
  const last = (id) => block(id, "completed", { result: { success: true } });

  async function followed(answers, start) {
    const calls = [];
    const seen = [];
    const states = [];
    const api = async (path, options = {}) => {
      const headers = options.headers ?? {};
      calls.push([options.method ?? "GET", path, headers["Last-Event-ID"] ?? headers["Idempotency-Key"] ?? null]);
      const answer = answers(calls.length, path);
      if (answer instanceof Error) throw answer;
      return answer;
    };
    const hooks = { event: (each, id) => seen.push(id), connection: ({ state }) => states.push(state), clock() {}, signIn: async () => states.push("signed in") };
    const follower = new Follower(api, start, hooks);
    const error = await follower.run().then(() => null, (thrown) => thrown);
    return { calls, seen, states, error };
  }
  const submission = { body: "{}", key: "k" };
  const lost = () => new TypeError("Failed to fetch");

  test("a stream that breaks is taken up after the last event", async () => {
    const { calls, seen, states, error } = await followed((count) => (count === 1 ? stream(block(5, "validating"), block(6, "pulling_image")) : stream(last(7))), { submission });
    equal(error, null);
    equal(calls, [["POST", "/api/deploy/docker-registry/stream", "k"], ["GET", "/api/deployments/id/stream", "6"]]);
    equal(seen, [5, 6, 7]);
    equal(states, ["connecting", "connected", "waiting", "connecting", "connected", "ended"]);
  });
  test("a submission that cannot be sent is sent once more under the same key, and then is an error", async () => {
    const { calls, error } = await followed(lost, { submission });
    equal(calls.map(([method, , key]) => `${method} ${key}`), ["POST k", "POST k"]);
    equal(error.name, "TypeError");
  });
  test("a submission that a browser has dropped goes on", async () => {
    const { calls, error } = await followed((count) => (count === 1 ? lost() : stream(last(1))), { submission });
    equal([calls.length, error], [2, null]);
  });
  test("a submission whose answer broke off is sent again under the same key", async () => {
    const { calls } = await followed((count) => (count === 1 ? stream() : stream(last(1))), { submission });
    equal(calls.map(([method, , key]) => `${method} ${key}`), ["POST k", "POST k"]);
  });
  test("a submission whose streams stay empty learns its id without one", async () => {
    const { calls, error } = await followed((count) => (count < 3 ? stream() : count === 3 ? Response.json({ id: "id" }, { status: 202 }) : stream(last(1))), { submission });
    equal(error, null);
    equal(calls.slice(2).map(([method, path]) => `${method} ${path}`), ["POST /api/deployments", "GET /api/deployments/id/stream"]);
  });
  test("an unknown deployment is an error, an overloaded server is not", async () => {
    const unknown = await followed(() => Response.json({ title: "Not found" }, { status: 404 }), { id: "id" });
    equal([unknown.error instanceof Problem, unknown.error.status, unknown.calls.length], [true, 404, 1]);
    const busy = await followed((count) => (count === 1 ? new Response("", { status: 503, headers: { "Retry-After": "1" } }) : stream(last(1))), { id: "id" });
    equal([busy.error, busy.calls.length], [null, 2]);
  });
  test("a token is asked for and the same request sent again", async () => {
    const { calls, states } = await followed((count) => (count === 1 ? new Response("", { status: 401 }) : stream(last(1))), { submission });
    equal(calls.length, 2);
    equal(states, ["connecting", "signed in", "connecting", "connected", "ended"]);
  });
  test("an answer that is no stream is an error", async () => {
    const { error } = await followed(() => new Response("<p>proxy", { headers: { "Content-Type": "text/html" } }), { id: "id" });
    equal(error instanceof Problem, true);
  });
  test("after five failures the newest state is asked for, with nothing missed", async () => {
    const { calls, seen, states, error } = await followed((count, path) => {
      if (count === 1) return stream(block(5, "validating"));
      if (path.includes("/stream")) return lost();
      if (path.includes("/events")) return Response.json({ events: path.includes("after=5&") ? [{ ...event("pulling_image", 10), event_id: 6 }] : [] });
      return Response.json({ ...event("completed", 100, { result: { success: true } }), event_id: 9 });
    }, { submission });
    equal(error, null);
    equal(calls.filter(([, path]) => path.endsWith("/stream")).length, 5);
    equal(seen, [5, 6, 9]);
    equal(states.slice(-2), ["polling", "ended"]);
  });

  const report = [];
  let failed = 0;
  for (const [name, body] of tests) {
    try {
      await body();
      report.push(`ok    ${name}`);
    } catch (error) {
      failed += 1;
      report.push(`FAIL  ${name}: ${error.message}`);
    }
  }
  document.getElementById("report").textContent = `${report.join("\n")}\n${tests.length} tests${failed ? `, ${failed} failed` : " passed"}`;
})();
