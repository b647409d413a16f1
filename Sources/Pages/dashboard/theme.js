// Light or dark colours.
import { $, keep } from "./dom.js";

const themes = ["system", "light", "dark"];
// All pages use the same key, so that one choice counts for all.
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
