// The address of the page: the open deployment, and the filters.
import { $, make } from "./dom.js";
import { filtersChanged } from "./history.js";
import { showPane } from "./apps.js";
import { closeDetails, openDetails } from "./drawer.js";

/** What `#/deployments/ID?app=…` says: the open deployment, and the filters. */
export const address = { id: null, app: "", environment: "", status: "", q: "" };
export const filterNames = ["app", "environment", "status", "q"];

function readAddress() {
  const [, path, query] = /^#\/?([^?]*)(?:\?(.*))?$/.exec(location.hash) ?? [];
  const values = new URLSearchParams(query ?? "");
  for (const name of filterNames) address[name] = values.get(name) ?? "";
  address.id = /^deployments\/([^/]+)$/.exec(path ?? "")?.[1] ?? null;
}

export function hashFor(changes = {}) {
  const next = { ...address, ...changes };
  const query = new URLSearchParams(filterNames.filter((name) => next[name]).map((name) => [name, next[name]]));
  const path = next.id ? `#/deployments/${encodeURIComponent(next.id)}` : "#/";
  return query.size ? `${path}?${query}` : path;
}

export function applyAddress() {
  const filters = JSON.stringify(filterNames.map((name) => address[name]));
  const opened = address.id;
  readAddress();
  for (const name of filterNames) {
    const control = $(name);
    if (control.tagName === "SELECT" && address[name] && ![...control.options].some(({ value }) => value === address[name])) {
      control.append(make("option", { value: address[name], textContent: address[name] }));
    }
    // A space at the end is not in the address: it begins the next word.
    if (control.value.trim() !== address[name]) control.value = address[name];
  }
  $("clear").hidden = !filterNames.some((name) => address[name]);
  if (filters !== JSON.stringify(filterNames.map((name) => address[name]))) filtersChanged();
  if (opened !== address.id) address.id ? openDetails(address.id) : closeDetails();
}

addEventListener("hashchange", applyAddress);

/** Changes the filters. The address changes in place, so that a search does not fill the history. */
export function setFilters(changes) {
  history.replaceState(null, "", hashFor(changes));
  applyAddress();
}

let typing = null;
$("q").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => setFilters({ q: $("q").value.trim() }), 120);
});
for (const name of ["app", "environment", "status"]) $(name).addEventListener("change", () => setFilters({ [name]: $(name).value }));
$("filters").addEventListener("submit", (event) => event.preventDefault());
$("clear").addEventListener("click", () => {
  setFilters({ app: "", environment: "", status: "", q: "" });
  $("q").focus();
});

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address names what is shown
  showPane("deployments");
  $("list-title").focus();
});
