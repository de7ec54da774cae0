// The strip of thumbnails: one view is shown at a time, the gravest first. Without this script all views stand one below
// the other, and a thumbnail leads to its view.
import { find, findAll } from "../dom.js";

export class Strip {
  /** @param {HTMLElement} workplace holds the strip and the views */
  constructor(workplace) {
    this.cards = findAll(workplace, "[data-view-card]");
    this.links = findAll(workplace, "a[data-view-link]", HTMLAnchorElement);
    /** @type {Set<(card: HTMLElement) => void>} */
    this.listeners = new Set();
    // In the order of the strip, which only a study of several views has.
    this.order = this.links.length > 0 ? this.links.map((link) => find(workplace, link.hash)) : this.cards;
    this.shown = this.asked() ?? this.order[0];
    for (const link of this.links) link.addEventListener("click", (event) => this.chosen(event, link));
    this.show(this.shown);
  }

  /** The view that the address names, or a part of which it names. */
  asked() {
    const id = decodeURIComponent(location.hash.slice(1));
    const part = id && document.getElementById(id)?.closest("[data-view-card]");
    return this.cards.find((card) => card === part) ?? null;
  }

  /** @param {(card: HTMLElement) => void} listener is told now and whenever another view is shown */
  onShow(listener) {
    this.listeners.add(listener);
    listener(this.shown);
  }

  /**
   * @param {MouseEvent} event
   * @param {HTMLAnchorElement} link
   */
  chosen(event, link) {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.show(find(document, link.hash));
    link.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** @param {HTMLElement} card */
  show(card) {
    this.shown = card;
    for (const one of this.cards) one.toggleAttribute("data-away", one !== card);
    for (const link of this.links) {
      const isShown = link.hash === `#${card.id}`;
      if (isShown) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    for (const listener of this.listeners) listener(card);
  }

  /** @param {number} by 1 for the next view of the strip, -1 for the one before */
  step(by) {
    const next = this.order[(this.order.indexOf(this.shown) + by + this.order.length) % this.order.length];
    this.show(next);
    find(next, ".marked .frame").focus({ preventScroll: true });
  }
}
