// The rows of ports and of environment variables.
import { $, make } from "../dashboard/dom.js";
import { form } from "./controls.js";

let rowCount = 0;

function addRow(kind, values, specification) {
  const number = ++rowCount;
  const row = make("div", { class: `row ${kind}-row`, role: "group" });
  row.fields = {};
  for (const [key, label, properties] of specification) {
    const input = make("input", { id: `${kind}-${number}-${key}`, spellcheck: false, autocomplete: "off", ...properties });
    input.setAttribute("autocapitalize", "none");
    if (values[key]) input.value = values[key];
    row.fields[key] = input;
    row.append(make("div", {}, make("label", { htmlFor: input.id, textContent: label }), input));
  }
  const rows = $(`${kind}-rows`);
  const remove = make("button", { type: "button", class: "icon", textContent: "×", onclick() {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    (next?.querySelector("input") ?? $(`add-${kind}`)).focus();
    form.dispatchEvent(new Event("change"));
  } });
  const name = () => remove.setAttribute("aria-label", `Remove ${row.fields.name.value || (kind === "port" ? "this port" : "this variable")}`);
  row.fields.name.addEventListener("input", name);
  name();
  row.setAttribute("aria-label", kind === "port" ? "Port" : "Environment variable");
  row.append(remove);
  rows.append(row);
  return row;
}

export const addPort = (values = {}) => addRow("port", values, [
  ["name", "Name", { placeholder: "frontend" }],
  ["container", "Container", { inputMode: "numeric", placeholder: "3000" }],
  ["host", "Host", { inputMode: "numeric", placeholder: "free" }],
  ["path", "Path", { placeholder: "/" }],
]);

export function addEnv(values = {}) {
  const row = addRow("env", values, [
    ["name", "Name", {}],
    ["value", "Value", { type: "password", autocomplete: "new-password" }],
  ]);
  const value = row.fields.value;
  const reveal = make("button", { type: "button", class: "reveal", textContent: "Show", onclick() {
    const hidden = value.type === "password";
    value.type = hidden ? "text" : "password";
    reveal.textContent = hidden ? "Hide" : "Show";
    reveal.setAttribute("aria-pressed", String(hidden));
  } });
  reveal.setAttribute("aria-pressed", "false");
  reveal.setAttribute("aria-label", "Show value");
  row.lastElementChild.before(reveal);
  return row;
}

export const portRows = () => [...$("port-rows").children];
export const envRows = () => [...$("env-rows").children];
export const portsChosen = () => $("ports-chosen").checked;
