// The levers that break the demo. What stays broken is mended by the same lever.

export class Breaks {
  #levers = [...document.querySelectorAll("[data-what]")];
  #seen = document.getElementById("seen");

  constructor(press) {
    for (const lever of this.#levers) {
      lever.addEventListener("click", () => {
        const mended = lever.classList.contains("broken") ? "/mended" : "";
        press(`/break/${lever.dataset.what}${mended}`);
      });
    }
  }

  show({ whole, seen }) {
    for (const lever of this.#levers) {
      const broken = !whole[lever.dataset.part];
      lever.classList.toggle("broken", broken);
      lever.disabled = broken && !lever.classList.contains("stays");
    }
    if (seen !== null && seen !== this.#seen.textContent) this.#tell(seen);
  }

  #tell(seen) {
    this.#seen.textContent = seen;
    this.#seen.classList.remove("new");
    void this.#seen.offsetWidth; // begins the animation anew
    this.#seen.classList.add("new");
  }
}
