// A square to draw a digit on: with mouse or finger, or with keys.
const N = 28;
const SCALE = 7;

function render({ model, el }) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = N * SCALE;
  canvas.className = "tl-pad";
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application"); // or a screen reader keeps the arrow keys
  canvas.dataset.lmSuppressShortcuts = "true"; // a letter must not cut the cell
  canvas.setAttribute(
    "aria-label",
    "Drawing pad. Draw with the mouse or a finger. With keys: arrows move the pen, " +
      "space puts it down or lifts it, Delete clears.",
  );
  const state = document.createElement("div");
  state.setAttribute("role", "status");
  el.append(canvas, state);
  const context = canvas.getContext("2d");
  let ink = new Uint8Array(N * N);
  let pen = { x: 14, y: 6, down: false };
  let waiting = 0;

  function read() {
    const bytes = model.get("ink");
    ink = bytes?.byteLength === N * N
      ? new Uint8Array(bytes.buffer, bytes.byteOffset, N * N).slice()
      : new Uint8Array(N * N);
    draw();
  }
  function draw() {
    context.fillStyle = "white";
    context.fillRect(0, 0, canvas.width, canvas.height);
    for (let k = 0; k < N * N; k++) {
      if (!ink[k]) continue;
      const grey = 255 - ink[k];
      context.fillStyle = `rgb(${grey},${grey},${grey})`;
      context.fillRect((k % N) * SCALE, Math.floor(k / N) * SCALE, SCALE, SCALE);
    }
    context.strokeStyle = pen.down ? "#D55E00" : "#0072B2";
    context.lineWidth = 2;
    context.strokeRect(pen.x * SCALE, pen.y * SCALE, SCALE, SCALE);
    state.textContent = `pen ${pen.down ? "down" : "up"}, column ${pen.x}, row ${pen.y}`;
  }
  function dab(x, y) {
    // A soft pen, about as wide as the strokes of MNIST.
    for (let i = -1; i <= 1; i++)
      for (let j = -1; j <= 1; j++) {
        const [column, row] = [x + i, y + j];
        if (column < 0 || row < 0 || column >= N || row >= N) continue;
        const strength = i === 0 && j === 0 ? 255 : i === 0 || j === 0 ? 170 : 60;
        const k = row * N + column;
        ink[k] = Math.max(ink[k], strength);
      }
    send();
  }
  function stroke(from, to) {
    const n = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y), 1);
    for (let s = 0; s <= n; s++)
      dab(Math.round(from.x + ((to.x - from.x) * s) / n), Math.round(from.y + ((to.y - from.y) * s) / n));
  }
  function send() {
    draw();
    if (waiting) return; // one message for all dabs of a frame
    waiting = requestAnimationFrame(() => {
      waiting = 0;
      model.set("ink", new DataView(ink.slice().buffer));
      model.save_changes();
    });
  }
  function place(event) {
    const box = canvas.getBoundingClientRect();
    const at = (value, size) => Math.min(N - 1, Math.max(0, Math.floor((value / size) * N)));
    return { x: at(event.clientX - box.left, box.width), y: at(event.clientY - box.top, box.height) };
  }
  // One finger draws; a second one would join its place to the first one's by a line.
  let pointer = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) return;
    pointer = event.pointerId;
    canvas.setPointerCapture(event.pointerId);
    pen = { ...place(event), down: true };
    dab(pen.x, pen.y);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const next = place(event);
    stroke(pen, next);
    pen = { ...next, down: true };
  });
  function lift(event) {
    if (event.pointerId !== pointer) return;
    pointer = null;
    pen.down = false;
    draw();
  }
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"])
    canvas.addEventListener(end, lift);
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = step[event.key];
    if (!move && event.key !== " " && event.key !== "Delete") return;
    event.preventDefault(); // JupyterLab has its own use for these keys
    event.stopPropagation();
    if (move) {
      pen.x = Math.min(N - 1, Math.max(0, pen.x + move[0]));
      pen.y = Math.min(N - 1, Math.max(0, pen.y + move[1]));
    } else if (event.key === " ") pen.down = !pen.down;
    else ink = new Uint8Array(N * N);
    if (pen.down) dab(pen.x, pen.y);
    else if (event.key === "Delete") send();
    else draw();
  });
  model.on("change:ink", read);
  read();
  return () => {
    model.off("change:ink", read);
    cancelAnimationFrame(waiting);
  };
}
export default { render };
