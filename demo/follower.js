// Brings the events of one deployment over connections that may break.
import { EventStreamParser, readEvents } from "../client/event-stream.js";
import { Problem, backoff } from "../client/problem.js";

const silenceLimit = 40000; // milliseconds; a stream sends something every 15 s
const firstWordLimit = 10000; // milliseconds; used when the first event exists already
const failuresBeforePolling = 5;
const pollingPeriod = 30000;

/** Nothing came for longer than is possible on a live connection. The request may have arrived. */
class Silence extends Error {}

/**
 * Follows one deployment, which is submitted or known by its id, over streams that may break.
 * `hooks`: `event(event, id)`, `connection({state, until})`, `clock(serverNow)`, `signIn()`.
 */
export class Follower {
  #hooks;
  #api;
  #submission;
  #stopped = false;
  #controller = new AbortController();
  #wake = () => {};
  #retry = 1000;
  #heard = false;
  #finished = false;

  constructor(api, { id = null, submission = null }, hooks) {
    this.#api = api;
    this.id = id;
    this.lastEventId = 0;
    this.#submission = submission;
    this.#hooks = hooks;
  }

  stop() {
    this.#stopped = true;
    this.#controller.abort();
    this.#wake();
  }

  retryNow() {
    this.#wake();
  }

  /** Returns at the final event or when it was stopped. Throws errors that another attempt cannot mend. */
  async run() {
    let failures = 0;
    let accepted = this.id !== null;
    let triedAgain = false;
    while (!this.#done) {
      this.#heard = false;
      let pause = null;
      this.#hooks.connection({ state: "connecting" });
      try {
        if (failures >= 2 && this.id === null) await this.#submitWithoutStream();
        else await this.#stream(() => (accepted = true));
      } catch (error) {
        if (this.#done) break;
        if (error.status === 401) {
          await this.#hooks.signIn();
          continue;
        }
        accepted ||= error instanceof Silence;
        if (!accepted && error instanceof TypeError && !triedAgain) {
          // A browser drops its requests if a network interface comes or goes, which happens with every container.
          triedAgain = true;
          await this.#pause(300);
          continue;
        }
        if (!accepted || (error instanceof Problem && !error.passes)) throw error;
        pause = error.retryAfter;
      }
      if (this.#done) break;
      failures = this.#heard ? 1 : failures + 1;
      if (failures >= failuresBeforePolling && this.id !== null) {
        await this.#poll();
        failures = failuresBeforePolling - 1;
      } else {
        await this.#pause(pause || backoff(failures, { reconnectDelay: this.#retry }));
      }
    }
    if (this.#finished) this.#hooks.connection({ state: "ended" });
  }

  get #done() {
    return this.#finished || this.#stopped;
  }

  async #pause(milliseconds) {
    this.#hooks.connection({ state: "waiting", until: Date.now() + milliseconds });
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => (clearTimeout(timer), resolve());
    });
    this.#wake = () => {};
  }

  #take(event, id) {
    this.id = event.deployment_id;
    if (id) this.lastEventId = Math.max(this.lastEventId, id);
    if (event.result) this.#finished = true;
    this.#hooks.event(event, id);
  }

  /** Fetches, and lets `read` have the answer. Gives up after `limit` ms, unless `read` calls `alive(ms)` in time. */
  async #fetch(path, options, limit, read) {
    const controller = (this.#controller = new AbortController());
    let timer;
    const alive = (next) => {
      clearTimeout(timer);
      timer = setTimeout(() => controller.abort(new Silence()), next);
    };
    alive(limit);
    try {
      const response = await this.#api(path, { ...options, signal: controller.signal });
      const date = Date.parse(response.headers.get("Date"));
      if (date) this.#hooks.clock(date);
      if (!response.ok && response.status !== 304) throw await Problem.from(response);
      return await read(response, alive);
    } finally {
      clearTimeout(timer);
      controller.abort();
    }
  }

  #post(accept) {
    return {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: accept, "Idempotency-Key": this.#submission.key },
      body: this.#submission.body,
    };
  }

  async #stream(accepted) {
    const parser = new EventStreamParser();
    const fresh = this.id === null;
    const headers = { Accept: "text/event-stream" };
    if (this.lastEventId) headers["Last-Event-ID"] = String(this.lastEventId);
    const path = fresh ? "/api/deploy/docker-registry/stream" : `/api/deployments/${encodeURIComponent(this.id)}/stream`;
    const options = fresh ? this.#post("text/event-stream") : { headers };
    const limit = this.lastEventId ? silenceLimit : firstWordLimit;
    await this.#fetch(path, options, limit, async (response, alive) => {
      if (!/^text\/event-stream/i.test(response.headers.get("Content-Type") ?? "")) {
        throw new Problem(response.status, "This address does not answer with a stream", { detail: "Is it a Slipway server?" });
      }
      accepted();
      for await (const events of readEvents(response, parser)) {
        if (this.#stopped) return;
        if (!this.#heard) this.#hooks.connection({ state: "connected" });
        this.#heard = true;
        alive(silenceLimit);
        for (const { id, data } of events) {
          let event;
          try {
            event = JSON.parse(data);
          } catch {
            continue;
          }
          if (event && event.deployment_id) this.#take(event, Number(id) || 0);
        }
        if (parser.retry !== null) this.#retry = Math.max(100, parser.retry);
        if (this.#finished) return;
      }
    });
  }

  /** Submits without a stream and learns the id: streams may never arrive on the way from the server. */
  async #submitWithoutStream() {
    await this.#fetch("/api/deployments", this.#post("application/json"), silenceLimit, async (response) => {
      this.id = (await response.json()).id ?? null;
    });
  }

  /** Asks for the newest state for a while, instead of streaming. */
  async #poll() {
    const end = Date.now() + pollingPeriod;
    const id = encodeURIComponent(this.id);
    let failures = 0;
    while (!this.#done && Date.now() < end) {
      try {
        const path = `/api/deploy/progress/${id}?after=${this.lastEventId}&wait=15`;
        const newest = await this.#fetch(path, {}, silenceLimit, (response) => (response.status === 304 ? null : response.json()));
        this.#hooks.connection({ state: "polling" });
        failures = 0;
        if (!newest) continue;
        await this.#fillIn(id).catch(() => {});
        if (newest.event_id > this.lastEventId) this.#take(newest, newest.event_id);
      } catch (error) {
        if (this.#stopped) return;
        if (error.status === 401) await this.#hooks.signIn();
        else if (error instanceof Problem && !error.passes) throw error;
        else await this.#pause(error.retryAfter || Math.min(10000, backoff(++failures, { reconnectDelay: this.#retry })));
      }
    }
  }

  /** Fetches the events between the last one seen and the newest, so that the log has no gap. */
  async #fillIn(id) {
    for (;;) {
      const path = `/api/deployments/${id}/events?after=${this.lastEventId}&limit=500`;
      const { events } = await this.#fetch(path, {}, silenceLimit, (response) => response.json());
      for (const event of events) if (event.event_id > this.lastEventId) this.#take(event, event.event_id);
      if (events.length === 0 || this.#done) return;
    }
  }
}
