// Where the money is. Amounts come in minor units with their currency.

export class Money {
  show({ currency, ...amounts }) {
    for (const name of ["reserved", "charged", "released"]) {
      this.#put(document.getElementById(name), text(amounts[name], currency));
    }
  }

  #put(element, amount) {
    if (element.textContent === amount) return;
    element.textContent = amount;
    element.classList.remove("changed");
    void element.offsetWidth; // begins the animation anew
    element.classList.add("changed");
  }
}

function text(minorUnits, currency) {
  const format = new Intl.NumberFormat("en-US", { style: "currency", currency });
  return format.format(minorUnits / 10 ** format.resolvedOptions().maximumFractionDigits);
}
