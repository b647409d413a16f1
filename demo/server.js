// The server that the page speaks to.
import { $ } from "../dashboard/dom.js";

/** Whether the page was opened from a file: then its form names the server. */
export const fromFile = location.protocol === "file:";
let token = null;

/** Has every request carry this token. */
export function useToken(given) {
  token = given;
}
export const hasToken = () => token !== null;
export const authorization = () => (token === null ? {} : { Authorization: `Bearer ${token}` });

/** The server's address, without a slash at its end. */
export function server() {
  if (!fromFile) return new URL(location.pathname.endsWith("/") ? ".." : ".", location.href).href.replace(/\/$/, "");
  return ($("f-server").value.trim() || $("f-server").placeholder).replace(/\/+$/, "");
}

export function api(path, options = {}) {
  return fetch(server() + path, { cache: "no-store", credentials: "same-origin", ...options, headers: { ...options.headers, ...authorization() } });
}
