/** Finds in a page what the model means, and does with it what the keyboard and the mouse cannot. */
globalThis.makeActor = (facts, items) => {
  const {
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
  } = facts;
  const DIRECT_INPUTS = new Set(["date", "time", "datetime-local", "month", "week", "color", "range"]);
  const OPTIONS_MAX = 40;

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
      if (fold(shownText(element)) === wanted) found.push(element);
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
      coveredBy: isHit ? "" : squash(nameOf(hit) || shownText(hit) || hit.tagName, NAME_MAX),
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

  return { find, reveal, prepareTyping, choose, chosen: () => chosen };
};
