// How the deployment ended.
import { copied } from "../dashboard/actions.js";
import { $, make } from "../dashboard/dom.js";
import { containerTail, engineTail, failedWhile, healthCell, spentParts, undoneParts } from "../dashboard/parts.js";
import { link, sourceText } from "../dashboard/words.js";
import { durationText, titleOf, units } from "./words.js";

const facts = (pairs) => make("dl", { class: "facts" }, ...pairs.filter(([, value]) => value !== null && value !== undefined && value !== "").flatMap(([name, value]) => [make("dt", { textContent: name }), make("dd", { textContent: String(value) })]));

/** Shows how the deployment ended. */
export function showOutcome(state) {
  const { final, outcome } = state;
  const took = durationText(state.finishedAt - state.startedAt);
  const card = $("outcome");
  card.className = `card ${{ success: "good", failed: "bad", cancelled: "still" }[outcome]}`;
  card.replaceChildren(...(outcome === "success" ? successParts(final, took) : failureParts(final, took)));
  card.hidden = false;
}

function successParts(final, took) {
  const { result } = final;
  const metadata = result.metadata ?? {};
  const parts = [make("h3", { textContent: `Running after ${took}` })];
  if (result.endpoint_url) {
    const copy = make("button", { type: "button", class: "link", textContent: "Copy", ariaLabel: "Copy the address", onclick: () => copied(copy, result.endpoint_url) });
    parts.push(make("p", { class: "endpoint" }, link(result.endpoint_url), copy));
  } else parts.push(make("p", { textContent: "No port is published, so there is no address." }));
  const names = [...new Set([...Object.keys(metadata.urls ?? {}), ...Object.keys(metadata.health_status ?? {})])];
  if (names.length) {
    const head = ["Port", "Address", "Health"].map((name) => make("th", { scope: "col", textContent: name }));
    const rows = names.map((name) => {
      const url = metadata.urls?.[name];
      return make("tr", {}, make("td", { textContent: name }), make("td", { class: "mono" }, url ? link(url) : "–"), healthCell(metadata.health_status?.[name]));
    });
    parts.push(make("div", { class: "table-wrap" }, make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows))));
  }
  parts.push(facts([
    ["Container", [metadata.container_name, result.deployment_id && `(${result.deployment_id})`].filter(Boolean).join(" ")],
    ["Files of", sourceText(metadata.source)],
    ["Image", metadata.image],
    ["Digest", metadata.image_digest],
    ["Image id", metadata.image_id],
    ["Replaced", metadata.replaced],
    ["Order", metadata.order],
    ["Deployment", final.deployment_id],
  ]));
  return [...parts, ...spentParts(metadata.durations_ms, "h4", units)];
}

function failureParts(final, took) {
  const failure = final.failure ?? {};
  const title = final.stage === "error" ? failedWhile(titleOf(failure.stage)) : titleOf(final.stage);
  const code = [failure.code, typeof failure.exit_code === "number" && `exit code ${failure.exit_code}`, `after ${took}`].filter(Boolean).join(" · ");
  const parts = [make("h3", { textContent: title }), make("p", { class: "code", textContent: code })];
  parts.push(make("p", { textContent: failure.message || final.error || final.message }));
  if (failure.hint) parts.push(make("h4", { textContent: "What to do" }), make("p", { class: "hint-text", textContent: failure.hint }));
  parts.push(...engineTail(failure), ...containerTail(failure), ...undoneParts(failure));
  const metadata = final.result?.metadata ?? {};
  parts.push(facts([["Container", metadata.container_name], ["Image", metadata.image], ["Deployment", final.deployment_id]]));
  return parts;
}
