// One line of the list of files: name, what is happening, bar, and what its sender may do.

/**
 * @template {keyof HTMLElementTagNameMap} N
 * @param {N} name
 * @param {string} className
 */
function element(name, className, text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

export class FileRow {
  /**
   * @param {HTMLElement} list
   * @param {File} file
   * @param {HTMLElement} announcer
   * @param {string} text
   */
  constructor(list, file, announcer, text) {
    this.file = file;
    this.announcer = announcer;
    this.row = element("li", "file");
    this.bar = element("progress", "file-bar");
    this.state = element("span", "file-state");
    this.actions = element("span", "file-actions");
    this.bar.max = 1;
    this.bar.setAttribute("aria-label", file.name);
    this.row.append(element("span", "file-name", file.name), this.state, this.actions, this.bar);
    list.append(this.row);
    this.say(text, 0);
  }

  /**
   * @param {string} text
   * @param {number} [share] of the work; unknown without it
   */
  say(text, share) {
    this.row.classList.remove("failed");
    this.bar.hidden = false;
    this.actions.replaceChildren();
    this.state.textContent = text;
    if (share === undefined) this.bar.removeAttribute("value");
    else this.bar.value = share;
  }

  /**
   * @param {string} text
   * @param {string} verdict
   */
  done(text, verdict) {
    this.row.classList.add("done", verdict);
    this.say(text, 1);
    this.announcer.textContent = `${this.file.name}: ${text}`;
  }

  /** @param {string} text */
  fail(text) {
    this.say(text, 0);
    this.row.classList.add("failed");
    this.bar.hidden = true;
    this.announcer.textContent = `${this.file.name}: ${text}`;
  }

  /**
   * @param {string} text
   * @param {() => void} act
   */
  offer(text, act) {
    const button = element("button", "small", text);
    button.type = "button";
    button.setAttribute("aria-label", `${text}: ${this.file.name}`);
    button.addEventListener("click", act);
    this.actions.append(button);
  }

  /**
   * @param {string} text
   * @param {string} address opened in a tab of its own, so that this one keeps its files
   */
  link(text, address) {
    const link = element("a", "", text);
    Object.assign(link, { href: address, target: "_blank" });
    this.actions.append(link);
  }

  remove() {
    this.row.remove();
  }
}
