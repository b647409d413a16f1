// Draws the deployment that is shown.
import { $, make } from "../dashboard/dom.js";
import { bytesText, stepWords } from "../dashboard/words.js";
import { addLine, flushLog } from "./log.js";
import { announce } from "./notice.js";
import { showOutcome } from "./outcome.js";
import { remember, run } from "./run.js";
import { durationText, pipeline, titleOf } from "./words.js";

/** How far this clock is ahead of the server's, in milliseconds. */
let skew = 0;
export function setClock(serverNow) {
  const difference = Date.now() - serverNow;
  skew = Math.abs(difference) < 2000 ? 0 : difference;
}

let renderTimer = null;
export function cancelRender() {
  clearTimeout(renderTimer);
  renderTimer = null;
}
export function scheduleRender() {
  // This is a timer, because a hidden tab has no animation frames and its title is to go on.
  renderTimer ??= setTimeout(() => {
    renderTimer = null;
    if (run) render();
  }, 50);
}

export function render() {
  const { state } = run;
  const drawn = run.pending.splice(0);
  drawn.forEach((event) => addLine(event));
  flushLog();
  const percent = Math.round(state.percent);
  $("percent").textContent = String(percent);
  $("fill").style.width = `${state.percent}%`;
  $("bar").setAttribute("aria-valuenow", String(percent));
  $("bar").setAttribute("aria-valuetext", `${percent} %, ${titleOf(state.stage) ?? "starting"}`);
  $("message").textContent = state.message;
  showFigures(state);
  renderTimeline(state);
  tick();
  const app = run.about.app ?? "deployment";
  const marks = { success: "✓", failed: "✗ Failed:", cancelled: "– Ended:" };
  document.title = state.outcome ? `${marks[state.outcome]} ${app} · Slipway` : `${percent}% ${app} · Slipway`;
  $("cancel").hidden = Boolean(state.final);
  $("cancel").disabled = !state.id || run.cancelling === true;
  if (state.final && !run.shown) {
    run.shown = true;
    $("run").dataset.outcome = state.outcome;
    $("cancel-note").textContent = "";
    $("submit").disabled = false;
    $("submit").textContent = "Deploy";
    showOutcome(state);
  }
  // What was announced before a refresh is not announced again.
  if (run.announced !== state.stage && state.stage) {
    run.announced = state.stage;
    if (state.lastEventId > run.seen) announce(state.final ? outcomeWords(state) : titleOf(state.stage) ?? state.stage);
  }
  if (drawn.length) remember();
}

function outcomeWords({ outcome, final }) {
  if (outcome !== "success") return `Deployment ${outcome === "failed" ? "failed" : final.stage}: ${final.error ?? final.message}`;
  return final.result.endpoint_url ? `Deployment completed. It answers at ${final.result.endpoint_url}` : "Deployment completed";
}

function showFigures({ detail, final }) {
  const figures = [];
  if (detail && !final) {
    const { bytes_done: done, bytes_total: total, bytes_per_second: rate, eta_seconds: eta, layers_done: layers, layers_total: all } = detail;
    if (typeof done === "number") figures.push(["Transferred", bytesText(done, total)]);
    if (typeof done === "number") figures.push(["Rate", typeof rate === "number" ? `${bytesText(rate)}/s` : "–"]);
    if (typeof done === "number") figures.push(["Time left", typeof eta === "number" ? durationText(eta * 1000, { whole: true }) : "–"]);
    if (typeof all === "number") figures.push(["Layers", `${layers ?? 0} of ${all}`]);
  }
  $("figures").hidden = figures.length === 0;
  $("figures").replaceChildren(...figures.map(([name, value]) => make("div", {}, make("dt", { textContent: name }), make("dd", { textContent: value }))));
}

const statusWords = { ...stepWords, cancelled: "stopped here" };
const timelineRows = pipeline.map(() => {
  const row = { item: make("li"), name: make("span", { class: "name" }), took: make("span", { class: "took" }), about: make("span", { class: "about" }), status: make("span", { class: "hidden-visually" }) };
  row.item.append(make("span", { class: "mark", ariaHidden: "true" }), make("span", {}, row.name, row.status), row.took, row.about);
  return row;
});
$("timeline").append(...timelineRows.map(({ item }) => item));

export function renderTimeline(state) {
  state.stages.forEach((stage, index) => {
    const row = timelineRows[index];
    row.item.dataset.status = stage.status;
    if (stage.status === "running") row.item.setAttribute("aria-current", "step");
    else row.item.removeAttribute("aria-current");
    row.name.textContent = titleOf(stage.name);
    row.status.textContent = `, ${statusWords[stage.status]}`;
    row.about.textContent = pipeline.find(([name]) => name === stage.name)[1];
    row.took.textContent = stageTime(stage);
  });
}

function stageTime(stage) {
  if (typeof stage.milliseconds === "number") return durationText(stage.milliseconds);
  if (stage.status === "skipped") return "skipped";
  if (stage.startedAt === null) return "";
  if (stage.finishedAt !== null) return durationText(stage.finishedAt - stage.startedAt);
  return durationText(Date.now() - skew - stage.startedAt, { whole: true });
}

function tick() {
  if (!run) return;
  const { state } = run;
  const end = state.finishedAt ?? Date.now() - skew;
  $("elapsed-label").textContent = { success: "Took", failed: "Failed after", cancelled: "Ended after" }[state.outcome] ?? "Elapsed";
  $("elapsed").textContent = state.startedAt === null ? "0 s" : durationText(end - state.startedAt, { whole: !state.final });
  state.stages.forEach((stage, index) => {
    if (stage.status === "running") timelineRows[index].took.textContent = stageTime(stage);
  });
  showConnection();
}
setInterval(tick, 500);

export function showConnection() {
  const connection = run?.connection ?? { state: "connecting" };
  const left = Math.max(0, Math.ceil(((connection.until ?? 0) - Date.now()) / 1000));
  const words = { connecting: "Connecting…", connected: "Connected", waiting: `Reconnecting in ${left} s`, polling: "Polling", ended: "Stream ended" };
  $("connection").dataset.state = connection.state;
  if ($("connection-text").textContent !== words[connection.state]) $("connection-text").textContent = words[connection.state];
  $("retry-now").hidden = connection.state !== "waiting";
}
