// What the events of one deployment add up to.
import { finals, pipeline } from "./words.js";

/** The state of one deployment. Times are milliseconds since 1970. */
export class DeploymentState {
  id = null;
  lastEventId = 0;
  stage = null;
  message = "";
  /** The percentage reached; a failure does not change it. */
  percent = 0;
  detail = null;
  startedAt = null;
  finishedAt = null;
  final = null;
  stages = pipeline.map(([name]) => ({ name, status: "pending", startedAt: null, finishedAt: null }));

  /** Puts the stages in the order of a `copy` setting. */
  order(copy) {
    const [fourth] = this.stages.slice(3, 4);
    if ((copy === "before_start") !== (fourth.name === "copying_files")) {
      this.stages.splice(3, 2, this.stages[4], fourth);
    }
  }

  /** Takes an event in; returns false if it was already seen. */
  apply(event, eventId) {
    if (this.final || (eventId && eventId <= this.lastEventId)) return false;
    if (eventId) this.lastEventId = eventId;
    const at = Date.parse(event.timestamp) || Date.now();
    this.id = event.deployment_id;
    this.startedAt ??= at;
    this.message = event.message;
    this.detail = event.detail ?? null;
    this.stage = event.stage;
    if (finals.has(event.stage)) this.#finish(event, at);
    else {
      this.percent = Math.max(this.percent, Math.min(100, event.progress));
      this.#enter(event.stage, at);
    }
    return true;
  }

  #enter(name, at) {
    let index = this.stages.findIndex((stage) => stage.name === name);
    if (index < 0 || this.stages[index].status !== "pending") return;
    if (index === 4 && this.stages[3].status === "pending") {
      this.order(name === "copying_files" ? "before_start" : "after_start");
      index = 3;
    }
    this.stages.slice(0, index).forEach((stage) => this.#leave(stage, at, "success", "skipped"));
    Object.assign(this.stages[index], { status: "running", startedAt: at });
  }

  #leave(stage, at, running, pending) {
    if (stage.status === "running") Object.assign(stage, { status: running, finishedAt: at });
    else if (stage.status === "pending") stage.status = pending;
  }

  #finish(event, at) {
    this.final = event;
    this.finishedAt = at;
    const done = event.stage === "completed";
    if (done) this.percent = 100;
    const durations = event.result?.metadata?.durations_ms ?? {};
    const broke = this.stages.findIndex((stage) => stage.name === event.failure?.stage);
    this.stages.forEach((stage, index) => {
      const stopped = event.stage === "error" ? "failed" : "cancelled";
      const here = !done && (broke < 0 ? stage.status === "running" : index === broke);
      if (here) Object.assign(stage, { status: stopped, finishedAt: at });
      else this.#leave(stage, at, "success", stage.name in durations ? "success" : "skipped");
      const spent = durations[stage.name];
      if (typeof spent === "number") stage.milliseconds = spent;
    });
  }

  /** How it ended: `success`, `failed` or `cancelled`; null as long as it goes on. */
  get outcome() {
    if (!this.final) return null;
    if (this.final.stage === "completed") return "success";
    return this.final.stage === "error" ? "failed" : "cancelled";
  }
}
