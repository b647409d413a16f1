
// This script is in the pages themselves. A browser drops what it is loading if the machine's network
// changes, which happens whenever a container starts there. A page without one of its files would look
// alive without being so, therefore it is loaded again.
let lost = false;
addEventListener("error", ({ target }) => {
  const times = history.state?.times ?? 0;
  if (lost || times === 5 || document.readyState === "complete" || !target.matches?.("script, link")) return;
  lost = true;
  history.replaceState({ times: times + 1 }, "");
  setTimeout(() => location.reload(), 500);
}, true);
addEventListener("load", () => {
  if (!lost && history.state?.times) history.replaceState(null, "");
});
