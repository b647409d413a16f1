// What the pages show alike of a deployment that has ended.
import { make } from "./dom.js";
import { durationText, stages, stageTitle } from "./words.js";

const lines = (value) => (Array.isArray(value) ? value.map(String) : []);

/** "healthy", "not healthy", or "not checked" if it is not known. */
export function healthCell(healthy) {
  const word = healthy === true ? "healthy" : healthy === false ? "not healthy" : "not checked";
  return make("td", { class: healthy === true ? "up" : healthy === false ? "down" : "", textContent: word });
}

/** How long each stage took; `heading` is the element of the title. */
export function spentParts(durations, heading, units) {
  const spent = Object.entries(durations ?? {}).filter(([name, value]) => Object.hasOwn(stages, name) && value > 0);
  if (spent.length === 0) return [];
  const bar = make("div", { class: "spent", ariaHidden: "true" }, ...spent.map(([name, value]) => {
    const part = make("span", { class: `s-${name}` });
    part.style.flexGrow = String(value);
    return part;
  }));
  const key = spent.map(([name, value]) => make("li", { class: `s-${name}`, textContent: `${stageTitle(name)} ${durationText(value, { units })}` }));
  return [make(heading, { textContent: "Where the time went" }), bar, make("ul", { class: "spent-key" }, ...key)];
}

const tail = (name, words) => (words.length ? [make("h4", { textContent: name }), make("pre", { tabIndex: 0, role: "region", ariaLabel: name, textContent: words.join("\n") })] : []);

export const engineTail = (failure) => tail("What the engine said", lines(failure.output_tail));

/** The container's last lines, or why there are none. */
export const containerTail = (failure) => tail("The container’s last lines", failure.container_log_note ? [String(failure.container_log_note)] : lines(failure.container_log_tail));

/** What was undone, and what was left behind. */
export function undoneParts(failure) {
  const sides = [["Undone", lines(failure.undone)], ["Left behind", lines(failure.left)]].filter(([, items]) => items.length);
  if (sides.length === 0) return [];
  return [make("div", { class: "sides" }, ...sides.map(([name, items]) => {
    const list = make("ul", { class: "plain" }, ...items.map((item) => make("li", { textContent: item })));
    return make("div", {}, make("h4", { textContent: name }), list);
  }))];
}

/** "Failed while pulling image" for the title of a stage; "Failed" without one. */
export const failedWhile = (title) => (title ? `Failed while ${title.charAt(0).toLowerCase()}${title.slice(1)}` : "Failed");
