// The log of the deployment that is shown.
import { copied } from "../dashboard/actions.js";
import { $, atEnd, make } from "../dashboard/dom.js";
import { clockText, stages, stageTag } from "../dashboard/words.js";
import { scheduleRender } from "./drawing.js";
import { run } from "./run.js";

const logBound = 1000;

/** Adds a line of the page's own. */
export function addPageLine(message) {
  addLine({ stage: "page", message, timestamp: new Date().toISOString() });
  scheduleRender();
}

/** Byte progress of one stage stays on one line, which is kept up to date. */
export function addLine(event) {
  const moving = typeof event.detail?.bytes_done === "number";
  const last = run.lines.at(-1);
  if (moving && last?.moving && last.stage === event.stage) {
    Object.assign(last, { event, drawn: false });
    return;
  }
  // What a program writes without another event in between belongs together.
  const output = Array.isArray(event.detail?.output) ? event.detail.output : [];
  if (output.length && last?.output.length && last.output.length < 200 && last.event.message === event.message) {
    last.output.push(...output);
    last.drawn = false;
    return;
  }
  run.lines.push({ event, output: [...output], moving, stage: event.stage, drawn: false });
}

/** Draws the lines that are new or have changed. */
export function flushLog() {
  const log = $("log");
  const stuck = atEnd(log);
  for (const line of run.lines.splice(0, Math.max(0, run.lines.length - logBound))) line.element?.remove();
  const fresh = document.createDocumentFragment();
  for (let index = run.lines.length - 1; index >= 0 && !run.lines[index].drawn; index -= 1) {
    const line = run.lines[index];
    const { event, output } = line;
    line.drawn = true;
    if (!line.element) {
      line.element = make("div", { class: `line s-${Object.hasOwn(stages, event.stage) ? event.stage : "other"}` }, make("time"), make("span", { class: "tag" }), make("span", { class: "words" }));
      fresh.prepend(line.element);
    }
    const [time, tag, words] = line.element.children;
    time.textContent = clockText(new Date(event.timestamp));
    tag.textContent = stageTag(event.stage);
    const isTold = output.length === 1 && event.message.endsWith(output[0]);
    words.textContent = [event.message, ...(isTold ? [] : output)].join("\n");
  }
  log.append(fresh);
  if (stuck) log.scrollTop = log.scrollHeight;
  $("latest").hidden = stuck;
}

$("log").addEventListener("scroll", () => {
  if (atEnd($("log"))) $("latest").hidden = true;
});
$("latest").addEventListener("click", () => {
  $("log").scrollTop = $("log").scrollHeight;
  $("log").focus();
});
$("copy-log").addEventListener("click", () => {
  const lines = (run?.lines ?? []).map(({ event }) => `${event.timestamp} ${event.stage} ${event.message}`);
  copied($("copy-log"), lines.join("\n"));
});
