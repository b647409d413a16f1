// The request of the form.
import { $ } from "../dashboard/dom.js";
import { numeric } from "../dashboard/fields.js";
import { form, isBuilt, text, usesFiles } from "./controls.js";
import { gatherBuild, gatherFiles } from "./files.js";
import { envRows, portRows, portsChosen } from "./rows.js";
import { place, readSetting, settings } from "./settings.js";

/** The request of the form, and the faults that keep it from being written as JSON. */
export function gather({ secrets = true } = {}) {
  const request = {};
  const faults = [];
  const secret = (value) => (secrets || value === "" ? value : "…");
  for (const name of ["script_name", "container_name", ...(isBuilt() ? [] : ["registry_image"]), "platform"]) {
    if (text(form.elements[name])) request[name] = text(form.elements[name]);
  }
  if (!request.script_name) faults.push({ field: "script_name", message: "is required" });
  if (usesFiles()) gatherFiles(request, faults, secret);
  if (isBuilt()) gatherBuild(request, faults, secret);
  if (portsChosen()) {
    request.ports = {};
    portRows().forEach(({ fields }) => {
      const name = text(fields.name);
      const [container, host, path] = [fields.container, fields.host, fields.path].map(text);
      if (!name && !container && !host && !path) return;
      if (!name) faults.push({ control: fields.name, field: "ports", message: "each port needs a name" });
      else if (Object.hasOwn(request.ports, name)) faults.push({ control: fields.name, field: `ports.${name}`, message: "is there twice" });
      const [number, protocol] = container.split("/");
      const port = { container: number ? numeric(number) : null };
      if (protocol !== undefined) port.protocol = protocol;
      if (host) port.host = numeric(host);
      if (path) port.path = path;
      if (!container) faults.push({ control: fields.container, field: `ports.${name}.container`, message: "is required" });
      request.ports[name] = host || path || protocol !== undefined ? port : port.container;
    });
  }
  const env = {};
  envRows().forEach(({ fields }) => {
    const name = text(fields.name);
    if (!name && !fields.value.value) return;
    if (!name) faults.push({ control: fields.name, field: "env_vars", message: "each value needs a name" });
    else if (Object.hasOwn(env, name)) faults.push({ control: fields.name, field: `env_vars.${name}`, message: "is there twice" });
    env[name] = secret(fields.value.value);
  });
  if (Object.keys(env).length) request.env_vars = env;
  for (const name of ["environment", "container_path", "pull", "on_conflict", "copy", "restart", "memory", "cpus", "network"]) {
    if (text(form.elements[name])) request[name] = text(form.elements[name]);
  }
  const health = {};
  const timeout = text($("f-health-timeout"));
  if (timeout) health.timeout_seconds = numeric(timeout);
  const require = $("f-health-require").value;
  if (require === "named") health.require = text($("f-health-names")).split(/[\s,]+/).filter(Boolean);
  else if (require) health.require = require;
  if (Object.keys(health).length) request.health = health;
  const lines = (id) => $(id).value.split("\n").filter((line) => line.trim());
  if (lines("f-command").length) request.command = lines("f-command");
  for (const line of lines("f-labels")) {
    const [name, ...rest] = line.trim().split("=");
    (request.labels ??= {})[name] = rest.join("=");
  }
  const [username, password] = [text($("f-auth-user")), $("f-auth-pass").value];
  if (!isBuilt() && (username || password)) request.registry_auth = { username, password: secret(password) };
  for (const setting of settings) {
    const control = form.elements[setting.name];
    const value = setting.kind === "flag" ? control.checked : control.value.trim();
    if (!value) continue;
    const [read, fault] = readSetting(setting, value, secret);
    if (fault) faults.push({ control, field: setting.name, message: fault });
    else place(request, setting.name.split("."), read);
  }
  return { request, faults };
}
