// One deployment in the drawer: its stages, its events and its log.
import { readEvents } from "../client/event-stream.js";
import { Problem, isFinal } from "../slipway.js";
import { $, api, atEnd, make, setData, setText } from "./dom.js";
import { agoText, bytesText, clockText, dateText, durationText, sourceText, stages, stageTag, stageTitle, stepWords } from "./words.js";
import { byContainer, byReplaced, index, now, rowOf, shortContainer } from "./state.js";
import { hashFor } from "./address.js";
import { story, toneOf, workloadStatus } from "./row.js";
import { failureParts, stepTime, successParts } from "./outcome.js";
import { details, shown } from "./drawer.js";

const eventBound = 2000;

/** What the drawer shows of one deployment. */
export class Details {
  constructor(id) {
    this.id = id;
    this.record = null;
    this.row = null;
    this.lines = [];
    this.after = 0;
    this.controller = new AbortController();
    for (const name of ["d-title", "d-environment", "d-image", "d-status", "d-when", "d-note", "log-note"]) $(name).textContent = "";
    $("d-environment").hidden = true;
    for (const button of $("d-actions").querySelectorAll("button")) button.hidden = true;
    details.classList.remove("is-unknown");
    delete details.dataset.tone;
    for (const name of ["log-events", "log-container", "d-timeline", "d-facts", "d-card"]) $(name).replaceChildren();
    $("d-gauge").hidden = $("d-card").hidden = $("latest").hidden = true;
    this.timeline = [];
    this.selectLog("events");
    this.changed();
    this.fetchRecord();
    this.fetchEvents();
  }

  end() {
    this.controller.abort();
    this.log?.abort();
    clearTimeout(this.eventsTimer);
  }

  /** Shows the deployment's newest row; it may have none any more. */
  changed() {
    const before = this.row;
    const known = rowOf(this.id);
    // A deployment that is missing in the list was forgotten, or is only older than those of the snapshot.
    if (!known && this.listed) this.fetchRecord();
    this.listed = known !== null;
    this.row = known ?? (this.gone ? null : this.record);
    const { row } = this;
    if (!row) {
      if (before) {
        $("d-note").textContent = "This deployment was forgotten.";
        for (const button of $("d-actions").querySelectorAll("button")) button.hidden = true;
      }
      return;
    }
    if (before === row) return;
    setText($("d-title"), row.app);
    setText($("d-environment"), row.environment);
    $("d-environment").hidden = false;
    setText($("d-image"), `#${row.number ?? "–"} · ${row.image}`);
    setData(details, "tone", toneOf(row));
    const [word, rest] = story(row);
    setText($("d-status"), word);
    this.rest = row.status === "in_progress" || row.status === "failed" ? "" : rest;
    this.showGauge(row);
    this.showTimeline(row);
    this.showButtons(row);
    this.tick();
    const ended = before && isFinal(before.status) !== isFinal(row.status);
    if (ended || (before && JSON.stringify(before.workload) !== JSON.stringify(row.workload))) this.fetchRecord();
    this.showCard(row);
    this.showFacts(row);
    if (before && before.event_id !== row.event_id) this.laterEvents(before.stage !== row.stage || ended);
  }

  tick() {
    const { row } = this;
    if (!row) return;
    const ended = isFinal(row.status);
    const took = durationText((ended ? Date.parse(row.finished_at ?? row.updated_at) : now()) - Date.parse(row.created_at), { whole: !ended });
    const live = row.status === "success" && row.workload && workloadStatus(row) !== "gone";
    const words = row.status === "in_progress" ? "" // the gauge shows it
      : !ended ? `Waiting for ${took}`
      : live ? `${this.rest ? `${this.rest} · ` : ""}for ${durationText(now() - Date.parse(row.workload.since), { whole: true })}`
        : `${this.rest ? `${this.rest} · ` : ""}${agoText(now() - Date.parse(row.workload?.since ?? row.finished_at ?? row.updated_at))}`;
    setText($("d-when"), ended ? `${words} · deployed in ${took}`.replace("deployed in", row.status === "success" ? "deployed in" : "ended after") : words);
    setText($("d-elapsed"), took);
    for (const { step, took: place } of this.timeline) setText(place, stepTime(step));
  }

  showGauge(row) {
    const active = row.status === "in_progress";
    $("d-gauge").hidden = !active;
    if (!active) return;
    setText($("d-percent"), String(row.progress));
    $("d-fill").style.transform = `scaleX(${row.progress / 100})`;
    $("d-bar").setAttribute("aria-valuenow", String(row.progress));
    $("d-bar").setAttribute("aria-valuetext", `${row.progress} %, ${stageTitle(row.stage)}`);
    setText($("d-message"), row.message ?? "");
    const { bytes_done: done, bytes_total: total, bytes_per_second: rate, eta_seconds: eta, layers_done: layers, layers_total: all } = row.detail ?? {};
    const moving = typeof done === "number";
    const figures = moving ? [["Transferred", bytesText(done, total)], ["Rate", typeof rate === "number" ? `${bytesText(rate)}/s` : "–"], ["Time left", typeof eta === "number" ? durationText(eta * 1000, { whole: true }) : "–"]] : [];
    if (typeof all === "number") figures.push(["Layers", `${layers ?? 0} of ${all}`]);
    const box = $("d-figures");
    box.hidden = figures.length === 0;
    if (box.childElementCount !== figures.length) box.replaceChildren(...figures.map(() => make("div", {}, make("dt"), make("dd"))));
    figures.forEach(([name, value], place) => {
      setText(box.children[place].firstChild, name);
      setText(box.children[place].lastChild, value);
    });
  }

