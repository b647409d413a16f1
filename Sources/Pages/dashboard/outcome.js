// What came of a deployment.
import { make } from "./dom.js";
import { durationText, link, stages, stageTitle, statusWords } from "./words.js";
import { now } from "./state.js";
import { workloadStatus } from "./row.js";

export const atEnd = (box) => box.scrollTop + box.clientHeight >= box.scrollHeight - 12;

export function stepTime({ status, started_at: started, finished_at: finished }) {
  if (status === "skipped") return "skipped";
  if (!started) return "";
  if (finished) return durationText(Date.parse(finished) - Date.parse(started));
  return durationText(now() - Date.parse(started), { whole: true });
}

export function successParts(row) {
  const metadata = row.result?.metadata ?? {};
  const gone = row.workload && workloadStatus(row) === "gone";
  const urls = row.workload ? row.workload.urls ?? {} : metadata.urls ?? {};
  const health = row.workload?.health ?? metadata.health_status ?? {};
  const names = [...new Set([...Object.keys(urls), ...(gone ? [] : Object.keys(health))])];
  const parts = [];
  if (names.length) {
    parts.push(make("h3", { textContent: "Answers at" }));
    parts.push(make("table", {},
      make("thead", {}, make("tr", {}, ...["Port", "Address", "Health"].map((name) => make("th", { scope: "col", textContent: name })))),
      make("tbody", {}, ...names.map((name) => {
        const well = health[name];
        return make("tr", {}, make("th", { scope: "row", textContent: name }), make("td", { class: "mono" }, urls[name] ? link(urls[name]) : "–"),
          make("td", { class: well === true ? "up" : well === false ? "down" : "", textContent: well === true ? "healthy" : well === false ? "not healthy" : "not checked" }));
      }))));
  }
  const spent = Object.entries(metadata.durations_ms ?? {}).filter(([name, value]) => Object.hasOwn(stages, name) && value > 0);
  if (spent.length) {
    parts.push(make("h3", { textContent: "Where the time went" }));
    parts.push(make("div", { class: "spent", ariaHidden: "true" }, ...spent.map(([name, value]) => {
      const part = make("span", { class: `s-${name}` });
      part.style.flexGrow = String(value);
      return part;
    })));
    parts.push(make("ul", { class: "spent-key" }, ...spent.map(([name, value]) => make("li", { class: `s-${name}`, textContent: `${stageTitle(name)} ${durationText(value)}` }))));
  }
  return parts;
}

export function failureParts(row, failure) {
  const lines = (value) => (Array.isArray(value) ? value.map(String) : []);
  const where = stageTitle(failure.stage);
  const title = row.status !== "failed" ? statusWords[row.status] ?? row.status : stages[failure.stage] ? `Failed while ${where.charAt(0).toLowerCase()}${where.slice(1)}` : "Failed";
  const code = [failure.code, typeof failure.exit_code === "number" && `exit code ${failure.exit_code}`].filter(Boolean).join(" · ");
  const parts = [make("h3", { textContent: title }), make("p", { textContent: failure.message || row.message }), make("p", { class: "code", textContent: code })];
  if (failure.hint) parts.push(make("h4", { textContent: "What to do" }), make("p", { textContent: failure.hint }));
  for (const [name, tail] of [["The container’s last lines", failure.container_log_note ? [String(failure.container_log_note)] : lines(failure.container_log_tail)], ["What the engine said", lines(failure.output_tail)]]) {
    if (tail.length) parts.push(make("h4", { textContent: name }), make("pre", { tabIndex: 0, role: "region", ariaLabel: name, textContent: tail.join("\n") }));
  }
  const sides = [["Undone", lines(failure.undone)], ["Left behind", lines(failure.left)]].filter(([, items]) => items.length);
  const list = (items) => make("ul", { class: "plain" }, ...items.map((item) => make("li", { textContent: item })));
  if (sides.length) parts.push(make("div", { class: "sides" }, ...sides.map(([name, items]) => make("div", {}, make("h4", { textContent: name }), list(items)))));
  return parts;
}
