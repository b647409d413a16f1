// The stages of a deployment, and times, as this page words them.
import { durationText as durationIn, stages } from "../dashboard/words.js";

/** The stages in their usual order, with what happens in each. */
export const pipeline = [
  ["validating", "The engine answers, and the folder, the names and the ports can be used."],
  ["pulling_image", "The image is pulled, or built step by step."],
  ["preparing_files", "The files to copy are collected; ignored files are left out."],
  ["starting_container", "The container is created and started, and gets its host ports."],
  ["copying_files", "The folder’s content goes into the container."],
  ["health_check", "Every port is probed until it answers."],
];
export const finals = new Set(["completed", "error", "cancelled", "superseded"]);
const titles = { ...Object.fromEntries(Object.entries(stages).map(([name, [title]]) => [name, title])), queued: "Waiting in the queue" };

/** What a stage is called; undefined if this page does not know it. */
export const titleOf = (stage) => (Object.hasOwn(titles, stage ?? "") ? titles[stage] : undefined);

export const units = { second: " s", minute: " min", hour: " h", day: " d" };
/** `2 min 34 s`; below a minute with a tenth of a second, unless only `whole` seconds count. */
export const durationText = (milliseconds, options) => durationIn(milliseconds, { ...options, units });
