// A sheet of tiles, one of which can be chosen by click or by arrow keys.
function render({ model, el }) {
  const frame = document.createElement("div");
  frame.className = "tl-sheet-frame";
  const names = document.createElement("div");
  names.className = "tl-row-names";
  names.setAttribute("aria-hidden", "true"); // the tiles say whose row they are in
  const box = document.createElement("div");
  box.className = "tl-sheet";
  const image = document.createElement("img");
  image.alt = "";
  const options = document.createElement("div");
  // Tiles need names that no other sheet of the page has.
  const name = `sheet-${Math.random().toString(36).slice(2)}`;
  options.className = "tl-options";
  options.tabIndex = 0;
  options.dataset.lmSuppressShortcuts = "true"; // a letter must not cut the cell
  options.setAttribute("role", "listbox");
  box.append(image, options);
  frame.append(names, box);
  el.append(frame);
  let url = "";
  let tiles = [];

  function drawImage() {
    if (url) URL.revokeObjectURL(url);
    url = URL.createObjectURL(new Blob([model.get("png")], { type: "image/png" }));
    image.src = url;
    box.style.width = `${model.get("width")}px`;
  }
  function layOut() {
    const [labels, columns] = [model.get("labels"), model.get("n_columns")];
    const rows = Math.max(1, Math.ceil(labels.length / columns));
    options.style.gridTemplateColumns = `repeat(${columns}, 1fr)`;
    options.style.gridTemplateRows = `repeat(${rows}, 1fr)`;
    options.setAttribute("aria-label", model.get("description"));
    names.replaceChildren(
      ...model.get("row_names").map((words) => {
        const name = document.createElement("span");
        name.textContent = words;
        return name;
      }),
    );
    if (tiles.length !== labels.length) {
      tiles = labels.map((_, k) => {
        const tile = document.createElement("div");
        tile.setAttribute("role", "option");
        tile.id = `${name}-${k}`;
        tile.addEventListener("click", () => choose(k));
        return tile;
      });
      options.replaceChildren(...tiles);
    }
    tiles.forEach((tile, k) => {
      tile.setAttribute("aria-label", labels[k]);
      tile.title = labels[k];
    });
    mark();
  }
  function mark() {
    const chosen = model.get("selected");
    tiles.forEach((tile, k) => tile.setAttribute("aria-selected", String(k === chosen)));
    if (tiles[chosen]) options.setAttribute("aria-activedescendant", tiles[chosen].id);
    else options.removeAttribute("aria-activedescendant");
  }
  function choose(k) {
    model.set("selected", Math.min(Math.max(k, 0), tiles.length - 1));
    model.save_changes();
  }
  function onKey(event) {
    const [now, columns] = [Math.max(model.get("selected"), 0), model.get("n_columns")];
    const to = {
      ArrowLeft: now - 1, ArrowRight: now + 1, ArrowUp: now - columns, ArrowDown: now + columns,
      Home: 0, End: tiles.length - 1,
    }[event.key];
    if (to === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault(); // JupyterLab would go to the next cell
    event.stopPropagation();
    if (to >= 0 && to < tiles.length) choose(to);
  }
  options.addEventListener("keydown", onKey);
  const listeners = {
    "change:png": drawImage, "change:width": drawImage, "change:labels": layOut,
    "change:n_columns": layOut, "change:description": layOut, "change:selected": mark,
  };
  for (const [name, listener] of Object.entries(listeners)) model.on(name, listener);
  drawImage();
  layOut();
  return () => {
    for (const [name, listener] of Object.entries(listeners)) model.off(name, listener);
    URL.revokeObjectURL(url);
  };
}
export default { render };
