// Tells that the explorer is alive: hides its static twin as long as it is, and gives sliders and
// radio buttons the names that stand beside them, which ipywidgets forgets.
function render({ model, el }) {
  el.style.display = "none";
  let panel = null;
  let twin = null;
  const patience = Date.now() + 10_000; // some explorers have no twin: one within another box
  const place = () => twin?.closest(".jp-OutputArea-child") ?? twin;
  const show = () => place()?.style.removeProperty("display");
  function look() {
    panel ??= el.closest(".widget-vbox");
    const name = `.tl-twin-${model.get("twin")}`;
    twin ??= el.closest(".jp-OutputArea")?.querySelector(name) ?? document.querySelector(name);
    place()?.style.setProperty("display", "none");
    for (const slider of panel?.querySelectorAll(".widget-hslider") ?? []) {
      tell(slider, "aria-label", slider.querySelector(".widget-label")?.textContent);
      // The slider itself tells the exponent of a logarithmic scale, or the number of an option.
      tell(slider, "aria-valuetext", slider.querySelector(".widget-readout")?.textContent);
    }
    for (const group of panel?.querySelectorAll(".widget-radio") ?? []) {
      group.setAttribute("role", "radiogroup");
      group.setAttribute("aria-label", group.querySelector(".widget-label").textContent);
    }
    if (!panel || (!twin && Date.now() < patience)) return;
    watcher.disconnect();
    watcher.observe(panel, {
      childList: true, subtree: true, characterData: true, attributeFilter: ["aria-valuetext"],
    });
  }
  function tell(slider, attribute, words) {
    const handle = slider.querySelector(".noUi-handle");
    if (handle && words && handle.getAttribute(attribute) !== words)
      handle.setAttribute(attribute, words);
  }
  // Controls and twin may be drawn after this; until then the whole page is watched.
  const watcher = new MutationObserver(look);
  watcher.observe(document.body, { childList: true, subtree: true });
  look();
  model.on("comm_live_update", show); // the kernel is gone
  model.send({ kind: "shown" });
  return () => {
    watcher.disconnect();
    model.off("comm_live_update", show);
    show();
    model.send({ kind: "removed" });
  };
}
export default { render };
