// The page: asks for what is new six times a second, and shows it.

import { Breaks } from "./breaks.js";
import { Messages } from "./messages.js";
import { Money } from "./money.js";
import { Phone } from "./phone.js";
import { Trace } from "./trace.js";

const POLL_MS = 160;
const RETRY_MS = 700;
const ANSWER_WITHIN_MS = 3000;
const ENDED_AFTER_FAILURES = 2;

const at = (id) => document.getElementById(id);
const breaks = new Breaks(press);
const phone = new Phone();
const money = new Money();
const trace = new Trace(at("trace"));
const messages = new Messages(at("messages"));
const next = { edges: 0, messages: 0 };
let run = null;
let failures = 0;

async function poll() {
  try {
    const askedMs = performance.now();
    const answer = await fetch(`/state?edges=${next.edges}&messages=${next.messages}`, {
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    if (!answer.ok) throw new Error(`/state answered ${answer.status}`);
    const state = await answer.json();
    trace.setClock(state.now_s, (askedMs + performance.now()) / 2);
    show(state);
    failures = 0;
  } catch (error) {
    failures += 1;
    console.warn("The demo did not answer:", error);
  }
  at("ended").hidden = failures < ENDED_AFTER_FAILURES;
  setTimeout(poll, failures ? RETRY_MS : POLL_MS);
}

function show(state) {
  if (run !== null && run !== state.run) location.reload();
  run = state.run;
  next.edges = state.edges.next;
  next.messages = state.messages.next;
  at("machine-name").textContent = state.screen.machine_name;
  showPicture(state);
  showBoard(state);
  breaks.show(state);
  document.getElementById("operator").hidden = !state.operator;
  phone.show(state.whole.power ? state.screen : { qr: null, state: "no_power" }, state.lan);
  money.show(state.money);
  trace.add(state.edges.items);
  messages.add(state.messages.items);
}

// The next picture is loaded before it takes the place of the last: no flicker.
let shown = null;
function showPicture({ picture, screen }) {
  at("glass").classList.toggle("dark", picture === null);
  if (picture === null || picture === shown) return;
  shown = picture;
  const fresh = new Image();
  fresh.onload = () => {
    const old = at("screen");
    fresh.id = old.id;
    fresh.alt = `The attract screen, ${screen.state.replaceAll("_", " ")}`;
    old.replaceWith(fresh);
  };
  fresh.src = `/screen.png?v=${picture}`;
}

function showBoard({ board, whole, pulses_fired: pulses }) {
  at("credits").textContent = board.credits;
  at("pulses").textContent = pulses;
  at("counted").textContent = board.coins - board.cash_coins;
  at("cash-coins").textContent = board.cash_coins;
  at("credits-left").textContent = board.credits;
  const [text, mood] = whole.power ? boardStatus(board) : ["NO POWER", "off"];
  at("board-status").textContent = text;
  at("board-status").dataset.mood = mood;
  at("coin").disabled = !whole.power || !board.ready; // its mech gives the coin back
  at("start").disabled = board.credits === 0;
  at("game-over").disabled = !board.playing;
}

function boardStatus(board) {
  if (board.coin_error) return ["COIN ERROR", "bad"];
  if (board.playing) return ["PLAYING", "playing"];
  if (board.game_over) return ["GAME OVER", "bad"];
  if (board.credits > 0) return ["PRESS START", "waiting"];
  if (!board.ready) return ["NOT READY", "bad"];
  return ["INSERT COIN", "waiting"];
}

function press(path) {
  return fetch(path, { method: "POST" }).catch((error) => console.warn("The button was not heard:", error)); // the next poll tells why
}

at("coin").addEventListener("click", () => press("/board/coin"));
at("start").addEventListener("click", () => press("/board/start"));
at("game-over").addEventListener("click", () => press("/board/game-over"));
poll();
