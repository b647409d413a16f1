// One deployment in the list.
import { isFinal } from "../slipway.js";
import { make, setData, setText } from "./dom.js";
import { agoText, bytesText, dateText, durationText, link, shortImage, stageTitle, statusWords, stepWords, webAddress, workloadWords } from "./words.js";
import { byContainer, byReplaced, now, rowOf, shortContainer } from "./state.js";
import { hashFor } from "./address.js";

const bands = [5, 10, 35, 50, 70, 90, 100];

/** How much of a stage is done, from 0 to 1. */
function fraction(step, place, row) {
  if (step.status === "success") return 1;
  if (step.status !== "running") return 0;
  return Math.min(1, Math.max(0.08, (row.progress - bands[place]) / (bands[place + 1] - bands[place])));
}

/** The status of the container, which the dot after the pipeline shows. */
export function workloadStatus(row) {
  const state = row.workload?.state;
  if (state === "running") return "live";
  if (state === "unhealthy" || state === "restarting" || state === "stopping") return "warn";
  return state ? "gone" : "pending";
}

class Track {
  constructor() {
    this.element = make("div", { class: "track", role: "img" });
    this.steps = Array.from({ length: 7 }, (_, place) => {
      const dot = make("span", { class: "mark" });
      this.element.append(dot);
      const fill = make("i");
      if (place < 6) this.element.append(make("span", { class: "link-line" }, fill));
      return { dot, fill };
    });
    this.label = null;
  }

  patch(row) {
    const pipeline = (row.stages ?? []).slice(0, 6);
    pipeline.forEach((step, place) => {
      const { dot, fill } = this.steps[place];
      setData(dot, "status", step.status);
      const done = fraction(step, place, row);
      if (fill.done !== done) {
        fill.done = done;
        fill.style.transform = `scaleX(${done})`;
      }
    });
    setData(this.steps[6].dot, "status", workloadStatus(row));
    const at = pipeline.findIndex(({ status }) => status === "running" || status === "failed");
    const done = pipeline.filter(({ status }) => status === "success").length;
    const label = at >= 0 ? `Stage ${at + 1} of 6, ${stageTitle(pipeline[at].name)}: ${stepWords[pipeline[at].status]}` : `${done} of 6 stages done`;
    if (this.label !== label) this.element.setAttribute("aria-label", (this.label = label));
  }
}

/** What the row says of the deployment's state: a strong word, and the rest. */
export function story(row) {
  if (row.status === "queued") return ["Queued", row.message === "Queued" ? "" : row.message];
  if (row.status === "in_progress") {
    const { bytes_done: done, bytes_total: total, bytes_per_second: rate, eta_seconds: eta } = row.detail ?? {};
    if (typeof done !== "number") return [stageTitle(row.stage), row.message];
    const figures = [bytesText(done, total)];
    if (rate > 0) figures.push(`${bytesText(rate)}/s`);
    if (eta > 0) figures.push(`${durationText(eta * 1000, { whole: true })} left`);
    return [stageTitle(row.stage), figures.join(" · ")];
  }
  if (row.status === "failed") return [row.failure?.code?.replaceAll("_", " ") ?? "Failed", row.failure?.message ?? row.message];
  if (row.status !== "success") return [statusWords[row.status] ?? row.status, row.failure?.message && row.failure.message !== statusWords[row.status] ? row.failure.message : ""];
  const { workload } = row;
  if (!workload) return ["Deployed", row.message];
  const word = workloadWords[workload.state] ?? workload.state;
  if (workload.state === "unhealthy") {
    const sick = Object.entries(workload.health ?? {}).filter(([, healthy]) => !healthy).map(([name]) => name);
    return [word, sick.length ? `${sick.join(", ")} ${sick.length === 1 ? "does" : "do"} not answer` : ""];
  }
  if (workload.state === "stopped") return [word, typeof workload.exit_code === "number" ? `exit code ${workload.exit_code}` : ""];
  if (workload.state === "removed") {
    const next = rowOf(byReplaced.get(shortContainer(row.result?.deployment_id)));
    return next ? ["Replaced", `by #${next.number}`] : [word, ""];
  }
  return [word, ""];
}

