// The form, and what its controls say.
import { $ } from "../dashboard/dom.js";

export const form = $("deploy-form");
export const text = (input) => input.value.trim();
export const filesMode = () => form.elements["files-mode"].value;
export const isBuilt = () => form.elements["image-mode"].value === "build";
export const usesFiles = () => isBuilt() || form.elements.copy.value !== "none";
