
// Stands in the pages themselves. A browser drops what it is loading when the machine's network changes,
// as it does whenever a container starts there; a page without one of its files would look alive and not
// be. It is loaded again.
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
