/**
 * Runs in each page, in a world of its own: what the page does to its own objects does not reach it. It reads the page for the
 * model and finds what the model means; it is the source of a function, called once per document, and uses nothing from outside.
 */
globalThis.makeTools = (limits) => {
  const NODES_MAX = 60_000;
  const TIME_MAX_MS = 3_000;
  const OPTIONS_MAX = 40;
  const NAME_MAX = 80;
  const VALUE_MAX = 120;
  const INLINE = new Set(
    "A ABBR B BDI BDO BUTTON CITE CODE DATA DEL DFN EM FONT I IMG INPUT INS KBD LABEL MARK OUTPUT Q S SAMP SELECT SLOT SMALL SPAN STRONG SUB SUP TEXTAREA TIME U VAR WBR".split(
      " ",
    ),
  );
  const SILENT = new Set(
    "SCRIPT STYLE NOSCRIPT TEMPLATE HEAD SVG IFRAME OBJECT EMBED CANVAS VIDEO AUDIO MATH".split(" "),
  );
  const DIRECT_INPUTS = new Set(["date", "time", "datetime-local", "month", "week", "color", "range"]);
  const BUTTON_INPUTS = new Set(["submit", "button", "reset", "image"]);
  const ROLES = new Set(
    "button link checkbox radio tab menuitem menuitemcheckbox menuitemradio option switch combobox textbox searchbox treeitem".split(
      " ",
    ),
  );

  const numbers = new WeakMap();
  const items = new Map();

  const squash = (text, max = Number.POSITIVE_INFINITY) => {
    const flat = String(text ?? "")
      .replace(/\s+/g, " ")
      .trim();
    return flat.length > max ? `${flat.slice(0, max)}…` : flat;
  };
  const isVisible = (element) =>
    element.checkVisibility({ visibilityProperty: true }) && element.closest("[inert]") === null;
  const roleOf = (element) => (element.getAttribute("role") ?? "").trim().toLowerCase();
  const kindOf = (element) => {
    const tag = element.tagName;
    if (tag === "SELECT") return "select";
    if (tag === "TEXTAREA") return "field";
    if (tag === "INPUT") {
      const { type } = element;
      if (type === "hidden") return undefined;
      if (type === "checkbox" || type === "radio") return type;
      if (type === "file") return "file";
      return BUTTON_INPUTS.has(type) ? "button" : "field";
    }
    if (tag === "BUTTON" || tag === "SUMMARY") return "button";
    if (element.isContentEditable && element.parentElement?.isContentEditable !== true) return "field";
    const role = roleOf(element);
    if (ROLES.has(role)) return ["textbox", "searchbox"].includes(role) ? "field" : role;
    if (tag === "A" && element.hasAttribute("href")) return "link";
    if (element.hasAttribute("onclick")) return "button";
    return undefined;
  };

  /** Text of a label without that of the fields within it. */
  const labelText = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    if (node.nodeType !== Node.ELEMENT_NODE || SILENT.has(node.tagName)) return "";
    if (["SELECT", "TEXTAREA", "INPUT"].includes(node.tagName)) return "";
    return [...node.childNodes].map(labelText).join(" ");
  };
  const nameOf = (element) => {
    const root = element.getRootNode();
    const labelled = (element.getAttribute("aria-labelledby") ?? "")
      .split(/\s+/)
      .map((id) => (id === "" ? null : root.getElementById?.(id)))
      .filter((found) => found)
      .map(labelText)
      .join(" ");
    const isButton = element.tagName === "INPUT" && BUTTON_INPUTS.has(element.type);
    const hasText = !["INPUT", "TEXTAREA", "SELECT"].includes(element.tagName) && !element.isContentEditable;
    const candidates = [
      labelled,
      element.getAttribute("aria-label"),
      [...(element.labels ?? [])].map(labelText).join(" "),
      isButton ? element.value : "",
      hasText ? element.innerText : "",
      element.getAttribute("placeholder"),
      element.getAttribute("alt") ?? element.querySelector?.("img[alt]")?.getAttribute("alt"),
      element.getAttribute("title"),
      element.getAttribute("name"),
    ];
    return squash(candidates.find((name) => squash(name) !== "") ?? "", NAME_MAX);
  };
  const isDisabled = (element) =>
    element.matches(":disabled") || element.getAttribute("aria-disabled") === "true";
  const optionText = (option) => squash(option.label || option.text, NAME_MAX);
  const isOptionOff = (option) => option.disabled || option.parentElement?.disabled === true;

  let next = 1;
  const numberOf = (element) => {
    let number = numbers.get(element);
    if (number === undefined) {
      number = next;
      next += 1;
      numbers.set(element, number);
      items.set(number, new WeakRef(element));
    }
    return number;
  };
  const describe = (element, kind) => {
    const name = nameOf(element);
    const off = isDisabled(element) ? ", off" : "";
    const required = element.required === true ? ", required" : "";
    const start = `[${numberOf(element)}`;
    if (kind === "link") return `${start} ${name}]`;
    if (kind === "select") {
      const all = [...element.options];
      const options = all
        .slice(0, OPTIONS_MAX)
        .map((option) => `${optionText(option)}${isOptionOff(option) ? " (off)" : ""}`);
      const more = all.length > OPTIONS_MAX ? ` | … ${all.length - OPTIONS_MAX} more` : "";
      const chosen = [...element.selectedOptions].map(optionText).join(", ");
      return `${start} select ${name}${required}${off}: "${chosen}" of ${options.join(" | ")}${more}]`;
    }
    if (kind === "checkbox" || kind === "radio" || kind === "switch") {
      const isOn = element.checked === true || element.getAttribute("aria-checked") === "true";
      return `${start} ${kind} ${name}: ${isOn ? "on" : "off"}${required}${isDisabled(element) ? ", disabled" : ""}]`;
    }
    if (kind === "field") {
      const type = element.tagName === "INPUT" && element.type !== "text" ? `${element.type} ` : "";
      const value =
        element.type === "password"
          ? element.value === ""
            ? ""
            : "(filled)"
          : (element.value ?? element.innerText);
      const wrong = element.getAttribute("aria-invalid") === "true" ? ", not accepted" : "";
      return `${start} ${type}field ${name}${required}${wrong}${off}: "${squash(value, VALUE_MAX)}"]`;
    }
    return `${start} ${kind}: ${name}${off}]`;
  };

  /** All elements below a root, those in open shadow trees too, in the order of the document. */
  function* within(root) {
    const stack = [root];
    let seen = 0;
    while (stack.length > 0 && seen < NODES_MAX) {
      const element = stack.pop();
      seen += 1;
      if (element.nodeType === Node.ELEMENT_NODE) yield element;
      const children = [...(element.shadowRoot?.children ?? []), ...element.children];
      for (let index = children.length - 1; index >= 0; index -= 1) stack.push(children[index]);
    }
  }

  function read(start, fromElement) {
    next = Math.max(next, start);
    const lines = [];
    let line = "";
    let chars = 0;
    let nodes = 0;
    let isCut = false;
    const began = performance.now();
    const flush = () => {
      const text = line.replace(/[ \t]+/g, " ").trim();
      line = "";
      if (text === "" || /^[-#|]+$/.test(text)) return;
      lines.push(text);
      chars += text.length + 1;
    };
    const visit = (node) => {
      if (isCut) return;
      nodes += 1;
      if (
        nodes > NODES_MAX ||
        chars > limits.maxChars ||
        (nodes % 200 === 0 && performance.now() - began > TIME_MAX_MS)
      ) {
        isCut = true;
        return;
      }
      if (node.nodeType === Node.TEXT_NODE) {
        line += node.data.slice(0, limits.maxChars).replace(/\s+/g, " ");
        if (line.length > limits.maxChars) flush();
        return;
      }
      if (node.nodeType !== Node.ELEMENT_NODE || SILENT.has(node.tagName.toUpperCase())) return;
      const tag = node.tagName;
      const kind = kindOf(node);
      if (tag === "SLOT") {
        const assigned = node.assignedNodes();
        for (const child of assigned.length > 0 ? assigned : node.childNodes) visit(child);
        return;
      }
      // Its style, not its box: what has none of its own may have children that are seen.
      if (getComputedStyle(node).display !== "contents" && !isVisible(node)) return;
      if (kind !== undefined) {
        const said = describe(node, kind);
        if (kind === "link") line += `${said} `;
        else {
          flush();
          line = said;
          flush();
        }
        return;
      }
      // The name of a field is told with the field.
      if (tag === "LABEL" && node.control && !node.contains(node.control) && isVisible(node.control)) return;
      if (tag === "IMG") {
        if (node.alt) line += `(image: ${squash(node.alt, NAME_MAX)}) `;
        return;
      }
      if (tag === "BR") return flush();
      if (tag === "TD" || tag === "TH") line += "| ";
      const isBlock = !INLINE.has(tag) && tag !== "TD" && tag !== "TH";
      if (isBlock) flush();
      if (tag === "LI") line = "- ";
      if (/^H[1-6]$/.test(tag)) line = `${"#".repeat(Number(tag[1]))} `;
      for (const child of node.shadowRoot?.childNodes ?? node.childNodes) visit(child);
      line += " ";
      if (isBlock) flush();
    };
    visit(fromElement ?? document.body ?? document.documentElement);
    flush();
    return { text: lines.join("\n").slice(0, limits.maxChars), isCut, next };
  }

  const usable = {
    click: (kind) => kind !== undefined,
    type: (kind) => kind === "field",
    select: (kind) => kind === "select",
    any: () => true,
  };

  const bySelector = (target) => {
    try {
      return [...document.querySelectorAll(target)];
    } catch {
      // Not a selector but words.
      return [];
    }
  };
  const fold = (text) =>
    squash(text)
      .toLowerCase()
      .replace(/[\s*:]+$/u, "");

  /** The elements that the model can mean, best first: by number, by what is written on it, by id or name, by selector. */
  function candidates(purpose, target) {
    const number = /^\[?(\d{1,6})\]?$/.exec(target);
    const numbered = number === null ? undefined : items.get(Number(number[1]))?.deref();
    if (numbered?.isConnected) return [numbered];
    if (/^[#.[]/.test(target)) {
      const found = bySelector(target);
      if (found.length > 0) return found;
    }
    const wanted = fold(target);
    const levels = [[], [], [], [], []];
    for (const element of within(document.documentElement)) {
      const kind = kindOf(element);
      if (element.id === target || element.getAttribute("name") === target) levels[1].push(element);
      if (!usable[purpose](kind) || (purpose === "any" && kind === undefined)) continue;
      const said = fold(nameOf(element));
      const hint = fold(element.getAttribute("placeholder") ?? "");
      if (said === wanted || hint === wanted) levels[0].push(element);
      else if (wanted !== "" && said.startsWith(wanted)) levels[2].push(element);
      else if (wanted !== "" && (said.includes(wanted) || hint.includes(wanted))) levels[3].push(element);
    }
    const found = levels.flat();
    if (found.length > 0) return found;
    const selected = bySelector(target);
    if (selected.length > 0) return selected;
    return purpose === "click" || purpose === "any" ? byText(wanted) : [];
  }

  /** The innermost elements with exactly these words, for what is clickable without saying so. */
  function byText(wanted) {
    if (wanted === "") return [];
    const found = [];
    for (const element of within(document.body ?? document.documentElement)) {
      if (element.childElementCount > 3 || SILENT.has(element.tagName) || !isVisible(element)) continue;
      if (fold(element.innerText) === wanted) found.push(element);
    }
    return found.reverse();
  }

  let chosen;

  /** Chooses an element for what follows. */
  function find(purpose, target) {
    chosen = undefined;
    const all = candidates(purpose, target);
    const fitting = all.filter(
      (element) =>
        isVisible(element) && (purpose === "any" || purpose === "click" || usable[purpose](kindOf(element))),
    );
    const [first] = fitting;
    if (first === undefined) {
      const isHidden = all.some((element) => usable[purpose](kindOf(element)) && !isVisible(element));
      return { found: false, reason: isHidden ? "hidden" : all.length > 0 ? "unfit" : "missing" };
    }
    chosen = first;
    const link = first.closest("a[href]");
    return {
      found: true,
      kind: kindOf(first) ?? "element",
      name: nameOf(first),
      isDisabled: isDisabled(first),
      href: link === null ? "" : link.href,
    };
  }

  const announce = (element) => {
    element.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
    element.dispatchEvent(new Event("change", { bubbles: true }));
  };

  /** Brings the chosen element into view; says what lies over it, or that it has no size and must be clicked by its name. */
  function reveal() {
    chosen.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
    const box = chosen.getBoundingClientRect();
    if (box.width < 1 || box.height < 1) return { isEmpty: true, coveredBy: "" };
    const first = [...chosen.getClientRects()].find(({ width, height }) => width > 0 && height > 0) ?? box;
    const hit = chosen.getRootNode().elementFromPoint(first.x + first.width / 2, first.y + first.height / 2);
    const isHit =
      hit === null ||
      chosen.contains(hit) ||
      hit.contains(chosen) ||
      [...(chosen.labels ?? [])].some((label) => label.contains(hit));
    return {
      isEmpty: false,
      coveredBy: isHit ? "" : squash(nameOf(hit) || hit.innerText || hit.tagName, NAME_MAX),
    };
  }

  /** Makes the chosen field ready for the keyboard, or gives a field of a kind that is not typed its value. */
  function prepareTyping(text) {
    if (chosen.readOnly === true) return "readonly";
    chosen.focus();
    if (chosen.tagName === "INPUT" && DIRECT_INPUTS.has(chosen.type)) {
      const before = chosen.value;
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(chosen, text);
      if (chosen.value === "" && text !== "") {
        chosen.value = before;
        return "format";
      }
      announce(chosen);
      return "done";
    }
    if (typeof chosen.select === "function") chosen.select();
    else getSelection().selectAllChildren(chosen);
    return "keyboard";
  }

  /** Chooses an option of the chosen list by its words or its value. */
  function choose(text) {
    const wanted = fold(text);
    const all = [...chosen.options];
    const test = [
      (option) => fold(optionText(option)) === wanted || option.value === text,
      (option) => fold(optionText(option)).startsWith(wanted),
      (option) => fold(optionText(option)).includes(wanted),
    ].find((matches) => all.some(matches));
    const matching = test === undefined || wanted === "" ? [] : all.filter(test);
    const option = matching.find((one) => !isOptionOff(one));
    const open = all
      .filter((one) => !isOptionOff(one))
      .slice(0, OPTIONS_MAX)
      .map(optionText);
    if (option === undefined) return { result: matching.length > 0 ? "off" : "missing", open };
    chosen.focus();
    option.selected = true;
    announce(chosen);
    return { result: "done", open: [optionText(option)] };
  }

  return {
    read: (start) => read(start),
    readChosen: (start) => read(start, chosen),
    find,
    reveal,
    prepareTyping,
    choose,
    clickByName: () => chosen.click(),
    chosen: () => chosen,
    hasText: (text) => {
      const wanted = fold(text);
      return wanted !== "" && squash(document.body?.innerText).toLowerCase().includes(wanted);
    },
    isReady: () => document.readyState !== "loading",
  };
};
