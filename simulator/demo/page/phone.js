// The player's phone: a camera until the code is scanned, then whatever the code's address shows.

const at = (id) => document.getElementById(id);

// Why there is no code, by what the attract screen shows.
const WHY_BLIND = {
  starting: "The cabinet is starting.",
  paying: "Credits are on their way to the board.",
  not_ready: "The board takes no coins just now, so the screen hides the code.",
  offline: "The cabinet is offline, so the screen hides the code.",
  no_power: "The cabinet has no power.",
  out_of_order: "The cabinet is out of order, so the screen hides the code.",
};

export class Phone {
  #code = null;

  constructor() {
    at("scan").addEventListener("click", () => this.#open());
    at("again").addEventListener("click", () => this.#close());
  }

  show(screen, lan) {
    this.#code = screen.qr;
    const blind = this.#code === null;
    at("scan").disabled = blind;
    at("finder").classList.toggle("blind", blind);
    at("camera-title").textContent = blind ? "No code to scan" : "Scan the code";
    at("camera-text").textContent = blind
      ? (WHY_BLIND[screen.state] ?? "The screen shows no code just now.")
      : "Do what a player's phone does: read the code on the cabinet's screen.";
    at("real-phone").hidden = blind || !lan;
  }

  #open() {
    if (this.#code === null) return;
    at("phone").src = this.#code;
    at("address").textContent = new URL(this.#code).host;
    this.#turn({ open: true });
  }

  #close() {
    at("phone").removeAttribute("src");
    at("address").textContent = "Camera";
    this.#turn({ open: false });
  }

  #turn({ open }) {
    at("phone").hidden = !open;
    at("again").hidden = !open;
    at("camera").hidden = open;
  }
}
