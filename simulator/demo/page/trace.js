// The wires between cabinet and board, drawn as an oscilloscope would: now is at the right edge.

const LONGEST_WINDOW_S = 8;
const LEAST_PX_PER_S = 100; // narrower, the labels of a coin train run into each other
// An edge is known here a little after it happened; drawn this late, it never appears in mid-picture.
const BEHIND_S = 0.3;
const JUMP_S = 0.5;
const NAMES_PX = 84;
const LANES = [
  { line: "coin", name: "Coin", colour: "#ffc43d", share: 0.34, widths: true, resting: false },
  { line: "coin_meter", name: "Coin meter", colour: "#6fe3ae", share: 0.24, widths: true, resting: false },
  { line: "game_over", name: "Game over", colour: "#ff7a6b", share: 0.24, widths: true, resting: false },
  { line: "ready", name: "Ready", colour: "#60d6e8", share: 0.18, widths: false, resting: true },
];

export class Trace {
  #canvas;
  #changes = new Map(LANES.map(({ line }) => [line, []]));
  #offsetS = null; // server's clock minus ours

  constructor(canvas) {
    this.#canvas = canvas;
    requestAnimationFrame((nowMs) => this.#frame(nowMs));
  }

  // Small corrections are taken slowly, so that the trace runs smoothly.
  setClock(serverS, oursMs) {
    const seenS = serverS - oursMs / 1000;
    const errorS = this.#offsetS === null ? Infinity : seenS - this.#offsetS;
    this.#offsetS = Math.abs(errorS) > JUMP_S ? seenS : this.#offsetS + errorS * 0.1;
  }

  add(changes) {
    for (const change of changes) this.#changes.get(change.line)?.push(change);
  }

  #frame(nowMs) {
    requestAnimationFrame((laterMs) => this.#frame(laterMs));
    if (this.#offsetS === null) return;
    const paper = fitted(this.#canvas);
    const endS = nowMs / 1000 + this.#offsetS - BEHIND_S;
    const windowS = Math.min(LONGEST_WINDOW_S, (paper.width - NAMES_PX) / LEAST_PX_PER_S);
    const view = { startS: endS - windowS, endS, width: paper.width, left: NAMES_PX };
    this.#forget(view.startS);
    drawGrid(paper.context, view, paper.height);
    let top = 0;
    for (const lane of LANES) {
      const height = paper.height * lane.share;
      drawLane(paper.context, view, lane, this.#changes.get(lane.line), top, height);
      top += height;
    }
  }

  // The last change before the window stays: it says how the window begins.
  #forget(startS) {
    for (const changes of this.#changes.values()) {
      while (changes.length > 1 && changes[1].at_s < startS) changes.shift();
    }
  }
}

function fitted(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

function xAt(view, atS) {
  const share = (atS - view.startS) / (view.endS - view.startS);
  return view.left + share * (view.width - view.left);
}

function drawGrid(context, view, height) {
  context.strokeStyle = "#ffffff12";
  context.lineWidth = 1;
  context.beginPath();
  for (let second = Math.ceil(view.startS); second <= view.endS; second += 1) {
    const x = Math.round(xAt(view, second)) + 0.5;
    context.moveTo(x, 0);
    context.lineTo(x, height);
  }
  context.stroke();
}

function drawLane(context, view, lane, changes, top, height) {
  const low = Math.round(top + height - 8) + 0.5;
  const high = Math.round(top + (lane.widths ? 20 : 8)) + 0.5;
  context.font = "13px system-ui, 'DejaVu Sans', sans-serif";
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  context.fillStyle = "#c4b8e2";
  context.fillText(lane.name, 0, low);
  const stretches = activeStretches(changes, view, lane.resting);
  drawLevels(context, view, lane, stretches, low, high);
  if (lane.widths) drawWidths(context, view, lane, stretches, high);
}

// [from, to] of each stretch in which the line was active, with `whole` where both ends are known.
function activeStretches(changes, view, resting) {
  const stretches = [];
  let since = resting && (changes.length === 0 || !changes[0].active) ? -Infinity : null;
  for (const { active, at_s: atS } of changes) {
    if (atS > view.endS) break;
    if (active) since ??= atS;
    else if (since !== null) {
      stretches.push({ from: since, to: atS, whole: Number.isFinite(since) });
      since = null;
    }
  }
  if (since !== null) stretches.push({ from: since, to: view.endS, whole: false });
  return stretches.filter(({ to }) => to > view.startS);
}

function drawLevels(context, view, lane, stretches, low, high) {
  context.beginPath();
  context.moveTo(view.left, low);
  for (const { from, to } of stretches) {
    const [x1, x2] = [Math.max(view.left, xAt(view, from)), Math.min(view.width, xAt(view, to))];
    context.fillStyle = `${lane.colour}2e`;
    context.fillRect(x1, high, x2 - x1, low - high);
    if (from > view.startS) context.lineTo(x1, low);
    else context.moveTo(x1, high); // it was active before: no edge here
    context.lineTo(x1, high);
    context.lineTo(x2, high);
    if (to < view.endS) context.lineTo(x2, low);
  }
  if (stretches.at(-1)?.to !== view.endS) context.lineTo(view.width, low);
  context.strokeStyle = lane.colour;
  context.lineWidth = 1.75;
  context.lineJoin = "round";
  context.stroke();
}

function drawWidths(context, view, lane, stretches, high) {
  context.font = "11px ui-monospace, 'DejaVu Sans Mono', monospace";
  context.textAlign = "center";
  context.fillStyle = lane.colour;
  for (const { from, to, whole } of stretches) {
    const x = xAt(view, (from + to) / 2);
    if (whole && x > view.left + 12) context.fillText(Math.round((to - from) * 1000), x, high - 5);
  }
}
