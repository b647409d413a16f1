// What is wrong with the form's values.
import { $, make } from "../dashboard/dom.js";
import { clearFault, markFault } from "../dashboard/fields.js";
import { form, text } from "./controls.js";
import { envRows, portRows } from "./rows.js";

export function clearFaults() {
  for (const control of document.querySelectorAll("[aria-invalid]")) clearFault(control);
  $("error-summary").hidden = true;
}

/** The control of a path such as `ports.frontend.container`, or the nearest one above it. */
function controlFor(path) {
  const table = new Map();
  for (const control of form.querySelectorAll("[name], [data-path]")) {
    const key = control.dataset.path ?? control.name;
    if (key && !table.has(key)) table.set(key, control);
  }
  table.set("health", $("f-health-timeout"));
  table.set("registry_auth", $("f-auth-user"));
  table.set("source_auth", $("f-git-user"));
  if ($("f-health-require").value !== "named") table.set("health.require", $("f-health-require"));
  else table.set("health.require", $("f-health-names"));
  for (const { fields } of portRows()) {
    const key = `ports.${text(fields.name)}`;
    table.set(key, fields.name).set(`${key}.bind`, fields.host);
    for (const part of ["container", "host", "path"]) table.set(`${key}.${part}`, fields[part]);
    table.set(`health.paths.${text(fields.name)}`, fields.path);
  }
  for (const { fields } of envRows()) table.set(`env_vars.${text(fields.name)}`, fields.value);
  for (let key = path; key; key = key.slice(0, Math.max(0, key.lastIndexOf("."), key.lastIndexOf("[")))) {
    if (table.has(key)) return table.get(key);
  }
  return null;
}

export function showFaults(title, faults) {
  clearFaults();
  $("error-summary-title").textContent = title;
  $("error-list").replaceChildren();
  faults.forEach(({ field, message, control = controlFor(String(field ?? "")) }) => {
    const label = field ? `${field}: ${message}` : message;
    if (!control) {
      $("error-list").append(make("li", { textContent: label }));
      return;
    }
    if (control.closest("details")) control.closest("details").open = true;
    markFault(control, control.closest(".row, .field") ?? control, control.closest(".row") ? label : message);
    const target = control.matches("fieldset") ? control.querySelector("input:not([type=radio]), button") ?? control.querySelector("input") : control;
    const link = make("a", { href: `#${target.id}`, textContent: label, onclick(event) {
      event.preventDefault(); // the address names the deployment
      target.focus();
      target.scrollIntoView({ block: "center" });
    } });
    $("error-list").append(make("li", {}, link));
  });
  $("error-summary").hidden = false;
  $("error-summary").focus();
  $("error-summary").scrollIntoView({ block: "nearest" });
}