  showTimeline(row) {
    const steps = row.stages ?? [];
    if (this.timeline.length !== steps.length) {
      this.timeline = steps.map(() => {
        const view = { item: make("li"), name: make("span", { class: "name" }), took: make("span", { class: "took" }), word: make("span", { class: "hidden-visually" }) };
        view.item.append(make("span", { class: "mark", ariaHidden: "true" }), make("span", {}, view.name, view.word), view.took);
        return view;
      });
      $("d-timeline").replaceChildren(...this.timeline.map(({ item }) => item));
    }
    steps.forEach((step, place) => {
      const view = this.timeline[place];
      view.step = step;
      setData(view.item, "status", place >= 6 && step.status === "running" && workloadStatus(row) === "live" ? "live" : step.status);
      view.item.classList.toggle("life", place >= 6);
      if (step.status === "running") view.item.setAttribute("aria-current", "step");
      else view.item.removeAttribute("aria-current");
      setText(view.name, stageTitle(step.name));
      setText(view.word, `, ${stepWords[step.status] ?? step.status}`);
      setText(view.took, stepTime(step));
    });
  }

  showButtons(row) {
    const ended = isFinal(row.status);
    const state = row.workload?.state;
    $("d-cancel").hidden = ended;
    $("d-stop").hidden = !["running", "unhealthy", "restarting"].includes(state);
    $("d-start").hidden = state !== "stopped";
    $("d-again").hidden = !ended;
    $("d-forget").hidden = !ended || !(state == null || state === "stopped" || state === "removed");
  }

