// Light or dark.
import { $, keep } from "./dom.js";

const themes = ["system", "light", "dark"];
// The same key as the page for a single deployment: one choice for both.
let theme = keep.read("slipway.demo.theme");
if (!themes.includes(theme)) theme = "system";
function showTheme() {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  $("theme").textContent = `Theme: ${theme}`;
}
$("theme").addEventListener("click", () => {
  theme = themes[(themes.indexOf(theme) + 1) % themes.length];
  keep.write("slipway.demo.theme", theme);
  showTheme();
});
showTheme();
