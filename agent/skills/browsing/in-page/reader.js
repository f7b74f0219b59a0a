/** Reads a page for the model: its words, and its links and fields with numbers, by which `items` finds them again. */
globalThis.makeReader = (facts, items, limits) => {
  const {
    NODES_MAX,
    NAME_MAX,
    SILENT,
    squash,
    shownText,
    isVisible,
    kindOf,
    nameOf,
    isDisabled,
    optionText,
    isOptionOff,
  } = facts;
  const TIME_MAX_MS = 3_000;
  const DEPTH_MAX = 1_000;
  const OPTIONS_MAX = 40;
  const VALUE_MAX = 120;
  const INLINE = new Set(
    "A ABBR B BDI BDO BUTTON CITE CODE DATA DEL DFN EM FONT I IMG INPUT INS KBD LABEL MARK OUTPUT Q S SAMP SELECT SLOT SMALL SPAN STRONG SUB SUP TEXTAREA TIME U VAR WBR".split(
      " ",
    ),
  );

  /** These hold other elements. */
  const WIDE_KINDS = new Set(["link", "button", "option", "tab", "menuitem", "treeitem"]);

  const numbers = new WeakMap();
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
          : (element.value ?? shownText(element));
      const wrong = element.getAttribute("aria-invalid") === "true" ? ", not accepted" : "";
      return `${start} ${type}field ${name}${required}${wrong}${off}: "${squash(value, VALUE_MAX)}"]`;
    }
    return `${start} ${kind}: ${name}${off}]`;
  };

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
    const visit = (node, depth) => {
      if (isCut || depth > DEPTH_MAX) return;
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
        for (const child of assigned.length > 0 ? assigned : node.childNodes) visit(child, depth + 1);
        return;
      }
      // Its style, not its box: what has none of its own may have children that are seen.
      if (getComputedStyle(node).display !== "contents" && !isVisible(node)) return;
      // A control with much in it, as a card that is one link, is read like the rest, behind its number.
      const isWide = WIDE_KINDS.has(kind) && shownText(node).length > NAME_MAX;
      if (isWide) {
        flush();
        line = `[${numberOf(node)} ${kind}] `;
      } else if (kind !== undefined) {
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
      for (const child of node.shadowRoot?.childNodes ?? node.childNodes) visit(child, depth + 1);
      line += " ";
      if (isBlock) flush();
    };
    visit(fromElement ?? document.body ?? document.documentElement, 0);
    flush();
    return { text: lines.join("\n").slice(0, limits.maxChars), isCut, next };
  }

  return read;
};
