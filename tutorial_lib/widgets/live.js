// Tells that the explorer is alive: hides its static twin as long as it is, and gives sliders and
// radio buttons the names that stand beside them, which ipywidgets forgets.
function render({ model, el }) {
  el.style.display = "none";
  let panel = null;
  let twin = null;
  const place = () => twin?.closest(".jp-OutputArea-child") ?? twin;
  const show = () => place()?.style.removeProperty("display");
  function look() {
    panel ??= el.closest(".widget-vbox");
    twin ??= document.querySelector(`.tl-twin-${model.get("twin")}`);
    place()?.style.setProperty("display", "none");
    for (const handle of panel?.querySelectorAll(".noUi-handle") ?? []) {
      const label = handle.closest(".widget-hslider")?.querySelector(".widget-label");
      if (label) handle.setAttribute("aria-label", label.textContent);
    }
    for (const group of panel?.querySelectorAll(".widget-radio") ?? []) {
      group.setAttribute("role", "radiogroup");
      group.setAttribute("aria-label", group.querySelector(".widget-label").textContent);
    }
    if (!panel || !twin) return;
    watcher.disconnect();
    watcher.observe(panel, { childList: true, subtree: true });
  }
  // Controls and twin may be drawn after this; until then the whole page is watched.
  const watcher = new MutationObserver(look);
  watcher.observe(document.body, { childList: true, subtree: true });
  look();
  model.on("comm_live_update", show); // the kernel is gone
  return () => {
    watcher.disconnect();
    model.off("comm_live_update", show);
    show();
    model.send({ kind: "removed" });
  };
}
export default { render };
