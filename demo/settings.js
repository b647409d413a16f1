// The further settings of a container: one table makes their fields and reads them.
import { $, make } from "../dashboard/dom.js";
import { numeric } from "../dashboard/fields.js";

/** Every further field by its group: its name, its label, how it is written, and an example. */
const settingGroups = {
  "Volumes and secrets": [
    ["volumes", "Volumes", "mounts", "data:/var/lib/app"],
    ["secrets", "Secrets, as files in /run/secrets", "secrets", "db_password=…"],
    ["owner", "Owner of the copied files", "text", "the user, if that is a number"],
    ["tmpfs", "File systems in memory", "list", "/run"],
    ["read_only", "Make the root file system read-only", "flag"],
  ],
  "Release and takeover": [
    ["release_command", "Release command, one word a line", "list", "none"],
    ["release_timeout", "Time it may take, s", "number", "300"],
    ["update.order", "Order of the takeover", "choice", { "": "Automatic", "start-first": "The new one starts first", "stop-first": "The old one stops first" }],
    ["update.monitor", "Watch the new one for, s", "number", "0"],
  ],
  "Program": [
    ["entrypoint", "Entrypoint, one word a line", "list", "the image’s own"],
    ["user", "User", "text", "the image’s own"],
    ["working_dir", "Working folder", "text", "the image’s own"],
    ["stop_signal", "Stop signal", "text", "the image’s own"],
    ["stop_grace_period", "Time to stop, s", "number", "10"],
    ["healthcheck", "Health check by the engine, as JSON", "json", '{"test": ["CMD", "/app/check"], "interval": 5}'],
    ["init", "Run a small program first that passes signals on", "flag"],
  ],
  "Network": [
    ["networks", "Further networks", "list", "front"],
    ["hostname", "Host name", "text", "the container’s id"],
    ["extra_hosts", "Further host names", "list", "db=192.0.2.7"],
    ["dns", "Name servers", "list", "the engine’s own"],
  ],
  "Limits and log": [
    ["pids_limit", "Most processes", "number", "no limit"],
    ["shm_size", "Shared memory", "text", "64m"],
    ["ulimits", "Limits of resources, as JSON", "json", '{"nofile": 65536}'],
    ["cap_drop", "Capabilities taken away", "list", "NET_RAW"],
    ["logging", "Log, as JSON", "json", '{"driver": "local", "options": {"max-size": "10m"}}'],
  ],
  "Privileges, for admins, if the server allows them": [
    ["cap_add", "Capabilities added", "list", "NET_ADMIN"],
    ["security_opt", "Security options", "list", "no-new-privileges"],
    ["devices", "Devices", "list", "/dev/ttyUSB0"],
    ["gpus", "Graphics processors", "text", "all"],
    ["pid", "Sees the processes of", "text", "the container’s own"],
    ["ipc", "Shares memory with", "text", "the container’s own"],
    ["privileged", "Allow everything", "flag"],
  ],
};
export const settings = Object.values(settingGroups).flat().map(([name, label, kind, example]) => ({ name, label, kind, example }));
const areas = ["list", "mounts", "secrets", "json"];

function settingField({ name, label, kind, example }) {
  const id = `f-${name}`;
  const words = make("label", { htmlFor: id }, `${label} `, make("code", { textContent: name }));
  const common = { id, name, spellcheck: false, autocapitalize: "none" };
  if (kind === "flag") return make("div", { class: "field wide check" }, make("input", { id, name, type: "checkbox" }), words);
  if (kind === "choice") return make("div", { class: "field" }, words, make("select", { id, name }, ...Object.entries(example).map(([value, textContent]) => make("option", { value, textContent }))));
  const control = make(areas.includes(kind) ? "textarea" : "input", { ...common, placeholder: example ?? "", ...(areas.includes(kind) ? { rows: 2 } : {}), ...(kind === "secrets" ? { autocomplete: "off" } : {}) });
  const hint = { mounts: "One on each line: volume:/path, or volume:/path:ro to make it read-only.", secrets: "One name=value on each line. The values are kept neither here nor in the history." }[kind];
  return make("div", { class: areas.includes(kind) ? "field wide" : "field" }, words, control, ...(hint ? [make("p", { class: "hint", textContent: hint })] : []));
}

$("settings").replaceChildren(...Object.entries(settingGroups).map(([title, fields]) => {
  const chosen = fields.map(([name]) => settings.find((setting) => setting.name === name));
  return make("details", {}, make("summary", { textContent: title }), make("div", { class: "inside pair" }, ...chosen.map(settingField)));
}));

/** A setting's value for the request, or null and what is wrong with the way it is written. */
export function readSetting({ kind }, value, secret) {
  const lines = kind === "flag" ? [] : value.split("\n").map((line) => line.trim()).filter(Boolean);
  switch (kind) {
    case "flag": return [true];
    case "number": return [numeric(value)];
    case "list": return [lines];
    case "json":
      try {
        return [JSON.parse(value)];
      } catch (error) {
        return [null, `is not valid JSON: ${error.message}`];
      }
    case "secrets": {
      const odd = lines.find((line) => line.indexOf("=") < 1);
      if (odd) return [null, "each line must have the form name=value"];
      return [Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), secret(line.slice(line.indexOf("=") + 1))]))];
    }
    case "mounts": {
      const mounts = lines.map((line) => /^([^:]+):([^:]+)(?::(ro|rw))?$/.exec(line));
      if (mounts.includes(null)) return [null, "each line must have the form volume:/path or volume:/path:ro"];
      return [mounts.map(([, source, target, mode]) => ({ source, target, ...(mode === "ro" ? { read_only: true } : {}) }))];
    }
    default: return [value];
  }
}

/** Puts a value at a path of an object. */
export function place(object, [name, ...rest], value) {
  if (rest.length) place((object[name] ??= {}), rest, value);
  else object[name] = value;
}
