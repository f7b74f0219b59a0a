/**
 * What is known of one element of a page. Like all in this folder it runs in each page, in a world of its own: what the page does
 * to its own objects does not reach it. Each file is the source of a function that uses nothing from outside.
 */
globalThis.makeFacts = () => {
  const NODES_MAX = 60_000;
  const NAME_MAX = 80;
  const SILENT = new Set(
    "SCRIPT STYLE NOSCRIPT TEMPLATE HEAD SVG IFRAME OBJECT EMBED CANVAS VIDEO AUDIO MATH".split(" "),
  );
  const BUTTON_INPUTS = new Set(["submit", "button", "reset", "image"]);
  const ROLES = new Set(
    "button link checkbox radio tab menuitem menuitemcheckbox menuitemradio option switch combobox textbox searchbox treeitem".split(
      " ",
    ),
  );

  const squash = (text, max = Number.POSITIVE_INFINITY) => {
    const flat = String(text ?? "")
      .replace(/\s+/g, " ")
      .trim();
    return flat.length > max ? `${flat.slice(0, max)}…` : flat;
  };
  /** What a person sees of its words; those that are hidden are left out. */
  // biome-ignore lint/performance/useDomNodeTextContent: textContent also has the words that nobody sees.
  const shownText = (element) => squash(element?.innerText);
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
      hasText ? shownText(element) : "",
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

  const fold = (text) =>
    squash(text)
      .toLowerCase()
      .replace(/[\s*:]+$/u, "");

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

  return {
    NODES_MAX,
    NAME_MAX,
    SILENT,
    squash,
    fold,
    shownText,
    isVisible,
    kindOf,
    nameOf,
    isDisabled,
    optionText,
    isOptionOff,
    within,
  };
};
