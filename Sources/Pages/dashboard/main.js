// The dashboard draws what the feed's client keeps in its store. Events that arrive are only noted;
// what has changed is drawn once a frame, row by row.
import { isFinal } from "../slipway.js";
import { $ } from "./dom.js";
import { schedule } from "./state.js";
import { applyAddress } from "./address.js";
import { views } from "./list.js";
import { appRows, showPane } from "./apps.js";
import { showConnection } from "./connection.js";
import { shown } from "./drawer.js";
import { openForm } from "./form.js";
import "./words.js";
import "./theme.js";
import "./row.js";
import "./history.js";
import "./actions.js";
import "./outcome.js";
import "./details.js";

let seconds = 0;
setInterval(() => {
  if (document.visibilityState === "hidden") return;
  seconds += 1;
  for (const view of views.values()) {
    if (!isFinal(view.row.status) || view.recent || seconds % 10 === 0) view.tick();
  }
  if (seconds % 10 === 0) for (const view of appRows.values()) view.tick();
  shown?.tick();
  showConnection();
}, 1000);

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog[open]")) return;
  if (event.key === "/") {
    event.preventDefault();
    showPane("deployments");
    $("q").focus();
  } else if (event.key === "n") {
    event.preventDefault();
    openForm();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const row = event.target.closest(".row");
    if (!row) return;
    event.preventDefault();
    const next = event.key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling;
    next?.querySelector("a.app").focus();
  }
});

applyAddress();
showConnection();
schedule();
