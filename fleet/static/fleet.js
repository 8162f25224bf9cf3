// Keeps the overview as it is now, while somebody looks at it. Without this file the page works the same, by hand.
"use strict";

const live = document.getElementById("live");
const every_ms = 1000;
let tag = "";

async function look() {
  try {
    const answer = await fetch(live.dataset.from, { headers: tag ? { "If-None-Match": tag } : {}, redirect: "manual" });
    if (answer.type === "opaqueredirect") {
      location.reload(); // the login has ended
      return;
    }
    if (answer.status === 200) {
      tag = answer.headers.get("ETag") || "";
      live.innerHTML = await answer.text();
    }
    live.classList.toggle("old", !(answer.ok || answer.status === 304));
  } catch {
    live.classList.add("old");
  }
  setTimeout(() => (document.hidden ? undefined : look()), every_ms);
}

document.addEventListener("visibilitychange", () => document.hidden || look());
look();