/** Names the deployment that the row's container has replaced. */
function replacedText(row) {
  const replaced = row.status === "success" ? row.result?.metadata?.replaced : null;
  if (!replaced || row.workload?.state === "removed") return "";
  const old = rowOf(byContainer.get(shortContainer(replaced)));
  return old ? `replaced #${old.number}` : `replaced ${shortContainer(replaced)}`;
}

/** The colour of the row: only rows that need attention have one. */
export function toneOf(row) {
  if (row.status === "in_progress") return "moving";
  if (row.status === "queued") return "waiting";
  if (row.status === "failed") return "bad";
  if (row.status !== "success") return "still";
  return { live: "live", warn: "warn" }[workloadStatus(row)] ?? "still";
}

export class RowView {
  constructor(id) {
    this.id = id;
    this.anchor = make("a", { class: "app" });
    this.environment = make("span", { class: "tag" });
    this.number = make("span", { class: "number" });
    this.image = make("span", { class: "image" });
    this.track = new Track();
    this.word = make("b");
    this.aside = make("span", { class: "aside" });
    this.rest = make("span", { class: "rest" });
    this.endpoint = make("span", { class: "ends" });
    this.percent = make("b", { class: "figure" });
    this.time = make("time");
    this.bar = make("span", { class: "progress" });
    this.element = make("li", { class: "row" },
      make("div", { class: "who" }, make("p", { class: "name" }, this.anchor, this.environment), make("p", { class: "under" }, this.number, this.image)),
      this.track.element,
      make("div", { class: "story" }, make("p", { class: "line" }, this.word, this.aside), make("p", { class: "under" }, this.endpoint, this.rest)),
      make("div", { class: "when" }, this.percent, this.time),
      this.bar);
    this.element.dataset.id = id;
  }

  patch(row) {
    if (this.row === row && this.extra === replacedText(row) + story(row)[1]) return;
    this.row = row;
    this.extra = replacedText(row) + story(row)[1];
    setText(this.anchor, row.app);
    const href = hashFor({ id: row.id });
    if (this.anchor.getAttribute("href") !== href) this.anchor.setAttribute("href", href);
    setText(this.environment, row.environment);
    this.environment.hidden = row.environment === "default";
    setText(this.number, `#${row.number ?? "–"}`);
    setText(this.image, shortImage(row.image));
    if (this.image.title !== row.image) this.image.title = row.image;
    const tone = toneOf(row);
    setData(this.element, "tone", tone);
    setData(this.element, "status", row.status);
    setData(this.element, "stage", row.stage);
    this.track.patch(row);
    const [word, rest] = story(row);
    setText(this.word, word);
    setText(this.rest, rest);
    if (this.rest.title !== rest) this.rest.title = rest;
    this.patchEnds(row);
    const active = row.status === "in_progress";
    setText(this.percent, active ? `${row.progress}%` : "");
    const scale = active ? `scaleX(${row.progress / 100})` : "";
    if (this.bar.style.transform !== scale) this.bar.style.transform = scale;
    this.tick();
  }

  patchEnds(row) {
    const endpoint = row.workload && workloadStatus(row) !== "gone" ? row.workload.endpoint_url ?? null : null;
    const replaced = replacedText(row);
    const key = `${endpoint}|${replaced}`;
    if (this.ends === key) return;
    this.ends = key;
    this.endpoint.replaceChildren(...(endpoint ? [link(endpoint, webAddress(endpoint)?.host ?? endpoint)] : []));
    setText(this.aside, replaced);
  }

  /** Updates what changes with the time alone. */
  tick() {
    const { row } = this;
    const ended = isFinal(row.status);
    const at = ended ? row.finished_at ?? row.updated_at : row.created_at;
    const gone = now() - Date.parse(at);
    this.recent = gone < 60000;
    setText(this.time, ended ? agoText(gone) : `${row.status === "queued" ? "waiting" : "running"} for ${durationText(gone, { whole: true })}`);
    if (this.time.dateTime !== at) {
      this.time.dateTime = at;
      const took = ended ? `, after ${durationText(Date.parse(row.finished_at ?? row.updated_at) - Date.parse(row.created_at))}` : "";
      this.time.title = `${dateText(at)}${took}`;
    }
  }
}
