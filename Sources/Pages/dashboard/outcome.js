// How a deployment ended.
import { make } from "./dom.js";
import { durationText, link, stages, statusWords } from "./words.js";
import { containerTail, engineTail, failedWhile, healthCell, spentParts, undoneParts } from "./parts.js";
import { now } from "./state.js";
import { workloadStatus } from "./row.js";

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
        const address = make("td", { class: "mono" }, urls[name] ? link(urls[name]) : "–");
        return make("tr", {}, make("th", { scope: "row", textContent: name }), address, healthCell(health[name]));
      }))));
  }
  parts.push(...spentParts(metadata.durations_ms, "h3"));
  return parts;
}

export function failureParts(row, failure) {
  const title = row.status === "failed" ? failedWhile(stages[failure.stage]?.[0]) : statusWords[row.status] ?? row.status;
  const code = [failure.code, typeof failure.exit_code === "number" && `exit code ${failure.exit_code}`].filter(Boolean).join(" · ");
  const parts = [make("h3", { textContent: title }), make("p", { textContent: failure.message || row.message }), make("p", { class: "code", textContent: code })];
  if (failure.hint) parts.push(make("h4", { textContent: "What to do" }), make("p", { textContent: failure.hint }));
  return [...parts, ...containerTail(failure), ...engineTail(failure), ...undoneParts(failure)];
}