  showFacts(row) {
    const metadata = row.result?.metadata ?? {};
    const replaced = rowOf(byContainer.get(shortContainer(metadata.replaced)));
    const next = row.workload?.state === "removed" ? rowOf(byReplaced.get(shortContainer(row.result?.deployment_id))) : null;
    const open = (target) => make("a", { href: hashFor({ id: target.id }), textContent: `#${target.number}` });
    const about = this.record?.metadata;
    const pairs = [
      ["Container", [row.container_name, row.result?.deployment_id && `(${row.result.deployment_id})`].filter(Boolean).join(" ")],
      ["Replaced", metadata.replaced ? (replaced ? open(replaced) : shortContainer(metadata.replaced)) : null],
      ["Replaced by", next && open(next)],
      ["Order", metadata.order],
      ["Files of", sourceText(metadata.source)],
      ["Digest", metadata.image_digest],
      ["Requested", dateText(row.created_at)],
      ["Ended", dateText(row.finished_at)],
      ["Deployment", row.id],
      ...(about && typeof about === "object" ? Object.entries(about).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]) : []),
    ].filter(([, value]) => value !== null && value !== undefined && value !== "");
    const key = pairs.map(([name, value]) => `${name}=${value.href ?? value}`).join("\n");
    if (this.factsKey === key) return;
    this.factsKey = key;
    $("d-facts").replaceChildren(...pairs.flatMap(([name, value]) => [make("dt", { textContent: name }), make("dd", {}, value)]));
  }

  /** Shows how the deployment ended: where it answers, or what went wrong and what to do. */
  showCard(row) {
    const full = this.record?.status === row.status ? this.record : row;
    const key = JSON.stringify([row.status, row.workload, full.failure, row.result?.metadata?.durations_ms]);
    if (this.cardKey === key) return;
    this.cardKey = key;
    const parts = row.status === "success" ? successParts(row) : row.failure || full.failure ? failureParts(row, full.failure ?? row.failure) : [];
    $("d-card").hidden = parts.length === 0;
    $("d-card").className = `card ${row.status === "failed" ? "bad" : "still"}`;
    $("d-card").replaceChildren(...parts);
  }

  async fetchRecord() {
    try {
      const answer = await api(`/deployments/${encodeURIComponent(this.id)}`, { signal: this.controller.signal });
      if (!answer.ok) throw await Problem.from(answer);
      const record = await answer.json();
      if (shown !== this) return;
      this.record = record;
      index(record);
      if (rowOf(this.id)) {
        this.showCard(this.row);
        this.showFacts(this.row);
      } else this.changed();
    } catch (error) {
      if (this.controller.signal.aborted) return;
      if (error.status === 404 && this.row && !rowOf(this.id)) {
        this.gone = true;
        this.changed();
      } else if (!this.row) {
        details.classList.add("is-unknown");
        setText($("d-title"), error.status === 404 ? "Unknown deployment" : "Cannot be shown");
        setText($("d-note"), error.status === 404 ? "This server does not know that deployment. It may have been forgotten." : "The server did not answer.");
      }
    }
  }

  // ------------------------------------------------------------ events

  laterEvents(soon) {
    if (this.eventsTimer && !soon) return;
    clearTimeout(this.eventsTimer);
    this.eventsTimer = setTimeout(() => {
      this.eventsTimer = null;
      this.fetchEvents();
    }, soon ? 30 : 1000);
  }

  async fetchEvents() {
    if (this.fetching) return (this.again = true);
    this.fetching = true;
    try {
      for (;;) {
        const answer = await api(`/deployments/${encodeURIComponent(this.id)}/events?after=${this.after}&limit=500`, { signal: this.controller.signal });
        if (!answer.ok) break;
        const { events } = await answer.json();
        if (shown !== this) return;
        if (events.length === 0) break;
        this.after = events.at(-1).event_id;
        this.addEvents(events);
      }
    } catch {
      // The next event asks again.
    } finally {
      this.fetching = false;
      if (this.again && shown === this) {
        this.again = false;
        this.laterEvents(false);
      }
    }
  }

  /** Byte progress of one stage stays on one line, which is kept up to date. */
  addEvents(events) {
    const log = $("log-events");
    const stuck = atEnd(log);
    const fresh = document.createDocumentFragment();
    for (const event of events) {
      const moving = typeof event.detail?.bytes_done === "number";
      const last = this.lines.at(-1);
      let line = moving && last?.moving && last.stage === event.stage ? last : null;
      if (!line) {
        line = { moving, stage: event.stage, element: make("div", { class: `line s-${Object.hasOwn(stages, event.stage) ? event.stage : "other"}` }, make("time"), make("span", { class: "tag-word" }), make("span", { class: "words" })) };
        this.lines.push(line);
        fresh.append(line.element);
      }
      const [time, tag, words] = line.element.children;
      time.textContent = clockText(new Date(event.timestamp));
      time.dateTime = event.timestamp;
      tag.textContent = stageTag(event.stage);
      words.textContent = event.message;
    }
    log.append(fresh);
    for (const line of this.lines.splice(0, Math.max(0, this.lines.length - eventBound))) line.element.remove();
    if (stuck) log.scrollTop = log.scrollHeight;
    this.showLatest();
  }

  // ------------------------------------------------------------ the container's log

  selectLog(name) {
    this.selected = name;
    for (const which of ["events", "container"]) {
      const on = which === name;
      $(`t-${which}`).setAttribute("aria-selected", String(on));
      $(`t-${which}`).tabIndex = on ? 0 : -1;
      $(`log-${which}`).hidden = !on;
    }
    $("log-note").textContent = "";
    if (name === "container" && !this.log) this.follow();
    if (name === "container" && this.logWords) $("log-note").textContent = this.logWords;
    this.showLatest();
  }

  showLatest() {
    $("latest").hidden = atEnd($(`log-${this.selected}`));
  }

  sayLog(words) {
    this.logWords = words;
    if (this.selected === "container") setText($("log-note"), words);
  }

  async follow() {
    const controller = (this.log = new AbortController());
    const box = $("log-container");
    box.replaceChildren();
    let pending = [];
    let drawing = null;
    const drawLines = () => {
      drawing = null;
      if (controller.signal.aborted || pending.length === 0) return;
      const stuck = atEnd(box);
      box.append(...pending.map((text) => make("div", { class: "line plain", textContent: text || " " })));
      pending = [];
      while (box.childElementCount > eventBound) box.firstElementChild.remove();
      if (stuck) box.scrollTop = box.scrollHeight;
      this.showLatest();
    };
    try {
      this.sayLog("Loading the log…");
      const live = this.row?.workload && workloadStatus(this.row) !== "gone";
      const answer = await api(`/deployments/${encodeURIComponent(this.id)}/logs?follow=${live ? "true" : "false"}&tail=200`, { headers: { Accept: "text/event-stream" }, signal: controller.signal });
      if (!answer.ok) throw await Problem.from(answer);
      this.sayLog(live ? "Following" : "");
      for await (const events of readEvents(answer)) {
        for (const { data } of events) pending.push(data);
        if (pending.length > eventBound) pending.splice(0, pending.length - eventBound);
        if (pending.length) drawing ??= requestAnimationFrame(drawLines);
      }
      this.sayLog(box.childElementCount || pending.length ? (live ? "The log has ended." : "") : "The container has written nothing.");
    } catch (error) {
      if (!controller.signal.aborted) this.sayLog(error instanceof Problem ? error.message : "The connection was lost.");
    }
    drawLines(); // otherwise a frame that is still to come would add these lines to the next answer
    // Selecting the log again asks for it again.
    if (this.log === controller) this.log = null;
  }
}
