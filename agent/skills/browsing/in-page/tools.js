/** What is called from outside of the page. */
globalThis.makeTools = (limits) => {
  const facts = globalThis.makeFacts();
  const items = new Map();
  const read = globalThis.makeReader(facts, items, limits);
  const actor = globalThis.makeActor(facts, items);
  return {
    ...actor,
    read: (start) => read(start),
    readChosen: (start) => read(start, actor.chosen()),
    clickByName: () => actor.chosen().click(),
    hasText: (text) => {
      const wanted = facts.fold(text);
      return wanted !== "" && facts.shownText(document.body).toLowerCase().includes(wanted);
    },
  };
};
