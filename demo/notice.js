// Notices, and signing in.
import { $ } from "../dashboard/dom.js";
import { api, fromFile, hasToken, useToken } from "./server.js";

/** Has words read out to those who do not see the page. */
export function announce(words) {
  $("announcer").textContent = words;
}

export function showNotice(title, words, actions = []) {
  $("notice").hidden = false;
  $("notice-title").textContent = title;
  $("notice-text").textContent = words;
  $("sign-in").hidden = true;
  $("notice-actions").replaceChildren(...actions);
  announce(`${title}. ${words}`);
}

export function hideNotice() {
  $("notice").hidden = true;
}

/** Asks for a token; settles once the server has taken one. */
export function signIn() {
  showNotice("This server requires a token", hasToken() ? "The server did not accept the last one." : "It is sent to this server only.");
  $("sign-in").hidden = false;
  $("token").focus();
  return new Promise((resolve) => {
    $("sign-in").onsubmit = async (event) => {
      event.preventDefault();
      const given = $("token").value.trim();
      if (!given) return;
      $("token").value = "";
      // The session's cookie is SameSite=Strict: a page opened from a file has to send the token itself.
      if (fromFile) useToken(given);
      else {
        const answer = await api("/api/session", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token: given }) }).catch(() => null);
        if (!answer?.ok) {
          $("notice-text").textContent = answer ? "The server did not accept that token." : "The server did not answer; try again.";
          $("token").focus();
          return;
        }
      }
      hideNotice();
      resolve();
    };
  });
}
